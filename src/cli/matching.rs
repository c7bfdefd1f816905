//! `suffice match`.

use super::answer::{self, Answer};
use super::ending::{Ending, Failure};
use super::files;
use super::load;
use super::output::Form;
use super::search::Search;
use super::settings::Match;
use crate::{report, view};

pub(super) fn run(job: &Match, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let resident = load::resident(&job.bundle)?;
    let search = Search::start(&job.solving);
    let found = view::matching::run(&resident, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(&job.bundle.path, failure))?;
    drop(search);
    let answer = Answer::from(found);
    if let Some(out) = &job.out {
        out.write(&answer::files(&answer))?;
    }
    form.print(&answer.document, report::matching::page)?;
    Ok(Ending::of(answer.document.reason.as_deref()))
}
