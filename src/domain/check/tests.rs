//! A small good bundle as text, and what becomes of it when cells are changed.

mod bundles;
mod changes;
mod estimates;
mod findings;
mod order;
mod properties;
mod set_aside;
mod settings;
mod tables;
mod unloading;

use std::collections::BTreeMap;

use super::{BadRows, Checked, NotLoaded};
use crate::domain::draft::{Draft, Setting, Table};
use crate::domain::problem::Problem;
use crate::solve::Effort;

/// The check, as long as it takes.
fn check(draft: Draft, bad_rows: BadRows) -> Result<Checked, Vec<Problem>> {
    super::check(draft, bad_rows, &Effort::unlimited()).map_err(NotLoaded::problems)
}

/// A bundle that is still text: for each table its header and rows.
#[derive(Clone, Debug)]
struct Bundle {
    tables: BTreeMap<String, Vec<Vec<String>>>,
    about: Option<BTreeMap<String, Setting>>,
    policy: BTreeMap<String, Setting>,
    built_in: Vec<&'static str>,
}

impl Bundle {
    /// Puts a table in place, or in another's. Cells have commas between them; a line is a row.
    fn table(mut self, name: &str, text: &str) -> Bundle {
        let row = |line: &str| line.trim().split(',').map(str::to_owned).collect();
        self.tables.insert(name.to_owned(), text.trim().lines().map(row).collect());
        self
    }

    fn without(mut self, name: &str) -> Bundle {
        self.tables.remove(name).expect("the table is there");
        self
    }

    /// Puts a value into the cell of a spreadsheet row. A column that is not there is added.
    fn cell(mut self, table: &str, row: usize, column: &str, value: &str) -> Bundle {
        let rows = self.tables.get_mut(table).expect("the table is there");
        let at = rows[0].iter().position(|name| name == column).unwrap_or_else(|| {
            rows.iter_mut().for_each(|row| row.push(String::new()));
            rows[0].last_mut().expect("one was pushed").push_str(column);
            rows[0].len() - 1
        });
        rows[row - 1][at] = value.to_owned();
        self
    }

    fn without_column(mut self, table: &str, column: &str) -> Bundle {
        let rows = self.tables.get_mut(table).expect("the table is there");
        let at = rows[0].iter().position(|name| name == column).expect("the column is there");
        rows.iter_mut().for_each(|row| {
            row.remove(at);
        });
        self
    }

    /// Sets a key of `policy.toml`, given as section.key.
    fn policy(mut self, path: &str, setting: Setting) -> Bundle {
        put(&mut self.policy, path, setting);
        self
    }

    /// Sets a key of `locality.toml`.
    fn about(mut self, path: &str, setting: Setting) -> Bundle {
        put(self.about.as_mut().expect("there is a locality.toml"), path, setting);
        self
    }

    fn draft(&self) -> Draft {
        let table = |rows: &Vec<Vec<String>>| {
            let mut table = Table::new(rows[0].iter().map(String::as_str));
            rows[1..].iter().for_each(|row| table.push(row));
            table
        };
        Draft {
            about: self.about.clone(),
            policy: Some(self.policy.clone()),
            tables: self.tables.iter().map(|(name, rows)| (name.clone(), table(rows))).collect(),
            built_in: self.built_in.clone(),
        }
    }

    fn check(&self) -> Result<Checked, Vec<Problem>> {
        check(self.draft(), BadRows::Refuse)
    }

    /// The locality; fails with the problems where there are errors.
    fn checked(&self) -> Checked {
        self.check().unwrap_or_else(|problems| panic!("the bundle is good, but:\n{}", lines(&problems)))
    }

    fn with_bad_rows_set_aside(&self) -> Checked {
        let checked = check(self.draft(), BadRows::SetAside);
        checked.unwrap_or_else(|problems| panic!("the rest of the bundle is good, but:\n{}", lines(&problems)))
    }

    /// Every finding, one on a line.
    fn findings(&self) -> String {
        match self.check() {
            Ok(checked) => lines(&checked.warnings),
            Err(problems) => lines(&problems),
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

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

fn text(text: &str) -> Setting {
    Setting::Text(text.to_owned())
}

fn whole(number: i64) -> Setting {
    Setting::Whole(number)
}

fn decimal(text: &str) -> Setting {
    Setting::Decimal { value: text.parse().expect("a number"), text: text.to_owned() }
}

fn list<const N: usize>(entries: [Setting; N]) -> Setting {
    Setting::List(entries.to_vec())
}

fn keys<const N: usize>(entries: [(&str, Setting); N]) -> Setting {
    Setting::Keys(entries.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect())
}
