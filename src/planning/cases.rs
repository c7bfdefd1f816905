//! Cases that a plan is held against: the need as it is recorded, need that grows or shrinks, a provider that is lost.

use std::collections::BTreeMap;

use super::market::{Market, NoMarket, SinkOf};
use crate::domain::{CandidateKind, DeclineWhat, Id, Locality, NeedIx, ProviderIx, Scenario};
use crate::solve::choose::{Choices, Effect, Lever, Node};
use crate::solve::{Effort, Flow, Limit, Network, NetworkParts, PairCosts, Source, Stage};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseOf {
    /// The need as it is recorded.
    Recorded,
    /// A scenario of `scenarios.csv`.
    Scenario(Id),
    /// As recorded, but nothing is to be had from this provider, what the plan buys there included.
    Without(ProviderIx),
}

/// A case over the sources and sinks of a market.
#[derive(Clone, Debug)]
pub struct Case {
    pub of: CaseOf,
    /// Child-needs that ask, by source.
    pub units: Vec<u64>,
    pub lost: Option<ProviderIx>,
}

/// A factor of one: a scenario's factors are in millionths.
const ONE: u128 = 1_000_000;

impl Case {
    /// O(needs x depth of areas x factors of the scenario that concern a kind, logarithmically).
    pub fn of(locality: &Locality, market: &Market, of: &CaseOf) -> Case {
        let recorded: Vec<u64> = market.choices.network().sources().iter().map(|source| source.units).collect();
        let (units, lost) = match of {
            CaseOf::Recorded => (recorded, None),
            CaseOf::Scenario(id) => (scaled(locality, &market.needs, &recorded, id), None),
            CaseOf::Without(provider) => (recorded, Some(*provider)),
        };
        Case { of: of.clone(), units, lost }
    }

    /// Whether a sink has nothing to give in this case.
    pub fn is_lost(&self, locality: &Locality, sink: SinkOf) -> bool {
        self.lost.is_some_and(|lost| provider_of(locality, sink) == lost)
    }
}

fn provider_of(locality: &Locality, sink: SinkOf) -> ProviderIx {
    match sink {
        SinkOf::Offer(offer) | SinkOf::Widened { offer, .. } => locality.service_of(offer).provider,
        SinkOf::New(candidate) => match &locality.candidates()[candidate].kind {
            CandidateKind::Offer { service, .. } => locality.services()[service.ix()].provider,
            // Only a candidate that is an offer has a sink of its own.
            CandidateKind::Places { offer, .. } | CandidateKind::Close { offer } => {
                locality.service_of(*offer).provider
            }
            CandidateKind::Widen { what, .. } => match what {
                DeclineWhat::Offer(offer) => locality.service_of(*offer).provider,
                DeclineWhat::Service(service) => locality.services()[service.ix()].provider,
            },
        },
    }
}

/// Children of each need times its factor: that of the nearest area that has one for the kind, else that of the kind.
/// The children of one factor together are rounded once, half up, and shared out by largest remainders (Hamilton's
/// method), ties in the order of needs, so that many rows of one child grow as one row of many does.
fn scaled(locality: &Locality, needs: &[NeedIx], recorded: &[u64], id: &Id) -> Vec<u64> {
    let rows: Vec<&Scenario> = locality.scenarios().iter().filter(|row| row.scenario == *id).collect();
    let by_place: BTreeMap<_, usize> = rows.iter().enumerate().map(|(at, row)| ((row.kind, row.area), at)).collect();
    let row_of = |need: NeedIx| -> Option<usize> {
        let kind = locality.needs()[need.ix()].kind;
        let mut areas = locality.area_and_ancestors(locality.holder(need).area);
        areas.find_map(|area| by_place.get(&(kind, Some(area)))).or_else(|| by_place.get(&(kind, None))).copied()
    };
    let mut of_row: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    for (source, &need) in needs.iter().enumerate() {
        if let Some(row) = row_of(need) {
            of_row[row].push(source);
        }
    }
    let mut units = recorded.to_vec();
    for (row, mut sources) in rows.iter().zip(of_row) {
        sources.sort_unstable_by_key(|source| needs[*source]);
        let factor = u128::from(row.factor);
        let all: u128 = sources.iter().map(|source| u128::from(recorded[*source])).sum();
        let mut left = (all * factor + ONE / 2) / ONE;
        for &source in &sources {
            let whole = u128::from(recorded[source]) * factor / ONE;
            left -= whole;
            // A count is at most 10^9 and a factor at most 1,000.
            units[source] = whole as u64;
        }
        // What is left is less than one for each: the sum of remainders, rounded.
        sources.sort_by_key(|source| std::cmp::Reverse(u128::from(recorded[*source]) * factor % ONE));
        for source in sources.into_iter().take(left as usize) {
            units[source] += 1;
        }
    }
    units
}

