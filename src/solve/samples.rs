//! Networks to test with: small random ones that proptest can shrink, and larger ones from a seed.

use proptest::prelude::{Strategy, any};
use proptest::{collection::vec, option, prop_oneof};

use super::check;
use super::network::{Limit, Network, NetworkParts, PairCosts, Pool, SideGroup, Source, Stage, Step};
use super::outcome::Flow;

/// Most of each thing in a [`small`] network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub sources: usize,
    pub sinks: usize,
    pub limits: usize,
    pub pools: usize,
    pub stages: usize,
    pub side: usize,
    /// Most units of a source and places of a sink.
    pub units: u64,
}

impl Sizes {
    pub const SMALL: Sizes = Sizes { sources: 7, sinks: 5, limits: 3, pools: 4, stages: 4, side: 0, units: 4 };
    /// Few enough flows to try them all.
    pub const TINY: Sizes = Sizes { sources: 3, sinks: 2, limits: 2, pools: 3, stages: 3, side: 0, units: 2 };
    pub const SIDE: Sizes = Sizes { sources: 3, sinks: 2, limits: 1, pools: 2, stages: 3, side: 2, units: 2 };
}

/// Everything that may go wrong in little: ties, zero capacities, sources without pairs and units, sinks without
/// sources, nested limits, nested pools with leasts and convex steps, costs of both signs, stages without costs.
pub(super) fn small(sizes: Sizes) -> impl Strategy<Value = Network> {
    (count(sizes.sources), count(sizes.sinks), 0..=sizes.limits, 0..=sizes.pools, 1..=sizes.stages, 0..=sizes.side)
        .prop_flat_map(move |(n, m, l, p, s, g)| {
            let units = sizes.units;
            let stage = (
                option::weighted(0.8, vec(-3i64..=3, n * m)),
                option::weighted(0.8, vec(-2i64..=4, n)),
                option::weighted(0.7, vec(steps(), p)),
                option::weighted(0.9, vec(steps(), g)),
            );
            (
                vec((0..=units, any::<u8>()), n),
                vec(prop_oneof![2 => any::<bool>(), 1 => proptest::prelude::Just(true)], n * m),
                vec((option::weighted(0.85, 0..=units + 1), any::<u8>()), m),
                vec((0..=2 * units, any::<u8>()), l),
                vec((any::<u8>(), 0..=4u64), p),
                vec(vec(any::<bool>(), n), g),
                vec(stage, s),
            )
        })
        .prop_map(|(sources, pairs, sinks, limits, pools, side, stages)| {
            let (n, m) = (sources.len(), sinks.len());
            // A choice among the positions before `count` and none: None about as often as any single position.
            let choose = |raw: u8, count: usize| (raw as usize % (count + 1)).checked_sub(1).map(|at| at as u32);
            let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
            for (source, (units, raw)) in sources.iter().enumerate() {
                parts.sources.push(Source { units: *units, pool: choose(*raw, pools.len()) });
                parts.sinks.extend((0..m).filter(|sink| pairs[source * m + sink]).map(|sink| sink as u32));
                parts.starts.push(parts.sinks.len());
            }
            parts.places = sinks.iter().map(|(places, _)| *places).collect();
            parts.sink_limits = sinks.iter().map(|(_, raw)| choose(*raw, limits.len())).collect();
            for (position, (capacity, raw)) in limits.iter().enumerate() {
                parts.limits.push(Limit { capacity: *capacity, parent: choose(*raw, position) });
            }
            for (position, (raw, _)) in pools.iter().enumerate() {
                parts.pools.push(Pool { parent: choose(*raw, position), least: 0 });
            }
            for members in &side {
                let sources = (0..n as u32).filter(|source| members[*source as usize]).collect();
                parts.side.push(SideGroup { sources });
            }
            parts.stages = vec![Stage { name: "hold", ..Stage::default() }];
            let holds = Network::new(parts.clone()).expect("without costs and leasts").pool_holds();
            for (pool, ((_, share), hold)) in parts.pools.iter_mut().zip(pools.iter().zip(&holds)) {
                pool.least = hold * share / 5;
            }
            parts.stages = (stages.into_iter().zip(["first", "second", "third", "fourth"]))
                .map(|((pair_cost, unsent_cost, pool_steps, side_steps), name)| Stage {
                    name,
                    pair_cost: pair_cost.map_or(PairCosts::Zero, |costs| {
                        PairCosts::new((0..n * m).filter(|at| pairs[*at]).map(|at| costs[at]))
                    }),
                    unsent_cost: unsent_cost.unwrap_or_default(),
                    pool_steps: pool_steps.unwrap_or_default(),
                    side_steps: side_steps.unwrap_or_default(),
                })
                .collect();
            Network::new(parts).expect("the generator makes valid parts")
        })
}

