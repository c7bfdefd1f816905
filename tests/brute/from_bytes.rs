//! Any bytes as the parts of a network: what a fuzzer plays with.
//!
//! Most bytes make a valid network, because a solver behind a door that is always shut is not tested; about one in eight
//! is damaged in one place afterwards, which `Network::new` must notice or be able to bear. When the bytes end, every
//! further choice is the smallest one, so short inputs are small networks.

use arbitrary::Unstructured;
use suffice::solve::standing::{Change, PairParts, SourceParts};
use suffice::solve::{Limit, Network, NetworkParts, PairCosts, Pool, SideGroup, Source, Stage, Step};

/// Parts that may or may not make a network, when to stop a second run, and changes that may or may not be possible.
#[derive(Debug)]
pub struct Case {
    pub parts: NetworkParts,
    pub ticks: u64,
    pub changes: Vec<Change>,
}

const NAMES: [&str; 9] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];

impl Case {
    pub fn of(bytes: &[u8]) -> Case {
        let mut choices = Choices(Unstructured::new(bytes));
        let mut parts = choices.graph();
        choices.stages(&mut parts);
        if choices.below(8) == 7 {
            choices.damage(&mut parts);
        }
        let ticks = choices.below(1 << 12);
        let changes = (0..choices.count(4)).map(|_| choices.change(&parts)).collect();
        Case { parts, ticks, changes }
    }
}

/// Choices drawn from bytes.
struct Choices<'a>(Unstructured<'a>);

/// How great the numbers of a case are.
#[derive(Clone, Copy)]
enum Greatness {
    /// Ties abound.
    Little,
    Middling,
    /// As great as the network's sums allow.
    Greatest,
}

