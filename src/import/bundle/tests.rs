use std::fs;

use proptest::prelude::*;

use super::*;
use crate::domain::Setting;

/// The least bundle, as file names and texts.
const LEAST: [(&str, &str); 5] = [
    ("locality.toml", "name = \"Testby\"\nreference_date = 2024-06-30\nperiod = 2024\ncoordinates = \"lonlat\"\n"),
    ("areas.csv", "area,name,lon,lat\na1,\"North, with a comma\",-2.3,53.4\n"),
    ("needs.csv", "need,holder,kind,level,children,area\nn1,h1,IND-05,2,1,a1\n"),
    ("services.csv", "service,name,provider,types,age_min,age_max\ns1,Talk,p1,IND-05,any,any\n"),
    ("offers.csv", "offer,service,lon,lat,capacity\no1,s1,-2.3,53.4,3\n"),
];

fn bundle(changes: &[(&str, Option<&str>)]) -> Vec<(String, Vec<u8>)> {
    let mut files: BTreeMap<&str, &str> = LEAST.into_iter().collect();
    for &(name, text) in changes {
        match text {
            Some(text) => files.insert(name, text),
            None => files.remove(name),
        };
    }
    files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}

/// Reads files, as long as it takes.
fn unhurried(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Draft, Vec<Problem>> {
    read_files(files, &Effort::unlimited()).map_err(NotLoaded::problems)
}

fn read(changes: &[(&str, Option<&str>)]) -> Result<Draft, String> {
    unhurried(bundle(changes)).map_err(|problems| lines(&problems))
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_least_bundle_gets_the_built_in_kinds_and_no_meets() {
    let draft = read(&[]).expect("the least bundle");
    assert_eq!(draft.built_in, ["kinds", "drives", "outcomes"]);
    assert_eq!(draft.tables["kinds"].len(), 106);
    assert!(!draft.tables.contains_key("meets"));
    assert_eq!(draft.tables["areas"].cell(0, 1), "North, with a comma");
    assert_eq!(draft.about.expect("read")["reference_date"], Setting::Date("2024-06-30".to_owned()));
    assert_eq!(draft.policy, None);
}

#[test]
fn a_table_of_the_users_own_is_not_replaced() {
    let kinds = ("kinds.csv", Some("kind,label,layer,domain\nIND-05,Speech,individual,x\n"));
    let draft = read(&[kinds]).expect("read");
    assert_eq!((draft.built_in.as_slice(), draft.tables["kinds"].len()), (&["drives", "outcomes"][..], 1));
    let drives = ("drives.csv", Some("kind,drives\nIND-05,IND-14\n"));
    let draft = read(&[drives]).expect("read");
    assert_eq!((draft.built_in.as_slice(), draft.tables["drives"].len()), (&["kinds", "outcomes"][..], 1));
}

#[test]
fn every_problem_of_every_file_is_reported_at_once() {
    let found = read(&[
        ("areas.csv", Some("area;name\na1;North\n")),
        ("needs.csv", Some("need,kind\nn1\nn2,k,3\n")),
        ("offers.csv", None),
        ("policy.toml", Some("[reach]\nkm = far\n")),
        ("serivces.csv", Some("a\n")),
        ("notes.txt", Some("not ours")),
    ])
    .expect_err("many problems");
    let starts = [
        "error: areas.csv, row 1: saw \"area;name\"; columns divided by commas",
        "error: needs.csv, row 2: saw \"1 cell\"; 2 cells",
        "error: needs.csv, row 3: saw \"3 cells\"; 2 cells",
        "error: offers.csv: nothing there; the file is missing",
        "error: policy.toml, row 2: saw \"km = far\"; TOML (",
        "error: serivces.csv: saw \"serivces.csv\"; a file of a bundle: the nearest is services.csv",
    ];
    let mut found = found.lines();
    for start in starts {
        let line = found.next().unwrap_or_default();
        assert!(line.starts_with(start), "{line}\nshould begin with\n{start}");
    }
    assert_eq!(found.next(), None);
}

#[test]
fn near_names_are_named() {
    for (name, wanted) in
        [("Needs.csv", "needs.csv"), ("population_2024.csv", "population.csv"), ("polcy.toml", "policy.toml")]
    {
        let found = read(&[(name, Some("x\n1\n"))]).expect_err("an unknown file");
        assert!(found.ends_with(&format!("the nearest is {wanted}")), "{found}");
    }
    let found = read(&[("needs.csv", None), ("needs.xlsx", Some("x"))]).expect_err("a workbook in its place");
    assert_eq!(found, "error: needs.csv: saw \"needs.xlsx\"; a file named exactly needs.csv");
}

#[test]
fn a_file_that_comes_twice_is_refused() {
    let mut files = bundle(&[]);
    files.push(files[0].clone());
    let problems = unhurried(files).expect_err("twice");
    assert_eq!((problems.len(), problems[0].wanted.as_str()), (1, "each file once"));
}

#[test]
fn folders_that_are_not_there_or_are_files_are_told_apart() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let file = home.path().join("f");
    fs::write(&file, "").expect("written");
    assert!(matches!(read_dir(&home.path().join("no"), &Effort::unlimited()), Err(BundleError::NotThere(_))));
    assert!(matches!(read_dir(&file, &Effort::unlimited()), Err(BundleError::NotAFolder(_))));
    let Err(BundleError::Problems(problems)) = read_dir(home.path(), &Effort::unlimited()) else {
        panic!("an empty folder has no files")
    };
    assert_eq!(problems.len(), REQUIRED.len());
}

#[test]
fn a_draft_written_and_read_again_is_the_same() {
    let policy = "[reach]\nkm = 1.50\nrules = [ { kind = \"IND-05\", km = 3.218688 } ]\n";
    let draft = read(&[("policy.toml", Some(policy))]).expect("read");
    let home = tempfile::tempdir().expect("a temporary folder");
    let dir = home.path().join("out");
    write_dir(&draft, &dir, false).expect("written");
    assert!(!dir.join("kinds.csv").exists(), "what came from the program is not written");
    assert_eq!(read_dir(&dir, &Effort::unlimited()).expect("read again"), draft);
    assert!(matches!(write_dir(&draft, &dir, false), Err(WriteError::NotEmpty(_))));
    fs::write(dir.join("README.md"), "mine").expect("written");
    fs::write(dir.join("travel.csv"), "area,offer,km\n").expect("written");
    fs::create_dir(dir.join("sub")).expect("made");
    write_dir(&draft, &dir, true).expect("written over");
    assert_eq!(read_dir(&dir, &Effort::unlimited()).expect("read again"), draft, "the stale travel.csv is gone");
    assert!(dir.join("README.md").exists() && dir.join("sub").exists());
}

fn any_table() -> impl Strategy<Value = Table> {
    (1usize..4).prop_flat_map(|columns| {
        let cell = "[a-z ,\"\n\r;é]{0,6}";
        prop::collection::vec(prop::collection::vec(cell, columns), 0..6).prop_map(move |rows| {
            let mut table = Table::new((0..columns).map(|column| format!("column {column}")));
            for mut row in rows {
                // A row that is wholly blank is no row when it is read again.
                row[0].insert(0, 'x');
                table.push(row);
            }
            table
        })
    })
}

proptest! {
    #[test]
    fn any_table_survives_writing_and_reading(table in any_table()) {
        let mut draft = read(&[]).expect("the least bundle");
        draft.tables.insert("travel".to_owned(), table);
        prop_assert_eq!(unhurried(files(&draft)), Ok(draft));
    }

    /// Whatever an upload holds: a draft or problems that say where, never a panic.
    #[test]
    fn mutated_bytes_never_panic(
        file in 0usize..5,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12),
    ) {
        let mut files = bundle(&[]);
        for (at, byte, edit) in edits {
            let bytes = &mut files[file].1;
            let at = if bytes.is_empty() { 0 } else { at.index(bytes.len()) };
            match edit {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        let name = files[file].0.clone();
        if let Err(problems) = unhurried(files) {
            prop_assert!(!problems.is_empty() && problems.iter().all(|problem| problem.table == name));
        }
    }

    #[test]
    fn random_bytes_never_panic(name in 0usize..17, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let name = if name < 15 { format!("{}.csv", TABLES[name]) } else { [ABOUT, POLICY][name - 15].to_owned() };
        let _ = unhurried([(name, bytes)]);
    }
}
