//! The need stage against cases by hand, the certificate checker, the simplex, the program, and stops at every moment.

use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert, prop_assert_eq, prop_assume, proptest};

use super::answer::{self, Answer};
use super::exchange::{Exchange, SEALED, key, nearest};
use super::levels::Levels;
use super::sink::{Around, Index};
use super::{NeedOutcome, Sealed, fits, guide, order, sealed, solve};
use crate::solve::samples::{Seeded, Sizes, least_values, small};
use crate::solve::{
    Effort, Flow, Limit, Network, NetworkParts, Outcome, PairCosts, Pool, Prices, SideGroup, Source, Stage,
    StagePrices, Step, StopReason, check, flow, program,
};

/// Solves, and verifies flow, value and prices from scratch.
fn certified(network: &Network) -> (Flow, i64, StagePrices) {
    match solve(network, 0, &Effort::unlimited()) {
        NeedOutcome::Optimal { flow, value, prices } => {
            assert_eq!(check::feasible(network, &flow), Ok(vec![value]));
            assert_eq!(check::optimal(network, &flow, &Prices { stages: vec![prices.clone()] }), Ok(()));
            (flow, value, prices)
        }
        other => panic!("unlimited, the solver must end with prices, not {other:?}"),
    }
}

/// Sources as (units, weight, sinks), sinks as (places, limit), limits as (capacity, parent).
fn network(
    sources: &[(u64, i64, &[u32])],
    sinks: &[(Option<u64>, Option<u32>)],
    limits: &[(u64, Option<u32>)],
) -> Network {
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut need = Stage { name: "need", ..Stage::default() };
    for (units, weight, sinks) in sources {
        parts.sources.push(Source { units: *units, pool: None });
        parts.sinks.extend_from_slice(sinks);
        parts.starts.push(parts.sinks.len());
        need.unsent_cost.push(*weight);
    }
    parts.places = sinks.iter().map(|sink| sink.0).collect();
    parts.sink_limits = sinks.iter().map(|sink| sink.1).collect();
    parts.limits = limits.iter().map(|(capacity, parent)| Limit { capacity: *capacity, parent: *parent }).collect();
    parts.stages = vec![need];
    Network::new(parts).unwrap()
}

#[test]
fn the_heavier_source_moves_so_that_the_lighter_one_fits() {
    // Both want sink 0, which has one place; only the heavier can use sink 1.
    let network = network(&[(1, 3, &[0, 1]), (1, 2, &[0])], &[(Some(1), None), (Some(1), None)], &[]);
    let (flow, value, prices) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 1, 1]));
    assert_eq!(value, 0);
    assert_eq!(prices.sinks, [0, 0]);
}

#[test]
fn the_lightest_go_without_and_seal_what_they_could_have_used() {
    // Three sources for the one place of sink 0; the one place of sink 1 is left over.
    let network =
        network(&[(1, 2, &[0]), (1, 5, &[0]), (1, 3, &[0]), (1, 1, &[1])], &[(Some(1), None), (Some(2), None)], &[]);
    let (flow, value, prices) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 1, 0, 1]));
    assert_eq!(value, 2 + 3);
    assert_eq!(prices.sinks, [3, 0]);
    assert_eq!(sealed(&prices), [Sealed { weight: 3, sinks: vec![0], limits: vec![] }]);
}

#[test]
fn a_unit_behind_a_full_limit_finds_another_way() {
    // Sinks 0 and 1 share a limit of one. The heavier source prefers neither of 0 and 2, the lighter knows only 1.
    for first in [&[0, 2][..], &[0], &[2]] {
        let network = network(
            &[(1, 3, first), (1, 2, &[1])],
            &[(Some(1), Some(0)), (Some(1), Some(0)), (Some(1), None)],
            &[(1, None)],
        );
        let (_, value, prices) = certified(&network);
        let (lost, levels) = if first == [0] {
            (2, vec![Sealed { weight: 2, sinks: vec![0, 1], limits: vec![0] }])
        } else {
            (0, vec![])
        };
        assert_eq!(value, lost);
        assert_eq!(sealed(&prices), levels);
    }
}

#[test]
fn limits_within_limits_hold_at_each_level() {
    // Limit 0 lets 3 through, limit 1 within it 1. Ten units of weight 2 may use both sinks, one of weight 9 sink 0.
    let network =
        network(&[(10, 2, &[0, 1]), (1, 9, &[0])], &[(None, Some(1)), (None, Some(0))], &[(3, None), (1, Some(0))]);
    let (flow, value, prices) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 2, 1]));
    assert_eq!(value, 8 * 2);
    assert_eq!(prices.limits, [2, 2]);
}

