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
        let found = access(locality, &place.pairs, &effort).expect("nothing stops it");
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
