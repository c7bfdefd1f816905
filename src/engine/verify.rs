//! Verification: an answer's files against the bundle, from scratch.
//!
//! Each assignment is judged by the definitions, one pair at a time; feasibility, values and optimality are checked on
//! numbers by [`solve::check`](crate::solve::check), which shares no code with the solvers.

use std::collections::BTreeMap;

use super::Resident;
use crate::domain::{NeedIx, OfferIx};
use crate::eligibility::{ReachVerdict, Verdict, judge, reach};
use crate::matching::{Formulation, NotFormulated, PoolKey, Reading, Scope, asking, formulate};
use crate::solve::{Effort, Flow, Prices, StagePrices, check};

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
    pub assignments: Vec<(String, String, u64)>,
    /// Stage name to value.
    pub objective: Vec<(String, i64)>,
    pub met: u64,
    pub unmet: u64,
    /// (stage, node, id, price); empty where the answer brings no prices.
    pub prices: Vec<(String, String, String, i64)>,
    /// The answer says that prices prove it.
    pub by_prices: bool,
}

/// Checks a claim about a locality. Stops at nothing: every check that can be made is made.
pub fn verify(resident: &Resident, claim: &Claim, effort: &Effort) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |name, finding| checks.push(Check { name, finding });
    add("the answer is about this bundle", same_digest(resident, claim));
    let (placements, finding) = placements(resident, claim);
    add("every assignment names a need and an offer of the bundle", finding);
    add("every assigned need may use its offer", admitted(resident, &placements));
    let formulation = resident.pairs(effort).map_err(NotFormulated::Stopped).and_then(|pairs| {
        let locality = resident.locality();
        formulate(locality, resident.profiles(), &pairs, Reading::Policy, Scope::Everything, effort)
    });
    match formulation {
        Err(why) => {
            let against = match why {
                NotFormulated::Refused(refused) => refused.to_string(),
                NotFormulated::Stopped(reason) => format!("stopped before it could be checked: {}", reason.as_str()),
            };
            add("the problem can be built from the bundle", Err(vec![against]));
        }
        Ok(formulation) => {
            let (flow, finding) = flow_of(resident, &formulation, &placements);
            add("every assignment is a pair of the problem", finding);
            add("totals are as stated", totals(resident, claim, &placements));
            add("places, children and limits are kept", feasible(&formulation, &flow));
            add("objective values are as stated", values(&formulation, &flow, claim));
            if claim.by_prices {
                add("prices prove that nothing better exists", optimal(resident, &formulation, &flow, claim));
            }
        }
    }
    checks
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

fn placements(resident: &Resident, claim: &Claim) -> (Vec<Placement>, Result<String, Vec<String>>) {
    let mut placements = Vec::new();
    let mut against = Vec::new();
    for (need, offer, children) in &claim.assignments {
        match (resident.locality().find_need(need), resident.locality().find_offer(offer)) {
            (Some(need), Some(offer)) => placements.push((need, offer, *children)),
            (None, _) => against.push(format!("need {need} is not in the bundle")),
            (_, None) => against.push(format!("offer {offer} is not in the bundle")),
        }
    }
    let held = format!("{} assignments", placements.len());
    (placements, verdict(against, held))
}

fn admitted(resident: &Resident, placements: &[Placement]) -> Result<String, Vec<String>> {
    let locality = resident.locality();
    let unknown_is_yes = locality.policy().unknown.eligibility == crate::domain::policy::UnknownEligibility::Yes;
    let mut against = Vec::new();
    for &(need, offer, _) in placements {
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
    verdict(against, format!("{} pairs judged one by one", placements.len()))
}

fn flow_of(
    resident: &Resident,
    formulation: &Formulation,
    placements: &[Placement],
) -> (Flow, Result<String, Vec<String>>) {
    let network = &formulation.network;
    let source_of: BTreeMap<NeedIx, usize> = formulation.needs.iter().copied().zip(0..).collect();
    let sink_of: BTreeMap<OfferIx, u32> = formulation.offers.iter().copied().zip(0..).collect();
    let mut carried = Vec::with_capacity(placements.len());
    let mut against = Vec::new();
    for &(need, offer, children) in placements {
        let pair = source_of.get(&need).zip(sink_of.get(&offer)).and_then(|(&source, sink)| {
            let pairs = network.starts()[source]..network.starts()[source + 1];
            network.sinks()[pairs.clone()].binary_search(sink).ok().map(|at| pairs.start + at)
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
    (Flow::new(carried), verdict(against, format!("{} pairs of need and offer in the problem", network.sinks().len())))
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

fn optimal(resident: &Resident, formulation: &Formulation, flow: &Flow, claim: &Claim) -> Result<String, Vec<String>> {
    let prices = prices_of(resident, formulation, claim)?;
    match check::optimal(&formulation.network, flow, &prices) {
        Ok(()) => Ok(format!("{} prices, vector complementary slackness holds on every arc", claim.prices.len())),
        Err(violations) => verdict(violations.iter().map(ToString::to_string).collect(), String::new()),
    }
}

/// Names of the nodes as prices.csv gives them, in the network's order: sources, sinks, limits, pools.
pub fn node_names(resident: &Resident, formulation: &Formulation) -> Vec<(&'static str, String)> {
    let locality = resident.locality();
    let needs = formulation.needs.iter().map(|need| ("need", locality.needs()[need.ix()].id.to_string()));
    let offers = formulation.offers.iter().map(|offer| ("offer", locality.offers()[offer.ix()].id.to_string()));
    let providers =
        formulation.providers.iter().map(|provider| ("provider", locality.providers()[provider.ix()].to_string()));
    let pools = formulation.pools.iter().map(|pool| match pool {
        PoolKey::Holder(holder) => ("holder", locality.holders()[holder.ix()].id.to_string()),
        PoolKey::Group(key) => ("group", key.label(locality)),
    });
    needs.chain(offers).chain(providers).chain(pools).collect()
}

fn prices_of(resident: &Resident, formulation: &Formulation, claim: &Claim) -> Result<Prices, Vec<String>> {
    let mut stated: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
    for (stage, node, id, price) in &claim.prices {
        stated.insert((stage, node, id), *price);
    }
    let names = node_names(resident, formulation);
    let network = &formulation.network;
    let mut missing = Vec::new();
    let stages = network
        .stages()
        .iter()
        .map(|stage| {
            let mut all = names.iter().map(|(node, id)| {
                stated.get(&(stage.name, *node, id.as_str())).copied().unwrap_or_else(|| {
                    missing.push(format!("no price for {node} {id} in stage {}", stage.name));
                    0
                })
            });
            StagePrices {
                sources: all.by_ref().take(formulation.needs.len()).collect(),
                sinks: all.by_ref().take(formulation.offers.len()).collect(),
                limits: all.by_ref().take(formulation.providers.len()).collect(),
                pools: all.collect(),
            }
        })
        .collect();
    verdict(missing, String::new()).map(|_| Prices { stages })
}
