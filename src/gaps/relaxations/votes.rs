//! Whose nearest miss each rule is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Standing;
use crate::domain::policy::UnknownEligibility;
use crate::domain::{AreaIx, DeclineWho, KindIx, Locality, NeedIx, OfferIx, ServiceIx, Status, TravelUnit};
use crate::eligibility::{
    Beyond, ClassIx, NeedFacts, OfferFacts, OutOfReach, Place, ProfileIx, ReachVerdict, Refusal, Verdict, reach_facts,
    relaxation_of_reach, relaxation_of_rule,
};
use crate::gaps::{Cause, Unmet};
use crate::solve::{Effort, StopReason};

/// A rule that can be relaxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    Service(ServiceIx, RuleOfService),
    Reach(OfferIx),
    /// The areas that an offer covers do not hold this one.
    Covers(OfferIx, AreaIx),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RuleOfService {
    AgeMin,
    AgeMax,
    LevelMin,
    LevelMax,
    /// Position among the required tags.
    Requires(usize),
    /// Position among the excluded tags.
    Excludes(usize),
}

/// A rule and how far it is relaxed: by years or months of age, or levels; to metres or minutes of reach; 0 where a rule
/// has no size.
pub(super) struct Candidate {
    pub(super) rule: Rule,
    pub(super) by: u64,
    pub(super) nearest_for: u64,
}

pub(super) struct Voted {
    /// Nearest for most first.
    pub(super) candidates: Vec<Candidate>,
    pub(super) kept_out: u64,
    pub(super) looked_at: u64,
    pub(super) one_rule_away: u64,
}

/// Needs that are kept out by the same rules: those of a class, and each that declined something for itself alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    class: ClassIx,
    declines: bool,
    /// Speaks for all.
    need: NeedIx,
    children: u64,
}

/// By rule: how far it would have to go, and for how many child-needs.
type Votes = BTreeMap<Rule, BTreeMap<u64, u64>>;

/// Of a profile and a service.
enum Lets {
    In,
    /// But for this rule.
    But {
        rule: Rule,
        by: u64,
        relaxation: u64,
    },
    /// More than one rule stands against it, or something is not known.
    Not,
}

pub(super) fn count(standing: Standing, tests: u64, effort: &Effort) -> Result<Voted, StopReason> {
    const GROUPS: usize = 1 << 8;
    let (groups, kept_out) = kept_out(standing, effort)?;
    let groups = within(standing, groups, tests, effort)?;
    let looked_at = sum(groups.iter().map(|group| group.children));
    let pieces: Vec<&[Group]> = groups.chunks(GROUPS).collect();
    let mut one_rule_away = 0u64;
    let mut votes = Votes::new();
    for (of_piece, away) in effort.each(pieces, |groups| of_groups(standing, groups, effort))? {
        one_rule_away = one_rule_away.saturating_add(away);
        for (rule, of_rule) in of_piece {
            effort.tick(1 + of_rule.len() as u64)?;
            let into = votes.entry(rule).or_default();
            for (by, children) in of_rule {
                let sum = into.entry(by).or_default();
                *sum = sum.saturating_add(children);
            }
        }
    }
    let mut candidates: Vec<Candidate> =
        votes.into_iter().filter_map(|(rule, votes)| as_far_as_most(rule, &votes)).collect();
    // Stable: equals stay in the order of the rules.
    candidates.sort_by_key(|candidate| Reverse(candidate.nearest_for));
    Ok(Voted { candidates, kept_out, looked_at, one_rule_away })
}

fn sum(children: impl Iterator<Item = u64>) -> u64 {
    children.fold(0, u64::saturating_add)
}

/// Those with child-needs inside that rules or distance keep out, and all these child-needs.
fn kept_out(standing: Standing, effort: &Effort) -> Result<(Vec<Group>, u64), StopReason> {
    let Standing { locality, pairs, unmet, .. } = standing;
    let mut who: Vec<DeclineWho> = locality.declines().iter().map(|decline| decline.who).collect();
    effort.sort(&mut who)?;
    let declines = |need: NeedIx| {
        let holder = locality.needs()[need.ix()].holder;
        who.binary_search(&DeclineWho::Need(need)).is_ok() || who.binary_search(&DeclineWho::Holder(holder)).is_ok()
    };
    let kept_out = |cause| matches!(cause, Cause::Ineligible | Cause::OutOfReach);
    let mut groups: Vec<Group> = Vec::new();
    for &Unmet { need, children, .. } in unmet.iter().filter(|unmet| unmet.inside && kept_out(unmet.cause)) {
        effort.tick(4)?;
        groups.push(Group { class: pairs.spots().class_of(need), declines: declines(need), need, children });
    }
    let kept_out = sum(groups.iter().map(|group| group.children));
    effort.sort(&mut groups)?;
    groups.dedup_by(|later, first| {
        let alike = later.class == first.class && !later.declines && !first.declines;
        if alike {
            first.children = first.children.saturating_add(later.children);
        }
        alike
    });
    Ok((groups, kept_out))
}

