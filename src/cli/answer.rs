//! A matching as three files: match.json, assignments.csv and prices.csv; written by `match`, read back by `verify`.

use std::fs;
use std::io;
use std::path::Path;

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};

use super::ending::Failure;
use super::output::json_bytes;
use crate::domain::Problem;
use crate::solve::{Effort, StopReason};
use crate::view::matching::MatchFiles;
use crate::view::{AssignmentRow, MatchDocument, PriceRow};

const DOCUMENT: &str = "match.json";
const ASSIGNMENTS: &str = "assignments.csv";
const PRICES: &str = "prices.csv";

/// Findings reported of one file; a file of another sort would fill the screen.
const MAX_PROBLEMS: usize = 20;

#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) document: MatchDocument,
    pub(super) assignments: Vec<AssignmentRow>,
    pub(super) prices: Vec<PriceRow>,
}

impl From<MatchFiles> for Answer {
    fn from(files: MatchFiles) -> Answer {
        let MatchFiles { document, assignments, prices } = files;
        Answer { document, assignments, prices }
    }
}

/// The three files. A stop that comes before prices.csv is written leaves that empty, and the document says so.
pub(super) fn files(answer: &mut Answer, effort: &Effort) -> [(&'static str, Vec<u8>); 3] {
    let certificate = certificate(&answer.prices, effort).unwrap_or_else(|_| {
        answer.prices = Vec::new();
        answer.document.leave_out_prices();
        Csv::new(&PRICE_COLUMNS).finish()
    });
    let Answer { document, assignments, .. } = &*answer;
    let rows = |assignments: &[AssignmentRow]| {
        let mut placed = Csv::headless();
        for AssignmentRow { need, offer, children, travel } in assignments {
            let travel = travel.map(|travel| travel.to_string()).unwrap_or_default();
            placed.row([need.as_str(), offer, &children.to_string(), &travel]);
        }
        placed.finish()
    };
    let mut placed = Csv::new(&["need", "offer", "children", travel_column(document)]).finish();
    for rows in effort.finish(assignments.chunks(ROWS).collect(), rows) {
        placed.extend(rows);
    }
    [(DOCUMENT, json_bytes(document)), (ASSIGNMENTS, placed), (PRICES, certificate)]
}

/// Rows in a piece of work.
const ROWS: usize = 1 << 14;

const PRICE_COLUMNS: [&str; 4] = ["stage", "node", "id", "price"];

fn certificate(prices: &[PriceRow], effort: &Effort) -> Result<Vec<u8>, StopReason> {
    let rows = |prices: &[PriceRow]| {
        let mut certificate = Csv::headless();
        for PriceRow { stage, node, id, price } in prices {
            effort.tick(64)?;
            certificate.row([stage.as_str(), node, id, &price.to_string()]);
        }
        Ok(certificate.finish())
    };
    let mut certificate = Csv::new(&PRICE_COLUMNS).finish();
    for rows in effort.each(prices.chunks(ROWS).collect(), rows)? {
        certificate.extend(rows);
    }
    Ok(certificate)
}

/// Travel is in the unit that the totals are in.
fn travel_column(document: &MatchDocument) -> &'static str {
    if document.totals.minutes.is_some() { "minutes" } else { "metres" }
}

/// Reads the three files of a folder; every problem of all of them at once. The inner error is a stop.
pub(super) fn read(dir: &Path, effort: &Effort) -> Result<Result<Answer, StopReason>, Failure> {
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(not_an_answer(dir, "a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(not_an_answer(dir, "no such folder"));
        }
        Err(source) => return Err(Failure::Unreadable { path: dir.to_owned(), source }),
    }
    let mut problems = Vec::new();
    let document = bytes(dir, DOCUMENT, &mut problems).and_then(|bytes| document(&bytes, &mut problems));
    let travel = document.as_ref().map(travel_column);
    let assignments =
        bytes(dir, ASSIGNMENTS, &mut problems).map(|bytes| assignments(&bytes, travel, &mut problems, effort));
    let prices = bytes(dir, PRICES, &mut problems).map(|bytes| prices(&bytes, &mut problems, effort));
    let (assignments, prices) = match (assignments.transpose(), prices.transpose()) {
        (Ok(assignments), Ok(prices)) => (assignments, prices),
        (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
    };
    match (document, assignments, prices) {
        (Some(document), Some(assignments), Some(prices)) if problems.is_empty() => {
            Ok(Ok(Answer { document, assignments, prices }))
        }
        _ => Err(Failure::BadInput { what: format!("the answer in {}", dir.display()), problems }),
    }
}

fn not_an_answer(dir: &Path, seen: &str) -> Failure {
    let wanted = "the folder that `suffice match --out` wrote";
    let problem = Problem::error(&dir.display().to_string(), None, None, seen, wanted);
    Failure::BadInput { what: "the answer".to_owned(), problems: vec![problem] }
}

fn bytes(dir: &Path, file: &'static str, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    fs::read(dir.join(file))
        .map_err(|error| {
            let seen = match error.kind() {
                io::ErrorKind::NotFound => String::new(),
                _ => error.to_string(),
            };
            problems.push(Problem::error(file, None, None, &seen, "the file that `suffice match --out` wrote"));
        })
        .ok()
}

fn document(bytes: &[u8], problems: &mut Vec<Problem>) -> Option<MatchDocument> {
    let refuse = |problems: &mut Vec<Problem>, row, column, seen: &str, wanted: String| {
        problems.push(Problem::error(DOCUMENT, row, column, seen, wanted));
        None
    };
    let value: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            let line = Some(error.line() as u64);
            return refuse(problems, line, None, "", format!("JSON ({error})"));
        }
    };
    let schema = value.get("schema").and_then(serde_json::Value::as_str).unwrap_or_default();
    if schema != MatchDocument::SCHEMA {
        return refuse(problems, None, Some("schema"), schema, MatchDocument::SCHEMA.to_owned());
    }
    match serde_json::from_value(value) {
        Ok(document) => Some(document),
        Err(error) => refuse(problems, None, None, "another shape", format!("a document of its schema ({error})")),
    }
}

