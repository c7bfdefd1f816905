//! A bundle as it was received: tables of text and settings, not yet looked at.
//!
//! Files, uploads and inline messages all become a `Draft`, so there is one check and one wording of every problem.

use std::collections::BTreeMap;

/// Every table that a bundle may have, as a draft keys it and without the ending of its file.
pub const TABLES: [&str; 15] = [
    "areas",
    "population",
    "needs",
    "rates",
    "services",
    "offers",
    "meets",
    "kinds",
    "receipts",
    "declines",
    "travel",
    "drives",
    "outcomes",
    "candidates",
    "scenarios",
];

/// Rows of all tables of a bundle together, at most.
pub const MAX_ROWS: u64 = 20_000_000;

/// A table of text. Cells are kept as they stood; [`check`](super::check::check) trims and reads them.
///
/// Memory: the text, 4 bytes for each cell and 16 for each row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    /// Rows of cells, each cell followed by one byte that is not part of it: the separator, where the text is a file's.
    text: String,
    /// Where each row starts in `text`.
    starts: Vec<usize>,
    /// Where each cell ends, from the start of its row. A row has `header.len()` cells.
    ends: Vec<u32>,
    /// The spreadsheet row of each row (header = 1).
    rows: Vec<u64>,
}

impl Table {
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Table {
        Table { header: header.into_iter().map(Into::into).collect(), ..Table::default() }
    }

    /// A table whose cells lie in a text with one byte between them. `ends` are counted from the start of the row.
    ///
    /// # Panics
    /// Where the lists do not go together: whoever splits a text finds as many cells in each row as the header has.
    pub fn over<S: Into<String>>(
        header: impl IntoIterator<Item = S>,
        text: String,
        starts: Vec<usize>,
        ends: Vec<u32>,
        rows: Vec<u64>,
    ) -> Table {
        let header: Vec<String> = header.into_iter().map(Into::into).collect();
        assert_eq!(ends.len(), rows.len() * header.len(), "a row has as many cells as the header");
        assert_eq!(starts.len(), rows.len(), "each row starts somewhere");
        Table { header, text, starts, ends, rows }
    }

    /// Appends a row under the next spreadsheet number.
    ///
    /// # Panics
    /// Where `cells` is not as long as the header: the reader reports ragged rows before it gets here. Where a row takes
    /// 4 GiB: whoever takes in rows limits cells far below that.
    pub fn push<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let row = self.rows.last().map_or(2, |last| last + 1);
        self.push_at(row, cells);
    }

    /// Appends a row that stood at spreadsheet row `row`.
    ///
    /// # Panics
    /// As [`Table::push`].
    pub fn push_at<S: AsRef<str>>(&mut self, row: u64, cells: impl IntoIterator<Item = S>) {
        let start = self.text.len();
        self.starts.push(start);
        for cell in cells {
            self.text.push_str(cell.as_ref());
            self.ends.push(u32::try_from(self.text.len() - start).expect("a row is shorter than 4 GiB"));
            self.text.push(',');
        }
        self.rows.push(row);
        assert_eq!(self.ends.len(), self.rows.len() * self.header.len(), "a row has as many cells as the header");
    }

    pub fn header(&self) -> &[String] {
        &self.header
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn cell(&self, row: usize, column: usize) -> &str {
        let ends = &self.ends[row * self.header.len()..][..=column];
        let from = if column == 0 { 0 } else { ends[column - 1] as usize + 1 };
        let start = self.starts[row];
        &self.text[start + from..start + ends[column] as usize]
    }

    /// The spreadsheet number of the row at position `row`.
    pub fn row_number(&self, row: usize) -> u64 {
        self.rows[row]
    }

    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        (0..self.header.len()).map(move |column| self.cell(row, column))
    }
}

impl PartialEq for Table {
    /// The same cells in the same rows under the same header, wherever they lie in the text.
    fn eq(&self, other: &Table) -> bool {
        self.header == other.header
            && self.rows == other.rows
            && (0..self.len()).all(|row| self.cells(row).eq(other.cells(row)))
    }
}

impl Eq for Table {}

/// A value out of a settings file, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Text(String),
    Whole(i64),
    /// A number with a decimal point. `text` is how it was written, because thousandths must not pass through binary.
    Decimal {
        value: f64,
        text: String,
    },
    Bool(bool),
    /// A date without a time, as YYYY-MM-DD.
    Date(String),
    /// Anything else that the format knows, such as a time.
    Other(String),
    List(Vec<Setting>),
    Keys(BTreeMap<String, Setting>),
}

/// A bundle as received. `tables` are keyed by file name without its ending (`needs`, `population` ...).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// `locality.toml`; None where there is none.
    pub about: Option<BTreeMap<String, Setting>>,
    /// `policy.toml`; None: every default.
    pub policy: Option<BTreeMap<String, Setting>>,
    pub tables: BTreeMap<String, Table>,
    /// Tables that came from the program and not from the user (the built-in `kinds`, `drives`, `outcomes`).
    pub built_in: Vec<&'static str>,
}
