//! Between which numbers each row of the tables lies, over all answers that meet the most weight.

use std::collections::BTreeMap;

use crate::domain::policy::StageName;
use crate::engine::{Failure, Resident};
use crate::gaps::{Extremes, Gaps, MetRange, extremes};
use crate::matching::NotFormulated;
use crate::solve::Effort;

/// Whether ranges are worked out. They take longer than all other tables together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ranges {
    Find,
    #[default]
    Leave,
}

/// None where they are left out, or a stop came before; notes say what a reader of them must know.
pub(super) fn find(
    resident: &Resident,
    gaps: &Gaps,
    ranges: Ranges,
    notes: &mut Vec<String>,
    effort: &Effort,
) -> Result<Option<Extremes>, Failure> {
    const STOPPED: &str = "The run was stopped: between which numbers each row lies was not worked out.";
    if ranges == Ranges::Leave {
        return Ok(None);
    }
    // A matching that was stopped may have been stopped before its pairs were known.
    if !gaps.matching.is_optimal() {
        notes.push(STOPPED.to_owned());
        return Ok(None);
    }
    match extremes::of(resident.locality(), &gaps.matching.formulation, effort) {
        Ok(found) => {
            notes.push(
                "Met at least and at most are over all answers that meet the most weight; floors, evenness, effect, travel and cost, which choose among those, are set aside.".to_owned(),
            );
            let first = extremes::first_to_decide(&gaps.matching.formulation);
            if first.is_some_and(|first| first != StageName::Need) {
                notes.push(
                    "This policy asks for something before need, so what this answer meets of a row may lie outside its range.".to_owned(),
                );
            }
            Ok(Some(found))
        }
        Err(NotFormulated::Stopped(_)) => {
            notes.push(STOPPED.to_owned());
            Ok(None)
        }
        Err(NotFormulated::Refused(refused)) => Err(refused.into()),
    }
}

/// Of one table, if there are any.
pub(super) struct Of<'a, K>(pub(super) Option<&'a BTreeMap<K, MetRange>>);

impl<K: Ord> Of<'_, K> {
    /// Child-needs of a row met at least, and at most.
    pub(super) fn row(&self, key: &K) -> (Option<u64>, Option<u64>) {
        let range = self.0.and_then(|ranges| ranges.get(key));
        (range.map(|range| range.met_least), range.map(|range| range.met_most))
    }
}