#[test]
fn what_gains_nothing_stays_unsent() {
    let network = network(&[(2, 0, &[0]), (3, -4, &[0]), (1, 1, &[]), (0, 7, &[0])], &[(None, None)], &[]);
    let (flow, value, prices) = certified(&network);
    assert_eq!(flow, Flow::nothing());
    assert_eq!(value, 3 * -4 + 1);
    assert_eq!(prices.sources, [0, -4, 1, 0]);
}

#[test]
fn sinks_without_places_and_limits_without_room_take_nothing() {
    let network = network(
        &[(4, 5, &[0, 1]), (4, 3, &[1, 2])],
        &[(Some(0), None), (None, Some(1)), (Some(3), Some(0))],
        &[(2, None), (0, Some(0))],
    );
    let (flow, value, _) = certified(&network);
    assert_eq!(flow, Flow::of_all([0, 0, 0, 2]));
    assert_eq!(value, 4 * 5 + 2 * 3);
}

#[test]
fn nothing_at_all_is_solved() {
    assert_eq!(certified(&network(&[], &[], &[])).0, Flow::nothing());
    let mut parts = network(&[(2, 1, &[0])], &[(None, None)], &[]).into_parts();
    parts.stages[0].unsent_cost.clear();
    assert_eq!(certified(&Network::new(parts).unwrap()).0, Flow::nothing());
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    let half = Network::MOST / 2;
    let network = network(
        &[(half, 1, &[0, 1]), (half, 1, &[0, 1, 2])],
        &[(Some(half), Some(0)), (Some(u64::MAX), Some(0)), (None, None)],
        &[(half + 7, None)],
    );
    let (flow, value, _) = certified(&network);
    assert_eq!(value, 0);
    assert_eq!(flow.carried().iter().map(|(_, units)| units).sum::<u64>(), Network::MOST);
    let heavy = self::network(&[(1, Network::MOST as i64, &[0])], &[(Some(0), None)], &[]);
    assert_eq!(certified(&heavy).1, Network::MOST as i64);
}

#[test]
fn a_cohort_moves_in_bulk() {
    // A thousand million units of the heavier cohort give way at once, so few ticks suffice.
    let many = 1_000_000_000;
    let network = network(&[(many, 2, &[0, 1]), (many, 1, &[0])], &[(Some(many), None), (Some(many), None)], &[]);
    assert!(matches!(solve(&network, 0, &Effort::unlimited().at_most(200)), NeedOutcome::Optimal { value: 0, .. }));
}

#[test]
fn only_a_stage_of_unsent_costs_fits() {
    let base = || network(&[(1, 3, &[0, 1]), (1, 2, &[0])], &[(Some(1), None), (Some(1), None)], &[]).into_parts();
    let fits_after = |change: fn(&mut NetworkParts)| {
        let mut parts = base();
        change(&mut parts);
        fits(&Network::new(parts).unwrap(), 0)
    };
    assert!(fits_after(|_| ()));
    assert!(fits_after(|parts| parts.stages[0].pair_cost = PairCosts::new([0, 0, 0])));
    assert!(!fits_after(|parts| parts.stages[0].pair_cost = PairCosts::new([0, 0, 1])));
    let pool = |parts: &mut NetworkParts, least| {
        parts.pools = vec![Pool { parent: None, least }];
        parts.sources[0].pool = Some(0);
    };
    fn steps(parts: &mut NetworkParts, cost: i64) {
        parts.stages[0].pool_steps = vec![vec![Step { units: 9, cost }]];
    }
    let with_pool = |least, cost| {
        let mut parts = base();
        pool(&mut parts, least);
        steps(&mut parts, cost);
        fits(&Network::new(parts).unwrap(), 0)
    };
    assert!(with_pool(0, 0));
    assert!(!with_pool(1, 0));
    assert!(!with_pool(0, 1));
    assert!(!fits_after(|parts| parts.side = vec![SideGroup { sources: vec![0] }]));
}

#[test]
fn sources_are_ordered_by_weight_then_position() {
    // Weights that need one, several and all digits, zero and less left out.
    for weights in [vec![5, 9, 0, 5, -3, 9, 1], vec![1 << 40, 1 << 52, 7, 1 << 40, (1 << 40) + 1, 0, 3], vec![4; 7]] {
        let network = network(&[(1, 0, &[][..]); 7], &[], &[]);
        let mut expected: Vec<u32> = (0..7).filter(|at| 0 < weights[*at as usize]).collect();
        expected.sort_by_key(|at| std::cmp::Reverse(weights[*at as usize]));
        assert_eq!(order::by_falling_weight(&network, &weights), expected);
    }
    let units = network(&[(0, 3, &[]), (2, 3, &[])], &[], &[]);
    assert_eq!(order::by_falling_weight(&units, &[3, 3]), [1]);
}

