//! `suffice gaps`.

use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::Gaps;
use crate::view::GapsDocument;
use crate::view::gaps::UnmetRow;
use crate::{report, view};

pub(super) fn run(job: &Gaps, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let resident = search.resident(&job.bundle)?;
    let document = view::gaps::run(&resident, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(&job.bundle.path, failure))?;
    drop(search);
    if let Some(out) = &job.out {
        out.write(&files(&document))?;
    }
    form.print(&document, report::gaps::page)?;
    Ok(Ending::of(document.reason.as_deref()))
}

/// gaps.json and unmet.csv.
pub(super) fn files(document: &GapsDocument) -> [(&'static str, Vec<u8>); 2] {
    [("gaps.json", json_bytes(document)), ("unmet.csv", unmet(&document.unmet))]
}

fn unmet(rows: &[UnmetRow]) -> Vec<u8> {
    let mut table = super::answer::Csv::new(&[
        "need",
        "kind",
        "area",
        "child_needs",
        "cause",
        "why",
        "nearest_offer",
        "deficient_set",
    ]);
    for UnmetRow { need, kind, area, child_needs, cause, why, nearest_offer, deficient_set } in rows {
        table.row([
            need,
            kind,
            area,
            &child_needs.to_string(),
            cause,
            why,
            nearest_offer.as_deref().unwrap_or_default(),
            &deficient_set.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    table.finish()
}
