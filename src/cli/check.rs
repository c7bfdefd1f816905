//! `suffice check`.

use super::ending::{Ending, Failure};
use super::files;
use super::load::Read;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::Check;
use crate::{report, view};

pub(super) fn run(job: &Check, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.limit);
    let read = search.read(&job.bundle)?;
    drop(search);
    let (document, ending) = match read {
        Read::Accepted(loaded) => (view::check::accepted(&loaded), Ending::Done),
        Read::Refused(problems) => (view::check::refused(&problems), Ending::No),
    };
    // A refused bundle is answered on the screen; nothing is written that could be taken for a result.
    if let (Some(out), Ending::Done) = (&job.out, ending) {
        out.write(&[("check.json", json_bytes(&document))])?;
    }
    form.print(&document, report::check::page)?;
    Ok(ending)
}
