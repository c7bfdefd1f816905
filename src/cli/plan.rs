//! `suffice plan`.

use super::answer::Csv;
use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::Plan;
use crate::view::plan::{ChosenRow, FrontierPoint, PlanDocument, PlannedRow, StepsRow};
use crate::{report, view};

pub(super) fn run(job: &Plan, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let resident = search.resident(&job.bundle)?;
    let planned = view::plan::run(resident, &job.asked, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(&job.bundle.path, failure))?;
    drop(search);
    let document = planned.document;
    if let Some(out) = &job.out {
        out.write(&[
            ("plan.json", json_bytes(&document)),
            ("chosen.csv", chosen(&document)),
            ("assignments.csv", assignments(&document, &planned.assignments)),
            ("frontier.csv", frontier(&document)),
        ])?;
    }
    form.print(&document, report::plan::page)?;
    Ok(match (document.status.as_str(), Ending::of(document.reason.as_deref())) {
        ("not_reachable", Ending::Done) => Ending::No,
        (_, ending) => ending,
    })
}

/// A number that may not be known.
fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn chosen(document: &PlanDocument) -> Vec<u8> {
    let mut table = Csv::new(&["candidate", "kind_of", "steps", "places", "cost", "fund", "placed", "closes", "alone"]);
    for row in &document.chosen {
        let ChosenRow { candidate, steps, kind_of, what: _, places, cost, fund, placed, closes, alone } = row;
        table.row([
            candidate.as_str(),
            kind_of,
            &steps.to_string(),
            &places.map_or("unlimited".to_owned(), |places| places.to_string()),
            &cost.to_string(),
            fund.as_deref().unwrap_or_default(),
            &cell(*placed),
            &cell(closes.as_ref().map(|closes| closes.child_needs)),
            &cell(alone.as_ref().map(|alone| alone.child_needs)),
        ]);
    }
    table.finish()
}

fn assignments(document: &PlanDocument, rows: &[PlannedRow]) -> Vec<u8> {
    let unit = document.travel.as_ref().map_or("metres", |travel| travel.unit.as_str());
    let mut table = Csv::new(&["need", "offer", "candidate", "children", unit]);
    for PlannedRow { need, offer, candidate, children, travel } in rows {
        table.row([need.as_str(), offer, candidate, &children.to_string(), &cell(*travel)]);
    }
    table.finish()
}

/// One row for each point; header only where no frontier was asked for.
fn frontier(document: &PlanDocument) -> Vec<u8> {
    let mut table = Csv::new(&[
        "budget",
        "cost",
        "child_needs",
        "weight",
        "weight_bound",
        "pence_per_child_need",
        "status",
        "candidates",
    ]);
    for point in document.frontier.iter().flatten() {
        let FrontierPoint {
            budget,
            cost,
            child_needs,
            share: _,
            weight,
            weight_bound,
            pence_per_child_need,
            chosen,
            status,
        } = point;
        let steps = |row: &StepsRow| match row.steps {
            1 => row.candidate.clone(),
            steps => format!("{} x{steps}", row.candidate),
        };
        let chosen: Vec<String> = chosen.iter().map(steps).collect();
        table.row([
            budget.to_string().as_str(),
            &cost.to_string(),
            &child_needs.to_string(),
            &weight.to_string(),
            &weight_bound.to_string(),
            &cell(*pence_per_child_need),
            status,
            &chosen.join(";"),
        ]);
    }
    table.finish()
}
