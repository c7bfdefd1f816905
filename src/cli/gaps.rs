//! `suffice gaps`.

use super::ending::{Ending, Failure};
use super::files;
use super::output::{self, Form, json_bytes, json_bytes_within};
use super::search::Search;
use super::settings::Gaps;
use crate::solve::{Effort, StopReason};
use crate::view::GapsDocument;
use crate::view::gaps::UnmetRow;
use crate::{report, view};

pub(super) fn run(job: &Gaps, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let resident = search.resident(&job.bundle)?;
    let effort = search.effort();
    let mut document = view::gaps::run(resident, job.solving.route, &job.questions, &effort)
        .map_err(|failure| Failure::of(&job.bundle.path, failure))?;
    let written = written(&mut document, form, job.out.is_some(), &effort);
    if let Some(out) = &job.out {
        out.write(&files(&document, written.json.as_deref(), &written.unmet))?;
    }
    match (form, written.json) {
        (Form::Json, Some(json)) => output::bytes(&json)?,
        _ => form.print(&document, report::gaps::page)?,
    }
    Ok(Ending::of(document.reason.as_deref()))
}

/// What takes long to write where many needs go unmet.
struct Written {
    /// None where nobody asked for it.
    json: Option<Vec<u8>>,
    unmet: Vec<u8>,
}

/// Writes the document down; after a stop a shorter one.
fn written(document: &mut GapsDocument, form: Form, files: bool, effort: &Effort) -> Written {
    let write = |document: &GapsDocument, effort: &Effort| -> Result<Written, StopReason> {
        let wanted = files || form == Form::Json;
        Ok(Written {
            json: wanted.then(|| json_bytes_within(document, effort)).transpose()?,
            unmet: if files { unmet(&document.unmet, effort)? } else { Vec::new() },
        })
    };
    write(document, effort).unwrap_or_else(|_| {
        document.shorten();
        write(document, &Effort::unlimited()).expect("nothing stops an unlimited effort")
    })
}

/// gaps.json and unmet.csv.
fn files(document: &GapsDocument, json: Option<&[u8]>, unmet: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    [("gaps.json", json.map_or_else(|| json_bytes(document), <[u8]>::to_vec)), ("unmet.csv", unmet.to_vec())]
}

/// The files of a document, as long as it takes.
pub(super) fn all_files(document: &GapsDocument) -> [(&'static str, Vec<u8>); 2] {
    let unmet = unmet(&document.unmet, &Effort::unlimited()).expect("nothing stops an unlimited effort");
    files(document, None, &unmet)
}

fn unmet(rows: &[UnmetRow], effort: &Effort) -> Result<Vec<u8>, StopReason> {
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
        effort.tick(64)?;
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
    Ok(table.finish())
}
