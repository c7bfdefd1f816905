//! What is missing and why: the gap between what children need and what the services here can take.
//!
//! [`analyse`] reads a [`Matching`] and answers in child-needs: totals and their range over everything unknown
//! ([`ranges`]), one cause for each unmet child-need ([`causes`]), the sets of needs that share too few places
//! ([`deficient`]), and tables by kind, layer, level, age, area and group ([`tally`]). [`mod@cascade`] says at which step
//! children are lost, of everyone or of a [`Subgroup`], and [`receipt`] holds need against what children receive today.
//! [`relaxations`] tries the rules that keep most children out, [`providers`] closes one provider after another, and
//! [`overlap`] counts which services compete for the same needs. [`mod@children`] are those behind the child-needs,
//! [`mod@rests`] says how much rests on what was estimated or assumed, and [`extremes`] between which numbers each row lies
//! over everything that is as good. [`compare`] holds two localities side by side.

pub mod access;
pub mod cascade;
pub mod causes;
pub mod children;
pub mod compare;
pub mod deficient;
pub mod equity;
pub mod extremes;
pub mod families;
pub mod floors;
#[cfg(test)]
mod matched;
mod most;
pub mod optimum;
pub mod outcomes;
pub mod overlap;
pub mod programmes;
pub mod providers;
pub mod ranges;
pub mod receipt;
mod received;
pub mod relaxations;
pub mod residual;
pub mod rests;
pub mod subgroup;
pub mod tally;
#[cfg(test)]
mod testing;
pub mod upstream;

use std::sync::Arc;

use crate::domain::Locality;
use crate::eligibility::{Pairs, Profiles};
use crate::matching::{Matching, Refused, Route};
use crate::solve::{BackendError, Effort};

pub use cascade::{
    Bottleneck, Cascade, CascadeStage, ContactOutside, Coverage, NotRecorded, Target, cascade, cascades_by,
};
pub use causes::{Cause, Unmet};
pub use children::{Children, children};
pub use deficient::DeficientSet;
pub use extremes::{Extremes, MetRange};
pub use floors::{FloorAnswer, FloorGroup, TriedFloor};
pub use optimum::{Change, Optimum, Today};
pub use overlap::Overlap;
pub use programmes::{Programme, programmes};
pub use providers::{Concentration, Losses};
pub use ranges::UnmetRange;
pub use receipt::{NeedByReceipt, need_by_receipt};
pub use relaxations::Relaxations;
pub use rests::{Rests, rests};
pub use subgroup::{SplitBy, SplitKey, Subgroup};
pub use tally::{LayerMatrix, Tallies, Tally};

/// Everything that the gap page says, as numbers and positions.
#[derive(Clone, Debug)]
pub struct Gaps {
    pub matching: Arc<Matching>,
    pub range: UnmetRange,
    pub reasons: Reasons,
    pub tallies: Tallies,
    pub layers: LayerMatrix,
}

/// Why needs go unmet.
#[derive(Clone, Debug)]
pub struct Reasons {
    /// Every need with unmet child-needs, by position; outside areas included (their `inside` says so).
    pub unmet: Vec<Unmet>,
    /// Largest shortage first.
    pub deficient_sets: Vec<DeficientSet>,
}

/// What can keep an analysis from being made. A stop is not among them: the matching says that it was stopped.
#[derive(Debug, thiserror::Error)]
pub enum GapsError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Analyses the gap that a matching leaves. Two further solves give the range where anything is unknown, and one more
/// finds the deficient sets where the matching itself does not carry the most child-needs. `pairs` is None where the run
/// was stopped before they were known.
pub fn analyse(
    locality: &Locality,
    profiles: &Profiles,
    pairs: Option<&Pairs>,
    matching: Arc<Matching>,
    route: Route,
    effort: &Effort,
) -> Result<Gaps, GapsError> {
    let (range, (reasons, tallies)) = effort.both(
        || ranges::unmet_range(locality, profiles, pairs, &matching, route, effort),
        || {
            effort.both(
                || reasons(locality, profiles, pairs, &matching, effort),
                || tally::tallies(locality, &matching, effort),
            )
        },
    );
    let range = range?;
    let layers = tally::layer_matrix(locality, &matching, &tallies, effort);
    Ok(Gaps { matching, range, reasons, tallies, layers })
}

/// Finds the deficient sets and the cause of each unmet child-need. A stop leaves out the sets, and what is not known
/// by then has [`Cause::Stopped`].
pub fn reasons(
    locality: &Locality,
    profiles: &Profiles,
    pairs: Option<&Pairs>,
    matching: &Matching,
    effort: &Effort,
) -> Reasons {
    let deficient_sets = deficient::find(matching, effort).ok();
    let unmet = causes::find(locality, profiles, pairs, matching, deficient_sets.as_deref(), effort);
    Reasons { unmet, deficient_sets: deficient_sets.unwrap_or_default() }
}
