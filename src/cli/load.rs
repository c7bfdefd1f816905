//! From a folder to a locality that can be asked.

use std::path::Path;

use super::ending::Failure;
use super::examples::Example;
use super::settings::Bundle;
use crate::domain::check::NotLoaded;
use crate::domain::{BadRows, Draft, Problem};
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
    drafted(bundle::read_dir(&bundle.path, effort), bundle.bad_rows, effort)
}

/// As [`read`], with a policy in place of the bundle's own.
pub(super) fn read_with(bundle: &Bundle, policy: &Path, effort: &Effort) -> Result<Read, Failure> {
    effort.report("reading", 0, None);
    let both = bundle::read_policy(policy, effort)
        .and_then(|policy| Ok(Draft { policy: Some(policy), ..bundle::read_dir(&bundle.path, effort)? }));
    drafted(both, bundle.bad_rows, effort)
}

fn drafted(draft: Result<Draft, BundleError>, bad_rows: BadRows, effort: &Effort) -> Result<Read, Failure> {
    match draft {
        Ok(draft) => checked(draft, bad_rows, effort),
        Err(BundleError::Problems(problems)) => Ok(Read::Refused(problems)),
        Err(BundleError::Stopped(reason)) => Err(Failure::Stopped { reason, limit: None }),
        Err(error) => Err(Failure::Bundle(error)),
    }
}

/// As [`read`], of a bundle that ships with the program.
pub(super) fn example(example: &Example, effort: &Effort) -> Result<Read, Failure> {
    match bundle::read_files(example.files(), effort) {
        Ok(draft) => checked(draft, BadRows::Refuse, effort),
        Err(refused) => not_loaded(refused),
    }
}

fn checked(draft: Draft, bad_rows: BadRows, effort: &Effort) -> Result<Read, Failure> {
    match Resident::load(draft, bad_rows, effort) {
        Ok(loaded) => Ok(Read::Accepted(Box::new(loaded))),
        Err(refused) => not_loaded(refused),
    }
}

fn not_loaded(refused: NotLoaded) -> Result<Read, Failure> {
    match refused {
        NotLoaded::Problems(problems) => Ok(Read::Refused(problems)),
        NotLoaded::Stopped(reason) => Err(Failure::Stopped { reason, limit: None }),
    }
}
