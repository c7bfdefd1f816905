//! A row while it is read: typed cells. A cell that cannot be read marks the row as bad and is reported; reading goes on,
//! so that every problem of a row is reported at once.

use std::fmt::Display;

use jiff::civil::Date;

use super::BadRows;
use super::cells::{self, LONGEST_LABEL, MOST_CHILDREN, Slip};
use super::findings::{Findings, RowRef, numbered};
use super::names::{Names, State, not_applicable, not_set_aside, with_hint};
use super::sheet::{AgeColumns, Column, PointColumns};
use crate::domain::age::{AgeBand, AgeUnit};
use crate::domain::draft::Table;
use crate::domain::geometry::{Coordinates, Point};
use crate::domain::ids::Id;
use crate::domain::layer::Level;
use crate::domain::stated::{Mark, Stated};

/// A row while it is read.
#[derive(Debug)]
pub(super) struct Row<'s, 'a> {
    file: &'static str,
    table: &'a Table,
    at: usize,
    pub findings: &'s mut Findings,
    bad: bool,
    dropped: bool,
}

impl<'s, 'a> Row<'s, 'a> {
    pub fn new(file: &'static str, table: &'a Table, at: usize, findings: &'s mut Findings) -> Row<'s, 'a> {
        Row { file, table, at, findings, bad: false, dropped: false }
    }

    pub fn at(&self) -> RowRef {
        RowRef { file: self.file, row: self.table.row_number(self.at) }
    }

    /// What to record about the row's id: None where the row is good.
    pub fn lost(&self) -> Option<State> {
        match (self.bad, self.dropped) {
            (true, _) => Some(State::SetAside),
            (false, true) => Some(State::Dropped),
            (false, false) => None,
        }
    }

    /// Whether the row is good; counts it where it is dropped.
    pub fn is_kept(&mut self) -> bool {
        let lost = self.lost();
        if lost == Some(State::Dropped) {
            self.findings.not_applicable_rows += 1;
        }
        lost.is_none()
    }

