//! What changed, out.

use super::{code, completeness, length, provenance, solve_status, stop_reason, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::CompareDocument;
use crate::view::compare::{
    ChangeDocument, CountsDocument, DecompositionDocument, EstimateDocument, FactorRow, IndicatorRow, MixtureRow,
    PartsDocument, ScoreDocument, SideDocument, TableRows,
};

/// At most `most_rows` indicators are listed.
pub(in crate::grpc) fn comparison(document: CompareDocument, most_rows: usize) -> pb::CompareLocalitiesResponse {
    let CompareDocument {
        schema: _,
        status,
        reason,
        score,
        before,
        after,
        change,
        decomposition: DecompositionDocument { factors, reason: no_parts, mixtures },
        indicators,
        notes,
        disclosure,
    } = document;
    pb::CompareLocalitiesResponse {
        status: solve_status(&status),
        reason: stop_reason(reason),
        score: score.map(self::score),
        before: Some(side(before)),
        after: Some(side(after)),
        change: Some(self::change(change)),
        factors: factors.into_iter().map(factor).collect(),
        no_parts_reason: no_parts.unwrap_or_default(),
        mixtures: mixtures.into_iter().map(mixture).collect(),
        indicator_rows: indicators.as_deref().map(length),
        indicators: indicators.into_iter().flatten().take(most_rows).map(indicator).collect(),
        notes,
        disclosure,
    }
}

fn score(score: ScoreDocument) -> pb::ComparisonScore {
    let ScoreDocument { improved, worsened, not_distinguishable, comparable, not_comparable } = score;
    pb::ComparisonScore {
        improved: whole(improved),
        worsened: whole(worsened),
        not_distinguishable: whole(not_distinguishable),
        comparable: whole(comparable),
        not_comparable: whole(not_comparable),
    }
}

fn side(side: SideDocument) -> pb::ComparedLocality {
    let SideDocument {
        status,
        rows,
        unknown_rows,
        child_needs,
        met,
        unmet,
        unmet_low,
        unmet_high,
        weight,
        weight_met,
        completeness: known,
        provenance: rests_on,
    } = side;
    pb::ComparedLocality {
        status: solve_status(&status),
        rows: whole(rows),
        unknown_rows: whole(unknown_rows),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        unmet_range: unmet_low.zip(unmet_high).map(|(low, high)| pb::CountRange { low: whole(low), high: whole(high) }),
        weight: whole(weight),
        weight_met: whole(weight_met),
        completeness: Some(completeness(known)),
        provenance: Some(provenance(rests_on)),
    }
}

fn change(change: ChangeDocument) -> pb::ComparedChange {
    let ChangeDocument { child_needs, met, unmet, weight_met, share_met } = change;
    pb::ComparedChange { child_needs, met, unmet, weight_met, share_met }
}

fn factor(row: FactorRow) -> pb::ChangeFactorRow {
    let FactorRow { factor, differs, parts } = row;
    let parts = parts.map(|PartsDocument { child_needs, met, unmet, weight_met, share_met }| pb::ChangeParts {
        child_needs_sixths: child_needs.sixths,
        met_sixths: met.sixths,
        unmet_sixths: unmet.sixths,
        weight_met_sixths: weight_met.sixths,
        share_met,
    });
    pb::ChangeFactorRow {
        factor: code("CHANGE_FACTOR_", &factor, pb::ChangeFactor::from_str_name),
        differs: differs.unwrap_or_default(),
        parts,
    }
}

fn mixture(row: MixtureRow) -> pb::MixtureRow {
    let MixtureRow { need, supply, matching, child_needs, met, unmet, left_out, lent } = row;
    let side = |side: String| code("COMPARED_SIDE_", &side, pb::ComparedSide::from_str_name);
    let rows = |rows: Vec<TableRows>| {
        rows.into_iter().map(|TableRows { table, rows }| pb::TableRows { table, rows: whole(rows) }).collect()
    };
    pb::MixtureRow {
        need: side(need),
        supply: side(supply),
        matching: side(matching),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        left_out: rows(left_out),
        lent: rows(lent),
    }
}

fn indicator(row: IndicatorRow) -> pb::Indicator {
    // The measure says in what unit it is and which direction is better.
    let IndicatorRow { measure, unit: _, of, group, key, label, better: _, before, after, verdict, reason } = row;
    pb::Indicator {
        measure: code("INDICATOR_MEASURE_", &measure, pb::IndicatorMeasure::from_str_name),
        of: code("INDICATOR_OF_", &of, pb::IndicatorOf::from_str_name),
        group: group.unwrap_or_default(),
        key,
        label,
        before: before.map(estimate),
        after: after.map(estimate),
        verdict: code("INDICATOR_VERDICT_", &verdict, pb::IndicatorVerdict::from_str_name),
        reason: reason.unwrap_or_default(),
    }
}

fn estimate(estimate: EstimateDocument) -> pb::IndicatorEstimate {
    let EstimateDocument { value, low, high, counts } = estimate;
    let counts =
        counts.map(|CountsDocument { child_needs, unmet, unmet_low, unmet_high, unknown_rows }| pb::IndicatorCounts {
            child_needs: whole(child_needs),
            unmet: whole(unmet),
            unmet_range: Some(pb::CountRange { low: whole(unmet_low), high: whole(unmet_high) }),
            unknown_rows: whole(unknown_rows),
        });
    pb::IndicatorEstimate { value, low, high, counts }
}
