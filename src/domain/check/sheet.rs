//! A table while it is read: its header is looked at once, and its columns are taken by name.
//!
//! A reader first takes its columns (`required`, `optional` ...), then closes the header, which reports every column
//! that nobody took, then walks the rows.

use std::collections::BTreeMap;
use std::ops::Range;

use super::cells::{LONGEST_FIELD, LONGEST_LABEL};
use super::findings::{Findings, RowRef};
use super::names::with_hint;
use super::row::Row;
use crate::domain::draft::{Draft, Table};
use crate::domain::geometry::Coordinates;

/// Where a named column stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<'a> {
    pub name: &'a str,
    pub(super) at: Option<usize>,
    /// Required and absent: that is reported once, and each row is bad without another word.
    pub(super) missing: bool,
}

impl Column<'_> {
    pub fn is_present(self) -> bool {
        self.at.is_some()
    }
}

/// `age` and `age_max`.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeColumns<'a> {
    pub age: Column<'a>,
    pub age_max: Column<'a>,
}

/// `lon` and `lat`, or `x` and `y`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PointColumns<'a> {
    pub x: Column<'a>,
    pub y: Column<'a>,
}

#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub file: &'static str,
    table: Option<&'a Table>,
    header: Vec<&'a str>,
    /// The header is no header; its columns cannot be told apart.
    unreadable: bool,
    taken: Vec<&'static str>,
    prefixes: Vec<&'static str>,
}

