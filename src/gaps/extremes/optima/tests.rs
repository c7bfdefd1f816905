use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};

use super::super::MetRange;
use super::super::tight::{NONE, Rows};
use super::{by_prices, by_solving, ranges};
use crate::solve::{Effort, Limit, Network, NetworkParts, Pool, Source, Stage, StopReason};

/// Sources as units, weight and sinks; sinks as places and the limit behind them; limits as capacities.
fn network(sources: &[(u64, i64, &[u32])], sinks: &[(Option<u64>, Option<u32>)], limits: &[u64]) -> Network {
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut need = Stage { name: "need", ..Stage::default() };
    for (units, weight, sinks) in sources {
        parts.sources.push(Source { units: *units, pool: None });
        parts.sinks.extend(*sinks);
        parts.starts.push(parts.sinks.len());
        need.unsent_cost.push(*weight);
    }
    parts.places = sinks.iter().map(|(places, _)| *places).collect();
    parts.sink_limits = sinks.iter().map(|(_, limit)| *limit).collect();
    parts.limits = limits.iter().map(|&capacity| Limit { capacity, parent: None }).collect();
    parts.stages = vec![need];
    Network::new(parts).unwrap()
}

/// Least and most met of each row, by both ways.
fn both(network: &Network, rows: &[u32]) -> Vec<(u64, u64)> {
    let n = rows.iter().filter(|row| **row != NONE).max().map_or(0, |most| *most as usize + 1);
    let tables = [Rows { of: rows.to_vec(), n }];
    let effort = Effort::unlimited();
    let found = by_prices(network, &tables, &effort).unwrap();
    assert_eq!(found, by_solving(network.clone(), &tables, &effort).unwrap());
    found[0].iter().map(|range| (range.met_least, range.met_most)).collect()
}

#[test]
fn equals_may_change_places_and_others_may_not() {
    // One place for two of weight 1; whoever weighs 2 has one of its own.
    let of = network(&[(1, 1, &[0]), (1, 1, &[0]), (1, 2, &[1])], &[(Some(1), None), (Some(1), None)], &[]);
    assert_eq!(both(&of, &[0, 1, 2]), [(0, 1), (0, 1), (1, 1)]);
    // In one row nothing is open, and whoever is in no row still takes its place.
    assert_eq!(both(&of, &[0, 0, 1]), [(1, 1), (1, 1)]);
    assert_eq!(both(&of, &[0, NONE, NONE]), [(0, 1)]);
}

#[test]
fn the_heavier_keep_their_places_whatever_they_hold() {
    let of = network(&[(2, 4, &[0]), (3, 1, &[0]), (3, 1, &[0])], &[(Some(4), None)], &[]);
    assert_eq!(both(&of, &[0, 1, 2]), [(2, 2), (0, 2), (0, 2)]);
}

#[test]
fn a_place_may_come_free_some_moves_away() {
    // 0 may use the first sink alone. Who holds it moves to the second, whose holder moves to the third, where 3 gives
    // way: any of the four may be the one who goes without.
    let of = network(
        &[(1, 1, &[0]), (1, 1, &[0, 1]), (1, 1, &[1, 2]), (1, 1, &[2])],
        &[(Some(1), None), (Some(1), None), (Some(1), None)],
        &[],
    );
    assert_eq!(both(&of, &[0, 1, 2, 3]), [(0, 1); 4]);
    // Only one does, so of two at least one is met.
    assert_eq!(both(&of, &[0, 0, 1, 1]), [(1, 2), (1, 2)]);
}

#[test]
fn places_behind_a_full_provider_can_be_had_where_a_sibling_gives_way() {
    // Two sinks with a place each share one behind them.
    let of = network(&[(1, 1, &[0]), (1, 1, &[1])], &[(Some(1), Some(0)), (Some(1), Some(0))], &[1]);
    assert_eq!(both(&of, &[0, 1]), [(0, 1), (0, 1)]);
    // With places for both nothing is open.
    let of = network(&[(1, 1, &[0]), (1, 1, &[1])], &[(Some(1), Some(0)), (Some(1), Some(0))], &[2]);
    assert_eq!(both(&of, &[0, 1]), [(1, 1), (1, 1)]);
}

#[test]
fn a_row_gives_up_no_more_than_others_can_take() {
    // Five places; 7 ask in one row, and two others know one sink of the two.
    let of = network(&[(7, 1, &[0, 1]), (2, 1, &[0])], &[(Some(1), None), (Some(4), None)], &[]);
    assert_eq!(both(&of, &[0, 1]), [(4, 5), (0, 1)]);
}

#[test]
fn limits_on_what_several_send_are_solved_for() {
    // Of one holder's two only one may be placed, though there is room for all; it may be either.
    let mut parts = network(&[(1, 1, &[0]), (1, 1, &[0]), (1, 1, &[0])], &[(None, None)], &[]).into_parts();
    parts.pools = vec![Pool { parent: None, least: 1 }];
    parts.sources[0].pool = Some(0);
    parts.sources[1].pool = Some(0);
    let tables = [Rows { of: vec![0, 1, 2], n: 3 }];
    let found = ranges(Network::new(parts).unwrap(), &tables, &Effort::unlimited()).unwrap();
    let range = |met_least, met_most| MetRange { met_least, met_most };
    assert_eq!(found, [[range(0, 1), range(0, 1), range(1, 1)]]);
}

