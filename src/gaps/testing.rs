//! Small localities as the files that they are, for the tests of this module: `== name` begins a table, its header and
//! rows follow with commas between the cells. Lines of `== policy` are `section.key = value`.

use std::collections::BTreeMap;

use crate::domain::{BadRows, Draft, Locality, Setting, Table, check};
use crate::eligibility::{Pairs, Profiles};
use crate::solve::Effort;

/// A locality and what the gaps are read from.
pub(crate) struct Ready {
    pub(crate) locality: Locality,
    pub(crate) profiles: Profiles,
    pub(crate) pairs: Pairs,
}

impl Ready {
    pub(crate) fn of(text: &str) -> Ready {
        let locality = locality(text);
        let profiles = Profiles::build(&locality);
        let pairs =
            Pairs::build(&locality, &profiles, &Effort::unlimited()).expect("nothing stops an unlimited effort");
        Ready { locality, profiles, pairs }
    }
}

pub(crate) fn locality(text: &str) -> Locality {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("== ") {
            Some(begun) => {
                name = begun;
                tables.insert(name, Vec::new());
            }
            None => tables.get_mut(name).expect("a text begins with == and a table's name").push(line),
        }
    }
    let defaults = [
        ("areas", vec!["area,name,x,y", "a,Area A,0,0", "b,Area B,1000,0"]),
        ("kinds", vec!["kind,label,layer,domain", "k,A kind,individual,health", "l,Another,micro,family"]),
    ];
    for (name, body) in defaults {
        tables.entry(name).or_insert(body);
    }
    let policy = tables.remove("policy").unwrap_or_default();
    let read = |lines: &Vec<&str>| {
        let cells = |line: &str| -> Vec<String> { line.split(',').map(|cell| cell.trim().to_owned()).collect() };
        let mut table = Table::new(cells(lines[0]));
        lines[1..].iter().for_each(|line| table.push(cells(line)));
        table
    };
    let text = |text: &str| Setting::Text(text.to_owned());
    let about = [
        ("name", text("Test")),
        ("reference_date", Setting::Date("2024-06-30".to_owned())),
        ("period", Setting::Whole(2024)),
        ("coordinates", text("metres")),
    ];
    let mut settings: BTreeMap<String, Setting> = BTreeMap::new();
    for line in policy {
        let (path, value) = line.split_once('=').expect("key = value");
        let value = value.trim();
        put(&mut settings, path.trim(), value.parse().map_or_else(|_| text(value), Setting::Whole));
    }
    let draft = Draft {
        about: Some(about.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect()),
        policy: Some(settings),
        tables: tables.iter().map(|(name, lines)| ((*name).to_owned(), read(lines))).collect(),
        built_in: Vec::new(),
    };
    match check(draft, BadRows::Refuse, &Effort::unlimited()) {
        Ok(checked) => checked.locality,
        Err(refused) => {
            let problems: Vec<String> = refused.problems().iter().map(ToString::to_string).collect();
            panic!("{}", problems.join("\n"))
        }
    }
}

fn put(keys: &mut BTreeMap<String, Setting>, path: &str, setting: Setting) {
    match path.split_once('.') {
        None => {
            keys.insert(path.to_owned(), setting);
        }
        Some((section, key)) => {
            let inner = keys.entry(section.to_owned()).or_insert_with(|| Setting::Keys(BTreeMap::new()));
            let Setting::Keys(inner) = inner else { panic!("{section} is a section") };
            put(inner, key, setting);
        }
    }
}
