//! What a list of changes comes to, row by row: of several changes of one row the last one counts.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Told;
use crate::domain::change::{Cells, Change};
use crate::domain::check::findings::RowRef;
use crate::domain::check::groups::PREFIX;
use crate::domain::draft::{Draft, Table};
use crate::domain::geometry::Coordinates;
use crate::domain::ids::OfferIx;
use crate::domain::locality::{Locality, NeedOrigin, Offer, Reach};
use crate::domain::stated::Stated;

/// A row to be read, and the changes that its cells come from.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub at: usize,
    pub cells: Cells,
    /// Cells that another change brought than the one at `at`.
    others: BTreeMap<String, usize>,
    /// For a removal: the call itself added what it removes, so it need not find more.
    pub has_found: bool,
}

/// The orders for one table: rows to set, by id, and rows to remove, with the change that says so.
#[derive(Clone, Debug, Default)]
pub(super) struct OfTable {
    pub set: BTreeMap<String, Order>,
    pub removed: BTreeMap<String, usize>,
}

impl OfTable {
    fn set(&mut self, id_column: &str, at: usize, cells: &Cells) {
        let id = match cells.get(id_column).map(|id| id.trim()) {
            // Each row without an id is a problem of its own.
            None | Some("") => format!("\u{0}{at}"),
            Some(id) => id.to_owned(),
        };
        self.set.insert(id, Order::one(at, cells));
    }

    /// Removes a row that is there, or was set before; false where there is none.
    fn remove(&mut self, id: &str, at: usize, is_held: bool) -> bool {
        let was_set = self.set.remove(id).is_some();
        let held = is_held && !self.removed.contains_key(id);
        if held || was_set && is_held {
            self.removed.insert(id.to_owned(), at);
        }
        held || was_set
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    /// Whether the row that the locality holds under this id goes or is replaced.
    pub fn touches(&self, id: &str) -> bool {
        self.removed.contains_key(id) || self.set.contains_key(id)
    }
}

/// Everything that is asked for, in tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    pub needs: OfTable,
    pub services: OfTable,
    pub offers: OfTable,
    pub new_declines: Vec<Order>,
    pub old_declines: Vec<Order>,
    pub new_receipts: Vec<Order>,
    pub old_receipts: Vec<Order>,
    declines_touched: bool,
}

impl Orders {
    pub fn take(locality: &Locality, changes: &[Change], told: &mut Told<'_>) -> Orders {
        let mut orders = Orders::default();
        for (at, change) in changes.iter().enumerate() {
            orders.add(locality, at, change, told);
        }
        orders
    }

    fn add(&mut self, locality: &Locality, at: usize, change: &Change, told: &mut Told<'_>) {
        let estimated = |id: &str| {
            let need = locality.find_need(id);
            need.is_some_and(|need| locality.needs()[need.ix()].origin == NeedOrigin::Rate)
        };
        match change {
            Change::SetNeed(cells) => {
                if let Some(id) = cells.get("need").filter(|id| estimated(id.trim())) {
                    told.wrong(at, "need", id, "another id: an estimate out of rates.csv is called this");
                }
                self.needs.set("need", at, cells);
            }
            Change::RemoveNeed(id) if estimated(id.trim()) => {
                told.wrong(at, "", id, "a row of needs.csv: this is an estimate out of rates.csv and population.csv");
            }
            Change::RemoveNeed(id) => {
                if !self.needs.remove(id.trim(), at, locality.find_need(id.trim()).is_some()) {
                    told.wrong(at, "", id, "the id of a need of this locality");
                }
            }
            Change::SetService(cells) => self.services.set("service", at, cells),
            Change::RemoveService(id) => {
                if !self.services.remove(id.trim(), at, locality.find_service(id.trim()).is_some()) {
                    told.wrong(at, "", id, "the id of a service of this locality");
                }
            }
            Change::SetOffer(cells) => self.offers.set("offer", at, cells),
            Change::RemoveOffer(id) => {
                if !self.offers.remove(id.trim(), at, locality.find_offer(id.trim()).is_some()) {
                    told.wrong(at, "", id, "the id of an offer of this locality");
                }
            }
            Change::SetPlaces(cells) => self.set_places(locality, at, cells, told),
            Change::AddReceipt(cells) => self.new_receipts.push(Order::one(at, cells)),
            Change::RemoveReceipt(cells) => {
                match self.new_receipts.iter().rposition(|order| is_same(&order.cells, cells, &[])) {
                    Some(added) => drop(self.new_receipts.remove(added)),
                    None => self.old_receipts.push(Order::one(at, cells)),
                }
            }
            Change::AddDecline(cells) => {
                self.declines_touched = true;
                self.new_declines.push(Order::one(at, cells));
            }
            Change::RemoveDecline(cells) => {
                let any_reason = cells.get("reason").is_none_or(|reason| reason.trim().is_empty());
                let ignored: &[&str] = if any_reason { &["reason"] } else { &[] };
                let added = self.new_declines.len();
                self.new_declines.retain(|order| !is_same(&order.cells, cells, ignored));
                let mut order = Order::one(at, cells);
                order.has_found = self.new_declines.len() < added;
                self.old_declines.push(order);
            }
        }
    }

