//! Problems of changes, told where the sender finds them: by the change's position and the field.

use super::orders::{OfTable, Order, Orders};
use crate::domain::change::Change;
use crate::domain::check::findings::{Loadable, RowRef};
use crate::domain::problem::{Problem, Severity};

/// Position of the change (none: of all together) and the problem.
type At = (Option<usize>, Problem);

pub(super) struct Told<'c> {
    changes: &'c [Change],
    problems: Vec<At>,
}

impl<'c> Told<'c> {
    pub fn new(changes: &'c [Change]) -> Told<'c> {
        Told { changes, problems: Vec::new() }
    }

    fn place(&self, at: Option<usize>, column: &str) -> (String, Option<String>) {
        let Some(position) = at else { return ("changes".to_owned(), None) };
        let name = self.changes.get(position).map_or("", Change::name);
        let field = if column.is_empty() { name.to_owned() } else { format!("{name}.{column}") };
        (format!("changes[{position}]"), Some(field))
    }

    fn push(&mut self, severity: Severity, at: Option<usize>, column: &str, seen: &str, wanted: &str) {
        let (table, field) = self.place(at, column);
        let problem = match severity {
            Severity::Error => Problem::error(&table, None, field.as_deref(), seen, wanted),
            Severity::Warning => Problem::warning(&table, None, field.as_deref(), seen, wanted),
        };
        self.problems.push((at, problem));
    }

    /// An error at a field of a change; `column` is empty where the change is one value.
    pub fn wrong(&mut self, at: usize, column: &str, seen: &str, wanted: &str) {
        self.push(Severity::Error, Some(at), column, seen, wanted);
    }

    /// An error that all changes together make.
    pub fn wrong_together(&mut self, seen: &str, wanted: &str) {
        self.push(Severity::Error, None, "", seen, wanted);
    }

    /// The warnings of the changes, or every problem. Warnings about rows that did not change were given when these came.
    pub fn conclude(
        mut self,
        found: Result<Loadable, Vec<Problem>>,
        orders: &Orders,
    ) -> Result<Vec<Problem>, Vec<Problem>> {
        let found = match found {
            Ok(loadable) => loadable.warnings,
            Err(problems) => problems,
        };
        for problem in found {
            self.tell(problem, orders);
        }
        self.problems.sort_by_cached_key(|(at, problem)| (at.is_none(), *at, problem.clone()));
        self.problems.dedup();
        let is_refused = self.problems.iter().any(|(_, problem)| problem.severity == Severity::Error);
        let problems = self.problems.into_iter().map(|(_, problem)| problem).collect();
        if is_refused { Err(problems) } else { Ok(problems) }
    }

    /// Finds the change behind a problem of a table.
    fn tell(&mut self, problem: Problem, orders: &Orders) {
        let Problem { table, row, column, severity, seen, wanted } = problem;
        let column = column.unwrap_or_default();
        let rows = orders_of(orders, &table);
        if let Some(position) = row.and_then(RowRef::change) {
            let order = rows.iter().find(|order| order.at == position);
            let blamed = order.map_or(position, |order| order.brought_by(&column));
            self.push(severity, Some(blamed), &column, &seen, &wanted);
            return;
        }
        // A column that no such table has: whoever filled it.
        let filled: Vec<usize> = match row {
            None => rows.iter().filter(|order| order.cells.contains_key(&column)).map(|order| order.at).collect(),
            Some(_) => Vec::new(),
        };
        for &position in &filled {
            self.push(severity, Some(position), &column, &seen, &wanted);
        }
        if filled.is_empty() && severity == Severity::Error {
            let place = if column.is_empty() { table } else { format!("{table}, {column}") };
            self.wrong_together(&seen, &format!("{place}: {wanted}"));
        }
    }
}

fn orders_of<'o>(orders: &'o Orders, table: &str) -> Vec<&'o Order> {
    let set = |of_table: &'o OfTable| of_table.set.values().collect();
    match table {
        "needs.csv" => set(&orders.needs),
        "services.csv" => set(&orders.services),
        "offers.csv" => set(&orders.offers),
        "declines.csv" => orders.new_declines.iter().chain(&orders.old_declines).collect(),
        "receipts.csv" => orders.new_receipts.iter().chain(&orders.old_receipts).collect(),
        _ => Vec::new(),
    }
}