/// How a seeded network is made.
#[derive(Clone, Copy)]
struct Shape {
    sources: u64,
    sinks: u64,
    limits: u64,
    /// Most units of a source.
    units: u64,
    /// Most different weights.
    weights: u64,
    /// Of a hundred sinks, how many a source has pairs with.
    density: u64,
}

/// A network of some size: places short by a third or so, limits a little tighter, nested three deep.
fn seeded(shape: Shape, seed: u64) -> Network {
    let mut seeded = Seeded(seed);
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut need = Stage { name: "need", ..Stage::default() };
    let mut total = 0;
    for _ in 0..shape.sources {
        let units = 1 + seeded.below(shape.units);
        total += units;
        parts.sources.push(Source { units, pool: None });
        need.unsent_cost.push(seeded.below(shape.weights) as i64);
        // Neighbouring sinks serve the same sources, as they do in places.
        let home = seeded.below(shape.sinks);
        parts.sinks.extend((0..shape.sinks as u32).filter(|sink| {
            let away = home.abs_diff(u64::from(*sink));
            seeded.below(100) < shape.density * 3 / (1 + away)
        }));
        parts.starts.push(parts.sinks.len());
    }
    let mean = total / shape.sinks;
    for _ in 0..shape.sinks {
        parts.places.push(Some(seeded.below(3 * mean / 2 + 2)).filter(|_| 0 < seeded.below(40)));
        parts.sink_limits.push((0 < shape.limits).then(|| seeded.below(shape.limits) as u32));
    }
    for limit in 0..shape.limits {
        let parent = (3 <= limit).then(|| seeded.below(3) as u32);
        let share = if limit < 3 { total / 4 } else { total / shape.limits };
        parts.limits.push(Limit { capacity: seeded.below(share + 1), parent });
    }
    parts.stages = vec![need];
    Network::new(parts).unwrap()
}

const SHAPES: [Shape; 5] = [
    Shape { sources: 300, sinks: 20, limits: 0, units: 1, weights: 10, density: 30 },
    Shape { sources: 300, sinks: 40, limits: 9, units: 1, weights: 60, density: 20 },
    Shape { sources: 200, sinks: 25, limits: 6, units: 40, weights: 7, density: 30 },
    Shape { sources: 150, sinks: 30, limits: 12, units: 1 << 40, weights: 9, density: 25 },
    Shape { sources: 400, sinks: 5, limits: 2, units: 300, weights: 2, density: 90 },
];

#[test]
fn networks_of_some_size_have_the_simplex_values() {
    for shape in SHAPES {
        for seed in 0..12 {
            let network = seeded(shape, seed);
            let Outcome::Optimal { values, .. } = flow::solve(&network, &Effort::unlimited()) else {
                panic!("unlimited, the simplex ends");
            };
            assert_eq!(certified(&network).1, values[0], "seed {seed}");
        }
    }
}

#[test]
fn every_stop_leaves_a_feasible_flow_and_a_true_bound() {
    for (shape, seed) in SHAPES.into_iter().zip(50..) {
        let network = seeded(shape, seed);
        let best = certified(&network).1;
        let mut last_bound = i64::MIN;
        let mut ticks = 0;
        loop {
            match solve(&network, 0, &Effort::unlimited().at_most(ticks)) {
                NeedOutcome::Stopped { flow, value, bound, reason } => {
                    assert_eq!(reason, StopReason::TickLimit);
                    assert_eq!(check::feasible(&network, &flow), Ok(vec![value]));
                    assert!(bound <= best && best <= value, "{bound} {best} {value}");
                    assert!(last_bound <= bound, "more work must not loosen the bound");
                    last_bound = bound;
                }
                NeedOutcome::Optimal { value, .. } => {
                    assert_eq!(value, best);
                    break;
                }
            }
            ticks += 61;
        }
        assert!(100 < ticks, "the network is too small to stop in");
    }
}

#[test]
fn the_bound_counts_the_room_that_is_left() {
    // Stopped before it began: two places could take 5 and 3 of the weights 5, 3 and 2.
    let network = network(&[(1, 2, &[0]), (1, 5, &[0]), (1, 3, &[0])], &[(Some(2), None)], &[]);
    let NeedOutcome::Stopped { flow, value, bound, .. } = solve(&network, 0, &Effort::unlimited().at_most(0)) else {
        panic!("no ticks allow nothing");
    };
    assert_eq!((flow, value, bound), (Flow::nothing(), 10, 2));
}

