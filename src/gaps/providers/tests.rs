use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::{Losses, Settings, concentration, losses};
use crate::eligibility::Ecology;
use crate::gaps::matched::{Matched, any_supplied_place, matched};
use crate::matching::NotFormulated;
use crate::solve::Effort;

fn loss_of_each(of: &Matched, settings: Settings, effort: &Effort) -> Result<Losses, NotFormulated> {
    let unlimited = Effort::unlimited();
    let points = Ecology::build(&of.locality, &of.pairs, &unlimited).unwrap().single_points(&unlimited).unwrap();
    losses(&of.locality, &of.matching, &of.today(), &points, settings, effort)
}

#[test]
fn concentration_is_the_sum_of_squared_shares_of_known_places_inside() {
    let of = matched(
        "area a at=0,0
         area z at=0,0 outside
         service s types=k provider=p
         service t types=k;l provider=q
         service u types=l provider=r
         offer o1 service=s area=a capacity=2
         offer o2 service=s at=0,0 capacity=1
         offer o3 service=t area=a capacity=1
         offer o4 service=u area=a
         offer o5 service=u area=z capacity=9
         need n kind=k area=a
         need m kind=l area=a
         need x kind=x area=a",
    );
    let found = concentration(&of.locality, &of.profiles, &Effort::unlimited()).unwrap();
    let of_provider = |at: usize, places| (crate::domain::ProviderIx::new(at), places);
    // p has 3 of 4 places and q 1: 9/16 + 1/16.
    assert_eq!((found.all.hhi, found.all.offers_with_places_unknown), (Some(0.625), 1));
    assert_eq!(found.all.places, [of_provider(0, 3), of_provider(1, 1)]);
    let kind = |code: &str| &found.by_kind[&of.locality.find_kind(code).unwrap()];
    assert_eq!(kind("k").hhi, Some(0.625));
    assert_eq!((kind("l").hhi, kind("l").offers_with_places_unknown), (Some(1.0), 1));
    assert_eq!(found.by_kind.len(), 2, "nothing here meets x");
}

#[test]
fn a_limit_on_a_provider_bounds_its_places() {
    let of = matched(
        "policy provider-limit=p
         area a at=0,0
         service s types=k provider=p
         service t types=k provider=q
         offer o1 service=s area=a capacity=9
         offer o2 service=t area=a capacity=1
         need n kind=k area=a",
    );
    let found = concentration(&of.locality, &of.profiles, &Effort::unlimited()).unwrap();
    assert_eq!(found.all.hhi, Some(0.5));
}

const TWO_PROVIDERS: &str = "
    area a at=0,0
    area z at=0,0 outside
    service s types=k;l provider=p
    service t types=k provider=q
    offer o1 service=s at=0,0 reach=any capacity=3
    offer o2 service=t at=0,0 reach=any capacity=2
    need n kind=k area=a children=3
    need m kind=l area=a children=2
    need felt kind=l area=a children=7 felt
    ";

#[test]
fn when_a_provider_closes_others_take_whom_they_can() {
    let of = matched(TWO_PROVIDERS);
    let found = loss_of_each(&of, Settings::default(), &Effort::unlimited()).unwrap();
    assert_eq!((found.today.child_needs, found.providers, found.tested.len()), (5, 2, 2));
    let kind = |code: &str| of.locality.find_kind(code).unwrap();
    // All five places are taken. Without p, q goes on with 2 of the 3 of kind k, and nobody takes kind l.
    let p = &found.tested[0];
    assert_eq!((p.takes, p.change.child_needs, p.change.weight), (3, -3, -3));
    assert_eq!(p.newly_unmet.iter().collect::<Vec<_>>(), [(&kind("k"), &1), (&kind("l"), &2)]);
    assert_eq!((p.lose_every_offer.known, p.lose_every_offer.unknown_rows), (2, 0));
    // Without q, p has 3 places for the 5.
    let q = &found.tested[1];
    assert_eq!((q.takes, q.newly_unmet_child_needs(), q.lose_every_offer.known), (2, 2, 0));
}

#[test]
fn as_many_providers_are_tested_as_the_work_allows_and_one_in_any_case() {
    let of = matched(TWO_PROVIDERS);
    // Three pairs: n with both offers, m with one.
    for (pairs, tested) in [(0, 1), (5, 1), (6, 2), (30, 2)] {
        let found = loss_of_each(&of, Settings { pairs }, &Effort::unlimited()).unwrap();
        assert_eq!((found.tested.len(), found.providers, found.stopped), (tested, 2, None), "{pairs}");
    }
}

#[test]
fn children_from_outside_enter_no_number() {
    // The heavier ones from outside take the places that p had for the others.
    let of = matched(&format!("{TWO_PROVIDERS}need out kind=k area=z children=1 weight=9"));
    let found = loss_of_each(&of, Settings::default(), &Effort::unlimited()).unwrap();
    assert_eq!((found.today.child_needs, found.today.weight_of_all), (4, 13));
    let p = found.tested.iter().find(|loss| loss.lose_every_offer.known == 2).unwrap();
    // q has one place left beside the one from outside.
    assert_eq!((p.change.child_needs, p.change.weight_of_all, p.newly_unmet_child_needs()), (-3, -3, 3));
}

#[test]
fn a_stop_keeps_what_was_tested() {
    let of = matched(TWO_PROVIDERS);
    let mut tested = std::collections::BTreeSet::new();
    for ticks in 0..3000 {
        match loss_of_each(&of, Settings::default(), &Effort::unlimited().at_most(ticks)) {
            Ok(found) => {
                assert_eq!(found.tested.len() < 2, found.stopped.is_some());
                tested.insert(found.tested.len());
            }
            Err(error) => assert!(matches!(error, NotFormulated::Stopped(_))),
        }
    }
    assert_eq!(tested.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whom a closing strands is what the optimum loses, and the optimum is that of the locality without the places.
    #[test]
    fn a_closing_strands_as_many_as_the_optimum_loses(text in any_supplied_place()) {
        let of = matched(&text);
        let found = loss_of_each(&of, Settings::default(), &Effort::unlimited()).unwrap();
        prop_assert_eq!(found.providers, found.tested.len() as u64);
        for loss in &found.tested {
            prop_assert!(loss.change.child_needs <= 0 && loss.change.weight <= 0 && loss.change.weight_of_all <= 0);
            prop_assert_eq!(i128::from(loss.newly_unmet_child_needs()), -i128::from(loss.change.child_needs));
            let closed: Vec<String> = text.lines().map(|line| {
                let theirs = of.locality.offers().iter().any(|offer| {
                    of.locality.services()[offer.service.ix()].provider == loss.provider
                        && line.starts_with(&format!("offer {} ", offer.id))
                });
                if theirs { line.replace("capacity=", "capacity=0 was=") } else { line.to_owned() }
            }).collect();
            let after = matched(&closed.join("\n")).today().optimum();
            prop_assert_eq!(found.today.change_to(&after), loss.change);
        }
    }
}
