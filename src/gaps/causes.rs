//! Why a child-need is unmet: exactly one cause, the first that holds.

use std::ops::Range;
use std::sync::OnceLock;

use super::deficient::DeficientSet;
use super::residual::Residual;
use crate::domain::policy::{ObjectiveMode, StageName, UnknownEligibility};
use crate::domain::{Locality, NeedIx, OfferIx};
use crate::eligibility::{Answer, Pairs, Profiles};
use crate::matching::{Matching, PoolKey, Reading, Room};
use crate::solve::{Effort, StopReason};

/// In the order in which they are tried. The strings are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    NoType,
    Ineligible,
    EligibilityUnknown,
    PlaceUnknown,
    OutOfReach,
    Declined,
    CapacityUnknown,
    Capacity,
    Policy,
    NotWorthCost,
    /// Only where the run was stopped: it is not known which of the others holds.
    Stopped,
}

impl Cause {
    /// Those that an optimal answer can have.
    pub const ALL: [Cause; 10] = [
        Cause::NoType,
        Cause::Ineligible,
        Cause::EligibilityUnknown,
        Cause::PlaceUnknown,
        Cause::OutOfReach,
        Cause::Declined,
        Cause::CapacityUnknown,
        Cause::Capacity,
        Cause::Policy,
        Cause::NotWorthCost,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Cause::NoType => "no_type",
            Cause::Ineligible => "ineligible",
            Cause::EligibilityUnknown => "eligibility_unknown",
            Cause::PlaceUnknown => "place_unknown",
            Cause::OutOfReach => "out_of_reach",
            Cause::Declined => "declined",
            Cause::CapacityUnknown => "capacity_unknown",
            Cause::Capacity => "capacity",
            Cause::Policy => "policy",
            Cause::NotWorthCost => "not_worth_cost",
            Cause::Stopped => "stopped",
        }
    }

    /// What it means, for a reader.
    pub fn meaning(self) -> &'static str {
        match self {
            Cause::NoType => "no service here does anything that meets this kind of need",
            Cause::Ineligible => "services exist, but the rules of every one of them exclude these children",
            Cause::EligibilityUnknown => {
                "no service is known to accept these children, and for at least one it is not known"
            }
            Cause::PlaceUnknown => {
                "no service that accepts them is known to be in reach, and for at least one it is not known"
            }
            Cause::OutOfReach => "every service that accepts them is out of reach",
            Cause::Declined => "every service in reach that accepts them was declined",
            Cause::CapacityUnknown => "they could be placed if an offer whose places are not known had room",
            Cause::Capacity => "the offers that could take them are full, whoever is moved",
            Cause::Policy => "a rule of the policy (floors or placements per holder) leaves them out",
            Cause::NotWorthCost => "the objective counts the cost of placing them higher than the need met",
            Cause::Stopped => "the run was stopped before it was known why",
        }
    }
}

/// The unmet child-needs of one need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    pub need: NeedIx,
    pub children: u64,
    pub inside: bool,
    pub cause: Cause,
    /// Position among the deficient sets, for [`Cause::Capacity`].
    pub deficient_set: Option<usize>,
}

/// Every need with unmet child-needs, with its cause. `pairs` and `deficient_sets` are None where the run was stopped
/// before they were known; what is not known when `effort` says stop has [`Cause::Stopped`]. O(pairs + profiles of unmet
/// needs x fitting offers of their kind), over the effort's threads.
pub fn find(
    locality: &Locality,
    profiles: &Profiles,
    pairs: Option<&Pairs>,
    matching: &Matching,
    deficient_sets: Option<&[DeficientSet]>,
    effort: &Effort,
) -> Vec<Unmet> {
    const NEEDS: usize = 1 << 12;
    let full = pairs.zip(deficient_sets).and_then(|(pairs, sets)| {
        // A stop leaves it unknown.
        FullOffers::new(locality, pairs, matching, sets, effort).ok()
    });
    let answers = BestAnswers { locality, profiles, known: (0..profiles.len()).map(|_| OnceLock::new()).collect() };
    let n_needs = locality.needs().len();
    let blocks: Vec<Range<usize>> = (0..n_needs).step_by(NEEDS).map(|from| from..n_needs.min(from + NEEDS)).collect();
    let of_block = |block: Range<usize>| -> Vec<Unmet> {
        // After a stop no rows of pairs are read any more.
        let pairs = pairs.filter(|_| effort.look().is_ok());
        let needs = block.map(NeedIx::new).filter(|&need| 0 < matching.unmet(need));
        let one = |need: NeedIx| {
            let before = before_capacity(locality, &answers, pairs, need);
            let full = full.as_ref();
            let cause = before.unwrap_or_else(|| full.map_or(Cause::Stopped, |full| full.cause(need)));
            Unmet {
                need,
                children: matching.unmet(need),
                inside: locality.areas()[locality.holder(need).area.ix()].inside,
                cause,
                deficient_set: full.filter(|_| cause == Cause::Capacity).and_then(|full| full.set_of[need.ix()]),
            }
        };
        needs.map(one).collect()
    };
    effort.finish(blocks, of_block).concat()
}

/// The best that any fitting offer says to a profile; None where none fits. Asked once for each profile.
struct BestAnswers<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    known: Vec<OnceLock<Option<Answer>>>,
}

impl BestAnswers<'_> {
    fn to(&self, need: NeedIx) -> Option<Answer> {
        let BestAnswers { locality, profiles, known } = self;
        let profile = profiles.of(need);
        *known[profile.ix()].get_or_init(|| {
            let fitting = profiles.fitting(profiles.kind(profile));
            // Ordered yes, unknown, no: the least of the offers' answers is the best of them.
            fitting.map(|offer| profiles.answer_of_offer(locality, profile, offer)).min()
        })
    }
}