/// As many groups as can be put to so many tests, those with most child-needs first; rising again, so that needs of one
/// profile stand together.
fn within(standing: Standing, mut groups: Vec<Group>, tests: u64, effort: &Effort) -> Result<Vec<Group>, StopReason> {
    let Standing { locality, profiles, pairs, .. } = standing;
    let fitting: Vec<u64> = (0..locality.kinds().len())
        .map(KindIx::new)
        .map(|kind| profiles.fitting_services(kind).map(|service| profiles.offers_of(service).len() as u64).sum())
        .collect();
    let tests_of = |group: &Group| 1 + fitting[profiles.kind(pairs.spots().profile(group.class)).ix()];
    if sum(groups.iter().map(tests_of)) <= tests {
        return Ok(groups);
    }
    let mut most: Vec<(Reverse<u64>, Group)> = groups.iter().map(|&group| (Reverse(group.children), group)).collect();
    effort.sort(&mut most)?;
    let mut left = tests;
    groups.clear();
    for (_, group) in most {
        let Some(after) = left.checked_sub(tests_of(&group)) else { break };
        left = after;
        groups.push(group);
    }
    effort.sort(&mut groups)?;
    Ok(groups)
}

/// The votes of some groups, and how many child-needs of them one rule alone keeps from some offer.
fn of_groups(standing: Standing, groups: &[Group], effort: &Effort) -> Result<(Votes, u64), StopReason> {
    let mut votes = Votes::new();
    let mut one_rule_away = 0u64;
    let mut known: BTreeMap<ProfileIx, Vec<(ServiceIx, Lets)>> = BTreeMap::new();
    for &Group { need, children, .. } in groups {
        let profile = standing.profiles.of(need);
        let services = known.entry(profile).or_insert_with(|| services_that_may(standing, profile));
        let nearest = nearest_misses(standing, need, services, effort)?;
        if !nearest.is_empty() {
            one_rule_away = one_rule_away.saturating_add(children);
        }
        for (rule, by) in nearest {
            let sum = votes.entry(rule).or_default().entry(by).or_default();
            *sum = sum.saturating_add(children);
        }
    }
    Ok((votes, one_rule_away))
}

/// The services that let a profile in, or would but for one rule.
fn services_that_may(standing: Standing, profile: ProfileIx) -> Vec<(ServiceIx, Lets)> {
    let Standing { locality, profiles, .. } = standing;
    let open =
        |nothing_unknown: bool| nothing_unknown || locality.policy().unknown.eligibility == UnknownEligibility::Yes;
    let lets = |service| match profiles.verdict(locality, profile, service) {
        Verdict::Yes => Lets::In,
        Verdict::Unknown(_) if open(false) => Lets::In,
        Verdict::No { refusals, unknowns } if open(unknowns.is_empty()) => match refusals.as_slice() {
            [refusal] => match rule_that(standing, service, refusal) {
                Some((rule, by)) => Lets::But { rule, by, relaxation: relaxation_of_rule(refusal) },
                None => Lets::Not,
            },
            _ => Lets::Not,
        },
        Verdict::Unknown(_) | Verdict::No { .. } => Lets::Not,
    };
    let fitting = profiles.fitting_services(profiles.kind(profile)).map(|service| (service, lets(service)));
    fitting.filter(|(_, lets)| !matches!(lets, Lets::Not)).collect()
}

fn rule_that(standing: Standing, service: ServiceIx, refusal: &Refusal) -> Option<(Rule, u64)> {
    let rules = &standing.locality.services()[service.ix()];
    let by = refusal.by().map_or(0, u64::from);
    let rule = match refusal {
        Refusal::AgeBelow { .. } => RuleOfService::AgeMin,
        Refusal::AgeAbove { .. } => RuleOfService::AgeMax,
        Refusal::LevelBelow { .. } => RuleOfService::LevelMin,
        Refusal::LevelAbove { .. } => RuleOfService::LevelMax,
        Refusal::Requires { tag, .. } => RuleOfService::Requires(rules.requires.iter().position(|of| of == tag)?),
        Refusal::Excludes { tag } => RuleOfService::Excludes(rules.excludes.iter().position(|of| of == tag)?),
        // A service that does something else is no near miss.
        Refusal::Type { .. } => return None,
    };
    Some((Rule::Service(service, rule), by))
}

