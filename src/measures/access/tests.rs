use proptest::prelude::*;

use super::{
    Access, Agents, BadGeography, BadSteps, Geography, Pair, RationalAccess, Step, Steps, rational_agents, three_step,
    two_step,
};
use crate::solve::{Effort, StopReason};

/// A full table of costs, a row for each demand point.
fn geography(demand: &[f64], supply: &[f64], costs: &[&[f64]]) -> Geography {
    let mut geography = Geography::new(demand.to_vec()).expect("amounts");
    for (j, &places) in supply.iter().enumerate() {
        let pairs = (0_u32..).zip(costs).map(|(demand, row)| Pair { demand, cost: row[j] });
        geography.add(places, pairs).expect("pairs");
    }
    geography
}

/// The vector of research/domain.md section 2.7.
fn three_areas_two_places() -> Geography {
    geography(&[100.0, 50.0, 30.0], &[10.0, 4.0], &[&[5.0, 40.0], &[20.0, 10.0], &[50.0, 15.0]])
}

fn two(geography: &Geography, weights: &Steps) -> Access {
    two_step(geography, weights, &Effort::unlimited()).expect("nothing stops it")
}

fn three(geography: &Geography, weights: &Steps) -> Access {
    three_step(geography, weights, &Effort::unlimited()).expect("nothing stops it")
}

fn agents(geography: &Geography, agents: &Agents) -> Option<RationalAccess> {
    rational_agents(geography, agents, &Effort::unlimited()).expect("nothing stops it")
}

#[track_caller]
fn near(found: &[f64], wanted: &[f64], within: f64) {
    assert_eq!(found.len(), wanted.len());
    let far = found.iter().zip(wanted).any(|(found, wanted)| within < (found - wanted).abs());
    assert!(!far, "{found:?} is not {wanted:?}");
}

fn weighted_sum(geography: &Geography, access: &Access) -> f64 {
    geography.demand().iter().zip(&access.at_demand).map(|(children, access)| children * access).sum()
}

#[test]
fn the_vectors_of_the_field() {
    let geography = three_areas_two_places();
    let reach = Steps::within(30.0).expect("a reach");
    let found = two(&geography, &reach);
    near(&found.at_demand, &[0.066_667, 0.116_667, 0.05], 5e-7);
    near(&found.at_supply.iter().map(|ratio| ratio.unwrap()).collect::<Vec<_>>(), &[0.066_667, 0.05], 5e-7);
    assert!((weighted_sum(&geography, &found) - 14.0).abs() < 1e-12);
    let found = three(&geography, &reach);
    near(&found.at_demand, &[0.08, 0.076_364, 0.072_727], 5e-7);
    assert!((weighted_sum(&geography, &found) - 14.0).abs() < 1e-12);
}

#[test]
fn step_weights_by_hand() {
    // The weights of Luo and Qi: 1 to 10 minutes, 0.68 to 20, 0.22 to 30. To the first place come 100 + 0.68 x 50 = 134, to
    // the second 50 + 0.68 x 30 = 70.4.
    let geography = three_areas_two_places();
    let weights = Steps::new(Steps::LUO_AND_QI).expect("steps");
    let (first, second) = (10.0 / 134.0, 4.0 / 70.4);
    near(&two(&geography, &weights).at_demand, &[first, 0.68 * first + second, 0.68 * second], 1e-15);
    // Three steps: the second area divides 0.68 to 1 between the two, so 0.68 / 1.68 and 1 / 1.68.
    let (to_first, to_second) = (0.68 * 0.68 / 1.68, 1.0 / 1.68);
    let (first, second) = (10.0 / (100.0 + 50.0 * to_first), 4.0 / (50.0 * to_second + 30.0 * 0.68));
    near(&three(&geography, &weights).at_demand, &[first, to_first * first + to_second * second, 0.68 * second], 1e-15);
}

#[test]
fn a_cost_on_the_reach_is_in_it() {
    let geography = geography(&[4.0, 4.0], &[2.0], &[&[30.0], &[30.000_001]]);
    near(&two(&geography, &Steps::within(30.0).unwrap()).at_demand, &[0.5, 0.0], 0.0);
    let weights = Steps::new(Steps::LUO_AND_QI).unwrap();
    let found = [0.0, 10.0, 10.1, 20.0, 30.0, 30.1].map(|cost| weights.weight(cost));
    assert_eq!(found, [1.0, 1.0, 0.68, 0.68, 0.22, 0.0]);
}

