//! A made-up locality of any size, for the demonstration, tests and anyone who wants to try the program: areas with
//! parents, a population, children known to the authority with their needs, counts and estimates of others' needs,
//! services that are scarce in places, and the flaws that real data have.
//!
//! The same [`Options`] give the same [`Draft`] on every machine. Figures that were published carry their source (in
//! `rates.csv` or in the sources of `locality.toml`); everything else says that it is invented. Time and memory grow
//! with the number of children.

mod people;
mod place;
mod supply;
mod tables;

use std::collections::BTreeMap;

use crate::domain::{Draft, Setting, Table};

use super::{OutOfRange, in_range};

use people::People;
use place::Place;
use supply::Supply;

/// Which locality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    seed: u64,
    children: u64,
    places_percent: u64,
}

impl Options {
    pub const MAX_CHILDREN: u64 = 10_000_000;
    pub const MAX_PLACES_PERCENT: u64 = 1_000;

    /// `children`: how many aged 0 to 19 live in the authority, 1 to [`Options::MAX_CHILDREN`].
    pub fn new(seed: u64, children: u64) -> Result<Options, OutOfRange> {
        let children = in_range("children", children, 1, Options::MAX_CHILDREN)?;
        Ok(Options { seed, children, ..Options::default() })
    }

    /// Places in per cent of the demonstration's: 100 is scarce, 200 ample, 0 gives every offer a single place.
    pub fn places_percent(self, percent: u64) -> Result<Options, OutOfRange> {
        let places_percent = in_range("places_percent", percent, 0, Options::MAX_PLACES_PERCENT)?;
        Ok(Options { places_percent, ..self })
    }
}

/// The demonstration: small enough to read, large enough that every cause of unmet need appears.
impl Default for Options {
    fn default() -> Options {
        Options { seed: 1, children: 12_000, places_percent: 100 }
    }
}

/// The day that ages, places and needs are for.
const REFERENCE_DATE: &str = "2025-09-01";
const PERIOD: i64 = 2025;
/// Ranks are spread over this many areas: those of the English Indices of Deprivation 2025. The ranks are made up.
const AREAS_IN_INDEX: u64 = 33_755;

/// Near-linear in `options.children`.
pub fn locality(options: &Options) -> Draft {
    let place = Place::new(options);
    let people = People::new(options, &place);
    let supply = Supply::new(options, &place, &people);
    let mut tables = BTreeMap::new();
    let mut add = |name: &str, table: Table| tables.insert(name.to_owned(), table);
    add("areas", place.areas_table());
    add("kinds", kinds_table());
    add("meets", rows(["kind", "type", "source"], tables::MEETS.iter().map(|&(a, b, c)| [a, b, c])));
    add("rates", rates_table());
    add("drives", {
        let drives = tables::DRIVES.iter().map(|&(a, b, c, d)| [a, b, c, d]);
        rows(["kind", "drives", "strength", "source"], drives)
    });
    add("outcomes", {
        let outcomes = tables::OUTCOMES.iter().map(|&(a, b, c, d, e)| [a, b, c, d, e]);
        rows(["kind", "indicator", "outcome", "framework", "source"], outcomes)
    });
    add("scenarios", rows(["scenario", "kind", "area", "factor"], [["more-distress", "IND-14", "", "1.2"]]));
    for (name, table) in people.into_tables().into_iter().chain(supply.into_tables()) {
        add(name, table);
    }
    Draft { about: Some(about(options)), policy: Some(policy()), tables, built_in: Vec::new() }
}

fn about(options: &Options) -> BTreeMap<String, Setting> {
    let text = |text: &str| Setting::Text(text.to_owned());
    let Options { seed, children, places_percent } = options;
    let made = format!(
        "Generated (seed {seed}, {children} children, places {places_percent} %): no child, family, place or service \
         here is real. What is not listed below is {}",
        tables::INVENTED
    );
    let sources = [
        made.as_str(),
        tables::KNOWN_SOURCE,
        tables::FACTORS_SOURCE,
        tables::ABSENCE_SOURCE,
        tables::SEND_SOURCE,
        tables::FREE_MEALS_SOURCE,
        tables::RECEIPT_SOURCE,
    ];
    let deprivation = BTreeMap::from([
        ("index".to_owned(), text("generated ranks")),
        ("year".to_owned(), Setting::Whole(PERIOD)),
        ("areas_in_index".to_owned(), Setting::Whole(AREAS_IN_INDEX as i64)),
    ]);
    BTreeMap::from([
        ("name".to_owned(), text("Harrowmere (generated)")),
        ("reference_date".to_owned(), Setting::Date(REFERENCE_DATE.to_owned())),
        ("period".to_owned(), Setting::Whole(PERIOD)),
        ("coordinates".to_owned(), text("metres")),
        ("licence".to_owned(), text("CC0-1.0")),
        ("sources".to_owned(), Setting::List(sources.map(text).to_vec())),
        ("design".to_owned(), text("enumerated")),
        ("deprivation".to_owned(), Setting::Keys(deprivation)),
    ])
}

/// The estimate of mental health need covers the known children too, so they are taken off it.
fn policy() -> BTreeMap<String, Setting> {
    let count = BTreeMap::from([("overlap".to_owned(), Setting::Text("reduce".to_owned()))]);
    BTreeMap::from([("count".to_owned(), Setting::Keys(count))])
}

fn kinds_table() -> Table {
    let mut table =
        Table::new(["kind", "label", "layer", "domain", "recipient", "age_min", "age_max", "source", "code:cin"]);
    for kind in tables::KINDS {
        let (min, max) = (kind.ages.0.to_string(), kind.ages.1.to_string());
        let source = "cut of the built-in table";
        table.push([kind.code, kind.label, kind.layer, kind.domain, kind.recipient, &min, &max, source, kind.cin]);
    }
    table
}

fn rates_table() -> Table {
    let mut table = Table::new(["kind", "age_min", "age_max", "rate", "low", "high", "level", "source"]);
    for rate in tables::RATES {
        let thousandths = |rate: u64| format!("0.{rate:03}");
        let (low, high) =
            rate.low_high.map_or_else(Default::default, |(low, high)| (thousandths(low), thousandths(high)));
        let (min, max) = (rate.ages.0.to_string(), rate.ages.1.to_string());
        table.push([rate.kind, &min, &max, &thousandths(rate.rate), &low, &high, &rate.level.to_string(), rate.source]);
    }
    table
}

fn rows<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [&'static str; N]>) -> Table {
    let mut table = Table::new(header);
    for row in rows {
        table.push(row);
    }
    table
}

#[cfg(test)]
mod tests;