impl Choices<'_> {
    /// A whole number below `end`, which is at least 1.
    fn below(&mut self, end: u64) -> u64 {
        self.0.int_in_range(0..=end - 1).unwrap_or(0)
    }

    fn up_to(&mut self, most: u64) -> u64 {
        self.0.int_in_range(0..=most).unwrap_or(0)
    }

    fn count(&mut self, most: usize) -> usize {
        self.up_to(most as u64) as usize
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 1
    }

    fn anything(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// A position below `end`, or none.
    fn position(&mut self, end: usize) -> Option<u32> {
        self.up_to(end as u64).checked_sub(1).map(|at| at as u32)
    }

    fn greatness(&mut self) -> Greatness {
        [Greatness::Little, Greatness::Middling, Greatness::Greatest][self.below(3) as usize]
    }

    /// Between -most and most; the ends and zero often.
    fn between(&mut self, most: i64) -> i64 {
        match self.below(4) {
            0 => most,
            1 => -most,
            2 => 0,
            _ => self.up_to(2 * most as u64) as i64 - most,
        }
    }

    fn graph(&mut self) -> NetworkParts {
        let (n, m) = (self.count(6), self.count(4));
        let (n_limits, n_pools, n_side) = (self.count(3), self.count(4), self.below(16).saturating_sub(13) as usize);
        let most_units = match self.greatness() {
            Greatness::Little => 2,
            Greatness::Middling => 1_000,
            Greatness::Greatest => Network::MOST / n.max(1) as u64,
        };
        let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
        for _ in 0..n {
            parts.sources.push(Source { units: self.up_to(most_units), pool: self.position(n_pools) });
            parts.sinks.extend((0..m as u32).filter(|_| self.below(3) != 0).collect::<Vec<u32>>());
            parts.starts.push(parts.sinks.len());
        }
        for _ in 0..m {
            let places = match self.below(8) {
                0 => None,
                1 => Some(u64::MAX),
                2 => Some(0),
                _ => Some(self.up_to(most_units.saturating_mul(2))),
            };
            parts.places.push(places);
            parts.sink_limits.push(self.position(n_limits));
        }
        for position in 0..n_limits {
            let capacity = if self.below(8) == 0 { self.anything() } else { self.up_to(most_units.saturating_mul(3)) };
            parts.limits.push(Limit { capacity, parent: self.position(position) });
        }
        for position in 0..n_pools {
            parts.pools.push(Pool { parent: self.position(position), least: 0 });
        }
        let holds = held(&parts);
        for (pool, hold) in parts.pools.iter_mut().zip(&holds) {
            pool.least = if self.chance() { 0 } else { self.up_to(*hold) };
        }
        for _ in 0..n_side {
            let sources = (0..n as u32).filter(|_| self.chance()).collect();
            parts.side.push(SideGroup { sources });
        }
        parts
    }

    fn stages(&mut self, parts: &mut NetworkParts) {
        let holds = held(parts);
        let units: u64 = parts.sources.iter().map(|source| source.units.max(1)).sum();
        let n_lists = (1 + parts.pools.len() + parts.side.len()) as u64;
        for name in &NAMES[..=self.count(Network::MOST_STAGES - 1)] {
            let most = match self.greatness() {
                Greatness::Little => 2,
                Greatness::Middling => 1_000_000,
                // Every list may add its dearest once more; see `Network::new`.
                Greatness::Greatest => i64::MAX as u64,
            };
            let most = most.min(Network::MOST / (units + 1).saturating_mul(n_lists)) as i64;
            let mut stage = Stage { name, ..Stage::default() };
            if self.chance() {
                let costs: Vec<i64> = parts.sinks.iter().map(|_| self.between(most)).collect();
                stage.pair_cost = PairCosts::new(costs);
            }
            if self.chance() {
                stage.unsent_cost = parts.sources.iter().map(|_| self.between(most)).collect();
            }
            if self.chance() {
                stage.pool_steps = holds.iter().map(|hold| self.steps(*hold, most)).collect();
            }
            if self.chance() {
                stage.side_steps = parts.side.iter().map(|_| self.steps(units, most)).collect();
            }
            parts.stages.push(stage);
        }
    }

    /// Steps that do not fall and cover `hold` units.
    fn steps(&mut self, hold: u64, most: i64) -> Vec<Step> {
        let mut costs: Vec<i64> = (0..self.count(4)).map(|_| self.between(most)).collect();
        costs.sort_unstable();
        let last = costs.len();
        let units = |position, choices: &mut Self| if position + 1 == last { hold } else { choices.up_to(hold) };
        costs.into_iter().enumerate().map(|(at, cost)| Step { units: units(at, self), cost }).collect()
    }

    /// A change of the network, of anything in it or of one thing too many, to something or to nonsense.
    fn change(&mut self, parts: &NetworkParts) -> Change {
        let n_stages = parts.stages.len();
        let most = if self.below(8) == 0 { i64::MAX / 2 } else { 9 };
        let most_units = if self.below(8) == 0 { u64::MAX } else { 4 };
        // One past the end now and then, and what earlier changes added.
        let at = |choices: &mut Self, end: usize| choices.up_to(end as u64) as u32;
        match self.below(6) {
            0 => Change::Places { sink: at(self, parts.places.len()), places: self.places(most_units) },
            1 => Change::NewSink { places: self.places(most_units), limit: self.position(parts.limits.len()) },
            2 => Change::Capacity { limit: at(self, parts.limits.len()), capacity: self.up_to(most_units) },
            3 => {
                let pool = at(self, parts.pools.len());
                let steps = (0..n_stages).map(|_| self.steps(1 << 20, most)).collect();
                Change::Pool { pool, least: self.up_to(most_units), steps }
            }
            4 => Change::Source { source: at(self, parts.sources.len()), with: self.source(parts, most_units, most) },
            _ => Change::NewSource { with: self.source(parts, most_units, most) },
        }
    }

    fn places(&mut self, most: u64) -> Option<u64> {
        if self.below(8) == 0 { None } else { Some(self.up_to(most)) }
    }

    fn source(&mut self, parts: &NetworkParts, most_units: u64, most: i64) -> SourceParts {
        let n_stages = parts.stages.len() - usize::from(self.below(32) == 31 && !parts.stages.is_empty());
        let n_sinks = parts.places.len() as u32 + u32::from(self.below(4) == 3);
        let sinks: Vec<u32> = (0..n_sinks).filter(|_| self.below(3) != 0).collect();
        let pair = |sink, choices: &mut Self| PairParts { sink, cost: choices.costs(n_stages, most) };
        let pairs = sinks.into_iter().map(|sink| pair(sink, self)).collect();
        let units = self.up_to(most_units);
        SourceParts { units, pool: self.position(parts.pools.len()), pairs, unsent_cost: self.costs(n_stages, most) }
    }

    fn costs(&mut self, count: usize, most: i64) -> Vec<i64> {
        (0..count).map(|_| self.between(most)).collect()
    }

    /// Breaks one promise, or tries to.
    fn damage(&mut self, parts: &mut NetworkParts) {
        let odd = self.anything();
        let at = |len: usize| (odd >> 8) as usize % len.max(1);
        let stage = at(parts.stages.len());
        match odd % 16 {
            0 => set(&mut parts.starts, odd, odd as usize),
            1 => drop(parts.starts.pop()),
            2 => set(&mut parts.sinks, odd, odd as u32),
            3 => parts.sinks.push(odd as u32),
            4 => drop(parts.places.pop()),
            5 => set(&mut parts.sink_limits, odd, Some(odd as u32)),
            6 => set(&mut parts.limits, odd, Limit { capacity: odd, parent: Some(odd as u32) }),
            7 => set(&mut parts.pools, odd, Pool { parent: Some((odd >> 16) as u32), least: 0 }),
            8 => set(&mut parts.pools, odd, Pool { parent: None, least: odd }),
            9 => set(&mut parts.sources, odd, Source { units: odd, pool: None }),
            10 => set(&mut parts.sources, odd, Source { units: 1, pool: Some(odd as u32) }),
            11 => set(&mut parts.stages[stage].unsent_cost, odd, odd as i64),
            12 => parts.stages[stage].unsent_cost.push(0),
            13 => parts.stages[stage].pair_cost = PairCosts::Wide(vec![odd as i64; parts.sinks.len()]),
            14 => parts.stages[stage].pool_steps.push(vec![Step { units: odd, cost: i64::MIN }; 2]),
            _ => parts.stages.resize_with(at(11), Stage::default),
        }
    }
}

/// Puts `value` somewhere in a list that has anything.
fn set<T>(list: &mut [T], odd: u64, value: T) {
    if !list.is_empty() {
        let at = (odd >> 8) as usize % list.len();
        list[at] = value;
    }
}

/// What each pool holds if nothing is sent, those inside it included.
fn held(parts: &NetworkParts) -> Vec<u64> {
    let mut held = vec![0; parts.pools.len()];
    for source in &parts.sources {
        let mut at = source.pool;
        while let Some(pool) = at {
            held[pool as usize] += source.units;
            at = parts.pools[pool as usize].parent;
        }
    }
    held
}
