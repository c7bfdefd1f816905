//! Whatever changes come, the outcome is that of the edited bundle: the same locality, or an error in both.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::super::unloading::assert_read_back;
use super::super::{Bundle, text};
use super::edited::edit;
use super::{cells, lines};
use crate::canon;
use crate::domain::change::{Cells, Change};
use crate::domain::check::apply;
use crate::domain::{BadRows, Completeness, Locality};
use crate::solve::Effort;

/// A few words out of which most rows are good.
fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(words)
}

fn need() -> impl Strategy<Value = Cells> {
    let who = one_of(&[
        "holder=ann area=north age=4 household=h1",
        "holder=ann area=south age=5",
        "holder=bo area=hill age=7 group:class=b",
        "holder=c1 area=south age=5 age_max=9",
        "holder=c9 area=south age=6 age_max=12 group:class=a",
        "holder=kid area=south age=6 group:class=c",
        "holder=far area=beyond",
        "holder=cohort:south:5-9 area=south age=5 age_max=9",
        "holder=lost area=nowhere",
    ]);
    let ids = one_of(&["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n0", "none", "rate:autism:south:5-9"]);
    let number =
        one_of(&["children=1", "children=1", "children=12", "children=c children_low=2", "children=3 children_high=2"]);
    let more = one_of(&["", "", "weight=3", "basis=felt", "tags=sen=ehcp", "lon=-2.3 lat=53.45", "certainty=counted"]);
    let kind = one_of(&["speech", "speech", "autism", "housing", "speach"]);
    (ids, who, kind, 1..5_u8, number, more).prop_map(|(id, who, kind, level, number, more)| {
        cells(&format!("need={id} {who} kind={kind} level={level} {number} {more}"))
    })
}

fn service() -> impl Strategy<Value = Cells> {
    let ids = one_of(&["talk", "club", "gym", "advice"]);
    let provider = one_of(&["trust", "charity", "council"]);
    let types = one_of(&["speech", "autism;speech", "housing", "speech;dance", "dnace", ";"]);
    let ages = one_of(&["age_min=any age_max=any", "age_min=2 age_max=7", "age_min=9 age_max=3", ""]);
    let more =
        one_of(&["", "level_min=2", "requires=sen=ehcp", "unit=session children_per_unit=3", "cost_per_place=500"]);
    (ids, provider, types, ages, more).prop_map(|(id, provider, types, ages, more)| {
        cells(&format!("service={id} provider={provider} types={types} {ages} {more}"))
    })
}

fn offer() -> impl Strategy<Value = Cells> {
    let ids = one_of(&["talk-north", "club-south", "gym-hill", "a-first", "new"]);
    let service = one_of(&["talk", "club", "gym", "advice"]);
    let place = one_of(&["area=south", "lon=-2.31 lat=53.41", "area=hill lon=-2.3 lat=53.4", "", "lon=500 lat=1"]);
    let reach = one_of(&["", "reach_km=3.5", "reach_km=any", "areas=south", "reach_minutes=5", "reach_km=0.0005"]);
    let places = one_of(&["capacity=3 free=1", "capacity=x", "capacity=5 free=9 turns=2", "status=no-capacity free=1"]);
    (ids, service, place, reach, places).prop_map(|(id, service, place, reach, places)| {
        cells(&format!("offer={id} service={service} {place} {reach} {places}"))
    })
}

fn decline() -> impl Strategy<Value = Cells> {
    let who =
        one_of(&["need=n1", "need=n3", "need=n6", "holder=ann", "holder=bo", "kind=speech area=south", "kind=speech"]);
    let what = one_of(&["offer=talk-north", "offer=club-south", "offer=gym-hill", "service=club", "service=gym"]);
    (who, what, one_of(&["", "reason=far"])).prop_map(|(who, what, reason)| cells(&format!("{who} {what} {reason}")))
}

fn receipt() -> impl Strategy<Value = Cells> {
    let what = one_of(&["offer=talk-north", "offer=club-south", "service=talk", "service=gym"]);
    let whose = one_of(&[
        "need=n1",
        "need=n3 kind=speech",
        "need=none",
        "",
        "need=n6 holder=bo",
        "holder=ann",
        "need=n5 kind=speech",
    ]);
    (what, whose, one_of(&["children=1", "children=k"]))
        .prop_map(|(what, whose, children)| cells(&format!("{what} {whose} {children}")))
}

fn places() -> impl Strategy<Value = Cells> {
    let ids = one_of(&["talk-north", "club-south", "gym-hill"]);
    let what = one_of(&[
        "free=0",
        "capacity=7 free=8",
        "capacity=c",
        "status=waitlist",
        "updated=2024-08-30",
        "free=",
        "updated=soon",
    ]);
    (ids, what).prop_map(|(id, what)| cells(&format!("offer={id} {what}")))
}

fn change() -> impl Strategy<Value = Change> {
    let id = |words| one_of(words).prop_map(str::to_owned);
    prop_oneof![
        6 => need().prop_map(Change::SetNeed),
        4 => id(&["n1", "n2", "n3", "n4", "n5", "n6", "n8"]).prop_map(Change::RemoveNeed),
        2 => service().prop_map(Change::SetService),
        1 => id(&["talk", "club", "gym"]).prop_map(Change::RemoveService),
        3 => offer().prop_map(Change::SetOffer),
        2 => id(&["talk-north", "club-south", "gym-hill"]).prop_map(Change::RemoveOffer),
        3 => places().prop_map(Change::SetPlaces),
        2 => decline().prop_map(Change::AddDecline),
        1 => decline().prop_map(Change::RemoveDecline),
        1 => receipt().prop_map(Change::AddReceipt),
        1 => receipt().prop_map(Change::RemoveReceipt),
    ]
}