/// The scenarios of the locality, each once, in the order of their ids.
pub fn scenarios(locality: &Locality) -> Vec<Id> {
    let mut ids: Vec<Id> = locality.scenarios().iter().map(|row| row.scenario.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Several cases side by side, with the same levers over all of them: what is bought is bought in each. Sources, sinks
/// and limits of case k stand k times their number further on. Memory and time: those of the market, times the cases.
pub(super) fn joined(
    locality: &Locality,
    market: &Market,
    cases: &[Case],
    effort: &Effort,
) -> Result<Choices, NoMarket> {
    let network = market.choices.network();
    let (n_sinks, n_limits) = (network.n_sinks() as u32, network.limits().len() as u32);
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut stages: Vec<Stage> =
        network.stages().iter().map(|stage| Stage { name: stage.name, ..Stage::default() }).collect();
    let mut travel = Vec::new();
    for (case, at) in cases.iter().zip(0u32..) {
        parts.sources.extend(case.units.iter().map(|&units| Source { units, pool: None }));
        for source in 0..network.n_sources() {
            let pairs = network.pairs_of(source);
            effort.tick(1 + pairs.len() as u64)?;
            parts.sinks.extend(network.sinks()[pairs.clone()].iter().map(|sink| at * n_sinks + sink));
            parts.starts.push(parts.sinks.len());
            if let Some(stage) = network.stages().get(1) {
                travel.extend(pairs.map(|pair| stage.pair_cost.of(pair)));
            }
        }
        let open = |(places, sink): (&Option<u64>, &SinkOf)| match case.is_lost(locality, *sink) {
            true => Some(0),
            false => *places,
        };
        parts.places.extend(network.places().iter().zip(&market.sinks).map(open));
        parts.sink_limits.extend(network.sink_limits().iter().map(|limit| limit.map(|limit| at * n_limits + limit)));
        let limit = |limit: &Limit| Limit { parent: limit.parent.map(|parent| at * n_limits + parent), ..*limit };
        parts.limits.extend(network.limits().iter().map(limit));
        for (stage, own) in stages.iter_mut().zip(network.stages()) {
            stage.unsent_cost.extend_from_slice(&own.unsent_cost);
        }
    }
    if let Some(stage) = stages.get_mut(1) {
        stage.pair_cost = PairCosts::new(travel);
    }
    parts.stages = stages;
    let levers = market.choices.levers().iter().map(|lever| {
        let effects = cases.iter().zip(0u32..).flat_map(|(case, at)| {
            let moved = move |node: Node| match node {
                Node::Sink(sink) => Node::Sink(at * n_sinks + sink),
                Node::Limit(limit) => Node::Limit(at * n_limits + limit),
            };
            let kept = lever.effects.iter().filter(move |effect| !gives_to_the_lost(locality, market, case, effect));
            kept.map(move |effect| match *effect {
                Effect::Adds { node, places } => Effect::Adds { node: moved(node), places },
                Effect::Opens(node) => Effect::Opens(moved(node)),
                Effect::Closes(node) => Effect::Closes(moved(node)),
            })
        });
        Lever { effects: effects.collect(), ..lever.clone() }
    });
    let levers = levers.collect();
    let too_large = |why: String| NoMarket::TooLarge(format!("the cases together are too large: {why}"));
    let network = Network::new(parts).map_err(|error| too_large(error.to_string()))?;
    Choices::new(network, levers, market.choices.rules().to_vec()).map_err(|error| too_large(error.to_string()))
}

/// Whether places would be added to an offer of the provider that is lost in this case. (At a limit behind several
/// entries they may be: the entries themselves have no places then.)
fn gives_to_the_lost(locality: &Locality, market: &Market, case: &Case, effect: &Effect) -> bool {
    match effect {
        Effect::Adds { node: Node::Sink(sink), .. } => case.is_lost(locality, market.sinks[*sink as usize]),
        _ => false,
    }
}

/// What a flow over several cases is in one of them: the child-needs met, by source, and the flow over the market's pairs.
pub(super) fn part_of(market: &Market, flow: &Flow, case: usize) -> (Vec<u64>, Flow) {
    let network = market.choices.network();
    let first = case * network.n_pairs();
    let own = flow.within(first..first + network.n_pairs());
    let flow = Flow::new(own.iter().map(|(pair, units)| (pair - first as u32, *units)).collect());
    (met_by_source(network, &flow), flow)
}

/// Units that each source sends.
pub(super) fn met_by_source(network: &Network, flow: &Flow) -> Vec<u64> {
    let mut met = vec![0; network.n_sources()];
    network.carried(flow).for_each(|(source, _, units)| met[source] += units);
    met
}
