//! The flow solver against the certificate checker, against trying every flow, and against stops at any moment.

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::arcs::{Layout, NONE};
use super::costs::{Cost, Objective, Vectors};
use super::simplex::Simplex;
use super::start::Start;
use super::tree::Hang;
use super::{Weighted, closed, finish, solve, staged};
use crate::solve::check;
use crate::solve::samples::{Sizes, least_values, small};
use crate::solve::{
    Effort, Flow, Limit, Network, NetworkParts, Outcome, PairCosts, Pool, Proof, Source, Stage, StopReason,
};

/// Solves, and verifies the answer and its prices from scratch.
pub(super) fn certified(network: &Network) -> (Flow, Vec<i64>) {
    // Far more than any of these networks takes: a method that goes round in circles fails, rather than hangs.
    match solve(network, &Effort::unlimited().at_most(1 << 24)) {
        Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } => {
            assert_eq!(check::feasible(network, &flow), Ok(values.clone()));
            assert_eq!(check::optimal(network, &flow, &prices), Ok(()));
            (flow, values)
        }
        other => panic!("unlimited, the solver must end with prices, not {other:?}"),
    }
}

/// What must hold between pivots. Every node that is not closed has room up to the ground (else ties could send the
/// method round in circles), prices follow from the tree, and what comes into a node goes out of it.
fn assert_sound<O: Objective>(simplex: &Simplex<O>, closed: &[bool]) {
    let (layout, tree, network) = (simplex.layout, &simplex.tree, simplex.network);
    let mut balance = vec![0i128; (layout.n_inner() + layout.n_sources) as usize];
    for (source, own) in network.sources().iter().enumerate() {
        balance[layout.n_inner() as usize + source] += i128::from(own.units);
    }
    for node in 0..layout.ground() {
        let amount = i128::from(simplex.onward.amounts[node as usize]);
        balance[node as usize] -= amount;
        balance[simplex.onward.heads[node as usize] as usize] += amount;
    }
    let mut use_pair = |source: u32, head: u32, arc: u32, sent: u64| {
        let cost = layout.source_cost(&simplex.objective, arc);
        assert_eq!(tree.price_of_source(source), cost.plus(tree.price(head)), "price of source {source} over {arc}");
        balance[(layout.n_inner() + source) as usize] -= i128::from(sent);
        balance[head as usize] += i128::from(sent);
    };
    for source in 0..layout.n_sources {
        let leaf = tree.leaf(source);
        use_pair(source, leaf.at, leaf.arc, leaf.sent);
    }
    for node in 0..layout.ground() {
        let Hang { up, via, arc, sent, .. } = *tree.hang(node);
        let room = if via == NONE {
            let own = arc - layout.onward(0);
            let (tail, head) = if tree.is_onward(node) { (node, up) } else { (up, node) };
            let cost = simplex.onward.tree_cost(own);
            assert_eq!((own, simplex.onward.heads[own as usize]), (tail, head), "the arc of {node}");
            assert_eq!(tree.price(tail), cost.plus(tree.price(head)), "price of {node} over {arc}");
            simplex.onward_room(arc, tree.is_onward(node))
        } else {
            assert_eq!(tree.node_of(via), up, "{node} hangs over source {via}");
            use_pair(via, node, arc, sent);
            sent
        };
        assert!(0 < room || closed[node as usize], "no room up from {node}");
        assert_eq!(tree.depth(node), tree.depth(up) + 1, "depth of {node}");
    }
    let total: i128 = network.sources().iter().map(|source| i128::from(source.units)).sum();
    assert_eq!(balance.iter().position(|left| *left != 0), Some(layout.ground() as usize).filter(|_| total != 0));
    assert_eq!(balance[layout.ground() as usize], total);
}

fn source(units: u64) -> Source {
    Source { units, pool: None }
}

