//! `suffice explain`.

use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::Explain;
use crate::{report, view};

pub(super) fn run(job: &Explain, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let resident = search.resident(&job.bundle)?;
    let document = view::explain::run(resident, &job.need, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(&job.bundle.path, failure))?;
    let interrupted = document.reason.as_deref() == Some("cancelled");
    if let Some(out) = &job.out {
        out.write(&[("explain.json", json_bytes(&document))])?;
    }
    form.print(&document, report::explain::page)?;
    Ok(if interrupted { Ending::Interrupted } else { Ending::Done })
}