#[test]
fn the_nearest_sink_has_the_least_label_and_then_the_most_room() {
    let labels = [SEALED, 7, 3, 3, 5_000, 4_999, 4_094];
    let room = [9.0, 1e30, 0.0, 2.5, 1.0, 0.0, 0.5];
    let keys: Vec<u32> = labels.iter().zip(room).map(|(label, room)| key(*label, room)).collect();
    let nearest = |sinks: &[u32]| nearest(sinks, &keys, &labels);
    assert_eq!(nearest(&[]), None);
    assert_eq!(nearest(&[0]), None);
    assert_eq!(nearest(&[0, 1]), Some(1));
    assert_eq!(nearest(&[0, 1, 2]), Some(2));
    assert_eq!(nearest(&[1, 2, 3]), Some(3));
    // Keys hold labels up to 4,094; beyond, sink 4 would look better than 5 by its room.
    assert_eq!(nearest(&[0, 4, 5]), Some(5));
    assert_eq!(nearest(&[4, 5, 6]), Some(6));
}

#[test]
fn a_way_may_be_thousands_of_steps_long() {
    // Cohort i holds both places of sink i and could move to i + 1; only the last sink is free. Two lighter sources at
    // the near end can only be sent if all 5,000 make room, the third cannot.
    let n = 5_000u32;
    let chain: Vec<[u32; 2]> = (0..n).map(|at| [at, at + 1]).collect();
    let mut sources: Vec<(u64, i64, &[u32])> = chain.iter().map(|sinks| (2, 2, &sinks[..])).collect();
    let ends: [&[u32]; 3] = [&[0], &[0, 1, 2], &[0, 2]];
    sources.extend(ends.map(|sinks| (1, 1, sinks)));
    let sinks = vec![(Some(2), None); n as usize + 1];
    let network = network(&sources, &sinks, &[]);
    // Without a guess at the crowding each cohort takes the first of its two sinks.
    let mut exchange = Exchange::nothing_sent(&network);
    for (source, (units, weight, _)) in (0u32..).zip(&sources) {
        exchange.send(source, *units, *weight, &Effort::unlimited()).unwrap();
    }
    let Answer { flow, value, prices } = answer::read(&network, &network.stages()[0].unsent_cost, &exchange);
    assert_eq!(value, 1);
    assert_eq!(check::optimal(&network, &flow, &Prices { stages: vec![prices] }), Ok(()));
    assert_eq!(certified(&network).1, 1);
}

#[test]
fn a_sink_may_have_more_neighbours_than_a_signature_has_bits() {
    // All know sink 0, which has room for a third of them, and eight of 2,500 others with a place or none each.
    let mut numbers = Seeded(3);
    let pairs: Vec<Vec<u32>> = (0..3_000)
        .map(|_| {
            let mut own: Vec<u32> = (0..8).map(|_| 1 + numbers.below(2_500) as u32).chain([0]).collect();
            own.sort_unstable();
            own.dedup();
            own
        })
        .collect();
    let sources: Vec<(u64, i64, &[u32])> = pairs.iter().map(|own| (1, 1 + numbers.below(3) as i64, &own[..])).collect();
    let mut sinks = vec![(Some(1_000), None)];
    sinks.extend((0..2_500).map(|_| (Some(numbers.below(2)), None)));
    let network = network(&sources, &sinks, &[]);
    assert_eq!(flow::solve(&network, &Effort::unlimited()).values(), [certified(&network).1]);
}

/// What `Around` says against the pairs themselves.
fn assert_signatures(around: &mut Around, held: &[Vec<u32>], labels: &[u32]) {
    for label in 1..6 {
        let has = |own: &Vec<u32>, sink: u32| own.binary_search(&sink).is_ok();
        let expected = held.iter().position(|own| own.iter().any(|sink| *sink != 0 && labels[*sink as usize] == label));
        let next = around.next(0, label, labels, |position, sink| has(&held[position], sink));
        assert_eq!(next.map(|(position, _)| position), expected);
        if let Some((position, sink)) = next {
            assert!(has(&held[position], sink) && labels[sink as usize] == label);
        }
    }
}

