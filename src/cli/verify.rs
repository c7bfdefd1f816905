//! `suffice verify`.

use super::answer::{self, Answer};
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
    let effort = search.effort();
    let document = match answer::read(&job.answer, &effort)? {
        Ok(Answer { document, assignments, prices }) => {
            view::verify::run(resident, &document, &assignments, &prices, &effort)
        }
        Err(reason) => view::verify::unread(reason),
    };
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
