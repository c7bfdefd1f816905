//! What need, supply and the way of matching did to the change of unmet need.

use std::collections::BTreeMap;

use super::Compared;
use super::mixture::{MATCHING, Mixed, Mixer, NEED, NotMixed, Rows, SUPPLY, in_words};
use crate::domain::check::NotLoaded;
use crate::domain::policy::{FloorShare, GroupBy, ObjectiveMode};
use crate::domain::{BadRows, Locality, Problem, Severity, StageName, check};
use crate::eligibility::{Pairs, Profiles};
use crate::gaps::GapsError;
use crate::gaps::tally::{self, Tally};
use crate::matching::{NotFormulated, Reading, Route, Scope, Status, Worths, asking, formulate, solve};
use crate::measures::decompose::{self, Side, Sixths, count_over_orders, mean_over_orders};
use crate::solve::{Effort, StopReason};

/// What can have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// Areas, and the needs of those who live there.
    Need,
    /// Services and offers; and who has a place already, where the policy asks for free places.
    Supply,
    /// The definitions and rules that join the two: policy, kinds and what meets them, declines, journeys.
    Matching,
}

impl Factor {
    pub const ALL: [Factor; 3] = [Factor::Need, Factor::Supply, Factor::Matching];

    pub fn as_str(self) -> &'static str {
        match self {
            Factor::Need => "need",
            Factor::Supply => "supply",
            Factor::Matching => "matching",
        }
    }
}

/// The change of the totals inside, and what each factor did to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposed {
    /// For each factor the tables, and keys of settings, that differ as far as that bears on who is met. A factor for
    /// which there are none did exactly nothing. None where that was not worked out.
    pub changed: Option<[Vec<String>; 3]>,
    /// The mixtures that had to be solved.
    pub mixtures: Vec<Mixture>,
    pub parts: Result<PartsOfChange, NoParts>,
}

/// Part by factor, in the order of [`Factor::ALL`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartsOfChange {
    pub child_needs: Sixths,
    pub unmet: Sixths,
    pub met: Sixths,
    pub weight_met: Sixths,
    /// Of the share of child-needs that is met; None where one of the mixtures has none.
    pub share_met: Option<decompose::Parts>,
}

/// A mixture of both sides and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixture {
    /// In the order of [`Factor::ALL`].
    pub sides: [Side; 3],
    pub totals: Tally,
    pub left_out: Vec<Rows>,
    pub lent: Vec<Rows>,
}

/// Why the change is not decomposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoParts {
    /// The two cannot be mixed; why, in words.
    Refused(String),
    Stopped(StopReason),
}

impl From<NotMixed> for NoParts {
    fn from(not: NotMixed) -> NoParts {
        match not {
            NotMixed::Refused(why) => NoParts::Refused(why),
            NotMixed::Stopped(reason) => NoParts::Stopped(reason),
        }
    }
}

/// An end of a decomposition that is worth going on with.
enum End {
    Not(NoParts),
    Failed(GapsError),
}

impl From<NoParts> for End {
    fn from(not: NoParts) -> End {
        End::Not(not)
    }
}

impl From<NotMixed> for End {
    fn from(not: NotMixed) -> End {
        End::Not(not.into())
    }
}

impl From<StopReason> for End {
    fn from(reason: StopReason) -> End {
        End::Not(NoParts::Stopped(reason))
    }
}

/// Splits the change of the totals inside by the mean over the orders in which need, supply and matching can have changed
/// (Shapley 1953; Shorrocks 2013). Up to six mixtures are checked and solved: 2^n - 2 where n factors changed.
pub fn decompose(
    before: &Compared<'_>,
    after: &Compared<'_>,
    route: Route,
    effort: &Effort,
) -> Result<Decomposed, GapsError> {
    let (mut changed, mut mixtures) = (None, Vec::new());
    let parts = match parts(before, after, route, &mut changed, &mut mixtures, effort) {
        Ok(parts) => Ok(parts),
        Err(End::Not(not)) => Err(not),
        Err(End::Failed(error)) => return Err(error),
    };
    Ok(Decomposed { changed, mixtures, parts })
}

