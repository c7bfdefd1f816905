//! Changes, one after the other, against solving afresh.

use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, Strategy, any};
use proptest::{collection::vec, option, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::lengths::Plain;
use super::shortlist::End;
use super::{Change, Evidence, NotChanged, PairParts, Sized, SourceParts, Standing};
use crate::solve::samples::{Sizes, place, small};
use crate::solve::{
    Effort, Limit, Network, NetworkParts, Outcome, PairCosts, Pool, Proof, Source, Stage, Step, StopReason, check, flow,
};

fn standing(network: &Network) -> Standing {
    match flow::solve(network, &Effort::unlimited()) {
        Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } => {
            Standing::of(Arc::new(network.clone()), &flow, &prices).expect("an optimum of this network")
        }
        other => panic!("unlimited, the solver must end with prices, not {other:?}"),
    }
}

fn evidence(standing: &Standing) -> Evidence {
    let all = |count: usize| (0..count as u32).collect::<Vec<u32>>();
    standing.evidence(&all(standing.n_sources()), &all(standing.n_sinks())).expect("a valid network")
}

fn after(standing: &Standing, change: Change) -> Standing {
    standing.after(&[change], &Effort::unlimited()).expect("a change that can be made")
}

/// The optimum is one, and says of itself what a fresh solve says.
fn holds(standing: &Standing) -> Result<(), String> {
    let Evidence { network, flow, prices } = evidence(standing);
    check::optimal(&network, &flow, &prices).map_err(|violations| format!("{violations:?} in {network:?}"))?;
    let counted = check::feasible(&network, &flow).map_err(|violations| format!("{violations:?}"))?;
    if counted != standing.values() {
        return Err(format!("values are {counted:?}, not {:?}", standing.values()));
    }
    let fresh = flow::solve(&network, &Effort::unlimited());
    if fresh.values() != standing.values() {
        return Err(format!("a fresh solve gives {:?}, not {:?}", fresh.values(), standing.values()));
    }
    let Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } = fresh else {
        return Err("the fresh solve did not end with prices".to_owned());
    };
    let worths = crate::solve::worth::worths(&Arc::new(network), &flow, &prices, &Effort::unlimited());
    let worths = worths.map_err(|reason| format!("{reason:?}"))?;
    // These prices are no tree's, so not every sink has a way of length zero.
    let all = standing.worths(&Effort::unlimited()).map_err(|reason| format!("{reason:?}"))?;
    if all != worths {
        return Err(format!("all at once: a fresh solve gives {worths:?}, not {all:?}"));
    }
    for (sink, worth) in worths.into_iter().enumerate() {
        let own = standing.worth(sink as u32, &Effort::unlimited()).map_err(|reason| format!("{reason:?}"))?;
        if own != worth {
            return Err(format!("sink {sink}: a fresh solve gives {worth:?}, not {own:?}"));
        }
    }
    Ok(())
}

/// Three sources of weights 5, 3 and 2 want one sink with two places.
fn three_want_two_places() -> Network {
    Network::new(NetworkParts {
        sources: vec![Source { units: 1, pool: None }; 3],
        starts: vec![0, 1, 2, 3],
        sinks: vec![0, 0, 0],
        places: vec![Some(2)],
        sink_limits: vec![None],
        stages: vec![Stage { name: "need", unsent_cost: vec![5, 3, 2], ..Stage::default() }],
        ..NetworkParts::default()
    })
    .unwrap()
}

#[test]
fn places_that_come_and_go_let_the_next_in_and_the_last_out() {
    let two = standing(&three_want_two_places());
    assert_eq!(two.values(), [2]);
    let three = after(&two, Change::Places { sink: 0, places: Some(3) });
    assert_eq!((three.values(), three.sent(2)), (vec![0], vec![(0, 1)]));
    let one = after(&three, Change::Places { sink: 0, places: Some(1) });
    assert_eq!((one.values(), one.sent(0), one.taken(0)), (vec![5], vec![(0, 1)], 1));
    let endless = after(&one, Change::Places { sink: 0, places: None });
    assert_eq!((endless.values(), endless.taken(0)), (vec![0], 3));
    // What it was made of has not changed.
    assert_eq!((two.values(), two.taken(0)), (vec![2], 2));
}

#[test]
fn a_source_more_pushes_out_who_counts_less() {
    let two = standing(&three_want_two_places());
    let pairs = vec![PairParts { sink: 0, cost: vec![0] }];
    let with = SourceParts { units: 1, pool: None, pairs, unsent_cost: vec![4] };
    let four = after(&two, Change::NewSource { with });
    assert_eq!((four.values(), four.sent(1), four.sent(3)), (vec![5], vec![], vec![(0, 1)]));
    let gone = SourceParts { unsent_cost: vec![0], ..SourceParts::default() };
    let less = after(&four, Change::Source { source: 0, with: gone });
    assert_eq!((less.values(), less.units(0), less.sent(1)), (vec![2], 0, vec![(0, 1)]));
}

