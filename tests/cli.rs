//! The program as it is run: exit codes, the two streams, and what stands in a folder afterwards.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a run left behind.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn exit(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}", self.out))
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_suffice"));
    // What is set on the machine that tests must not reach them.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("SUFFICE_") || name == "RUST_LOG") {
            program.env_remove(name);
        }
    }
    program.stdin(Stdio::null());
    program
}

fn suffice(arguments: &[&str]) -> Ran {
    let ran = program().args(arguments).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    Ran { code: ran.status.code(), out: text(ran.stdout), err: text(ran.stderr) }
}

/// A place of two areas: three children need speech therapy in the north, one service has two places.
struct Place {
    home: TempDir,
}

const FILES: [(&str, &str); 6] = [
    (
        "locality.toml",
        "name = \"Exampleshire\"\nreference_date = 2024-08-31\nperiod = 2024\ncoordinates = \"lonlat\"\n",
    ),
    ("areas.csv", "area,name,lon,lat\nnorth,North,-2.30,53.40\nsouth,South,-2.31,53.41\n"),
    ("kinds.csv", "kind,label,layer,domain\nspeech,Speech and language,individual,communication\n"),
    (
        "needs.csv",
        "need,holder,kind,level,children,area,age\n\
         ann,ann,speech,3,1,north,5\nbo,bo,speech,1,1,north,6\ncy,cy,speech,2,1,south,6\n",
    ),
    (
        "services.csv",
        "service,name,provider,types,age_min,age_max,level_min,level_max\n\
         therapy,Speech therapy,trust,speech,0,18,1,4\n",
    ),
    ("offers.csv", "offer,service,lon,lat,capacity\noak-lane,therapy,-2.30,53.40,2\n"),
];

impl Place {
    fn new() -> Place {
        let place = Place { home: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(place.path("place")).expect("a folder for the bundle");
        for (file, text) in FILES {
            place.file(file, text.as_bytes());
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("temporary folders have plain names").to_owned()
    }

    fn bundle(&self) -> String {
        self.name("place")
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path("place").join(name), bytes).expect("the bundle can be written");
    }

    /// The same file with some text replaced.
    #[track_caller]
    fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("place").join(file)).expect("the file is there");
        assert!(text.contains(from), "{file} has no {from:?}");
        self.file(file, text.replacen(from, to, 1).as_bytes());
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name")).collect();
    names.sort();
    names
}

#[test]
fn each_command_starts_with_its_headline_and_ends_with_0() {
    let place = Place::new();
    let bundle = place.bundle();
    for (arguments, headline) in [
        (vec!["check", &bundle], "Exampleshire can be used"),
        (vec!["match", &bundle], "2 of 3 child-needs (66.7%) in Exampleshire can be met"),
        (vec!["match", &bundle, "--backend", "program"], "2 of 3 child-needs (66.7%) in Exampleshire can be met"),
        (vec!["gaps", &bundle], "1 of 3 child-needs (33.3%) in Exampleshire goes unmet"),
        (vec!["explain", &bundle, "bo"], "Need bo (Speech and language, level 1, in north, 1 child)"),
        (vec!["kinds"], "106 kinds of need"),
        (vec!["completions", "bash"], "_suffice"),
    ] {
        let ran = suffice(&arguments).exit(0);
        assert!(ran.out.starts_with(headline), "{arguments:?}:\n{}", ran.out);
        assert_eq!(ran.err, "", "{arguments:?}");
    }
}

#[test]
fn gaps_say_which_rows_can_be_ranked_where_ranges_are_asked_for() {
    let place = Place::new();
    // One child of each area asks at the same level for the second place.
    place.change("needs.csv", "cy,cy,speech,2", "cy,cy,speech,1");
    let bundle = place.bundle();
    let by_area = |document: Value| document["by_area"].as_array().expect("rows").clone();
    let ranged = by_area(suffice(&["gaps", &bundle, "--ranges", "--json"]).exit(0).json());
    let ranges: Vec<_> =
        ranged.iter().map(|row| (row["met_least"].clone(), row["met_most"].clone(), row["key"].clone())).collect();
    assert_eq!(ranges, [(1.into(), 2.into(), "north".into()), (0.into(), 1.into(), "south".into())]);
    let page = suffice(&["gaps", &bundle, "--ranges"]).exit(0).out;
    assert!(page.contains("At least  At most") && page.contains("No two of these can be told apart"), "{page}");
    let plain = by_area(suffice(&["gaps", &bundle, "--json"]).exit(0).json());
    assert!(plain.iter().all(|row| row.get("met_least").is_none() && row.get("met_most").is_none()), "{plain:?}");
}

