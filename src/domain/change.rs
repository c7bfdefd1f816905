//! Changes of single rows, as they were received, and what they come to.
//!
//! A change brings its row as cells of text under the columns of the bundle's table, so that files, uploads and changes
//! are read by one check with one wording of every problem. [`apply`](super::check::apply) makes the next revision.

use std::collections::BTreeMap;

use super::ids::Id;
use super::locality::{DeclineWhat, DeclineWho, Locality};
use super::problem::Problem;

/// A row's cells by column. A column that is absent is blank; in [`Change::SetPlaces`] it stays as it is.
pub type Cells = BTreeMap<String, String>;

/// One change, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Adds the need, or replaces the one with its id.
    SetNeed(Cells),
    RemoveNeed(String),
    /// Adds the service, or replaces the one with its id.
    SetService(Cells),
    /// Its offers must go too, before it or with it.
    RemoveService(String),
    /// Adds the offer, or replaces the one with its id.
    SetOffer(Cells),
    /// Its rows of travel.csv go with it.
    RemoveOffer(String),
    /// Says how many places an offer has: `offer`, and those of `capacity`, `free`, `status` and `updated` that change.
    SetPlaces(Cells),
    AddReceipt(Cells),
    /// Removes one receipt that says the same.
    RemoveReceipt(Cells),
    AddDecline(Cells),
    /// Removes the declines of these by these; of any reason where none is given.
    RemoveDecline(Cells),
}

impl Change {
    /// The word for this change, as the interface has it.
    pub fn name(&self) -> &'static str {
        match self {
            Change::SetNeed(_) => "set_need",
            Change::RemoveNeed(_) => "remove_need",
            Change::SetService(_) => "set_service",
            Change::RemoveService(_) => "remove_service",
            Change::SetOffer(_) => "set_offer",
            Change::RemoveOffer(_) => "remove_offer",
            Change::SetPlaces(_) => "set_places",
            Change::AddReceipt(_) => "add_receipt",
            Change::RemoveReceipt(_) => "remove_receipt",
            Change::AddDecline(_) => "add_decline",
            Change::RemoveDecline(_) => "remove_decline",
        }
    }
}

/// The next revision of a locality.
#[derive(Clone, Debug)]
pub struct Changed {
    pub locality: Locality,
    /// Warnings about the rows that changed. As in a problem of a change, `table` is `changes[3]`, the position counted
    /// from 0, and `column` the field, such as `set_need.level`.
    pub warnings: Vec<Problem>,
    pub difference: Difference,
}

/// The rows in which a revision differs from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Needs of which anything differs: their row, their holder, or a receipt that names them. Sorted.
    pub needs: Vec<Id>,
    /// Offers of which anything differs. Sorted.
    pub offers: Vec<Id>,
    /// Declines that only the later one has, in its positions.
    pub declined: Vec<(DeclineWho, DeclineWhat)>,
    /// Declines that only the one before has, in its positions.
    pub no_longer_declined: Vec<(DeclineWho, DeclineWhat)>,
    /// Something differs by which all rows are read: services, providers, types, or the values of a group column.
    pub wide: bool,
}
