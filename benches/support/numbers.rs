//! An instance as plain numbers, which every solver is given: ours as a [`Network`], the peers through a file.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use suffice::generate::Instance;
use suffice::solve::{Network, NetworkParts, Outcome, PairCosts, Source, Stage};

/// What is asked of the solvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Most weight met; costs do not count.
    Need,
    /// Most of 1000 * weight - cost, summed over the needs met.
    Blended,
    /// Most weight met, and of all such assignments the one of least cost: two stages.
    NeedThenCost,
}

impl Objective {
    pub const ALL: [Objective; 3] = [Objective::Need, Objective::Blended, Objective::NeedThenCost];

    /// Worth of one unit of weight in [`Objective::Blended`].
    const MET: i32 = 1000;
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Objective::Need => "need",
            Objective::Blended => "blended",
            Objective::NeedThenCost => "need-then-cost",
        })
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Objective, String> {
        let found = Objective::ALL.into_iter().find(|objective| objective.to_string() == text);
        found.ok_or_else(|| format!("{text:?} is no objective: need, blended or need-then-cost"))
    }
}

/// One unit for each need; the arcs of need i are `starts[i]..starts[i + 1]`, rising by service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub starts: Vec<usize>,
    pub services: Vec<u32>,
    /// Of each arc: unit cost and 3 for each whole kilometre, 0 to 999.
    pub costs: Vec<i32>,
    /// Of each need, 1 to 100.
    pub weights: Vec<i32>,
    /// Of each service.
    pub capacities: Vec<u64>,
}

impl Numbers {
    pub fn of(instance: &Instance) -> Numbers {
        Numbers {
            starts: instance.arcs.starts.clone(),
            services: instance.arcs.service.clone(),
            costs: instance.arcs.cost.iter().map(|cost| *cost as i32).collect(),
            weights: instance.needs.iter().map(|need| need.weight as i32).collect(),
            capacities: instance.services.iter().map(|service| service.capacity).collect(),
        }
    }

    /// The binary form that benches/peers/README.md describes, all little-endian.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        for count in [self.weights.len(), self.capacities.len(), self.services.len()] {
            to.write_all(&(count as i64).to_le_bytes())?;
        }
        for start in &self.starts {
            to.write_all(&(*start as i64).to_le_bytes())?;
        }
        for service in &self.services {
            to.write_all(&service.to_le_bytes())?;
        }
        for number in self.costs.iter().chain(&self.weights) {
            to.write_all(&number.to_le_bytes())?;
        }
        for capacity in &self.capacities {
            to.write_all(&(*capacity as i64).to_le_bytes())?;
        }
        Ok(())
    }

    /// Reads what [`Numbers::write`] wrote. `from` should be buffered.
    pub fn read(from: &mut impl Read) -> io::Result<Numbers> {
        let mut counts = [0_usize; 3];
        for count in &mut counts {
            *count = i64::from_le_bytes(bytes(from)?) as usize;
        }
        let [n_needs, n_services, n_arcs] = counts;
        let starts = list(n_needs + 1, || Ok(i64::from_le_bytes(bytes(from)?) as usize))?;
        let services = list(n_arcs, || Ok(u32::from_le_bytes(bytes(from)?)))?;
        let costs = list(n_arcs, || Ok(i32::from_le_bytes(bytes(from)?)))?;
        let weights = list(n_needs, || Ok(i32::from_le_bytes(bytes(from)?)))?;
        let capacities = list(n_services, || Ok(i64::from_le_bytes(bytes(from)?) as u64))?;
        Ok(Numbers { starts, services, costs, weights, capacities })
    }

    /// The network of an objective. Takes the numbers over, so that nothing is held twice.
    pub fn network(self, objective: Objective) -> Network {
        let Numbers { starts, services, mut costs, weights, capacities } = self;
        let unsent_cost = || weights.iter().map(|weight| i64::from(*weight)).collect();
        let stages = match objective {
            Objective::Need => vec![Stage { name: "need", unsent_cost: unsent_cost(), ..Stage::default() }],
            Objective::Blended => {
                // As `matching::formulate` writes it: the gain on the pairs, nothing on what stays unsent.
                for (ends, weight) in starts.windows(2).zip(&weights) {
                    for cost in &mut costs[ends[0]..ends[1]] {
                        *cost -= Objective::MET * weight;
                    }
                }
                vec![Stage { name: "blended", pair_cost: PairCosts::Narrow(costs), ..Stage::default() }]
            }
            Objective::NeedThenCost => vec![
                Stage { name: "need", unsent_cost: unsent_cost(), ..Stage::default() },
                Stage { name: "cost", pair_cost: PairCosts::Narrow(costs), ..Stage::default() },
            ],
        };
        let network = Network::new(NetworkParts {
            sources: vec![Source { units: 1, pool: None }; weights.len()],
            starts,
            sinks: services,
            sink_limits: vec![None; capacities.len()],
            places: capacities.into_iter().map(Some).collect(),
            stages,
            ..NetworkParts::default()
        });
        network.expect("the generator's arcs make a network")
    }
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A list of exactly this capacity, so that what is held is what is counted.
fn list<T>(count: usize, mut next: impl FnMut() -> io::Result<T>) -> io::Result<Vec<T>> {
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(next()?);
    }
    Ok(list)
}

/// The optimum in the words of the table of known ones. What an objective does not ask for is None.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub blended: Option<i64>,
    pub need: Option<i64>,
    pub cost: Option<i64>,
    pub met: u64,
}

impl Reached {
    pub fn of(network: &Network, objective: Objective, outcome: &Outcome) -> Reached {
        let met = outcome.flow().carried().iter().map(|(_, units)| units).sum();
        let need = || {
            let total: i64 = network.stages()[0].unsent_cost.iter().sum();
            total - outcome.values()[0]
        };
        let (blended, need, cost) = match objective {
            Objective::Need => (None, Some(need()), None),
            Objective::Blended => (Some(-outcome.values()[0]), None, None),
            Objective::NeedThenCost => (None, Some(need()), Some(outcome.values()[1])),
        };
        Reached { blended, need, cost, met }
    }
}
