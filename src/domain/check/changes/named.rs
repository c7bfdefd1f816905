//! Declines and receipts after the changes: rows that name others, and have no id of their own.

use std::sync::Arc;

use super::orders::{OfTable, Order};
use super::people::People;
use super::shift::Shift;
use super::supply::{Reading, Supply};
use super::told::Told;
use crate::domain::change::Difference;
use crate::domain::check::BadRows;
use crate::domain::check::findings::Findings;
use crate::domain::check::flows::{self, Nameable, agree};
use crate::domain::check::names::Names;
use crate::domain::check::offers::{self, Offers};
use crate::domain::check::plans::Candidates;
use crate::domain::check::services::Services;
use crate::domain::check::{areas, needs, plans};
use crate::domain::ids::{HolderIx, Id, KindIx, NeedIx};
use crate::domain::locality::{Decline, DeclineWhat, DeclineWho, Locality, Receipt, ReceiptNeed};

/// What declines and receipts name, after the changes.
pub(super) struct Flows<'f, 'a> {
    pub reading: &'f Reading<'f, 'a>,
    pub areas: &'f Names<'a>,
    pub kinds: &'f Names<'a>,
    pub supply: &'f Supply<'a>,
    pub people: &'f People<'a>,
}

type Pair = (DeclineWho, DeclineWhat);

impl Flows<'_, '_> {
    /// Reads with what may be named after the changes.
    fn now<T>(&self, read: impl FnOnce(&Nameable<'_, '_>) -> T) -> T {
        let People { needs, holders, .. } = self.people;
        let need_names = Names::of_held("a need", needs::FILE, needs.iter().map(|need| &need.id));
        let holder_names = Names::of_held("a holder", needs::FILE, holders.iter().map(|holder| &holder.id));
        read(&Nameable {
            areas: self.areas,
            kinds: self.kinds,
            services: &self.supply.services,
            offers: &self.supply.offers,
            needs: &need_names,
            holders: &holder_names,
            kind_and_holder: &|at| (needs[at].kind, needs[at].holder),
            candidates: &self.supply.candidates,
        })
    }

    fn who(&self, who: DeclineWho) -> Option<DeclineWho> {
        match who {
            DeclineWho::Need(need) => self.need(need).map(DeclineWho::Need),
            DeclineWho::Holder(holder) => self.holder(holder).map(DeclineWho::Holder),
            DeclineWho::Everyone { .. } => Some(who),
        }
    }

    fn need(&self, need: NeedIx) -> Option<NeedIx> {
        self.people.need_shift.of(need.ix()).map(NeedIx::new)
    }

    fn holder(&self, holder: HolderIx) -> Option<HolderIx> {
        self.people.holder_shift.of(holder.ix()).map(HolderIx::new)
    }

    fn pair(&self, (who, what): Pair) -> Option<Pair> {
        Some((self.who(who)?, self.supply.what(what)?))
    }

    /// Whether every position stays what it is.
    fn nothing_shifts(&self) -> bool {
        let Supply { service_shift, offer_shift, .. } = self.supply;
        let People { need_shift, holder_shift, .. } = self.people;
        [service_shift, offer_shift, need_shift, holder_shift].into_iter().all(Shift::is_same)
    }
}

/// Reads with what may be named before the changes, which is what rows that go are found by.
fn before<T>(locality: &Locality, read: impl FnOnce(&Nameable<'_, '_>) -> T) -> T {
    let needs = locality.needs();
    read(&Nameable {
        areas: &Names::of_held("an area", areas::FILE, locality.areas().iter().map(|area| &area.id)),
        kinds: &Names::of_held("a kind", "kinds.csv", locality.kinds().iter().map(|kind| &kind.id)),
        services: &Services::of_held(locality),
        offers: &Offers {
            names: Names::of_held(offers::NOUN, offers::FILE, locality.offers().iter().map(|offer| &offer.id)),
            offers: locality.parts().offers.clone(),
            rows: Vec::new(),
        },
        needs: &Names::of_held("a need", needs::FILE, needs.iter().map(|need| &need.id)),
        holders: &Names::of_held("a holder", needs::FILE, locality.holders().iter().map(|holder| &holder.id)),
        kind_and_holder: &|at| (needs[at].kind, needs[at].holder),
        candidates: &Candidates {
            names: Names::new("a candidate", plans::FILE),
            candidates: Vec::new(),
            rows: Vec::new(),
        },
    })
}

