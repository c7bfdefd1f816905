use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{ChildNeeds, Ecology, layer_profile};
use crate::domain::{Layer, Locality, NeedIx};
use crate::eligibility::pairs::Pairs;
use crate::eligibility::profiles::Profiles;
use crate::eligibility::testing::{any_place, locality};
use crate::solve::Effort;

fn pairs_of(place: &Locality) -> Pairs {
    Pairs::build(place, &Profiles::build(place), &Effort::unlimited()).unwrap()
}

fn ecology(place: &Locality) -> Ecology<'_> {
    Ecology::build(place, &pairs_of(place), &Effort::unlimited()).unwrap()
}

fn ids(place: &Locality, needs: &[NeedIx]) -> String {
    let ids: Vec<&str> = needs.iter().map(|need| place.needs()[need.ix()].id.as_str()).collect();
    ids.join(" ")
}

const TWO_VALLEYS: &str = "
    area east at=0,0
    area west at=90000,0
    area far at=500000,0
    need e1 kind=k area=east children=5
    need e2 kind=l area=east children=?
    need w1 kind=k area=west children=2
    need z1 kind=k area=far children=7
    service both types=k;l provider=one
    service k types=k provider=two
    offer oe service=both at=0,0
    offer of service=k at=1000,0
    offer ow service=k at=90000,0
    offer ox service=k at=-500000,0";

fn components(text: &str) -> Vec<String> {
    let place = locality(text);
    let found = ecology(&place).components(&Effort::unlimited()).unwrap();
    let offers = |offers: &[crate::domain::OfferIx]| {
        offers.iter().map(|offer| place.offers()[offer.ix()].id.to_string()).collect::<Vec<_>>().join(" ")
    };
    let part = |part: &super::Component| {
        format!("{} | {} | {}", ids(&place, &part.needs), offers(&part.offers), part.child_needs.known)
    };
    let mut lines: Vec<String> = found.components.iter().map(part).collect();
    lines.push(format!("no offer: {}", ids(&place, &found.without_offer)));
    lines.push(format!("no need: {}", offers(&found.without_need)));
    lines
}

#[test]
fn what_shares_nothing_falls_apart() {
    assert_eq!(components(TWO_VALLEYS), ["e1 e2 | oe of | 5", "w1 | ow | 2", "no offer: z1", "no need: ox"]);
}

#[test]
fn limits_tie_components_together() {
    let provider = format!("{TWO_VALLEYS}\npolicy provider-limit=two");
    assert_eq!(components(&provider), ["e1 e2 w1 | oe of ow | 7", "no offer: z1", "no need: ox"]);
    let holder =
        TWO_VALLEYS.replace("need e2 kind=l", "need e2 kind=l holder=h").replace("need w1", "need w1 holder=h");
    assert_eq!(components(&holder).len(), 4, "without a limit a holder ties nothing");
    let holder = format!("{holder}\npolicy holder-limit=1");
    assert_eq!(components(&holder), ["e1 e2 w1 | oe of ow | 7", "no offer: z1", "no need: ox"]);
}

#[test]
fn needs_with_one_provider_left_depend_on_it() {
    let place = locality(TWO_VALLEYS);
    let points = ecology(&place).single_points(&Effort::unlimited()).unwrap();
    let line = |point: &super::SinglePoint| {
        let kinds: Vec<&str> = point.whole_kinds.iter().map(|kind| place.kinds()[kind.ix()].id.as_str()).collect();
        let ChildNeeds { known, unknown_rows } = point.child_needs;
        let provider = &place.providers()[point.provider.ix()];
        format!("{provider}: {} | {known} and {unknown_rows} rows | {}", ids(&place, &point.needs), kinds.join(" "))
    };
    let lines: Vec<String> = points.iter().map(line).collect();
    // e1 has both providers; w1 only `two`; e2, of unknown number, only `one`, who alone meets its kind.
    assert_eq!(lines, ["two: w1 | 2 and 0 rows | ", "one: e2 | 0 and 1 rows | l"]);
}

