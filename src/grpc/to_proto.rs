//! Documents out: the same words as the files, as messages. It cannot fail. Documents are taken apart by name: a new key
//! stops the build until someone decides which field it is.

mod compare;
mod gaps;
mod matching;
mod measure;
mod operation;
mod plan;
mod what_if;

use std::time::SystemTime;

use prost::Message;
use prost_types::value::Kind as ValueKind;
use prost_types::{ListValue, Struct, Timestamp, Value};

use super::pb::suffice::v1 as pb;
use crate::domain::{Problem, Severity};
use crate::service::Uploaded;
use crate::service::registry::About;
use crate::view::check::LocalitySummary;
use crate::view::common::SetAsideRow;
use crate::view::gaps::DeficientSet;
use crate::view::{CompletenessDocument, Provenance, StageDelta, StageValue};

pub(super) use compare::comparison;
pub(super) use gaps::gaps;
pub(super) use matching::{assignment, explained, matched, matching, options, price};
pub(super) use measure::measures;
pub(super) use operation::{Results, checked, operation, packed};
pub(super) use what_if::what_if;

/// Ids listed of each side of a deficient set.
const SET_MEMBERS: usize = 1_000;

/// Rows listed of those set aside.
const SET_ASIDE_ROWS: usize = 1_000;

/// Counts of children and rows stay far below 2^63.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn length<T>(items: &[T]) -> i64 {
    whole(items.len() as u64)
}

/// The code that a document's word stands for; 0, which says "not one of ours", for a word that has none.
fn code<E: Into<i32>>(prefix: &str, word: &str, named: fn(&str) -> Option<E>) -> i32 {
    let name = format!("{prefix}{}", word.to_ascii_uppercase().replace('-', "_"));
    named(&name).map_or(0, Into::into)
}

fn stage(name: &str) -> i32 {
    code("STAGE_", name, pb::Stage::from_str_name)
}

fn solve_status(status: &str) -> i32 {
    code("SOLVE_STATUS_", status, pb::SolveStatus::from_str_name)
}

fn stop_reason(reason: Option<String>) -> i32 {
    code("STOP_REASON_", reason.as_deref().unwrap_or("unspecified"), pb::StopReason::from_str_name)
}

fn travel_unit(unit: &str) -> i32 {
    code("TRAVEL_UNIT_", unit, pb::TravelUnit::from_str_name)
}

fn cause(cause: &str) -> i32 {
    code("CAUSE_", cause, pb::Cause::from_str_name)
}

fn places_state(places: &str) -> i32 {
    code("PLACES_STATE_", places, pb::PlacesState::from_str_name)
}

fn verdict(verdict: &str) -> i32 {
    code("VERDICT_", verdict, pb::Verdict::from_str_name)
}

fn provenance(provenance: Provenance) -> pb::Provenance {
    let Provenance { version, locality_digest, locality, reference_date, policy, backend } = provenance;
    let policy = match json(policy).kind {
        Some(ValueKind::StructValue(policy)) => Some(policy),
        _ => None,
    };
    pb::Provenance { version, locality_digest, locality, reference_date, policy, backend }
}

fn json(value: serde_json::Value) -> Value {
    let kind = match value {
        serde_json::Value::Null => ValueKind::NullValue(0),
        serde_json::Value::Bool(value) => ValueKind::BoolValue(value),
        // Numbers of a policy are far below 2^53, up to where a double is exact.
        serde_json::Value::Number(number) => ValueKind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => ValueKind::StringValue(text),
        serde_json::Value::Array(values) => {
            ValueKind::ListValue(ListValue { values: values.into_iter().map(json).collect() })
        }
        serde_json::Value::Object(values) => ValueKind::StructValue(Struct {
            fields: values.into_iter().map(|(key, value)| (key, json(value))).collect(),
        }),
    };
    Value { kind: Some(kind) }
}

fn stage_value(value: StageValue) -> pb::StageValue {
    let StageValue { name, value, bound } = value;
    pb::StageValue { stage: stage(&name), value, bound }
}

/// In the order of the stages rather than of their names.
fn stage_changes(delta: StageDelta) -> pb::StageChanges {
    let mut changes: Vec<pb::StageChange> =
        delta.into_iter().map(|(name, change)| pb::StageChange { stage: stage(&name), change }).collect();
    changes.sort_by_key(|change| change.stage);
    pb::StageChanges { changes }
}

fn completeness(document: CompletenessDocument) -> pb::Completeness {
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
    } = document;
    pb::Completeness {
        unknown_need_rows: whole(unknown_need_rows),
        estimated_need_rows: whole(estimated_need_rows),
        not_counted_need_rows: whole(not_counted_need_rows),
        not_applicable_rows: whole(not_applicable_rows),
        overlapping_need_rows: whole(overlapping_need_rows),
        unknown_capacity_offers: whole(unknown_capacity_offers),
        undated_offers: whole(undated_offers),
        oldest_update: oldest_update.unwrap_or_default(),
        median_days_since_update,
        assumed_level_services: whole(assumed_level_services),
        unknown_eligibility_pairs: whole(unknown_eligibility_pairs),
        unknown_reach_pairs: whole(unknown_reach_pairs),
        default_reach_pairs: whole(default_reach_pairs),
        meets_by_code,
        built_in_kinds,
        warnings: whole(warnings),
        set_aside_rows: length(&set_aside),
        set_aside: set_aside
            .into_iter()
            .take(SET_ASIDE_ROWS)
            .map(|SetAsideRow { table, row, reasons }| pb::SetAsideRow { table, row: whole(row), reasons })
            .collect(),
    }
}

