//! Verification: an answer's files against the bundle, from scratch.
//!
//! Each assignment is judged by the definitions, one pair at a time; feasibility, values and optimality are checked on
//! numbers by [`solve::check`](crate::solve::check), which shares no code with the solvers.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Resident;
use crate::domain::{NeedIx, OfferIx};
use crate::eligibility::{ReachVerdict, Verdict, judge, reach};
use crate::matching::{Formulation, NotFormulated, PoolKey, Reading, Scope, asking, formulate};
use crate::solve::{Effort, Flow, Prices, StagePrices, StopReason, check};

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// What was found, or everything that stands against it (the first ten).
    pub finding: Result<String, Vec<String>>,
}

/// An answer as its files state it, not yet believed.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    pub locality_digest: String,
    /// (need, offer, children).
    pub assignments: Vec<(SmolStr, SmolStr, u64)>,
    /// Stage name to value.
    pub objective: Vec<(String, i64)>,
    pub met: u64,
    pub unmet: u64,
    /// (stage, node, id, price); empty where the answer brings no prices.
    pub prices: Vec<(SmolStr, SmolStr, SmolStr, i64)>,
    /// The answer says that prices prove it.
    pub by_prices: bool,
    /// The answer says that it was stopped; then it need not state every stage.
    pub stopped: bool,
}

/// Checks a claim about a locality. Nothing that is found ends it: every check that can be made is made. After a stop the
/// checks that were not made by then do not hold, and say why.
pub fn verify(resident: &Resident, claim: &Claim, effort: &Effort) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |name, finding: Finding| {
        let finding = finding.unwrap_or_else(|reason| Err(vec![unchecked(reason)]));
        checks.push(Check { name, finding });
    };
    add("the answer is about this bundle", Ok(same_digest(resident, claim)));
    let (placements, finding) = match placements(resident, claim, effort) {
        Ok((placements, finding)) => (placements, Ok(finding)),
        Err(reason) => (Vec::new(), Err(reason)),
    };
    add("every assignment names a need and an offer of the bundle", finding);
    add("every assigned need may use its offer", admitted(resident, &placements, effort));
    let formulation = resident.pairs(effort).map_err(NotFormulated::Stopped).and_then(|pairs| {
        let locality = resident.locality();
        formulate(locality, resident.profiles(), &pairs, Reading::Policy, Scope::Everything, effort)
    });
    match formulation {
        Err(why) => {
            let against = match why {
                NotFormulated::Refused(refused) => refused.to_string(),
                NotFormulated::Stopped(reason) => unchecked(reason),
            };
            add("the problem can be built from the bundle", Ok(Err(vec![against])));
        }
        Ok(formulation) => {
            let (flow, finding) = match flow_of(resident, &formulation, &placements, effort) {
                Ok((flow, finding)) => (flow, Ok(finding)),
                Err(reason) => (Flow::nothing(), Err(reason)),
            };
            add("every assignment is a pair of the problem", finding);
            // What follows takes some moments each, and is asked for only where there is time.
            let timely = |check: &dyn Fn() -> Result<String, Vec<String>>| effort.look().map(|()| check());
            add("totals are as stated", timely(&|| totals(resident, claim, &placements)));
            add("places, children and limits are kept", timely(&|| feasible(&formulation, &flow)));
            add("objective values are as stated", timely(&|| values(&formulation, &flow, claim)));
            if claim.by_prices {
                add("prices prove that nothing better exists", optimal(resident, &formulation, &flow, claim, effort));
            }
        }
    }
    checks
}

/// What a check came to, or the stop that kept it from being made.
type Finding = Result<Result<String, Vec<String>>, StopReason>;

/// Why a check does not hold that a stop kept from being made.
pub fn unchecked(reason: StopReason) -> String {
    format!("stopped before it could be checked: {}", reason.as_str())
}

const SHOWN: usize = 10;

fn verdict(against: Vec<String>, held: String) -> Result<String, Vec<String>> {
    if against.is_empty() {
        return Ok(held);
    }
    let more = against.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = against.into_iter().take(SHOWN).collect();
    if 0 < more {
        shown.push(format!("and {more} more"));
    }
    Err(shown)
}

fn same_digest(resident: &Resident, claim: &Claim) -> Result<String, Vec<String>> {
    if claim.locality_digest == resident.digest() {
        return Ok(format!("digest {}", resident.digest()));
    }
    Err(vec![format!("the answer is about digest {}, this bundle has {}", claim.locality_digest, resident.digest())])
}

