//! The checker against answers that are wrong: each kind of violation by hand, then random changes to right answers.

use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{Arc, Violation, feasible, optimal};
use crate::solve::samples::{Sizes, least_values, small};
use crate::solve::{
    Effort, Flow, Limit, Network, NetworkParts, Outcome, PairCosts, Pool, Prices, Proof, Source, Stage, StagePrices,
    Step, flow,
};

/// Two children's needs in one pool that must keep one unit unsent at 4 a unit; both want one sink behind a limit.
fn network() -> Network {
    Network::new(NetworkParts {
        sources: vec![Source { units: 2, pool: Some(0) }, Source { units: 1, pool: Some(0) }],
        starts: vec![0, 1, 2],
        sinks: vec![0, 0],
        places: vec![Some(2)],
        sink_limits: vec![Some(0)],
        limits: vec![Limit { capacity: 2, parent: None }],
        pools: vec![Pool { parent: None, least: 1 }],
        side: vec![],
        stages: vec![Stage {
            name: "need",
            pair_cost: PairCosts::new(vec![1, 2]),
            unsent_cost: vec![10, 10],
            pool_steps: vec![vec![Step { units: 3, cost: 4 }]],
            side_steps: vec![],
        }],
    })
    .unwrap()
}

/// The optimum of [`network`]: both units of the first source, and why nothing else is better.
fn answer() -> (Flow, Prices) {
    let prices = StagePrices { sources: vec![14, 14], sinks: vec![13], limits: vec![13], pools: vec![4] };
    (Flow::of_all(vec![2, 0]), Prices { stages: vec![prices] })
}

fn first_words(result: Result<impl std::fmt::Debug, Vec<Violation>>) -> String {
    result.expect_err("the checker must object")[0].to_string()
}

#[test]
fn a_right_answer_passes() {
    let (flow, prices) = answer();
    assert_eq!(feasible(&network(), &flow), Ok(vec![2 + 10 + 4]));
    assert_eq!(optimal(&network(), &flow, &prices), Ok(()));
}

#[test]
fn an_infeasible_flow_is_named_with_its_place() {
    let words = |pairs: Vec<u64>| first_words(feasible(&network(), &Flow::of_all(pairs)));
    assert_eq!(words(vec![0, 0, 1]), "the flow names pair 2, but there are 2");
    assert_eq!(words(vec![0, 2]), "source 1 sends 2 units but holds 1");
    assert_eq!(
        feasible(&network(), &Flow::of_all(vec![2, 1])),
        Err(vec![
            Violation::SinkOverfull { sink: 0, taken: 3, places: 2 },
            Violation::LimitExceeded { limit: 0, taken: 3, capacity: 2 },
            Violation::PoolBelowLeast { pool: 0, unsent: 0, least: 1 },
        ])
    );
    assert_eq!(words(vec![u64::MAX, u64::MAX]), format!("source 0 sends {} units but holds 2", u64::MAX));
}

#[test]
fn a_flow_that_is_not_the_best_is_named_with_its_arc() {
    // One unit of each source: feasible, but the second source's pair is dearer by one.
    let flow = Flow::of_all(vec![1, 1]);
    assert_eq!(feasible(&network(), &flow), Ok(vec![17]));
    assert_eq!(
        optimal(&network(), &flow, &answer().1),
        Err(vec![Violation::ShouldCarryLess { arc: Arc::Pair { source: 1, sink: 0 }, reduced: vec![1] }])
    );
}

