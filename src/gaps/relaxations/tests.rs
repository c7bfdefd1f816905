use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::{OfferRule, Relaxation, Relaxations, Relaxed, ServiceRule, Settings, Standing, find};
use crate::domain::{Locality, Reach};
use crate::gaps::matched::{Matched, any_supplied_place, matched};
use crate::matching::NotFormulated;
use crate::solve::Effort;

fn relaxations(of: &Matched, settings: Settings, effort: &Effort) -> Result<Relaxations, NotFormulated> {
    let Matched { locality, profiles, declines, pairs, matching, unmet } = of;
    find(Standing { locality, profiles, declines, pairs, matching, unmet }, &of.today(), settings, effort)
}

fn said(locality: &Locality, relaxation: &Relaxation) -> String {
    let id = match relaxation.relaxed {
        Relaxed::Service { service, .. } => &locality.services()[service.ix()].id,
        Relaxed::Offer { offer, .. } => &locality.offers()[offer.ix()].id,
    };
    let Relaxation { relaxed, nearest_for, opens_to, opens_to_unmet, change } = relaxation;
    let gives = change
        .map_or("not solved".to_owned(), |change| format!("gives {} of weight {}", change.child_needs, change.weight));
    let words = relaxed.words(locality);
    format!("{id} {words}: nearest for {nearest_for}, opens to {opens_to}, {opens_to_unmet} of them unmet, {gives}")
}

/// Kept out, looked at and one rule away; then each rule tried.
fn check(text: &str, wanted: &str) {
    let of = matched(text);
    let found = relaxations(&of, Settings::default(), &Effort::unlimited()).unwrap();
    let mut lines = vec![format!("{} kept out, {} one rule away", found.kept_out, found.one_rule_away)];
    lines.extend(found.tried.iter().map(|relaxation| said(&of.locality, relaxation)));
    let wanted: Vec<&str> = wanted.lines().map(str::trim).collect();
    assert_eq!(lines, wanted);
    assert_eq!(found.looked_at, found.kept_out);
}

#[test]
fn a_rule_is_relaxed_as_far_as_four_fifths_of_those_nearest_to_it_need() {
    let place = |five: u32, six: u32| {
        format!(
            "area a at=0,0
             service s types=k ages=0..4
             offer o service=s at=0,0 reach=any capacity=4
             need n4 kind=k area=a age=4 children=1
             need n5 kind=k area=a age=5 children={five}
             need n6 kind=k area=a age=6 children={six}"
        )
    };
    // 3 of 5 are fewer than four fifths; 4 of 5 are as many. Of 4 places 1 is taken.
    check(
        &place(3, 2),
        "5 kept out, 5 one rule away
         s takes up to 6 years, not 4: nearest for 5, opens to 5, 5 of them unmet, gives 3 of weight 3",
    );
    check(
        &place(4, 1),
        "5 kept out, 5 one rule away
         s takes up to 5 years, not 4: nearest for 4, opens to 4, 4 of them unmet, gives 3 of weight 3",
    );
}

#[test]
fn a_full_service_gives_something_only_where_others_can_move() {
    let place = |t: u32| {
        format!(
            "area a at=0,0
             service s types=k levels=1-3
             service t types=k levels=1-3 ages=0..4
             offer os service=s at=0,0 reach=any capacity=1
             offer ot service=t at=0,0 reach=any capacity={t}
             need big kind=k area=a age=9 level=2
             need small kind=k area=a age=4 level=1
             need grave kind=k area=a age=9 level=4"
        )
    };
    // Level and age both keep `grave` out of t. In s it takes the place of `big`, or the other way round.
    check(
        &place(1),
        "1 kept out, 1 one rule away
         s takes up to level 4, not 3: nearest for 1, opens to 1, 1 of them unmet, gives 0 of weight 0",
    );
    // Without `big`, s is full only as long as `small` does not move to t.
    let moves = place(1).replace("need big", "need big felt");
    check(
        &moves,
        "1 kept out, 1 one rule away
         s takes up to level 4, not 3: nearest for 1, opens to 1, 1 of them unmet, gives 1 of weight 1",
    );
}

