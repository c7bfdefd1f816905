//! The program's own tables: kinds of need, types of service, which meets which, what drives what, and outcomes.
//!
//! Defaults that a bundle may replace or cut. How they were made, and where they are weak, is in `builtin/SOURCES.md`.

use super::sheet;
use crate::domain::Table;

const TABLES: [(&str, &str); 5] = [
    ("kinds", include_str!("builtin/kinds.csv")),
    ("service_types", include_str!("builtin/service_types.csv")),
    ("meets", include_str!("builtin/meets.csv")),
    ("drives", include_str!("builtin/drives.csv")),
    ("outcomes", include_str!("builtin/outcomes.csv")),
];

/// How the tables were made, with the keys that their `source` columns use.
pub const SOURCES: &str = include_str!("builtin/SOURCES.md");

/// The built-in table of that name. All but `service_types` have the columns of the bundle's table of the same name.
pub fn table(name: &str) -> Option<Table> {
    let (_, text) = TABLES.iter().find(|(known, _)| *known == name)?;
    let mut rows_left = u64::MAX;
    // The texts are part of the program, and a test reads every one of them.
    sheet::table(name, text.as_bytes(), &mut rows_left).ok()
}

/// The names that [`table`] knows.
pub fn tables() -> &'static [&'static str] {
    &["kinds", "service_types", "meets", "drives", "outcomes"]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::{Id, Layer, Recipient};

    /// Each row as column name to cell.
    fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
        let table = table(name).expect("a built-in table");
        let row = |at: usize| table.header().iter().cloned().zip(table.cells(at).map(str::to_owned)).collect();
        (0..table.len()).map(row).collect()
    }

    fn ids(name: &str, column: &str) -> BTreeSet<String> {
        rows(name).iter().map(|row| row[column].clone()).collect()
    }

    #[test]
    fn every_name_has_its_table_of_the_right_size() {
        let sizes: Vec<(&str, usize)> = tables().iter().map(|name| (*name, rows(name).len())).collect();
        assert_eq!(sizes, [("kinds", 106), ("service_types", 90), ("meets", 367), ("drives", 119), ("outcomes", 224)]);
        assert_eq!(tables(), TABLES.map(|(name, _)| name));
        assert_eq!(table("needs"), None);
    }

    #[test]
    fn ids_are_ids_and_given_once() {
        for (name, column) in [("kinds", "kind"), ("service_types", "type")] {
            assert_eq!(ids(name, column).len(), rows(name).len(), "{name}");
            for id in ids(name, column) {
                assert!(Id::parse(&id).is_ok(), "{id}");
            }
        }
        for (name, columns) in [
            ("meets", &["kind", "type"][..]),
            ("drives", &["kind", "drives"]),
            ("outcomes", &["kind", "outcome", "framework"]),
        ] {
            let keys: BTreeSet<Vec<String>> =
                rows(name).iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect();
            assert_eq!(keys.len(), rows(name).len(), "{name}");
        }
    }

    #[test]
    fn every_reference_resolves_and_everything_is_used() {
        let kinds = ids("kinds", "kind");
        let types = ids("service_types", "type");
        let coding_states: BTreeSet<String> = ["XXX-20".to_owned(), "XXX-21".to_owned()].into();
        assert_eq!(&ids("meets", "kind") | &coding_states, kinds);
        assert!(ids("meets", "kind").is_disjoint(&coding_states));
        assert_eq!(ids("meets", "type"), types);
        assert_eq!(ids("outcomes", "kind"), kinds);
        assert!(ids("drives", "kind").is_subset(&kinds) && ids("drives", "drives").is_subset(&kinds));
    }

    #[test]
    fn codes_and_ages_can_be_read() {
        for row in rows("kinds") {
            let is_coding_state = row["kind"].starts_with("XXX-");
            assert_eq!(Layer::parse(&row["layer"]).is_none(), is_coding_state, "{row:?}");
            assert!(is_coding_state || row["kind"][..3].eq_ignore_ascii_case(&row["layer"][..3]), "{row:?}");
            assert!(Recipient::parse(&row["recipient"]).is_some(), "{row:?}");
            assert!(!row["label"].is_empty() && !row["source"].is_empty(), "{row:?}");
            ages(&row);
        }
        for row in rows("service_types") {
            assert!(Layer::parse(&row["setting_layer"]).is_some() && Layer::parse(&row["target_layer"]).is_some());
            let level = |column: &str| row[column].parse::<u8>().expect("a level");
            assert!(1 <= level("level_min") && level("level_min") <= level("level_max") && level("level_max") <= 4);
            ages(&row);
        }
    }

    fn ages(row: &BTreeMap<String, String>) {
        let age = |column: &str| row[column].parse::<u8>().expect("an age");
        assert!(age("age_min") <= age("age_max") && age("age_max") <= 25, "{row:?}");
    }

    #[test]
    fn recipients_follow_the_rule_in_the_sources() {
        let of = |recipient: &str| rows("kinds").iter().filter(|row| row["recipient"] == recipient).count();
        assert_eq!(["child", "parent", "household", "area"].map(of), [77, 11, 12, 6]);
        let recipient: BTreeMap<String, String> =
            rows("kinds").iter().map(|row| (row["kind"].clone(), row["recipient"].clone())).collect();
        for (kind, wanted) in [("MIC-10", "parent"), ("EXO-09", "household"), ("EXO-06", "area"), ("IND-05", "child")] {
            assert_eq!(recipient[kind], wanted);
        }
    }

    #[test]
    fn every_row_says_what_it_rests_on() {
        for name in tables() {
            for row in rows(name) {
                let source = &row["source"];
                assert!(["SOURCED[", "[K: ", "JUDGEMENT["].iter().any(|mark| source.contains(mark)), "{name}: {row:?}");
            }
        }
        for row in rows("meets") {
            assert!(["standard: ", "practice: ", "judgement: "].iter().any(|mark| row["source"].starts_with(mark)));
        }
    }
}
