//! What families say that records do not, and the other way round.
//!
//! Bradshaw (1972) tells four kinds of need apart: normative (an expert says so), felt (the family says so), expressed
//! (it was asked for) and comparative (others like them receive it). Needs that are felt and not normative, or normative
//! and not felt, are where the two disagree; what is expressed and not supplied is demand without a service.

use std::collections::BTreeMap;

use crate::domain::{Basis, KindIx, Locality, NeedIx};
use crate::matching::Matching;
use crate::solve::{Effort, StopReason};

/// Child-needs of one kind inside, where their basis is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voices {
    /// Whose basis is stated at all.
    pub stated: u64,
    pub felt_not_normative: u64,
    pub normative_not_felt: u64,
    /// Expressed, and without a place in the matching.
    pub expressed_not_supplied: u64,
    /// Rows in one of the three whose number of children is not known: in none of them.
    pub unknown_rows: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Families {
    /// Kinds with a need whose basis is stated, by position.
    pub by_kind: BTreeMap<KindIx, Voices>,
    /// Child-needs inside whose basis is not stated: in no row.
    pub not_stated: u64,
    /// Some need here is said to be felt. Else nobody asked the families, and that a need is not felt says nothing.
    pub felt_recorded: bool,
}

/// Also of needs that the policy does not count, such as those that are only felt: they are what is asked for here.
/// O(needs).
pub fn families(locality: &Locality, matching: &Matching, effort: &Effort) -> Result<Families, StopReason> {
    let mut families = Families::default();
    for (at, need) in locality.needs().iter().enumerate() {
        effort.tick(4)?;
        let need_ix = NeedIx::new(at);
        if !locality.areas()[locality.holder(need_ix).area.ix()].inside {
            continue;
        }
        let children = need.children.known();
        if need.basis.is_empty() {
            families.not_stated += children.unwrap_or(0);
            continue;
        }
        let voices = families.by_kind.entry(need.kind).or_default();
        let [normative, felt, expressed] =
            [Basis::Normative, Basis::Felt, Basis::Expressed].map(|basis| need.basis.has(basis));
        families.felt_recorded |= felt;
        let Some(children) = children else {
            voices.unknown_rows += u64::from(felt != normative || expressed);
            continue;
        };
        voices.stated += children;
        voices.felt_not_normative += if felt && !normative { children } else { 0 };
        voices.normative_not_felt += if normative && !felt { children } else { 0 };
        // One that does not take part in the matching has no place either.
        let unsupplied = matching.asking[at].map_or(children, |_| matching.unmet(need_ix));
        voices.expressed_not_supplied += if expressed { unsupplied } else { 0 };
    }
    Ok(families)
}
