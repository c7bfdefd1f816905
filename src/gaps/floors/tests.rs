use super::{FloorAnswer, FloorGroup, TriedFloor, by_column, floor};
use crate::domain::policy::GroupBy;
use crate::gaps::optimum::Change;
use crate::gaps::testing::Ready;
use crate::matching::{Matching, NotFormulated, Reading, Route, Scope, Worths, asking, formulate, solve};
use crate::solve::{Effort, StopReason};

fn matching(ready: &Ready) -> Matching {
    let effort = Effort::unlimited();
    let Ready { locality, profiles, pairs } = ready;
    let formulation = formulate(locality, profiles, pairs, Reading::Policy, Scope::WhoIsMet, &effort).unwrap();
    solve(locality, formulation, asking(locality, Reading::Policy), Route::Network, &effort, Worths::Leave).unwrap()
}

fn answer(text: &str) -> FloorAnswer {
    let ready = Ready::of(text);
    let mut answers = by_column(&ready.locality, &matching(&ready), &Effort::unlimited()).unwrap();
    assert_eq!(answers.len(), 1, "one column");
    answers.remove(0)
}

fn tried(text: &str) -> TriedFloor {
    match answer(text) {
        FloorAnswer::Tried(tried) => tried,
        other => panic!("{other:?}"),
    }
}

/// Child-needs, floor, met and met with the floor.
fn group(child_needs: u64, floor: u64, met: u64, with_floor: u64) -> FloorGroup {
    FloorGroup { child_needs, floor, met, with_floor }
}

const PLAY: &str = "
    == services
    service, name, provider, types, age_min, age_max
    s, Play group, p, k, any, any
    == policy
    objective.even_by = none
    == offers
    offer, service, x, y, capacity, reach_km
    ";

#[test]
fn two_groups_share_three_places() {
    // Three of four are met: 3/4 of two is 1.5, rounded down 1. The two without the plan weigh 4, so both are met today
    // and one of the two with it; then every group has its 1.
    let even = answer(&format!(
        "{PLAY} o, s, 0, 0, 3, any
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 2, a, 4, no
         m, g, k, 1, 2, a, 1, yes"
    ));
    assert_eq!(even, FloorAnswer::Even);
    // Three of six are met, all of one group: a half of each is 1 and 2, so one place changes hands and four of weight
    // become one.
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 3, any
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 3, a, 4, no
         m, g, k, 1, 3, a, 1, yes"
    ));
    assert_eq!(found.groups.values().copied().collect::<Vec<_>>(), [group(3, 1, 3, 2), group(3, 1, 0, 1)]);
    // Values are numbered from "not stated", which nobody is.
    assert_eq!((found.met, found.child_needs, found.worst, found.shortfall, found.rest_loses()), (3, 6, 2, 0, 1));
    assert_eq!(found.change, Change { child_needs: 0, weight: -3, weight_of_all: -3 });
}

#[test]
fn what_no_place_can_close_stays_short() {
    // Those with a plan are out of reach of all but one place. 4 of 9 are met, so of their four one is asked for.
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 3, 0.5
         q, s, 1000, 0, 1, 0.5
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 4, a, 4, no
         m, g, k, 1, 4, b, 1, yes
         f, e, k, 1, 1, b, 4, no"
    ));
    // Today the one place in b goes to the heavier without a plan; the other three of four in a are met.
    assert_eq!(found.groups.values().copied().collect::<Vec<_>>(), [group(5, 2, 4, 3), group(4, 1, 0, 1)]);
    assert_eq!(found.shortfall, 0);
    // Without that place their half of four is out of reach altogether, and nobody gives way for nothing.
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 4, 0.5
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 4, a, 4, no
         m, g, k, 1, 4, b, 1, yes"
    ));
    assert_eq!(found.groups.values().copied().collect::<Vec<_>>(), [group(4, 2, 4, 4), group(4, 2, 0, 0)]);
    assert_eq!((found.shortfall, found.rest_loses(), found.change), (2, 0, Change::default()));
}

#[test]
fn nobody_loses_to_the_lottery() {
    // The two without the plan share four places by lot. One of them gives up one, and what is left is not dealt anew.
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 4, any
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n1, h1, k, 1, 3, a, 4, no
         n2, h2, k, 1, 3, a, 4, other
         m, g, k, 1, 3, a, 1, yes"
    ));
    assert_eq!((found.groups[&found.worst], found.rest_loses(), found.change.weight), (group(3, 1, 0, 1), 1, -3));
}

#[test]
fn places_may_come_from_children_outside() {
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 2, any
         q, s, 0, 0, 2, any
         == areas
         area, name, x, y, inside
         a, A, 0, 0, yes
         z, Z, 0, 0, no
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 2, a, 5, no
         m, g, k, 1, 2, a, 1, yes
         x, f, k, 1, 2, z, 4, no"
    ));
    // Half of what is asked inside is met, and nobody inside need give way: the child outside weighs less.
    assert_eq!(found.groups.values().copied().collect::<Vec<_>>(), [group(2, 1, 2, 2), group(2, 1, 0, 1)]);
    assert_eq!(found.change, Change { child_needs: 1, weight: 1, weight_of_all: -3 });
}

#[test]
fn limits_per_holder_hold() {
    // The holder with a plan wants two and may have one, so its floor of one is met by either.
    let found = tried(&format!(
        "{PLAY} o, s, 0, 0, 2, any
         == policy
         objective.even_by = none
         limits.placements_per_holder = 1
         == needs
         need, holder, kind, level, children, area, weight, group:plan
         n, h, k, 1, 2, a, 4, no
         m, g, k, 1, 1, a, 1, yes
         l, g, k, 1, 1, a, 1, yes"
    ));
    assert_eq!(found.groups.values().copied().collect::<Vec<_>>(), [group(2, 1, 2, 1), group(2, 1, 0, 1)]);
}

#[test]
fn areas_are_a_grouping_too_and_a_stop_is_said() {
    let ready = Ready::of(&format!(
        "{PLAY} o, s, 0, 0, 2, any
         == needs
         need, holder, kind, level, children, area, weight
         n, h, k, 1, 2, a, 4
         m, g, k, 1, 2, b, 1"
    ));
    let matching = matching(&ready);
    let by_area = |effort: &Effort| floor(&ready.locality, &matching, GroupBy::Area, effort);
    let FloorAnswer::Tried(found) = by_area(&Effort::unlimited()).unwrap() else { panic!("area b has nothing") };
    assert_eq!((found.worst, found.groups[&1]), (1, group(2, 1, 0, 1)));
    assert_eq!(by_area(&Effort::unlimited().at_most(1)), Err(NotFormulated::Stopped(StopReason::TickLimit)));
}

#[test]
fn a_policy_with_something_else_before_need_is_not_compared() {
    let place = |policy: &str| {
        answer(&format!(
            "{PLAY} o, s, 0, 0, 2, any
             == policy
             {policy}
             == needs
             need, holder, kind, level, children, area, weight, group:plan
             n, h, k, 1, 2, a, 4, no
             m, g, k, 1, 2, a, 1, yes"
        ))
    };
    assert_eq!(place("objective.mode = blended\n objective.cost = 0\n objective.km = 0"), FloorAnswer::NeedIsNotFirst);
}
