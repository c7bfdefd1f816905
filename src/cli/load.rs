//! From a folder to a locality that can be asked.

use super::ending::Failure;
use super::settings::Bundle;
use crate::domain::Problem;
use crate::engine::{Loaded, Resident};
use crate::import::bundle::{self, BundleError};

/// A bundle that was read and checked.
pub(super) enum Read {
    // Boxed for its size.
    Accepted(Box<Loaded>),
    Refused(Vec<Problem>),
}

/// Reads and checks; a bundle with problems is an answer here and not a failure.
pub(super) fn read(bundle: &Bundle) -> Result<Read, Failure> {
    let draft = match bundle::read_dir(&bundle.path) {
        Ok(draft) => draft,
        Err(BundleError::Problems(problems)) => return Ok(Read::Refused(problems)),
        Err(error) => return Err(Failure::Bundle(error)),
    };
    Ok(match Resident::load(draft, bundle.bad_rows) {
        Ok(loaded) => Read::Accepted(Box::new(loaded)),
        Err(problems) => Read::Refused(problems),
    })
}

/// The locality in a bundle, for commands that cannot do without one.
pub(super) fn resident(bundle: &Bundle) -> Result<Resident, Failure> {
    match read(bundle)? {
        Read::Accepted(loaded) => Ok(loaded.resident),
        Read::Refused(problems) => Err(Failure::Refused { path: bundle.path.clone(), problems }),
    }
}