#[test]
fn every_rule_that_can_be_relaxed_is_named() {
    let place = |service: &str, offer: &str, need: &str| {
        format!(
            "area a at=0,0
             area b at=1234,0
             service s types=k {service}
             offer o service=s at=0,0 capacity=9 {offer}
             need n kind=k weight=4 {need}"
        )
    };
    let gives = "nearest for 1, opens to 1, 1 of them unmet, gives 1 of weight 4";
    for (service, offer, need, words) in [
        ("ages=5..any", "reach=any", "area=a age=3", "s takes from 3 years, not 5"),
        ("ages=0..5", "reach=any", "area=a age=7", "s takes up to 7 years, not 5"),
        ("levels=3-4", "reach=any", "area=a level=1", "s takes from level 1, not 3"),
        ("levels=1-2", "reach=any", "area=a level=4", "s takes up to level 4, not 2"),
        ("requires=t:1", "reach=any", "area=a tags=t:2", "s no longer asks for t=1"),
        ("excludes=t:2", "reach=any", "area=a tags=t:2", "s takes needs with t=2 too"),
        ("", "reach=1000", "area=b", "o reaches 1.3 km, not 1.0 km"),
        ("", "", "area=b\npolicy metres=500", "o reaches 1.3 km, not only what the policy gives it"),
        ("", "covers=a", "area=b", "o covers b too"),
        ("", "reach=10min", "area=b\ntravel minutes b o 12.5", "o reaches 13 minutes, not 10 minutes"),
    ] {
        let text = place(service, offer, need);
        check(&text, &format!("1 kept out, 1 one rule away\n{words}: {gives}"));
    }
}

#[test]
fn who_is_two_rules_away_or_declined_or_not_listed_has_no_single_rule() {
    for (service, offer, need) in [
        ("ages=5..any levels=2-4", "reach=any", "need n kind=k area=a age=3"),
        ("ages=5..any", "reach=1000", "need n kind=k area=b age=3"),
        ("ages=5..any", "reach=any", "need n kind=k area=a age=3\ndecline d need=n service=s"),
        ("ages=5..any requires=t:1", "reach=any", "need n kind=k area=a age=3"),
        ("", "reach=10min", "need n kind=k area=a\ntravel minutes"),
        ("", "reach=1000 status=additional-assessment-required", "need n kind=k area=b"),
    ] {
        let text = format!(
            "area a at=0,0\narea b at=5000,0\nservice s types=k {service}\n\
             offer o service=s at=0,0 capacity=9 {offer}\n{need}"
        );
        let of = matched(&text);
        let found = relaxations(&of, Settings::default(), &Effort::unlimited()).unwrap();
        assert!(found.tried.is_empty() && found.one_rule_away == 0, "{text}");
    }
}

#[test]
fn only_the_nearest_misses_count_and_children_from_outside_enter_no_total() {
    check(
        "area a at=0,0
         area z at=0,0 outside
         service near types=k ages=0..4
         service nearer types=k ages=0..5
         offer o1 service=near at=0,0 reach=any capacity=9
         offer o2 service=nearer at=0,0 reach=any capacity=3
         need n kind=k area=a age=6 children=2
         need out kind=k area=z age=6 children=5 weight=7",
        // Those from outside are heavier and take all three places.
        "2 kept out, 2 one rule away
         nearer takes up to 6 years, not 5: nearest for 2, opens to 2, 2 of them unmet, gives 0 of weight 0",
    );
}

#[test]
fn more_than_the_work_allows_is_left_out_and_said() {
    let text = "
        area a at=0,0
        service s types=k ages=0..4
        service t types=l ages=0..4
        offer os service=s at=0,0 reach=any capacity=9
        offer ot service=t at=0,0 reach=any capacity=9
        need k1 kind=k area=a age=4
        need k2 kind=k area=a age=5 children=3
        need l2 kind=l area=a age=5 children=2";
    let of = matched(text);
    let with = |settings| relaxations(&of, settings, &Effort::unlimited()).unwrap();
    let defaults = Settings::default();
    let all = with(defaults);
    assert_eq!((all.kept_out, all.looked_at, all.rules, all.tried.len()), (5, 5, 2, 2));
    let one = with(Settings { most: 1, ..defaults });
    assert_eq!((one.rules, one.tried.as_slice()), (2, &all.tried[..1]));
    // One pair is there today and one is added, so two networks have room in 4.
    let solved = with(Settings { pairs: 4, ..defaults });
    let changes: Vec<Option<i64>> =
        solved.tried.iter().map(|tried| tried.change.map(|change| change.child_needs)).collect();
    assert_eq!(changes, [Some(3), Some(2)]);
    let solved = with(Settings { pairs: 3, ..defaults });
    let changes: Vec<Option<i64>> =
        solved.tried.iter().map(|tried| tried.change.map(|change| change.child_needs)).collect();
    assert_eq!(changes, [Some(3), None]);
    assert_eq!(solved.tried[1].opens_to, 2);
    // A class and its one offer are two tests; the class with most child-needs is looked at.
    let looked = with(Settings { tests: 2, ..defaults });
    assert_eq!((looked.kept_out, looked.looked_at, looked.rules), (5, 3, 1));
}