/// Declines of what goes go with it. Sorted.
pub(super) fn declines_after(
    flows: &Flows<'_, '_>,
    difference: &mut Difference,
    findings: &mut Findings,
    told: &mut Told<'_>,
) -> Arc<Vec<Decline>> {
    let Reading { locality, draft, orders, .. } = *flows.reading;
    let held = &locality.parts().declines;
    if orders.new_declines.is_empty() && orders.old_declines.is_empty() && flows.nothing_shifts() {
        return held.clone();
    }
    let mut goes = vec![false; held.len()];
    if !orders.old_declines.is_empty() {
        before(locality, |nameable| {
            for order in &orders.old_declines {
                let found = remove_decline(locality, order, nameable, &mut goes, findings);
                if !found && !order.has_found {
                    told.wrong(order.at, "", "", "a decline of this locality");
                }
            }
        });
    }
    let mut after = Vec::with_capacity(held.len() + orders.new_declines.len());
    for (decline, goes) in held.iter().zip(goes) {
        if let Some((who, what)) = flows.pair((decline.who, decline.what)).filter(|_| !goes) {
            after.push(Decline { who, what, reason: decline.reason.clone() });
        }
    }
    if !orders.new_declines.is_empty() {
        after.extend(flows.now(|nameable| flows::declines(draft, nameable, findings)));
    }
    after.sort();

    // What only one of the two has, whatever the reasons and however often it is written.
    let pairs = |declines: &[Decline]| -> Vec<Pair> { declines.iter().map(|row| (row.who, row.what)).collect() };
    let (now, then) = (pairs(&after), pairs(held));
    let still: Vec<Option<Pair>> = then.iter().map(|&pair| flows.pair(pair)).collect();
    let is_gone = |pair: &Option<Pair>| pair.is_none_or(|pair| now.binary_search(&pair).is_err());
    difference.no_longer_declined =
        then.iter().zip(&still).filter(|(_, still)| is_gone(still)).map(|(&pair, _)| pair).collect();
    let mut still: Vec<Pair> = still.into_iter().flatten().collect();
    still.sort_unstable();
    difference.declined = now.into_iter().filter(|pair| still.binary_search(pair).is_err()).collect();
    difference.declined.dedup();
    difference.no_longer_declined.dedup();
    after.into()
}

/// Marks the declines that an order removes; false where there is none.
fn remove_decline(
    locality: &Locality,
    order: &Order,
    nameable: &Nameable<'_, '_>,
    goes: &mut [bool],
    findings: &mut Findings,
) -> bool {
    let draft = order.alone("declines");
    let mut own = Findings::new(BadRows::Refuse);
    let Some(wanted) = flows::declines(&draft, nameable, &mut own).pop() else {
        // The row cannot be understood, and its problems say why.
        findings.take(own);
        return true;
    };
    let mut found = false;
    for (decline, goes) in locality.declines().iter().zip(goes) {
        let same = decline.who == wanted.who && decline.what == wanted.what;
        if same && (wanted.reason.is_empty() || wanted.reason == decline.reason) {
            *goes = true;
            found = true;
        }
    }
    found
}

/// Receipts are what was given, so what they name cannot go before they do. Sorted; None: not recorded.
pub(super) fn receipts_after(
    flows: &Flows<'_, '_>,
    difference: &mut Difference,
    findings: &mut Findings,
    told: &mut Told<'_>,
) -> Option<Arc<Vec<Receipt>>> {
    let Reading { locality, draft, orders, terms } = *flows.reading;
    let nothing_comes = orders.new_receipts.is_empty() && orders.old_receipts.is_empty();
    if nothing_comes && flows.nothing_shifts() && orders.needs.is_empty() {
        return locality.parts().receipts.clone();
    }
    let held = locality.receipts().unwrap_or_default();
    let mut goes = vec![false; held.len()];
    if !orders.old_receipts.is_empty() {
        before(locality, |nameable| {
            for order in &orders.old_receipts {
                let own_draft = order.alone("receipts");
                let mut own = Findings::new(BadRows::Refuse);
                let Some(wanted) = flows::receipts(&own_draft, terms, nameable, &mut own).unwrap_or_default().pop()
                else {
                    findings.take(own);
                    continue;
                };
                let found = held.iter().zip(&goes).position(|(receipt, goes)| *receipt == wanted && !goes);
                match found {
                    Some(at) => goes[at] = true,
                    None => told.wrong(order.at, "", "", "a receipt of this locality, field by field"),
                }
            }
        });
    }
    let mut named: Vec<NeedIx> = Vec::new();
    let mut after = Vec::with_capacity(held.len() + orders.new_receipts.len());
    for (receipt, goes) in held.iter().zip(goes) {
        if goes {
            named.extend(need_of(receipt));
        } else {
            after.extend(receipt_after(flows, receipt, told));
        }
    }
    let mut named: Vec<Id> = named.into_iter().map(|need| locality.needs()[need.ix()].id.clone()).collect();
    if !orders.new_receipts.is_empty() {
        let new = flows.now(|nameable| flows::receipts(draft, terms, nameable, findings)).unwrap_or_default();
        named.extend(new.iter().filter_map(need_of).map(|need| flows.people.needs[need.ix()].id.clone()));
        after.extend(new);
    }
    difference.needs.extend(named);
    after.sort();
    let recorded = locality.receipts().is_some() || !orders.new_receipts.is_empty();
    recorded.then(|| after.into())
}