/// Also tells what changed and which mixtures were solved, as far as it came.
fn parts(
    before: &Compared<'_>,
    after: &Compared<'_>,
    route: Route,
    told_changed: &mut Option<[Vec<String>; 3]>,
    mixtures: &mut Vec<Mixture>,
    effort: &Effort,
) -> Result<PartsOfChange, End> {
    for end in [before, after] {
        if let Status::Stopped(reason) = end.matching.status {
            return Err(reason.into());
        }
    }
    effort.report("mixtures", 0, None);
    let mixer = Mixer::new(before.locality, after.locality, effort)?;
    let [of_before, of_after] = [before, after].map(|end| tally::total(end.locality, &end.matching, effort));
    let lots = [before, after].iter().any(|end| scope(end.locality) == Scope::Everything);
    let mut changed = mixer.changed(lots);
    if changed.iter().all(Vec::is_empty) && of_before != of_after {
        // Only what is taken not to bear on totals differs; the lots are all of that which can.
        changed[MATCHING].push("policy.toml: ties".to_owned());
    }
    let is_same = [NEED, SUPPLY, MATCHING].map(|factor| changed[factor].is_empty());
    *told_changed = Some(changed);
    if !mixer.is_one_place() {
        let why = "the two have no area in common, so the need of one cannot be held against the supply of the other";
        return Err(NoParts::Refused(why.to_owned()).into());
    }
    // A factor that is the same on both sides is not looked at twice.
    let told = |sides: [Side; 3]| {
        [NEED, SUPPLY, MATCHING].map(|factor| if is_same[factor] { Side::Before } else { sides[factor] })
    };
    let mut totals = BTreeMap::from([(told([Side::After; 3]), of_after), ([Side::Before; 3], of_before)]);
    let wanted: Vec<[Side; 3]> = mixtures_of(&told).into_iter().filter(|sides| !totals.contains_key(sides)).collect();
    let n_wanted = wanted.len() as u64;
    for (sides, done) in wanted.into_iter().zip(0..) {
        effort.report("mixtures", done, Some(n_wanted));
        let Mixed { draft, left_out, lent } = mixer.mix(sides, effort)?;
        let locality = match check::check(draft, BadRows::Refuse, effort) {
            Ok(checked) => checked.locality,
            Err(NotLoaded::Stopped(reason)) => return Err(reason.into()),
            Err(NotLoaded::Problems(problems)) => return Err(NoParts::Refused(refused(sides, &problems)).into()),
        };
        let of_mixture = solved(&locality, sides, route, effort)?;
        totals.insert(sides, of_mixture);
        mixtures.push(Mixture { sides, totals: of_mixture, left_out, lent });
    }
    let of = |sides: [Side; 3]| totals[&told(sides)];
    let count = |value: fn(&Tally) -> u64| {
        count_over_orders(|sides| Ok::<u64, std::convert::Infallible>(value(&of(sides))))
            .unwrap_or_else(|never| match never {})
    };
    let share = |sides: [Side; 3]| {
        let Tally { child_needs, met, .. } = of(sides);
        if child_needs == 0 { Err(()) } else { Ok(met as f64 / child_needs as f64) }
    };
    Ok(PartsOfChange {
        child_needs: count(|tally| tally.child_needs),
        unmet: count(Tally::unmet),
        met: count(|tally| tally.met),
        weight_met: count(|tally| tally.weight_met),
        share_met: mean_over_orders(share).ok(),
    })
}

/// The mixtures that are asked for, each once, in their order.
fn mixtures_of(told: &impl Fn([Side; 3]) -> [Side; 3]) -> Vec<[Side; 3]> {
    let side = |mixture: usize, factor: usize| if mixture & 1 << factor != 0 { Side::After } else { Side::Before };
    let mut all: Vec<[Side; 3]> =
        (0..8).map(|mixture| told([NEED, SUPPLY, MATCHING].map(|factor| side(mixture, factor)))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The totals inside of a mixture's own matching.
fn solved(locality: &Locality, sides: [Side; 3], route: Route, effort: &Effort) -> Result<Tally, End> {
    let profiles = Profiles::build_within(locality, effort)?;
    let pairs = Pairs::build(locality, &profiles, effort)?;
    let formulation = match formulate(locality, &profiles, &pairs, Reading::Policy, scope(locality), effort) {
        Ok(formulation) => formulation,
        Err(NotFormulated::Stopped(reason)) => return Err(reason.into()),
        Err(NotFormulated::Refused(why)) => {
            return Err(NoParts::Refused(format!("{} cannot be matched: {why}", mixture_in_words(sides))).into());
        }
    };
    let asking = asking(locality, Reading::Policy);
    let matching = solve(locality, formulation, asking, route, effort, Worths::Leave)
        .map_err(|error| End::Failed(error.into()))?;
    match matching.status {
        Status::Stopped(reason) => Err(reason.into()),
        Status::OptimalByPrices(_) | Status::OptimalByBackend => Ok(tally::total(locality, &matching, effort)),
    }
}

/// How far the objective has to be followed until the totals inside are what the whole of it makes them.
///
/// The need stage settles the weight met, and evenness the number met in each group; without it the number is settled by
/// the weights where nothing but places limits who can be met (see [`optimum`](crate::gaps::optimum)). Where children
/// from outside compete, or holders are limited, or floors hold, later stages and the lottery can shift the totals.
fn scope(locality: &Locality) -> Scope {
    let policy = locality.policy();
    let order = &policy.objective.order;
    let even = order.contains(&StageName::Evenness) && policy.objective.even_by != GroupBy::Nothing;
    let plain = policy.limits.placements_per_holder == 0 && policy.floors.share == FloorShare::All(0);
    let all_inside = locality.areas().iter().all(|area| area.inside);
    let settled = policy.objective.mode == ObjectiveMode::Lexicographic && order.contains(&StageName::Need);
    if settled && all_inside && (even || plain) { Scope::WhoIsMet } else { Scope::Everything }
}

fn mixture_in_words(sides: [Side; 3]) -> String {
    let [need, supply, matching] = sides.map(in_words);
    format!("the need {need} with the supply {supply} under the definitions {matching}")
}

/// The first error of a mixture. Its rows are nobody's, so that only tables and columns are named.
fn refused(sides: [Side; 3], problems: &[Problem]) -> String {
    let mixture = mixture_in_words(sides);
    match problems.iter().find(|problem| problem.severity == Severity::Error) {
        Some(Problem { table, column, seen, wanted, .. }) => {
            let column = column.as_ref().map_or(String::new(), |column| format!(", {column}"));
            format!("{mixture} make no locality: {table}{column}: saw \"{seen}\"; wanted {wanted}")
        }
        None => format!("{mixture} make no locality"),
    }
}