#[test]
fn greedy_by_weight_loses_against_a_holder_limit() {
    // Needs a (3) and b (2) are one child's, who may be placed once; c (2) is another's. a and c want X, b wants Y,
    // one place each. Taking a first leaves b and c unmet: 3. Best is b and c: 4.
    let network = Network::new(NetworkParts {
        sources: vec![Source { units: 1, pool: Some(0) }, Source { units: 1, pool: Some(0) }, source(1)],
        starts: vec![0, 1, 2, 3],
        sinks: vec![0, 1, 0],
        places: vec![Some(1), Some(1)],
        sink_limits: vec![None, None],
        limits: vec![],
        pools: vec![Pool { parent: None, least: 1 }],
        side: vec![],
        stages: vec![Stage { name: "need", unsent_cost: vec![3, 2, 2], ..Stage::default() }],
    })
    .unwrap();
    let (flow, values) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 1, 1]));
    assert_eq!(values, [3]);
}

#[test]
fn a_provider_limit_binds_behind_two_sinks_and_the_second_stage_breaks_the_tie() {
    // Two sinks with two places each behind a limit of two; three needs of equal weight. The cheapest two pairs win.
    let network = Network::new(NetworkParts {
        sources: vec![source(1); 3],
        starts: vec![0, 2, 4, 6],
        sinks: vec![0, 1, 0, 1, 0, 1],
        places: vec![Some(2), Some(2)],
        sink_limits: vec![Some(0), Some(0)],
        limits: vec![Limit { capacity: 2, parent: None }],
        pools: vec![],
        side: vec![],
        stages: vec![
            Stage { name: "need", unsent_cost: vec![1; 3], ..Stage::default() },
            Stage { name: "travel", pair_cost: PairCosts::new(vec![9, 8, 3, 7, 6, 2]), ..Stage::default() },
        ],
    })
    .unwrap();
    let (flow, values) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 0, 1, 0, 0, 1]));
    assert_eq!(values, [1, 5]);
}

#[test]
fn an_empty_network_has_an_optimum() {
    let network = Network::new(NetworkParts {
        starts: vec![0],
        stages: vec![Stage { name: "need", ..Stage::default() }],
        ..NetworkParts::default()
    })
    .unwrap();
    assert_eq!(certified(&network), (Flow::of_all(vec![]), vec![0]));
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    // One source with all the units there can be, worth one each, into a sink without end and one with u64::MAX.
    let network = Network::new(NetworkParts {
        sources: vec![source(Network::MOST)],
        starts: vec![0, 2],
        sinks: vec![0, 1],
        places: vec![None, Some(u64::MAX)],
        sink_limits: vec![None, None],
        stages: vec![
            Stage { name: "need", unsent_cost: vec![1], ..Stage::default() },
            Stage { name: "travel", pair_cost: PairCosts::new(vec![1, -1]), ..Stage::default() },
        ],
        ..NetworkParts::default()
    })
    .unwrap();
    let (flow, values) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, Network::MOST]));
    assert_eq!(values, [0, -(Network::MOST as i64)]);
}

#[test]
fn where_every_unit_could_go_everywhere_a_tree_decides() {
    // 700 sources, each cheapest at a sink of its own, all pairs possible: 490,000 exchanges are more than are kept.
    let n = 700;
    let network = Network::new(NetworkParts {
        sources: vec![source(1); n],
        starts: (0..=n).map(|source| source * n).collect(),
        sinks: (0..n * n).map(|pair| (pair % n) as u32).collect(),
        places: vec![Some(1); n],
        sink_limits: vec![None; n],
        stages: vec![Stage {
            name: "cost",
            pair_cost: PairCosts::new((0..n * n).map(|pair| if pair / n == pair % n { 0 } else { 50 })),
            unsent_cost: vec![1000; n],
            ..Stage::default()
        }],
        ..NetworkParts::default()
    })
    .unwrap();
    let layout = Layout::of(&network);
    let closed = closed(&network, layout);
    let start = Start::find(&network, layout, &closed, &Effort::unlimited()).unwrap();
    assert!(start.outcome(&network, layout, &closed, &Effort::unlimited()).unwrap().is_none());
    let Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } = solve(&network, &Effort::unlimited()) else {
        panic!("unlimited, the solver must end with prices");
    };
    assert_eq!(values, [0]);
    assert_eq!(check::optimal(&network, &flow, &prices), Ok(()));
}