impl<'a> Sheet<'a> {
    /// `file` with `.csv`; the draft's tables go without.
    pub fn open(draft: &'a Draft, file: &'static str, findings: &mut Findings) -> Sheet<'a> {
        let table = draft.tables.get(file.trim_end_matches(".csv"));
        let mut sheet =
            Sheet { file, table, header: Vec::new(), unreadable: false, taken: Vec::new(), prefixes: Vec::new() };
        let Some(table) = table else { return sheet };
        sheet.header = table.header().iter().map(|name| plain_name(name)).collect();
        if let [only] = sheet.header[..]
            && let Some((sign, name)) =
                [(';', "semicolons"), ('\t', "tabs")].into_iter().find(|(s, _)| only.contains(*s))
        {
            let seen = only.replace(sign, &sign.escape_default().to_string());
            findings.structural(file, None, &seen, format!("commas between the columns; here they are {name}"));
            sheet.unreadable = true;
        }
        sheet
    }

    /// Whether there is such a table and its columns can be told apart.
    pub fn is_readable(&self) -> bool {
        self.table.is_some() && !self.unreadable
    }

    pub fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Refuses a bundle without this table.
    pub fn must_exist(&self, findings: &mut Findings) {
        if self.table.is_none() {
            let wanted = "this file, if only with its header: then everything, or nothing, is unmet";
            findings.structural(self.file, None, "", wanted);
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|&column| column == name)
    }

    /// A column that may be absent: every cell is blank then.
    pub fn optional(&mut self, name: &'static str) -> Column<'a> {
        self.taken.push(name);
        Column { name, at: self.position(name), missing: false }
    }

    pub fn required(&mut self, name: &'static str, findings: &mut Findings) -> Column<'a> {
        let column = self.optional(name);
        if column.at.is_none() && self.is_readable() {
            findings.structural(self.file, Some(name), "", "this column");
        }
        Column { missing: column.at.is_none(), ..column }
    }

    /// Refuses a table that has none of these columns.
    pub fn one_of(&self, columns: &[Column<'a>], findings: &mut Findings) {
        if self.is_readable() && !columns.iter().any(|column| column.is_present()) {
            let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
            let wanted = format!("one of the columns {}", names.join(", "));
            findings.structural(self.file, Some(names[0]), "", wanted);
        }
    }

    pub fn ages(&mut self) -> AgeColumns<'a> {
        AgeColumns { age: self.optional("age"), age_max: self.optional("age_max") }
    }

    /// The columns of a point in the locality's coordinates. The other pair is refused by name.
    pub fn point(&mut self, coordinates: Coordinates, findings: &mut Findings) -> PointColumns<'a> {
        let (own, other) = match coordinates {
            Coordinates::LonLat => (["lon", "lat"], ["x", "y"]),
            Coordinates::Metres => (["x", "y"], ["lon", "lat"]),
        };
        for name in other {
            if self.position(name).is_some() {
                let wanted = format!(
                    "the columns {} and {}: locality.toml says coordinates = \"{}\"",
                    own[0],
                    own[1],
                    coordinates.as_str()
                );
                findings.structural(self.file, Some(name), name, wanted);
                self.taken.push(name);
            }
        }
        let (mut x, mut y) = (self.optional(own[0]), self.optional(own[1]));
        let (is_x, is_y) = (x.is_present(), y.is_present());
        for (column, other_is_present) in [(&mut x, is_y), (&mut y, is_x)] {
            if other_is_present && !column.is_present() {
                findings.structural(
                    self.file,
                    Some(column.name),
                    "",
                    "this column too, for the other half of the point",
                );
                column.missing = true;
            }
        }
        PointColumns { x, y }
    }

    /// Refuses a table that has neither the columns of a point nor those that may stand in their place.
    pub fn must_have(&self, point: PointColumns<'a>, otherwise: &[Column<'a>], findings: &mut Findings) {
        let is_point = point.x.is_present() || point.y.is_present();
        if self.is_readable() && !is_point && !otherwise.iter().any(|column| column.is_present()) {
            let other: String = otherwise.iter().map(|column| format!(", or the column {}", column.name)).collect();
            let wanted = format!("the columns {} and {}{other}", point.x.name, point.y.name);
            findings.structural(self.file, Some(point.x.name), "", wanted);
        }
    }

    /// Every column `prefixNAME`, in the order of their names. `name` is without the prefix.
    pub fn prefixed(&mut self, prefix: &'static str, findings: &mut Findings) -> Vec<Column<'a>> {
        self.prefixes.push(prefix);
        let mut columns = Vec::new();
        for (at, column) in self.header.iter().enumerate() {
            let Some(name) = column.strip_prefix(prefix).map(str::trim) else { continue };
            if name.is_empty() || LONGEST_LABEL < name.chars().count() {
                let wanted = format!("a name of 1 to {LONGEST_LABEL} characters after {prefix}");
                findings.structural(self.file, Some(column), column, wanted);
            } else {
                columns.push(Column { name, at: Some(at), missing: false });
            }
        }
        columns.sort_by_key(|column| column.name);
        columns
    }

    /// Reports the columns that nobody took, and those that stand twice.
    pub fn close_header(&self, findings: &mut Findings) {
        if self.unreadable {
            return;
        }
        let mut first_at: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, &name) in self.header.iter().enumerate() {
            if name.is_empty() {
                self.close_nameless(at, findings);
                continue;
            }
            if let Some(first) = first_at.insert(name, at + 1) {
                let wanted = format!("each column once; column {first} has this name too");
                findings.structural(self.file, Some(name), name, wanted);
            }
            let known = self.taken.contains(&name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix));
            if !known {
                let wanted = format!("one of the columns {}", self.columns_in_words());
                let words = self.taken.iter().copied().filter(|taken| self.position(taken).is_none());
                findings.structural(self.file, Some(name), name, with_hint(&wanted, name, words));
            }
        }
    }

    fn columns_in_words(&self) -> String {
        let prefixed: Vec<String> = self.prefixes.iter().map(|prefix| format!("{prefix}NAME")).collect();
        let all: Vec<&str> = self.taken.iter().copied().chain(prefixed.iter().map(String::as_str)).collect();
        all.join(", ")
    }

    /// Spreadsheets leave nameless columns behind; one that is blank all the way down is no problem.
    fn close_nameless(&self, at: usize, findings: &mut Findings) {
        let Some(table) = self.table else { return };
        let filled = (0..table.len()).find(|&row| !table.cell(row, at).trim().is_empty());
        if let Some(row) = filled {
            let seen = table.cell(row, at).trim();
            let from = RowRef { file: self.file, row: table.row_number(row) };
            findings.structural_at(
                from,
                &format!("column {}", at + 1),
                seen,
                "a name at its head, or nothing below it",
            );
        }
    }

    /// The rows, for [`Sheet::row`]; none where the columns cannot be told apart.
    pub fn rows(&self) -> Range<usize> {
        0..self.table.filter(|_| !self.unreadable).map_or(0, Table::len)
    }

    /// A row to be read again, where [`Sheet::row`] gave it before and found nothing.
    pub fn row_again<'s>(&'s self, at: usize, findings: &'s mut Findings) -> Option<Row<'s, 'a>> {
        self.table.map(|table| Row::new(self.file, table, at, findings))
    }

    /// A row to be read; None where it is blank.
    pub fn row<'s>(&'s self, at: usize, findings: &'s mut Findings) -> Option<Row<'s, 'a>> {
        let table = self.table?;
        if table.cells(at).all(|cell| cell.trim().is_empty()) {
            return None;
        }
        let mut row = Row::new(self.file, table, at, findings);
        for (column, cell) in table.cells(at).enumerate() {
            if LONGEST_FIELD < cell.len() {
                let wanted = format!("at most {LONGEST_FIELD} bytes in a field");
                row.wrong(self.header[column], cell, wanted);
            }
        }
        Some(row)
    }
}

/// A column's name without the spaces round it, and without the mark that some programs put before the first.
pub(super) fn plain_name(name: &str) -> &str {
    name.trim_start_matches('\u{feff}').trim()
}