fn need_of(receipt: &Receipt) -> Option<NeedIx> {
    match receipt.need {
        ReceiptNeed::Need(need) => Some(need),
        ReceiptNeed::NoNeed | ReceiptNeed::NotKnown => None,
    }
}

/// A receipt with its new positions; None where something that it names goes, which is refused.
fn receipt_after(flows: &Flows<'_, '_>, receipt: &Receipt, told: &mut Told<'_>) -> Option<Receipt> {
    let Reading { locality, orders, .. } = *flows.reading;
    let mut refuse = |of_table: &OfTable, id: &Id| {
        // Where a row that replaces it cannot be read, that has been said.
        let removed = of_table.removed.get(id.as_str()).filter(|_| !of_table.set.contains_key(id.as_str()));
        if let Some(&at) = removed {
            told.wrong(at, "", id.as_str(), "one that no receipt names: remove its receipts too (remove_receipt)");
        }
    };
    let what = flows.supply.what(receipt.what);
    if what.is_none() {
        match receipt.what {
            DeclineWhat::Service(service) => refuse(&orders.services, &locality.services()[service.ix()].id),
            DeclineWhat::Offer(offer) => refuse(&orders.offers, &locality.offers()[offer.ix()].id),
        }
    }
    let need = match receipt.need {
        ReceiptNeed::Need(need) => {
            let after = flows.need(need);
            if after.is_none() {
                refuse(&orders.needs, &locality.needs()[need.ix()].id);
            }
            after.map(ReceiptNeed::Need)
        }
        other => Some(other),
    };
    let holder = match receipt.holder {
        None => Some(None),
        Some(holder) => {
            let after = flows.holder(holder);
            if after.is_none() {
                refuse_last_row(flows, holder, told);
            }
            after.map(Some)
        }
    };
    let after = Receipt { what: what?, need: need?, holder: holder?, ..receipt.clone() };
    if let ReceiptNeed::Need(need) = after.need {
        refuse_disagreement(flows, &after, need, told);
    }
    Some(after)
}

/// The last row of a holder whom a receipt names.
fn refuse_last_row(flows: &Flows<'_, '_>, holder: HolderIx, told: &mut Told<'_>) {
    let Reading { locality, orders, .. } = *flows.reading;
    let rows = locality.needs().iter().filter(|need| need.holder == holder);
    let changed = |id: &Id| {
        let of_table = &orders.needs;
        of_table.set.get(id.as_str()).map(|order| order.at).or_else(|| of_table.removed.get(id.as_str()).copied())
    };
    if let Some(at) = rows.filter_map(|need| changed(&need.id)).max() {
        let id = locality.holders()[holder.ix()].id.as_str();
        told.wrong(at, "", id, "another row of this holder to stay, or its receipts to go too (remove_receipt)");
    }
}

/// What a receipt says of its need's kind and holder has to stay true of a need that was replaced.
fn refuse_disagreement(flows: &Flows<'_, '_>, receipt: &Receipt, need: NeedIx, told: &mut Told<'_>) {
    let Some(at) = flows.people.brought(need) else { return };
    let row = &flows.people.needs[need.ix()];
    let of = |kind: Option<KindIx>, holder: Option<HolderIx>| agree((kind, holder), (row.kind, row.holder));
    let agree = of(receipt.kind, receipt.holder);
    let locality = flows.reading.locality;
    if let (false, Some(kind)) = (agree.kind, receipt.kind) {
        let (own, wanted) = (&locality.kinds()[row.kind.ix()].id, &locality.kinds()[kind.ix()].id);
        told.wrong(at, "kind", own.as_str(), &format!("{wanted}, as a receipt that names this need says"));
    }
    if let (false, Some(holder)) = (agree.holder, receipt.holder) {
        let holders = &flows.people.holders;
        let (own, wanted) = (&holders[row.holder.ix()].id, &holders[holder.ix()].id);
        told.wrong(at, "holder", own.as_str(), &format!("{wanted}, as a receipt that names this need says"));
    }
}