/// As [`UNITS`], with several to each place.
const CROWD: Sizes = Sizes { sources: 40, sinks: 4, ..UNITS };

/// Many sources with one unit each, and few places.
const UNITS: Sizes = Sizes { sources: 14, sinks: 5, limits: 0, pools: 0, stages: 1, side: 0, units: 1 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_answer_carries_its_proof(network in small(Sizes::SMALL)) {
        certified(&network);
    }

    #[test]
    fn every_tree_on_the_way_is_sound(network in small(Sizes::SMALL).prop_map(with_two_stages)) {
        let layout = Layout::of(&network);
        let closed = closed(&network, layout);
        let mut weighted = {
            let mut start = Start::find(&network, layout, &closed, &Effort::unlimited()).unwrap();
            start.settle(&network, layout, &Effort::unlimited()).unwrap();
            Weighted::hang(&network, layout, &closed, start, &Effort::unlimited()).unwrap()
        };
        assert_sound(&weighted.simplex, &closed);
        // A tick more each time stops the run after each pivot and each look.
        let mut ticks = 0;
        while weighted.finish(&Effort::unlimited().at_most(ticks)).is_err() {
            assert_sound(&weighted.simplex, &closed);
            ticks += 1 + ticks / 8;
        }
        let (amounts, tree) = weighted.simplex.into_tree();
        let mut simplex = Simplex::from_tree(&network, Vectors::<2>::new(&network), amounts, tree);
        assert_sound(&simplex, &closed);
        while finish(&mut simplex, &closed, 1, &Effort::unlimited().at_most(ticks)).is_err() {
            assert_sound(&simplex, &closed);
            ticks += 1 + ticks / 8;
        }
        assert_sound(&simplex, &closed);
    }

    #[test]
    fn single_units_are_settled_without_a_tree(network in small(UNITS), dear in 1i64..=50) {
        let mut parts = network.into_parts();
        for cost in &mut parts.stages[0].unsent_cost {
            *cost *= dear;
        }
        let network = Network::new(parts).unwrap();
        let layout = Layout::of(&network);
        let closed = closed(&network, layout);
        let mut start = Start::find(&network, layout, &closed, &Effort::unlimited()).unwrap();
        start.settle(&network, layout, &Effort::unlimited()).unwrap();
        let outcome = start.outcome(&network, layout, &closed, &Effort::unlimited()).unwrap();
        let Some(Outcome::Optimal { flow, values, proof: Proof::Prices(prices) }) = outcome else {
            panic!("not settled: {outcome:?}");
        };
        prop_assert_eq!(check::feasible(&network, &flow), Ok(values));
        prop_assert_eq!(check::optimal(&network, &flow, &prices), Ok(()));
    }

    #[test]
    fn a_stop_while_units_are_settled_keeps_what_is_there(network in small(UNITS), dear in 1i64..=50) {
        let mut parts = network.into_parts();
        for cost in &mut parts.stages[0].unsent_cost {
            *cost *= dear;
        }
        let network = Network::new(parts).unwrap();
        let best = certified(&network).1;
        // The need stage on its own has another solver.
        let within = |ticks| staged::<1>(&network, &Effort::unlimited().at_most(ticks));
        let enough = (0..1 << 24).find(|ticks| matches!(within(*ticks), Outcome::Optimal { .. })).unwrap();
        // The last ticks are spent on the proof: by then flow and prices are those of the optimum.
        let last = within(enough.saturating_sub(1));
        if let Outcome::Stopped { flow, values, bounds, .. } = last {
            prop_assert_eq!(check::feasible(&network, &flow), Ok(values.clone()));
            prop_assert_eq!(&values, &best);
            prop_assert_eq!(bounds, vec![Some(best[0])]);
        }
    }

    #[test]
    fn units_are_settled_from_nothing(network in small(CROWD), dear in 1i64..=50) {
        let mut parts = network.into_parts();
        for cost in &mut parts.stages[0].unsent_cost {
            *cost *= dear;
        }
        let network = Network::new(parts).unwrap();
        let layout = Layout::of(&network);
        let closed = closed(&network, layout);
        let mut start = Start::find(&network, layout, &closed, &Effort::unlimited()).unwrap();
        // All places are empty, and dearer than anybody would pay.
        start.placement.pair.fill(NONE);
        start.placement.amounts.fill(0);
        for (price, closed) in start.prices[..network.n_sinks()].iter_mut().zip(&closed) {
            if !closed {
                *price = 1 << 20;
            }
        }
        start.settle(&network, layout, &Effort::unlimited()).unwrap();
        let outcome = start.outcome(&network, layout, &closed, &Effort::unlimited()).unwrap();
        let Some(Outcome::Optimal { flow, proof: Proof::Prices(prices), .. }) = outcome else {
            panic!("not settled: {outcome:?}");
        };
        prop_assert_eq!(check::optimal(&network, &flow, &prices), Ok(()));
    }

    #[test]
    fn no_flow_is_better(network in small(Sizes::TINY)) {
        prop_assert_eq!(certified(&network).1, least_values(&network));
    }

    #[test]
    fn a_stop_at_any_moment_leaves_a_feasible_flow_and_true_bounds(
        network in small(Sizes::SMALL),
        share in 0u64..=100,
    ) {
        let best = certified(&network).1;
        let outcome = solve(&network, &Effort::unlimited().at_most(share * share / 8));
        prop_assert_eq!(check::feasible(&network, outcome.flow()), Ok(outcome.values().to_vec()));
        match outcome {
            Outcome::Optimal { values, .. } => prop_assert_eq!(values, best),
            Outcome::Stopped { values, bounds, reason, .. } => {
                prop_assert_eq!(reason, StopReason::TickLimit);
                prop_assert!(best <= values);
                prop_assert_eq!(bounds.len(), best.len());
                let known = bounds.iter().take_while(|bound| bound.is_some()).count();
                prop_assert!(1 <= known && bounds[known..].iter().all(Option::is_none));
                for stage in 0..known {
                    // Stages before the open one are finished, so the bound of the open one holds for the optimum too.
                    prop_assert!(bounds[stage].unwrap() <= best[stage]);
                    prop_assert!(stage + 1 == known || values[stage] == best[stage]);
                    prop_assert!(bounds[stage].unwrap() <= values[stage]);
                }
            }
        }
    }

    #[test]
    fn the_order_of_sources_does_not_move_the_values(network in small(Sizes::SMALL), raw in any::<u64>()) {
        let values = certified(&network).1;
        prop_assert_eq!(certified(&rotated(network, raw)).1, values);
    }
}

