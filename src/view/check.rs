//! `suffice.check/1`: is this bundle fit to be answered from?

use serde::{Deserialize, Serialize};

use super::common::{CompletenessDocument, completeness};
use crate::domain::{Problem, Severity};
use crate::engine::{Loaded, Resident};
use crate::matching::{Reading, asking};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckDocument {
    pub schema: String,
    /// `accepted` or `refused`.
    pub status: String,
    pub errors: u64,
    pub warnings: u64,
    pub problems: Vec<ProblemRow>,
    /// Null where the bundle was refused.
    pub summary: Option<LocalitySummary>,
    pub completeness: Option<CompletenessDocument>,
}

impl CheckDocument {
    pub const SCHEMA: &'static str = "suffice.check/1";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemRow {
    pub severity: String,
    pub table: String,
    pub row: Option<u64>,
    pub column: Option<String>,
    pub seen: String,
    pub wanted: String,
}

impl From<&Problem> for ProblemRow {
    fn from(problem: &Problem) -> ProblemRow {
        let Problem { table, row, column, severity, seen, wanted } = problem;
        ProblemRow {
            severity: severity.as_str().to_owned(),
            table: table.clone(),
            row: *row,
            column: column.clone(),
            seen: seen.clone(),
            wanted: wanted.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalitySummary {
    pub name: String,
    pub digest: String,
    pub reference_date: String,
    pub areas: u64,
    pub holders: u64,
    pub needs: u64,
    /// Known child-needs that are counted, inside.
    pub child_needs: u64,
    pub services: u64,
    pub providers: u64,
    pub offers: u64,
    pub population: Option<u64>,
}

/// A bundle that can be answered from, with its warnings.
pub fn accepted(loaded: &Loaded) -> CheckDocument {
    CheckDocument {
        status: "accepted".to_owned(),
        summary: Some(summary(&loaded.resident)),
        completeness: Some(completeness(loaded.resident.locality(), None)),
        ..with_problems(&loaded.warnings)
    }
}

/// How much of a locality is known, before pairs are built.
pub fn completeness_of(resident: &Resident) -> CompletenessDocument {
    completeness(resident.locality(), None)
}

/// A bundle that cannot, with everything that is wrong.
pub fn refused(problems: &[Problem]) -> CheckDocument {
    with_problems(problems)
}

fn with_problems(problems: &[Problem]) -> CheckDocument {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    CheckDocument {
        schema: CheckDocument::SCHEMA.to_owned(),
        status: "refused".to_owned(),
        errors: errors as u64,
        warnings: (problems.len() - errors) as u64,
        problems: problems.iter().map(ProblemRow::from).collect(),
        summary: None,
        completeness: None,
    }
}

/// What a locality is, in a few numbers.
pub fn summary(resident: &Resident) -> LocalitySummary {
    let locality = resident.locality();
    let child_needs = asking(locality, Reading::Policy)
        .iter()
        .zip(locality.needs())
        .filter(|(_, need)| locality.areas()[locality.holders()[need.holder.ix()].area.ix()].inside)
        .filter_map(|(asking, _)| *asking)
        .sum();
    let population = (!locality.population().is_empty()).then(|| {
        let inside = locality.population().iter().filter(|row| locality.areas()[row.area.ix()].inside);
        inside.filter_map(|row| row.children.known()).sum()
    });
    LocalitySummary {
        name: locality.about().name.clone(),
        digest: resident.digest().to_owned(),
        reference_date: locality.about().reference_date.to_string(),
        areas: locality.areas().len() as u64,
        holders: locality.holders().len() as u64,
        needs: locality.needs().len() as u64,
        child_needs,
        services: locality.services().len() as u64,
        providers: locality.providers().len() as u64,
        offers: locality.offers().len() as u64,
        population,
    }
}
