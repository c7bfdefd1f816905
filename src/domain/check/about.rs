//! `locality.toml`: what the place is called, when, and how its numbers are to be read.

use jiff::civil::Date;

use super::cells;
use super::findings::Findings;
use super::settings::{Keys, shown};
use super::sheet::plain_name;
use crate::domain::age::AgeUnit;
use crate::domain::draft::{Draft, Setting};
use crate::domain::geometry::Coordinates;
use crate::domain::locality::{About, Deprivation, Period};

pub(super) const FILE: &str = "locality.toml";

/// How the tables are to be read. Where `locality.toml` is broken these are guesses, good enough to find the problems
/// of the tables too; no locality is made of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub coordinates: Coordinates,
    pub ages: AgeUnit,
    pub reference_date: Option<Date>,
    pub areas_in_index: Option<u32>,
}

impl Terms {
    /// As a locality has them.
    pub fn of_held(about: &About) -> Terms {
        Terms {
            coordinates: about.coordinates,
            ages: about.ages,
            reference_date: Some(about.reference_date),
            areas_in_index: about.deprivation.as_ref().map(|deprivation| deprivation.areas_in_index),
        }
    }
}

/// None where something that is needed is missing or wrong; that has been reported then.
pub(super) fn read(draft: &Draft, findings: &mut Findings) -> (Option<About>, Terms) {
    if draft.about.is_none() {
        let wanted = "this file, with name, reference_date, period and coordinates";
        findings.structural(FILE, None, "", wanted);
    }
    let mut keys = Keys::root(FILE, draft.about.as_ref());
    let name = required(&mut keys, "name", "the name of the place", findings, Keys::text);
    let reference_date =
        required(&mut keys, "reference_date", "a date, such as 2024-09-01", findings, |keys, key, findings| {
            let setting = keys.get(key)?;
            date(keys, key, setting, findings)
        });
    let period = required(&mut keys, "period", "a year, such as 2024, or a date", findings, period);
    let choices = [("lonlat", Coordinates::LonLat), ("metres", Coordinates::Metres)];
    let coordinates =
        required(&mut keys, "coordinates", "\"lonlat\" or \"metres\"", findings, |keys, key, findings| {
            keys.choice(key, &choices, findings)
        });
    let choices = [("years", AgeUnit::Years), ("months", AgeUnit::Months)];
    let ages = keys.choice("ages", &choices, findings).unwrap_or(AgeUnit::Years);
    let licence = keys.text("licence", findings);
    let sources = texts(&mut keys, "sources", findings);
    let caveats = texts(&mut keys, "caveats", findings);
    let sample = keys.choice("design", &[("sample", true), ("enumerated", false)], findings).unwrap_or(false);
    let deprivation = deprivation(&mut keys, findings);
    keys.close(findings);

    let terms = Terms {
        coordinates: coordinates.unwrap_or_else(|| guess_coordinates(draft)),
        ages,
        reference_date,
        areas_in_index: deprivation.as_ref().map(|deprivation| deprivation.areas_in_index),
    };
    let about = match (name, reference_date, period, coordinates) {
        (Some(name), Some(reference_date), Some(period), Some(coordinates)) => Some(About {
            name,
            reference_date,
            period,
            coordinates,
            ages,
            licence,
            sources,
            caveats,
            sample,
            deprivation,
        }),
        _ => None,
    };
    (about, terms)
}

/// Reads a key that must be there. Where there is no file at all, that has been said already.
fn required<'a, T>(
    keys: &mut Keys<'a>,
    key: &'static str,
    wanted: &str,
    findings: &mut Findings,
    read: impl FnOnce(&mut Keys<'a>, &'static str, &mut Findings) -> Option<T>,
) -> Option<T> {
    if keys.is_present() && keys.get(key).is_none() {
        keys.wrong(key, "", wanted, findings);
        return None;
    }
    read(keys, key, findings)
}

fn date(keys: &Keys<'_>, key: &str, setting: &Setting, findings: &mut Findings) -> Option<Date> {
    let read = match setting {
        Setting::Date(text) | Setting::Text(text) | Setting::Other(text) => cells::date(text.trim()),
        _ => Err(cells::Slip::Date),
    };
    match read {
        Ok(date) => Some(date),
        Err(slip) => {
            keys.wrong(key, &shown(setting), slip.to_string(), findings);
            None
        }
    }
}

fn period(keys: &mut Keys<'_>, key: &'static str, findings: &mut Findings) -> Option<Period> {
    let setting = keys.get(key)?;
    let written = shown(setting);
    let year = cells::whole(written.trim(), 1, 9999).ok().and_then(|year| i16::try_from(year).ok());
    match setting {
        Setting::Whole(_) | Setting::Text(_) if year.is_some() => year.map(Period::Year),
        Setting::Date(_) | Setting::Text(_) => cells::date(written.trim()).ok().map(Period::Day),
        _ => None,
    }
    .or_else(|| {
        keys.wrong(key, &written, "a year from 1 to 9999, or a day that exists as YYYY-MM-DD", findings);
        None
    })
}

/// A text, or a list of texts.
fn texts(keys: &mut Keys<'_>, key: &'static str, findings: &mut Findings) -> Vec<String> {
    match keys.get(key) {
        None => Vec::new(),
        Some(Setting::List(list)) => {
            let texts = list.iter().enumerate();
            texts.filter_map(|(at, text)| keys.text_of(&format!("{key}[{at}]"), text, findings)).collect()
        }
        Some(text) => keys.text_of(key, text, findings).into_iter().collect(),
    }
}

fn deprivation(keys: &mut Keys<'_>, findings: &mut Findings) -> Option<Deprivation> {
    let mut keys = keys.section("deprivation", findings);
    if !keys.is_present() {
        return None;
    }
    let index = required(&mut keys, "index", "the name of the index", findings, Keys::text);
    let year = required(&mut keys, "year", "the year of the index", findings, |keys, key, findings| {
        keys.whole(key, 1, 9999, findings)
    });
    let most = i64::from(u32::MAX);
    let areas = required(&mut keys, "areas_in_index", "how many areas it ranks", findings, |keys, key, findings| {
        keys.whole(key, 1, most, findings)
    });
    keys.close(findings);
    let year = year.and_then(|year| i16::try_from(year).ok())?;
    let areas_in_index = areas.and_then(|areas| u32::try_from(areas).ok())?;
    Some(Deprivation { index: index?, year, areas_in_index })
}

/// By the columns of areas.csv.
fn guess_coordinates(draft: &Draft) -> Coordinates {
    let header = draft.tables.get("areas").map(|table| table.header()).unwrap_or_default();
    match header.iter().any(|name| plain_name(name) == "x") {
        true => Coordinates::Metres,
        false => Coordinates::LonLat,
    }
}

/// The seed of the lottery where the policy gives none.
pub(super) fn default_seed(about: Option<&About>) -> String {
    about.map(|about| about.reference_date.to_string()).unwrap_or_default()
}