/// The same network with its first two stages, or its only one and one that costs nothing.
fn with_two_stages(network: Network) -> Network {
    let mut parts = network.into_parts();
    parts.stages.resize(2, Stage { name: "nothing", ..Stage::default() });
    Network::new(parts).unwrap()
}

/// The same network with its sources in another order.
fn rotated(network: Network, raw: u64) -> Network {
    let n = network.n_sources();
    let by = if n == 0 { 0 } else { (raw % n as u64) as usize };
    let order: Vec<usize> = (0..n).map(|at| (at + by) % n).collect();
    let pairs: Vec<usize> = order.iter().flat_map(|source| network.pairs_of(*source)).collect();
    let mut starts = vec![0];
    starts.extend(order.iter().scan(0, |end, source| {
        *end += network.pairs_of(*source).len();
        Some(*end)
    }));
    let mut parts = network.into_parts();
    parts.sources = order.iter().map(|source| parts.sources[*source]).collect();
    parts.sinks = pairs.iter().map(|pair| parts.sinks[*pair]).collect();
    parts.starts = starts;
    for stage in &mut parts.stages {
        if !stage.pair_cost.is_zero() {
            stage.pair_cost = PairCosts::new(pairs.iter().map(|pair| stage.pair_cost.of(*pair)));
        }
        if !stage.unsent_cost.is_empty() {
            stage.unsent_cost = order.iter().map(|source| stage.unsent_cost[*source]).collect();
        }
    }
    Network::new(parts).unwrap()
}
