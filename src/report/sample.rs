//! One small answer of each sort, with numbers that agree with one another, for the tests of pages.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::words::width;
use crate::view::{
    CheckDocument, CompareDocument, ExplainDocument, GapsDocument, MatchDocument, PlanDocument, VerifyDocument,
};

fn document<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a sample has every key of its document")
}

fn provenance() -> Value {
    json!({
        "version": "0.1.0",
        "locality_digest": "3f2a9c01be448d1c3f2a9c01be448d1c3f2a9c01be448d1c3f2a9c01be448d1c",
        "locality": "Exampleshire",
        "reference_date": "2024-08-31",
        "policy": {
            "supply": { "use": "capacity" },
            "objective": { "mode": "lexicographic", "order": ["floors", "need", "evenness"] },
            "weight": { "level": [1, 4, 16, 64] },
            "limits": { "provider_places": {} },
            "reach": { "rules": [{ "kind": "school-place", "km": 3.2 }] },
        },
        "backend": "network",
    })
}

fn completeness() -> Value {
    json!({
        "unknown_need_rows": 1,
        "estimated_need_rows": 12,
        "not_counted_need_rows": 0,
        "not_applicable_rows": 0,
        "overlapping_need_rows": 0,
        "unknown_capacity_offers": 2,
        "undated_offers": 3,
        "oldest_update": "2023-11-02",
        "median_days_since_update": 40,
        "assumed_level_services": 0,
        "unknown_eligibility_pairs": 0,
        "unknown_reach_pairs": 0,
        "default_reach_pairs": 1400,
        "meets_by_code": true,
        "built_in_kinds": false,
        "warnings": 1,
        "set_aside": [{ "table": "needs", "row": 7, "reasons": ["children: saw \"-3\"; a whole number, 0 to 1000000000"] }],
    })
}

pub(super) fn matching() -> MatchDocument {
    let offer = |offer: &str, capacity: Option<u64>, places: &str, used: u64, one_more: Value, one_less: Value| {
        json!({
            "offer": offer, "name": "Speech therapy", "capacity": capacity, "places": places, "used": used,
            "one_more": one_more, "one_less": one_less,
        })
    };
    document(json!({
        "schema": "suffice.match/1",
        "status": "optimal",
        "proof": "prices",
        "pairs": 3962,
        "totals": {
            "rows": 40, "unknown_rows": 1, "child_needs": 1500, "met": 1234, "unmet": 266,
            "weight": 9000, "weight_met": 8000, "metres": 2_468_000,
        },
        "objective": [
            { "name": "need", "value": 8000, "bound": 8000 },
            { "name": "travel", "value": 2_468_000, "bound": 2_468_000 },
            { "name": "cost", "value": 1_234_567, "bound": 1_234_567 },
        ],
        "skipped": [{ "name": "effect", "reason": "not every pair has an effect" }],
        "offers": [
            offer("elm-road", Some(700), "known", 700, json!({ "need": 4, "travel": 300 }), json!({ "need": -1 })),
            offer("oak-lane", Some(534), "known", 534, json!({ "need": 16 }), json!({ "need": -4 })),
            offer("ash-way", Some(50), "known", 0, json!({ "need": 0 }), json!({ "need": 0 })),
            offer("helpline", None, "unlimited", 0, Value::Null, Value::Null),
        ],
        "notes": [
            "Counts are child-needs: one child's one need. A child with two needs counts twice.",
            "Weights by level [1, 4, 16, 64] are a convention, used where a need gives no weight of its own.",
            "There is no meets.csv: every kind is met by the service type of the same code.",
        ],
        "completeness": completeness(),
        "provenance": provenance(),
        "disclosure": "none",
    }))
}

