//! Which outcomes the gap threatens: kind of need -> indicator -> outcome, as outcomes.csv asserts it.
//!
//! StriveTogether tells outcomes of a population from indicators that contribute to them; a need threatens an outcome
//! through an indicator. A kind may threaten several outcomes, so rows of different outcomes must not be added up.

use std::collections::BTreeMap;

use super::tally::{Tallies, Tally};
use crate::domain::{KindIx, Locality};

/// An indicator of an outcome, and the child-needs that bear on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threatened<'l> {
    pub outcome: &'l str,
    pub framework: &'l str,
    pub indicator: &'l str,
    /// Kinds with child-needs here, by position.
    pub kinds: Vec<KindIx>,
    /// Each child-need once.
    pub child_needs: u64,
    pub unmet: u64,
}

/// Most unmet first, then by framework, outcome and indicator; those without a child-need here are left out.
/// O(outcomes log outcomes).
pub fn threatened<'l>(locality: &'l Locality, tallies: &Tallies) -> Vec<Threatened<'l>> {
    let mut kinds: BTreeMap<(&str, &str, &str), Vec<KindIx>> = BTreeMap::new();
    for outcome in locality.outcomes() {
        if tallies.by_kind.contains_key(&outcome.kind) {
            let key = (outcome.framework.as_str(), outcome.outcome.as_str(), outcome.indicator.as_str());
            kinds.entry(key).or_default().push(outcome.kind);
        }
    }
    let row = |((framework, outcome, indicator), mut kinds): ((&'l str, &'l str, &'l str), Vec<KindIx>)| {
        // The same link may be asserted twice, by two sources.
        kinds.sort_unstable();
        kinds.dedup();
        let of = |what: fn(&Tally) -> u64| kinds.iter().map(|kind| what(&tallies.by_kind[kind])).sum();
        let (child_needs, unmet) = (of(|tally| tally.child_needs), of(Tally::unmet));
        Threatened { outcome, framework, indicator, kinds, child_needs, unmet }
    };
    let mut rows: Vec<Threatened> = kinds.into_iter().map(row).filter(|row| 0 < row.child_needs).collect();
    // Stable: rows with as many unmet stay in the order of their names.
    rows.sort_by_key(|row| std::cmp::Reverse(row.unmet));
    rows
}
