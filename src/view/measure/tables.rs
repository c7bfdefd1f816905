//! Need by receipt, with every measure of it that has a name in the field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Locality;
use crate::gaps::NeedByReceipt;
use crate::gaps::receipt::{AnyCell, Parts, Table};
use crate::measures::interval::{Interval, Level, wilson};
use crate::measures::targeting::NeedReceipt;
use crate::view::common::{area_key, group_key, kind_key};

/// Both tables, by name: the definition drives the gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeedReceiptDocument {
    /// A child-need against a receipt whose type meets its kind.
    pub typed: TypedDocument,
    /// A child with so many domains at such a level against a receipt of anything.
    pub any: AnyDocument,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedDocument {
    /// The sum of the tables of all kinds.
    #[serde(flatten)]
    pub sum: TableDocument,
    /// What today's places in other hands, idle places and more places would each meet of what is not met today.
    #[serde(flatten)]
    pub parts: PartsDocument,
    pub by_kind: Vec<TableRow>,
    pub by_area: Vec<TableRow>,
    /// One list for each group column.
    pub by_group: BTreeMap<String, Vec<TableRow>>,
    /// Needs whose number is not known: in no table.
    pub unknown_need_rows: u64,
    /// Children who receive for a need that is in no table.
    pub of_uncounted_needs: u64,
    /// Children who receive what meets no kind.
    pub of_no_kind: u64,
}

/// A 2 x 2 table. Where receipts do not say whose they are, what is not sure is null here and bounded by `low` and `high`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableDocument {
    #[serde(flatten)]
    pub measures: Measures,
    /// Everyone in the table; null where it is not known.
    pub population: Option<u64>,
    /// Why it is not known.
    pub population_reason: Option<String>,
    /// With everything that is not known read against the targeting; null where nothing is open.
    pub low: Option<Box<Measures>>,
    /// The same in its favour.
    pub high: Option<Box<Measures>>,
    /// Wilson's, where need and receipt are an observed sample and nothing is open; else empty: no sampling error.
    pub intervals: Vec<IntervalDocument>,
}

/// Counts and what they come to. Shares are unrounded fractions from 0 to 1; null where a number is not known or a
/// denominator is zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// In need and receiving.
    pub both: Option<u64>,
    /// In need and not receiving.
    pub need_only: Option<u64>,
    /// Receiving without measured need.
    pub receipt_only: Option<u64>,
    pub neither: Option<u64>,
    /// Share of need that receives.
    pub coverage: Option<f64>,
    /// Share of need that does not: the error of exclusion.
    pub undercoverage: Option<f64>,
    /// Share of receipt without measured need: the error of inclusion.
    pub leakage: Option<f64>,
    /// Share of those without measured need who receive: leakage by the other definition.
    pub leakage_among_those_without_need: Option<f64>,
    /// Share of everyone in need.
    pub prevalence: Option<f64>,
    /// Coady, Grosh and Hoddinott's (2004) ratio; above 1 is better than a lot.
    pub cgh: Option<f64>,
    pub odds_ratio: Option<f64>,
    /// Most coverage that as many receipts could reach.
    pub ceiling: Option<f64>,
    pub phi: Option<f64>,
    pub kappa: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalDocument {
    /// 0.95 or 0.998.
    pub level: f64,
    /// Low and high.
    pub coverage: Option<[f64; 2]>,
    pub leakage: Option<[f64; 2]>,
    pub prevalence: Option<[f64; 2]>,
}