#[test]
fn a_new_sink_takes_who_gets_a_pair_with_it() {
    let two = standing(&three_want_two_places());
    let pairs = vec![PairParts { sink: 0, cost: vec![0] }, PairParts { sink: 1, cost: vec![0] }];
    let changes = [
        Change::NewSink { places: Some(1), limit: None },
        Change::Source { source: 2, with: SourceParts { units: 1, pool: None, pairs, unsent_cost: vec![2] } },
    ];
    let more = two.after(&changes, &Effort::unlimited()).unwrap();
    assert_eq!((more.values(), more.sent(2), more.n_sinks()), (vec![0], vec![(1, 1)], 2));
    assert_eq!(holds(&more), Ok(()));
}

#[test]
fn what_would_be_no_network_is_refused() {
    let network = Network::new(NetworkParts {
        pools: vec![Pool { parent: None, least: 1 }],
        sources: vec![Source { units: 1, pool: Some(0) }],
        starts: vec![0, 1],
        sinks: vec![0],
        places: vec![Some(2)],
        sink_limits: vec![Some(0)],
        limits: vec![Limit { capacity: 1, parent: None }],
        stages: vec![Stage { name: "need", pool_steps: vec![vec![Step { units: 1, cost: 1 }]], ..Stage::default() }],
        ..NetworkParts::default()
    })
    .unwrap();
    let standing = standing(&network);
    let source = |units, pool, sinks: &[u32], cost: i64| SourceParts {
        units,
        pool,
        pairs: sinks.iter().map(|sink| PairParts { sink: *sink, cost: vec![cost] }).collect(),
        unsent_cost: vec![0],
    };
    let step = |units, cost| Step { units, cost };
    for change in [
        Change::Places { sink: 1, places: None },
        Change::NewSink { places: None, limit: Some(1) },
        Change::Capacity { limit: 1, capacity: 1 },
        Change::Pool { pool: 1, least: 0, steps: vec![vec![]] },
        Change::Pool { pool: 0, least: 2, steps: vec![vec![]] },
        Change::Pool { pool: 0, least: 0, steps: vec![] },
        Change::Pool { pool: 0, least: 0, steps: vec![vec![step(0, 1)]] },
        Change::Pool { pool: 0, least: 0, steps: vec![vec![step(1, 2), step(1, 1)]] },
        Change::Pool { pool: 0, least: 0, steps: vec![vec![step(1, i64::MAX)]] },
        Change::Source { source: 1, with: source(1, None, &[], 0) },
        Change::Source { source: 0, with: source(0, None, &[], 0) },
        Change::Source { source: 0, with: source(2, Some(0), &[], 0) },
        Change::NewSource { with: source(1, Some(1), &[], 0) },
        Change::NewSource { with: source(1, None, &[1], 0) },
        Change::NewSource { with: source(1, None, &[0, 0], 0) },
        Change::NewSource { with: source(2, None, &[0], 1 << 53) },
        Change::NewSource { with: source(1 << 53, None, &[], 0) },
        Change::NewSource { with: SourceParts { unsent_cost: vec![], ..source(1, None, &[], 0) } },
    ] {
        let made = standing.after(std::slice::from_ref(&change), &Effort::unlimited());
        assert!(matches!(made, Err(NotChanged::Refused(_))), "{change:?} was not refused");
    }
}

#[test]
fn a_limit_stops_the_repair() {
    let standing = standing(&place(300, 20, 300, 1));
    let change = [Change::Places { sink: 17, places: Some(0) }];
    let stopped = standing.after(&change, &Effort::unlimited().at_most(10));
    assert!(matches!(stopped, Err(NotChanged::Stopped(StopReason::TickLimit))), "{stopped:?}");
}

/// A change as raw numbers, made to fit whatever stands when its turn comes.
#[derive(Clone, Debug)]
enum Draft {
    Places(u8, Option<u64>),
    NewSink(Option<u64>, u8),
    Capacity(u8, u64),
    Pool(u8, u64, Vec<Vec<Step>>),
    Source(u8, DraftSource),
    NewSource(DraftSource),
}

