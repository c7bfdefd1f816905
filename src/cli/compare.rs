//! `suffice compare`.

use super::answer::Csv;
use super::ending::{Ending, Failure};
use super::files;
use super::output::{Form, json_bytes};
use super::search::Search;
use super::settings::{Compare, Compared};
use crate::engine::Resident;
use crate::view::CompareDocument;
use crate::view::compare::{EstimateDocument, IndicatorRow};
use crate::{report, view};

pub(super) fn run(job: &Compare, form: Form) -> Result<Ending, Failure> {
    files::look(job.out.as_ref())?;
    let search = Search::start(job.solving.limit);
    let before = locality(&search, &job.before)?;
    let after = locality(&search, &job.after)?;
    let document = view::compare::run(before, after, job.solving.route, &search.effort())
        .map_err(|failure| Failure::of(&job.after.bundle.path, failure))?;
    drop(search);
    if let Some(out) = &job.out {
        out.write(&[("compare.json", json_bytes(&document)), ("indicators.csv", indicators(&document))])?;
    }
    form.print(&document, report::compare::page)?;
    Ok(Ending::of(document.reason.as_deref()))
}

/// The locality, if it is the one that was pinned.
fn locality(search: &Search, side: &Compared) -> Result<&'static Resident, Failure> {
    let resident = search.resident_with(&side.bundle, side.policy.as_deref())?;
    match side.pin.as_ref().filter(|pin| !pin.holds(resident.digest())) {
        None => Ok(resident),
        Some(pin) => Err(Failure::NotPinned {
            path: side.bundle.path.clone(),
            digest: resident.digest().to_owned(),
            pinned: pin.as_str().to_owned(),
        }),
    }
}

/// One row for each indicator.
fn indicators(document: &CompareDocument) -> Vec<u8> {
    let mut table = Csv::new(&[
        "measure",
        "unit",
        "of",
        "group",
        "key",
        "label",
        "better",
        "before",
        "before_low",
        "before_high",
        "after",
        "after_low",
        "after_high",
        "verdict",
        "reason",
    ]);
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in document.indicators.iter().flatten() {
        let IndicatorRow { measure, unit, of, group, key, label, better, before, after, verdict, reason } = row;
        let cells = |estimate: &Option<EstimateDocument>| match estimate {
            Some(EstimateDocument { value, low, high, counts: _ }) => {
                [number(*value), number(Some(*low)), number(*high)]
            }
            None => [const { String::new() }; 3],
        };
        let ([before, before_low, before_high], [after, after_low, after_high]) = (cells(before), cells(after));
        table.row([
            measure.as_str(),
            unit,
            of,
            group.as_deref().unwrap_or_default(),
            key,
            label,
            better,
            &before,
            &before_low,
            &before_high,
            &after,
            &after_low,
            &after_high,
            verdict,
            reason.as_deref().unwrap_or_default(),
        ]);
    }
    table.finish()
}
