use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::{Extremes, MetRange, extremes, of};
use crate::domain::{AreaIx, Level};
use crate::gaps::matched::{Matched, any_supplied_place, matched};
use crate::gaps::tally::{Tallies, tallies};
use crate::matching::{NotFormulated, Reading};
use crate::solve::{Effort, StopReason};

fn found(of_place: &Matched) -> Extremes {
    of(&of_place.locality, &of_place.matching.formulation, &Effort::unlimited()).unwrap()
}

fn range(met_least: u64, met_most: u64) -> MetRange {
    MetRange { met_least, met_most }
}

/// By area in the order of their lines.
fn areas(found: &Extremes) -> Vec<MetRange> {
    found.by_area.values().copied().collect()
}

const TWO_FOR_THREE: &str = "
    area a at=0,0
    area b at=0,0
    area z at=0,0 outside
    service s types=k
    offer o service=s at=0,0 reach=any capacity=3
    ";

#[test]
fn areas_that_ask_for_the_same_places_cannot_be_told_apart() {
    let of = matched(&format!(
        "{TWO_FOR_THREE}
         need n1 kind=k area=a children=2
         need n2 kind=k area=b children=2"
    ));
    let found = found(&of);
    assert_eq!(areas(&found), [range(1, 2), range(1, 2)]);
    // All of one kind, so there is nothing to choose.
    assert_eq!(found.by_kind.values().copied().collect::<Vec<_>>(), [range(3, 3)]);
}

#[test]
fn the_heavier_come_first_and_those_from_outside_take_part() {
    let of = matched(&format!(
        "{TWO_FOR_THREE}
         need n1 kind=k area=a children=2 weight=4 level=2
         need n2 kind=k area=b children=2 level=1
         need n3 kind=k area=z children=9 level=1"
    ));
    let found = found(&of);
    assert_eq!(areas(&found), [range(2, 2), range(0, 1)], "areas outside have no row");
    let level = |level| found.by_level[&Level::new(level).unwrap()];
    assert_eq!((level(2), level(1)), (range(2, 2), range(0, 1)));
}

#[test]
fn evenness_is_set_aside() {
    // Evenness gives each area one of the two places; the need stage alone would let either have both.
    let place = "
        area a at=0,0
        area b at=0,0
        service s types=k
        offer o service=s at=0,0 reach=any capacity=2
        need n1 kind=k area=a children=2
        need n2 kind=k area=b children=2";
    let of = matched(place);
    assert_eq!(areas(&found(&of)), [range(0, 2), range(0, 2)]);
}

#[test]
fn a_holder_limit_holds_and_a_provider_limit_too() {
    let place = |policy: &str| {
        matched(&format!(
            "{policy}
             area a at=0,0
             area b at=0,0
             service s types=k provider=p
             service t types=l provider=p
             offer o service=s at=0,0 reach=any capacity=5
             offer q service=t at=0,0 reach=any capacity=5
             need n1 holder=h kind=k area=a
             need n2 holder=h kind=l area=a
             need n3 kind=l area=b"
        ))
    };
    let by_kind = |of: &Matched| found(of).by_kind.values().copied().collect::<Vec<_>>();
    let free = place("");
    assert_eq!(
        (areas(&found(&free)), by_kind(&free)),
        (vec![range(2, 2), range(1, 1)], vec![range(1, 1), range(2, 2)])
    );
    let one_each = place("policy holder-limit=1");
    assert_eq!(areas(&found(&one_each)), [range(1, 1), range(1, 1)]);
    assert_eq!(by_kind(&one_each), [range(0, 1), range(1, 2)]);
    // One place of the provider for three.
    let one_in_all = place("policy provider-limit=p");
    assert_eq!(areas(&found(&one_in_all)), [range(0, 1), range(0, 1)]);
}

#[test]
fn readings_differ_where_places_are_not_known() {
    let of = matched(
        "area a at=0,0
         service s types=k
         offer o service=s at=0,0 reach=any
         need n1 kind=k area=a children=2",
    );
    let under = |reading| {
        let found = extremes(&of.locality, &of.profiles, &of.pairs, reading, &Effort::unlimited()).unwrap();
        found.by_area[&AreaIx::new(0)]
    };
    assert_eq!((under(Reading::Favourable), under(Reading::Adverse)), (range(2, 2), range(0, 0)));
}

#[test]
fn a_stop_is_said() {
    let of_place = matched(TWO_FOR_THREE);
    let stopped = of(&of_place.locality, &of_place.matching.formulation, &Effort::unlimited().at_most(0));
    assert_eq!(stopped, Err(NotFormulated::Stopped(StopReason::TickLimit)));
}

/// Each row's child-needs met with its range.
fn rows(tallies: &Tallies, found: &Extremes) -> Vec<(u64, MetRange)> {
    let mut rows = Vec::new();
    macro_rules! add {
        ($tallies:expr, $ranges:expr) => {
            assert!($tallies.keys().eq($ranges.keys()), "the same rows");
            rows.extend($tallies.values().map(|tally| tally.met).zip($ranges.values().copied()));
        };
    }
    add!(tallies.by_kind, found.by_kind);
    add!(tallies.by_layer, found.by_layer);
    add!(tallies.by_level, found.by_level);
    add!(tallies.by_age, found.by_age);
    add!(tallies.by_area, found.by_area);
    for (tallies, ranges) in tallies.by_group.iter().zip(&found.by_group) {
        add!(tallies, ranges);
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_row_is_there_and_what_is_met_lies_within(text in any_supplied_place()) {
        let of = matched(&text);
        let found = found(&of);
        let tallies = tallies(&of.locality, &of.matching, &Effort::unlimited());
        prop_assert_eq!(tallies.by_group.len(), found.by_group.len());
        for (met, range) in rows(&tallies, &found) {
            prop_assert!(range.met_least <= met && met <= range.met_most, "{met} {range:?}");
        }
    }
}