/// The causes that lie in the need and the rules; None where some offer may take it.
fn before_capacity(locality: &Locality, answers: &BestAnswers, pairs: Option<&Pairs>, need: NeedIx) -> Option<Cause> {
    let unknown_is_yes = locality.policy().unknown.eligibility == UnknownEligibility::Yes;
    match answers.to(need) {
        None => return Some(Cause::NoType),
        Some(Answer::No) => return Some(Cause::Ineligible),
        Some(Answer::Unknown) if !unknown_is_yes => return Some(Cause::EligibilityUnknown),
        Some(Answer::Unknown | Answer::Yes) => {}
    }
    let Some(pairs) = pairs else { return Some(Cause::Stopped) };
    let (mut reach_unknown, mut in_reach) = (false, false);
    for pair in pairs.of(need) {
        if pair.grade.eligibility_unknown() && !unknown_is_yes {
            continue;
        }
        reach_unknown |= pair.grade.reach_unknown();
        in_reach |= !pair.grade.reach_unknown();
        if !pair.grade.reach_unknown() && !pair.grade.declined() {
            return None;
        }
    }
    Some(match (in_reach, reach_unknown) {
        (false, true) => Cause::PlaceUnknown,
        (false, false) => Cause::OutOfReach,
        (true, _) => Cause::Declined,
    })
}

/// For needs that some offer may take: why none did.
struct FullOffers<'a> {
    locality: &'a Locality,
    /// By need: an alternating path leads to an offer whose places are not known.
    reaches_unknown: Vec<bool>,
    /// By need: its deficient set.
    set_of: Vec<Option<usize>>,
    at_holder_limit: Vec<bool>,
    stopped: bool,
}

impl<'a> FullOffers<'a> {
    fn new(
        locality: &'a Locality,
        pairs: &Pairs,
        matching: &Matching,
        deficient_sets: &[DeficientSet],
        effort: &Effort,
    ) -> Result<FullOffers<'a>, StopReason> {
        let mut set_of = vec![None; locality.needs().len()];
        for (position, set) in deficient_sets.iter().enumerate() {
            for need in &set.needs {
                set_of[need.ix()] = Some(position);
            }
        }
        Ok(FullOffers {
            locality,
            reaches_unknown: reaches_unknown(locality, pairs, matching, effort)?,
            set_of,
            at_holder_limit: at_holder_limit(locality, matching),
            stopped: !matching.is_optimal(),
        })
    }

    fn cause(&self, need: NeedIx) -> Cause {
        let objective = &self.locality.policy().objective;
        let counts_need = objective.mode == ObjectiveMode::Lexicographic && objective.order.contains(&StageName::Need);
        if self.reaches_unknown[need.ix()] {
            Cause::CapacityUnknown
        } else if self.set_of[need.ix()].is_some() {
            Cause::Capacity
        } else if self.stopped {
            Cause::Stopped
        } else if counts_need || self.at_holder_limit[self.locality.needs()[need.ix()].holder.ix()] {
            Cause::Policy
        } else {
            Cause::NotWorthCost
        }
    }
}

fn reaches_unknown(
    locality: &Locality,
    pairs: &Pairs,
    matching: &Matching,
    effort: &Effort,
) -> Result<Vec<bool>, StopReason> {
    let formulation = &matching.formulation;
    let unknown: Vec<bool> = (0..locality.offers().len())
        .map(|at| Reading::Policy.room(locality, OfferIx::new(at)) == Room::NotKnown)
        .collect();
    let mut direct = vec![false; locality.needs().len()];
    if !unknown.iter().any(|&unknown| unknown) {
        return Ok(direct);
    }
    for need in &formulation.needs {
        effort.tick(8)?;
        direct[need.ix()] =
            pairs.of(*need).any(|pair| unknown[pair.offer.ix()] && Reading::Policy.admits(locality, pair.grade));
    }
    let sources: Vec<usize> =
        (0..formulation.needs.len()).filter(|&source| direct[formulation.needs[source].ix()]).collect();
    let residual = Residual::new(&formulation.network, &matching.flow);
    let leads = residual.sinks_that_reach(&sources, effort)?;
    let network = &formulation.network;
    let mut reaches = direct;
    for (source, need) in formulation.needs.iter().enumerate() {
        effort.tick(8)?;
        let sinks = &network.sinks()[network.pairs_of(source)];
        reaches[need.ix()] |= sinks.iter().any(|&sink| leads[sink as usize]);
    }
    Ok(reaches)
}

/// Holders whose placements are as many as `limits.placements_per_holder` allows.
fn at_holder_limit(locality: &Locality, matching: &Matching) -> Vec<bool> {
    if !matching.formulation.pools.iter().any(|pool| matches!(pool, PoolKey::Holder(_))) {
        return vec![false; locality.holders().len()];
    }
    let mut placed = vec![0u64; locality.holders().len()];
    let mut limited = vec![false; locality.holders().len()];
    for need in &matching.formulation.needs {
        placed[locality.needs()[need.ix()].holder.ix()] += matching.met[need.ix()];
    }
    for pool in &matching.formulation.pools {
        if let PoolKey::Holder(holder) = pool {
            let allowed = u64::from(locality.policy().limits.placements_per_holder)
                .saturating_mul(locality.holders()[holder.ix()].children);
            limited[holder.ix()] = allowed <= placed[holder.ix()];
        }
    }
    limited
}