#[derive(Clone, Debug)]
struct DraftSource {
    units: u64,
    pool: u8,
    pairs: Vec<Option<Vec<i64>>>,
    unsent_cost: Vec<i64>,
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let steps = vec(vec((0..=2u64, 0..=2i64), 0..=3), 4).prop_map(|stages| {
        let list = |rises: Vec<(u64, i64)>| {
            let mut cost = -2;
            let mut steps: Vec<Step> = Vec::new();
            for (units, rise) in rises {
                cost += rise;
                steps.push(Step { units, cost });
            }
            steps.push(Step { units: 1000, cost: cost + 1 });
            steps
        };
        stages.into_iter().map(list).collect()
    });
    let source =
        || {
            let pairs = vec(option::weighted(0.6, vec(-3i64..=3, 4)), 8);
            (0..=4u64, any::<u8>(), pairs, vec(-2i64..=4, 4))
                .prop_map(|(units, pool, pairs, unsent_cost)| DraftSource { units, pool, pairs, unsent_cost })
        };
    let draft = prop_oneof![
        3 => (any::<u8>(), option::weighted(0.9, 0..=6u64)).prop_map(|(sink, places)| Draft::Places(sink, places)),
        1 => (option::weighted(0.9, 0..=4u64), any::<u8>()).prop_map(|(places, limit)| Draft::NewSink(places, limit)),
        2 => (any::<u8>(), 0..=8u64).prop_map(|(limit, capacity)| Draft::Capacity(limit, capacity)),
        2 => (any::<u8>(), 0..=4u64, steps).prop_map(|(pool, least, steps)| Draft::Pool(pool, least, steps)),
        3 => (any::<u8>(), source()).prop_map(|(at, source)| Draft::Source(at, source)),
        2 => source().prop_map(Draft::NewSource),
        1 => Just(Draft::Places(0, Some(0))),
    ];
    vec(draft, 1..=8)
}

