//! Reading the data beside the repository, as plainly as may be.

use std::collections::BTreeMap;
use std::ops::Index;

use suffice::domain::Point;

/// A row of a table, by the names of its columns.
pub struct Row(BTreeMap<String, String>);

impl Index<&str> for Row {
    type Output = str;

    fn index(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("there is a column {column}"))
    }
}

impl Row {
    /// The number of a cell; None where it is not known. A cell that is neither is a mistake in the test.
    pub fn known(&self, column: &str) -> Option<f64> {
        match &self[column] {
            "" | "NA" | "c" | "x" | ":" => None,
            number => Some(number.parse().unwrap_or_else(|_| panic!("{column} is {number}"))),
        }
    }

    pub fn point(&self) -> Point {
        let number = |column| self.known(column).expect("a point");
        Point { x: number("lon"), y: number("lat") }
    }
}

/// The rows of a file below ../shared/data, or None where that is not here.
pub fn rows(path: &str) -> Option<Vec<Row>> {
    let bytes = std::fs::read(super::shared()?.join("data").join(path));
    Some(parse(&bytes.unwrap_or_else(|error| panic!("{path}: {error}"))))
}

/// The rows of a table of text.
pub fn parse(bytes: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.deserialize().map(|row| Row(row.expect("a row of the table"))).collect()
}