/// In child-needs; null where receipts leave them open, then between the two readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsDocument {
    /// Unmet child-needs that today's receipts could meet in other hands: an upper bound, since those now served without
    /// measured need may be well because they are served.
    pub retargeting: Option<u64>,
    /// Unmet child-needs that idle places could meet.
    pub idle: Option<u64>,
    /// Unmet child-needs for which there are too few places that fit.
    pub volume: Option<u64>,
    /// Least and most of each, where they are open.
    pub retargeting_range: Option<[u64; 2]>,
    pub idle_range: Option<[u64; 2]>,
    pub volume_range: Option<[u64; 2]>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    pub key: String,
    pub label: String,
    #[serde(flatten)]
    pub table: TableDocument,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnyDocument {
    /// By level, then domains: how much the definition drives the gap.
    pub cells: Vec<AnyCellDocument>,
    /// Children who are holders, in need by any cut-off or not.
    pub holders: u64,
    pub needs_without_domain: u64,
    /// Needs of cohorts: in no cell, since which of their children have how many is not known.
    pub cohort_need_rows: u64,
    pub cohort_receipts: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnyCellDocument {
    /// At least so many domains ...
    pub domains: u32,
    /// ... at least at this level.
    pub level: u8,
    #[serde(flatten)]
    pub table: TableDocument,
}

impl NeedReceiptDocument {
    pub(super) fn of(locality: &Locality, tables: &NeedByReceipt) -> NeedReceiptDocument {
        let sample = locality.about().sample;
        let NeedByReceipt { typed, any, retargeting } = tables;
        let row =
            |(key, label): (String, String), table: &Table| TableRow { key, label, table: document(table, sample) };
        let columns = locality.group_columns().iter().zip(&typed.by_group);
        let by_group = columns.map(|(column, rows)| {
            (column.name.clone(), rows.iter().map(|(&value, table)| row(group_key(column, value), table)).collect())
        });
        let cell = |cell: &AnyCell| AnyCellDocument {
            domains: cell.domains,
            level: cell.level.get(),
            table: document(&cell.table, sample),
        };
        NeedReceiptDocument {
            typed: TypedDocument {
                sum: document(&typed.sum, sample),
                parts: parts(retargeting),
                by_kind: typed.by_kind.iter().map(|(&kind, table)| row(kind_key(locality, kind), table)).collect(),
                by_area: typed.by_area.iter().map(|(&area, table)| row(area_key(locality, area), table)).collect(),
                by_group: by_group.collect(),
                unknown_need_rows: typed.left_out.unknown_need_rows,
                of_uncounted_needs: typed.left_out.of_uncounted_needs,
                of_no_kind: typed.left_out.of_no_kind,
            },
            any: AnyDocument {
                cells: any.cells.iter().map(cell).collect(),
                holders: any.holders,
                needs_without_domain: any.left_out.needs_without_domain,
                cohort_need_rows: any.left_out.cohort_need_rows,
                cohort_receipts: any.left_out.cohort_receipts,
            },
        }
    }
}

fn document(table: &Table, sample: bool) -> TableDocument {
    let (low, high) = (measures(&table.low), measures(&table.high));
    let exact = table.is_exact();
    TableDocument {
        measures: if exact { low.clone() } else { low.where_equal(&high) },
        population: table.population.ok(),
        population_reason: table.population.err().map(|why| why.as_str().to_owned()),
        low: (!exact).then(|| Box::new(low)),
        high: (!exact).then(|| Box::new(high)),
        intervals: if exact && sample {
            Level::ALL.map(|level| interval(&table.low, level)).to_vec()
        } else {
            Vec::new()
        },
    }
}

fn measures(table: &NeedReceipt) -> Measures {
    Measures {
        both: Some(table.both),
        need_only: Some(table.need_only),
        receipt_only: table.receipt_only,
        neither: table.neither,
        coverage: table.coverage(),
        undercoverage: table.undercoverage(),
        leakage: table.leakage(),
        leakage_among_those_without_need: table.leakage_among_those_without_need(),
        prevalence: table.prevalence(),
        cgh: table.coady_grosh_hoddinott(),
        odds_ratio: table.odds_ratio(),
        ceiling: table.ceiling(),
        phi: table.phi(),
        kappa: table.kappa(),
    }
}

impl Measures {
    /// What both readings agree on; null elsewhere.
    fn where_equal(&self, other: &Measures) -> Measures {
        fn agreed<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
            one.filter(|_| one == other)
        }
        Measures {
            both: agreed(self.both, other.both),
            need_only: agreed(self.need_only, other.need_only),
            receipt_only: agreed(self.receipt_only, other.receipt_only),
            neither: agreed(self.neither, other.neither),
            coverage: agreed(self.coverage, other.coverage),
            undercoverage: agreed(self.undercoverage, other.undercoverage),
            leakage: agreed(self.leakage, other.leakage),
            leakage_among_those_without_need: agreed(
                self.leakage_among_those_without_need,
                other.leakage_among_those_without_need,
            ),
            prevalence: agreed(self.prevalence, other.prevalence),
            cgh: agreed(self.cgh, other.cgh),
            odds_ratio: agreed(self.odds_ratio, other.odds_ratio),
            ceiling: agreed(self.ceiling, other.ceiling),
            phi: agreed(self.phi, other.phi),
            kappa: agreed(self.kappa, other.kappa),
        }
    }
}

fn interval(table: &NeedReceipt, level: Level) -> IntervalDocument {
    let whole = |count: u128| u64::try_from(count).ok();
    let of = |x: u64, n: Option<u64>| n.and_then(|n| wilson(x, n, level)).map(|Interval { low, high }| [low, high]);
    let need = whole(table.need());
    let receipt = table.receipt().and_then(whole);
    IntervalDocument {
        level: level.share(),
        coverage: of(table.both, need),
        leakage: table.receipt_only.and_then(|receipt_only| of(receipt_only, receipt)),
        prevalence: need.and_then(|need| of(need, table.everyone().and_then(whole))),
    }
}

fn parts(retargeting: &crate::gaps::receipt::Retargeting) -> PartsDocument {
    let (Parts { retargeting: least, volume: most_volume, .. }, Parts { retargeting: most, volume: least_volume, .. }) =
        (retargeting.low, retargeting.high);
    let (least_idle, most_idle) = retargeting.idle();
    let exact = retargeting.is_exact();
    let sure = |value: u64| exact.then_some(value);
    let range = |low, high| (!exact).then_some([low, high]);
    PartsDocument {
        retargeting: sure(least),
        idle: sure(retargeting.low.idle),
        volume: sure(retargeting.low.volume),
        retargeting_range: range(least, most),
        idle_range: range(least_idle, most_idle),
        volume_range: range(least_volume, most_volume),
    }
}