impl Draft {
    /// None where there is nothing of its sort.
    fn fitted(&self, standing: &Standing) -> Option<Change> {
        let Evidence { network, .. } = evidence(standing);
        let n_stages = network.stages().len();
        let at = |raw: u8, count: usize| (0 < count).then(|| u32::from(raw) % count as u32);
        let choice = |raw: u8, count: usize| (u32::from(raw) % (count as u32 + 1)).checked_sub(1);
        let source = |draft: &DraftSource| SourceParts {
            units: draft.units,
            pool: choice(draft.pool, network.pools().len()),
            pairs: (draft.pairs.iter().take(network.n_sinks()).enumerate())
                .filter_map(|(sink, cost)| {
                    let cost = cost.as_ref()?.iter().take(n_stages).copied().collect();
                    Some(PairParts { sink: sink as u32, cost })
                })
                .collect(),
            unsent_cost: draft.unsent_cost.iter().take(n_stages).copied().collect(),
        };
        Some(match self {
            Draft::Places(sink, places) => Change::Places { sink: at(*sink, network.n_sinks())?, places: *places },
            Draft::NewSink(places, limit) => {
                Change::NewSink { places: *places, limit: choice(*limit, network.limits().len()) }
            }
            Draft::Capacity(limit, capacity) => {
                Change::Capacity { limit: at(*limit, network.limits().len())?, capacity: *capacity }
            }
            Draft::Pool(pool, least, steps) => {
                let pool = at(*pool, network.pools().len())?;
                let least = (*least).min(network.pool_holds()[pool as usize]);
                Change::Pool { pool, least, steps: steps[..n_stages].to_vec() }
            }
            Draft::Source(at_source, draft) => {
                Change::Source { source: at(*at_source, network.n_sources())?, with: source(draft) }
            }
            Draft::NewSource(draft) => Change::NewSource { with: source(draft) },
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_sequence_of_changes_ends_where_a_fresh_solve_does(network in small(Sizes::SMALL), drafts in drafts()) {
        let mut standing = standing(&network);
        prop_assert_eq!(holds(&standing), Ok(()));
        for draft in drafts {
            let Some(change) = draft.fitted(&standing) else { continue };
            match standing.after(std::slice::from_ref(&change), &Effort::unlimited()) {
                Ok(after) => standing = after,
                // A source that shrinks may leave a pool with fewer units than it asks for.
                Err(NotChanged::Refused(_)) if matches!(change, Change::Source { .. }) => continue,
                Err(other) => panic!("{change:?}: {other:?}"),
            }
            prop_assert_eq!(holds(&standing), Ok(()), "after {:?}", change);
        }
    }
}

/// The same, where lengths are too long to be packed.
fn plain(mut standing: Standing) -> Standing {
    sized!(&mut standing.0, optimum => {
        optimum.ranges.most.fill(1 << 58);
        optimum.pack_by(None);
    });
    standing
}

/// The same optimum with prices that are tied to the ground's.
fn tied(mut standing: Standing) -> Standing {
    sized!(&mut standing.0, optimum => match optimum.packing {
        Some(packing) => optimum.tie_to_ground(packing),
        None => optimum.tie_to_ground(Plain),
    });
    standing
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn neither_plain_lengths_nor_other_prices_change_an_answer(network in small(Sizes::SMALL), drafts in drafts()) {
        let mut packed = standing(&network);
        let mut plain = plain(standing(&network));
        for draft in drafts {
            let Some(change) = draft.fitted(&packed) else { continue };
            let change = std::slice::from_ref(&change);
            let Ok(after) = packed.after(change, &Effort::unlimited()) else { continue };
            packed = tied(after);
            plain = tied(plain.after(change, &Effort::unlimited()).expect("a change that could be made"));
            sized!(&packed.0, optimum => prop_assert!(optimum.packing.is_some()));
            sized!(&plain.0, optimum => prop_assert!(optimum.packing.is_none()));
            prop_assert_eq!(packed.values(), plain.values());
            prop_assert_eq!(holds(&packed), Ok(()));
            prop_assert_eq!(holds(&plain), Ok(()));
        }
    }
}

#[test]
fn a_price_that_is_left_far_behind_is_brought_near() {
    let changes = [Change::NewSink { places: Some(1), limit: None }, Change::Places { sink: 0, places: Some(1) }];
    let mut far = standing(&three_want_two_places()).after(&changes[..1], &Effort::unlimited()).unwrap();
    // Nobody can be sent to the new sink, so any price is right that is low enough.
    let Sized::One(optimum) = &mut far.0 else { panic!("there is one stage") };
    optimum.set_price(optimum.sink_nodes[1], [i64::MIN / 4]);
    let near = after(&far, changes[1].clone());
    assert_eq!(holds(&near), Ok(()));
    let Sized::One(optimum) = &near.0 else { panic!("there is one stage") };
    assert!(optimum.packing.is_some());
    assert_eq!(optimum.prices.of(optimum.sink_nodes[1]), optimum.prices.of(optimum.ground));
}

/// From sink 0 to sink 2 it is 500 straight on and 300 + 300 by way of sink 1. Both ends look at sink 1 first, and have
/// met there when together they have come 600 far, with what leads straight on put off by both.
#[test]
fn a_way_that_both_ends_put_off_is_still_found() {
    let network = Network::new(NetworkParts {
        sources: vec![Source { units: 1, pool: None }; 2],
        starts: vec![0, 3, 5],
        sinks: vec![0, 1, 2, 1, 2],
        places: vec![Some(1), Some(1), Some(2)],
        sink_limits: vec![None; 3],
        stages: vec![Stage {
            name: "cost",
            unsent_cost: vec![10_000; 2],
            pair_cost: PairCosts::new(vec![0, 300, 500, 0, 300]),
            ..Stage::default()
        }],
        ..NetworkParts::default()
    })
    .unwrap();
    let mut standing = standing(&network);
    standing.prepare(&Effort::unlimited()).unwrap();
    let Sized::One(optimum) = &mut standing.0 else { panic!("there is one stage") };
    (0..3).for_each(|sink| optimum.set_price(sink, [0]));
    optimum.shorten(&[(0, End::From), (2, End::To)], &[100]);
    let found = optimum.search(&[(0, [0])], 2, None, &Effort::unlimited()).unwrap();
    assert_eq!(found.length, Some([500]));
}

/// Sources and places of a place of some size come and go, many times, in no pattern.
#[test]
fn a_place_of_some_size_stands_through_many_changes() {
    let network = place(400, 30, 300, 3);
    let mut standing = standing(&network);
    let mut seeded = crate::solve::samples::Seeded(11);
    for _ in 0..60 {
        let change = match seeded.below(3) {
            0 => Change::Places { sink: seeded.below(30) as u32, places: Some(seeded.below(25)) },
            1 => {
                let gone = SourceParts { unsent_cost: vec![0, 0], ..SourceParts::default() };
                Change::Source { source: seeded.below(400) as u32, with: gone }
            }
            _ => {
                let like = seeded.below(400) as usize;
                let pairs = network.pairs_of(like).map(|pair| PairParts {
                    sink: network.sinks()[pair],
                    cost: network.stages().iter().map(|stage| stage.pair_cost.of(pair)).collect(),
                });
                let (pairs, units) = (pairs.collect(), 1 + seeded.below(3));
                let unsent_cost = vec![network.stages()[0].unsent_cost[like], 0];
                Change::NewSource { with: SourceParts { units, pool: None, pairs, unsent_cost } }
            }
        };
        standing = after(&standing, change);
    }
    assert_eq!(holds(&standing), Ok(()));
}
