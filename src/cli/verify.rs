//! `suffice verify`.

use super::answer;
use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::Verify;
use crate::solve::StopReason;
use crate::{report, view};

pub(super) fn run(job: &Verify, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.limit);
    let resident = search.resident(&job.bundle)?;
    let answer = answer::read(&job.answer)?;
    let effort = search.effort();
    let document = view::verify::run(&resident, &answer.document, &answer.assignments, &answer.prices, &effort);
    let interrupted = effort.look() == Err(StopReason::Cancelled);
    drop(search);
    if let Some(out) = &job.out {
        out.write(&[("verify.json", json_bytes(&document))])?;
    }
    form.print(&document, report::verify::page)?;
    Ok(match document.verified {
        true => Ending::Done,
        false if interrupted => Ending::Interrupted,
        false => Ending::No,
    })
}
