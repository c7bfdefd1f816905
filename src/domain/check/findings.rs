//! Everything found wrong, gathered while the reading goes on, and what it means for the bundle at the end.

use std::collections::BTreeMap;

use super::names::Hints;
use super::{BadRows, SetAside};
use crate::domain::problem::{Problem, Severity};

/// Errors, and likewise warnings, that are listed one by one; the rest are counted. So memory stays bounded whatever
/// stands in the tables, and a flood of warnings cannot hide an error.
pub(super) const MOST_LISTED: usize = 100_000;

/// A row as the user finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRef {
    pub file: &'static str,
    /// As a spreadsheet numbers it, or [`RowRef::HELD`], or the place of a change ([`RowRef::of_change`]).
    pub row: u64,
}

impl RowRef {
    /// The number of a row that was checked before: which line of a file it once was is not kept.
    pub const HELD: u64 = 0;

    /// Changes are numbered from here, which no line of a file reaches.
    const FIRST_CHANGE: u64 = 1 << 40;

    /// The number that stands for the change at `position`.
    pub fn of_change(position: usize) -> u64 {
        RowRef::FIRST_CHANGE + position as u64
    }

    /// The position of the change that a row's number stands for.
    pub fn change(row: u64) -> Option<usize> {
        row.checked_sub(RowRef::FIRST_CHANGE).and_then(|position| usize::try_from(position).ok())
    }
}

/// A row by its number, as the user finds it again.
pub(super) fn numbered(row: u64) -> String {
    match (row, RowRef::change(row)) {
        (_, Some(position)) => format!("changes[{position}]"),
        (RowRef::HELD, None) => "a row that is there already".to_owned(),
        (row, None) => format!("row {row}"),
    }
}

#[derive(Debug, Default)]
struct Listed {
    problems: Vec<Problem>,
    left_out: u64,
}

impl Listed {
    fn push(&mut self, problem: Problem) {
        if self.problems.len() < MOST_LISTED {
            self.problems.push(problem);
        } else {
            self.left_out += 1;
        }
    }
}

#[derive(Debug)]
pub(super) struct Findings {
    bad_rows: BadRows,
    errors: Listed,
    warnings: Listed,
    /// Something is wrong that no row can be set aside for: a file, a column, a setting, a sum.
    structural: bool,
    /// A row was left out without a word because the row that it names is bad, which has been said.
    follows: bool,
    /// Rows dropped because they, or a row they name, are marked `z`.
    pub not_applicable_rows: u64,
    pub hints: Hints,
}

/// What the findings come to where the bundle can be loaded.
#[derive(Debug)]
pub(super) struct Loadable {
    pub set_aside: Vec<SetAside>,
    pub warnings: Vec<Problem>,
}

impl Findings {
    pub fn new(bad_rows: BadRows) -> Findings {
        Findings {
            bad_rows,
            errors: Listed::default(),
            warnings: Listed::default(),
            structural: false,
            follows: false,
            not_applicable_rows: 0,
            hints: Hints::default(),
        }
    }

    pub fn bad_rows(&self) -> BadRows {
        self.bad_rows
    }

    /// Nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.errors.problems.is_empty() && self.warnings.problems.is_empty() && !self.structural && !self.follows
    }

    /// An error of a row: the row can be set aside.
    pub fn error(&mut self, at: RowRef, column: &str, seen: &str, wanted: impl Into<String>) {
        self.errors.push(Problem::error(at.file, Some(at.row), Some(column), seen, wanted));
    }

    pub fn warning(&mut self, at: RowRef, column: &str, seen: &str, wanted: impl Into<String>) {
        self.warnings.push(Problem::warning(at.file, Some(at.row), Some(column), seen, wanted));
    }

    /// An error of the whole bundle: a file, a column, a setting. It refuses the bundle whatever was asked for.
    pub fn structural(&mut self, file: &str, column: Option<&str>, seen: &str, wanted: impl Into<String>) {
        self.structural = true;
        self.errors.push(Problem::error(file, None, column, seen, wanted));
    }

    /// As [`Findings::structural`], where one row is what drives it.
    pub fn structural_at(&mut self, at: RowRef, column: &str, seen: &str, wanted: impl Into<String>) {
        self.structural = true;
        self.error(at, column, seen, wanted);
    }

    /// Notes that a row is left out because of another's error.
    pub fn follows_from_another(&mut self) {
        self.follows = true;
    }

    /// Takes over everything that was found elsewhere.
    pub fn take(&mut self, other: Findings) {
        for problem in other.errors.problems {
            self.errors.push(problem);
        }
        for problem in other.warnings.problems {
            self.warnings.push(problem);
        }
        self.structural |= other.structural;
        self.follows |= other.follows;
    }

    /// Every problem, sorted by table, row and column, or what is set aside and the warnings.
    pub fn conclude(mut self) -> Result<Loadable, Vec<Problem>> {
        debug_assert!(!self.follows || !self.errors.problems.is_empty(), "a row was left out and nothing said why");
        self.errors.problems.sort();
        self.errors.problems.dedup();
        self.warnings.problems.sort();
        self.warnings.problems.dedup();
        let too_many = 0 < self.errors.left_out;
        let refused = self.bad_rows == BadRows::Refuse || self.structural || too_many;
        let (errors_left_out, warnings_left_out) = (self.errors.left_out, self.warnings.left_out);
        let mut warnings = self.warnings.problems;
        warnings.extend(left_out(Severity::Warning, warnings_left_out));
        if self.errors.problems.is_empty() || !refused {
            return Ok(Loadable { set_aside: by_row(self.errors.problems), warnings });
        }
        let mut problems = self.errors.problems;
        problems.extend(left_out(Severity::Error, errors_left_out));
        problems.append(&mut warnings);
        problems.sort();
        Err(problems)
    }
}

fn left_out(severity: Severity, n: u64) -> Option<Problem> {
    let wanted = format!("only {MOST_LISTED} {}s are listed; put these right and check again", severity.as_str());
    let seen = format!("{n} more");
    (n != 0).then(|| match severity {
        Severity::Error => Problem::error("bundle", None, None, &seen, wanted),
        Severity::Warning => Problem::warning("bundle", None, None, &seen, wanted),
    })
}

fn by_row(errors: Vec<Problem>) -> Vec<SetAside> {
    let mut rows: BTreeMap<(String, u64), Vec<Problem>> = BTreeMap::new();
    for error in errors {
        // An error without a row is structural and has refused the bundle before this.
        let row = error.row.unwrap_or_default();
        rows.entry((error.table.clone(), row)).or_default().push(error);
    }
    rows.into_iter().map(|((table, row), reasons)| SetAside { table, row, reasons }).collect()
}