/// The rules that would have to give way least, where one alone would do: each once.
fn nearest_misses(
    standing: Standing,
    need: NeedIx,
    services: &[(ServiceIx, Lets)],
    effort: &Effort,
) -> Result<Vec<(Rule, u64)>, StopReason> {
    let Standing { locality, profiles, declines, .. } = standing;
    let facts = NeedFacts::of(locality, need);
    let assessed = locality.policy().unknown.eligibility == UnknownEligibility::Yes;
    let declined = declines.of_need(locality, need);
    let profile = profiles.of(need);
    let mut least = u64::MAX;
    let mut nearest: Vec<(Rule, u64)> = Vec::new();
    for (service, lets) in services {
        let offers = profiles.offers_of(*service);
        // What is farther than the nearest so far need not be looked at.
        if matches!(lets, Lets::But { relaxation, .. } if least < *relaxation) {
            continue;
        }
        effort.tick(1 + 8 * offers.len() as u64)?;
        for &offer in offers {
            let offer_facts = OfferFacts::of(locality, offer);
            if offer_facts.status == Some(Status::AdditionalAssessmentRequired) && !assessed {
                continue;
            }
            let (rule, by, relaxation) = match (lets, profiles.reach(locality, profile, &facts, &offer_facts).verdict) {
                (Lets::In, ReachVerdict::No(out)) => match rule_of_reach(offer, facts.area, out) {
                    Some((rule, by)) => (rule, by, relaxation_of_reach(out)),
                    None => continue,
                },
                (&Lets::But { rule, by, relaxation }, ReachVerdict::Yes) => (rule, by, relaxation),
                _ => continue,
            };
            let place = Place { service: *service, offer: Some(offer) };
            if least < relaxation || declined.has(place) || !reaches_if_covered(locality, &facts, &offer_facts, rule) {
                continue;
            }
            if relaxation < least {
                least = relaxation;
                nearest.clear();
            }
            if !nearest.contains(&(rule, by)) {
                nearest.push((rule, by));
            }
            if let Lets::But { .. } = lets {
                // The rule is the service's: its other offers say the same.
                break;
            }
        }
    }
    Ok(nearest)
}

/// The one test of reach that fails, with the metres, to the next hundred, or minutes that it would take.
fn rule_of_reach(offer: OfferIx, area: AreaIx, out: OutOfReach) -> Option<(Rule, u64)> {
    match (out.not_covered, out.distance) {
        (true, None) => Some((Rule::Covers(offer, area), 0)),
        // A float turned into a whole number saturates.
        (false, Some(Beyond::Over { distance, unit: TravelUnit::Metres, .. })) => {
            Some((Rule::Reach(offer), 100u64.saturating_mul((distance / 100.0).ceil() as u64)))
        }
        (false, Some(Beyond::Over { distance, unit: TravelUnit::Minutes, .. })) => {
            Some((Rule::Reach(offer), distance.ceil() as u64))
        }
        // A way that travel.csv does not list is no rule of the offer.
        (false, Some(Beyond::NotListed)) | (true, Some(_)) | (false, None) => None,
    }
}

/// Whether nothing but the areas stands in the way, where these do: a distance that is not known is no failed test, and
/// would still not be known.
fn reaches_if_covered(locality: &Locality, need: &NeedFacts, offer: &OfferFacts, rule: Rule) -> bool {
    match rule {
        Rule::Covers(_, area) => {
            let covered = OfferFacts { covers: &[area], ..*offer };
            reach_facts(locality, need, &covered).verdict == ReachVerdict::Yes
        }
        Rule::Reach(_) | Rule::Service(..) => true,
    }
}

/// As little as lets in four fifths of those whose nearest miss the rule is.
fn as_far_as_most(rule: Rule, votes: &BTreeMap<u64, u64>) -> Option<Candidate> {
    let all: u128 = votes.values().copied().map(u128::from).sum();
    let mut nearest_for = 0u64;
    for (&by, &children) in votes {
        nearest_for = nearest_for.saturating_add(children);
        if 4 * all <= 5 * u128::from(nearest_for) {
            return Some(Candidate { rule, by, nearest_for });
        }
    }
    None
}
