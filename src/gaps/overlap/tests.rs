use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{Choice, find};
use crate::domain::NeedIx;
use crate::gaps::matched::{any_supplied_place, matched};
use crate::solve::Effort;

fn choice(none: u64, one: u64, two: u64, three_or_more: u64) -> Choice {
    Choice { none, one, two, three_or_more }
}

#[test]
fn services_compete_for_some_while_others_have_none() {
    let of = matched(
        "area a at=0,0
         area far at=99999,0
         area z at=0,0 outside
         service s types=k provider=p
         service s2 types=k provider=p ages=0..4
         service t types=k provider=q ages=0..9
         service u types=l provider=q
         offer o1 service=s at=0,0
         offer o2 service=s at=0,1 capacity=0
         offer o3 service=s2 at=0,0 capacity=9
         offer o4 service=t at=0,0 capacity=9
         offer o5 service=u at=0,0 capacity=9
         need n3 kind=k area=a age=3 children=4
         need n3too kind=k area=a age=3 children=1
         need n8 kind=k area=a age=8 children=5
         need n12 kind=k area=a age=12 children=2
         need gone kind=k area=far age=3 children=3
         need l kind=l area=a age=3 children=6
         need felt kind=l area=a children=7 felt
         need out kind=l area=z children=8
         need unknown kind=l area=a children=?
         decline d need=n3too service=t",
    );
    let found = find(&of.locality, &of.pairs, &of.matching.asking, &Effort::unlimited()).unwrap();
    let kind = |code: &str| found.by_kind[&of.locality.find_kind(code).unwrap()];
    // k: 3 out of reach of all, 2 only s, 5 s and t and 1 s and s2, 4 all three.
    assert_eq!(kind("k"), choice(3, 2, 6, 4));
    assert_eq!(kind("l"), choice(0, 6, 0, 0));
    assert_eq!((found.all, found.all.child_needs()), (choice(3, 8, 6, 4), 21));
    let mut said = String::new();
    for row in &found.services {
        let provider = &of.locality.providers()[row.provider.ix()];
        let service = &of.locality.services()[row.service.ix()].id;
        let taken = row.taken;
        writeln!(said, "{provider} {service} {} {}", taken.child_needs, taken.another_provider_too).unwrap();
    }
    for row in &found.providers {
        let provider = &of.locality.providers()[row.provider.ix()];
        writeln!(said, "{provider} {} {}", row.taken.child_needs, row.taken.another_provider_too).unwrap();
    }
    assert_eq!(said, "p s 12 9\np s2 5 4\nq t 9 9\nq u 6 0\np 12 9\nq 15 9\n");
}

#[test]
fn a_stop_is_heard() {
    let of = matched("area a at=0,0\nservice s types=k\noffer o service=s at=0,0\nneed n kind=k area=a");
    assert!(find(&of.locality, &of.pairs, &of.matching.asking, &Effort::unlimited().at_most(0)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One pass over classes says what asking each need for itself says.
    #[test]
    fn classes_say_what_single_needs_say(text in any_supplied_place()) {
        let of = matched(&text);
        let place = &of.locality;
        let found = find(place, &of.pairs, &of.matching.asking, &Effort::unlimited()).unwrap();
        let mut all = Choice::default();
        let mut services = vec![(0, 0); place.services().len()];
        let mut providers = vec![(0, 0); place.providers().len()];
        for need in (0..place.needs().len()).map(NeedIx::new) {
            let children = of.matching.asking[need.ix()].unwrap_or(0);
            if !place.areas()[place.holder(need).area.ix()].inside {
                continue;
            }
            let unknown = place.policy().unknown.eligibility;
            let admitted = of.pairs.of(need).filter(|pair| pair.grade.admits(unknown));
            let of_need: BTreeSet<_> = admitted.map(|pair| place.offers()[pair.offer.ix()].service).collect();
            let by: BTreeSet<_> = of_need.iter().map(|service| place.services()[service.ix()].provider).collect();
            let shared = if 1 < by.len() { children } else { 0 };
            all.and(Choice::of(of_need.len(), children));
            for service in of_need {
                services[service.ix()].0 += children;
                services[service.ix()].1 += shared;
            }
            for provider in by {
                providers[provider.ix()].0 += children;
                providers[provider.ix()].1 += shared;
            }
        }
        prop_assert_eq!(found.all, all);
        let mut said_of_services = vec![(0, 0); services.len()];
        for row in &found.services {
            said_of_services[row.service.ix()] = (row.taken.child_needs, row.taken.another_provider_too);
        }
        prop_assert_eq!(said_of_services, services);
        let mut said_of_providers = vec![(0, 0); providers.len()];
        for row in &found.providers {
            said_of_providers[row.provider.ix()] = (row.taken.child_needs, row.taken.another_provider_too);
        }
        prop_assert_eq!(said_of_providers, providers);
    }
}
