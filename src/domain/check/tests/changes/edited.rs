//! The same changes made on the text of a bundle, which is what the outcome of changes is compared with.

use std::collections::BTreeSet;

use super::super::Bundle;
use crate::domain::change::{Cells, Change};

/// Makes changes on the tables; false where one names a row that is not there.
pub(super) fn edit(bundle: &Bundle, changes: &[Change]) -> (Bundle, bool) {
    let mut edited = bundle.clone();
    let mut all_there = true;
    let names_others = |change: &&Change| {
        use Change::{AddDecline, AddReceipt, RemoveDecline, RemoveReceipt};
        matches!(change, AddDecline(_) | RemoveDecline(_) | AddReceipt(_) | RemoveReceipt(_))
    };
    for change in changes.iter().filter(|change| !names_others(change)) {
        all_there &= edit_one(&mut edited, bundle, change);
    }
    forget(&mut edited, bundle);
    for change in changes.iter().filter(names_others) {
        all_there &= edit_one(&mut edited, bundle, change);
    }
    (edited, all_there)
}

fn edit_one(bundle: &mut Bundle, before: &Bundle, change: &Change) -> bool {
    match change {
        Change::SetNeed(cells) => set(bundle, "needs", "need", cells),
        Change::RemoveNeed(id) => return 0 < remove_rows(bundle, "needs", |of| of("need") == *id),
        Change::SetService(cells) => set(bundle, "services", "service", cells),
        Change::RemoveService(id) => return 0 < remove_rows(bundle, "services", |of| of("service") == *id),
        Change::SetOffer(cells) => set(bundle, "offers", "offer", cells),
        Change::RemoveOffer(id) => return 0 < remove_rows(bundle, "offers", |of| of("offer") == *id),
        Change::SetPlaces(cells) => {
            let Some(row) = row(bundle, "offers", "offer", &cells["offer"]) else { return false };
            fill(bundle, "offers", row, cells);
        }
        Change::AddReceipt(cells) => push(bundle, "receipts", cells),
        Change::RemoveReceipt(cells) => return remove_one(bundle, "receipts", cells),
        Change::AddDecline(cells) => push(bundle, "declines", cells),
        Change::RemoveDecline(cells) => {
            let reason = cells.get("reason").cloned().unwrap_or_default();
            let same = |of: &dyn Fn(&str) -> String| {
                let names = ["need", "holder", "kind", "area", "service", "offer"];
                let same = names.iter().all(|name| of(name) == cells.get(*name).cloned().unwrap_or_default());
                same && (reason.is_empty() || of("reason") == reason)
            };
            // One that went with what it names was there, too.
            return 0 < remove_rows(bundle, "declines", same) + remove_rows(&mut before.clone(), "declines", same);
        }
    }
    true
}

/// What goes takes its declines and journeys with it.
fn forget(bundle: &mut Bundle, before: &Bundle) {
    let ids = |bundle: &Bundle, table: &str, name: &str| -> BTreeSet<String> {
        (1..bundle.tables[table].len()).map(|row| cell(bundle, table, row, name)).collect()
    };
    for (table, name) in [("needs", "need"), ("needs", "holder"), ("services", "service"), ("offers", "offer")] {
        let gone = &ids(before, table, name) - &ids(bundle, table, name);
        remove_rows(bundle, "declines", |of| gone.contains(&of(name)));
        if name == "offer" {
            remove_rows(bundle, "travel", |of| gone.contains(&of(name)));
        }
    }
}

fn column(bundle: &Bundle, table: &str, name: &str) -> Option<usize> {
    bundle.tables.get(table)?[0].iter().position(|column| column == name)
}

fn row(bundle: &Bundle, table: &str, id_column: &str, id: &str) -> Option<usize> {
    let column = column(bundle, table, id_column)?;
    let rows = bundle.tables.get(table)?;
    (1..rows.len()).find(|&row| rows[row][column].trim() == id)
}

fn cell(bundle: &Bundle, table: &str, row: usize, name: &str) -> String {
    column(bundle, table, name).map(|column| bundle.tables[table][row][column].trim().to_owned()).unwrap_or_default()
}

fn set(bundle: &mut Bundle, table: &str, id_column: &str, cells: &Cells) {
    let id = cells.get(id_column).cloned().unwrap_or_default();
    match row(bundle, table, id_column, &id) {
        Some(row) => {
            bundle.tables.get_mut(table).expect("there")[row].iter_mut().for_each(String::clear);
            fill(bundle, table, row, cells);
        }
        None => push(bundle, table, cells),
    }
}

fn push(bundle: &mut Bundle, table: &str, cells: &Cells) {
    const HEADERS: [(&str, &str); 2] =
        [("declines", "need,offer,reason"), ("receipts", "service,offer,children,need,kind,holder,area,age")];
    if !bundle.tables.contains_key(table) {
        let (_, header) = HEADERS.into_iter().find(|(name, _)| *name == table).expect("these may be absent");
        *bundle = bundle.clone().table(table, header);
    }
    let rows = bundle.tables.get_mut(table).expect("there");
    let blank = vec![String::new(); rows[0].len()];
    rows.push(blank);
    let last = rows.len() - 1;
    fill(bundle, table, last, cells);
}

fn fill(bundle: &mut Bundle, table: &str, row: usize, cells: &Cells) {
    for (column, value) in cells {
        *bundle = bundle.clone().cell(table, row + 1, column, value);
    }
}

/// How many rows went.
fn remove_rows(bundle: &mut Bundle, table: &str, mut goes: impl FnMut(&dyn Fn(&str) -> String) -> bool) -> usize {
    let Some(rows) = bundle.tables.get_mut(table) else { return 0 };
    let (header, n_rows) = (rows[0].clone(), rows.len());
    let mut first = true;
    rows.retain(|row| {
        if std::mem::take(&mut first) {
            return true;
        }
        let of = |name: &str| {
            let at = header.iter().position(|column| column == name);
            at.map(|at| row[at].trim().to_owned()).unwrap_or_default()
        };
        !goes(&of)
    });
    n_rows - rows.len()
}

fn remove_one(bundle: &mut Bundle, table: &str, cells: &Cells) -> bool {
    let names: Vec<String> = bundle.tables.get(table).map(|rows| rows[0].clone()).unwrap_or_default();
    let mut found = false;
    remove_rows(bundle, table, |of| {
        let same = names.iter().all(|name| of(name) == cells.get(name).cloned().unwrap_or_default());
        let goes = same && !found;
        found |= same;
        goes
    });
    found
}