#[test]
fn a_place_that_no_child_reaches_adds_nothing() {
    // The second place is reached from a point where nobody lives, the third from nowhere.
    let geography = geography(&[8.0, 0.0], &[2.0, 5.0, 7.0], &[&[1.0, 9.0, 9.0], &[9.0, 1.0, 9.0]]);
    for found in [two(&geography, &Steps::within(2.0).unwrap()), three(&geography, &Steps::within(2.0).unwrap())] {
        assert_eq!(found, Access { at_demand: vec![0.25, 0.0], at_supply: vec![Some(0.25), None, None] });
    }
    let nothing = Geography::new(Vec::new()).unwrap();
    assert_eq!(two(&nothing, &Steps::within(1.0).unwrap()), Access { at_demand: Vec::new(), at_supply: Vec::new() });
}

#[test]
fn what_makes_no_sense_is_refused_and_not_added() {
    assert!(matches!(Geography::new(vec![1.0, -1.0]), Err(BadGeography::Demand { point: 1, .. })));
    assert!(matches!(Geography::new(vec![1e-12]), Err(BadGeography::Demand { point: 0, .. })));
    assert!(matches!(Geography::new(vec![f64::NAN]), Err(BadGeography::Demand { point: 0, .. })));
    let mut geography = Geography::new(vec![1.0, 2.0]).unwrap();
    let pair = |demand, cost| Pair { demand, cost };
    assert_eq!(geography.add(f64::INFINITY, []), Err(BadGeography::Supply { amount: f64::INFINITY }));
    assert_eq!(geography.add(1.0, [pair(0, 1.0), pair(2, 1.0)]), Err(BadGeography::NoSuchPoint { point: 2 }));
    assert_eq!(geography.add(1.0, [pair(0, -1.0)]), Err(BadGeography::Cost { point: 0, cost: -1.0 }));
    assert_eq!(geography.add(1.0, [pair(0, 1.0), pair(1, 1.0), pair(0, 2.0)]), Err(BadGeography::Twice { point: 0 }));
    assert_eq!((geography.supply(), geography.of(0)), (&[][..], &[][..]));
    assert_eq!(geography.add(1.0, [pair(1, 2.0), pair(0, 1.0)]), Ok(()));
    assert_eq!(geography.add(3.0, [pair(0, 4.0)]), Ok(()));
    assert_eq!((geography.of(0).len(), geography.of(1)), (2, &[pair(0, 4.0)][..]));
    assert_eq!(geography.of(usize::MAX - 1), []);

    assert_eq!(Steps::new([]), Err(BadSteps::None));
    assert_eq!(Steps::within(-1.0), Err(BadSteps::End { step: 0 }));
    assert_eq!(Steps::within(f64::NAN), Err(BadSteps::End { step: 0 }));
    let step = |to, weight| Step { to, weight };
    assert_eq!(Steps::new([step(2.0, 1.0), step(2.0, 0.5)]), Err(BadSteps::End { step: 1 }));
    assert_eq!(Steps::new([step(2.0, -1.0)]), Err(BadSteps::Weight { step: 0, weight: -1.0 }));
}

#[test]
fn a_stop_ends_it() {
    let geography = three_areas_two_places();
    let (reach, few) = (Steps::within(30.0).unwrap(), || Effort::unlimited().at_most(5));
    assert_eq!(two_step(&geography, &reach, &few()), Err(StopReason::TickLimit));
    assert_eq!(three_step(&geography, &reach, &few()), Err(StopReason::TickLimit));
    for ticks in [5, 10, 15, 40] {
        let effort = Effort::unlimited().at_most(ticks);
        assert_eq!(rational_agents(&geography, &Agents::default(), &effort), Err(StopReason::TickLimit), "{ticks}");
    }
}

#[test]
fn one_place_costs_its_crowd_and_the_journey() {
    // 100 children for 20 places, the mean of the whole, so a crowd of 1; and half an hour of tau 60.
    let found = agents(&geography(&[60.0, 40.0], &[20.0], &[&[30.0], &[0.0]]), &Agents::default()).expect("agents");
    assert_eq!(found, RationalAccess { cost: vec![Some(1.5), Some(1.0)], gap: 0.0, cycles: 1 });
}