/// Of 12 unmet child-needs before and 9 after: need did +1, supply -3 1/2, matching -1/2.
pub(super) fn comparison() -> CompareDocument {
    let side = |date: &str, child_needs: u64, unmet: u64, range: [u64; 2]| {
        let mut rests_on = provenance();
        rests_on["reference_date"] = json!(date);
        json!({
            "status": "optimal", "rows": 20, "unknown_rows": 0, "child_needs": child_needs, "met": child_needs - unmet,
            "unmet": unmet, "unmet_low": range[0], "unmet_high": range[1], "weight": 4 * child_needs,
            "weight_met": 4 * (child_needs - unmet), "completeness": completeness(), "provenance": rests_on,
        })
    };
    let factor = |factor: &str, differs: &[&str], unmet: i64, child_needs: i64| {
        let part = |sixths: i64| json!({ "sixths": sixths, "value": sixths as f64 / 6.0 });
        json!({
            "factor": factor, "differs": differs,
            "parts": {
                "child_needs": part(child_needs), "met": part(child_needs - unmet), "unmet": part(unmet),
                "weight_met": part(4 * (child_needs - unmet)), "share_met": 0.0,
            },
        })
    };
    let estimate = |value: f64, low: f64, high: Option<f64>| json!({ "value": value, "low": low, "high": high });
    let row = |measure: &str, of: &str, key: &str, label: &str, ends: [Value; 2], verdict: &str| {
        let [before, after] = ends;
        let unit = if measure == "places_per_child_need" { "places" } else { "share" };
        json!({
            "measure": measure, "unit": unit, "of": of, "key": key, "label": label, "better": "lower",
            "before": before, "after": after, "verdict": verdict,
        })
    };
    let mut by_sex = row(
        "unmet_share",
        "group",
        "girls",
        "girls",
        [estimate(0.3, 0.25, Some(0.35)), estimate(0.31, 0.3, Some(0.4))],
        "not_distinguishable",
    );
    by_sex["group"] = json!("sex");
    let mut new =
        row("coverage", "kind", "speech", "Speech", [Value::Null, estimate(0.5, 0.5, Some(0.5))], "not_comparable");
    new["reason"] = json!("it can be measured only after");
    document(json!({
        "schema": "suffice.compare/1",
        "status": "optimal",
        "score": { "improved": 2, "worsened": 1, "not_distinguishable": 1, "comparable": 4, "not_comparable": 1 },
        "before": side("2024-08-31", 40, 12, [11, 14]),
        "after": side("2025-08-31", 42, 9, [9, 9]),
        "change": { "child_needs": 2, "met": 5, "unmet": -3, "weight_met": 20, "share_met": 0.0857 },
        "decomposition": {
            "factors": [
                factor("need", &["needs.csv"], 6, 12),
                factor("supply", &["offers.csv"], -21, 0),
                factor("matching", &["policy.toml: reach", "travel.csv"], -3, 0),
            ],
            "reason": null,
            "mixtures": [{
                "need": "after", "supply": "before", "matching": "before", "child_needs": 42, "met": 29, "unmet": 13,
                "left_out": [], "lent": [{ "table": "travel.csv", "rows": 3 }],
            }],
        },
        "indicators": [
            row("unmet_share", "all", "", "all",
                [estimate(0.3, 0.275, Some(0.35)), estimate(0.2143, 0.2143, Some(0.2143))], "improved"),
            row("unmet_share", "kind", "speech", "Speech",
                [estimate(0.4, 0.4, Some(0.4)), estimate(0.5, 0.45, Some(0.55))], "worsened"),
            by_sex,
            row("places_per_child_need", "all", "", "all",
                [estimate(0.7, 0.7, Some(0.7)), estimate(0.8, 0.8, None)], "improved"),
            new,
        ],
        "notes": [
            "Counts are child-needs: one child's one need. A child with two needs counts twice.",
            "Kinds, levels, areas and groups cut the same children in several ways, so indicators are not independent, and how many improved is a count and no test.",
        ],
        "disclosure": "none",
    }))
}

