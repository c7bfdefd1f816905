//! One thing wrong at a time: what is reported for it, word by word.

use super::Bundle;

/// Changes to the good bundle (`table row column = value`, several with ` / ` between them), and the findings that each
/// has to lead to, indented.
const CASES: &str = include_str!("findings.txt");

/// A change, as written in [`CASES`].
fn change(bundle: Bundle, change: &str) -> Bundle {
    let (place, value) = change.trim_start().split_once(" =").expect("a change has a value");
    let mut parts = place.splitn(3, ' ');
    let mut part = || parts.next().expect("a change is table row column = value");
    let (table, row, column) = (part(), part().parse().expect("a row"), part());
    bundle.cell(table, row, column, value.trim())
}

#[test]
fn each_thing_wrong_is_reported_word_by_word() {
    let mut got = String::new();
    let mut n_cases = 0;
    for case in CASES.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()) {
        let bundle = case.split(" /").fold(Bundle::good(), change);
        got.push_str(&format!("{}\n", case.trim_end()));
        bundle.findings().lines().for_each(|line| got.push_str(&format!("    {line}\n")));
        n_cases += 1;
    }
    assert!(100 < n_cases, "the cases are read");
    if got != CASES {
        let differ = got.lines().zip(CASES.lines()).find(|(got, wanted)| got != wanted);
        panic!("got and wanted differ first at {differ:#?}\nall that was got:\n{got}");
    }
}
