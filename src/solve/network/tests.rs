//! Each promise of a network, broken once.

use super::{Limit, Network, NetworkParts, PairCosts, Pool, SideGroup, Source, Stage, Step};
use crate::solve::Flow;

/// Two sources (3 and 2 units; the first in pool 1 inside pool 0), two sinks, the first behind limit 1 behind limit 0.
fn parts() -> NetworkParts {
    NetworkParts {
        sources: vec![Source { units: 3, pool: Some(1) }, Source { units: 2, pool: None }],
        starts: vec![0, 2, 3],
        sinks: vec![0, 1, 1],
        places: vec![Some(2), None],
        sink_limits: vec![Some(1), None],
        limits: vec![Limit { capacity: 5, parent: None }, Limit { capacity: 4, parent: Some(0) }],
        pools: vec![Pool { parent: None, least: 1 }, Pool { parent: Some(0), least: 0 }],
        side: vec![SideGroup { sources: vec![0, 1] }],
        stages: vec![Stage {
            name: "need",
            pair_cost: PairCosts::new(vec![-1, 2, 3]),
            unsent_cost: vec![10, 20],
            pool_steps: vec![vec![Step { units: 1, cost: 5 }, Step { units: 2, cost: 7 }], vec![]],
            side_steps: vec![vec![Step { units: 5, cost: 100 }]],
        }],
    }
}

/// The refusal of the parts after one change.
fn refusal(change: impl Fn(&mut NetworkParts)) -> String {
    let mut parts = parts();
    change(&mut parts);
    Network::new(parts).expect_err("the change must be refused").to_string()
}

#[test]
fn good_parts_come_out_as_they_went_in() {
    let network = Network::new(parts()).unwrap();
    assert_eq!((network.n_sources(), network.n_sinks(), network.n_pairs()), (2, 2, 3));
    assert_eq!(network.pairs_of(0), 0..2);
    assert_eq!(network.pool_holds(), [3, 3]);
    assert!(!network.is_network());
    assert_eq!(network.into_parts(), parts());
}

#[test]
fn a_flow_is_costed_by_pairs_unsent_units_pools_and_side_groups() {
    let network = Network::new(parts()).unwrap();
    // Source 0 sends 1 to sink 0 and leaves 2; source 1 sends 2 to sink 1.
    let flow = Flow::of_all(vec![1, 0, 2]);
    assert_eq!(network.unsent(&flow), [2, 0]);
    // Pairs -1 + 6; unsent 20; pool 0 holds 2: 5 + 7; pool 1 costs nothing; side group 2 at 100.
    assert_eq!(network.values(&flow), [237]);
    assert_eq!(network.value(0, &Flow::nothing()), 30 + 40 + (5 + 14) + 500);
}

#[test]
fn pairs_must_be_a_rising_list_for_each_source() {
    assert_eq!(refusal(|parts| parts.starts = vec![0, 3]), "2 sources need 3 starts, not 2");
    assert_eq!(
        refusal(|parts| parts.starts = vec![0, 2, 2]),
        "starts must run from 0 to the number of pairs, 3, not from 0 to 2"
    );
    assert_eq!(refusal(|parts| parts.starts = vec![0, 9, 3]), "the pairs of source 0 run from 0 to 9 of 3");
    assert_eq!(
        refusal(|parts| parts.sinks = vec![1, 1, 1]),
        "the sinks of source 0 must rise, each once: 1 comes right after 1"
    );
    assert_eq!(refusal(|parts| parts.sinks[2] = 2), "source 1 has a pair with sink 2, but there are 2 sinks");
    assert_eq!(refusal(|parts| parts.sink_limits = vec![]), "2 sinks need as many sink limits, not 0");
}