    /// The cell without the spaces round it; blank where there is no such column.
    pub fn text(&self, column: Column<'_>) -> &'a str {
        column.at.map_or("", |at| self.table.cell(self.at, at).trim())
    }

    pub fn is_blank(&self, column: Column<'_>) -> bool {
        self.text(column).is_empty()
    }

    /// Reports a cell and marks the row as bad.
    pub fn wrong(&mut self, column: &str, seen: &str, wanted: impl Into<String>) {
        self.bad = true;
        let at = self.at();
        self.findings.error(at, column, seen, wanted);
    }

    pub fn wrong_cell(&mut self, column: Column<'_>, wanted: impl Into<String>) {
        self.bad = true;
        if !column.missing {
            self.wrong(column.name, self.text(column), wanted);
        }
    }

    pub fn warn(&mut self, column: Column<'_>, wanted: impl Into<String>) {
        let (at, seen) = (self.at(), self.text(column));
        self.findings.warning(at, column.name, seen, wanted);
    }

    fn read<T>(&mut self, column: Column<'_>, result: Result<T, Slip>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(slip) => {
                self.wrong_cell(column, slip.to_string());
                None
            }
        }
    }

    pub fn id(&mut self, column: Column<'_>) -> Option<Id> {
        self.read(column, cells::id(self.text(column)))
    }

    pub fn optional_id(&mut self, column: Column<'_>) -> Option<Id> {
        if self.is_blank(column) { None } else { self.id(column) }
    }

    /// The row's own id, taken in `names`; a second row with it is a problem.
    pub fn own_id(&mut self, column: Column<'_>, names: &mut Names<'a>) -> Option<Id> {
        let id = self.id(column)?;
        self.claim(column, names.hash(self.text(column)), names).map(|_| id)
    }

    /// Takes the row's own id, which was read before; gives its number.
    pub fn claim(&mut self, column: Column<'_>, hash: u64, names: &mut Names<'a>) -> Option<u32> {
        let claimed = names.claim_hashed(hash, self.text(column), self.at().row);
        let taken = |first| self.wrong_cell(column, format!("each id once; {} has this one already", numbered(first)));
        claimed.map_err(taken).ok()
    }

    pub fn ids(&mut self, column: Column<'_>) -> Vec<Id> {
        let mut ids = Vec::new();
        for entry in cells::list(self.text(column)) {
            match cells::id(entry) {
                Ok(id) => ids.push(id),
                Err(slip) => self.wrong(column.name, entry, format!("{slip}, with ; between the entries")),
            }
        }
        ids.sort();
        ids.dedup();
        ids
    }

    /// Whether a list holds nothing, as `;` alone does.
    pub fn lists_nothing(&self, column: Column<'_>) -> bool {
        cells::list(self.text(column)).next().is_none()
    }

    /// A text of at most [`LONGEST_LABEL`] characters; may be blank.
    pub fn label(&mut self, column: Column<'_>) -> &'a str {
        let text = self.text(column);
        if LONGEST_LABEL < text.len() && LONGEST_LABEL < text.chars().count() {
            self.wrong_cell(column, format!("at most {LONGEST_LABEL} characters"));
        }
        text
    }

    /// A label, or the id where it is blank.
    pub fn label_or(&mut self, column: Column<'_>, id: Option<&Id>) -> String {
        match (self.label(column), id) {
            ("", Some(id)) => id.as_str().to_owned(),
            (label, _) => label.to_owned(),
        }
    }

    /// The position of the row that a cell names. A name that is nowhere is a problem; what follows from a row that was
    /// set aside is reported only where rows are set aside, because otherwise that row's own problem says it all.
    pub fn refer(&mut self, column: Column<'_>, names: &Names<'_>) -> Option<usize> {
        if column.missing {
            self.bad = true;
            return None;
        }
        self.refer_text(column, self.text(column), names)
    }

    pub fn optional_refer(&mut self, column: Column<'_>, names: &Names<'_>) -> Option<usize> {
        if self.is_blank(column) { None } else { self.refer(column, names) }
    }

    pub fn refer_list(&mut self, column: Column<'_>, names: &Names<'_>) -> Vec<usize> {
        let entries = cells::list(self.text(column));
        let mut positions: Vec<usize> = entries.filter_map(|entry| self.refer_text(column, entry, names)).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    fn refer_text(&mut self, column: Column<'_>, text: &str, names: &Names<'_>) -> Option<usize> {
        match names.get(text) {
            Some((_, State::At(at))) => Some(at),
            Some((row, State::SetAside)) => {
                self.bad = true;
                if self.findings.bad_rows() == BadRows::SetAside {
                    self.wrong(column.name, text, not_set_aside(names, row));
                } else {
                    self.findings.follows_from_another();
                }
                None
            }
            Some((row, State::Dropped)) => {
                self.dropped = true;
                let at = self.at();
                self.findings.warning(at, column.name, text, not_applicable(names, row));
                None
            }
            None => {
                let wanted = self.findings.hints.wanted(names, text);
                self.wrong(column.name, text, wanted);
                None
            }
        }
    }

    pub fn whole(&mut self, column: Column<'_>, min: i64, max: i64) -> Option<i64> {
        self.read(column, cells::whole(self.text(column), min, max))
    }

    pub fn optional_whole(&mut self, column: Column<'_>, min: i64, max: i64) -> Option<i64> {
        if self.is_blank(column) { None } else { self.whole(column, min, max) }
    }

    /// A number of children, places or the like that must be known.
    pub fn number(&mut self, column: Column<'_>, min: i64) -> Option<u64> {
        self.whole(column, min, MOST_CHILDREN).map(i64::unsigned_abs)
    }

    pub fn optional_number(&mut self, column: Column<'_>, min: i64) -> Option<u64> {
        if self.is_blank(column) { None } else { self.number(column, min) }
    }

    /// A number that may not be known. `z` drops the row.
    pub fn stated(&mut self, column: Column<'_>) -> Stated<u64> {
        let text = self.text(column);
        if let Some(mark) = Mark::parse(text) {
            self.bad |= column.missing;
            return Stated::Unknown(mark);
        }
        if text == "z" {
            self.dropped = true;
            self.warn(column, "a number: z is not applicable, so the row is left out");
            return Stated::BLANK;
        }
        match cells::whole(text, 0, MOST_CHILDREN) {
            Ok(number) => Stated::Known(number.unsigned_abs()),
            Err(Slip::Whole { min, max }) => {
                let wanted = format!(
                    "a whole number from {min} to {max}, or a mark of the unknown: c, x, u, :, NA, low, k or blank"
                );
                self.wrong_cell(column, wanted);
                Stated::BLANK
            }
            Err(slip) => {
                self.wrong_cell(column, slip.to_string());
                Stated::BLANK
            }
        }
    }

    /// A bound of a number: known, or not.
    pub fn bound(&mut self, column: Column<'_>) -> Option<u64> {
        match Mark::parse(self.text(column)) {
            Some(_) => None,
            None => self.number(column, 0),
        }
    }

    pub fn level(&mut self, column: Column<'_>) -> Option<Level> {
        let level = self.whole(column, 1, 4)?;
        u8::try_from(level).ok().and_then(Level::new)
    }

    pub fn optional_level(&mut self, column: Column<'_>) -> Option<Level> {
        if self.is_blank(column) { None } else { self.level(column) }
    }

    pub fn age(&mut self, column: Column<'_>, unit: AgeUnit) -> Option<u16> {
        let age = self.whole(column, 0, i64::from(unit.max_age()))?;
        u16::try_from(age).ok()
    }

    pub fn optional_age(&mut self, column: Column<'_>, unit: AgeUnit) -> Option<u16> {
        if self.is_blank(column) { None } else { self.age(column, unit) }
    }

    /// A band of ages; `age` alone is a band of one, both blank is not known.
    pub fn optional_ages(&mut self, columns: AgeColumns<'_>, unit: AgeUnit) -> Option<AgeBand> {
        if self.is_blank(columns.age) {
            if !self.is_blank(columns.age_max) {
                self.wrong(columns.age.name, "", "an age, since there is an age_max");
            }
            return None;
        }
        let min = self.age(columns.age, unit);
        let max = if self.is_blank(columns.age_max) { min } else { self.age(columns.age_max, unit) };
        self.band(min?, max?, columns.age, columns.age_max)
    }

    /// The band from one cell to another, both inclusive.
    pub fn band(&mut self, min: u16, max: u16, from: Column<'_>, to: Column<'_>) -> Option<AgeBand> {
        let band = AgeBand::new(min, max);
        if band.is_none() {
            self.wrong_cell(to, format!("{min} or more, the row's {}", from.name));
        }
        band
    }

    pub fn optional_date(&mut self, column: Column<'_>) -> Option<Date> {
        if self.is_blank(column) { None } else { self.read(column, cells::date(self.text(column))) }
    }

    /// A point, where both cells are filled.
    pub fn optional_point(&mut self, columns: PointColumns<'_>, coordinates: Coordinates) -> Option<Point> {
        if columns.x.missing || columns.y.missing {
            self.bad = true;
            return None;
        }
        let (x_text, y_text) = (self.text(columns.x), self.text(columns.y));
        if x_text.is_empty() && y_text.is_empty() {
            return None;
        }
        let x = cells::coordinate(x_text, coordinates, true);
        let y = cells::coordinate(y_text, coordinates, false);
        if coordinates == Coordinates::LonLat
            && y == Err(Slip::Coordinate(90))
            && let Some(hint) = astray(x_text, y_text)
        {
            self.wrong_cell(columns.y, format!("{}; {hint}", Slip::Coordinate(90)));
            return None;
        }
        let (x, y) = (self.read(columns.x, x), self.read(columns.y, y));
        Some(Point { x: x?, y: y? })
    }

    /// One of a few words, compared as written.
    pub fn code<T: Copy + Display>(
        &mut self,
        column: Column<'_>,
        parse: fn(&str) -> Option<T>,
        all: &[T],
    ) -> Option<T> {
        let text = self.text(column);
        self.code_of(column, text, parse, all)
    }

    pub fn optional_code<T: Copy + Display>(
        &mut self,
        column: Column<'_>,
        parse: fn(&str) -> Option<T>,
        all: &[T],
    ) -> Option<T> {
        if self.is_blank(column) { None } else { self.code(column, parse, all) }
    }

    /// An entry of a list of words.
    pub fn code_of<T: Copy + Display>(
        &mut self,
        column: Column<'_>,
        entry: &str,
        parse: fn(&str) -> Option<T>,
        all: &[T],
    ) -> Option<T> {
        let value = parse(entry);
        if value.is_none() {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            let wanted = format!("one of {}", words.join(", "));
            self.bad = true;
            if !column.missing {
                self.wrong(column.name, entry, with_hint(&wanted, entry, words.iter().map(String::as_str)));
            }
        }
        value
    }

    /// A decimal from 0 to `max`, as a whole number of 10^-`places`.
    pub fn fixed(&mut self, column: Column<'_>, max: u64, places: usize) -> Option<u64> {
        self.read(column, cells::fixed(self.text(column), max, places))
    }

    pub fn optional_fixed(&mut self, column: Column<'_>, max: u64, places: usize) -> Option<u64> {
        if self.is_blank(column) { None } else { self.fixed(column, max, places) }
    }

    /// See [`cells::measure`].
    pub fn measure(&mut self, column: Column<'_>, power: &str, max: u64) -> Option<f64> {
        self.read(column, cells::measure(self.text(column), power, max))
    }
}

/// What a latitude beyond 90 most likely is.
fn astray(x: &str, y: &str) -> Option<&'static str> {
    let (x, y): (f64, f64) = (x.parse().ok()?, y.parse().ok()?);
    if x.abs() <= 90.0 && y.abs() <= 180.0 {
        Some("lon and lat may be the wrong way round")
    } else if 180.0 < x.abs() && 180.0 < y.abs() {
        Some("for eastings and northings in metres, name the columns x and y and write coordinates = \"metres\"")
    } else {
        None
    }
}