#[test]
fn json_is_exactly_one_document_of_its_schema() {
    let place = Place::new();
    let bundle = place.bundle();
    for (arguments, schema) in [
        (vec!["check", &bundle], "suffice.check/1"),
        (vec!["match", &bundle], "suffice.match/1"),
        (vec!["gaps", &bundle], "suffice.gaps/1"),
        (vec!["explain", &bundle, "bo"], "suffice.explain/1"),
        (vec!["kinds", "--table", "drives"], "suffice.kinds/1"),
    ] {
        let ran = suffice(&[arguments.as_slice(), &["--json"]].concat()).exit(0);
        assert_eq!(ran.json()["schema"], schema);
    }
    let totals = suffice(&["match", &bundle, "--json"]).json()["totals"].clone();
    assert_eq!((&totals["child_needs"], &totals["met"], &totals["unmet"]), (&3.into(), &2.into(), &1.into()));
}

#[test]
fn a_refused_bundle_is_the_answer_no() {
    let place = Place::new();
    place.change("needs.csv", "speech,3,1,north", "speech,9,1,north");
    let bundle = place.bundle();
    let checked = suffice(&["check", &bundle]).exit(1);
    assert!(checked.out.starts_with("The bundle is refused: 1 error."), "{}", checked.out);
    let out = place.name("out");
    for command in ["match", "gaps"] {
        let ran = suffice(&[command, &bundle, "--out", &out]).exit(1);
        assert_eq!(ran.out, "");
        assert!(ran.err.contains("is refused: 1 problem") && ran.err.contains("row 2, level"), "{}", ran.err);
        let document = suffice(&[command, &bundle, "--json"]).exit(1).json();
        assert_eq!((&document["schema"], &document["status"]), (&"suffice.check/1".into(), &"refused".into()));
    }
    assert!(!place.path("out").exists());
    let aside = suffice(&["match", &bundle, "--set-aside", "--json"]).exit(0).json();
    assert_eq!(aside["completeness"]["set_aside"][0]["row"], 2);
    assert_eq!(aside["totals"]["child_needs"], 2);
}

#[test]
fn wrong_use_ends_in_2_and_says_how_to_go_on() {
    for arguments in
        [&[][..], &["match"], &["foo"], &["check", "a", "b"], &["check", "a", "--force"], &["kinds", "--csv=1"]]
    {
        let ran = suffice(arguments).exit(2);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(ran.err.contains("Usage: suffice"), "{arguments:?}: {}", ran.err);
    }
    assert!(suffice(&["match", "--help"]).exit(0).out.contains("Examples:"));
    assert!(suffice(&["--version"]).exit(0).out.starts_with("suffice "));
}

#[test]
fn an_answer_is_written_whole_and_verified_from_its_files() {
    let place = Place::new();
    let (bundle, out) = (place.bundle(), place.name("out"));
    let printed = suffice(&["match", &bundle, "--json", "--out", &out]).exit(0);
    assert_eq!(names(&place.path("out")), ["assignments.csv", "match.json", "prices.csv"]);
    assert_eq!(fs::read_to_string(place.path("out").join("match.json")).expect("it was written"), printed.out);
    let assignments = fs::read_to_string(place.path("out").join("assignments.csv")).expect("it was written");
    assert!(assignments.starts_with("need,offer,children,metres\nann,oak-lane,1,0\n"), "{assignments}");
    assert_eq!(assignments.lines().count(), 3, "{assignments}");
    let prices = fs::read_to_string(place.path("out").join("prices.csv")).expect("it was written");
    assert!(prices.starts_with("stage,node,id,price\n"), "{prices}");
    let verified = suffice(&["verify", &bundle, &out]).exit(0);
    assert!(verified.out.starts_with("The answer is verified"), "{}", verified.out);
    assert_eq!(suffice(&["verify", &bundle, &out, "--json"]).exit(0).json()["verified"], true);
}

