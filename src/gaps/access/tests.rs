//! The sums over classes against the measure itself, asked of every need and offer.

use proptest::prelude::proptest;

use super::access;
use crate::domain::{NeedIx, OfferIx};
use crate::gaps::matched::{any_supplied_place, matched};
use crate::matching::{Reading, asking};
use crate::measures::access::{Geography, Pair, Steps, two_step};
use crate::solve::Effort;

proptest! {
    #[test]
    fn classes_sum_to_what_the_measure_finds_need_by_need(text in any_supplied_place()) {
        let place = matched(&text);
        let (locality, effort) = (&place.locality, Effort::unlimited());
        let asking: Vec<u64> =
            asking(locality, Reading::Policy).into_iter().map(Option::unwrap_or_default).collect();
        let mut geography = Geography::new(asking.iter().map(|&asking| asking as f64).collect()).expect("amounts");
        for offer in (0..locality.offers().len()).map(OfferIx::new) {
            let takes = |need: &usize| {
                let pair = place.pairs.find(NeedIx::new(*need), offer);
                pair.is_some_and(|pair| Reading::Policy.admits(locality, pair.grade))
            };
            let takers = (0..asking.len()).filter(takes).map(|need| Pair { demand: need as u32, cost: 0.0 });
            let places = Reading::Policy.room(locality, offer).places().unwrap_or(0);
            geography.add(places as f64, takers).expect("pairs");
        }
        let steps = Steps::within(0.0).expect("a reach");
        let wanted = two_step(&geography, &steps, &effort).expect("nothing stops it").at_demand;
        let found = access(locality, &place.profiles, &place.pairs, &effort).expect("nothing stops it");
        let inside = |need: usize| locality.areas()[locality.holder(NeedIx::new(need)).area.ix()].inside;
        let of = |belongs: &dyn Fn(usize) -> bool| -> (u64, f64) {
            let needs = (0..asking.len()).filter(|&need| inside(need) && belongs(need));
            needs.fold((0, 0.0), |(children, places), need| {
                (children + asking[need], places + wanted[need] * asking[need] as f64)
            })
        };
        let near = |found: super::Access, (children, places): (u64, f64)| {
            assert_eq!(found.child_needs, children);
            assert!((found.places - places).abs() < 1e-9 * (1.0 + places), "{} is not {places}", found.places);
        };
        near(found.all, of(&|_| true));
        for (&area, &found) in &found.by_area {
            near(found, of(&|need| locality.holder(NeedIx::new(need)).area == area));
        }
        for (&kind, &found) in &found.by_kind {
            near(found, of(&|need| locality.needs()[need].kind == kind));
        }
    }
}

/// Child-needs at each area times their share, by 2SFCA and E2SFCA.
fn by_area(text: &str) -> Vec<(f64, f64)> {
    let place = matched(text);
    let found = access(&place.locality, &place.profiles, &place.pairs, &Effort::unlimited()).expect("nothing stops it");
    found.by_area.values().map(|access| (access.places, access.nearer_places)).collect()
}

fn near(found: &[(f64, f64)], wanted: &[(f64, f64)]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found.0 - wanted.0).abs() < 1e-6 && (found.1 - wanted.1).abs() < 1e-6, "{found:?} is not {wanted:?}");
    }
}

/// Luo and Qi's weights by hand: one child in each third of a reach of 3 km, the edges included, for 6 places. Each has
/// 6 / 3 by 2SFCA; by E2SFCA 6 / (1 + 0.68 + 0.22) = 3.157895 times 1, 0.68 and 0.22, which sums to 6 again.
#[test]
fn the_nearer_counts_for_more() {
    let needs = "area a at=1000,0\narea b at=2000,0\narea c at=3000,0\nneed n1 kind=k area=a\nneed n2 kind=k area=b\n\
                 need n3 kind=k area=c\nservice s types=k\n";
    let thirds = [(2.0, 3.157895), (2.0, 2.147368), (2.0, 0.694737)];
    near(&by_area(&format!("{needs}offer o service=s at=0,0 reach=3000 capacity=6")), &thirds);
    // The policy's reach stands in where the offer has none.
    near(&by_area(&format!("{needs}policy metres=3000\noffer o service=s at=0,0 capacity=6")), &thirds);
    // Where no distance is tested all count alike.
    let alike = [(2.0, 2.0); 3];
    near(&by_area(&format!("{needs}offer o service=s at=0,0 reach=any capacity=6")), &alike);
    near(&by_area(&format!("{needs}offer o service=s at=0,0 covers=a;b;c capacity=6")), &alike);
}

#[test]
fn the_weights_are_those_of_luo_and_qi() {
    let published = crate::measures::access::Steps::LUO_AND_QI.map(|step| step.weight);
    assert_eq!(super::OF_THIRDS.map(|hundredths| hundredths as f64 / 100.0), published);
}
