//! A CSV file as it lies on disk, to a [`Table`] of text, or to every reason why it is not one.
//!
//! The reader is strict where a mistake would move cells into other columns (ragged rows, quotes that never close,
//! another separator) and lenient where nothing can be lost: a byte order mark, CRLF or LF, and rows that are wholly
//! blank, as spreadsheets leave them, which are skipped but still counted in row numbers.

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::WINDOWS_1252;

use super::quick;
use crate::domain::check::NotLoaded;
use crate::domain::draft::MAX_ROWS;
use crate::domain::{Problem, Table};
use crate::solve::{Effort, StopReason};

/// The longest cell, in bytes.
pub(super) const MAX_CELL_BYTES: usize = 64 * 1024;

/// Findings kept of one file; the rest are counted. A file with another layout would fill a page a thousand times over.
const MAX_PROBLEMS: usize = 200;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a table whose first row is the header. `rows_left` is what remains of the bundle's limit on rows. O(bytes).
///
/// Most files are plain from the first byte to the last, and [`quick`] reads those; whatever it will not take is read
/// here record by record, so that every finding has one wording.
pub(super) fn table_of(file: &str, bytes: Vec<u8>, rows_left: &mut u64, effort: &Effort) -> Result<Table, NotLoaded> {
    as_text(file, &bytes).map_err(|problem| NotLoaded::Problems(vec![problem]))?;
    match quick::table(bytes, *rows_left, effort)? {
        Ok(table) => {
            *rows_left -= table.len() as u64;
            Ok(table)
        }
        Err(bytes) => carefully(file, &bytes, rows_left, effort),
    }
}

/// As [`table_of`], for the tables of the program and of importers: as long as it takes.
pub(super) fn table(file: &str, bytes: &[u8], rows_left: &mut u64) -> Result<Table, Vec<Problem>> {
    carefully(file, bytes, rows_left, &Effort::unlimited()).map_err(NotLoaded::problems)
}

fn carefully(file: &str, bytes: &[u8], rows_left: &mut u64, effort: &Effort) -> Result<Table, NotLoaded> {
    read(file, bytes, rows_left, effort)?.map_err(NotLoaded::Problems)
}

/// Record by record. The outer error is a stop.
fn read(
    file: &str,
    bytes: &[u8],
    rows_left: &mut u64,
    effort: &Effort,
) -> Result<Result<Table, Vec<Problem>>, StopReason> {
    let bytes = match as_text(file, bytes) {
        Ok(bytes) => bytes,
        Err(problem) => return Ok(Err(vec![problem])),
    };
    let mut records = Records::new(bytes);
    let Some(record) = records.next() else {
        let wanted = "the file is empty: it needs at least its header row";
        return Ok(Err(vec![Problem::error(file, None, None, "", wanted)]));
    };
    if let Some(problem) = other_separator(file, &record) {
        return Ok(Err(vec![problem]));
    }
    let mut findings = Findings::new(file);
    let header: Vec<String> = record.cells.iter().map(|name| lossy(name).trim().to_owned()).collect();
    check_header(&header, &record, &mut findings);
    let mut table = Table::new(header.iter().cloned());
    let mut not_text = NotText::default();
    not_text.look(&header, &record);
    while let Some(record) = records.next() {
        effort.tick(64 + record.cells.as_slice().len() as u64)?;
        if *rows_left == 0 {
            let wanted = format!("at most {} million rows in a bundle", MAX_ROWS / 1_000_000);
            findings.add(Problem::error(file, Some(record.row), None, "one row too many", wanted));
            break;
        }
        *rows_left -= 1;
        not_text.look(&header, &record);
        if check_row(&header, &record, &mut findings) && findings.is_empty() && not_text.cells == 0 {
            // Every cell has just been looked at, so nothing is replaced here.
            table.push_at(record.row, record.cells.iter().map(String::from_utf8_lossy));
        }
    }
    findings.add_all(not_text.problem(file));
    Ok(findings.done().map(|()| table))
}

/// The bytes without their byte order mark, or why they are not text of the kind we read.
pub(super) fn as_text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a [u8], Problem> {
    let refuse = |seen: &str, wanted: &str| Err(Problem::error(file, None, None, seen, wanted));
    const MAGIC: [(&[u8], &str, &str); 7] = [
        (b"PK\x03\x04", "a zip file", "text (an .xlsx is a zip too): open it and export it as CSV UTF-8"),
        (b"PK\x05\x06", "a zip file", "text: this zip has nothing in it"),
        (b"\x1F\x8B", "a gzip file", "text: unpack it first"),
        (b"%PDF", "a PDF", "text: ask for the table behind the PDF as CSV"),
        (b"\xD0\xCF\x11\xE0", "an old Excel file (.xls)", "text: open it and export it as CSV UTF-8"),
        (b"\xFF\xFE", "UTF-16 text", "UTF-8 text: save it again as CSV UTF-8"),
        (b"\xFE\xFF", "UTF-16 text", "UTF-8 text: save it again as CSV UTF-8"),
    ];
    if let Some((_, seen, wanted)) = MAGIC.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return refuse(seen, wanted);
    }
    // UTF-16 without its mark: every other byte of Latin text is zero.
    if matches!(bytes, [a, b, ..] if (*a == 0) != (*b == 0)) {
        return refuse("UTF-16 text", "UTF-8 text: save it again as CSV UTF-8");
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        let seen = lossy(&bytes[..bytes.len().min(400)]);
        return refuse(&seen, "the file itself, not a web page: the download may have been refused");
    }
    Ok(bytes)
}

