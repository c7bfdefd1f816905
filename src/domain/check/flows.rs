//! Who goes where: `travel.csv`, `declines.csv` and `receipts.csv`.

use super::about::Terms;
use super::findings::{Findings, RowRef};
use super::names::{Names, State};
use super::needs::NO_NEED;
use super::offers::{Offers, WhatColumns};
use super::plans::Candidates;
use super::services::Services;
use super::sheet::Sheet;
use crate::domain::draft::Draft;
use crate::domain::ids::{AreaIx, HolderIx, KindIx, NeedIx};
use crate::domain::locality::{CandidateKind, Decline, DeclineWho, Receipt, ReceiptNeed, Travel, TravelUnit};

/// The greatest number of kilometres or minutes of a journey.
const LONGEST_JOURNEY: u64 = 1_000_000;

/// What the flows may name.
#[derive(Clone, Copy)]
pub(super) struct Nameable<'n, 'a> {
    pub areas: &'n Names<'a>,
    pub kinds: &'n Names<'a>,
    pub services: &'n Services<'a>,
    pub offers: &'n Offers<'a>,
    pub needs: &'n Names<'a>,
    pub holders: &'n Names<'a>,
    /// Kind and holder of the need at a position.
    pub kind_and_holder: &'n dyn Fn(usize) -> (KindIx, HolderIx),
    pub candidates: &'n Candidates<'a>,
}

/// Journeys to one offer, or to one candidate that would be an offer.
type Journeys = Vec<(AreaIx, f64, RowRef)>;

/// None where there is no table, or its unit cannot be told.
pub(super) fn travel<'a>(draft: &'a Draft, nameable: &Nameable<'_, 'a>, findings: &mut Findings) -> Option<Travel> {
    let mut sheet = Sheet::open(draft, "travel.csv", findings);
    let area = sheet.required("area", findings);
    let offer = sheet.required("offer", findings);
    let km = sheet.optional("km");
    let minutes = sheet.optional("minutes");
    sheet.one_of(&[minutes, km], findings);
    sheet.close_header(findings);
    if !sheet.is_readable() {
        return None;
    }
    let (unit, measure, power) = match (km.is_present(), minutes.is_present()) {
        (true, false) => (TravelUnit::Metres, km, "e3"),
        (false, true) => (TravelUnit::Minutes, minutes, ""),
        (false, false) => return None,
        (true, true) => {
            findings.structural("travel.csv", Some("km"), "km", "either minutes or km, not both");
            return None;
        }
    };
    let Nameable { areas, offers, candidates, .. } = *nameable;
    let mut to_offers: Vec<Journeys> = vec![Vec::new(); offers.offers.len()];
    let mut to_candidates: Vec<Journeys> = vec![Vec::new(); candidates.candidates.len()];
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let from = row.refer(area, areas);
        let length = match row.is_blank(measure) {
            true => {
                row.wrong_cell(measure, "a number; leave the whole row out where there is no way");
                None
            }
            false => row.measure(measure, power, LONGEST_JOURNEY),
        };
        // An id that is not an offer's may be that of a candidate that would be one.
        let candidate = match offers.names.get(row.text(offer)) {
            None => candidates.names.get(row.text(offer)),
            Some(_) => None,
        };
        let journeys = match candidate {
            None => row.refer(offer, &offers.names).map(|at| &mut to_offers[at]),
            Some((_, State::At(at))) if !matches!(candidates.candidates[at].kind, CandidateKind::Offer { .. }) => {
                row.wrong_cell(offer, "an offer, or a candidate that is a new offer; this candidate is not");
                None
            }
            Some(_) => row.refer(offer, &candidates.names).map(|at| &mut to_candidates[at]),
        };
        if let (true, Some(from), Some(length), Some(journeys)) = (row.is_kept(), from, length, journeys) {
            journeys.push((AreaIx::new(from), length, row.at()));
        }
    }
    let offers = to_offers.into_iter().map(|journeys| by_area(journeys, findings)).collect();
    let candidates = to_candidates.into_iter().map(|journeys| by_area(journeys, findings)).collect();
    Some(Travel { unit, offers, candidates })
}

/// Sorts journeys by area and refuses those that stand there twice.
fn by_area(mut journeys: Journeys, findings: &mut Findings) -> Vec<(AreaIx, f64)> {
    journeys.sort_by_key(|&(area, _, from)| (area, from));
    let mut kept: Vec<(AreaIx, f64)> = Vec::with_capacity(journeys.len());
    let mut first = None;
    for (area, length, from) in journeys {
        match first {
            Some((last, RowRef { row, .. })) if last == area => {
                findings.error(from, "offer", "", format!("each pair of area and offer once; row {row} has this one"));
            }
            _ => {
                kept.push((area, length));
                first = Some((area, from));
            }
        }
    }
    kept
}

