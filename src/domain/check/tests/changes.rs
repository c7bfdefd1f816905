//! Changes of single rows: each problem at its change and field, and the outcome that of the edited bundle.

mod edited;
mod properties;

use super::{Bundle, lines, text, whole};
use crate::canon;
use crate::domain::change::{Cells, Change};
use crate::domain::check::apply;
use crate::domain::policy::StageName;
use crate::domain::{Changed, DeclineWhat, DeclineWho, Locality};

/// `column=cell` words; a cell may hold no space.
fn cells(words: &str) -> Cells {
    let cell = |word: &str| word.split_once('=').map(|(column, cell)| (column.to_owned(), cell.to_owned()));
    words.split_whitespace().map(|word| cell(word).expect("column=cell")).collect()
}

/// One change on a line: its name, then an id or cells.
fn changes(lines: &str) -> Vec<Change> {
    let change = |line: &str| {
        let (name, rest) = line.trim().split_once(' ').expect("a name and what follows");
        match name {
            "set_need" => Change::SetNeed(cells(rest)),
            "remove_need" => Change::RemoveNeed(rest.to_owned()),
            "set_service" => Change::SetService(cells(rest)),
            "remove_service" => Change::RemoveService(rest.to_owned()),
            "set_offer" => Change::SetOffer(cells(rest)),
            "remove_offer" => Change::RemoveOffer(rest.to_owned()),
            "set_places" => Change::SetPlaces(cells(rest)),
            "add_decline" => Change::AddDecline(cells(rest)),
            "remove_decline" => Change::RemoveDecline(cells(rest)),
            "add_receipt" => Change::AddReceipt(cells(rest)),
            "remove_receipt" => Change::RemoveReceipt(cells(rest)),
            other => panic!("no change is called {other}"),
        }
    };
    lines.trim().lines().map(change).collect()
}

fn applied(bundle: &Bundle, lines: &str) -> Changed {
    let changed = apply(&bundle.checked().locality, &changes(lines));
    changed.unwrap_or_else(|problems| panic!("the changes are good, but:\n{}", super::lines(&problems)))
}

fn refused(lines: &str) -> String {
    let problems = apply(&Bundle::good().checked().locality, &changes(lines)).map(drop);
    super::lines(&problems.expect_err("the changes are refused"))
}

