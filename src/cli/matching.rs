//! `suffice match`.

use super::answer::{self, Answer};
use super::ending::{Ending, Failure};
use super::files;
use super::output::Form;
use super::search::Search;
use super::settings::Match;
use crate::{report, view};

pub(super) fn run(job: &Match, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let resident = search.resident(&job.bundle)?;
    let failed = |failure| Failure::of(&job.bundle.path, failure);
    let (route, effort) = (job.solving.route, search.effort());
    let document = match &job.out {
        None => view::matching::summary(resident, route, &effort).map_err(failed)?,
        Some(out) => {
            let mut answer = Answer::from(view::matching::run(resident, route, &effort).map_err(failed)?);
            out.write(&answer::files(&mut answer, &effort))?;
            answer.document
        }
    };
    drop(search);
    form.print(&document, report::matching::page)?;
    Ok(Ending::of(document.reason.as_deref()))
}