#[test]
fn children_divide_until_crowd_and_journey_balance() {
    // Two places of 10 for 100 children: rho 5, room 50 each. x / 50 = (100 - x) / 50 + 1 at x = 75, cost 1.5.
    let found = agents(&geography(&[100.0], &[10.0, 10.0], &[&[0.0, 60.0]]), &Agents::default()).expect("agents");
    near(&[found.cost[0].unwrap(), found.gap], &[1.5, 0.0], 1e-9);
    // Two hours away nobody goes: 100 / 50 = 2 at home, 2 for the journey alone.
    let found = agents(&geography(&[100.0], &[10.0, 10.0], &[&[0.0, 120.0]]), &Agents::default()).expect("agents");
    near(&[found.cost[0].unwrap(), found.gap], &[2.0, 0.0], 1e-12);
    // With rho 10 a crowd costs half as much: x / 100 = (100 - x) / 100 + 1 at x = 100.
    let sparse = Agents { rho: Some(10.0), ..Agents::default() };
    let found = agents(&geography(&[100.0], &[10.0, 10.0], &[&[0.0, 60.0]]), &sparse).expect("agents");
    near(&[found.cost[0].unwrap()], &[1.0], 1e-12);
}

#[test]
fn children_move_by_steps_that_shrink_to_the_least() {
    // Balance would be 75 and 25, but in one round a fifth moves: 80 pay 80 / 50, 20 pay 20 / 50 + 1. All could have 1.4.
    let places = geography(&[100.0], &[10.0, 10.0], &[&[0.0, 60.0]]);
    let one_round = Agents { cycles: 1, ..Agents::default() };
    let found = agents(&places, &one_round).expect("agents");
    near(&[found.cost[0].unwrap(), found.gap], &[1.56, 0.16 / 1.56], 1e-12);
    assert_eq!(found.cycles, 1);
    // A tenth and then, the step having all but gone, the least, a tenth too.
    let two_rounds = Agents { cycles: 2, step: 0.1, half_life: 0.1, least_step: 0.1, ..Agents::default() };
    near(&[agents(&places, &two_rounds).expect("agents").cost[0].unwrap()], &[1.56], 1e-12);
    // A tenth and then half a tenth: 85 pay 85 / 50, 15 pay 15 / 50 + 1.
    let halved = Agents { half_life: 1.0, least_step: 0.0, ..two_rounds };
    near(&[agents(&places, &halved).expect("agents").cost[0].unwrap()], &[(85.0 * 1.7 + 15.0 * 1.3) / 100.0], 1e-12);
    let unmoved = agents(&places, &Agents { cycles: 0, ..Agents::default() }).expect("agents");
    assert_eq!((unmoved.cost, unmoved.cycles), (vec![Some(2.0)], 0));
}

#[test]
fn agents_without_anywhere_to_go_have_no_cost() {
    // The first point reaches supply, the second only a place without, the third has nobody.
    let mut places = Geography::new(vec![10.0, 5.0, 0.0]).unwrap();
    places.add(2.0, [Pair { demand: 0, cost: 0.0 }, Pair { demand: 2, cost: 0.0 }]).unwrap();
    places.add(0.0, [Pair { demand: 1, cost: 0.0 }]).unwrap();
    let found = agents(&places, &Agents::default()).expect("one has");
    // rho is 15 / 2, so a crowd of 10 for 2 costs 10 / 15.
    assert_eq!((found.cost[1], found.cost[2]), (None, None));
    near(&[found.cost[0].unwrap()], &[10.0 / 15.0], 1e-12);
    assert_eq!(agents(&geography(&[10.0], &[0.0], &[&[1.0]]), &Agents::default()), None);
    assert_eq!(agents(&geography(&[0.0], &[1.0], &[&[1.0]]), &Agents::default()), None);
    assert_eq!(agents(&Geography::new(vec![3.0]).unwrap(), &Agents::default()), None);
    let default = Agents::default();
    for bad in [
        Agents { tau: 0.0, ..default },
        Agents { rho: Some(-1.0), ..default },
        Agents { step: 0.0, ..default },
        Agents { step: f64::NAN, ..default },
        Agents { least_step: 2.0, ..default },
        Agents { half_life: 0.0, ..default },
    ] {
        assert_eq!(agents(&three_areas_two_places(), &bad), None, "{bad:?}");
    }
    // A journey too far to be a number.
    assert_eq!(agents(&geography(&[1.0], &[1.0], &[&[1e300]]), &Agents { tau: 1e-300, ..default }), None);
}

/// Children, places, and a cost for each pair, none for some.
fn places() -> impl Strategy<Value = (Vec<u16>, Vec<u16>, Vec<Option<u8>>)> {
    (prop::collection::vec(0_u16..300, 1..12), prop::collection::vec(0_u16..100, 1..8)).prop_flat_map(
        |(demand, supply)| {
            let pairs = prop::collection::vec(prop::option::weighted(0.7, 0_u8..60), demand.len() * supply.len());
            (Just(demand), Just(supply), pairs)
        },
    )
}

