//! From a folder to a locality that can be asked.

use super::ending::Failure;
use super::settings::Bundle;
use crate::domain::Problem;
use crate::domain::check::NotLoaded;
use crate::engine::{Loaded, Resident};
use crate::import::bundle::{self, BundleError};
use crate::solve::Effort;

/// A bundle that was read and checked.
pub(super) enum Read {
    // Boxed for its size.
    Accepted(Box<Loaded>),
    Refused(Vec<Problem>),
}

/// Reads and checks; a bundle with problems is an answer here and not a failure.
pub(super) fn read(bundle: &Bundle, effort: &Effort) -> Result<Read, Failure> {
    effort.report("reading", 0, None);
    let draft = match bundle::read_dir(&bundle.path, effort) {
        Ok(draft) => draft,
        Err(BundleError::Problems(problems)) => return Ok(Read::Refused(problems)),
        Err(BundleError::Stopped(reason)) => return Err(Failure::Stopped { reason, limit: None }),
        Err(error) => return Err(Failure::Bundle(error)),
    };
    match Resident::load(draft, bundle.bad_rows, effort) {
        Ok(loaded) => Ok(Read::Accepted(Box::new(loaded))),
        Err(NotLoaded::Problems(problems)) => Ok(Read::Refused(problems)),
        Err(NotLoaded::Stopped(reason)) => Err(Failure::Stopped { reason, limit: None }),
    }
}
