//! The `group:NAME` columns of a bundle, shared by areas, holders and population rows.

use std::collections::{BTreeSet, HashMap}; // lookup only

use super::findings::Findings;
use super::row::Row;
use super::sheet::{Column, Sheet, plain_name};
use crate::domain::draft::Draft;
use crate::domain::locality::GroupColumn;

/// How a group column is headed.
pub(super) const PREFIX: &str = "group:";

/// Group columns and their values while tables are read. Values are numbered as they are met; [`Groups::close`] brings
/// them into order.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    columns: Vec<Values<'a>>,
}

#[derive(Debug)]
struct Values<'a> {
    name: &'a str,
    listed: Vec<&'a str>,
    /// Looked up, never walked.
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Values<'a> {
    fn number(&mut self, value: &'a str) -> u32 {
        *self.numbers.entry(value).or_insert_with(|| {
            self.listed.push(value);
            // A table has at most 20 million rows, so it has no more values.
            (self.listed.len() - 1) as u32
        })
    }
}

impl<'a> Groups<'a> {
    /// The union of the group columns of every table that may have them, sorted by name.
    pub fn of(draft: &'a Draft) -> Groups<'a> {
        let tables = ["areas", "needs", "population", "rates"].into_iter().filter_map(|name| draft.tables.get(name));
        let headers = tables.flat_map(|table| table.header());
        let names: BTreeSet<&str> =
            headers.filter_map(|name| plain_name(name).strip_prefix(PREFIX)).map(str::trim).collect();
        let values = |name| Values { name, listed: Vec::new(), numbers: HashMap::new() };
        Groups { columns: names.into_iter().filter(|name| !name.is_empty()).map(values).collect() }
    }

    /// The columns and values of a locality, under the numbers that they have there.
    pub fn of_held(columns: &'a [GroupColumn]) -> Groups<'a> {
        let column = |GroupColumn { name, values }: &'a GroupColumn| {
            let listed: Vec<&str> = values.iter().map(String::as_str).collect();
            let numbers = listed.iter().zip(0..).map(|(&value, number)| (value, number)).collect();
            Values { name, listed, numbers }
        };
        Groups { columns: columns.iter().map(column).collect() }
    }

    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.to_owned()).collect()
    }

    /// A table's group columns, in the order of all of them; None where the table lacks one.
    pub fn take(&self, sheet: &mut Sheet<'a>, findings: &mut Findings) -> Vec<Option<Column<'a>>> {
        let own = sheet.prefixed(PREFIX, findings);
        self.columns.iter().map(|column| own.iter().copied().find(|own| own.name == column.name)).collect()
    }

    /// The values of a row: its own, else the `fallback`'s, else "not stated".
    pub fn read(
        &mut self,
        row: &mut Row<'_, 'a>,
        columns: &[Option<Column<'a>>],
        fallback: Option<&[u32]>,
    ) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(columns.len());
        for (at, (values, column)) in self.columns.iter_mut().zip(columns).enumerate() {
            let own = column.map_or("", |column| row.label(column));
            numbers.push(match (own, fallback) {
                ("", Some(fallback)) => fallback[at],
                (own, _) => values.number(own),
            });
        }
        numbers
    }

    /// The text of a value that has a number already.
    pub fn value(&self, column: usize, number: u32) -> &'a str {
        self.columns[column].listed[number as usize]
    }

    pub fn name(&self, column: usize) -> &'a str {
        self.columns[column].name
    }

    /// The final columns, with the values that are in use, sorted; and the way from the old numbers to the new.
    pub fn close<'g>(self, in_use: impl Iterator<Item = &'g [u32]>) -> (Vec<GroupColumn>, Renumbering) {
        let mut used: Vec<Vec<bool>> = self.columns.iter().map(|values| vec![false; values.listed.len()]).collect();
        for numbers in in_use {
            for (used, &number) in used.iter_mut().zip(numbers) {
                used[number as usize] = true;
            }
        }
        let mut columns = Vec::with_capacity(used.len());
        let mut renumbering = Renumbering { new: Vec::with_capacity(used.len()) };
        for (values, used) in self.columns.into_iter().zip(used) {
            let mut order: Vec<usize> = (0..used.len()).filter(|&at| used[at]).collect();
            order.sort_by_key(|&at| values.listed[at]);
            let mut new = vec![0; used.len()];
            for (to, &from) in order.iter().enumerate() {
                new[from] = to as u32;
            }
            let sorted = order.into_iter().map(|at| values.listed[at].to_owned()).collect();
            columns.push(GroupColumn { name: values.name.to_owned(), values: sorted });
            renumbering.new.push(new);
        }
        (columns, renumbering)
    }
}

/// From the numbers of values as they were met to their positions in [`GroupColumn::values`].
#[derive(Debug)]
pub(super) struct Renumbering {
    new: Vec<Vec<u32>>,
}

impl Renumbering {
    pub fn apply(&self, numbers: &mut [u32]) {
        for (number, new) in numbers.iter_mut().zip(&self.new) {
            *number = new[*number as usize];
        }
    }
}
