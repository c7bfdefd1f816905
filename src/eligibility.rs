//! Who may go where: the rules of eligibility and reach on one pair, and all pairs of a locality, compressed.
//!
//! [`rules`] and [`mod@reach`] are the definitions, on one need and one offer at a time, with every reason. [`Profiles`]
//! tests each distinct kind of asker once against each service that could help, [`Pairs`] finds all pairs without
//! testing each, [`misses`] explains one need, and [`ecology`] asks how needs, offers and providers hang together.

pub mod catchment;
pub mod declines;
pub mod ecology;
pub mod facts;
pub mod grade;
pub mod misses;
mod near;
pub mod pairs;
pub mod profiles;
pub mod reach;
pub mod rules;
pub mod spots;
#[cfg(test)]
pub(crate) mod testing;

pub use catchment::Catchments;
pub use declines::{DeclinedByNeed, Declines, Place};
pub use ecology::{
    ChildNeeds, Component, Components, Ecology, LayerProfile, LayerRow, OnOffer, SinglePoint, layer_profile,
};
pub use facts::{NeedFacts, OfferFacts, TravelRow, travel_unit};
pub use grade::Grade;
pub use misses::{Miss, near_misses_of, nearest_miss, relaxation_of_reach, relaxation_of_rule};
pub use pairs::{CountedPairs, Pair, Pairs, pairs_of_facts};
pub use profiles::{ProfileIx, Profiles};
pub use reach::{Beyond, OutOfReach, ReachUnknown, ReachVerdict, Reached, Travelled, reach, reach_facts, rounded};
pub use rules::{Answer, Refusal, Unknowing, Verdict, judge, judge_facts};
pub use spots::{ClassIx, Found, Spots};
