//! `suffice kinds`: the tables that are compiled in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::Csv;
use super::args::BuiltIn;
use super::ending::{Ending, Failure};
use super::output;
use super::settings::{Kinds, KindsForm};
use crate::domain::Table as Rows;
use crate::import::builtin;
use crate::report::{Align, Table, WIDTH};

#[derive(Serialize)]
struct KindsDocument<'a> {
    schema: &'static str,
    table: &'static str,
    rows: Vec<BTreeMap<&'a str, &'a str>>,
}

pub(super) fn run(job: &Kinds) -> Result<Ending, Failure> {
    let name = name(job.table);
    let rows = rows(name);
    match job.form {
        KindsForm::Page => output::text(&page(job.table, &rows))?,
        KindsForm::Csv => output::bytes(&csv(&rows))?,
        KindsForm::Json => {
            let columns = rows.header().iter().map(String::as_str);
            let row = |at| columns.clone().zip(rows.cells(at)).collect();
            let rows = (0..rows.len()).map(row).collect();
            output::json(&KindsDocument { schema: "suffice.kinds/1", table: name, rows })?;
        }
    }
    Ok(Ending::Done)
}

fn name(table: BuiltIn) -> &'static str {
    match table {
        BuiltIn::Kinds => "kinds",
        BuiltIn::Types => "service_types",
        BuiltIn::Meets => "meets",
        BuiltIn::Drives => "drives",
        BuiltIn::Outcomes => "outcomes",
    }
}

fn rows(name: &str) -> Rows {
    builtin::table(name).expect("every name above is a built-in table")
}

fn csv(rows: &Rows) -> Vec<u8> {
    let header: Vec<&str> = rows.header().iter().map(String::as_str).collect();
    let mut csv = Csv::new(&header);
    for at in 0..rows.len() {
        csv.row(rows.cells(at));
    }
    csv.finish()
}

/// What a person looks for: codes with their labels, without sources and crosswalks.
fn page(table: BuiltIn, rows: &Rows) -> String {
    let n = rows.len();
    let (headline, laid_out) = match table {
        BuiltIn::Kinds => (
            format!("{n} kinds of need are built in."),
            pick(
                rows,
                &[
                    ("kind", "Kind"),
                    ("label", "Label"),
                    ("layer", "Layer"),
                    ("domain", "Domain"),
                    ("recipient", "Who"),
                    ("age_min", "From age"),
                    ("age_max", "To age"),
                ],
            ),
        ),
        BuiltIn::Types => (
            format!("{n} types of service are built in."),
            pick(
                rows,
                &[
                    ("type", "Type"),
                    ("label", "Label"),
                    ("setting_layer", "Setting"),
                    ("target_layer", "Target"),
                    ("level_min", "From level"),
                    ("level_max", "To level"),
                    ("age_min", "From age"),
                    ("age_max", "To age"),
                ],
            ),
        ),
        BuiltIn::Meets => (
            format!("Which type of service meets which kind of need: {n} pairs are built in."),
            pick(rows, &[("kind", "Kind"), ("kind label", "Label"), ("type", "Type"), ("source", "Source")]),
        ),
        BuiltIn::Drives => (
            format!("Which kind of need drives which: {n} links are built in, asserted by their sources."),
            pick(
                rows,
                &[
                    ("kind", "Kind"),
                    ("kind label", "Label"),
                    ("drives", "Drives"),
                    ("drives label", "Label"),
                    ("strength", "Strength"),
                ],
            ),
        ),
        BuiltIn::Outcomes => (
            format!("Indicators and outcomes of each kind of need: {n} rows are built in."),
            pick(
                rows,
                &[
                    ("kind", "Kind"),
                    ("kind label", "Label"),
                    ("indicator", "Indicator"),
                    ("outcome", "Outcome"),
                    ("framework", "Framework"),
                ],
            ),
        ),
    };
    format!(
        "{headline}\n\n{}\nThey are defaults that a bundle may replace. `--csv` prints every column, sources included.\n",
        laid_out.render(WIDTH)
    )
}

/// Some columns under readable headings; `kind label` is the label of the code in column `kind`.
fn pick(rows: &Rows, columns: &[(&str, &str)]) -> Table {
    let kinds = rows_by_first(&self::rows("kinds"));
    let at = |name: &str| rows.header().iter().position(|known| known == name);
    let numeric = |name: &str| name.contains("_min") || name.contains("_max");
    let aligned =
        columns.iter().map(|&(name, heading)| (heading, if numeric(name) { Align::Right } else { Align::Left }));
    let mut table = Table::new(aligned);
    for row in 0..rows.len() {
        table.push(columns.iter().map(|(name, _)| match (at(name), name.strip_suffix(" label").and_then(at)) {
            (Some(column), _) => rows.cell(row, column).to_owned(),
            (None, Some(column)) => kinds.get(rows.cell(row, column)).cloned().unwrap_or_default(),
            (None, None) => String::new(),
        }));
    }
    table
}

/// The second column by the first.
fn rows_by_first(rows: &Rows) -> BTreeMap<String, String> {
    (0..rows.len()).map(|row| (rows.cell(row, 0).to_owned(), rows.cell(row, 1).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{BuiltIn, csv, name, page, rows};
    use clap::ValueEnum;

    #[test]
    fn every_table_has_a_page_that_fits_and_fills_its_columns() {
        for &table in BuiltIn::value_variants() {
            let page = page(table, &rows(name(table)));
            assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
            let first = page.lines().nth(4).unwrap_or_default();
            assert!(10 < first.len() && !first.starts_with(' '), "{first}");
        }
    }

    #[test]
    fn csv_has_every_column_and_row() {
        let kinds = rows("kinds");
        let text = String::from_utf8(csv(&kinds)).expect("the table is text");
        assert!(text.starts_with("kind,label,layer,domain,recipient,age_min,age_max,source,"), "{text}");
        assert_eq!(text.lines().count(), kinds.len() + 1);
    }
}