fn sparse((demand, supply, costs): &(Vec<u16>, Vec<u16>, Vec<Option<u8>>)) -> Geography {
    let mut geography = Geography::new(demand.iter().map(|&children| children.into()).collect()).unwrap();
    for (row, &places) in costs.chunks(demand.len()).zip(supply) {
        let pairs = (0..).zip(row).filter_map(|(demand, cost)| cost.map(|cost| Pair { demand, cost: cost.into() }));
        geography.add(places.into(), pairs).unwrap();
    }
    geography
}

proptest! {
    #[test]
    fn what_children_have_access_to_is_the_supply_that_they_reach(places in places(), reach in 0_u8..60) {
        let geography = sparse(&places);
        let reach = f64::from(reach);
        let plain = Steps::within(reach).unwrap();
        let decaying = Steps::new([Step { to: reach / 2.0, weight: 1.0 }, Step { to: reach + 1.0, weight: 0.4 }]).unwrap();
        for weights in [plain, decaying] {
            for found in [two(&geography, &weights), three(&geography, &weights)] {
                let ratios = found.at_supply.iter().zip(geography.supply());
                let reached: f64 = ratios.filter_map(|(ratio, places)| ratio.map(|_| places)).sum();
                prop_assert!((weighted_sum(&geography, &found) - reached).abs() < 1e-6);
                for (supply, ratio) in found.at_supply.iter().enumerate() {
                    let somebody = |pair: &Pair| {
                        0.0 < weights.weight(pair.cost) && 0.0 < geography.demand()[pair.demand as usize]
                    };
                    prop_assert_eq!(ratio.is_some(), geography.of(supply).iter().any(somebody));
                }
            }
        }
    }

    #[test]
    fn with_one_place_to_choose_three_steps_are_two(places in places(), reach in 0_u8..60) {
        let (demand, supply, costs) = &places;
        let geography = sparse(&(demand.clone(), supply[..1].to_vec(), costs[..demand.len()].to_vec()));
        let weights = Steps::within(reach.into()).unwrap();
        prop_assert_eq!(two(&geography, &weights), three(&geography, &weights));
    }

    #[test]
    fn agents_come_to_rest_where_hardly_anyone_gains(places in places()) {
        let geography = sparse(&places);
        let Some(found) = agents(&geography, &Agents { tau: 20.0, ..Agents::default() }) else { return Ok(()) };
        prop_assert!((0.0..1e-3).contains(&found.gap), "{}", found.gap);
        for (point, cost) in found.cost.iter().enumerate() {
            let listed = (0..geography.supply().len())
                .filter(|&supply| 0.0 < geography.supply()[supply])
                .any(|supply| geography.of(supply).iter().any(|pair| pair.demand as usize == point));
            prop_assert_eq!(cost.is_some(), listed && 0.0 < geography.demand()[point]);
        }
    }

    #[test]
    fn any_numbers_are_refused_or_answered(
        amounts in prop::array::uniform4(any::<f64>()),
        costs in prop::array::uniform4(any::<f64>()),
        knobs in prop::array::uniform6(any::<f64>()),
    ) {
        let [first, second, places, others] = amounts.map(|amount| amount.abs().min(Geography::MOST));
        let costs = costs.map(f64::abs);
        let Ok(mut geography) = Geography::new(vec![first, second]) else { return Ok(()) };
        for (places, costs) in [(places, &costs[..2]), (others, &costs[2..])] {
            let pairs = (0..).zip(costs).map(|(demand, &cost)| Pair { demand, cost });
            let _ = geography.add(places, pairs);
        }
        let [tau, rho, step, half_life, least_step, reach] = knobs.map(f64::abs);
        let knobs = Agents { tau, rho: Some(rho), cycles: 20, step: step.min(1.0), half_life, least_step: least_step.min(1.0) };
        for agents in [agents(&geography, &knobs), agents(&geography, &Agents::default())].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&agents.gap), "{agents:?}");
            prop_assert!(agents.cost.iter().flatten().all(|cost| cost.is_finite()), "{agents:?}");
        }
        if let Ok(weights) = Steps::within(reach) {
            for found in [two(&geography, &weights), three(&geography, &weights)] {
                prop_assert!(found.at_demand.iter().all(|access| access.is_finite()), "{found:?}");
            }
        }
    }
}