fn deficient_set(set: DeficientSet) -> pb::DeficientSet {
    let DeficientSet { mut needs, child_needs, mut offers, places, short } = set;
    let (need_count, offer_count) = (length(&needs), length(&offers));
    needs.truncate(SET_MEMBERS);
    offers.truncate(SET_MEMBERS);
    pb::DeficientSet {
        needs,
        need_count,
        child_needs: whole(child_needs),
        offers,
        offer_count,
        places: whole(places),
        short: whole(short),
    }
}

fn finding(problem: &Problem) -> pb::Finding {
    let Problem { table, row, column, severity, seen, wanted } = problem;
    let severity = match severity {
        Severity::Error => pb::Severity::Error,
        Severity::Warning => pb::Severity::Warning,
    };
    pb::Finding {
        severity: severity.into(),
        table: table.clone(),
        row: row.map(whole),
        column: column.clone(),
        seen: seen.clone(),
        wanted: wanted.clone(),
    }
}

/// Warnings only as far as they fill half a message: the upload has been done, and its answer must not be too large to be
/// sent.
pub(super) fn uploaded(uploaded: Uploaded, most_bytes: usize) -> pb::UploadLocalityResponse {
    let Uploaded { about, warnings } = uploaded;
    pb::UploadLocalityResponse { locality: Some(locality(&about)), warnings: fitting(&warnings, most_bytes) }
}

/// As [`uploaded`]: the changes have been made.
pub(super) fn changed(changed: Uploaded, most_bytes: usize) -> pb::ApplyChangesResponse {
    let Uploaded { about, warnings } = changed;
    pb::ApplyChangesResponse { locality: Some(locality(&about)), warnings: fitting(&warnings, most_bytes) }
}

fn fitting(warnings: &[Problem], most_bytes: usize) -> Vec<pb::Finding> {
    let mut bytes = 0;
    let fits = |finding: &pb::Finding| {
        bytes += finding.encoded_len() + LENGTH_AND_TAG;
        bytes <= most_bytes / 2
    };
    warnings.iter().map(finding).take_while(fits).collect()
}

/// What a repeated message takes beside itself, at most.
const LENGTH_AND_TAG: usize = 6;

/// As it stands in a list, where a thousand of them have to fit one message.
pub(super) fn listed_locality(about: &About) -> pb::Locality {
    let mut listed = locality(about);
    if let Some(rows) = &mut listed.completeness {
        rows.set_aside = Vec::new();
    }
    listed
}

pub(super) fn locality(about: &About) -> pb::Locality {
    let About { name, digest, etag, summary, completeness: rows, created, updated } = about;
    let LocalitySummary {
        name: display_name,
        digest: _,
        reference_date,
        areas,
        holders,
        needs,
        child_needs,
        services,
        providers,
        offers,
        population,
    } = summary.clone();
    pb::Locality {
        name: name.to_string(),
        revision: about.revision().to_string(),
        etag: etag.clone(),
        digest: digest.clone(),
        display_name,
        reference_date,
        areas: whole(areas),
        holders: whole(holders),
        needs: whole(needs),
        child_needs: whole(child_needs),
        services: whole(services),
        providers: whole(providers),
        offers: whole(offers),
        population: population.map(whole),
        completeness: Some(completeness(rows.clone())),
        create_time: Some(timestamp(*created)),
        update_time: Some(timestamp(*updated)),
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::from(time)
}

#[cfg(test)]
mod tests {
    use super::{cause, places_state, solve_status, stage, stage_changes, stop_reason, verdict};
    use crate::domain::policy::StageName;
    use crate::grpc::pb::suffice::v1 as pb;
    use crate::solve::StopReason;

    /// A word that has no code would reach clients as 0: every word that the engine can say is tried here.
    #[test]
    fn every_word_has_its_code() {
        for name in StageName::LEXICOGRAPHIC.into_iter().chain([StageName::Blended]) {
            assert_ne!(stage(name.as_str()), 0, "{name:?}");
        }
        for reason in [StopReason::Cancelled, StopReason::Deadline, StopReason::TickLimit] {
            assert_ne!(stop_reason(Some(reason.as_str().to_owned())), 0, "{reason:?}");
        }
        for status in ["optimal", "stopped"] {
            assert_ne!(solve_status(status), 0, "{status}");
        }
        for state in ["known", "unknown", "unlimited"] {
            assert_ne!(places_state(state), 0, "{state}");
        }
        for word in ["yes", "no", "unknown"] {
            assert_ne!(verdict(word), 0, "{word}");
        }
        assert_eq!(cause("no_type"), pb::Cause::NoType as i32);
        assert_eq!(stop_reason(None), 0);
    }

    #[test]
    fn changes_come_in_the_order_of_the_stages() {
        let delta = [("travel".to_owned(), 300), ("need".to_owned(), 4), ("cost".to_owned(), 0)].into();
        let stages: Vec<i32> = stage_changes(delta).changes.iter().map(|change| change.stage).collect();
        assert_eq!(stages, [pb::Stage::Need as i32, pb::Stage::Travel as i32, pb::Stage::Cost as i32]);
    }
}