#[test]
fn a_stop_is_heard() {
    let of = network(&[(1, 1, &[0]), (1, 1, &[0])], &[(Some(1), None)], &[]);
    let tables = [Rows { of: vec![0, 1], n: 2 }];
    let mut ticks = 0;
    while let Err(reason) = ranges(of.clone(), &tables, &Effort::unlimited().at_most(ticks)) {
        assert_eq!(reason, StopReason::TickLimit);
        ticks += 1;
    }
    assert!(10 < ticks, "{ticks}");
}

/// Networks with ties, cohorts, limits, sinks without end and sources without pairs, and a row for each source.
fn any_network(sources: usize, sinks: usize) -> impl Strategy<Value = (Network, Vec<u32>)> {
    let of_source = (0..4_u64, 1..3_i64, vec(0..3_u8, sinks), 0..4_u32);
    let of_sink = (0..6_u64, 0..5_u32);
    (vec(of_source, 1..=sources), vec(of_sink, sinks), vec(0..5_u64, 2), any::<bool>()).prop_map(
        |(sources, sinks, limits, single)| {
            let own = |knows: &[u8]| -> Vec<u32> {
                (0..).zip(knows).filter(|(_, knows)| **knows == 0).map(|(sink, _)| sink).collect()
            };
            let pairs: Vec<Vec<u32>> = sources.iter().map(|(_, _, knows, _)| own(knows)).collect();
            let of_sources: Vec<(u64, i64, &[u32])> = sources
                .iter()
                .zip(&pairs)
                .map(|((units, weight, ..), own)| (if single { 1 } else { *units }, *weight, &own[..]))
                .collect();
            let of_sinks: Vec<_> = sinks
                .iter()
                .map(|&(places, limit)| ((places < 5).then_some(places), Some(limit).filter(|limit| *limit < 2)))
                .collect();
            let rows = sources.iter().map(|(.., row)| if *row == 3 { NONE } else { *row }).collect();
            (network(&of_sources, &of_sinks, &limits), rows)
        },
    )
}

/// Least and most of each row over all flows that send most weight, by trying every one.
fn by_trying(network: &Network, rows: &[u32]) -> Vec<(u64, u64)> {
    let mut best = (0, vec![(0, 0); 3]);
    let mut sent = vec![0; network.n_sources()];
    let mut used = vec![0; network.n_sinks()];
    let mut passed = vec![0; network.limits().len()];
    try_from(network, rows, (0, 0), &mut sent, &mut used, &mut passed, &mut best);
    best.1
}

fn try_from(
    network: &Network,
    rows: &[u32],
    (source, pair): (usize, usize),
    sent: &mut [u64],
    used: &mut [u64],
    passed: &mut [u64],
    best: &mut (i64, Vec<(u64, u64)>),
) {
    if source == network.n_sources() {
        let weight = network.stages()[0].unsent_cost.iter().zip(&*sent).map(|(weight, sent)| weight * *sent as i64);
        let weight: i64 = weight.sum();
        let mut met = [0; 3];
        rows.iter().zip(&*sent).filter(|(row, _)| **row != NONE).for_each(|(row, sent)| met[*row as usize] += sent);
        let found = met.iter().map(|&met| (met, met));
        if best.0 < weight {
            *best = (weight, found.collect());
        } else if best.0 == weight {
            best.1.iter_mut().zip(found).for_each(|(range, (met, _))| *range = (range.0.min(met), range.1.max(met)));
        }
        return;
    }
    let own = network.pairs_of(source);
    if own.len() <= pair {
        return try_from(network, rows, (source + 1, 0), sent, used, passed, best);
    }
    let sink = network.sinks()[own.start + pair] as usize;
    let limit = network.sink_limits()[sink].map(|limit| limit as usize);
    let mut most = network.sources()[source].units - sent[source];
    most = most.min(network.places()[sink].map_or(u64::MAX, |places| places - used[sink]));
    most = most.min(limit.map_or(u64::MAX, |limit| network.limits()[limit].capacity - passed[limit]));
    for units in 0..=most {
        sent[source] += units;
        used[sink] += units;
        limit.iter().for_each(|&limit| passed[limit] += units);
        try_from(network, rows, (source, pair + 1), sent, used, passed, best);
        sent[source] -= units;
        used[sink] -= units;
        limit.iter().for_each(|&limit| passed[limit] -= units);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_optimum_lies_outside_and_some_at_either_end((network, rows) in any_network(5, 3)) {
        let tables = [Rows { of: rows.clone(), n: 3 }];
        let found = ranges(network.clone(), &tables, &Effort::unlimited()).unwrap();
        let found: Vec<_> = found[0].iter().map(|range| (range.met_least, range.met_most)).collect();
        // Nothing sent at all is tried first, so where that is best it is counted.
        prop_assert_eq!(found, by_trying(&network, &rows));
    }

    #[test]
    fn prices_say_what_solving_for_each_row_says((network, rows) in any_network(25, 8)) {
        let tables = [Rows { of: rows, n: 3 }, Rows { of: (0..network.n_sources() as u32).collect(), n: network.n_sources() }];
        let effort = Effort::unlimited();
        prop_assert_eq!(by_prices(&network, &tables, &effort).unwrap(), by_solving(network, &tables, &effort).unwrap());
    }
}
