//! The words of the field as types, and the way in: a [`Draft`] holds a bundle as it was received, [`check`](check::check)
//! turns it into a [`Locality`] or into every [`Problem`] at once. Nothing here reads a file, a clock or the environment.
//!
//! After the check everyone trusts the locality: ids are resolved to indexes, everything is sorted by id, numbers are in
//! range and each unknown is a state of its own.

pub mod age;
pub mod change;
pub mod check;
pub mod draft;
pub mod geometry;
pub mod ids;
pub mod layer;
pub mod locality;
pub mod places;
pub mod policy;
pub mod problem;
pub mod stated;
pub mod unload;

pub use age::{AgeBand, AgeLimit, AgeLimits, AgeUnit};
pub use change::{Cells, Change, Changed, Difference};
pub use check::{BadRows, Checked, Completeness, SetAside, apply, check};
pub use draft::{Draft, Setting, Table};
pub use geometry::{Coordinates, Point};
pub use ids::{AreaIx, HolderIx, Id, KindIx, NeedIx, OfferIx, ProviderIx, ServiceIx, TypeIx};
pub use layer::{Basis, BasisSet, Certainty, Layer, Level, Recipient, Status};
#[cfg(test)]
pub(crate) use locality::Parts;
pub use locality::{
    About, Area, Candidate, CandidateKind, Decline, DeclineWhat, DeclineWho, Drive, GroupColumn, Holder, HolderSort,
    Kind, LevelLimits, Locality, Meet, Need, NeedOrigin, Offer, Outcome, Period, PopulationRow, Reach, Receipt,
    ReceiptNeed, Scenario, Service, ServiceType, Tag, Travel, TravelUnit, Unit,
};
pub use places::{PlacesUnknown, Supply};
pub use policy::{Policy, StageName};
pub use problem::{Problem, Severity};
pub use stated::{Mark, Stated};
pub use unload::draft_of;
