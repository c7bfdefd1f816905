use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{Pair, Pairs, pairs_of_facts};
use crate::domain::{DeclineWhat, DeclineWho, Locality, NeedIx, OfferIx};
use crate::eligibility::declines::{Declines, Place};
use crate::eligibility::facts::{NeedFacts, OfferFacts};
use crate::eligibility::grade::Grade;
use crate::eligibility::profiles::Profiles;
use crate::eligibility::reach::{reach, rounded, whole_km};
use crate::eligibility::rules::judge;
use crate::eligibility::testing::{any_place, locality};
use crate::solve::{Effort, StopReason};

/// Every pair asked for directly: what the index has to equal.
fn by_definition(place: &Locality) -> Vec<Vec<Pair>> {
    let offers = || (0..place.offers().len()).map(OfferIx::new);
    let needs = (0..place.needs().len()).map(NeedIx::new);
    needs.map(|need| offers().filter_map(|offer| pair(place, need, offer)).collect()).collect()
}

fn pair(place: &Locality, need: NeedIx, offer: OfferIx) -> Option<Pair> {
    let reached = reach(place, need, offer);
    let mut grade = Grade::new(judge(place, need, offer).answer(), reached.verdict.answer())?;
    if reached.travelled.default_reach {
        grade = grade.with_default_reach();
    }
    let kilometres = reached.travelled.metres.map(whole_km);
    let travel = reached.travelled.metres.or(reached.travelled.minutes).map(rounded);
    if kilometres.is_some_and(|kilometres| travel.is_some_and(|metres| kilometres < metres / 1000)) {
        grade = grade.with_rounded_up_to_km();
    }
    let holder = place.needs()[need.ix()].holder;
    let who = |who: DeclineWho| match who {
        DeclineWho::Need(declined) => declined == need,
        DeclineWho::Holder(declined) => declined == holder,
        DeclineWho::Everyone { kind, area } => {
            kind == place.needs()[need.ix()].kind
                && place.area_and_ancestors(place.holder(need).area).any(|above| above == area)
        }
    };
    let what = |what: DeclineWhat| match what {
        DeclineWhat::Service(service) => service == place.offers()[offer.ix()].service,
        DeclineWhat::Offer(declined) => declined == offer,
    };
    if place.declines().iter().any(|decline| who(decline.who) && what(decline.what)) {
        grade = grade.with_declined();
    }
    Some(Pair { offer, grade, travel, whole_km: kilometres })
}

fn build(place: &Locality) -> Pairs {
    Pairs::build(place, &Profiles::build(place), &Effort::unlimited()).unwrap()
}

/// The same through what serves needs and offers that are not stored.
fn by_facts(place: &Locality) -> Vec<Vec<Pair>> {
    let (profiles, declines) = (Profiles::build(place), Declines::of(place));
    let mut rows = Vec::new();
    for need in (0..place.needs().len()).map(NeedIx::new) {
        let mut row = pairs_of_facts(place, &profiles, &declines, &NeedFacts::of(place, need));
        for pair in &mut row {
            let at = Place { service: place.offers()[pair.offer.ix()].service, offer: Some(pair.offer) };
            if declines.by_need(place, need, at) {
                pair.grade = pair.grade.with_declined();
            }
        }
        rows.push(row);
    }
    rows
}