/// A plan of one candidate for the same place.
pub(super) fn plan() -> PlanDocument {
    let met = |child_needs: u64| json!({ "child_needs": child_needs, "weight": 4 * child_needs, "share": null });
    let row = json!({
        "key": "school-place",
        "label": "Place at school",
        "child_needs": 1_240,
        "met_today": 1_000,
        "met": 1_040,
        "unmet": 200,
        "unknown_rows": 1,
    });
    document(json!({
        "schema": PlanDocument::SCHEMA,
        "status": "optimal",
        "proof": "bound",
        "asked": {
            "budget": 50_000,
            "funds": [],
            "at_most": null,
            "target": null,
            "floors": [],
            "objective": "need",
            "scenarios": [],
            "lose": [],
            "frontier": 0,
            "gap": 0.0,
        },
        "cost": 40_000,
        "bound": 4_160,
        "objective": {
            "name": "need", "unit": "weight", "sense": "most", "value": 4_160, "bound": 4_160, "gap": 0.0,
        },
        "funds": [],
        "chosen": [{
            "candidate": "more-oak-lane",
            "steps": 1,
            "kind_of": "places",
            "what": "Oak Lane (oak-lane)",
            "places": 40,
            "cost": 40_000,
            "placed": 40,
            "closes": null,
            "alone": null,
        }],
        "met": met(1_040),
        "today": met(1_000),
        "totals": { "rows": 12, "unknown_rows": 1, "child_needs": 1_240, "weight": 4_960 },
        "by_kind": [row],
        "by_layer": [],
        "by_level": [],
        "by_age": [],
        "by_area": [],
        "by_group": {},
        "deficient_sets": [],
        "unmet": { "beyond_reach": 120, "candidates_left_out": 50, "places": 30 },
        "left": null,
        "floors": [],
        "travel": null,
        "equal_weights": null,
        "cases": null,
        "work": { "nodes": 1, "relaxations": 2, "inner_problems": 3, "cuts": 4 },
        "notes": [],
        "completeness": completeness(),
        "provenance": provenance(),
        "disclosure": "none",
    }))
}