#[test]
fn each_wrong_price_is_named_with_an_arc() {
    let words = |change: fn(&mut StagePrices)| {
        let (flow, mut prices) = answer();
        change(&mut prices.stages[0]);
        optimal(&network(), &flow, &prices)
            .expect_err("the checker must object")
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let more = |arc: &str, by: i32| {
        format!("{arc} should carry more: one unit more changes the stages by [{by}] at these prices")
    };
    let less = |arc: &str, by: i32| format!("{arc} should carry less: its last unit costs [{by}] at these prices");
    assert_eq!(
        words(|prices| prices.sources[0] += 1),
        [more("the pair of source 0 and sink 0", -1), more("what source 0 leaves unsent", -1)]
    );
    assert_eq!(words(|prices| prices.sources[1] -= 2), [less("what source 1 leaves unsent", 2)]);
    assert_eq!(words(|prices| prices.sinks[0] += 1), [less("the pair of source 0 and sink 0", 1)]);
    assert_eq!(words(|prices| prices.limits[0] = 14), [less("the way out of sink 0", 1)]);
    assert_eq!(words(|prices| prices.limits[0] = -1), [less("the way out of limit 0", 1)]);
    assert_eq!(
        words(|prices| prices.pools[0] = 5),
        [less("what source 1 leaves unsent", 1), more("the way out of pool 0", -1)]
    );
}

#[test]
fn a_sink_without_end_always_has_room() {
    let mut parts = network().into_parts();
    parts.places = vec![None];
    let (flow, mut prices) = answer();
    prices.stages[0].sinks[0] = 14;
    prices.stages[0].sources[0] = 14;
    let violations = optimal(&Network::new(parts).unwrap(), &flow, &prices).unwrap_err();
    assert!(
        violations.contains(&Violation::ShouldCarryMore { arc: Arc::Sink(0), reduced: vec![-1] }),
        "{violations:?}"
    );
}

#[test]
fn prices_of_another_shape_are_refused() {
    let (flow, prices) = answer();
    let mut short = prices.clone();
    short.stages[0].pools.clear();
    assert_eq!(first_words(optimal(&network(), &flow, &short)), "there are 0 prices of pools in stage 0; right are 1");
    let more = Prices { stages: vec![prices.stages[0].clone(); 2] };
    assert_eq!(first_words(optimal(&network(), &flow, &more)), "there are prices for 2 stages; right are 1");
}

#[test]
fn side_groups_have_no_certificate() {
    let mut parts = network().into_parts();
    parts.side = vec![crate::solve::SideGroup { sources: vec![0] }];
    let (flow, prices) = answer();
    assert_eq!(optimal(&Network::new(parts).unwrap(), &flow, &prices), Err(vec![Violation::NotANetwork]));
}

#[test]
fn the_list_of_violations_ends() {
    let n = 3 * super::MOST_LISTED;
    let network = Network::new(NetworkParts {
        sources: vec![Source { units: 0, pool: None }; n],
        starts: (0..=n).collect(),
        sinks: vec![0; n],
        places: vec![None],
        sink_limits: vec![None],
        stages: vec![Stage { name: "need", ..Stage::default() }],
        ..NetworkParts::default()
    })
    .unwrap();
    let violations = feasible(&network, &Flow::of_all(vec![1; n])).unwrap_err();
    assert_eq!(violations.len(), super::MOST_LISTED);
}

fn solved(network: &Network) -> (Flow, Prices) {
    match flow::solve(network, &Effort::unlimited()) {
        Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } => (flow, prices),
        other => panic!("unlimited, the solver must end with prices, not {other:?}"),
    }
}

/// The network with its costs rotated within each stage: the same flows, another optimum.
fn with_other_costs(network: Network) -> Network {
    let mut parts = network.into_parts();
    for stage in &mut parts.stages {
        let mut pair_costs: Vec<i64> = (0..parts.sinks.len()).map(|pair| stage.pair_cost.of(pair)).collect();
        for costs in [&mut pair_costs, &mut stage.unsent_cost] {
            if !costs.is_empty() {
                costs.rotate_left(1);
            }
        }
        stage.pair_cost = PairCosts::new(pair_costs);
    }
    Network::new(parts).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn optimal_prices_fit_exactly_the_optimal_flows(
        network in small(Sizes::TINY),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0u64..=2), 1..4),
    ) {
        if network.n_pairs() == 0 {
            return Ok(());
        }
        let (mut flow, prices) = solved(&network);
        for (pair, units) in changes {
            let mut all: Vec<u64> = (0..network.n_pairs()).map(|pair| flow.of(pair)).collect();
            all[pair.index(network.n_pairs())] = units;
            flow = Flow::of_all(all);
        }
        match feasible(&network, &flow) {
            Ok(values) => prop_assert_eq!(optimal(&network, &flow, &prices).is_ok(), values == least_values(&network)),
            Err(violations) => prop_assert_eq!(optimal(&network, &flow, &prices), Err(violations)),
        }
    }

    #[test]
    fn whatever_passes_is_optimal(network in small(Sizes::TINY)) {
        // Prices and flow of other costs mostly fail here; where they pass, trying every flow must find none better.
        let (flow, prices) = solved(&with_other_costs(network.clone()));
        if optimal(&network, &flow, &prices).is_ok() {
            prop_assert_eq!(feasible(&network, &flow), Ok(least_values(&network)));
        }
    }

    #[test]
    fn a_source_priced_far_off_is_caught(
        network in small(Sizes::SMALL),
        raw in any::<proptest::sample::Index>(),
        stage in any::<proptest::sample::Index>(),
    ) {
        if network.n_sources() == 0 {
            return Ok(());
        }
        let (flow, prices) = solved(&network);
        let source = raw.index(network.n_sources());
        // A later stage only counts where the arcs tie before it, so the first stage is moved too.
        let stages = 0..=stage.index(network.stages().len());
        let moved = |by: i64| {
            let mut prices = prices.clone();
            for stage in stages.clone() {
                prices.stages[stage].sources[source] += by;
            }
            optimal(&network, &flow, &prices)
        };
        prop_assert!(moved(1000).is_err());
        prop_assert_eq!(moved(-1000).is_err(), 0 < network.sources()[source].units);
    }
}
