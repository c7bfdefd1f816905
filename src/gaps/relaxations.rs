//! Which single rule, relaxed by how much, would let most unmet child-needs in, and what that would give.
//!
//! Each need that every rule shuts out, or that nothing in reach takes, has nearest misses: services that one rule
//! alone keeps from it, and offers that only their reach does. Rules that are the nearest miss of most child-needs are
//! tried: what the relaxed rule opens is added to the network and the optimum is found again, because a full service
//! that lets more in gives nothing, and one with room gives more than the needs it takes where others move there.

mod relax;
mod votes;

use std::cmp::Reverse;
use std::fmt;

use self::relax::Opened;
use self::votes::{Candidate, Voted};
use super::causes::Unmet;
use super::optimum::{Change, Optimum, Today};
use crate::domain::{AgeUnit, AreaIx, Level, Locality, OfferIx, Reach, ServiceIx, Tag};
use crate::eligibility::{Declines, Pairs, Profiles};
use crate::matching::{Matching, NotFormulated};
use crate::solve::{Effort, StopReason};

/// What is read.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    pub locality: &'a Locality,
    pub profiles: &'a Profiles,
    pub declines: &'a Declines,
    pub pairs: &'a Pairs,
    pub matching: &'a Matching,
    /// As [`causes::find`](super::causes::find) gives it.
    pub unmet: &'a [Unmet],
}