    /// Puts cells into the row of an offer, be it one that is held or one that the call set before.
    fn set_places(&mut self, locality: &Locality, at: usize, cells: &Cells, told: &mut Told<'_>) {
        const COLUMNS: [&str; 4] = ["capacity", "free", "status", "updated"];
        let id = cells.get("offer").map_or("", |id| id.trim());
        if let Some(order) = self.offers.set.get_mut(id) {
            order.overlay(at, cells, &COLUMNS);
            return;
        }
        match locality.find_offer(id).filter(|_| !self.offers.removed.contains_key(id)) {
            None => told.wrong(at, "offer", id, "the id of an offer of this locality"),
            Some(offer) => {
                let mut order = Order::one(at, &cells_of_offer(locality, offer));
                order.overlay(at, cells, &COLUMNS);
                self.offers.set.insert(id.to_owned(), order);
            }
        }
    }

    /// A change brings values for the group columns that there are; a new column comes with an upload.
    pub fn refuse_unknown_groups(&self, locality: &Locality, told: &mut Told<'_>) {
        let columns = locality.group_columns();
        let is_known = |name: &str| columns.iter().any(|column| column.name == name);
        for order in self.needs.set.values() {
            for (column, value) in &order.cells {
                let Some(name) = column.strip_prefix(PREFIX) else { continue };
                if !is_known(name.trim()) && !value.trim().is_empty() {
                    let names: Vec<String> = columns.iter().map(|column| format!("{PREFIX}{}", column.name)).collect();
                    let wanted = match names.is_empty() {
                        true => {
                            "no group column: this locality has none, and a new one comes with an upload".to_owned()
                        }
                        false => format!("one of {}; a new one comes with an upload", names.join(", ")),
                    };
                    told.wrong(order.at, column, value, &wanted);
                }
            }
        }
    }

    pub fn brings_declines(&self) -> bool {
        self.declines_touched
    }

    /// The rows that are to be read, as a bundle would bring them.
    pub fn draft(&self, coordinates: Coordinates) -> Draft {
        let [x, y] = match coordinates {
            Coordinates::LonLat => ["lon", "lat"],
            Coordinates::Metres => ["x", "y"],
        };
        let mut draft = Draft::default();
        let mut add = |name: &str, required: &[&str], orders: Vec<&Order>| {
            draft.tables.insert(name.to_owned(), table(required, orders));
        };
        add("needs", &["need", "holder", "kind", "level", "children", "area", x, y], in_order(&self.needs));
        add("services", &["service", "name", "provider", "types", "age_min", "age_max"], in_order(&self.services));
        add("offers", &["offer", "service", x, y], in_order(&self.offers));
        add("declines", DECLINE, self.new_declines.iter().collect());
        add("receipts", RECEIPT, self.new_receipts.iter().collect());
        draft
    }
}

/// The columns that the readers of these tables ask for.
const DECLINE: &[&str] = &["need", "offer", "reason"];
const RECEIPT: &[&str] = &["offer", "children", "need"];

impl Order {
    fn one(at: usize, cells: &Cells) -> Order {
        Order { at, cells: cells.clone(), others: BTreeMap::new(), has_found: false }
    }

