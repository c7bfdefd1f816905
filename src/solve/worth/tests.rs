//! Worths against solving again with one place more or less.

use std::sync::Arc;

use proptest::prelude::ProptestConfig;
use proptest::{prop_assert_eq, proptest};

use super::worths;
use crate::solve::samples::{Sizes, place, small};
use crate::solve::{Effort, Limit, Network, NetworkParts, Outcome, Proof, Source, Stage, StopReason, Worth, flow};

fn solved(network: &Network) -> Vec<i64> {
    flow::solve(network, &Effort::unlimited()).values().to_vec()
}

fn worths_of(network: &Network, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
    match flow::solve(network, &Effort::unlimited()) {
        Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } => {
            worths(&Arc::new(network.clone()), &flow, &prices, effort)
        }
        other => panic!("unlimited, the solver must end with prices, not {other:?}"),
    }
}

/// The worth of a sink by definition.
fn solved_again(network: &Network, sink: usize) -> Worth {
    let before = solved(network);
    let with = |places: Option<u64>| {
        let mut parts = network.clone().into_parts();
        parts.places[sink] = Some(places?);
        let after = solved(&Network::new(parts).unwrap());
        Some(after.iter().zip(&before).map(|(after, before)| after - before).collect())
    };
    let places = network.places()[sink];
    Worth {
        one_more: with(places.map(|places| places + 1)),
        one_less: with(places.and_then(|places| places.checked_sub(1))),
    }
}

#[test]
fn one_more_and_one_less_differ() {
    // Weights 5, 3 and 2 want one sink with two places: losing one costs the 3, gaining one saves the 2. The limit
    // behind a second sink is what binds there, so a place more in that sink is worth nothing, and one less nothing.
    let network = Network::new(NetworkParts {
        sources: vec![Source { units: 1, pool: None }; 5],
        starts: vec![0, 1, 2, 3, 4, 5],
        sinks: vec![0, 0, 0, 1, 1],
        places: vec![Some(2), Some(2)],
        sink_limits: vec![None, Some(0)],
        limits: vec![Limit { capacity: 1, parent: None }],
        stages: vec![Stage { name: "need", unsent_cost: vec![5, 3, 2, 7, 6], ..Stage::default() }],
        ..NetworkParts::default()
    })
    .unwrap();
    let worth = |more: i64, less: i64| Worth { one_more: Some(vec![more]), one_less: Some(vec![less]) };
    assert_eq!(worths_of(&network, &Effort::unlimited()), Ok(vec![worth(-2, 3), worth(0, 0)]));
}

#[test]
fn a_limit_stops_the_search() {
    let network = place(300, 20, 300, 1);
    assert_eq!(worths_of(&network, &Effort::unlimited().at_most(10)), Err(StopReason::TickLimit));
}

#[test]
fn a_place_of_some_size_agrees_with_solving_again() {
    let network = place(300, 20, 300, 2);
    for (sink, worth) in worths_of(&network, &Effort::unlimited()).unwrap().into_iter().enumerate() {
        assert_eq!(worth, solved_again(&network, sink), "sink {sink}");
    }
}

#[test]
fn threads_do_not_change_the_answer() {
    let mut parts = place(400, 30, 300, 5).into_parts();
    parts.sink_limits = (0..30).map(|sink| Some(sink / 3)).collect();
    parts.limits = (0..10).map(|limit| Limit { capacity: 10 + 3 * limit, parent: None }).collect();
    let network = Network::new(parts).unwrap();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let alone = worths_of(&network, &Effort::unlimited());
    assert!(alone.as_ref().is_ok_and(|worths| worths.iter().any(|worth| worth.one_more != Some(vec![0, 0]))));
    assert_eq!(worths_of(&network, &Effort::unlimited().on(&threads)), alone);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn each_worth_is_what_solving_again_says(network in small(Sizes::SMALL)) {
        for (sink, worth) in worths_of(&network, &Effort::unlimited()).unwrap().into_iter().enumerate() {
            prop_assert_eq!(worth, solved_again(&network, sink), "sink {}", sink);
        }
    }
}
