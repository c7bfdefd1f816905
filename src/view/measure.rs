//! `suffice.measure/1`: how far receipt follows need, and whether it follows deprivation or group instead.

mod equity;
mod floors;
mod tables;

use serde::{Deserialize, Serialize};

use super::common::{CompletenessDocument, DISCLOSURE, Provenance, completeness, provenance};
use super::gaps::{AccessDocument, access_document};
use super::matching::{notes, status};
use crate::engine::{Failure, Resident};
use crate::gaps::equity::receiving;
use crate::gaps::need_by_receipt;
use crate::matching::{Matching, NotFormulated, Route};
use crate::measures::equity::Part;
use crate::solve::{Effort, StopReason};

pub use equity::{ConcentrationDocument, DisparityDocument, EquityDocument, EquityOf, HorizontalDocument, ShareRow};
pub use floors::{FloorDocument, FloorRow, TriedFloorDocument};
pub use tables::{
    AnyCellDocument, AnyDocument, IntervalDocument, Measures, NeedReceiptDocument, PartsDocument, TableDocument,
    TableRow, TypedDocument,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureDocument {
    pub schema: String,
    /// `optimal` or `stopped`, of the matching and of everything measured after it.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Null where receipts are not recorded (a note says so) or time ran out.
    pub need_receipt: Option<NeedReceiptDocument>,
    /// Null where time ran out.
    pub equity: Option<EquityDocument>,
    /// Null where time ran out.
    pub access: Option<AccessDocument>,
    pub notes: Vec<String>,
    pub completeness: CompletenessDocument,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl MeasureDocument {
    pub const SCHEMA: &'static str = "suffice.measure/1";
}

/// Measures a locality and writes it down. Measures are of everything or of nothing: after a stop those that were not
/// finished are null, and the status says so.
pub fn run(resident: &Resident, route: Route, effort: &Effort) -> Result<MeasureDocument, Failure> {
    let locality = resident.locality();
    let matching = resident.matching(route, effort)?;
    let mut stopped = None;
    let need_receipt = or_stopped(need_receipt(resident, effort)?, &mut stopped).flatten();
    let exact = need_receipt.as_ref().is_some_and(|tables| tables.typed.sum.low.is_none());
    let mut equity = or_stopped(equity(resident, &matching, exact, effort), &mut stopped);
    let access = or_stopped(access_document(resident, effort), &mut stopped);
    // Last, because it solves again: a time limit that it meets costs none of the rest.
    if let Some(equity) = &mut equity {
        equity.floors = or_stopped(floors::documents(locality, &matching, effort)?, &mut stopped);
    }
    let mut notes = notes(locality, &matching);
    if locality.receipts().is_none() {
        notes.push("There is no receipts.csv: what children receive today is not recorded, so need is held against the matching alone.".to_owned());
    }
    notes.push(match locality.about().sample {
        true => "Need and receipt are an observed sample: intervals are Wilson's (1927), at 95 % and 99.8 %.".to_owned(),
        false => {
            "Need and receipt are enumerated or modelled, so there is no sampling error; what is not known makes bounds instead.".to_owned()
        }
    });
    let (status, reason) = match (status(&matching), stopped) {
        (("optimal", _), Some(reason)) => ("stopped", Some(reason.as_str())),
        (of_matching, _) => of_matching,
    };
    Ok(MeasureDocument {
        schema: MeasureDocument::SCHEMA.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        need_receipt,
        equity,
        access,
        notes,
        completeness: completeness(locality, resident.pairs(effort).ok().as_deref()),
        provenance: provenance(resident, matching.backend),
        disclosure: DISCLOSURE.to_owned(),
    })
}

/// What was measured; else None, and the first reason is kept.
fn or_stopped<T>(measured: Result<T, StopReason>, stopped: &mut Option<StopReason>) -> Option<T> {
    measured.map_err(|reason| *stopped = stopped.or(Some(reason))).ok()
}

/// None where receipts are not recorded. The outer error is one of the problem itself.
fn need_receipt(
    resident: &Resident,
    effort: &Effort,
) -> Result<Result<Option<NeedReceiptDocument>, StopReason>, Failure> {
    let locality = resident.locality();
    let found = effort.look().and_then(|()| resident.pairs(effort)).map_err(NotFormulated::Stopped);
    match found.and_then(|pairs| need_by_receipt(locality, resident.profiles(), &pairs, effort)) {
        Ok(tables) => Ok(Ok(tables.map(|tables| NeedReceiptDocument::of(locality, &tables)))),
        Err(NotFormulated::Stopped(reason)) => Ok(Err(reason)),
        Err(NotFormulated::Refused(refused)) => Err(refused.into()),
    }
}

fn equity(
    resident: &Resident,
    matching: &Matching,
    receipts_are_exact: bool,
    effort: &Effort,
) -> Result<EquityDocument, StopReason> {
    let locality = resident.locality();
    effort.look()?;
    let part = |(&with, of): (&u64, &Option<u64>)| Part { with, of: of.unwrap_or(0) };
    let met: Vec<Part> = matching.met.iter().zip(&matching.asking).map(part).collect();
    let met = crate::gaps::equity::equity(locality, &met, effort)?;
    let received = match receiving(locality, effort)?.filter(|_| receipts_are_exact) {
        Some(received) => Some(crate::gaps::equity::equity(locality, &received, effort)?),
        None => None,
    };
    Ok(EquityDocument::of(locality, &met, received.as_ref()))
}