type Placement = (NeedIx, OfferIx, u64);

/// What was found, and what it says of the claim.
type Found<T> = (T, Result<String, Vec<String>>);

fn placements(resident: &Resident, claim: &Claim, effort: &Effort) -> Result<Found<Vec<Placement>>, StopReason> {
    let mut placements = Vec::new();
    let mut against = Vec::new();
    for (need, offer, children) in &claim.assignments {
        effort.tick(64)?;
        match (resident.locality().find_need(need), resident.locality().find_offer(offer)) {
            (Some(need), Some(offer)) => placements.push((need, offer, *children)),
            (None, _) => against.push(format!("need {need} is not in the bundle")),
            (_, None) => against.push(format!("offer {offer} is not in the bundle")),
        }
    }
    let held = format!("{} assignments", placements.len());
    Ok((placements, verdict(against, held)))
}

fn admitted(resident: &Resident, placements: &[Placement], effort: &Effort) -> Finding {
    let locality = resident.locality();
    let unknown_is_yes = locality.policy().unknown.eligibility == crate::domain::policy::UnknownEligibility::Yes;
    let mut against = Vec::new();
    for &(need, offer, _) in placements {
        effort.tick(256)?;
        let pair = format!("{} at {}", locality.needs()[need.ix()].id, locality.offers()[offer.ix()].id);
        match judge(locality, need, offer) {
            Verdict::Yes => {}
            Verdict::Unknown(_) if unknown_is_yes => {}
            Verdict::Unknown(_) => against.push(format!("{pair}: eligibility is not known")),
            Verdict::No { refusals, .. } => {
                let reasons: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                against.push(format!("{pair}: {}", reasons.join("; ")));
            }
        }
        if !matches!(reach(locality, need, offer).verdict, ReachVerdict::Yes) {
            against.push(format!("{pair}: not in reach"));
        }
    }
    Ok(verdict(against, format!("{} pairs judged one by one", placements.len())))
}

fn flow_of(
    resident: &Resident,
    formulation: &Formulation,
    placements: &[Placement],
    effort: &Effort,
) -> Result<Found<Flow>, StopReason> {
    let network = &formulation.network;
    let mut source_of = vec![None; resident.locality().needs().len()];
    formulation.needs.iter().zip(0..).for_each(|(need, source)| source_of[need.ix()] = Some(source));
    let mut sink_of = vec![None; resident.locality().offers().len()];
    formulation.offers.iter().zip(0..).for_each(|(offer, sink)| sink_of[offer.ix()] = Some(sink));
    let mut carried = Vec::with_capacity(placements.len());
    let mut against = Vec::new();
    for &(need, offer, children) in placements {
        effort.tick(64)?;
        let pair = source_of[need.ix()].zip(sink_of[offer.ix()]).and_then(|(source, sink): (usize, u32)| {
            let pairs = network.pairs_of(source);
            network.sinks()[pairs.clone()].binary_search(&sink).ok().map(|at| pairs.start + at)
        });
        match pair {
            Some(pair) => carried.push((pair as u32, children)),
            None => against.push(format!(
                "{} at {} takes no part under the policy (declined, not counted, or places not known)",
                resident.locality().needs()[need.ix()].id,
                resident.locality().offers()[offer.ix()].id
            )),
        }
    }
    let held = format!("{} pairs of need and offer in the problem", network.sinks().len());
    Ok((Flow::new(carried), verdict(against, held)))
}

fn totals(resident: &Resident, claim: &Claim, placements: &[Placement]) -> Result<String, Vec<String>> {
    let locality = resident.locality();
    let inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
    let met: u128 = placements.iter().filter(|row| inside(row.0)).map(|row| u128::from(row.2)).sum();
    let asking = asking(locality, Reading::Policy);
    let asked: u128 =
        (0..asking.len()).filter(|&at| inside(NeedIx::new(at))).filter_map(|at| asking[at]).map(u128::from).sum();
    let mut against = Vec::new();
    if met != u128::from(claim.met) {
        against.push(format!("the answer says {} met, the assignments place {met}", claim.met));
    }
    if met + u128::from(claim.unmet) != asked {
        against.push(format!("the answer says {} unmet, of {asked} that ask {met} are placed", claim.unmet));
    }
    verdict(against, format!("{met} of {asked} child-needs met"))
}

