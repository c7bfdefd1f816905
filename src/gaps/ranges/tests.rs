//! The short way against the whole objective.

use proptest::prelude::proptest;
use proptest::prop_assert_eq;

use super::{Decided, decided, everyone, fewest_unmet, fewest_unmet_inside, unmet_inside};
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
        assert_eq!(decided(&place.locality, Route::Network), Decided::Need);
        for reading in [Reading::Favourable, Reading::Adverse] {
            prop_assert_eq!(by_need_alone(&place, reading), by_the_whole_objective(&place, reading), "{:?}", reading);
        }
    }

    /// Evenness by area, as the policy's default has it; most of these places have areas outside.
    #[test]
    fn evenness_leaves_fewest_unmet_inside(text in any_supplied_place()) {
        let place = matched(&text);
        let (locality, effort) = (&place.locality, Effort::unlimited());
        for reading in [Reading::Favourable, Reading::Adverse] {
            let formulation =
                formulate(locality, &place.profiles, &place.pairs, reading, Scope::WhoIsMet, &effort).unwrap();
            let found = fewest_unmet_inside(locality, &formulation, &asking(locality, reading), &effort).unwrap();
            prop_assert_eq!(found, by_the_whole_objective(&place, reading), "{:?}", reading);
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
    assert_eq!(decided(&place.locality, Route::Network), Decided::Need);
    assert_eq!(by_need_alone(&place, Reading::Favourable), 1);
    assert_eq!(by_need_alone(&place, Reading::Adverse), 2);
}

#[test]
fn who_asks_from_outside_or_may_have_few_placements_takes_another_way() {
    let decided = |lines: &str| decided(&matched(&format!("{ONE_PLACE}{lines}")).locality, Route::Network);
    assert_eq!(decided("need n kind=k area=a"), Decided::Need);
    assert_eq!(decided("need n kind=k area=a\nneed out kind=k area=z"), Decided::NeedThenInside);
    assert_eq!(decided("policy holder-limit=1\nneed n kind=k area=a"), Decided::Everything);
}