/// Up to `most`, and now and then none at all.
fn count(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![1 => proptest::prelude::Just(0), 15 => 1..=most]
}

/// Steps that do not fall and cover far more than a small network holds; or none, which is zero.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let list = (-3i64..=2, vec((0..=2u64, 0..=2i64), 0..=4)).prop_map(|(start, rises)| {
        let mut cost = start;
        let mut steps = Vec::new();
        for (units, rise) in rises {
            cost += rise;
            steps.push(Step { units, cost });
        }
        steps.push(Step { units: 1000, cost: cost + 1 });
        steps
    });
    prop_oneof![4 => list, 1 => proptest::prelude::Just(Vec::new())]
}

/// The least values over all feasible flows, by trying every one.
pub(super) fn least_values(network: &Network) -> Vec<i64> {
    let bounds: Vec<u64> = (0..network.n_sources())
        .flat_map(|source| network.pairs_of(source).map(move |pair| (source, pair)))
        .map(|(source, pair)| {
            let places = network.places()[network.sinks()[pair] as usize].unwrap_or(u64::MAX);
            network.sources()[source].units.min(places)
        })
        .collect();
    let mut units = vec![0; network.n_pairs()];
    let mut least = check::feasible(network, &Flow::nothing()).expect("nothing sent is feasible");
    loop {
        // The next flow, counting up in a mixed radix.
        let Some(at) = (0..bounds.len()).find(|at| units[*at] < bounds[*at]) else {
            return least;
        };
        units[..at].fill(0);
        units[at] += 1;
        if let Ok(values) = check::feasible(network, &Flow::of_all(units.iter().copied())) {
            least = least.min(values);
        }
    }
}

/// Numbers from a seed (splitmix64, Steele, Lea and Flood 2014).
pub(super) struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// The shape of a real place: many sources on a plane, few sinks of unequal size, pairs where they are near and of one
/// category, weights of four levels first and metres second. `reach` is in metres of a plane 1000 wide.
pub(super) fn place(n_sources: usize, n_sinks: usize, reach: u64, seed: u64) -> Network {
    let mut seeded = Seeded(seed);
    let mut point = |_| (seeded.below(1000) as i64, seeded.below(1000) as i64, seeded.below(8));
    let needs: Vec<(i64, i64, u64)> = (0..n_sources).map(&mut point).collect();
    let services: Vec<(i64, i64, u64)> = (0..n_sinks).map(&mut point).collect();
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut need = Stage { name: "need", ..Stage::default() };
    let mut metres: Vec<i64> = Vec::new();
    for (x, y, kind) in &needs {
        let weight = [1, 4, 16, 64][seeded.below(4) as usize];
        parts.sources.push(Source { units: 1, pool: None });
        need.unsent_cost.push(weight);
        for (sink, (other_x, other_y, other_kind)) in services.iter().enumerate() {
            let squared = (x - other_x).pow(2) + (y - other_y).pow(2);
            if squared <= (reach * reach) as i64 && (kind == other_kind || (kind + 1) % 8 == *other_kind) {
                parts.sinks.push(sink as u32);
                metres.push((squared as u64 * 10_000).isqrt() as i64);
            }
        }
        parts.starts.push(parts.sinks.len());
    }
    let mean = (n_sources * 7 / 10 / n_sinks.max(1)) as u64;
    parts.places = (0..n_sinks).map(|_| Some(seeded.below(2 * mean + 1))).collect();
    parts.sink_limits = vec![None; n_sinks];
    let travel = Stage { name: "travel", pair_cost: PairCosts::new(metres), ..Stage::default() };
    parts.stages = vec![need, travel];
    Network::new(parts).expect("the generator makes valid parts")
}
