//! `suffice.verify/1`: an answer checked from scratch.

use serde::{Deserialize, Serialize};

use super::matching::{AssignmentRow, MatchDocument, PriceRow};
use crate::engine::verify::{Claim, unchecked};
use crate::engine::{Resident, verify};
use crate::solve::{Effort, StopReason};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyDocument {
    pub schema: String,
    /// Whether every check held.
    pub verified: bool,
    pub checks: Vec<VerifyCheck>,
}

impl VerifyDocument {
    pub const SCHEMA: &'static str = "suffice.verify/1";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyCheck {
    /// What was checked, in words.
    pub name: String,
    pub held: bool,
    /// What was found, or what stands against it.
    pub detail: String,
}

/// The answer where a stop comes before the files are read.
pub fn unread(reason: StopReason) -> VerifyDocument {
    let name = "the answer's files can be read".to_owned();
    let check = VerifyCheck { name, held: false, detail: unchecked(reason) };
    VerifyDocument { schema: VerifyDocument::SCHEMA.to_owned(), verified: false, checks: vec![check] }
}

/// Checks an answer's files against its bundle.
pub fn run(
    resident: &Resident,
    document: &MatchDocument,
    assignments: &[AssignmentRow],
    prices: &[PriceRow],
    effort: &Effort,
) -> VerifyDocument {
    let claim = Claim {
        locality_digest: document.provenance.locality_digest.clone(),
        assignments: assignments.iter().map(|row| (row.need.clone(), row.offer.clone(), row.children)).collect(),
        objective: document.objective.iter().map(|stage| (stage.name.clone(), stage.value)).collect(),
        met: document.totals.met,
        unmet: document.totals.unmet,
        prices: prices.iter().map(|row| (row.stage.clone(), row.node.clone(), row.id.clone(), row.price)).collect(),
        by_prices: document.proof == "prices",
        stopped: document.status == "stopped",
    };
    let mut checks: Vec<VerifyCheck> = verify(resident, &claim, effort)
        .into_iter()
        .map(|check| VerifyCheck {
            name: check.name.to_owned(),
            held: check.finding.is_ok(),
            detail: check.finding.unwrap_or_else(|against| against.join("; ")),
        })
        .collect();
    checks.push(VerifyCheck {
        name: "the answer has the shape that this program reads".to_owned(),
        held: document.schema == MatchDocument::SCHEMA,
        detail: document.schema.clone(),
    });
    VerifyDocument {
        schema: VerifyDocument::SCHEMA.to_owned(),
        verified: checks.iter().all(|check| check.held),
        checks,
    }
}
