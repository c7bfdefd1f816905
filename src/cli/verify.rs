//! `suffice verify`.

use super::answer;
use super::ending::{Ending, Failure};
use super::files;
use super::load;
use super::output::{Form, json_bytes};
use super::settings::Verify;
use crate::solve::Effort;
use crate::{report, view};

pub(super) fn run(job: &Verify, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let resident = load::resident(&job.bundle)?;
    let answer = answer::read(&job.answer)?;
    let document =
        view::verify::run(&resident, &answer.document, &answer.assignments, &answer.prices, &Effort::unlimited());
    if let Some(out) = &job.out {
        out.write(&[("verify.json", json_bytes(&document))])?;
    }
    form.print(&document, report::verify::page)?;
    Ok(if document.verified { Ending::Done } else { Ending::No })
}