fn ids<'i>(ids: impl IntoIterator<Item = &'i crate::domain::Id>) -> String {
    ids.into_iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn no_change_changes_nothing() {
    let locality = Bundle::good().checked().locality;
    let changed = apply(&locality, &[]).expect("nothing is wrong");
    assert_eq!(canon::digest(&changed.locality), canon::digest(&locality));
    assert_eq!(changed.difference, Default::default());
    assert_eq!(format!("{:?}", changed.locality), format!("{locality:?}"));
}

#[test]
fn a_cohort_gets_back_the_child_that_was_taken_off_it() {
    // Cohort c1 has 40 children of 5 to 9 years in the south; one of them is named, so 39 are left while Bo's row stands.
    let bundle = Bundle::good().policy("count.overlap", text("reduce"));
    let cohort = |locality: &Locality| {
        let need = &locality.needs()[locality.find_need("n3").expect("there").ix()];
        (need.children.known(), locality.holders()[need.holder.ix()].children)
    };
    assert_eq!(cohort(&bundle.checked().locality), (Some(40), 40));
    let named = "set_need need=n7 holder=bo kind=speech level=2 children=1 area=south age=6 age_max=6";
    let changed = apply(&bundle.checked().locality, &changes(named)).expect("a good change");
    assert_eq!(cohort(&changed.locality), (Some(39), 39));
    let changed = apply(&changed.locality, &changes("remove_need n7")).expect("a good change");
    assert_eq!(cohort(&changed.locality), (Some(40), 40));
}

#[test]
fn places_change_and_the_rest_of_the_offer_stays() {
    let changed =
        applied(&Bundle::good(), "set_places offer=talk-north free=1\nset_places offer=talk-north capacity=11 free=0");
    let offer = |locality: &Locality| locality.offers()[locality.find_offer("talk-north").expect("there").ix()].clone();
    let (before, after) = (offer(&Bundle::good().checked().locality), offer(&changed.locality));
    assert_eq!((after.capacity.known(), after.free.known()), (Some(11), Some(0)));
    assert_eq!(
        (after.reach, after.point, after.status, after.updated),
        (before.reach, before.point, before.status, before.updated)
    );
    assert_eq!(ids(&changed.difference.offers), "talk-north");
    assert!(!changed.difference.wide && changed.difference.needs.is_empty());
}

#[test]
fn tables_that_no_change_touches_are_shared() {
    let locality = Bundle::good().checked().locality;
    let changed = apply(&locality, &changes("set_places offer=club-south capacity=4")).expect("good");
    assert!(std::ptr::eq(locality.needs(), changed.locality.needs()));
    assert!(std::ptr::eq(locality.services(), changed.locality.services()));
    assert!(!std::ptr::eq(locality.offers(), changed.locality.offers()));
}

#[test]
fn what_is_declined_of_a_row_goes_with_it() {
    let changed = applied(
        &Bundle::good(),
        "remove_receipt service=talk children=1 need=n1 kind=speech holder=ann area=north age=4
         remove_need n1
         remove_need n2
         add_decline kind=autism area=south offer=talk-north reason=far",
    );
    let locality = &changed.locality;
    assert_eq!(ids(locality.needs().iter().map(|need| &need.id)), "n3 n4 n5");
    assert_eq!(ids(locality.holders().iter().map(|holder| &holder.id)), "c1 c2 c3");
    // Those of n1 and of ann are gone; that of hill stays, and one has come.
    let kept = |who: &DeclineWho| matches!(who, DeclineWho::Everyone { .. });
    assert_eq!(locality.declines().len(), 2);
    assert!(locality.declines().iter().all(|decline| kept(&decline.who)));
    assert_eq!((changed.difference.declined.len(), changed.difference.no_longer_declined.len()), (1, 2));
    let offer = locality.find_offer("talk-north").expect("there");
    assert_eq!(changed.difference.declined[0].1, DeclineWhat::Offer(offer));
    assert_eq!(ids(&changed.difference.needs), "n1 n2");
    assert_eq!(locality.receipts().map(<[_]>::len), Some(2));
}

#[test]
fn every_problem_is_told_at_its_change_and_field() {
    let told = refused(
        "set_need need=n9 holder=bo kind=speach level=9 children=1 area=north
         remove_need n7
         set_places offer=talk-nort free=1
         set_offer offer=new service=talk area=hill
         set_need need=n8 holder=ann kind=speech level=2 children=1 area=south age=5 household=h1
         set_offer offer=far service=talk x=1 y=2
         set_need need=n7 holder=cy kind=speech level=1 children=1 area=north group:eyes=blue
         set_places offer=talk-north free=-1
         remove_offer club-south
         remove_service club
         add_decline need=n1 holder=ann offer=talk-north",
    );
    let wanted = r#"error: changes[0], set_need.kind: saw "speach"; the id of a kind in kinds.csv; perhaps speech
error: changes[0], set_need.level: saw "9"; a whole number from 1 to 4
error: changes[1], remove_need: saw "n7"; the id of a need of this locality
error: changes[2], set_places.offer: saw "talk-nort"; the id of an offer of this locality
error: changes[3], set_offer.offer: saw "new"; another id: a candidate that would be an offer is called this
error: changes[4], set_need.age: saw "5"; 4, as in a row that is there already: the rows of a holder agree
error: changes[4], set_need.area: saw "south"; north, as in a row that is there already: the rows of a holder agree
error: changes[5], set_offer.x: saw "x"; the columns lon and lat: locality.toml says coordinates = "lonlat"
error: changes[5], set_offer.y: saw "y"; the columns lon and lat: locality.toml says coordinates = "lonlat"
error: changes[6], set_need.group:eyes: saw "blue"; one of group:setting; a new one comes with an upload
error: changes[7], set_places.free: saw "-1"; a whole number from 0 to 1000000000, or a mark of the unknown: c, x, u, :, NA, low, k or blank
error: changes[8], remove_offer: saw "club-south"; one that no candidate names, and shut of candidates.csv does; to close an offer, set its places to 0
error: changes[8], remove_offer: saw "club-south"; one that no receipt names: remove its receipts too (remove_receipt)
error: changes[9], remove_service: saw "club"; one that no candidate names, and new of candidates.csv does
error: changes[10], add_decline.need: saw "n1"; a need, or a holder, or a kind and an area, and no more of them"#;
    assert_eq!(told, wanted);
}

#[test]
fn a_rule_between_rows_is_judged_when_all_changes_are_made() {
    // Neither order matters: the service and its offers go together.
    let bundle = Bundle::good().without("receipts").without("candidates");
    for order in ["remove_service talk\nremove_offer talk-north", "remove_offer talk-north\nremove_service talk"] {
        let changed = applied(&bundle, order);
        assert_eq!(ids(changed.locality.providers()), "charity");
        assert!(changed.difference.wide);
    }
    // The whole holder moves, since all its rows do.
    let moved = applied(
        &bundle,
        "set_need need=n1 holder=ann kind=speech level=3 children=1 area=south age=4
         set_need need=n2 holder=ann kind=autism level=2 children=1 area=south age=4",
    );
    assert_eq!(moved.locality.holders()[0].area, moved.locality.find_area("south").expect("there"));
}

#[test]
fn of_several_changes_of_a_row_the_last_one_counts() {
    let need = "need=n9 holder=bo kind=speech children=1 area=north";
    let set = |level: u8| format!("set_need {need} level={level}");
    let changed = applied(&Bundle::good(), &format!("{}\n{}", set(9), set(2)));
    let at = changed.locality.find_need("n9").expect("there");
    assert_eq!(changed.locality.needs()[at.ix()].level.get(), 2);
    let changed = applied(&Bundle::good(), &format!("{}\nremove_need n9", set(9)));
    assert_eq!(changed.locality.find_need("n9"), None);
    assert_eq!(changed.difference, Default::default());
    let told = refused("remove_need n3\nremove_need n3");
    assert!(told.starts_with("error: changes[1], remove_need: saw \"n3\""), "{told}");
}

#[test]
fn a_provider_with_a_limit_and_a_floor_with_a_value_cannot_vanish() {
    let bundle =
        Bundle::good().without("receipts").without("candidates").policy("limits.provider_places.trust", whole(5));
    let told = apply(&bundle.checked().locality, &changes("remove_service talk\nremove_offer talk-north"));
    let told = super::lines(&told.map(drop).expect_err("the policy names the provider"));
    assert!(told.starts_with("error: changes: saw \"trust\"; another service of trust"), "{told}");

    let bundle = Bundle::good()
        .cell("needs", 2, "group:class", "a")
        .cell("needs", 3, "group:class", "a")
        .cell("needs", 4, "group:class", "b")
        .policy("floors.group", text("class"))
        .policy("floors.share.b", super::decimal("0.5"));
    let told = apply(&bundle.checked().locality, &changes("remove_need n3"));
    let told = super::lines(&told.map(drop).expect_err("the floor names the value"));
    assert!(
        told.starts_with("error: changes: saw \"b\"; policy.toml, floors.share.b: a value of group:class"),
        "{told}"
    );
}

#[test]
fn sums_of_the_whole_bundle_bound_what_a_change_may_bring() {
    let told =
        refused("set_need need=n9 holder=all kind=speech level=4 children=1000000000 area=north weight=1000000000");
    assert!(told.contains("error: changes[0], set_need.children: saw"), "{told}");
    assert!(told.contains("sums are exact only up to"), "{told}");
}

#[test]
fn warnings_are_those_of_the_rows_that_changed() {
    let bundle = Bundle::good().cell("offers", 2, "free", "20");
    assert_eq!(bundle.checked().warnings.len(), 1);
    let changed = applied(&bundle, "set_places offer=club-south free=9 updated=2030-01-01");
    let expected = "warning: changes[0], set_places.free: saw \"9\"; at most 3, the capacity
warning: changes[0], set_places.updated: saw \"2030-01-01\"; a date not after the reference date, 2024-09-01";
    assert_eq!(lines(&changed.warnings), expected);
    assert_eq!(changed.locality.completeness().warnings, 3);
    assert!(changed.locality.policy().objective.order.contains(&StageName::Need));
}
