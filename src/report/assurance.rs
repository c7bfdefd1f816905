//! The end of every page: how sure we are, what the answer rests on, and what may be done with it.

use serde_json::Value;

use super::page::Page;
use super::words::counted;
use crate::view::{CompletenessDocument, Provenance};

/// Rows that were set aside are named up to this many; the document lists them all.
const SET_ASIDE_SHOWN: usize = 10;

/// Characters of the digest that a page shows: enough to tell two localities apart by eye.
const DIGEST_SHOWN: usize = 12;

/// Where the notes say what is counted, that stands right under the headline: nothing below can be read without it.
pub(super) fn what_is_counted(page: &mut Page, notes: &[String]) {
    page.gap();
    for note in notes.iter().filter(|note| says_what_is_counted(note)) {
        page.say(note);
    }
}

/// The other notes.
pub(super) fn notes(page: &mut Page, notes: &[String]) {
    let mut notes = notes.iter().filter(|note| !says_what_is_counted(note)).peekable();
    if notes.peek().is_none() {
        return;
    }
    page.section("What to know when reading this");
    for note in notes {
        page.item(note);
    }
}

fn says_what_is_counted(note: &str) -> bool {
    note.starts_with("Counts are child-needs")
}

/// What is not known or was assumed, but for what the notes have said.
pub(super) fn completeness(page: &mut Page, completeness: &CompletenessDocument, notes: &[String]) {
    page.section("How sure are we?");
    let doubts = doubts(completeness, notes);
    if doubts.is_empty() {
        page.say("Nothing that this answer rests on was left unsaid in the bundle.");
    }
    for doubt in doubts {
        page.item(&doubt);
    }
    for row in completeness.set_aside.iter().take(SET_ASIDE_SHOWN) {
        page.item(&format!("Set aside: {}, row {}: {}", row.table, row.row, row.reasons.join("; ")));
    }
    let more = completeness.set_aside.len().saturating_sub(SET_ASIDE_SHOWN);
    if more != 0 {
        page.item(&format!("Set aside: and {} more.", counted(more as u64, "row", "rows")));
    }
}

/// What is not known or was assumed, one sentence each, those about children first.
fn doubts(completeness: &CompletenessDocument, notes: &[String]) -> Vec<String> {
    // Taken apart by name, so that a new field stops the build until someone words it.
    let CompletenessDocument {
        unknown_need_rows,
        estimated_need_rows,
        not_counted_need_rows,
        not_applicable_rows,
        overlapping_need_rows,
        unknown_capacity_offers,
        undated_offers,
        oldest_update,
        median_days_since_update,
        assumed_level_services,
        unknown_eligibility_pairs,
        unknown_reach_pairs,
        default_reach_pairs,
        meets_by_code,
        built_in_kinds,
        warnings,
        set_aside,
    } = completeness;
    let mut doubts = Vec::new();
    let mut when = |n: u64, one: &str, many: &str, rest: &str| {
        if n != 0 {
            doubts.push(format!("{} {rest}", counted(n, one, many)));
        }
    };
    when(
        set_aside.len() as u64,
        "row could not be understood and was",
        "rows could not be understood and were",
        "set aside; such rows enter no total.",
    );
    when(
        *unknown_need_rows,
        "row of needs does",
        "rows of needs do",
        "not say how many children; such rows enter no total.",
    );
    when(
        *estimated_need_rows,
        "row of needs is",
        "rows of needs are",
        "estimated from rates and population, not counted.",
    );
    when(
        *not_counted_need_rows,
        "row of needs rests",
        "rows of needs rest",
        "only on a basis that the policy does not count (see count.basis): they take no places and enter no total.",
    );
    when(*not_applicable_rows, "row was", "rows were", "left out because a number in it is marked z, not applicable.");
    when(
        *overlapping_need_rows,
        "row of needs may",
        "rows of needs may",
        "hold the same children as another row of the same kind.",
    );
    when(*unknown_capacity_offers, "offer does", "offers do", "not say how many places there are.");
    when(*undated_offers, "offer has", "offers have", "no date of last update.");
    when(
        *assumed_level_services,
        "service does",
        "services do",
        "not give both limits of level: blank was read as 1 and 4.",
    );
    when(
        *unknown_eligibility_pairs,
        "pair",
        "pairs",
        "of need and offer may or may not fit: something that a rule asks about is not known.",
    );
    when(
        *unknown_reach_pairs,
        "pair",
        "pairs",
        "of need and offer may or may not be in reach: a place is not known, or a group straddles a limit.",
    );
    when(
        *default_reach_pairs,
        "pair",
        "pairs",
        "of need and offer count as in reach by the policy's distance, because the offer gives none of its own.",
    );
    when(*warnings, "warning", "warnings", "came with the bundle: `suffice check` lists them.");
    if let Some((oldest, days)) = oldest_update.as_ref().zip(*median_days_since_update) {
        let half = match days {
            days if days < 0 => "half of the offers that say so after the reference date".to_owned(),
            days => format!(
                "half of the offers that say so {} or more before the reference date",
                counted(days.unsigned_abs(), "day", "days")
            ),
        };
        doubts.push(format!("Places were updated on {oldest} at the earliest, {half}."));
    }
    if *meets_by_code && !notes.iter().any(|note| note.contains("meets.csv")) {
        doubts.push("There is no meets.csv: each kind of need is met by the service type of the same code.".to_owned());
    }
    if *built_in_kinds {
        doubts.push("Kinds of need come from the built-in table: `suffice kinds` prints it.".to_owned());
    }
    doubts
}

/// Version, locality, policy and permission: the last lines of a page.
pub(super) fn provenance(page: &mut Page, provenance: &Provenance, disclosure: &str) {
    let Provenance { version, locality_digest, locality, reference_date, policy, backend } = provenance;
    page.section("What this rests on");
    let digest: String = locality_digest.chars().take(DIGEST_SHOWN).collect();
    page.say(&format!(
        "Suffice {version}; locality {locality} at {reference_date}, digest {digest}; solved by {backend}."
    ));
    let keys = policy_keys(policy);
    if !keys.is_empty() {
        page.say(&format!("Policy: {}.", keys.join("; ")));
    }
    disclosed(page, disclosure);
}

pub(super) fn disclosed(page: &mut Page, disclosure: &str) {
    if disclosure == "none" {
        page.say("Not for publication: no disclosure control has been applied.");
    } else {
        page.say(&format!("Disclosure control: {disclosure}."));
    }
}

/// Each key of the policy with its value, as `table.key = value`.
fn policy_keys(policy: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    flatten("", policy, &mut keys);
    keys
}

fn flatten(path: &str, value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (key, value) in inner {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, keys);
            }
        }
        Value::Null => {}
        other => {
            if !path.is_empty() {
                keys.push(format!("{path} = {}", plain(other)));
            }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(keys) if keys.is_empty() => "none".to_owned(),
        Value::Object(keys) => {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", plain(value))).collect();
            format!("{{ {} }}", keys.join(", "))
        }
        other => other.to_string(),
    }
}
