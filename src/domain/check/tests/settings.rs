//! `locality.toml` and `policy.toml`.

use super::{Bundle, decimal, keys, list, text, whole};
use crate::domain::draft::Setting;
use crate::domain::policy::{
    FloorShare, Floors, GroupBy, ObjectiveMode, Overlap, StageName, SupplyUse, UnknownCapacity, UnknownEligibility,
};
use crate::domain::{AgeUnit, BadRows, Basis, Period, Policy};

/// What is reported, word by word, for a changed setting.
fn reports(bundle: Bundle, wanted: &str) {
    let wanted: Vec<&str> = wanted.lines().map(str::trim).collect();
    assert_eq!(bundle.findings().lines().collect::<Vec<_>>(), wanted);
    // A broken setting refuses the bundle even where bad rows are set aside.
    let set_aside = super::check(bundle.draft(), BadRows::SetAside);
    assert_eq!(set_aside.is_err(), wanted.iter().any(|line| line.starts_with("error")));
}

#[test]
fn without_a_policy_every_default_holds() {
    let mut draft = Bundle::good().draft();
    draft.policy = None;
    let checked = super::check(draft, BadRows::Refuse).expect("good");
    assert_eq!(checked.locality.policy(), &Policy::defaults("2024-09-01".to_owned()));
}

#[test]
fn every_key_of_the_policy_is_read() {
    let bundle = Bundle::good()
        .policy("supply.use", text("free"))
        .policy("objective.mode", text("blended"))
        .policy("objective.order", list([text("need"), text("travel")]))
        .policy("objective.met", whole(10))
        .policy("objective.cost", whole(2))
        .policy("objective.km", decimal("0.0"))
        .policy("objective.even_by", text("setting"))
        .policy("weight.level", list([whole(1), whole(2), whole(3), whole(4)]))
        .policy("reach.km", decimal("1.001"))
        .policy(
            "reach.rules",
            list([keys([("kind", text("speech")), ("age_max", whole(9)), ("km", decimal("3.218688"))])]),
        )
        .policy("unknown.capacity", whole(7))
        .policy("unknown.eligibility", text("yes"))
        .policy("unknown.stale_days", whole(30))
        .policy("count.basis", list([text("felt")]))
        .policy("count.overlap", text("reduce"))
        .policy("limits.placements_per_holder", whole(2))
        .policy("limits.provider_places", keys([("trust", whole(5)), ("charity", whole(6))]))
        .policy("floors.group", text("group:setting"))
        .policy("floors.share", keys([("urban", decimal("0.333333")), ("rural", whole(1))]))
        .policy("ties.seed", text("2024 lottery"))
        .policy("plan.travel_pence_per_km", whole(45));
    let checked = bundle.checked();
    assert_eq!(super::lines(&checked.warnings), "");
    let policy = checked.locality.policy();
    assert_eq!(policy.supply, SupplyUse::Free);
    assert_eq!(policy.objective.mode, ObjectiveMode::Blended);
    assert_eq!(policy.objective.order, [StageName::Need, StageName::Travel]);
    assert_eq!((policy.objective.met, policy.objective.cost, policy.objective.km), (10, 2, 0));
    assert_eq!(policy.objective.even_by, GroupBy::Column(0));
    assert_eq!(policy.level_weights, [1, 2, 3, 4]);
    assert_eq!((policy.reach.metres, policy.reach.minutes), (1001.0, None));
    let rule = &policy.reach.rules[0];
    assert_eq!((rule.kind, rule.age_min, rule.age_max), (checked.locality.find_kind("speech"), None, Some(9)));
    assert_eq!((rule.metres, rule.minutes), (Some(3218.688), None));
    assert_eq!(policy.unknown.capacity, UnknownCapacity::Places(7));
    assert_eq!((policy.unknown.eligibility, policy.unknown.stale_days), (UnknownEligibility::Yes, 30));
    assert_eq!(policy.count.basis.iter().collect::<Vec<_>>(), [Basis::Felt]);
    assert_eq!(policy.count.overlap, Overlap::Reduce);
    assert_eq!(policy.limits.placements_per_holder, 2);
    let places: Vec<(usize, u64)> = policy.limits.provider_places.iter().map(|&(at, n)| (at.ix(), n)).collect();
    assert_eq!(places, [(0, 6), (1, 5)]);
    let shares = FloorShare::Each(vec![("rural".to_owned(), 1_000_000), ("urban".to_owned(), 333_333)]);
    assert_eq!(policy.floors, Floors { group: GroupBy::Column(0), share: shares });
    assert_eq!((policy.seed.as_str(), policy.travel_pence_per_km), ("2024 lottery", 45));
}

#[test]
fn an_empty_seed_is_the_reference_date() {
    let checked = Bundle::good().policy("ties.seed", text("")).checked();
    assert_eq!(checked.locality.policy().seed, "2024-09-01");
}