/// Sorted; whether there is such a table at all is told apart.
pub(super) fn declines<'a>(draft: &'a Draft, nameable: &Nameable<'_, 'a>, findings: &mut Findings) -> Vec<Decline> {
    let mut sheet = Sheet::open(draft, "declines.csv", findings);
    let need = sheet.optional("need");
    let holder = sheet.optional("holder");
    let kind = sheet.optional("kind");
    let area = sheet.optional("area");
    sheet.one_of(&[need, holder, kind], findings);
    let what = WhatColumns::take(&mut sheet);
    sheet.one_of(&[what.service, what.offer], findings);
    let reason = sheet.required("reason", findings);
    sheet.close_header(findings);

    let Nameable { areas, kinds, services, offers, needs, holders, .. } = *nameable;
    let mut declines = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let filled = [need, holder, kind, area].map(|column| !row.is_blank(column));
        let who = match filled {
            [true, false, false, false] => row.refer(need, needs).map(NeedIx::new).map(DeclineWho::Need),
            [false, true, false, false] => row.refer(holder, holders).map(HolderIx::new).map(DeclineWho::Holder),
            [false, false, true, true] => {
                let (kind, area) = (row.refer(kind, kinds), row.refer(area, areas));
                let everyone = |(kind, area)| DeclineWho::Everyone { kind: KindIx::new(kind), area: AreaIx::new(area) };
                kind.zip(area).map(everyone)
            }
            _ => {
                let first = [need, holder, kind, area].into_iter().find(|&column| !row.is_blank(column));
                row.wrong_cell(
                    first.unwrap_or(need),
                    "a need, or a holder, or a kind and an area, and no more of them",
                );
                None
            }
        };
        let what = what.read(&mut row, &services.names, &offers.names);
        let reason = row.text(reason).to_owned();
        if let (true, Some(who), Some(what)) = (row.is_kept(), who, what) {
            declines.push(Decline { who, what, reason });
        }
    }
    declines.sort();
    declines
}

/// Whether a receipt says of its need's kind and holder what the need says, or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agree {
    pub kind: bool,
    pub holder: bool,
}

pub(super) fn agree(receipt: (Option<KindIx>, Option<HolderIx>), need: (KindIx, HolderIx)) -> Agree {
    Agree { kind: receipt.0.is_none_or(|kind| kind == need.0), holder: receipt.1.is_none_or(|holder| holder == need.1) }
}

/// None where there is no table: receipts were not recorded then.
pub(super) fn receipts<'a>(
    draft: &'a Draft,
    terms: &Terms,
    nameable: &Nameable<'_, 'a>,
    findings: &mut Findings,
) -> Option<Vec<Receipt>> {
    let mut sheet = Sheet::open(draft, "receipts.csv", findings);
    let what = WhatColumns::take(&mut sheet);
    sheet.one_of(&[what.service, what.offer], findings);
    let children = sheet.required("children", findings);
    let need = sheet.required("need", findings);
    let kind = sheet.optional("kind");
    let holder = sheet.optional("holder");
    let area = sheet.optional("area");
    let age = sheet.optional("age");
    sheet.close_header(findings);

    let Nameable { areas, kinds, services, offers, needs, holders, kind_and_holder, .. } = *nameable;
    let mut receipts = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let what = what.read(&mut row, &services.names, &offers.names);
        let number = row.stated(children);
        let of_need = match row.text(need) {
            "" => Some(ReceiptNeed::NotKnown),
            NO_NEED => Some(ReceiptNeed::NoNeed),
            _ => row.refer(need, needs).map(NeedIx::new).map(ReceiptNeed::Need),
        };
        let of_kind = row.optional_refer(kind, kinds).map(KindIx::new);
        let of_holder = row.optional_refer(holder, holders).map(HolderIx::new);
        let home = row.optional_refer(area, areas).map(AreaIx::new);
        let age = row.optional_age(age, terms.ages);
        if let Some(ReceiptNeed::Need(named)) = of_need {
            let agree = agree((of_kind, of_holder), kind_and_holder(named.ix()));
            if !agree.kind {
                row.wrong_cell(kind, "the kind of the need that the row names, or nothing");
            }
            if !agree.holder {
                row.wrong_cell(holder, "the holder of the need that the row names, or nothing");
            }
        }
        if let (true, Some(what), Some(of_need)) = (row.is_kept(), what, of_need) {
            receipts.push(Receipt {
                what,
                children: number,
                need: of_need,
                kind: of_kind,
                holder: of_holder,
                area: home,
                age,
            });
        }
    }
    receipts.sort();
    sheet.is_present().then_some(receipts)
}
