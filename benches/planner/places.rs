//! The places that plans are made for: instances of the ladder, some of whose services are candidates.

use suffice::generate::{Instance, Params};
use suffice::solve::choose::{Choices, Effect, Lever, Node};
use suffice::solve::{Network, NetworkParts, Source, Stage};

pub struct Place {
    pub name: &'static str,
    weights: Vec<i64>,
    starts: Vec<usize>,
    sinks: Vec<u32>,
    capacities: Vec<u64>,
    /// Of each service with all its places, in pence.
    costs: Vec<i64>,
}

impl Place {
    pub fn s() -> Place {
        Place::part("S", &Params::S, 1, None)
    }

    pub fn m() -> Place {
        Place::part("M", &Params::M, 1, None)
    }

    pub fn l() -> Place {
        Place::part("L", &Params::L, 1, None)
    }

    /// Every fourth need of L and 300 of its services: about 100,000 pairs, and places for 84 % of the needs.
    pub fn cut() -> Place {
        Place::part("a cut of L", &Params::L, 4, Some(300))
    }

    /// Every so many needs, and so many services.
    fn part(name: &'static str, params: &Params, every: usize, services: Option<usize>) -> Place {
        let instance = Instance::generate(params);
        let all = instance.services.len();
        let count = services.unwrap_or(all);
        let kept: Vec<usize> = (0..count).map(|at| at * all / count).collect();
        let mut position = vec![None; all];
        for (own, service) in (0u32..).zip(&kept) {
            position[*service] = Some(own);
        }
        let mut place = Place {
            name,
            weights: Vec::new(),
            starts: vec![0],
            sinks: Vec::new(),
            capacities: kept.iter().map(|service| instance.services[*service].capacity).collect(),
            costs: (kept.iter().map(|service| &instance.services[*service]))
                .map(|service| i64::from(service.unit_cost) * service.capacity as i64)
                .collect(),
        };
        for (need, own) in instance.needs.iter().enumerate().step_by(every) {
            place.weights.push(own.weight.into());
            let pairs = &instance.arcs.service[instance.arcs.starts[need]..instance.arcs.starts[need + 1]];
            place.sinks.extend(pairs.iter().filter_map(|service| position[*service as usize]));
            place.starts.push(place.sinks.len());
        }
        place
    }

    /// So many of the services are candidates, spread evenly, and the others are there; with what all candidates cost.
    pub fn choices(&self, candidates: usize) -> (Choices, i64) {
        let services = self.capacities.len();
        let parts = NetworkParts {
            sources: vec![Source { units: 1, pool: None }; self.weights.len()],
            starts: self.starts.clone(),
            sinks: self.sinks.clone(),
            places: self.capacities.iter().copied().map(Some).collect(),
            sink_limits: vec![None; services],
            stages: vec![Stage { name: "need", unsent_cost: self.weights.clone(), ..Stage::default() }],
            ..NetworkParts::default()
        };
        let chosen: Vec<usize> = (0..candidates).map(|at| at * services / candidates).collect();
        let levers = chosen.iter().map(|service| Lever {
            most: 1,
            fixed_cost: self.costs[*service],
            effects: vec![Effect::Opens(Node::Sink(*service as u32))],
            ..Lever::default()
        });
        let network = Network::new(parts).expect("an instance is a network");
        let choices = Choices::new(network, levers.collect(), Vec::new()).expect("services can be candidates");
        (choices, chosen.iter().map(|service| self.costs[*service]).sum())
    }
}