fn rows(place: &Locality, pairs: &Pairs) -> Vec<Vec<Pair>> {
    (0..place.needs().len()).map(|need| pairs.of(NeedIx::new(need)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_index_finds_what_the_definitions_say(text in any_place()) {
        let place = locality(&text);
        let wanted = by_definition(&place);
        let pairs = build(&place);
        prop_assert_eq!(&rows(&place, &pairs), &wanted);
        prop_assert_eq!(&by_facts(&place), &wanted);
        let profiles = Profiles::build(&place);
        for offer in (0..place.offers().len()).map(OfferIx::new) {
            let effort = Effort::unlimited();
            let stored = pairs.spots().found_by(&place, &profiles, offer, &effort);
            let candidate = pairs.spots().found_by_facts(&place, &profiles, &OfferFacts::of(&place, offer), &effort);
            prop_assert_eq!(stored, candidate);
        }
        prop_assert_eq!(pairs.n_pairs(), wanted.iter().map(|row| row.len() as u64).sum::<u64>());
        let counted = |need: &usize| place.needs()[*need].counts;
        let by_default = (0..wanted.len()).filter(counted).flat_map(|need| &wanted[need]);
        let by_default = by_default.filter(|pair| pair.grade.default_reach()).count() as u64;
        prop_assert_eq!(pairs.counted().resting_on_default_reach, by_default);
        for (need, row) in wanted.iter().enumerate() {
            for offer in (0..place.offers().len()).map(OfferIx::new) {
                let found = pairs.find(NeedIx::new(need), offer);
                prop_assert_eq!(found, row.iter().find(|pair| pair.offer == offer).copied());
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let mut text = String::from("policy metres=2500\n");
    for area in 0..30 {
        text += &format!("area a{area} at={},{}\n", area % 6 * 1000, area / 6 * 1000);
    }
    for need in 0..300 {
        text += &format!("need n{need} kind=k{} area=a{} age={}\n", need % 3, need % 30, need % 17);
    }
    for offer in 0..20 {
        text += &format!("service s{offer} types=k{} ages={}..any\n", offer % 3, offer % 9);
        text += &format!("offer o{offer} service=s{offer} at={},{}\n", offer % 5 * 1200, offer / 5 * 1100);
    }
    let place = locality(&text);
    let profiles = Profiles::build(&place);
    let alone = build(&place);
    assert_eq!(rows(&place, &alone), by_definition(&place));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let together = Pairs::build(&place, &profiles, &Effort::unlimited().on(&pool)).unwrap();
    assert_eq!(rows(&place, &together), rows(&place, &alone));
    assert!(300 < alone.n_pairs(), "{}", alone.n_pairs());
}

#[test]
fn work_stops_when_it_is_told_to() {
    let place = locality(
        "area a at=0,0
         need n kind=k area=a
         need m kind=k area=a
         service s types=k
         offer o service=s at=0,0",
    );
    let stopped = Pairs::build(&place, &Profiles::build(&place), &Effort::unlimited().at_most(1));
    assert_eq!(stopped.err(), Some(StopReason::TickLimit));
}

#[test]
fn alike_needs_share_their_pairs() {
    let mut text =
        String::from("area a at=0,0\nservice s types=k\noffer o service=s at=0,0\ndecline x need=n7 offer=o\n");
    for need in 0..50 {
        text += &format!("need n{need} kind=k area=a age=4\n");
    }
    let place = locality(&text);
    let pairs = build(&place);
    assert_eq!(pairs.spots().n_classes(), 1);
    assert_eq!(pairs.n_pairs(), 50);
    let declined = |id: &str| pairs.of(place.find_need(id).unwrap()).all(|pair| pair.grade.declined());
    assert!(declined("n7"));
    assert!(!declined("n8"));
}

#[test]
fn the_date_line_and_the_poles_are_nowhere_special() {
    let place = locality(
        "place lonlat
         area east at=179.99,0
         area west at=-179.99,0
         area north at=0,90
         area alsonorth at=120,89.99
         need e kind=k area=east
         need w kind=k area=west
         need n kind=k area=north
         service s types=k
         offer oe service=s at=179.99,0 reach=3000
         offer on service=s at=120,89.99 reach=1200",
    );
    let pairs = build(&place);
    let found = |id: &str| -> Vec<(String, u32)> {
        let name = |pair: Pair| (place.offers()[pair.offer.ix()].id.to_string(), pair.travel.unwrap());
        pairs.of(place.find_need(id).unwrap()).map(name).collect()
    };
    // 0.02 degrees along the equator, and 0.01 degrees down from the pole: 111.195 km to a degree.
    assert_eq!(found("w"), [("oe".to_owned(), 2224)]);
    assert_eq!(found("n"), [("on".to_owned(), 1112)]);
    assert_eq!(found("e"), [("oe".to_owned(), 0)]);
}

#[test]
fn kilometres_come_from_the_unrounded_distance() {
    let place = locality(
        "area a at=0,0
         need n kind=k area=a
         service s types=k
         offer o1 service=s at=999.6,0
         offer o2 service=s at=1000,0
         offer o3 service=s at=1999.4,0
         offer o4 service=s reach=any",
    );
    let pairs = build(&place);
    let numbers: Vec<_> = pairs.of(place.find_need("n").unwrap()).map(|pair| (pair.travel, pair.whole_km)).collect();
    assert_eq!(numbers, [(Some(1000), Some(0)), (Some(1000), Some(1)), (Some(1999), Some(1)), (None, None)]);
}