#[test]
fn what_is_wrong_with_a_policy_is_said_by_key() {
    let good = Bundle::good;
    reports(
        good().policy("objektive.mode", text("blended")),
        r#"error: policy.toml, objektive: saw "objektive = { mode = blended }"; one of the keys supply, objective, weight, reach, unknown, count, limits, floors, ties, plan; perhaps objective"#,
    );
    reports(
        good().policy("reach.kms", whole(3)),
        r#"error: policy.toml, reach.kms: saw "kms = 3"; one of the keys km, minutes, rules; perhaps km"#,
    );
    reports(
        good().policy("supply.use", text("Capacity")).policy("supply", text("free")),
        r#"error: policy.toml, supply: saw "free"; a table of keys"#,
    );
    reports(
        good().policy("supply.use", text("Capacity")),
        r#"error: policy.toml, supply.use: saw "Capacity"; one of "capacity", "free"; perhaps capacity"#,
    );
    reports(
        good().policy("objective.order", list([text("need"), text("blended"), text("need"), whole(1)])),
        r#"error: policy.toml, objective.order[1]: saw "blended"; one of "floors", "need", "evenness", "effect", "travel", "cost"
           error: policy.toml, objective.order[2]: saw "need"; each stage once
           error: policy.toml, objective.order[3]: saw "1"; one of "floors", "need", "evenness", "effect", "travel", "cost""#,
    );
    reports(
        good().policy("objective.met", decimal("1.5")),
        r#"error: policy.toml, objective.met: saw "1.5"; a whole number from 0 to 1000000000"#,
    );
    reports(
        good().policy("objective.even_by", text("seting")),
        r#"error: policy.toml, objective.even_by: saw "seting"; "area", "none" or the name of a group column; perhaps setting"#,
    );
    reports(
        good().policy("weight.level", list([whole(1), whole(0), whole(16)])),
        r#"error: policy.toml, weight.level: saw "[1, 0, 16]"; four weights, for the levels 1 to 4
           error: policy.toml, weight.level[1]: saw "0"; a whole number from 1 to 1000000000"#,
    );
    reports(
        good().policy(
            "reach.rules",
            list([
                keys([("kind", text("speach")), ("km", whole(3))]),
                keys([("age_min", whole(9)), ("age_max", whole(8)), ("km", whole(-1))]),
                keys([("age_min", whole(9))]),
                text("any"),
            ]),
        ),
        r#"warning: needs.csv, row 4, age: saw "5 to 9"; ages on one side of the age limit of reach.rules[1] in policy.toml for speech: split them into 5 to 8 and 9
           error: policy.toml, reach.rules[0].kind: saw "speach"; the id of a kind in kinds.csv; perhaps speech
           error: policy.toml, reach.rules[1].age_max: saw "8"; 9 or more, the rule's age_min
           error: policy.toml, reach.rules[1].km: saw "-1"; a number from 0 to 1000000
           error: policy.toml, reach.rules[2].km: nothing there; km = ..., the reach of this rule
           error: policy.toml, reach.rules[3]: saw "any"; a table of keys"#,
    );
    reports(
        good().policy("unknown.capacity", text("unlimitted")),
        r#"error: policy.toml, unknown.capacity: saw "unlimitted"; "exclude", "unlimited" or a number of places; perhaps unlimited"#,
    );
    reports(
        good().policy("count.basis", list([text("normative"), text("feld")])),
        r#"error: policy.toml, count.basis[1]: saw "feld"; one of "normative", "felt", "expressed", "comparative"; perhaps felt"#,
    );
    reports(
        good().policy("limits.provider_places", keys([("trsut", whole(5)), ("trust", whole(-5))])),
        r#"error: policy.toml, limits.provider_places.trsut: saw "trsut"; a provider of services.csv; perhaps trust
           error: policy.toml, limits.provider_places.trust: saw "-5"; a whole number from 0 to 1000000000"#,
    );
    reports(
        good().policy("floors.share", decimal("0.1234567")),
        r#"error: policy.toml, floors.share: saw "0.1234567"; a decimal from 0 to 1 with at most 6 places"#,
    );
    reports(
        good().policy("floors.share", keys([("north", decimal("0.5")), ("sout", whole(1)), ("south", whole(2))])),
        r#"error: policy.toml, floors.share.sout: saw "sout"; the id of an area in areas.csv; perhaps south
           error: policy.toml, floors.share.south: saw "2"; a decimal from 0 to 1 with at most 6 places"#,
    );
    reports(
        good().policy("floors.group", text("setting")).policy("floors.share", keys([("town", whole(1))])),
        r#"error: policy.toml, floors.share.town: saw "town"; a value of group:setting"#,
    );
}