fn lossy(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

struct Record {
    cells: ByteRecord,
    /// As a spreadsheet counts: a record is one row however many lines its cells take, and blank lines count.
    row: u64,
    /// The file ended inside a quoted cell.
    unclosed: bool,
}

struct Records<'a> {
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    row: u64,
}

impl<'a> Records<'a> {
    fn new(bytes: &'a [u8]) -> Records<'a> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        Records { bytes, reader, row: 0 }
    }

    /// The next record that is not wholly blank.
    fn next(&mut self) -> Option<Record> {
        let mut cells = ByteRecord::new();
        loop {
            let start = self.offset();
            // Reading bytes out of memory cannot fail, and ragged rows are allowed here: an error is the end.
            if !self.reader.read_byte_record(&mut cells).unwrap_or(false) {
                return None;
            }
            let read = &self.bytes[start..self.offset()];
            // The reader may stop between the two bytes of a CRLF.
            let split_crlf = read.starts_with(b"\n") && self.bytes[..start].ends_with(b"\r");
            let read = if split_crlf { &read[1..] } else { read };
            let blank = leading_line_ends(read);
            self.row += blank.lines + 1;
            let unclosed = self.offset() == self.bytes.len() && ends_in_quotes(&read[blank.bytes..]);
            if unclosed || !cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
                return Some(Record { cells, row: self.row, unclosed });
            }
        }
    }

    fn offset(&self) -> usize {
        // A file in memory is shorter than the address space.
        (self.reader.position().byte() as usize).min(self.bytes.len())
    }
}

struct Blank {
    lines: u64,
    bytes: usize,
}

fn leading_line_ends(bytes: &[u8]) -> Blank {
    let mut blank = Blank { lines: 0, bytes: 0 };
    loop {
        let rest = &bytes[blank.bytes..];
        blank.bytes += match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return blank,
        };
        blank.lines += 1;
    }
}

/// Whether the text of one record, read to the end of the file, stops before the quote that would close a cell.
fn ends_in_quotes(record: &[u8]) -> bool {
    enum At {
        CellStart,
        Plain,
        Quoted,
        /// Just after a quote in a quoted cell: another one is an escaped quote, anything else ends the cell.
        Quote,
    }
    let mut at = At::CellStart;
    for &byte in record {
        at = match (at, byte) {
            (At::CellStart, b'"') | (At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, b',' | b'\n' | b'\r') => At::CellStart,
            _ => At::Plain,
        };
    }
    matches!(at, At::Quoted)
}

/// A header of one cell that holds another separator: the file is divided by that, and every later finding would be noise.
fn other_separator(file: &str, header: &Record) -> Option<Problem> {
    if header.cells.len() != 1 {
        return None;
    }
    let text = lossy(&header.cells[0]);
    let name = [(';', "semicolons"), ('\t', "tabs"), ('|', "upright bars")]
        .into_iter()
        .find_map(|(separator, name)| text.contains(separator).then_some(name))?;
    let wanted = format!("columns divided by commas: these are divided by {name}");
    Some(Problem::error(file, Some(header.row), None, &text, wanted))
}

fn check_header(header: &[String], record: &Record, findings: &mut Findings) {
    for (at, name) in header.iter().enumerate() {
        if !name.is_empty() && header[..at].contains(name) {
            let wanted = "each column once: two have this name";
            findings.add(Problem::error(findings.file, Some(record.row), Some(name), name, wanted));
        }
    }
    if record.unclosed {
        findings.add(unclosed(findings.file, record));
    }
}