#[test]
fn signatures_find_the_first_source_with_a_wanted_neighbour() {
    for n_sinks in [5, 60, 70, 900, 1_500, 4_000] {
        let mut numbers = Seeded(n_sinks);
        let mut labels: Vec<u32> = (0..n_sinks).map(|_| 1 + numbers.below(4) as u32).collect();
        let mut index = Index::for_sinks(n_sinks as usize);
        let mut around = Around::nothing(0, 10);
        let mut held = Vec::new();
        for _ in 0..300 {
            let mut own: Vec<u32> = (0..9).map(|_| numbers.below(n_sinks) as u32).collect();
            own.sort_unstable();
            own.dedup();
            around.add(&own, &labels, &mut index);
            held.push(own);
        }
        around.remove_from(&mut index);
        assert_signatures(&mut around, &held, &labels);
        // One label in ten rises between searches, as they do.
        for label in labels.iter_mut().step_by(10) {
            *label += 1;
        }
        assert_signatures(&mut around, &held, &labels);
        assert_eq!(
            around.least_label(4, &labels),
            labels[1..].iter().copied().filter(|label| 4 <= *label).min().unwrap()
        );
    }
}

#[test]
fn levels_give_back_what_lies_above() {
    let mut levels = Levels::of(&[1, 2, 2, 4, 1]);
    levels.remove(3, 4);
    levels.insert(3, 3);
    levels.remove(1, 2);
    assert!(!levels.is_empty(2));
    levels.remove(2, 2);
    assert!(levels.is_empty(2));
    assert_eq!((levels.take_above(2), levels.take_above(2)), (Some(3), None));
    assert_eq!(
        (levels.take_above(0).is_some(), levels.take_above(0).is_some(), levels.take_above(0)),
        (true, true, None)
    );
}

#[test]
fn what_others_depend_on_has_less_appeal() {
    // Half of the sources know sink 0 alone; the other half can choose. Nobody knows sink 2.
    let network = network(
        &[(1, 1, &[0]), (1, 1, &[0, 1]), (3, 1, &[0]), (3, 1, &[0, 1])],
        &[(Some(4), None), (None, Some(0)), (Some(0), None)],
        &[(4, None)],
    );
    let appeal = guide::appeal(&network, &[0, 1, 2, 3], &Effort::unlimited()).unwrap();
    assert!(appeal[0] < appeal[1] / 2.0, "{appeal:?}");
    assert!(appeal.iter().all(|appeal| 0.0 < *appeal && appeal.is_finite()), "{appeal:?}");
}

/// The first stage's unsent costs alone, and pools that ask for nothing.
fn as_need(network: Network) -> Network {
    let mut parts = network.into_parts();
    for pool in &mut parts.pools {
        pool.least = 0;
    }
    parts.side.clear();
    parts.stages.truncate(1);
    let stage = &mut parts.stages[0];
    *stage = Stage { name: "need", unsent_cost: std::mem::take(&mut stage.unsent_cost), ..Stage::default() };
    Network::new(parts).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn every_answer_carries_its_proof_and_the_simplex_value(network in small(Sizes::SMALL)) {
        let network = as_need(network);
        let value = certified(&network).1;
        let outcome = flow::solve(&network, &Effort::unlimited());
        prop_assert_eq!(outcome.values(), &[value][..]);
    }

    #[test]
    fn no_flow_is_better(network in small(Sizes::TINY)) {
        let network = as_need(network);
        prop_assert_eq!(vec![certified(&network).1], least_values(&network));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_program_finds_the_same_value(network in small(Sizes::SMALL)) {
        let network = as_need(network);
        prop_assume!(0 < network.n_pairs());
        let outcome = program::solve(&network, &Effort::unlimited()).unwrap();
        prop_assert_eq!(outcome.values(), &[certified(&network).1][..]);
    }

    #[test]
    fn shuffled_sources_have_the_same_value_and_seals(shape in 0usize..SHAPES.len(), seed in any::<u64>(), by in 1usize..100) {
        let network = seeded(SHAPES[shape], seed);
        let n = network.n_sources();
        let order: Vec<usize> = (0..n).map(|at| (at + by) % n).collect();
        let mut parts = network.clone().into_parts();
        parts.sources = order.iter().map(|source| network.sources()[*source]).collect();
        parts.stages[0].unsent_cost = order.iter().map(|source| network.stages()[0].unsent_cost[*source]).collect();
        parts.sinks = order.iter().flat_map(|source| &network.sinks()[network.pairs_of(*source)]).copied().collect();
        parts.starts = vec![0];
        for source in &order {
            parts.starts.push(parts.starts[parts.starts.len() - 1] + network.pairs_of(*source).len());
        }
        prop_assert!(certified(&network).1 == certified(&Network::new(parts).unwrap()).1);
    }
}
