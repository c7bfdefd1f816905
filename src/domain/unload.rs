//! A locality written back as the draft that it could have been read from: what is stored, exported or mixed with another.
//!
//! [`check`](super::check::check) of what [`draft_of`] gives makes a locality with the same digest. Everything that was
//! filled in from elsewhere is left blank again where blank gives the same: a weight that is its level's, a point that is
//! its area's, a service's assumed levels. Two things are not brought back. What was only said about the reading (rows
//! set aside, rows that were not applicable) is in no table, and no digest. And rates are not kept, so the estimates that
//! they made stand among the needs, with `rate` in the column `origin`.
//!
//! Where rows were set aside or not applicable when it was made, what is left may read otherwise without them: a candidate
//! that comes `after` a group of which every other row is gone is refused, and a cohort of one child whose larger rows are
//! gone is a child.

mod settings;
mod tables;

use super::draft::Draft;
use super::locality::Locality;
use crate::solve::{Effort, StopReason};

/// O(rows) in time and text.
pub fn draft_of(locality: &Locality, effort: &Effort) -> Result<Draft, StopReason> {
    let completeness = locality.completeness();
    // The kinds of the program's own table stay its own, so that the next reading says so too.
    let built_in = if completeness.built_in_kinds { vec!["kinds"] } else { Vec::new() };
    Ok(Draft {
        about: Some(settings::about(locality.about())),
        policy: Some(settings::policy(locality)),
        tables: tables::all(locality, effort)?,
        built_in,
    })
}

/// Metres as kilometres that are read as the same number again: the point moved by three places, digit by digit.
fn kilometres(metres: f64) -> String {
    // Floats are written in full, with the fewest digits that are read as the same.
    let text = metres.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let padded = format!("{whole:0>4}");
    let (km, rest) = padded.split_at(padded.len() - 3);
    format!("{km}.{rest}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::kilometres;

    #[test]
    fn kilometres_are_read_as_the_same_metres_again() {
        for (metres, km) in [(3218.688, "3.218688"), (0.5, "0.0005"), (15_000.0, "15.000"), (0.0, "0.000")] {
            assert_eq!(kilometres(metres), km);
            assert_eq!(format!("{km}e3").parse(), Ok(metres));
        }
    }
}