fn assignments(
    bytes: &[u8],
    travel: Option<&'static str>,
    problems: &mut Vec<Problem>,
    effort: &Effort,
) -> Result<Vec<AssignmentRow>, StopReason> {
    // Where the document is not there to say the unit, its own problem has been told already.
    let rows =
        Rows::read(ASSIGNMENTS, ["need", "offer", "children", travel.unwrap_or("metres")], bytes, problems, effort)?;
    rows.map(effort, |row, problems| {
        let [need, offer, children, travel] = &row.cells;
        Some(AssignmentRow {
            need: need.into(),
            offer: offer.into(),
            children: row.whole("children", children, problems)?,
            travel: if travel.is_empty() { None } else { Some(row.whole("travel", travel, problems)?) },
        })
    })
}

fn prices(bytes: &[u8], problems: &mut Vec<Problem>, effort: &Effort) -> Result<Vec<PriceRow>, StopReason> {
    let rows = Rows::read(PRICES, PRICE_COLUMNS, bytes, problems, effort)?;
    rows.map(effort, |row, problems| {
        let [stage, node, id, price] = &row.cells;
        let price = row.whole("price", price, problems)?;
        Some(PriceRow { stage: stage.into(), node: node.into(), id: id.into(), price })
    })
}

/// The rows of a file with exactly these columns.
struct Rows<'a, const N: usize> {
    rows: Vec<Row<N>>,
    problems: &'a mut Vec<Problem>,
}

struct Row<const N: usize> {
    file: &'static str,
    /// As a spreadsheet numbers it.
    number: Option<u64>,
    cells: [String; N],
}

impl<'a, const N: usize> Rows<'a, N> {
    fn read(
        file: &'static str,
        columns: [&str; N],
        bytes: &[u8],
        problems: &'a mut Vec<Problem>,
        effort: &Effort,
    ) -> Result<Rows<'a, N>, StopReason> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut rows = Vec::new();
        let mut n_records = 0_u64;
        let already = problems.len();
        while problems.len() - already < MAX_PROBLEMS && matches!(reader.read_byte_record(&mut record), Ok(true)) {
            effort.tick(128)?;
            // No cell of ours holds a line break, so lines are rows.
            let row = record.position().map(|at| at.line());
            n_records += 1;
            let cells: Option<Vec<&str>> = record.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
            let Some(cells) = cells else {
                problems.push(Problem::error(file, row, None, "bytes that are not text", "UTF-8"));
                continue;
            };
            if n_records == 1 {
                if cells != columns {
                    problems.push(Problem::error(file, row, None, &cells.join(","), columns.join(",")));
                    break;
                }
                continue;
            }
            match <[&str; N]>::try_from(cells) {
                Ok(cells) => rows.push(Row { file, number: row, cells: cells.map(str::to_owned) }),
                Err(cells) => {
                    let seen = format!("{} values", cells.len());
                    problems.push(Problem::error(file, row, None, &seen, format!("{N} values")));
                }
            }
        }
        if n_records == 0 {
            problems.push(Problem::error(file, None, None, "", format!("a header: {}", columns.join(","))));
        }
        Ok(Rows { rows, problems })
    }

    fn map<T>(
        self,
        effort: &Effort,
        read: impl Fn(&Row<N>, &mut Vec<Problem>) -> Option<T>,
    ) -> Result<Vec<T>, StopReason> {
        let Rows { rows, problems } = self;
        let already = problems.len();
        let mut read_rows = Vec::with_capacity(rows.len());
        for row in &rows {
            effort.tick(64)?;
            read_rows.extend(read(row, problems));
            if MAX_PROBLEMS <= problems.len() - already {
                break;
            }
        }
        Ok(read_rows)
    }
}

impl<const N: usize> Row<N> {
    fn whole<T: std::str::FromStr>(&self, column: &str, cell: &str, problems: &mut Vec<Problem>) -> Option<T> {
        let read = cell.parse().ok();
        if read.is_none() {
            problems.push(Problem::error(self.file, self.number, Some(column), cell, "a whole number"));
        }
        read
    }
}

/// A CSV file in memory: commas, quotes only where they are needed, LF.
pub(super) struct Csv {
    writer: csv::Writer<Vec<u8>>,
}

impl Csv {
    pub(super) fn new(header: &[&str]) -> Csv {
        let mut csv = Csv::headless();
        csv.row(header.iter().copied());
        csv
    }

    /// Rows that are to follow others.
    pub(super) fn headless() -> Csv {
        let writer = WriterBuilder::new()
            .quote_style(QuoteStyle::Necessary)
            .terminator(Terminator::Any(b'\n'))
            .from_writer(Vec::new());
        Csv { writer }
    }

    pub(super) fn row<S: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.writer.write_record(cells).expect("memory takes every row, and each has as many cells as the header");
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.into_inner().expect("memory takes every row")
    }
}