pub(super) fn gaps() -> GapsDocument {
    let row = |key: &str, label: &str, child_needs: u64, unmet: u64| {
        json!({
            "key": key, "label": label, "child_needs": child_needs, "met": child_needs - unmet, "unmet": unmet,
            "unknown_rows": 0,
        })
    };
    document(json!({
        "schema": "suffice.gaps/1",
        "status": "optimal",
        "totals": {
            "rows": 40, "unknown_rows": 1, "child_needs": 1500, "met": 1234, "unmet": 266, "unmet_low": 266,
            "unmet_high": 266, "weight": 9000, "weight_met": 8000,
        },
        "causes": [
            { "cause": "no_type", "child_needs": 0, "meaning": "No service is of a type that meets the kind." },
            { "cause": "out_of_reach", "child_needs": 66, "meaning": "Every offer that would let them in is out of reach." },
            { "cause": "capacity", "child_needs": 200, "meaning": "Offers that could take them are full." },
        ],
        "by_kind": [row("speech", "Speech and language", 1000, 66), row("school-place", "A place at school", 500, 200)],
        "by_layer": [row("individual", "Individual", 1000, 66), row("micro", "Micro", 500, 200)],
        "by_level": [row("2", "Level 2", 1500, 266)],
        "by_age": [],
        "by_area": [row("E01", "North", 800, 0), row("E02", "South", 700, 266)],
        "by_group": { "ethnicity": [row("", "", 1500, 266)] },
        "deficient_sets": [
            {
                "needs": ["n1", "n2", "n3", "n4", "n5", "n6"], "child_needs": 700, "offers": ["oak-lane"], "places": 534,
                "short": 166,
            },
            { "needs": ["m1"], "child_needs": 40, "offers": ["ash", "elm"], "places": 6, "short": 34 },
        ],
        "layer_matrix": {
            "columns": ["individual", "micro", "meso", "exo", "macro", "chrono", "uncoded"],
            "rows": [
                { "layer": "individual", "child_needs": 1000, "met": [934, 0, 0, 0, 0, 0, 0], "unmet": 66 },
                { "layer": "micro", "child_needs": 500, "met": [0, 200, 0, 0, 0, 0, 100], "unmet": 200 },
                { "layer": "exo", "child_needs": 0, "met": [0, 0, 0, 0, 0, 0, 0], "unmet": 0 },
            ],
            "places": [950, 200, 0, 0, 0, 0, 134],
            "places_by_setting": [0, 1150, 0, 0, 0, 0, 134],
        },
        "cascade": {
            "child_needs": 1500,
            "unknown_rows": 1,
            "stages": [
                { "stage": "available", "child_needs": 1450.0, "share": 0.966_666, "not_recorded": null },
                { "stage": "accessible", "child_needs": 1234.0, "share": 0.822_666, "not_recorded": null },
                {
                    "stage": "acceptable", "child_needs": null, "share": null,
                    "not_recorded": "not recorded: there is no declines.csv, so nothing is known of what is accepted",
                },
                { "stage": "contact", "child_needs": 700.0, "share": 0.466_666, "not_recorded": null },
                { "stage": "effective", "child_needs": 420.5, "share": 0.280_333, "not_recorded": null },
            ],
            "contact_most": 740,
            "contact_outside": {
                "total": 25, "no_type": 0, "not_accessible": 20, "declined": 0, "places_unknown": 0, "beyond": 5,
            },
            "bottleneck": { "from": "accessible", "to": "contact", "lost": 534.0, "sure": true },
        },
        "subgroups": [
            {
                "kind": "speech", "ages": [4, 5], "label": "Speech and language, 4 to 5 years", "straddling_rows": 1,
                "cascade": {
                    "child_needs": 1000, "unknown_rows": 0,
                    "stages": [
                        { "stage": "available", "child_needs": 950.0, "share": 0.95, "not_recorded": null },
                        { "stage": "accessible", "child_needs": 800.0, "share": 0.8, "not_recorded": null },
                        { "stage": "acceptable", "child_needs": null, "share": null, "not_recorded": "not recorded" },
                        { "stage": "contact", "child_needs": 500.0, "share": 0.5, "not_recorded": null },
                        { "stage": "effective", "child_needs": null, "share": null, "not_recorded": "not recorded" },
                    ],
                    "contact_most": 500, "contact_outside": null,
                    "bottleneck": { "from": "accessible", "to": "contact", "lost": 300.0, "sure": true },
                },
            },
        ],
        "children": {
            "named": 300, "all_met": 210, "partly_met": 40, "none_met": 50, "cohorts_low": 800, "cohorts_high": 1100,
        },
        "rests": {
            "child_needs": 1500, "estimated": 375, "certainty_not_stated": 0, "met": 1234, "met_by_default_reach": 617,
            "met_at_assumed_levels": 0, "met_by_unknown_eligibility": 0, "met_at_unknown_places": 0,
            "met_at_undated_places": 300,
        },
        "programmes": [
            {
                "provider": "trust-a", "services": 4, "uncoded": 1, "strategies": 3, "settings": 2, "score": 3,
                "meaning": "several strategies in two settings, at least one with the child",
            },
            {
                "provider": "club", "services": 1, "uncoded": 1, "strategies": 0, "settings": 0, "score": null,
                "meaning": "no service says where it works and whose change it seeks",
            },
        ],
        "unmet": [],
        "ecology": {
            "components": 3,
            "largest_component_needs": 30,
            "single_points": [{ "provider": "trust-a", "needs": 12, "child_needs": 300 }],
            "drivers": [
                {
                    "kind": "speech", "driven_by": "poor-housing", "strength": "moderate", "source": "made up",
                    "child_needs": 1, "driven": 1000, "in_child": 0, "in_area": 40, "layer": "exo", "addressed": false,
                },
            ],
        },
        "relaxations": {
            "kept_out": 66, "looked_at": 66, "one_rule_away": 60, "rules": 2,
            "tried": [
                {
                    "service": "talk", "name": "Talking together", "offer": "elm", "change": "reaches 6.2 km, not 5 km",
                    "nearest_for": 40, "opens_to": 55, "opens_to_unmet": 40, "child_needs": 12, "weight": 48,
                },
                {
                    "service": "talk", "name": "Talking together", "offer": null, "change": "takes up to 6 years, not 4",
                    "nearest_for": 20, "opens_to": 20, "opens_to_unmet": 20, "child_needs": null, "weight": null,
                },
            ],
        },
        "providers": {
            "all": {
                "key": "", "label": "", "hhi": 0.5312, "providers": 3, "largest": "trust-a", "largest_places": 800,
                "places": 1284, "offers_with_places_unknown": 2,
            },
            "by_kind": [
                {
                    "key": "speech", "label": "Speech and language", "hhi": 1.0, "providers": 1, "largest": "trust-a",
                    "largest_places": 800, "places": 800, "offers_with_places_unknown": 0,
                },
            ],
            "losses": [
                {
                    "provider": "trust-a", "takes": 780, "newly_unmet": 300,
                    "by_kind": [{ "kind": "speech", "newly_unmet": 300 }], "lose_every_offer": 300,
                },
            ],
            "providers": 3,
        },
        "overlap": {
            "all": { "key": "", "label": "", "none": 66, "one": 400, "two": 500, "three_or_more": 534 },
            "by_kind": [
                {
                    "key": "speech", "label": "Speech and language", "none": 66, "one": 400, "two": 500,
                    "three_or_more": 34,
                },
            ],
            "by_provider": [
                { "provider": "trust-a", "service": null, "child_needs": 1100, "another_provider_too": 600 },
            ],
            "by_service": [
                { "provider": "trust-a", "service": "talk", "child_needs": 1100, "another_provider_too": 600 },
            ],
        },
        "access": {
            "measure": "2sfca",
            "places_per_child_need": 0.8561,
            "e2sfca": 0.81,
            "by_kind": [
                { "key": "school-place", "label": "A place at school", "child_needs": 500, "places_per_child_need": 0.668, "e2sfca": 0.7 },
                { "key": "speech", "label": "Speech and language", "child_needs": 1000, "places_per_child_need": 0.95, "e2sfca": 0.87 },
            ],
            "by_area": [
                { "key": "north", "label": "North", "child_needs": 800, "places_per_child_need": 1.0, "e2sfca": 1.1 },
                { "key": "south", "label": "South", "child_needs": 700, "places_per_child_need": 0.6914, "e2sfca": 0.5 },
            ],
            "by_age": [
                {
                    "kind": "speech", "age": 4, "child_needs": 300, "places_per_child_need": 1.5,
                    "falls_by_half": false,
                },
                { "kind": "speech", "age": 5, "child_needs": 700, "places_per_child_need": 0.75, "falls_by_half": true },
            ],
            "not_by_age": [{ "kind": "school-place", "child_needs": 500 }],
            "by_tenth": [
                { "tenth": 1, "areas": 1, "child_needs": 700, "places": 483.98, "places_per_child_need": 0.6914, "e2sfca": 0.5 },
                { "tenth": 8, "areas": 1, "child_needs": 800, "places": 800.0, "places_per_child_need": 1.0, "e2sfca": 1.1 },
            ],
            "unlimited_offers": 1, "unknown_offers": 2,
        },
        "families": {
            "by_kind": [
                {
                    "kind": "speech", "label": "Speech and language", "layer": "individual", "stated": 900,
                    "felt_not_normative": 120, "normative_not_felt": 30, "expressed_not_supplied": 60, "unknown_rows": 0,
                },
            ],
            "not_stated": 600,
        },
        "outcomes": [
            {
                "outcome": "Getting a good education", "framework": "Supporting Families", "indicator": "Attendance",
                "kinds": ["school-place", "speech"], "child_needs": 1500, "unmet": 266,
            },
        ],
        "notes": ["Counts are child-needs: one child's one need. A child with two needs counts twice."],
        "completeness": completeness(),
        "provenance": provenance(),
        "disclosure": "none",
    }))
}