#[test]
fn groups_must_be_forests_of_what_there_is() {
    assert_eq!(
        refusal(|parts| parts.limits[1].parent = Some(1)),
        "the parent of limit 1 must have a smaller position, not 1"
    );
    assert_eq!(
        refusal(|parts| parts.pools[0].parent = Some(1)),
        "the parent of pool 0 must have a smaller position, not 1"
    );
    assert_eq!(refusal(|parts| parts.sink_limits[1] = Some(2)), "sink 1 is behind limit 2, but there are 2 limits");
    assert_eq!(refusal(|parts| parts.sources[1].pool = Some(7)), "source 1 is in pool 7, but there are 2 pools");
    assert_eq!(
        refusal(|parts| parts.side[0].sources = vec![0, 2]),
        "side group 0 holds source 2, but there are 2 sources"
    );
    assert_eq!(refusal(|parts| parts.side[0].sources = vec![1, 0]), "the sources of side group 0 must rise, each once");
}

#[test]
fn a_pool_cannot_keep_more_than_it_holds() {
    assert_eq!(
        refusal(|parts| parts.pools[0].least = 4),
        "pool 0 asks for 4 unsent units, but its members have 3 together"
    );
}

#[test]
fn stages_must_cost_everything_once_and_convexly() {
    assert_eq!(refusal(|parts| parts.stages.clear()), "there are 0 stages; at least 1 and at most 8 are possible");
    assert_eq!(
        refusal(|parts| parts.stages = vec![Stage::default(); 9]),
        "there are 9 stages; at least 1 and at most 8 are possible"
    );
    assert_eq!(
        refusal(|parts| parts.stages[0].pair_cost = PairCosts::new([1])),
        "stage need has 1 pair costs; right are 3, or none"
    );
    assert_eq!(
        refusal(|parts| parts.stages[0].pool_steps[0][1].cost = 4),
        "the steps of pool 0 in stage need must not fall"
    );
    assert_eq!(
        refusal(|parts| parts.stages[0].pool_steps[0][1].units = 1),
        "the steps of pool 0 in stage need cover 2 units of 3"
    );
    assert_eq!(
        refusal(|parts| parts.stages[0].side_steps[0][0].units = 4),
        "the steps of side group 0 in stage need cover 4 units of 5"
    );
}

#[test]
fn no_sum_may_pass_two_to_the_fifty_third() {
    let most = Network::MOST as i64;
    let network = |units: u64, cost: i64| {
        Network::new(NetworkParts {
            sources: vec![Source { units, pool: None }],
            starts: vec![0, 0],
            stages: vec![Stage { name: "need", unsent_cost: vec![cost], ..Stage::default() }],
            ..NetworkParts::default()
        })
    };
    assert!(network(2, most / 2).is_ok());
    assert!(network(2, -most / 2).is_ok());
    assert_eq!(
        network(2, most / 2 + 1).unwrap_err().to_string(),
        "the costs of stage need could add up to 9007199254740994; at most 9007199254740992 (2^53) are possible"
    );
    assert!(network(u64::MAX, i64::MIN).is_err());
    // A price is a cost per unit, whether or not there is a unit.
    assert!(network(0, i64::MIN).is_err());
    assert_eq!(
        network(Network::MOST + 1, 0).unwrap_err().to_string(),
        "all sources hold 9007199254740993 units together; at most 9007199254740992 are possible"
    );
    assert!(refusal(|parts| parts.stages[0].pool_steps[0][1].cost = most / 2).contains("could add up to"));
}

#[test]
fn costs_are_narrow_where_all_fit() {
    let of = |costs: &[i64]| PairCosts::new(costs.iter().copied());
    assert_eq!(of(&[]), PairCosts::Zero);
    assert_eq!(of(&[1, -2]), PairCosts::Narrow(vec![1, -2]));
    let wide = i64::from(i32::MAX) + 1;
    assert_eq!(of(&[1, wide, -3]), PairCosts::Wide(vec![1, wide, -3]));
    assert_eq!((of(&[1, wide, -3]).of(1), of(&[1, -2]).of(1), PairCosts::Zero.of(7)), (wide, -2, 0));
}

#[test]
fn a_flow_is_what_its_pairs_carry() {
    let flow = Flow::new(vec![(4, 1), (1, 2), (3, 0), (4, 5)]);
    assert_eq!(flow.carried(), [(1, 2), (4, 6)]);
    assert_eq!((flow.of(1), flow.of(2), flow.of(4)), (2, 0, 6));
    assert_eq!(flow.within(2..5), [(4, 6)]);
    assert_eq!(flow, Flow::of_all([0, 2, 0, 0, 6]));
}
