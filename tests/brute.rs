//! The solvers against trying every flow, and against good_lp, on networks made to be awkward in one way each.

#[path = "brute/mod.rs"]
mod brute;

use brute::must_hold::{Tried, by_need, by_program, by_trying, optimum, stop};
use proptest::collection::vec;
use proptest::prelude::*;
use suffice::solve::{Limit, Network, NetworkParts, PairCosts, Pool, Source, Stage, Step};

/// How a family of networks is made.
#[derive(Clone, Copy, Debug)]
struct Shape {
    sources: usize,
    sinks: usize,
    /// Units of a source, at least 0.
    most_units: u64,
    most_places: u64,
    /// Pairs between source i and sink j only where i and j leave the same remainder.
    pieces: usize,
    /// Of ten possible pairs, so many are there.
    density: u32,
    /// How limits lie: each behind the one before it (a chain), or anyhow.
    limits: usize,
    pools: usize,
    stages: &'static [Costs],
}

/// What a stage charges for.
#[derive(Clone, Copy, Debug)]
struct Costs {
    pair: Option<(i64, i64)>,
    unsent: Option<(i64, i64)>,
    pools: bool,
}

const NEED: Costs = Costs { pair: None, unsent: Some((1, 4)), pools: false };
const ONE_WEIGHT: Costs = Costs { pair: None, unsent: Some((7, 7)), pools: false };
const COST: Costs = Costs { pair: Some((0, 9)), unsent: None, pools: false };
const EITHER_SIGN: Costs = Costs { pair: Some((-9, 9)), unsent: Some((-9, 9)), pools: false };
const GROUPS: Costs = Costs { pair: None, unsent: None, pools: true };

const PLAIN: Shape = Shape {
    sources: 6,
    sinks: 3,
    most_units: 2,
    most_places: 3,
    pieces: 1,
    density: 6,
    limits: 0,
    pools: 0,
    stages: &[],
};

fn networks(shape: Shape) -> impl Strategy<Value = Network> {
    let Shape { sources: n, sinks: m, most_units, most_places, limits, pools, .. } = shape;
    let costs = |range: Option<(i64, i64)>, count: usize| {
        let (least, most) = range.unwrap_or((0, 0));
        vec(least..=most, count)
    };
    let rises = vec((0..=most_units, 0..=3_i64), 3);
    let stages: Vec<_> = (shape.stages.iter())
        .map(|stage| (costs(stage.pair, n * m), costs(stage.unsent, n), vec(rises.clone(), pools)))
        .collect();
    (
        vec((0..=most_units, any::<u8>()), n),
        vec(0..10_u32, n * m),
        vec((0..=most_places, any::<u8>()), m),
        vec((0..=2 * most_places, any::<u8>()), limits),
        vec((0..=4_u64, any::<u8>()), pools),
        stages,
    )
        .prop_map(move |(sources, density, sinks, limits, pools, stages)| {
            let position = |raw: u8, end: usize| (raw as usize % (end + 1)).checked_sub(1).map(|at| at as u32);
            let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
            let mut kept = Vec::new();
            for (source, (units, raw)) in sources.into_iter().enumerate() {
                parts.sources.push(Source { units, pool: position(raw, pools.len()) });
                for sink in 0..m {
                    let at = source * m + sink;
                    if source % shape.pieces == sink % shape.pieces && density[at] < shape.density {
                        parts.sinks.push(sink as u32);
                        kept.push(at);
                    }
                }
                parts.starts.push(parts.sinks.len());
            }
            parts.places = sinks.iter().map(|(places, _)| Some(*places)).collect();
            parts.sink_limits = sinks.iter().map(|(_, raw)| position(*raw, limits.len())).collect();
            for (at, (capacity, raw)) in limits.into_iter().enumerate() {
                parts.limits.push(Limit { capacity, parent: position(raw, at) });
            }
            for (at, (_, raw)) in pools.iter().enumerate() {
                parts.pools.push(Pool { parent: position(*raw, at), least: 0 });
            }
            let holds = held(&parts);
            for ((pool, (share, _)), hold) in parts.pools.iter_mut().zip(&pools).zip(&holds) {
                pool.least = hold * share / 8;
            }
            for (own, (pair, unsent, rises)) in shape.stages.iter().zip(stages) {
                let mut stage = Stage { name: "stage", ..Stage::default() };
                if own.pair.is_some() {
                    stage.pair_cost = PairCosts::new(kept.iter().map(|at| pair[*at]));
                }
                if own.unsent.is_some() {
                    stage.unsent_cost = unsent;
                }
                if own.pools {
                    stage.pool_steps = rises.into_iter().zip(&holds).map(|(rises, hold)| steps(rises, *hold)).collect();
                }
                parts.stages.push(stage);
            }
            Network::new(parts).expect("the families are valid")
        })
}

fn held(parts: &NetworkParts) -> Vec<u64> {
    let bare = NetworkParts { stages: vec![Stage::default()], ..parts.clone() };
    Network::new(bare).expect("valid without its costs").pool_holds()
}