pub(super) fn explanation() -> ExplainDocument {
    document(json!({
        "schema": "suffice.explain/1",
        "status": "optimal",
        "need": "n17",
        "kind": "speech",
        "kind_label": "Speech and language",
        "level": 3,
        "children": 5,
        "area": "E02",
        "travel_unit": "metres",
        "met": 3,
        "unmet": 2,
        "placements": [{ "offer": "oak-lane", "name": "Speech therapy", "children": 3, "travel": 1200 }],
        "cause": "capacity",
        "why": "Every offer that could take it is full.",
        "deficient_set": { "needs": ["n16", "n17"], "child_needs": 9, "offers": ["oak-lane"], "places": 7, "short": 2 },
        "offers": [
            {
                "offer": "oak-lane", "name": "Speech therapy", "provider": "trust-a", "eligible": "yes", "in_reach": "yes",
                "declined": false, "reasons": [], "travel": 1200, "places": "known", "capacity": 7, "used": 7,
            },
            {
                "offer": "ash-way", "name": "Early talk", "provider": "trust-b", "eligible": "no", "in_reach": "unknown",
                "declined": true, "reasons": ["takes ages 0 to 4, and these are 5"], "travel": null, "places": "unknown",
                "capacity": null, "used": 0,
            },
        ],
        "notes": [],
        "provenance": provenance(),
        "disclosure": "none",
    }))
}

