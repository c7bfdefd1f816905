//! The short way against the whole objective.

use proptest::prelude::proptest;
use proptest::prop_assert_eq;

use super::{decided_by_need_alone, everyone, fewest_unmet, unmet_inside};
use crate::gaps::matched::{Matched, any_supplied_place, matched};
use crate::matching::{Reading, Route, Scope, Worths, asking, formulate, solve};
use crate::solve::Effort;

fn by_the_whole_objective(place: &Matched, reading: Reading) -> u64 {
    let (locality, effort) = (&place.locality, Effort::unlimited());
    let formulation = formulate(locality, &place.profiles, &place.pairs, reading, Scope::WhoIsMet, &effort).unwrap();
    let asking = asking(locality, reading);
    let solved = solve(locality, formulation, asking, Route::Network, &effort, Worths::Leave).unwrap();
    unmet_inside(locality, &solved)
}

fn by_need_alone(place: &Matched, reading: Reading) -> u64 {
    let (locality, effort) = (&place.locality, Effort::unlimited());
    let members = everyone(locality, &place.pairs, &effort).unwrap();
    fewest_unmet(locality, &place.pairs, reading, &members, &asking(locality, reading), &effort).unwrap()
}

proptest! {
    #[test]
    fn as_many_go_unmet_as_under_the_whole_objective(text in any_supplied_place()) {
        let place = matched(&text.replace(" outside", ""));
        assert!(decided_by_need_alone(&place.locality, Route::Network));
        for reading in [Reading::Favourable, Reading::Adverse] {
            prop_assert_eq!(by_need_alone(&place, reading), by_the_whole_objective(&place, reading), "{:?}", reading);
        }
    }
}

/// One place of known number; who asks differs.
const ONE_PLACE: &str = "
    area a at=0,0
    area z at=0,0 outside
    service s types=k
    service t types=l
    offer o service=s at=0,0 reach=any capacity=1
    offer p service=t at=0,0 reach=any
    ";

#[test]
fn unknown_places_have_no_end_or_are_none() {
    let place = matched(&format!("{ONE_PLACE}need n1 kind=k area=a\nneed n2 kind=l area=a\nneed n3 kind=k area=a"));
    assert!(decided_by_need_alone(&place.locality, Route::Network));
    assert_eq!(by_need_alone(&place, Reading::Favourable), 1);
    assert_eq!(by_need_alone(&place, Reading::Adverse), 2);
}

#[test]
fn who_asks_from_outside_or_may_have_few_placements_leaves_it_to_the_whole_objective() {
    let decided =
        |lines: &str| decided_by_need_alone(&matched(&format!("{ONE_PLACE}{lines}")).locality, Route::Network);
    assert!(decided("need n kind=k area=a"));
    assert!(!decided("need n kind=k area=a\nneed out kind=k area=z"));
    assert!(!decided("policy holder-limit=1\nneed n kind=k area=a"));
}