/// Bundles with everything that rules between rows can be about.
fn bundle() -> impl Strategy<Value = Bundle> {
    let overlap = select(vec!["warn", "reduce", "refuse"]);
    let group = prop_oneof![Just("none"), Just("area"), Just("class"), Just("setting")];
    (any::<[bool; 5]>(), overlap, group).prop_map(|([rates, travel, receipts, candidates, limit], overlap, even_by)| {
        let mut bundle = Bundle::good()
            .cell("needs", 2, "group:class", "a")
            .cell("needs", 3, "group:class", "a")
            .policy("count.overlap", text(overlap))
            .policy("objective.even_by", text(even_by));
        if rates {
            bundle = bundle
                .table(
                    "population",
                    "area,age,age_max,children,group:sex\nsouth,5,9,20,girls\nnorth,5,9,30,boys\nhill,3,,c,",
                )
                .table(
                    "rates",
                    "kind,age_min,age_max,rate,low,high,level,source,group:sex\nautism,0,18,0.125,0.1,0.2,2,s,girls",
                );
        }
        if travel {
            bundle =
                bundle.table("travel", "area,offer,km\nnorth,talk-north,1\nsouth,club-south,9\nsouth,talk-north,3");
        }
        if !receipts {
            bundle = bundle.without("receipts");
        }
        if !candidates {
            bundle = bundle.without("candidates");
        }
        if limit {
            bundle = bundle.policy("limits.provider_places.trust", super::whole(5));
        }
        bundle
    })
}

/// How the bundle was read, without what depends on how often.
fn reading(locality: &Locality) -> Completeness {
    Completeness { warnings: 0, ..locality.completeness().clone() }
}

/// Group columns that a bundle has need not be those that an edit would bring.
fn has_columns_for(bundle: &Bundle, changes: &[Change]) -> bool {
    let known = |column: &String| !column.starts_with("group:") || bundle.tables["needs"][0].contains(column);
    changes.iter().all(|change| match change {
        Change::SetNeed(cells) => cells.keys().all(known),
        _ => true,
    })
}

/// Whether a row is added and taken away again. What is wrong with such a row is refused though the edited bundle does not
/// show it, and the bundle keeps the header of a table that was not there before.
fn undone(changes: &[Change]) -> bool {
    let within = |part: &Cells, whole: &Cells| part.iter().all(|(column, cell)| whole.get(column) == Some(cell));
    changes.iter().any(|added| {
        changes.iter().any(|removed| match (added, removed) {
            (Change::AddDecline(added), Change::RemoveDecline(removed)) => within(removed, added),
            (Change::AddReceipt(added), Change::RemoveReceipt(removed)) => within(removed, added),
            _ => false,
        })
    })
}

#[test]
fn changes_come_to_what_the_edited_bundle_is() {
    let (made, refused) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: 1500, failure_persistence: None, ..Config::default() };
    let all = (bundle(), vec(vec(change(), 1..4), 1..6));
    let run = TestRunner::new(config).run(&all, |(bundle, steps)| {
        let mut bundle = bundle;
        // Where the policy refuses overlaps the first rows may already be refused.
        let Ok(checked) = bundle.check() else { return Ok(()) };
        let mut locality = checked.locality;
        for changes in steps.into_iter().filter(|changes| !undone(changes)) {
            assert!(has_columns_for(&bundle, &changes));
            let (edited, all_there) = edit(&bundle, &changes);
            let afresh = super::super::check(edited.draft(), BadRows::Refuse);
            match (apply(&locality, &changes), afresh) {
                (Ok(changed), Ok(afresh)) => {
                    made.set(made.get() + 1);
                    assert!(all_there, "a row that is not there was changed: {changes:?}");
                    let (shown, wanted) = (Shown(&changed.locality), Shown(&afresh.locality));
                    assert_eq!(format!("{shown:?}"), format!("{wanted:?}"), "{changes:?}");
                    let kept = digests(&locality)
                        .after(&locality, &changed.locality, &Effort::unlimited())
                        .expect("nothing stops it");
                    assert_eq!(kept, digests(&afresh.locality));
                    assert_eq!(reading(&changed.locality), reading(&afresh.locality));
                    assert_read_back(&changed.locality);
                    (bundle, locality) = (edited, changed.locality);
                }
                (Err(problems), Err(_)) => {
                    refused.set(refused.get() + 1);
                    assert!(problems.iter().all(|problem| problem.table.starts_with("changes")));
                }
                (Err(problems), Ok(_)) => assert!(!all_there, "{}\n{changes:?}", lines(&problems)),
                (Ok(_), Err(problems)) => panic!("{}\n{changes:?}", lines(&problems)),
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(500 < made.get() && 500 < refused.get(), "both happen: {} made, {} refused", made.get(), refused.get());
}

/// Everything that could differ, for a readable failure.
struct Shown<'l>(&'l Locality);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = self.0.parts();
        f.debug_list()
            .entries(parts.holders.iter())
            .entries(parts.needs.iter())
            .entries(parts.services.iter())
            .entries(parts.offers.iter())
            .entries(parts.declines.iter())
            .entry(&parts.receipts)
            .entry(&parts.travel)
            .entry(&parts.group_columns)
            .entry(&parts.types)
            .entry(&parts.providers)
            .entry(&parts.received)
            .finish()
    }
}

fn digests(locality: &Locality) -> canon::Digests {
    canon::Digests::of(locality, &Effort::unlimited()).expect("nothing stops it")
}