#[test]
fn declined_and_uncertain_offers_are_no_way_out() {
    let text = "area a at=0,0
                need n kind=k area=a
                service s types=k provider=one
                service t types=k provider=two requires=sex:f
                offer o service=s at=0,0
                offer p service=t at=0,0";
    let sole = |text: &str| {
        let place = locality(text);
        let points = ecology(&place).single_points(&Effort::unlimited()).unwrap();
        points.iter().map(|point| place.providers()[point.provider.ix()].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(sole(text), ["one"]);
    assert!(sole(&format!("{text}\npolicy unknown=yes")).is_empty());
    assert_eq!(sole(&format!("{text}\npolicy unknown=yes\ndecline x need=n offer=o")), ["two"]);
    assert!(sole(&format!("{text}\ndecline x need=n offer=o")).is_empty());
}

#[test]
fn layers_stand_beside_each_other() {
    let place = locality(
        "area a at=0,0
         area b at=0,0 outside
         kind speech layer=individual
         kind housing layer=exo
         need n1 kind=speech area=a children=5
         need n2 kind=speech area=b children=50
         need n3 kind=housing area=a children=?
         need n4 kind=other area=a children=2
         need n5 kind=other area=a children=3 felt
         service s types=speech setting=micro target=individual
         service t types=housing
         service idle types=housing setting=exo
         offer o1 service=s area=a capacity=3
         offer o2 service=s area=a
         offer o3 service=t area=a capacity=8
         offer o4 service=t area=b capacity=80",
    );
    let line = |row: &super::LayerRow| {
        let ChildNeeds { known, unknown_rows } = row.child_needs;
        let on_offer = |sum: super::OnOffer| {
            format!("{}/{}/{}/{}", sum.services, sum.offers, sum.places, sum.offers_with_places_unknown)
        };
        let layer = row.layer.map_or("not coded", Layer::as_str);
        format!("{layer}: {known}+{unknown_rows} {} {}", on_offer(row.setting), on_offer(row.target))
    };
    let lines: Vec<String> = layer_profile(&place).rows.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "individual: 5+0 0/0/0/0 1/2/3/1",
            "micro: 0+0 1/2/3/1 0/0/0/0",
            "meso: 0+0 0/0/0/0 0/0/0/0",
            "exo: 0+1 0/0/0/0 0/0/0/0",
            "macro: 0+0 0/0/0/0 0/0/0/0",
            "chrono: 0+0 0/0/0/0 0/0/0/0",
            "not coded: 2+0 1/1/8/0 1/1/8/0",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A need depends on a provider exactly where all its offers are that provider's.
    #[test]
    fn single_points_are_what_taking_providers_away_shows(text in any_place()) {
        let place = locality(&text);
        let pairs = pairs_of(&place);
        let ecology = Ecology::build(&place, &pairs, &Effort::unlimited()).unwrap();
        let unknown = place.policy().unknown.eligibility;
        let mut wanted = vec![Vec::new(); place.providers().len()];
        for need in (0..place.needs().len()).map(NeedIx::new).filter(|need| place.needs()[need.ix()].counts) {
            let taken = pairs.of(need).filter(|pair| pair.grade.admits(unknown));
            let mut providers: Vec<usize> = taken.map(|pair| place.service_of(pair.offer).provider.ix()).collect();
            providers.sort_unstable();
            providers.dedup();
            if let [sole] = providers.as_slice() {
                wanted[*sole].push(need);
            }
        }
        let mut found = vec![Vec::new(); place.providers().len()];
        for point in ecology.single_points(&Effort::unlimited()).unwrap() {
            found[point.provider.ix()] = point.needs;
        }
        prop_assert_eq!(found, wanted);
        let components = ecology.components(&Effort::unlimited()).unwrap();
        let parted: usize = components.components.iter().map(|part| part.needs.len()).sum();
        let counted = place.needs().iter().filter(|need| need.counts).count();
        prop_assert_eq!(parted + components.without_offer.len(), counted);
    }
}