pub(super) fn accepted() -> CheckDocument {
    document(json!({
        "schema": "suffice.check/1",
        "status": "accepted",
        "errors": 0,
        "warnings": 1,
        "problems": [{
            "severity": "warning", "table": "offers", "row": 3, "column": "free", "seen": "12",
            "wanted": "at most the capacity, 10",
        }],
        "summary": {
            "name": "Exampleshire", "digest": "3f2a9c01be448d1c", "reference_date": "2024-08-31", "areas": 2, "holders": 38,
            "needs": 41, "child_needs": 1500, "services": 3, "providers": 2, "offers": 4, "population": null,
        },
        "completeness": completeness(),
    }))
}

pub(super) fn refused() -> CheckDocument {
    document(json!({
        "schema": "suffice.check/1",
        "status": "refused",
        "errors": 2,
        "warnings": 0,
        "problems": [
            {
                "severity": "error", "table": "needs", "row": 7, "column": "children", "seen": "-3",
                "wanted": "a whole number, 0 to 1000000000",
            },
            { "severity": "error", "table": "areas", "row": null, "column": "lat", "seen": "", "wanted": "a column lat" },
        ],
        "summary": null,
        "completeness": null,
    }))
}

pub(super) fn verification(verified: bool) -> VerifyDocument {
    document(json!({
        "schema": "suffice.verify/1",
        "verified": verified,
        "checks": [
            { "name": "no offer takes more children than it has places", "held": true, "detail": "" },
            { "name": "the total is what the rows add up to", "held": verified, "detail": "1,234 in rows, 1,234 stated" },
        ],
    }))
}

/// The same answer with every text as long as an id may be and every count at its greatest.
pub(super) fn wide<T: Serialize + DeserializeOwned>(narrow: T) -> T {
    fn stretch(value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(text.repeat(128 / text.len().max(1))),
            Value::Number(n) if n.as_u64().is_some_and(|n| 255 < n) => json!(1_000_000_000),
            Value::Array(items) => Value::Array(items.into_iter().map(stretch).collect()),
            Value::Object(inner) => {
                Value::Object(inner.into_iter().map(|(key, value)| (key, stretch(value))).collect())
            }
            other => other,
        }
    }
    let value: BTreeMap<String, Value> = document(serde_json::to_value(narrow).expect("a document is JSON"));
    document(json!(value.into_iter().map(|(key, value)| (key, stretch(value))).collect::<BTreeMap<_, _>>()))
}

pub(super) fn assert_fits(page: &str) {
    for line in page.lines() {
        assert!(width(line) <= super::WIDTH, "{} columns: {line}", width(line));
    }
}
