//! `suffice measure`.

use std::path::Path;

use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::{Measure, Source};
use crate::{report, view};

pub(super) fn run(job: &Measure, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let (resident, path) = match &job.source {
        Source::Bundle(bundle) => (search.resident(bundle)?, bundle.path.as_path()),
        Source::Example(example) => (search.example(example)?, Path::new(example.name)),
    };
    let document = view::measure::run(resident, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(path, failure))?;
    drop(search);
    if let Some(out) = &job.out {
        out.write(&[("measure.json", json_bytes(&document))])?;
    }
    form.print(&document, report::measure::page)?;
    Ok(Ending::of(document.reason.as_deref()))
}