#[test]
fn a_stop_keeps_what_was_tried() {
    let of = matched(
        "area a at=0,0
         service s types=k ages=0..4
         offer o service=s at=0,0 reach=any capacity=9
         need n kind=k area=a age=5",
    );
    let mut tried = Vec::new();
    for ticks in 0..2000 {
        match relaxations(&of, Settings::default(), &Effort::unlimited().at_most(ticks)) {
            Ok(found) => {
                assert_eq!(found.tried.is_empty(), found.stopped.is_some());
                tried.push(found.tried.len());
            }
            Err(error) => assert!(matches!(error, NotFormulated::Stopped(_))),
        }
    }
    assert!(tried.contains(&0) && tried.last() == Some(&1));
}

/// The locality's text with the rule written as relaxed; None where text cannot say it.
fn rewritten(text: &str, locality: &Locality, relaxed: &Relaxed) -> Option<String> {
    let change = |table: &str, id: &str, from: &str, to: &str| {
        let start = format!("{table} {id} ");
        let line = |line: &str| if line.starts_with(&start) { line.replacen(from, to, 1) } else { line.to_owned() };
        Some(text.lines().map(line).collect::<Vec<_>>().join("\n"))
    };
    match relaxed {
        Relaxed::Service { service, rule } => {
            let change =
                |from: &str, to: &str| change("service", locality.services()[service.ix()].id.as_str(), from, to);
            match rule {
                ServiceRule::AgeMin { from, to, .. } => change(&format!("ages={from}.."), &format!("ages={to}..")),
                ServiceRule::AgeMax { from, to, .. } => change(&format!("..{from}"), &format!("..{to}")),
                ServiceRule::LevelMin { from, to } => change(&format!("levels={from}-"), &format!("levels={to}-")),
                ServiceRule::LevelMax { from, to } => {
                    let levels = locality.services()[service.ix()].levels;
                    change(&format!("levels={}-{from}", levels.min), &format!("levels={}-{to}", levels.min))
                }
                ServiceRule::Requires { tag } => change(&format!("requires={}:{}", tag.name, tag.value), ""),
                ServiceRule::Excludes { tag } => change(&format!("excludes={}:{}", tag.name, tag.value), ""),
            }
        }
        Relaxed::Offer { offer, rule } => {
            let change = |from: &str, to: &str| change("offer", locality.offers()[offer.ix()].id.as_str(), from, to);
            match rule {
                OfferRule::Reach { from: Reach::Metres(from), to: Reach::Metres(to) } => {
                    change(&format!("reach={from}"), &format!("reach={to}"))
                }
                OfferRule::Reach { from: Reach::Minutes(from), to: Reach::Minutes(to) } => {
                    change(&format!("reach={from}min"), &format!("reach={to}min"))
                }
                // An own reach instead of the policy's would shut out kinds that the policy lets go farther.
                OfferRule::Reach { .. } => None,
                OfferRule::Covers { area } => change("covers=", &format!("covers={};", locality.areas()[area.ix()].id)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_change_is_that_of_the_locality_with_the_rule_so_written(text in any_supplied_place()) {
        let of = matched(&text);
        let found = relaxations(&of, Settings::default(), &Effort::unlimited()).unwrap();
        prop_assert!(found.one_rule_away <= found.kept_out);
        for relaxation in &found.tried {
            let change = relaxation.change.unwrap();
            prop_assert!(0 <= change.weight_of_all);
            prop_assert!(relaxation.nearest_for <= relaxation.opens_to_unmet, "{}", said(&of.locality, relaxation));
            prop_assert!(relaxation.opens_to_unmet <= relaxation.opens_to);
            // Children from outside whom it opens to may leave places for others inside.
            let opens_to = i64::try_from(relaxation.opens_to).unwrap();
            prop_assert!(change.child_needs <= opens_to || text.contains("outside"));
            if let Some(text) = rewritten(&text, &of.locality, &relaxation.relaxed) {
                let after = matched(&text).today().optimum();
                prop_assert_eq!(found.today.change_to(&after), change, "{}", said(&of.locality, relaxation));
            }
        }
    }
}