#[test]
fn a_reach_that_would_never_be_tested_is_an_error() {
    let in_minutes =
        || Bundle::good().table("travel", "area,offer,minutes\nnorth,club-south,20").cell("offers", 2, "reach_km", "");
    let rule = |key| list([keys([("kind", text("speech")), (key, whole(9))])]);
    reports(
        Bundle::good().policy("reach.minutes", whole(45)),
        r#"error: policy.toml, reach.minutes: saw "45"; km: there is no travel.csv in minutes"#,
    );
    reports(
        Bundle::good().policy("reach.rules", rule("minutes")),
        r#"error: policy.toml, reach.rules[0].minutes: saw "9"; km: there is no travel.csv in minutes"#,
    );
    reports(in_minutes().policy("reach.minutes", whole(45)).policy("reach.km", whole(15)), "");
    reports(
        in_minutes().policy("reach.km", whole(15)),
        r#"error: policy.toml, reach.km: saw "15"; minutes: travel.csv is in minutes"#,
    );
    reports(
        in_minutes().policy("reach.rules", rule("km")),
        r#"error: policy.toml, reach.rules[0].km: saw "9"; minutes: travel.csv is in minutes"#,
    );
    reports(
        in_minutes().policy("objective.mode", text("blended")),
        r#"error: policy.toml, objective.km: saw "3"; 0 where the mode is blended and travel.csv is in minutes"#,
    );
    let set_aside = in_minutes().cell("offers", 2, "reach_km", "5");
    assert_eq!(
        set_aside.findings(),
        r#"error: offers.csv, row 2, reach_km: saw "5"; reach_minutes: travel.csv is in minutes"#
    );
}

#[test]
fn what_is_wrong_with_the_locality_is_said_by_key() {
    let good = Bundle::good;
    reports(
        good().about("licens", text("OGL")),
        r#"error: locality.toml, licens: saw "licens = OGL"; one of the keys name, reference_date, period, coordinates, ages, licence, sources, caveats, design, deprivation; perhaps licence"#,
    );
    reports(
        good().about("reference_date", text("1.9.2024")).about("period", decimal("2024.5")),
        r#"error: locality.toml, period: saw "2024.5"; a year from 1 to 9999, or a day that exists as YYYY-MM-DD
           error: locality.toml, reference_date: saw "1.9.2024"; a day that exists, written YYYY-MM-DD"#,
    );
    reports(
        good().about("reference_date", Setting::Other("2024-09-01T10:00:00".to_owned())),
        r#"error: locality.toml, reference_date: saw "2024-09-01T10:00:00"; write 2024-09-01, without a time"#,
    );
    reports(
        good().about("coordinates", text("latlon")),
        r#"error: locality.toml, coordinates: saw "latlon"; one of "lonlat", "metres""#,
    );
    reports(good().about("name", text(" ")), r#"error: locality.toml, name: nothing there; a text that is not empty"#);
    reports(good().about("ages", whole(12)), r#"error: locality.toml, ages: saw "12"; one of "years", "months""#);
    reports(
        good().about("sources", list([text("census"), whole(7)])),
        r#"error: locality.toml, sources[1]: saw "7"; a text in quotation marks"#,
    );
    reports(
        good().about("deprivation", keys([("index", text("IMD")), ("areas_in_index", whole(0)), ("area", whole(3))])),
        r#"error: locality.toml, deprivation.area: saw "area = 3"; one of the keys index, year, areas_in_index
           error: locality.toml, deprivation.areas_in_index: saw "0"; a whole number from 1 to 4294967295
           error: locality.toml, deprivation.year: nothing there; the year of the index"#,
    );
    let mut empty = good();
    empty.about = Some(Default::default());
    reports(
        empty,
        r#"error: locality.toml, coordinates: nothing there; "lonlat" or "metres"
           error: locality.toml, name: nothing there; the name of the place
           error: locality.toml, period: nothing there; a year, such as 2024, or a date
           error: locality.toml, reference_date: nothing there; a date, such as 2024-09-01"#,
    );
}

#[test]
fn dates_periods_and_sources_have_two_forms() {
    let bundle = Bundle::good()
        .about("reference_date", text("2024-09-01"))
        .about("period", text("2024-01-31"))
        .about("sources", text("census"))
        .about("ages", text("years"))
        .about("design", text("sample"));
    let checked = bundle.checked();
    let about = checked.locality.about();
    assert_eq!(about.period, Period::Day(jiff::civil::date(2024, 1, 31)));
    assert_eq!(about.reference_date, jiff::civil::date(2024, 9, 1));
    assert_eq!((about.sources.join(" "), about.ages, about.sample), ("census".to_owned(), AgeUnit::Years, true));
    let year = Bundle::good().about("period", text("2023")).checked();
    assert_eq!(year.locality.about().period, Period::Year(2023));
}