/// Whether the row's cells stand under the right columns.
fn check_row(header: &[String], record: &Record, findings: &mut Findings) -> bool {
    let file = findings.file;
    if record.unclosed {
        findings.add(unclosed(file, record));
        return false;
    }
    if record.cells.len() != header.len() {
        let cells = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
        let wanted = format!(
            "{}, as the header has: a cell that holds a comma or a quote needs quotes round it",
            cells(header.len())
        );
        findings.add(Problem::error(file, Some(record.row), None, &cells(record.cells.len()), wanted));
        return false;
    }
    let mut fits = true;
    for (at, (name, cell)) in header.iter().zip(&record.cells).enumerate() {
        // Spreadsheets leave empty columns at the end: they may stay, but what stands in them has no meaning.
        if name.is_empty() && !cell.trim_ascii().is_empty() {
            let column = format!("column {}", at + 1);
            let wanted = "a name at the head of this column, or nothing below it";
            findings.add(Problem::error(
                file,
                Some(record.row),
                Some(&column),
                &lossy(&cell[..cell.len().min(400)]),
                wanted,
            ));
            fits = false;
        }
        if MAX_CELL_BYTES < cell.len() {
            let wanted = format!("a cell of at most 64 KiB: this one has {} bytes; is a quote missing?", cell.len());
            let start = lossy(&cell[..400]);
            findings.add(Problem::error(file, Some(record.row), Some(name), &start, wanted));
            fits = false;
        }
    }
    fits
}

fn unclosed(file: &str, record: &Record) -> Problem {
    let cell = record.cells.iter().next_back().unwrap_or_default();
    let wanted = "a closing quote: a cell begins with a quote in this row and the file ends before it closes";
    Problem::error(file, Some(record.row), None, &lossy(&cell[..cell.len().min(400)]), wanted)
}

/// Cells that are not UTF-8 text. One finding for the whole file, since one export setting made them all.
#[derive(Default)]
struct NotText {
    cells: u64,
    first: Option<(u64, Option<String>, Vec<u8>)>,
}

impl NotText {
    fn look(&mut self, header: &[String], record: &Record) {
        for (at, cell) in record.cells.iter().enumerate() {
            if std::str::from_utf8(cell).is_err() || cell.contains(&0) {
                self.cells += 1;
                if self.first.is_none() {
                    let cell = cell[..cell.len().min(400)].to_vec();
                    self.first = Some((record.row, header.get(at).cloned(), cell));
                }
            }
        }
    }

    fn problem(self, file: &str) -> Option<Problem> {
        let (row, column, cell) = self.first?;
        let cells = self.cells;
        let wanted = if cell.contains(&0) {
            format!("text: there is a zero byte ({cells} such cells in the file)")
        } else {
            format!(
                "UTF-8 text ({cells} such cells in the file): shown here as if it were Windows-1252, as older exports \
                 are; save it as UTF-8"
            )
        };
        let (seen, _, _) = WINDOWS_1252.decode(&cell);
        Some(Problem::error(file, Some(row), column.as_deref(), &seen, wanted))
    }
}

/// The findings of one file, the first [`MAX_PROBLEMS`] in full.
struct Findings<'a> {
    file: &'a str,
    kept: Vec<Problem>,
    more: u64,
}