fn feasible(formulation: &Formulation, flow: &Flow) -> Result<String, Vec<String>> {
    match check::feasible(&formulation.network, flow) {
        Ok(_) => Ok("nothing is exceeded".to_owned()),
        Err(violations) => verdict(violations.iter().map(ToString::to_string).collect(), String::new()),
    }
}

fn values(formulation: &Formulation, flow: &Flow, claim: &Claim) -> Result<String, Vec<String>> {
    let costs = match check::feasible(&formulation.network, flow) {
        Ok(costs) => costs,
        Err(_) => return Err(vec!["the assignments are not feasible, so their values do not count".to_owned()]),
    };
    let computed: BTreeMap<&str, i64> = formulation
        .stages
        .iter()
        .zip(&costs)
        .filter_map(|(stage, &cost)| Some((stage.name?.as_str(), stage.value(cost))))
        .collect();
    let stated: BTreeMap<&str, i64> = claim.objective.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let names: std::collections::BTreeSet<&str> = computed.keys().chain(stated.keys()).copied().collect();
    let mut against = Vec::new();
    for name in names {
        match (stated.get(name), computed.get(name)) {
            (Some(stated), Some(computed)) if stated == computed => {}
            (None, Some(_)) if claim.stopped => {}
            (stated, computed) => against.push(format!(
                "{name}: the answer says {}, the assignments give {}",
                stated.map_or("nothing".to_owned(), i64::to_string),
                computed.map_or("nothing".to_owned(), i64::to_string)
            )),
        }
    }
    let held: Vec<String> = computed.iter().map(|(name, value)| format!("{name} {value}")).collect();
    verdict(against, held.join(", "))
}

fn optimal(resident: &Resident, formulation: &Formulation, flow: &Flow, claim: &Claim, effort: &Effort) -> Finding {
    let prices = match prices_of(resident, formulation, claim, effort)? {
        Ok(prices) => prices,
        Err(missing) => return Ok(Err(missing)),
    };
    effort.look()?;
    Ok(match check::optimal(&formulation.network, flow, &prices) {
        Ok(()) => Ok(format!("{} prices, vector complementary slackness holds on every arc", claim.prices.len())),
        Err(violations) => verdict(violations.iter().map(ToString::to_string).collect(), String::new()),
    })
}

/// Names of the nodes as prices.csv gives them, in the network's order: sources, sinks, limits, pools.
pub fn node_names(
    resident: &Resident,
    formulation: &Formulation,
    effort: &Effort,
) -> Result<Vec<(&'static str, SmolStr)>, StopReason> {
    let locality = resident.locality();
    let needs = formulation.needs.iter().map(|need| ("need", locality.needs()[need.ix()].id.clone().into()));
    let offers = formulation.offers.iter().map(|offer| ("offer", locality.offers()[offer.ix()].id.clone().into()));
    let providers =
        formulation.providers.iter().map(|provider| ("provider", locality.providers()[provider.ix()].clone().into()));
    let pools = formulation.pools.iter().map(|pool| match pool {
        PoolKey::Holder(holder) => ("holder", locality.holders()[holder.ix()].id.clone().into()),
        PoolKey::Group(key) => ("group", key.label(locality).into()),
    });
    let all = needs.chain(offers).chain(providers).chain(pools);
    all.map(|name| effort.tick(32).map(|()| name)).collect()
}

fn prices_of(
    resident: &Resident,
    formulation: &Formulation,
    claim: &Claim,
    effort: &Effort,
) -> Result<Result<Prices, Vec<String>>, StopReason> {
    let mut stated: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
    for (stage, node, id, price) in &claim.prices {
        effort.tick(256)?;
        stated.insert((stage, node, id), *price);
    }
    let names = node_names(resident, formulation, effort)?;
    let mut missing = Vec::new();
    let mut stages = Vec::new();
    for stage in formulation.network.stages() {
        let mut all = Vec::with_capacity(names.len());
        for (node, id) in &names {
            effort.tick(256)?;
            all.push(stated.get(&(stage.name, *node, id.as_str())).copied().unwrap_or_else(|| {
                missing.push(format!("no price for {node} {id} in stage {}", stage.name));
                0
            }));
        }
        let mut all = all.into_iter();
        stages.push(StagePrices {
            sources: all.by_ref().take(formulation.needs.len()).collect(),
            sinks: all.by_ref().take(formulation.offers.len()).collect(),
            limits: all.by_ref().take(formulation.providers.len()).collect(),
            pools: all.collect(),
        });
    }
    Ok(verdict(missing, String::new()).map(|_| Prices { stages }))
}