#[test]
fn a_changed_answer_is_not_verified() {
    let place = Place::new();
    let (bundle, out) = (place.bundle(), place.name("out"));
    suffice(&["match", &bundle, "--out", &out]).exit(0);
    let file = place.path("out").join("assignments.csv");
    let text = fs::read_to_string(&file).expect("it was written");
    fs::write(&file, text.replacen("ann,oak-lane,1", "ann,oak-lane,2", 1)).expect("it can be changed");
    let ran = suffice(&["verify", &bundle, &out]).exit(1);
    assert!(ran.out.starts_with("The answer is NOT verified"), "{}", ran.out);
}

#[test]
fn an_answer_that_cannot_be_read_says_where() {
    let place = Place::new();
    let (bundle, out) = (place.bundle(), place.name("out"));
    let ran = suffice(&["verify", &bundle, &out]).exit(1);
    assert!(ran.err.contains("no such folder") && ran.err.contains("suffice match --out"), "{}", ran.err);
    let breaks: [(&str, &[u8], &str); 7] = [
        ("match.json", b"{", "match.json, row 1"),
        ("match.json", b"{\"schema\": \"suffice.gaps/1\"}", "saw \"suffice.gaps/1\"; suffice.match/1"),
        ("assignments.csv", b"", "assignments.csv: nothing there"),
        ("assignments.csv", b"offer,need\n", "need,offer,children,metres"),
        ("assignments.csv", b"need,offer,children,metres\nann,oak-lane,-1,\n", "assignments.csv, row 2, children"),
        ("prices.csv", b"stage,node,id,price\nneed,need,ann\n", "prices.csv, row 2: saw \"3 values\"; 4 values"),
        ("prices.csv", b"stage,node,id,price\nneed,need,\xff,1\n", "prices.csv, row 2"),
    ];
    for (file, bytes, said) in breaks {
        suffice(&["match", &bundle, "--out", &out, "--force"]).exit(0);
        fs::write(place.path("out").join(file), bytes).expect("it can be changed");
        let ran = suffice(&["verify", &bundle, &out]).exit(1);
        assert!(ran.err.contains(said), "{file}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
    suffice(&["match", &bundle, "--out", &out, "--force"]).exit(0);
    fs::remove_file(place.path("out").join("prices.csv")).expect("it was there");
    assert!(suffice(&["verify", &bundle, &out]).exit(1).err.contains("prices.csv: nothing there"));
}

#[test]
fn a_folder_that_is_not_empty_needs_force_and_keeps_what_is_not_ours() {
    let place = Place::new();
    let (bundle, out) = (place.bundle(), place.name("out"));
    suffice(&["gaps", &bundle, "--out", &out]).exit(0);
    assert_eq!(names(&place.path("out")), ["gaps.json", "unmet.csv"]);
    let unmet = fs::read_to_string(place.path("out").join("unmet.csv")).expect("it was written");
    assert!(unmet.lines().nth(1).is_some_and(|row| row.starts_with("bo,speech,north,1,capacity,")), "{unmet}");
    let ran = suffice(&["match", &bundle, "--out", &out]).exit(2);
    assert!(ran.err.contains("is not empty") && ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(names(&place.path("out")), ["gaps.json", "unmet.csv"]);
    suffice(&["match", &bundle, "--out", &out, "--force"]).exit(0);
    assert_eq!(names(&place.path("out")), ["assignments.csv", "gaps.json", "match.json", "prices.csv", "unmet.csv"]);
    assert_eq!(names(place.home.path()), ["out", "place"], "nothing is left beside it");
    suffice(&["match", &bundle, "--out", &bundle, "--force"]).exit(2);
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    let nowhere = place.name("nowhere");
    for command in ["check", "match", "gaps"] {
        let ran = suffice(&[command, &nowhere, "--out", &place.name("out")]).exit(1);
        assert!(ran.err.contains(&nowhere), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
    let ran = suffice(&["explain", &place.bundle(), "nobody"]).exit(1);
    assert!(ran.err.contains("nobody") && ran.err.contains("need"), "{}", ran.err);
    let file = place.path("place").join("needs.csv");
    let ran = suffice(&["check", file.to_str().expect("a plain name")]).exit(1);
    assert!(ran.err.contains("is not a folder"), "{}", ran.err);
}

/// Breaks the place in one way; `said` are words that the message must have: the place and what would be right.
#[track_caller]
fn refused(spoil: impl FnOnce(&Place), said: &[&str]) {
    let place = Place::new();
    spoil(&place);
    let out = place.name("out");
    let ran = suffice(&["match", &place.bundle(), "--out", &out]).exit(1);
    for said in said {
        assert!(ran.err.contains(said), "{said:?} is not in:\n{}", ran.err);
    }
    assert!(ran.err.len() < 10_000, "the message is {} bytes long", ran.err.len());
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(ran.out, "");
    assert!(!place.path("out").exists(), "nothing is written");
    let checked = suffice(&["check", &place.bundle()]).exit(1);
    assert!(checked.out.starts_with("The bundle is refused"), "{}", checked.out);
}

#[test]
fn files_that_are_no_tables_are_refused() {
    for file in ["areas.csv", "needs.csv", "services.csv", "offers.csv"] {
        refused(|place| place.file(file, b""), &[file, "empty"]);
        refused(|place| place.file(file, b"PK\x03\x04\x14\x00"), &[file, "zip"]);
        refused(|place| fs::remove_file(place.path("place").join(file)).expect("it was there"), &[file, "missing"]);
    }
    refused(|place| place.file("locality.toml", b"name = \n"), &["locality.toml", "row 1"]);
    refused(|place| place.change("areas.csv", "North", "N\u{0}rth"), &["areas"]);
}

#[test]
fn tables_of_another_shape_are_refused() {
    refused(|place| place.file("needs.csv", b"id;kind;children\n1;2;3\n"), &["needs", "comma"]);
    refused(
        |place| place.file("needs.csv", b"some,other,header\n1,2,3\n"),
        &["needs.csv, kind: nothing there", "one of the columns need, holder, kind"],
    );
    refused(|place| place.change("offers.csv", "offer,service", "offer,servise"), &["offers", "servise", "service"]);
    refused(|place| place.change("needs.csv", ",kind,", ",sort,"), &["needs", "sort", "kind"]);
    refused(|place| place.change("needs.csv", "speech,3,1,north,5", "speech,3,1,north"), &["needs", "row 2"]);
}

#[test]
fn cells_that_cannot_be_read_are_refused() {
    let not_text = |place: &Place| {
        let mut bytes = FILES[1].1.as_bytes().to_vec();
        bytes[30] = 0xff;
        place.file("areas.csv", &bytes);
    };
    refused(not_text, &["areas", "UTF-8"]);
    for count in ["-1", "1.5", "99999999999999999999999", "1e9999", "NaN", "inf", "many"] {
        let from = "speech,3,1,north";
        refused(
            |place| place.change("needs.csv", from, &format!("speech,3,{count},north")),
            &["needs", "row 2", "children"],
        );
    }
    for age in ["150", "-1", "5.5"] {
        let to = format!("north,{age}\n");
        refused(|place| place.change("needs.csv", "north,5\n", &to), &["needs", "row 2", "age"]);
    }
    for lat in ["200", "NaN", "inf", "53,4"] {
        let to = if lat.contains(',') { format!("\"{lat}\"") } else { lat.to_owned() };
        refused(|place| place.change("areas.csv", "53.40", &to), &["areas", "row 2", "lat"]);
    }
    let million = "x".repeat(1_000_000);
    refused(|place| place.change("areas.csv", "North", &million), &["areas", "row 2"]);
}

#[test]
fn ids_that_do_not_hold_together_are_refused() {
    refused(|place| place.change("needs.csv", "\nbo,bo", "\nann,bo"), &["needs", "row 3", "ann"]);
    refused(|place| place.change("areas.csv", "\nsouth", "\nnorth"), &["areas", "row 3", "north"]);
    refused(|place| place.change("offers.csv", ",therapy,", ",theropy,"), &["offers", "row 2", "theropy"]);
    refused(|place| place.change("needs.csv", "1,south", "1,west"), &["needs", "row 4", "area", "west"]);
    refused(|place| place.change("needs.csv", "cy,speech", "cy,spech"), &["needs", "row 4", "kind", "spech"]);
}

#[test]
fn a_policy_that_cannot_be_followed_is_refused() {
    refused(|place| place.file("policy.toml", b"[supply\n"), &["policy.toml", "row 1"]);
    refused(|place| place.file("policy.toml", b"[reach]\nmiles = 2\n"), &["policy.toml", "reach.miles"]);
    refused(
        |place| place.file("policy.toml", b"[supply]\nuse = \"all\"\n"),
        &["policy.toml", "supply.use", "capacity"],
    );
    refused(|place| place.file("policy.toml", b"[reach]\nkm = -1\n"), &["policy.toml", "reach.km"]);
}

#[test]
fn every_problem_is_reported_at_once() {
    let place = Place::new();
    place.change("needs.csv", "speech,3,1,north", "speech,9,-1,west");
    place.change("areas.csv", "53.40", "200");
    let document = suffice(&["check", &place.bundle(), "--json"]).exit(1).json();
    let columns: Vec<&str> =
        document["problems"].as_array().expect("a list").iter().filter_map(|row| row["column"].as_str()).collect();
    for column in ["level", "children", "area", "lat"] {
        assert!(columns.contains(&column), "{column} is not in {columns:?}");
    }
}

#[test]
fn the_same_seed_makes_the_same_bundle() {
    let place = Place::new();
    for (seed, out) in [("7", "a"), ("7", "b"), ("8", "c")] {
        let out = place.name(out);
        suffice(&["generate", "--children", "300", "--seed", seed, "--out", &out]).exit(0);
        suffice(&["check", &out]).exit(0);
    }
    let needs = |name: &str| fs::read(place.path(name).join("needs.csv")).expect("it was written");
    assert_eq!(names(&place.path("a")), names(&place.path("b")));
    assert!(needs("a") == needs("b") && needs("a") != needs("c"));
    let document = suffice(&["generate", "--instance", "50x4", "--rscale", "350", "--out", &place.name("d"), "--json"])
        .exit(0)
        .json();
    assert_eq!((&document["generated"], &document["rows"]["needs"]), (&true.into(), &50.into()));
    suffice(&["generate", "--children", "300", "--out", &place.name("a")]).exit(2);
}

#[test]
fn the_demonstration_tells_the_whole_story_and_leaves_it_to_be_tried() {
    let place = Place::new();
    let out = place.name("demo");
    let ran = suffice(&["demo", "--out", &out]).exit(0);
    let paragraphs: Vec<&str> = ran.out.split("\n\n").collect();
    for paragraph in [paragraphs[0], paragraphs[paragraphs.len() - 1]] {
        assert!(paragraph.contains("generated"), "{paragraph}");
    }
    assert!(ran.out.contains("The answer is verified"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let (bundle, answer) = (format!("{out}/bundle"), format!("{out}/answer"));
    suffice(&["check", &bundle]).exit(0);
    suffice(&["verify", &bundle, &answer]).exit(0);
    let stored = fs::read_to_string(format!("{answer}/match.json")).expect("it was written");
    assert_eq!(suffice(&["match", &bundle, "--json"]).exit(0).out, stored);
    let document = suffice(&["demo", "--json"]).exit(0).json();
    assert_eq!((&document["schema"], &document["generated"]), (&"suffice.demo/1".into(), &true.into()));
}

#[test]
fn a_plan_is_written_down_and_a_target_out_of_reach_is_an_answer() {
    let place = Place::new();
    let bundle = place.name("made");
    suffice(&["generate", "--children", "2000", "--out", &bundle]).exit(0);
    let out = place.name("plan");
    let asked = ["plan", &bundle, "--budget", "5000000", "--frontier", "4"];
    let page = suffice(&[&asked[..], &["--out", &out]].concat()).exit(0).out;
    assert!(page.contains("What to commission") && page.contains("What other budgets would buy"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    let stored = fs::read_to_string(format!("{out}/plan.json")).expect("it was written");
    let ran = suffice(&[&asked[..], &["--json"]].concat()).exit(0);
    assert_eq!(ran.out, stored);
    let document = ran.json();
    assert_eq!((&document["schema"], &document["status"]), (&"suffice.plan/1".into(), &"optimal".into()));
    let rows = |file: &str| fs::read_to_string(format!("{out}/{file}")).expect("it was written").lines().count() - 1;
    assert_eq!(rows("chosen.csv"), document["chosen"].as_array().expect("a list").len());
    assert_eq!(rows("frontier.csv"), 4);
    assert!(rows("assignments.csv") != 0);
    // Not everyone can be reached, whatever is bought.
    let no = suffice(&["plan", &bundle, "--target", "1"]).exit(1);
    assert!(no.out.contains("Why it cannot be reached"), "{}", no.out);
    // Problems of the question, all at once; and a command line that asks for nothing.
    let wrong = suffice(&["plan", &bundle, "--budget", "1", "--fund", "nobody=1", "--scenario", "war"]).exit(1);
    assert!(wrong.err.contains("2 problems") && wrong.err.contains("a scenario of scenarios.csv"), "{}", wrong.err);
    suffice(&["plan", &bundle]).exit(2);
}

#[test]
fn an_import_makes_a_bundle_and_says_what_it_left_out() {
    let place = Place::new();
    let file = |name: &str, text: &str| fs::write(place.path(name), text).expect("it can be written");
    file("population.csv", "area_code,area_name,3,4,5\nE1,North,9,10,11\nE2,South,9,20,c\n");
    file("points.csv", "area_code,lon,lat\nE1,-2.30,53.40\nE2,-2.31,53.41\n");
    file(
        "schools.csv",
        "unique_reference_number,name,local_authority_code,type,lowest_admission_age,highest_admission_age,capacity,\
         sponsoring_trust,lon,lat\n\
         100001,Oak Lane,358,Academies,4,11,35,,-2.30,53.40\n\
         100002,Elm Road,358,Children's Centres,0,5,,,-2.30,53.40\n",
    );
    let (schools, population, points) =
        (place.name("schools.csv"), place.name("population.csv"), place.name("points.csv"));
    let out = place.name("imported");
    let import = |population: &str| {
        suffice(&[
            "import",
            "--schools",
            &schools,
            "--population",
            population,
            "--points",
            &points,
            "--ages",
            "4-5",
            "--statutory-walking",
            "--name",
            "Testford",
            "--reference-date",
            "2024-06-30",
            "--out",
            &out,
        ])
    };
    let ran = import(&place.name("nowhere.csv")).exit(1);
    assert!(ran.err.contains("nowhere.csv") && !place.path("imported").exists(), "{}", ran.err);
    let ran = import(&population).exit(0);
    assert!(ran.out.contains("41 children in 2 areas, and 1 school"), "{}", ran.out);
    assert!(ran.out.contains("1 group of one area and age without a number"), "{}", ran.out);
    let answer = suffice(&["match", &out, "--json"]).exit(0).json();
    assert_eq!((&answer["totals"]["met"], &answer["totals"]["unmet"]), (&35.into(), &6.into()));
    assert_eq!(answer["totals"]["unknown_rows"], 1);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = program()
        .args(["kinds", "--table", "outcomes", "--csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("the program writes UTF-8");
    assert_eq!((child.wait().expect("it ends").code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_flag_goes_before_the_environment_that_before_the_file_that_before_the_default() {
    let place = Place::new();
    let file = place.path("suffice.toml");
    fs::write(&file, "drain_seconds = 1\nlame_duck_seconds = 1\nmost_waiting = 1\n").expect("it can be written");
    let file = file.to_str().expect("a plain name");
    let ran = program()
        .args(["serve", "--print-config", "--config", file, "--drain-seconds", "3"])
        .env("SUFFICE_DRAIN_SECONDS", "2")
        .env("SUFFICE_LAME_DUCK_SECONDS", "2")
        .output()
        .expect("the program starts");
    let printed = String::from_utf8(ran.stdout).expect("the program writes UTF-8");
    assert_eq!(ran.status.code(), Some(0));
    for key in ["drain_seconds = 3", "lame_duck_seconds = 2", "most_waiting = 1", "listen = \"127.0.0.1:50051\""] {
        assert!(printed.contains(key), "{key} is not in {printed}");
    }
    fs::write(file, &printed).expect("it can be written");
    assert_eq!(suffice(&["serve", "--print-config", "--config", file]).exit(0).out, printed);
    fs::write(file, "drain = 3\n").expect("it can be written");
    let ran = suffice(&["serve", "--config", file]).exit(1);
    assert!(ran.err.contains("row 1") && ran.err.contains("drain_seconds"), "{}", ran.err);
    assert!(suffice(&["serve", "--config", &place.name("nowhere")]).exit(1).err.contains("nowhere"));
    assert!(suffice(&["serve", "--listen", "0.0.0.0:0"]).exit(2).err.contains("--insecure-listen-anywhere"));
    assert!(suffice(&["serve", "--memory", "much"]).exit(2).err.contains("16MiB"));
}

#[cfg(unix)]
#[test]
fn a_server_says_where_it_listens_and_stops_when_told() {
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut err = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let listening = err.by_ref().map_while(Result::ok).find(|line| line.contains("Listening on 127.0.0.1:"));
    let line: Value = serde_json::from_str(&listening.expect("it says where")).expect("a line is a JSON object");
    let address = line["address"].as_str().expect("a field of its own");
    let taken = suffice(&["serve", "--listen", address]).exit(1);
    assert!(taken.err.contains(address), "{}", taken.err);
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is there");
    assert!(told.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut out = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("the program writes UTF-8");
    assert_eq!(out, "");
}

/// Needs a search that outlasts the few moments until the key is pressed.
#[cfg(unix)]
#[test]
fn the_stop_key_gives_the_answer_so_far_and_130() {
    let place = Place::new();
    let big = place.name("big");
    suffice(&["generate", "--instance", "20000x600", "--rscale", "250", "--out", &big]).exit(0);
    let mut child = program()
        .args(["match", &big, "--json"])
        .env("SUFFICE_LOG", "suffice=debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut err = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    // It may listen before or after it has read the bundle; only then there is an answer to give.
    let mut awaited = vec!["Listening for the stop key", "The bundle is read"];
    for line in err.by_ref().map_while(Result::ok) {
        awaited.retain(|words| !line.contains(words));
        if awaited.is_empty() {
            break;
        }
    }
    assert!(awaited.is_empty(), "the program did not say {awaited:?}");
    let pressed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(pressed.success());
    let mut out = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("the program writes UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let document: Value = serde_json::from_str(&out).expect("one document");
    assert_eq!((&document["status"], &document["reason"]), (&"stopped".into(), &"cancelled".into()));
}

#[test]
fn a_time_limit_that_comes_is_told_and_ends_in_0() {
    let place = Place::new();
    let big = place.name("big");
    suffice(&["generate", "--instance", "2000x100", "--rscale", "350", "--out", &big]).exit(0);
    let document = suffice(&["match", &big, "--time-limit", "0", "--json"]).exit(0).json();
    assert_eq!((&document["status"], &document["reason"]), (&"stopped".into(), &"deadline".into()));
    assert_eq!(document["proof"], "bound");
    let page = suffice(&["match", &big, "--time-limit", "0"]).exit(0).out;
    assert!(page.starts_with("At least"), "{page}");
}
