//! What is missing.

use super::{cause, completeness, deficient_set, length, provenance, solve_status, stop_reason, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::GapsDocument;
use crate::view::gaps::{CauseRow, Driver, Ecology, GapRow, GapTotals, LayerMatrix, LayerRow, SinglePoint, UnmetRow};

/// Deficient sets listed.
const MOST_SETS: usize = 1_000;

/// The analysis with the first `most_rows` needs that are unmet.
pub(in crate::grpc) fn gaps(document: GapsDocument, most_rows: usize) -> pb::AnalyseGapsResponse {
    let GapsDocument {
        schema: _,
        status,
        reason,
        totals,
        causes,
        by_kind,
        by_layer,
        by_level,
        by_age,
        by_area,
        by_group,
        deficient_sets,
        layer_matrix,
        // Null until it is computed; it has no message before that.
        cascade: _,
        unmet,
        ecology,
        notes,
        completeness: rows,
        provenance: rests_on,
        disclosure,
    } = document;
    let table = |rows: Vec<GapRow>| rows.into_iter().map(gap_row).collect();
    pb::AnalyseGapsResponse {
        status: solve_status(&status),
        reason: stop_reason(reason),
        totals: Some(gap_totals(totals)),
        causes: causes.into_iter().map(cause_count).collect(),
        by_kind: table(by_kind),
        by_layer: table(by_layer),
        by_level: table(by_level),
        by_age: table(by_age),
        by_area: table(by_area),
        by_group: by_group.into_iter().map(|(group, rows)| pb::GroupGaps { group, rows: table(rows) }).collect(),
        deficient_set_count: length(&deficient_sets),
        deficient_sets: deficient_sets.into_iter().take(MOST_SETS).map(deficient_set).collect(),
        layer_matrix: Some(matrix(layer_matrix)),
        unmet_rows: length(&unmet),
        unmet: unmet.into_iter().take(most_rows).map(unmet_need).collect(),
        ecology: ecology.map(ecological),
        notes,
        completeness: Some(completeness(rows)),
        provenance: Some(provenance(rests_on)),
        disclosure,
    }
}

fn gap_totals(totals: GapTotals) -> pb::GapTotals {
    let GapTotals { rows, unknown_rows, child_needs, met, unmet, unmet_low, unmet_high, weight, weight_met } = totals;
    pb::GapTotals {
        rows: whole(rows),
        unknown_rows: whole(unknown_rows),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        unmet_low: whole(unmet_low),
        unmet_high: whole(unmet_high),
        weight: whole(weight),
        weight_met: whole(weight_met),
    }
}

fn cause_count(row: CauseRow) -> pb::CauseCount {
    let CauseRow { cause: word, child_needs, meaning } = row;
    pb::CauseCount { cause: cause(&word), child_needs: whole(child_needs), meaning }
}

fn gap_row(row: GapRow) -> pb::GapRow {
    let GapRow { key, label, child_needs, met, unmet, unknown_rows } = row;
    pb::GapRow {
        key,
        label,
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        unknown_rows: whole(unknown_rows),
    }
}

fn matrix(matrix: LayerMatrix) -> pb::LayerMatrix {
    let LayerMatrix { columns, rows, places, places_by_setting } = matrix;
    pb::LayerMatrix {
        columns,
        rows: rows.into_iter().map(layer_row).collect(),
        places: places.into_iter().map(whole).collect(),
        places_by_setting: places_by_setting.into_iter().map(whole).collect(),
    }
}

fn layer_row(row: LayerRow) -> pb::LayerRow {
    let LayerRow { layer, child_needs, met, unmet } = row;
    let met = met.into_iter().map(whole).collect();
    pb::LayerRow { layer, child_needs: whole(child_needs), met, unmet: whole(unmet) }
}

fn unmet_need(row: UnmetRow) -> pb::UnmetNeed {
    let UnmetRow { need, kind, area, child_needs, cause: word, why, nearest_offer, deficient_set } = row;
    pb::UnmetNeed {
        need,
        kind,
        area,
        child_needs: whole(child_needs),
        cause: cause(&word),
        why,
        nearest_offer: nearest_offer.unwrap_or_default(),
        deficient_set: deficient_set.map(whole),
    }
}

fn ecological(ecology: Ecology) -> pb::Ecology {
    let Ecology { components, largest_component_needs, single_points, drivers } = ecology;
    pb::Ecology {
        components: whole(components),
        largest_component_needs: whole(largest_component_needs),
        single_points: single_points.into_iter().map(single_point).collect(),
        drivers: drivers.into_iter().map(driver).collect(),
    }
}

fn single_point(point: SinglePoint) -> pb::SinglePoint {
    let SinglePoint { provider, needs, child_needs } = point;
    pb::SinglePoint { provider, needs: whole(needs), child_needs: whole(child_needs) }
}

fn driver(driver: Driver) -> pb::Driver {
    let Driver { kind, driven_by, strength, child_needs, layer, addressed } = driver;
    pb::Driver { kind, driven_by, strength, child_needs: whole(child_needs), layer, addressed }
}
