//! What is wrong with a bundle: the place, what was seen there, and what would be right.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The row cannot be understood; the bundle is refused (or the row set aside, where that was asked for).
    Error,
    /// The row can be understood, but someone should look at it.
    Warning,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One finding. `row` is the row as a spreadsheet numbers it: the header is row 1, the first data row is row 2.
/// Settings files use the file as `table` and the key's path as `column`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub table: String,
    pub row: Option<u64>,
    pub column: Option<String>,
    pub severity: Severity,
    /// What stands there, shortened to [`Problem::SEEN_CHARS`] characters.
    pub seen: String,
    /// What would be right.
    pub wanted: String,
}

impl Problem {
    pub const SEEN_CHARS: usize = 60;

    pub fn error(
        table: &str,
        row: Option<u64>,
        column: Option<&str>,
        seen: &str,
        wanted: impl Into<String>,
    ) -> Problem {
        Problem::new(Severity::Error, table, row, column, seen, wanted.into())
    }

    pub fn warning(
        table: &str,
        row: Option<u64>,
        column: Option<&str>,
        seen: &str,
        wanted: impl Into<String>,
    ) -> Problem {
        Problem::new(Severity::Warning, table, row, column, seen, wanted.into())
    }

    fn new(
        severity: Severity,
        table: &str,
        row: Option<u64>,
        column: Option<&str>,
        seen: &str,
        wanted: String,
    ) -> Problem {
        Problem { table: table.to_owned(), row, column: column.map(shorten), severity, seen: shorten(seen), wanted }
    }
}

/// At most [`Problem::SEEN_CHARS`] characters on one line: a million-character cell must not become a million-character message.
fn shorten(text: &str) -> String {
    let mut short: String =
        text.chars().take(Problem::SEEN_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(Problem::SEEN_CHARS).is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.as_str(), self.table)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", {column}")?;
        }
        if self.seen.is_empty() {
            write!(f, ": nothing there; {}", self.wanted)
        } else {
            write!(f, ": saw \"{}\"; {}", self.seen, self.wanted)
        }
    }
}
