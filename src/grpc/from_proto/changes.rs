//! Changes: each message becomes a row of text, as in an inline locality, and the check of changes reads it.

use super::inline::{declines, needs, offers, receipts, services};
use super::rows::{Place, Rows, Wrong, word};
use crate::domain::{Cells, Change};
use crate::grpc::pb::suffice::v1 as pb;
use crate::service::{Error, Limits};
use pb::change::Change as Message;

/// What the changes mean, or which of their fields are wrong.
pub(in crate::grpc) fn changes(messages: Vec<pb::Change>, limits: Limits) -> Result<Vec<Change>, Error> {
    if messages.is_empty() {
        return Err(Error::invalid("changes", "wanted at least one change"));
    }
    if limits.changes < messages.len() {
        return Err(Error::OverLimit { what: "changes of one call", allowed: limits.changes as u64 });
    }
    let mut wrong = Wrong::new(limits.field_bytes);
    let mut changes = Vec::with_capacity(messages.len());
    for (at, pb::Change { change }) in messages.into_iter().enumerate() {
        match change {
            Some(message) => changes.push(one(at, message, &mut wrong)),
            None => wrong.add(format!("changes[{at}]"), "wanted a change"),
        }
    }
    wrong.into_result(changes).map_err(Error::Invalid)
}

fn one(at: usize, message: Message, wrong: &mut Wrong) -> Change {
    let place = |name: &str| Place::One(format!("changes[{at}].{name}"));
    let mut id = |name: &str, id: String| {
        wrong.check_length(&id, || format!("changes[{at}].{name}"));
        id
    };
    match message {
        Message::RemoveNeed(need) => Change::RemoveNeed(id("remove_need", need)),
        Message::RemoveService(service) => Change::RemoveService(id("remove_service", service)),
        Message::RemoveOffer(offer) => Change::RemoveOffer(id("remove_offer", offer)),
        Message::SetNeed(need) => Change::SetNeed(row(needs(place("set_need"), vec![need], wrong))),
        Message::SetService(service) => Change::SetService(row(services(place("set_service"), vec![service], wrong))),
        Message::SetOffer(offer) => Change::SetOffer(row(offers(place("set_offer"), vec![offer], wrong))),
        Message::SetPlaces(message) => Change::SetPlaces(places(place("set_places"), message, wrong)),
        Message::AddReceipt(receipt) => Change::AddReceipt(row(receipts(place("add_receipt"), vec![receipt], wrong))),
        Message::RemoveReceipt(receipt) => {
            Change::RemoveReceipt(row(receipts(place("remove_receipt"), vec![receipt], wrong)))
        }
        Message::AddDecline(decline) => Change::AddDecline(row(declines(place("add_decline"), vec![decline], wrong))),
        Message::RemoveDecline(decline) => {
            Change::RemoveDecline(row(declines(place("remove_decline"), vec![decline], wrong)))
        }
    }
}

fn row(rows: Rows) -> Cells {
    rows.into_cells().pop().unwrap_or_default()
}

/// A field that is set is a cell even where it is blank: it makes the number not known.
fn places(place: Place, message: pb::SetPlaces, wrong: &mut Wrong) -> Cells {
    let pb::SetPlaces { offer, capacity, free, status, updated } = message;
    let set = [("capacity", capacity.is_some()), ("free", free.is_some())];
    let mut rows = Rows::at(place, &["offer", "capacity", "free", "status", "updated"]);
    rows.next(wrong)
        .text("offer", offer)
        .count("capacity", capacity)
        .count("free", free)
        .code("status", word(status, "OFFER_STATUS_", pb::OfferStatus::as_str_name))
        .text("updated", updated);
    let mut cells = row(rows);
    for (column, _) in set.into_iter().filter(|&(_, is_set)| is_set) {
        cells.entry(column.to_owned()).or_default();
    }
    cells
}