/// Convex steps over `hold` units.
fn steps(rises: Vec<(u64, i64)>, hold: u64) -> Vec<Step> {
    let mut cost = -2;
    let mut steps = Vec::new();
    for (units, rise) in rises {
        cost += rise;
        steps.push(Step { units, cost });
    }
    steps.push(Step { units: hold, cost: cost + 1 });
    steps
}

/// Everything that must hold of a network whose flows are few.
fn by_force(network: &Network) {
    let values = optimum(network).expect("a network has an optimum").values;
    assert_eq!(by_trying(network, &values, 1_000_000), Tried::All);
    stop(network, &values, 50);
    by_need(network, &values, 50);
}

fn with(stages: &'static [Costs]) -> Shape {
    Shape { stages, ..PLAIN }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn equal_weights_leave_only_the_cost_to_decide(network in networks(with(&[ONE_WEIGHT, COST]))) {
        by_force(&network);
    }

    #[test]
    fn nothing_but_ties(network in networks(with(&[
        Costs { pair: Some((1, 1)), ..ONE_WEIGHT },
        Costs { pair: Some((0, 0)), ..COST },
    ]))) {
        by_force(&network);
    }

    #[test]
    fn one_sink_for_all(network in networks(Shape { sinks: 1, sources: 7, most_places: 4, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn hardly_a_place(network in networks(Shape { most_places: 1, density: 9, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn hardly_a_pair(network in networks(Shape { density: 2, sources: 7, sinks: 4, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn pieces_that_do_not_touch(network in networks(Shape { pieces: 2, sources: 6, sinks: 4, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn cohorts(network in networks(Shape { sources: 3, sinks: 2, most_units: 5, most_places: 7, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn limits_inside_limits(network in networks(Shape { limits: 5, sinks: 4, ..with(&[NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn pools_with_a_least_and_steps(network in networks(Shape { pools: 4, ..with(&[GROUPS, NEED, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn steps_after_the_need(network in networks(Shape { pools: 3, limits: 2, ..with(&[NEED, GROUPS, COST]) })) {
        by_force(&network);
    }

    #[test]
    fn costs_of_either_sign(network in networks(with(&[EITHER_SIGN, EITHER_SIGN, EITHER_SIGN]))) {
        by_force(&network);
    }

    /// Six sources of at most two units: sums reach 12 x 750,599,937,895,082, just below 2^53.
    #[test]
    fn costs_as_great_as_they_may_be(network in networks(with(&[
        Costs { pair: Some((-750_599_937_895_082, 750_599_937_895_082)), ..NEED },
        Costs { pair: Some((750_599_937_895_070, 750_599_937_895_082)), ..COST },
    ]))) {
        by_force(&network);
    }

    /// Weight far above cost within one stage, as a blended objective writes it, and single units that must still count.
    #[test]
    fn weights_that_dwarf_the_costs_beside_them(weights in vec(1..=3_i64, 6), network in networks(with(&[COST]))) {
        let mut parts = network.into_parts();
        parts.stages[0].unsent_cost = weights.iter().map(|weight| weight * 1_000_000_000_000).collect();
        by_force(&Network::new(parts).expect("still valid"));
    }

    /// Eight stages, each of which leaves ties to the next.
    #[test]
    fn as_many_stages_as_there_may_be(network in networks(with(&[
        NEED,
        Costs { pair: Some((0, 1)), ..COST },
        Costs { pair: Some((1_000_000_000_000, 1_000_000_000_001)), ..COST },
        Costs { pair: Some((0, 1)), ..COST },
        Costs { pair: Some((-1, 0)), ..COST },
        Costs { pair: Some((0, 1)), ..COST },
        Costs { pair: Some((0, 1_000_000)), ..COST },
        Costs { pair: Some((0, 1)), ..COST },
    ]))) {
        by_force(&network);
    }
}

/// Too many flows to try, few enough for the backend.
const SOME: Shape = Shape { sources: 30, sinks: 6, most_units: 1, most_places: 7, density: 5, ..PLAIN };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn good_lp_agrees_on_some_needs(network in networks(Shape { stages: &[NEED, COST], ..SOME })) {
        by_program(&network, &optimum(&network).expect("a network has an optimum").values);
    }

    #[test]
    fn good_lp_agrees_on_cohorts_behind_limits(network in networks(Shape {
        most_units: 40, most_places: 150, limits: 4, stages: &[NEED, COST], ..SOME
    })) {
        by_program(&network, &optimum(&network).expect("a network has an optimum").values);
    }

    #[test]
    fn good_lp_agrees_on_groups(network in networks(Shape {
        most_units: 5, most_places: 20, pools: 4, limits: 2, stages: &[NEED, GROUPS, COST], ..SOME
    })) {
        by_program(&network, &optimum(&network).expect("a network has an optimum").values);
    }

    #[test]
    fn good_lp_agrees_on_blended_gains_and_losses(network in networks(Shape {
        stages: &[Costs { pair: Some((-5_000, 999)), unsent: None, pools: false }], ..SOME
    })) {
        by_program(&network, &optimum(&network).expect("a network has an optimum").values);
    }
}
