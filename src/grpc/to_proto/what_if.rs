//! What changes would come to.

use super::{length, provenance, solve_status, stage_changes, stage_value, stop_reason, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::WhatIfDocument;
use crate::view::check::ProblemRow;
use crate::view::what_if::{OfferRow, OfferSide, PlacementRow, Side};

/// Of placements, offers and warnings the first `most_rows`.
pub(in crate::grpc) fn what_if(document: WhatIfDocument, most_rows: usize) -> pb::WhatIfResponse {
    let WhatIfDocument {
        schema: _,
        before,
        after,
        placements,
        offers,
        warnings,
        notes,
        provenance: rests_on,
        disclosure,
    } = document;
    pb::WhatIfResponse {
        before: Some(side(before)),
        after: Some(side(after)),
        placement_rows: length(&placements),
        placements: placements.into_iter().take(most_rows).map(placement).collect(),
        offer_rows: length(&offers),
        offers: offers.into_iter().take(most_rows).map(offer).collect(),
        warnings: warnings.into_iter().take(most_rows).map(warning).collect(),
        notes,
        provenance: Some(provenance(rests_on)),
        disclosure,
    }
}

fn side(side: Side) -> pb::WhatIfSide {
    let Side { digest, status, reason, objective, child_needs, met, unmet } = side;
    pb::WhatIfSide {
        digest,
        status: solve_status(&status),
        reason: stop_reason(reason),
        objective: objective.into_iter().map(stage_value).collect(),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
    }
}

fn placement(row: PlacementRow) -> pb::PlacementChange {
    let PlacementRow { need, offer, before, after } = row;
    pb::PlacementChange { need, offer, before: whole(before), after: whole(after) }
}

fn offer(row: OfferRow) -> pb::OfferChange {
    let OfferRow { offer, before, after } = row;
    pb::OfferChange { offer, before: before.map(worth), after: after.map(worth) }
}

fn worth(side: OfferSide) -> pb::OfferWorth {
    let OfferSide { used, one_more, one_less } = side;
    pb::OfferWorth { used: whole(used), one_more: one_more.map(stage_changes), one_less: one_less.map(stage_changes) }
}

/// All of them are warnings: changes with an error are refused.
fn warning(row: ProblemRow) -> pb::Finding {
    let ProblemRow { severity: _, table, row, column, seen, wanted } = row;
    pb::Finding { severity: pb::Severity::Warning.into(), table, row: row.map(whole), column, seen, wanted }
}
