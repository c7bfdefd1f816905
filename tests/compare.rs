//! `compare` on small bundles whose parts can be worked out by hand.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use support::bundles::{files, resident};

/// So many children of area a, one of whom is a girl, need what one offer there has so many places for.
fn bundle(children: u64, places: &str) -> String {
    format!(
        "== services.csv
        service, name, provider, types, age_min, age_max
        s, S, p, k, any, any
        == needs.csv
        need, holder, kind, level, children, area, group:sex
        n, h, k, 2, {children}, a, boys
        == offers.csv
        offer, service, area, capacity
        o, s, a, {places}"
    )
}

struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Folders {
        Folders(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir(&folder).expect("a new folder");
        for (file, bytes) in files(text) {
            fs::write(folder.join(file), bytes).expect("a file");
        }
        folder
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn compare(before: &Path, after: &Path, more: &[&str]) -> Ran {
    let ran = Command::new(env!("CARGO_BIN_EXE_suffice"))
        .arg("compare")
        .args([before, after])
        .args(more)
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    Ran { code: ran.status.code(), out: text(ran.stdout), err: text(ran.stderr) }
}

fn answered(before: &Path, after: &Path, more: &[&str]) -> Value {
    let ran = compare(before, after, &[&["--json"], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let document: Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!(document["schema"], "suffice.compare/1");
    document
}

/// Sixths of unmet child-needs by factor.
fn parts(document: &Value) -> [&Value; 3] {
    let factors = &document["decomposition"]["factors"];
    assert_eq!(document["decomposition"]["reason"], Value::Null);
    [0, 1, 2].map(|at| &factors[at]["parts"]["unmet"]["sixths"])
}

#[test]
fn three_more_places_explain_all_of_it() {
    let folders = Folders::new();
    let (before, after) = (folders.write("2024", &bundle(10, "4")), folders.write("2025", &bundle(10, "7")));
    let document = answered(&before, &after, &[]);
    assert_eq!(document["status"], "optimal");
    assert_eq!(parts(&document), [&json!(0), &json!(-18), &json!(0)]);
    assert_eq!(document["change"]["unmet"], -3);
    assert_eq!(document["decomposition"]["factors"][1]["differs"], json!(["offers.csv"]));
    assert_eq!(document["decomposition"]["mixtures"], json!([]), "nothing else had to be solved");
    // Unmet share of all, the kind, the level, the area and the group: 6 of 10 to 3 of 10; places per child-need of all
    // and of the kind: 0.4 to 0.7.
    let score = json!({
        "improved": 7, "worsened": 0, "not_distinguishable": 0, "comparable": 7, "not_comparable": 0,
    });
    assert_eq!(document["score"], score);
    let all = &document["indicators"][0];
    assert_eq!([&all["measure"], &all["of"], &all["better"]], ["unmet_share", "all", "lower"]);
    assert_eq!([&all["before"]["value"], &all["after"]["value"]], [&json!(0.6), &json!(0.3)]);
    let back = answered(&after, &before, &[]);
    assert_eq!([&back["score"]["improved"], &back["score"]["worsened"]], [&json!(0), &json!(7)]);
}

#[test]
fn more_children_and_more_places_share_the_change() {
    let folders = Folders::new();
    // 10 children and 5 places to 8 and 20: children first -2, then -3; places first -5, then 0.
    let (before, after) = (folders.write("2024", &bundle(10, "5")), folders.write("2025", &bundle(8, "20")));
    let document = answered(&before, &after, &[]);
    assert_eq!(parts(&document), [&json!(-6), &json!(-24), &json!(0)]);
    assert_eq!(document["change"]["unmet"], -5);
    let page = compare(&before, &after, &[]);
    assert_eq!(page.code, Some(0), "{}", page.err);
    let first = page.out.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "Test at 2024-06-30, before and after: 7 of 7 indicators improved and 0 worsened; 0 cannot be told"
    );
    let flat = page.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = ["need (areas, needs) -1 -1 needs.csv", "supply (services, offers) -4 +4 offers.csv", "together -5 +3"];
    for said in ["5 fewer"].into_iter().chain(parts) {
        assert!(flat.contains(said), "{said} is not in:\n{}", page.out);
    }
}

#[test]
fn the_same_bundle_twice_neither_improved_nor_worsened() {
    let folders = Folders::new();
    let same = folders.write("same", &bundle(10, "4"));
    let document = answered(&same, &same, &[]);
    assert_eq!(parts(&document), [&json!(0); 3]);
    let score = &document["score"];
    assert_eq!([&score["improved"], &score["worsened"], &score["comparable"]], [&json!(0), &json!(0), &json!(7)]);
    let digests = ["before", "after"].map(|side| document[side]["provenance"]["locality_digest"].clone());
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn places_that_are_not_known_keep_the_two_from_being_told_apart() {
    let folders = Folders::new();
    let (before, after) = (folders.write("known", &bundle(10, "4")), folders.write("unknown", &bundle(10, "c")));
    let document = answered(&before, &after, &[]);
    // Between none and all of the ten go unmet; at least no place for each.
    let after = &document["after"];
    assert_eq!([&after["unmet"], &after["unmet_low"], &after["unmet_high"]], [&json!(10), &json!(0), &json!(10)]);
    let score = &document["score"];
    assert_eq!([&score["improved"], &score["worsened"]], [&json!(0), &json!(0)]);
    assert_eq!(score["not_distinguishable"], 7);
}

#[test]
fn which_of_two_equal_groups_goes_without_is_no_worsening() {
    // One place for one of two children, whom nothing tells apart but their group: the lottery chooses, and another seed
    // may choose otherwise.
    let text = |seed: &str| {
        format!(
            "== services.csv
            service, name, provider, types, age_min, age_max
            s, S, p, k, any, any
            == needs.csv
            need, holder, kind, level, children, area, group:sex
            n, g, k, 1, 1, a, girls
            m, b, k, 1, 1, a, boys
            == offers.csv
            offer, service, area, capacity
            o, s, a, 1
            == policy.toml
            [ties]
            seed = \"{seed}\""
        )
    };
    let folders = Folders::new();
    let first = folders.write("first", &text("0"));
    for seed in 1..8 {
        let other = folders.write(&seed.to_string(), &text(&seed.to_string()));
        let document = answered(&first, &other, &[]);
        let score = &document["score"];
        assert_eq!([&score["improved"], &score["worsened"]], [&json!(0), &json!(0)], "seed {seed}");
        assert_eq!(parts(&document), [&json!(0); 3]);
    }
}

#[test]
fn two_definitions_of_one_bundle() {
    let folders = Folders::new();
    let far = bundle(10, "4").replace("o, s, a, 4", "o, s, b, 4");
    let place = folders.write("place", &far);
    // The offer is a kilometre away.
    let narrow = folders.path("narrow.toml");
    fs::write(&narrow, "[reach]\nkm = 0.5\n").expect("a file");
    let narrow = narrow.to_str().expect("a plain path");
    let document = answered(&place, &place, &["--after-policy", narrow]);
    assert_eq!(parts(&document), [&json!(0), &json!(0), &json!(24)]);
    assert_eq!(document["decomposition"]["factors"][2]["differs"], json!(["policy.toml: reach"]));
    assert_eq!(document["after"]["provenance"]["policy"]["reach"]["km"], 0.5);
    let digest = |document: &Value, side: &str| document[side]["provenance"]["locality_digest"].clone();
    assert_ne!(digest(&document, "before"), digest(&document, "after"), "another policy is another locality");
    let back = answered(&place, &place, &["--before-policy", narrow]);
    assert_eq!(digest(&back, "before"), digest(&document, "after"));
    assert_eq!(back["change"]["unmet"], -4);
    // A policy that cannot be read is refused by its name.
    let wrong = folders.path("wrong.toml");
    fs::write(&wrong, "[reach]\nkilometres = 1\n").expect("a file");
    let ran = compare(&place, &place, &["--after-policy", wrong.to_str().expect("a plain path")]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("policy.toml") && ran.err.contains("kilometres"), "{}", ran.err);
    let ran = compare(&place, &place, &["--after-policy", "nowhere.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("nowhere.toml"), "{}", ran.err);
}

#[test]
fn a_pinned_digest_refuses_every_other_locality() {
    let folders = Folders::new();
    let (before, after) = (folders.write("2024", &bundle(10, "4")), folders.write("2025", &bundle(10, "7")));
    let document = answered(&before, &after, &[]);
    let [first, second] = ["before", "after"]
        .map(|side| document[side]["provenance"]["locality_digest"].as_str().expect("a digest").to_owned());
    let again = answered(&before, &after, &["--before-digest", &first, "--after-digest", &second[..12]]);
    assert_eq!(again, document, "the same bytes");
    let ran = compare(&before, &after, &["--json", "--after-digest", &first]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("is not the locality that was pinned") && ran.err.contains(&second), "{}", ran.err);
    assert_eq!(compare(&before, &after, &["--after-digest", "abc"]).code, Some(2));
}

#[test]
fn places_that_share_no_area_are_compared_but_not_mixed() {
    let folders = Folders::new();
    let before = folders.write("here", &bundle(10, "4"));
    let there = bundle(20, "10").replace(", a, boys", ", z, boys").replace("s, a, 10", "s, z, 10");
    let after = folders.write("there", &format!("{there}\n== areas.csv\narea, name, x, y\nz, Elsewhere, 0, 0"));
    let document = answered(&before, &after, &[]);
    let reason = document["decomposition"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("no area in common"), "{reason}");
    assert_eq!(document["decomposition"]["factors"][0]["parts"], Value::Null);
    // 6 of 10 to 10 of 20 improved: all, kind, level, group, and both rates of places. Each area is there once.
    assert_eq!([&document["score"]["improved"], &document["score"]["not_comparable"]], [&json!(6), &json!(2)]);
    let page = compare(&before, &after, &[]);
    assert!(page.out.contains("The change cannot be shared out"), "{}", page.out);
}

#[test]
fn the_answer_is_written_as_files() {
    let folders = Folders::new();
    let (before, after) = (folders.write("2024", &bundle(10, "4")), folders.write("2025", &bundle(10, "7")));
    let out = folders.path("answer");
    let ran = compare(&before, &after, &["--json", "--out", out.to_str().expect("a plain path")]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(fs::read_to_string(out.join("compare.json")).expect("it is there"), ran.out);
    let rows = fs::read_to_string(out.join("indicators.csv")).expect("it is there");
    assert_eq!(rows.lines().count(), 1 + 7);
    assert!(rows.contains("unmet_share,share,all,,,all,lower,0.6,0.6,0.6,0.3,0.3,0.3,improved,"), "{rows}");
}

#[test]
fn a_stop_leaves_out_what_is_not_finished_and_says_so() {
    let [before, after] = [bundle(10, "4"), bundle(8, "20")].map(|text| resident(&text));
    let whole = view::compare::run(&before, &after, Route::Network, &Effort::unlimited()).expect("an answer");
    let mut ticks = 16;
    let (mut none, mut all) = (0, 0);
    while ticks < 1 << 24 {
        ticks *= 2;
        let [before, after] = [bundle(10, "4"), bundle(8, "20")].map(|text| resident(&text));
        let effort = Effort::unlimited().at_most(ticks);
        let document = view::compare::run(&before, &after, Route::Network, &effort).expect("an answer");
        match document.status.as_str() {
            "optimal" => {
                assert_eq!(document, whole);
                all += 1;
            }
            _ => {
                assert_eq!((document.status.as_str(), document.reason.as_deref()), ("stopped", Some("tick_limit")));
                let missing = document.indicators.is_none() || document.decomposition.reason.is_some();
                assert!(missing, "something is missing after a stop");
                assert_eq!(document.score.is_none(), document.indicators.is_none());
                none += 1;
            }
        }
    }
    assert!(0 < none && 0 < all, "{none} stopped, {all} done");
}