    fn overlay(&mut self, at: usize, cells: &Cells, columns: &[&str]) {
        for &column in columns {
            if let Some(cell) = cells.get(column) {
                self.cells.insert(column.to_owned(), cell.clone());
                self.others.insert(column.to_owned(), at);
            }
        }
    }

    /// The change that brought a cell.
    pub fn brought_by(&self, column: &str) -> usize {
        self.others.get(column).copied().unwrap_or(self.at)
    }

    /// A draft with this row alone in the table of declines, or of receipts.
    pub fn alone(&self, name: &str) -> Draft {
        let required = if name == "declines" { DECLINE } else { RECEIPT };
        let mut draft = Draft::default();
        draft.tables.insert(name.to_owned(), table(required, vec![self]));
        draft
    }
}

fn in_order(of_table: &OfTable) -> Vec<&Order> {
    let mut orders: Vec<&Order> = of_table.set.values().collect();
    orders.sort_by_key(|order| order.at);
    orders
}

fn table(required: &[&str], orders: Vec<&Order>) -> Table {
    let mut header: Vec<&str> = required.to_vec();
    let more: BTreeSet<&str> = orders.iter().flat_map(|order| order.cells.keys()).map(String::as_str).collect();
    header.extend(more.into_iter().filter(|column| !required.contains(column)));
    let mut table = Table::new(header.iter().copied());
    for order in orders {
        let cells = header.iter().map(|&column| order.cells.get(column).map_or("", String::as_str));
        table.push_at(RowRef::of_change(order.at), cells);
    }
    table
}

/// Whether two rows say the same, apart from spaces, blank cells and the columns that are ignored.
fn is_same(one: &Cells, two: &Cells, ignored: &[&str]) -> bool {
    let filled = |cells: &Cells| -> BTreeMap<String, String> {
        let cells = cells.iter().map(|(column, cell)| (column.clone(), cell.trim().to_owned()));
        cells.filter(|(column, cell)| !cell.is_empty() && !ignored.contains(&column.as_str())).collect()
    };
    filled(one) == filled(two)
}

/// An offer as a row of offers.csv that would be read as the same offer.
fn cells_of_offer(locality: &Locality, offer: OfferIx) -> Cells {
    let Offer { id, service, point, area, capacity, free, turns, status, updated, reach, covers } =
        &locality.offers()[offer.ix()];
    let area_id = |area: &crate::domain::ids::AreaIx| locality.areas()[area.ix()].id.to_string();
    let mut cells = Cells::new();
    let mut put = |column: &str, cell: String| drop(cells.insert(column.to_owned(), cell));
    put("offer", id.to_string());
    put("service", locality.services()[service.ix()].id.to_string());
    let [x, y] = match locality.about().coordinates {
        Coordinates::LonLat => ["lon", "lat"],
        Coordinates::Metres => ["x", "y"],
    };
    if let Some(point) = point {
        // Written in full: numbers of this type print the digits that are read back as the same number.
        put(x, point.x.to_string());
        put(y, point.y.to_string());
    }
    put("area", area.as_ref().map(area_id).unwrap_or_default());
    put("capacity", stated(*capacity));
    put("free", stated(*free));
    put("turns", turns.to_string());
    put("status", status.map(|status| status.as_str().to_owned()).unwrap_or_default());
    put("updated", updated.map(|date| date.to_string()).unwrap_or_default());
    match reach {
        Reach::Blank => {}
        Reach::Any => put("reach_km", "any".to_owned()),
        Reach::Metres(metres) => put("reach_km", in_km(*metres)),
        Reach::Minutes(minutes) => put("reach_minutes", minutes.to_string()),
    }
    put("areas", covers.iter().map(area_id).collect::<Vec<_>>().join(";"));
    cells
}

fn stated(value: Stated<u64>) -> String {
    match value {
        Stated::Known(number) => number.to_string(),
        Stated::Unknown(mark) => mark.as_str().to_owned(),
    }
}

/// Metres as kilometres by moving the point, so that reading them gives the same number.
fn in_km(metres: f64) -> String {
    let written = metres.to_string();
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let padded = format!("{whole:0>4}");
    let (km, rest) = padded.split_at(padded.len() - 3);
    format!("{km}.{rest}{fraction}")
}
