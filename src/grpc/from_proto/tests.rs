use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use prost::Message;

use super::{draft, inline_need};
use crate::domain::{BadRows, Draft, Setting};
use crate::engine::Resident;
use crate::grpc::pb::suffice::v1 as pb;
use crate::service::{Error, Limits};
use crate::solve::Effort;

const FIELD_BYTES: usize = 64 << 10;

fn known(number: i64) -> Option<pb::Count> {
    Some(pb::Count { state: Some(pb::count::State::Known(number)) })
}

fn mark(mark: &str) -> Option<pb::Count> {
    Some(pb::Count { state: Some(pb::count::State::Mark(mark.to_owned())) })
}

fn tag(name: &str, value: &str) -> pb::Tag {
    pb::Tag { name: name.to_owned(), value: value.to_owned() }
}

fn named(name: &str, value: &str) -> std::collections::BTreeMap<String, String> {
    [(name.to_owned(), value.to_owned())].into()
}

/// Every field of every message is set, each to a value of its own.
fn everything() -> pb::InlineLocality {
    let text = str::to_owned;
    pb::InlineLocality {
        settings: Some(pb::LocalitySettings {
            name: text("North"),
            reference_date: text("2024-06-30"),
            period: text("2024"),
            coordinates: pb::Coordinates::Lonlat.into(),
            ages: pb::AgeUnit::Years.into(),
            licence: text("OGL"),
            sources: vec![text("one"), text("two")],
            design: pb::Design::Sample.into(),
            deprivation: Some(pb::DeprivationIndex { index: text("IMD"), year: 2019, areas_in_index: 32_844 }),
        }),
        policy: Some(prost_types::Struct {
            fields: [(
                "unknown".to_owned(),
                prost_types::Value::from(prost_types::value::Kind::StructValue(prost_types::Struct {
                    fields: [
                        ("stale_days".to_owned(), prost_types::Value::from(90.0)),
                        ("eligibility".to_owned(), prost_types::Value::from("no".to_owned())),
                    ]
                    .into(),
                })),
            )]
            .into(),
        }),
        areas: vec![pb::Area {
            area: text("a"),
            name: text("Area A"),
            lon: Some(-1.5),
            lat: Some(53.25),
            x: None,
            y: None,
            parent: text("b"),
            inside: Some(false),
            deprivation_rank: Some(17),
            groups: named("urban", "yes"),
        }],
        needs: vec![pb::Need {
            need: text("n"),
            holder: text("h"),
            kind: text("k"),
            level: Some(3),
            children: mark("c"),
            area: text("a"),
            age: Some(4),
            age_max: Some(6),
            lon: Some(-1.25),
            lat: Some(53.5),
            x: None,
            y: None,
            weight: Some(9),
            basis: vec![pb::Basis::Normative.into(), pb::Basis::Felt.into()],
            certainty: pb::Certainty::Administrative.into(),
            children_low: Some(1),
            children_high: Some(4),
            tags: vec![tag("sen", "yes"), tag("language", "en")],
            household: text("hh"),
            groups: named("sex", "f"),
        }],
        services: vec![pb::Service {
            service: text("s"),
            name: text("Speech"),
            provider: text("p"),
            types: vec![text("t"), text("u")],
            age_min: Some(pb::AgeLimit { limit: Some(pb::age_limit::Limit::Age(2)) }),
            age_max: Some(pb::AgeLimit { limit: Some(pb::age_limit::Limit::Any(true)) }),
            level_min: Some(1),
            level_max: Some(2),
            setting: pb::Layer::Micro.into(),
            target: pb::Layer::Exo.into(),
            requires: vec![tag("sen", "yes")],
            excludes: vec![tag("a", "1"), tag("a", "2")],
            evidence: text("3"),
            unit: text("group"),
            children_per_unit: Some(8),
            cost_per_place: Some(12_345),
        }],
        offers: vec![pb::Offer {
            offer: text("o"),
            service: text("s"),
            lon: Some(-1.0),
            lat: Some(54.0),
            x: None,
            y: None,
            area: text("a"),
            capacity: known(20),
            free: known(3),
            turns: Some(2),
            status: pb::OfferStatus::AdditionalAssessmentRequired.into(),
            updated: text("2024-06-01"),
            areas: vec![text("a"), text("b")],
            reach: Some(pb::offer::Reach::ReachMinutes(12.5)),
        }],
        meets: vec![pb::Meet { kind: text("k"), r#type: text("t"), effect: Some(0.125), source: text("us") }],
        kinds: vec![pb::Kind {
            kind: text("k"),
            label: text("A kind"),
            layer: pb::Layer::Chrono.into(),
            domain: text("health"),
            recipient: pb::Recipient::Household.into(),
            age_min: Some(0),
            age_max: Some(17),
            source: text("them"),
            codes: named("ICD", "F80"),
        }],
        declines: vec![pb::Decline {
            need: text("n"),
            holder: text("h"),
            kind: text("k"),
            area: text("a"),
            service: text("s"),
            offer: text("o"),
            reason: text("no"),
        }],
        declines_recorded: false,
        population: vec![pb::PopulationRow {
            area: text("a"),
            age: Some(1),
            age_max: Some(5),
            groups: named("sex", "m"),
            children: known(100),
        }],
        receipts: vec![pb::Receipt {
            service: text("s"),
            offer: text("o"),
            children: known(7),
            need: text("none"),
            kind: text("k"),
            holder: text("h"),
            area: text("a"),
            age: Some(6),
        }],
        receipts_recorded: false,
        travel: vec![pb::Travel {
            area: text("a"),
            offer: text("o"),
            distance: Some(pb::travel::Distance::Minutes(7.5)),
        }],
    }
}

/// As [`everything`], but fit to be loaded.
fn good() -> pb::InlineLocality {
    let mut locality = everything();
    locality.areas[0].parent.clear();
    locality.offers[0].areas.truncate(1);
    let decline = &mut locality.declines[0];
    (decline.holder, decline.kind, decline.area, decline.offer) = Default::default();
    locality.receipts[0].offer.clear();
    locality
}

#[test]
fn the_good_message_is_good() {
    let draft = draft(good(), FIELD_BYTES).unwrap();
    if let Err(problems) = Resident::load(draft, BadRows::Refuse, &Effort::unlimited()) {
        panic!("{problems:#?}");
    }
}

/// The filled cells of a table's only row, as `column=cell`.
fn row(draft: &Draft, table: &str) -> Vec<String> {
    let table = &draft.tables[table];
    assert_eq!(table.len(), 1);
    let cells = table.header().iter().zip(table.cells(0));
    let mut filled: Vec<String> =
        cells.filter(|(_, cell)| !cell.is_empty()).map(|(name, cell)| format!("{name}={cell}")).collect();
    filled.sort();
    filled
}

#[test]
fn every_field_becomes_the_column_of_its_name() {
    let draft = draft(everything(), FIELD_BYTES).unwrap();
    let check = |table: &str, expected: &str| {
        let expected: Vec<&str> = expected.split(", ").collect();
        assert_eq!(row(&draft, table), expected, "{table}");
    };
    check(
        "areas",
        "area=a, deprivation_rank=17, group:urban=yes, inside=no, lat=53.25, lon=-1.5, name=Area A, parent=b",
    );
    check(
        "needs",
        "age=4, age_max=6, area=a, basis=normative;felt, certainty=administrative, children=c, children_high=4, \
         children_low=1, group:sex=f, holder=h, household=hh, kind=k, lat=53.5, level=3, lon=-1.25, need=n, \
         tags=sen=yes;language=en, weight=9",
    );
    check(
        "services",
        "age_max=any, age_min=2, children_per_unit=8, cost_per_place=12345, evidence=3, excludes=a=1;a=2, level_max=2, \
         level_min=1, name=Speech, provider=p, requires=sen=yes, service=s, setting=micro, target=exo, types=t;u, \
         unit=group",
    );
    check(
        "offers",
        "area=a, areas=a;b, capacity=20, free=3, lat=54, lon=-1, offer=o, reach_minutes=12.5, service=s, \
         status=additional-assessment-required, turns=2, updated=2024-06-01",
    );
    check("meets", "effect=0.125, kind=k, source=us, type=t");
    check(
        "kinds",
        "age_max=17, age_min=0, code:ICD=F80, domain=health, kind=k, label=A kind, layer=chrono, recipient=household, \
         source=them",
    );
    check("declines", "area=a, holder=h, kind=k, need=n, offer=o, reason=no, service=s");
    check("population", "age=1, age_max=5, area=a, children=100, group:sex=m");
    check("receipts", "age=6, area=a, children=7, holder=h, kind=k, need=none, offer=o, service=s");
    check("travel", "area=a, minutes=7.5, offer=o");

    let about = draft.about.unwrap();
    let text = |text: &str| Setting::Text(text.to_owned());
    assert_eq!(about["coordinates"], text("lonlat"));
    assert_eq!((&about["ages"], &about["design"]), (&text("years"), &text("sample")));
    assert_eq!((&about["name"], &about["licence"]), (&text("North"), &text("OGL")));
    assert_eq!((&about["reference_date"], &about["period"]), (&text("2024-06-30"), &text("2024")));
    assert_eq!(about["sources"], Setting::List(vec![text("one"), text("two")]));
    let Setting::Keys(deprivation) = &about["deprivation"] else { panic!("keys") };
    assert_eq!((&deprivation["index"], &deprivation["year"]), (&text("IMD"), &Setting::Whole(2019)));
    assert_eq!(deprivation["areas_in_index"], Setting::Whole(32_844));
    let Setting::Keys(unknown) = &draft.policy.unwrap()["unknown"] else { panic!("keys") };
    assert_eq!((&unknown["stale_days"], &unknown["eligibility"]), (&Setting::Whole(90), &text("no")));
}

#[test]
fn what_is_not_sent_is_not_recorded_and_what_is_empty_can_be() {
    let tables = |locality| draft(locality, FIELD_BYTES).unwrap().tables;
    let settings = everything().settings;
    let nothing = tables(pb::InlineLocality { settings: settings.clone(), ..Default::default() });
    for always in ["areas", "needs", "services", "offers", "kinds"] {
        assert!(nothing.contains_key(always), "{always}");
    }
    for never in ["meets", "declines", "receipts", "population", "travel"] {
        assert!(!nothing.contains_key(never), "{never}");
    }
    let recorded =
        pb::InlineLocality { settings, declines_recorded: true, receipts_recorded: true, ..Default::default() };
    let recorded = tables(recorded);
    assert!(recorded["declines"].is_empty() && recorded["receipts"].is_empty());
}

/// Reads what came over the wire as far as an engine would go with it.
fn read(bytes: &[u8]) {
    if let Ok(locality) = pb::InlineLocality::decode(bytes) {
        for bad_rows in [BadRows::Refuse, BadRows::SetAside] {
            if let Ok(draft) = draft(locality.clone(), FIELD_BYTES) {
                let _ = Resident::load(draft, bad_rows, &Effort::unlimited());
            }
        }
    }
    if let Ok(need) = pb::InlineNeed::decode(bytes) {
        let _ = inline_need(need);
    }
}

proptest! {
    #[test]
    fn no_bytes_at_all_can_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    /// Nearly right messages get further than random ones.
    #[test]
    fn no_change_to_a_good_message_can_make_it_panic(
        changes in vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
        keep in any::<bool>(),
    ) {
        let mut bytes = good().encode_to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !keep {
            bytes.truncate(cut.index(bytes.len()));
        }
        read(&bytes);
    }
}

#[test]
fn a_change_is_a_row_of_text_and_what_is_not_set_stays() {
    use crate::domain::Change;
    let read = |change| super::changes(vec![pb::Change { change: Some(change) }], Limits::default());
    let blank = pb::Count { state: Some(pb::count::State::Mark(String::new())) };
    let places = pb::SetPlaces { offer: "o".to_owned(), capacity: Some(blank), ..Default::default() };
    let cells = |words: &[(&str, &str)]| words.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let expected = Change::SetPlaces(cells(&[("capacity", ""), ("offer", "o")]));
    assert_eq!(read(pb::change::Change::SetPlaces(places)), Ok(vec![expected]), "free is not named, capacity is blank");
    let decline = pb::Decline { need: "n".to_owned(), service: "s".to_owned(), ..Default::default() };
    let expected = Change::AddDecline(cells(&[("need", "n"), ("service", "s")]));
    assert_eq!(read(pb::change::Change::AddDecline(decline)), Ok(vec![expected]));
    let long = "x".repeat(Limits::default().field_bytes + 1);
    let refused = read(pb::change::Change::RemoveNeed(long)).unwrap_err();
    assert_eq!(refused, Error::invalid("changes[0].remove_need", "wanted at most 65536 bytes"));
    let most = Limits { changes: 1, ..Limits::default() };
    let two = vec![pb::Change::default(); 2];
    assert_eq!(super::changes(two, most), Err(Error::OverLimit { what: "changes of one call", allowed: 1 }));
}