impl<'a> Findings<'a> {
    fn new(file: &'a str) -> Findings<'a> {
        Findings { file, kept: Vec::new(), more: 0 }
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn add(&mut self, problem: Problem) {
        if self.kept.len() < MAX_PROBLEMS {
            self.kept.push(problem);
        } else {
            self.more += 1;
        }
    }

    fn add_all(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.kept.push(problem));
    }

    fn done(mut self) -> Result<(), Vec<Problem>> {
        if self.more != 0 {
            let seen = format!("{} more findings", self.more);
            let wanted = "correct the first ones: the rest often have the same cause";
            self.kept.push(Problem::error(self.file, None, None, &seen, wanted));
        }
        if self.kept.is_empty() { Ok(()) } else { Err(self.kept) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header and rows as text, `row: a|b`; or the findings.
    fn read(bytes: &[u8]) -> String {
        match table("needs.csv", bytes, &mut 1_000) {
            Ok(table) => {
                let mut lines = vec![table.header().join("|")];
                for row in 0..table.len() {
                    let cells: Vec<&str> = table.cells(row).collect();
                    lines.push(format!("{}: {}", table.row_number(row), cells.join("|")));
                }
                lines.join("\n")
            }
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn marks_line_ends_quotes_and_blank_rows_do_not_move_a_cell() {
        let wanted = "need|label\n2: n1|a, b\n3: n2|say \"yes\"\n6: n3| x ";
        assert_eq!(read(b"need,label\nn1,\"a, b\"\nn2,\"say \"\"yes\"\"\"\n\n,\nn3, x \n"), wanted);
        assert_eq!(read(b"\xEF\xBB\xBFneed,label\r\nn1,\"a, b\"\r\nn2,\"say \"\"yes\"\"\"\r\n\r\n,\r\nn3, x "), wanted);
        assert_eq!(read(b"need , label\rn1,\"a, b\"\rn2,\"say \"\"yes\"\"\"\r\r,\rn3, x \r"), wanted);
    }

    #[test]
    fn a_cell_of_two_lines_is_one_row() {
        assert_eq!(read(b"need,label\nn1,\"a\nb\"\nn2,c\n"), "need|label\n2: n1|a\nb\n3: n2|c");
        assert_eq!(read(b"\n\nneed\nn1\n"), "need\n4: n1");
    }

    #[test]
    fn every_ragged_row_is_reported() {
        assert_eq!(
            read(b"a,b,c\n1,2,3\n1,2\n\n1,2,3,4\n"),
            "error: needs.csv, row 3: saw \"2 cells\"; 3 cells, as the header has: a cell that holds a comma or a quote \
             needs quotes round it\n\
             error: needs.csv, row 5: saw \"4 cells\"; 3 cells, as the header has: a cell that holds a comma or a quote \
             needs quotes round it"
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_found_where_it_opens() {
        let found = read(b"a,b\n1,2\n3,\"4\n5,6\n");
        assert!(found.starts_with("error: needs.csv, row 3: saw \"4"), "{found}");
        assert!(found.contains("a closing quote"), "{found}");
        assert_eq!(read(b"a,b\n1,5\" pipe"), "a|b\n2: 1|5\" pipe");
        assert_eq!(read(b"a,b\n1,\"2\""), "a|b\n2: 1|2");
        assert!(read(b"a,\"b\n1,2\n").contains("row 1"));
    }

    #[test]
    fn another_separator_is_named() {
        assert_eq!(
            read(b"need;kind;level\nn1;k;2\n"),
            "error: needs.csv, row 1: saw \"need;kind;level\"; columns divided by commas: these are divided by semicolons"
        );
        assert!(read(b"need\tkind\nn1\tk\n").contains("divided by tabs"));
    }

    #[test]
    fn header_names_differ_and_stand_over_every_filled_column() {
        assert_eq!(
            read(b"a,b,a \n1,2,3\n"),
            "error: needs.csv, row 1, a: saw \"a\"; each column once: two have this name"
        );
        assert_eq!(read(b"a,,\n1,, \n"), "a||\n2: 1|| ");
        assert_eq!(
            read(b"a,,\n1,,\n1,2,\n"),
            "error: needs.csv, row 3, column 2: saw \"2\"; a name at the head of this column, or nothing below it"
        );
    }

    #[test]
    fn windows_1252_is_recognised_with_row_and_column() {
        assert_eq!(
            read(b"a,name\n1,Caf\xE9\n2,St Anne\x92s\n"),
            "error: needs.csv, row 2, name: saw \"Caf\u{e9}\"; UTF-8 text (2 such cells in the file): shown here as if \
             it were Windows-1252, as older exports are; save it as UTF-8"
        );
        assert!(read(b"a,b\n1,x\0y\n").contains("row 2, b"));
    }

    #[test]
    fn other_formats_are_called_by_their_name() {
        for (bytes, name) in [
            (&b"PK\x03\x04rest"[..], "a zip file"),
            (b"\x1F\x8B\x08", "a gzip file"),
            (b"%PDF-1.7", "a PDF"),
            (b"\xD0\xCF\x11\xE0\xA1", "an old Excel file"),
            (b"\xFF\xFEa\0", "UTF-16"),
            (b"a\0,\0b\0", "UTF-16"),
            (b"<!DOCTYPE html>", "web page"),
            (b"", "the file is empty"),
            (b"\xEF\xBB\xBF\r\n", "the file is empty"),
            (b",,\n\n", "the file is empty"),
        ] {
            let found = read(bytes);
            assert!(found.contains(name) && found.lines().count() == 1, "{found}");
        }
    }

    #[test]
    fn a_cell_has_at_most_64_kib_and_a_bundle_its_rows() {
        let long = |n: usize| [b"a,b\n1,".as_slice(), &vec![b'x'; n], b"\n"].concat();
        assert!(read(&long(MAX_CELL_BYTES)).starts_with("a|b\n2: 1|xxx"));
        assert!(read(&long(MAX_CELL_BYTES + 1)).contains("row 2, b: saw \"xxx"));
        let mut left = 2;
        assert!(table("t.csv", b"a\n1\n2\n", &mut left).is_ok());
        assert_eq!(left, 0);
        let problems = table("t.csv", b"a\n1\n", &mut left).expect_err("no row is left");
        assert_eq!((problems.len(), problems[0].row), (1, Some(2)));
    }

    #[test]
    fn a_wrong_layout_does_not_fill_pages() {
        let file = ["a,b\n".to_owned(), "1\n".repeat(5_000)].concat();
        let problems = table("t.csv", file.as_bytes(), &mut 10_000).expect_err("every row is ragged");
        assert_eq!(problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(problems[MAX_PROBLEMS].seen, "4800 more findings");
    }
}
