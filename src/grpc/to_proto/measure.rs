//! How far receipt follows need.

use super::gaps::accessibility;
use super::{completeness, provenance, solve_status, stop_reason, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::MeasureDocument;
use crate::view::measure::{
    AnyCellDocument, AnyDocument, ConcentrationDocument, DisparityDocument, EquityDocument, EquityOf, FloorDocument,
    FloorRow, HorizontalDocument, IntervalDocument, Measures, NeedReceiptDocument, PartsDocument, ShareRow,
    TableDocument, TableRow, TriedFloorDocument, TypedDocument,
};

pub(in crate::grpc) fn measures(document: MeasureDocument) -> pb::MeasureMismatchResponse {
    let MeasureDocument {
        schema: _,
        status,
        reason,
        need_receipt,
        equity,
        access,
        notes,
        completeness: rows,
        provenance: rests_on,
        disclosure,
    } = document;
    let (typed, any) =
        need_receipt.map(|NeedReceiptDocument { typed, any }| (typed_tables(typed), any_table(any))).unzip();
    let (met, received, floors) = match equity {
        Some(EquityDocument { met, received, floors }) => (Some(met), received, floors.unwrap_or_default()),
        None => (None, None, Vec::new()),
    };
    pb::MeasureMismatchResponse {
        status: solve_status(&status),
        reason: stop_reason(reason),
        typed,
        any,
        equity_of_met: met.map(self::equity),
        equity_of_received: received.map(self::equity),
        floors: floors.into_iter().map(floor).collect(),
        access: access.map(accessibility),
        notes,
        completeness: Some(completeness(rows)),
        provenance: Some(provenance(rests_on)),
        disclosure,
    }
}

fn typed_tables(typed: TypedDocument) -> pb::TypedNeedReceipt {
    let TypedDocument { sum, parts, by_kind, by_area, by_group, unknown_need_rows, of_uncounted_needs, of_no_kind } =
        typed;
    let rows = |rows: Vec<TableRow>| rows.into_iter().map(row).collect();
    pb::TypedNeedReceipt {
        sum: Some(table(sum)),
        parts: Some(closing(parts)),
        by_kind: rows(by_kind),
        by_area: rows(by_area),
        by_group: by_group.into_iter().map(|(group, of)| pb::GroupNeedReceipt { group, rows: rows(of) }).collect(),
        unknown_need_rows: whole(unknown_need_rows),
        of_uncounted_needs: whole(of_uncounted_needs),
        of_no_kind: whole(of_no_kind),
    }
}

fn row(row: TableRow) -> pb::NeedReceiptRow {
    let TableRow { key, label, table: of } = row;
    pb::NeedReceiptRow { key, label, table: Some(table(of)) }
}

fn table(document: TableDocument) -> pb::NeedReceipt {
    let TableDocument { measures, population, population_reason, low, high, intervals } = document;
    pb::NeedReceipt {
        measures: Some(counted(measures)),
        population: population.map(whole),
        population_reason: population_reason.unwrap_or_default(),
        low: low.map(|low| counted(*low)),
        high: high.map(|high| counted(*high)),
        intervals: intervals.into_iter().map(at_level).collect(),
    }
}

fn counted(measures: Measures) -> pb::NeedReceiptMeasures {
    let Measures {
        both,
        need_only,
        receipt_only,
        neither,
        coverage,
        undercoverage,
        leakage,
        leakage_among_those_without_need,
        prevalence,
        cgh,
        odds_ratio,
        ceiling,
        phi,
        kappa,
    } = measures;
    pb::NeedReceiptMeasures {
        both: both.map(whole),
        need_only: need_only.map(whole),
        receipt_only: receipt_only.map(whole),
        neither: neither.map(whole),
        coverage,
        undercoverage,
        leakage,
        leakage_among_those_without_need,
        prevalence,
        cgh,
        odds_ratio,
        ceiling,
        phi,
        kappa,
    }
}

fn at_level(intervals: IntervalDocument) -> pb::NeedReceiptIntervals {
    let IntervalDocument { level, coverage, leakage, prevalence } = intervals;
    let interval = |ends: Option<[f64; 2]>| ends.map(|[low, high]| pb::Interval { low, high });
    pb::NeedReceiptIntervals {
        level,
        coverage: interval(coverage),
        leakage: interval(leakage),
        prevalence: interval(prevalence),
    }
}

fn closing(parts: PartsDocument) -> pb::ClosingParts {
    let PartsDocument { retargeting, idle, volume, retargeting_range, idle_range, volume_range } = parts;
    let range = |sure: Option<u64>, range: Option<[u64; 2]>| {
        let [low, high] = sure.map(|sure| [sure, sure]).or(range)?;
        Some(pb::CountRange { low: whole(low), high: whole(high) })
    };
    pb::ClosingParts {
        retargeting: range(retargeting, retargeting_range),
        idle: range(idle, idle_range),
        volume: range(volume, volume_range),
    }
}

fn any_table(any: AnyDocument) -> pb::AnyNeedReceipt {
    let AnyDocument { cells, holders, needs_without_domain, cohort_need_rows, cohort_receipts } = any;
    let cell = |AnyCellDocument { domains, level, table: of }| pb::AnyCell {
        domains: i32::try_from(domains).unwrap_or(i32::MAX),
        level: level.into(),
        table: Some(table(of)),
    };
    pb::AnyNeedReceipt {
        cells: cells.into_iter().map(cell).collect(),
        holders: whole(holders),
        needs_without_domain: whole(needs_without_domain),
        cohort_need_rows: whole(cohort_need_rows),
        cohort_receipts: whole(cohort_receipts),
    }
}

fn equity(equity: EquityOf) -> pb::Equity {
    let EquityOf { child_needs, with, concentration: by_deprivation, by_tenth, by_group } = equity;
    let shares = |rows: Vec<ShareRow>| rows.into_iter().map(group_share).collect();
    pb::Equity {
        child_needs: whole(child_needs),
        with: whole(with),
        concentration: by_deprivation.map(concentration),
        by_tenth: shares(by_tenth),
        by_group: by_group.into_iter().map(|(group, rows)| pb::GroupShares { group, rows: shares(rows) }).collect(),
    }
}

fn floor(floor: FloorDocument) -> pb::Floor {
    let FloorDocument { group, not_tried, tried } = floor;
    pb::Floor { group, not_tried, tried: tried.map(tried_floor) }
}

fn tried_floor(tried: TriedFloorDocument) -> pb::TriedFloor {
    let TriedFloorDocument {
        share,
        worst,
        worst_label,
        met,
        met_with_floor,
        rest_loses,
        shortfall,
        child_needs_change,
        weight_change,
        weight_of_all_change,
        by_value,
    } = tried;
    pb::TriedFloor {
        share,
        worst,
        worst_label,
        met: whole(met),
        met_with_floor: whole(met_with_floor),
        rest_loses: whole(rest_loses),
        shortfall: whole(shortfall),
        child_needs_change,
        weight_change,
        weight_of_all_change,
        by_value: by_value.into_iter().map(floor_row).collect(),
    }
}

fn floor_row(row: FloorRow) -> pb::FloorRow {
    let FloorRow { key, label, child_needs, floor, met, met_with_floor } = row;
    pb::FloorRow {
        key,
        label,
        child_needs: whole(child_needs),
        floor: whole(floor),
        met: whole(met),
        met_with_floor: whole(met_with_floor),
    }
}

fn concentration(concentration: ConcentrationDocument) -> pb::Concentration {
    let ConcentrationDocument { index, wagstaff, erreygers, horizontal, unranked } = concentration;
    let horizontal = horizontal.map(|HorizontalDocument { index, of_need, predicted_by, left_out }| {
        pb::HorizontalInequity { index, of_need, predicted_by, left_out }
    });
    pb::Concentration { index, wagstaff, erreygers, horizontal, unranked: whole(unranked) }
}

fn group_share(row: ShareRow) -> pb::GroupShare {
    let ShareRow { key, label, child_needs, with, against_others } = row;
    let disparity =
        |DisparityDocument { share, others, difference, ratio }| pb::Disparity { share, others, difference, ratio };
    pb::GroupShare {
        key,
        label,
        child_needs: whole(child_needs),
        with: whole(with),
        against_others: against_others.map(disparity),
    }
}