/// How much work to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Rules tried at most.
    pub most: usize,
    /// Tests of a class of needs against an offer, at most, in the search for nearest misses; classes with most
    /// child-needs come first.
    pub tests: u64,
    /// Pairs of all networks solved, at most; one is solved in any case.
    pub pairs: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { most: 10, tests: 10_000_000, pairs: 100_000_000 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Relaxations {
    pub today: Optimum,
    /// Those solved first, by the child-needs they give, then the weight, then the unmet they open to.
    pub tried: Vec<Relaxation>,
    /// Child-needs inside that go unmet because of rules ([`Cause::Ineligible`](super::Cause::Ineligible)) or distance
    /// ([`Cause::OutOfReach`](super::Cause::OutOfReach)).
    pub kept_out: u64,
    /// Of these, those whose nearest misses were looked for.
    pub looked_at: u64,
    /// Of these, those whom one rule alone keeps from some offer.
    pub one_rule_away: u64,
    /// Rules that are the nearest miss of some; those not in `tried` are it of fewer.
    pub rules: u64,
    /// The run ended before all were solved.
    pub stopped: Option<StopReason>,
}

/// One rule of one service or offer as it would become, everything else as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Relaxation {
    pub relaxed: Relaxed,
    /// Child-needs kept out whose nearest miss this rule is, as far as the relaxation goes.
    pub nearest_for: u64,
    /// Child-needs inside, met today or not, that could go where they cannot go today.
    pub opens_to: u64,
    /// Of these, those unmet in the matching.
    pub opens_to_unmet: u64,
    /// What the optimum gains. None: not solved, because of a stop or of [`Settings::pairs`].
    pub change: Option<Change>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Relaxed {
    Service { service: ServiceIx, rule: ServiceRule },
    Offer { offer: OfferIx, rule: OfferRule },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceRule {
    AgeMin {
        from: u16,
        to: u16,
        unit: AgeUnit,
    },
    AgeMax {
        from: u16,
        to: u16,
        unit: AgeUnit,
    },
    LevelMin {
        from: Level,
        to: Level,
    },
    LevelMax {
        from: Level,
        to: Level,
    },
    /// Needs with another value of this tag are taken too.
    Requires {
        tag: Tag,
    },
    /// Needs with this tag are taken too.
    Excludes {
        tag: Tag,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OfferRule {
    /// To the next 100 metres or the next minute. `from` is [`Reach::Blank`] where the policy gives the reach; whom the
    /// offer takes by the policy it goes on taking.
    Reach { from: Reach, to: Reach },
    /// Covers one area more, with all below it.
    Covers { area: AreaIx },
}

impl Relaxed {
    /// What would change, after the name of the service or offer.
    pub fn words(&self, locality: &Locality) -> String {
        match self {
            Relaxed::Service { rule, .. } => rule.to_string(),
            Relaxed::Offer { rule: OfferRule::Reach { from, to }, .. } => match from {
                Reach::Blank | Reach::Any => format!("reaches {}, not only what the policy gives it", length(*to)),
                Reach::Metres(_) | Reach::Minutes(_) => format!("reaches {}, not {}", length(*to), length(*from)),
            },
            Relaxed::Offer { rule: OfferRule::Covers { area }, .. } => {
                format!("covers {} too", locality.areas()[area.ix()].id)
            }
        }
    }
}

impl fmt::Display for ServiceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceRule::AgeMin { from, to, unit } => write!(f, "takes from {to} {}, not {from}", unit.as_str()),
            ServiceRule::AgeMax { from, to, unit } => write!(f, "takes up to {to} {}, not {from}", unit.as_str()),
            ServiceRule::LevelMin { from, to } => write!(f, "takes from level {to}, not {from}"),
            ServiceRule::LevelMax { from, to } => write!(f, "takes up to level {to}, not {from}"),
            ServiceRule::Requires { tag } => write!(f, "no longer asks for {}={}", tag.name, tag.value),
            ServiceRule::Excludes { tag } => write!(f, "takes needs with {}={} too", tag.name, tag.value),
        }
    }
}

fn length(reach: Reach) -> String {
    match reach {
        Reach::Blank => "what the policy gives".to_owned(),
        Reach::Any => "anywhere".to_owned(),
        Reach::Metres(metres) => format!("{:.1} km", metres / 1000.0),
        Reach::Minutes(minutes) => format!("{minutes} minutes"),
    }
}

/// Rules that keep most child-needs out, by what relaxing them gives. How far a rule is relaxed is a convention: as
/// little as lets in four fifths of those whose nearest miss it is, so that a few far away do not decide.
///
/// O(needs + classes kept out x fitting offers of their kind, [`Settings::tests`] at most, over the effort's threads;
/// then for each rule tried what its offers reach, and one solve of the need stage).
pub fn find(
    standing: Standing,
    today: &Today,
    settings: Settings,
    effort: &Effort,
) -> Result<Relaxations, NotFormulated> {
    let Voted { candidates, kept_out, looked_at, one_rule_away } = votes::count(standing, settings.tests, effort)?;
    let rules = candidates.len() as u64;
    let mut found = Relaxations {
        today: today.optimum(),
        tried: Vec::new(),
        kept_out,
        looked_at,
        one_rule_away,
        rules,
        stopped: None,
    };
    let mut pairs_left = settings.pairs;
    let mut candidates = candidates.into_iter().take(settings.most).peekable();
    let mut budget = u64::MAX;
    while found.stopped.is_none() && candidates.peek().is_some() {
        // Which are solved is decided one after the other; they are solved side by side.
        let mut attempts = Vec::new();
        for candidate in candidates.by_ref().take(effort.n_threads()) {
            match attempt(standing, today, candidate, budget, effort) {
                Ok(attempt) => {
                    pairs_left = pairs_left.saturating_sub(attempt.n_pairs(today));
                    attempts.push(attempt);
                }
                Err(reason) => {
                    found.stopped = Some(reason);
                    break;
                }
            }
            budget = pairs_left;
        }
        for solved in effort.finish(attempts, |attempt| attempt.solve(today, effort)) {
            match solved {
                Ok(relaxation) => found.tried.push(relaxation),
                Err(NotFormulated::Stopped(reason)) => found.stopped = Some(reason),
                Err(refused) => return Err(refused),
            }
        }
    }
    // Stable: equals stay in the order of their votes.
    found.tried.sort_by_key(|relaxation| {
        let change = relaxation.change.map(|change| (change.child_needs, change.weight));
        Reverse((change, relaxation.opens_to_unmet))
    });
    Ok(found)
}

/// A relaxation that is not solved yet.
struct Attempt {
    relaxation: Relaxation,
    /// The pairs that it adds; None: it stays unsolved.
    pairs: Option<Vec<(u32, u32)>>,
}

/// A relaxation whose network may have so many pairs.
fn attempt(
    standing: Standing,
    today: &Today,
    candidate: Candidate,
    budget: u64,
    effort: &Effort,
) -> Result<Attempt, StopReason> {
    let Candidate { rule, by, nearest_for } = candidate;
    let room = budget.saturating_sub(today.network.n_pairs());
    let Opened { relaxed, opens_to, opens_to_unmet, pairs } =
        relax::open(standing, &today.network, rule, by, room, effort)?;
    let relaxation = Relaxation { relaxed, nearest_for, opens_to, opens_to_unmet, change: None };
    Ok(Attempt { relaxation, pairs: pairs.filter(|_| today.network.n_pairs() <= budget) })
}

impl Attempt {
    /// Pairs of the network that is solved.
    fn n_pairs(&self, today: &Today) -> u64 {
        self.pairs.as_ref().map_or(0, |added| today.network.n_pairs() + added.len() as u64)
    }

    fn solve(self, today: &Today, effort: &Effort) -> Result<Relaxation, NotFormulated> {
        let Attempt { relaxation, pairs } = self;
        let Some(pairs) = pairs else { return Ok(relaxation) };
        let best = today.network.with_pairs(pairs, effort)?;
        Ok(Relaxation { change: Some(today.optimum().change_to(&best.optimum)), ..relaxation })
    }
}

#[cfg(test)]
mod tests;
