//! A whole locality from public files: who lives where, the schools there, and one kind of need that everyone of an age
//! has.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::builtin;
use super::bundle;
use super::population::{self, Cohorts, Deprivation, Population, Source};
use super::schools::{self, PointsFrom, STATE_MAINSTREAM, Schools};
use super::settings::Settings;
use super::sheet;
use crate::domain::draft::MAX_ROWS;
use crate::domain::{Draft, Problem, Setting, Table};

/// The kind of need that a place in a state mainstream school meets.
pub const SCHOOL_PLACE: &str = "school-place";

/// The files of a locality.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The register of schools. Without it the bundle has no services, to be filled in by hand.
    pub schools: Option<Source<'a>>,
    /// Only schools of this authority (the Department's three digits); None: all in the file.
    pub authority: Option<&'a str>,
    pub population: Source<'a>,
    pub points: Source<'a>,
    pub deprivation: Option<Deprivation<'a>>,
    /// A `rates.csv` of the bundle's own columns, for further kinds of need.
    pub rates: Option<Source<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub name: String,
    pub reference_date: Date,
    pub cohorts: Cohorts,
    pub reach: Reach,
    pub licence: Option<String>,
}

/// How far a child may be from the place that is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// The policy's own default; no `policy.toml` is written.
    Default,
    Km(f64),
    /// Two miles to the eighth birthday, three from then on: the walking distances of the Education Act 1996, section
    /// 444. The law means the shortest safe walk and Suffice measures a straight line, so it finds too much in reach.
    StatutoryWalking,
}

/// The draft of a locality, and what became of the files.
#[derive(Clone, Debug)]
pub struct Assembled {
    pub draft: Draft,
    pub schools: Option<schools::Imported>,
    pub population: population::Imported,
}

/// What the register and the population cannot say; repeated on every page made from the bundle.
const UPPER_BOUNDS: &str = "Met need is an upper bound: sex, faith, selection and sixth forms of the schools, places \
                            outside, and children who come in from outside are not taken into account.";

/// Reads all files and puts them together, or reports every problem of every file.
pub fn locality(inputs: &Inputs<'_>, options: &Options) -> Result<Assembled, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut keep = |found: Vec<Problem>| problems.extend(found);
    let schools = match inputs.schools {
        None => Some(None),
        Some(source) => schools::read(source.file, source.bytes, inputs.authority).map_err(&mut keep).ok().map(Some),
    };
    let population = population::read(inputs.population, inputs.points, inputs.deprivation, &options.cohorts);
    let population = population.map_err(&mut keep).ok();
    let rates = match inputs.rates {
        None => Some(None),
        Some(source) => {
            let mut rows_left = MAX_ROWS;
            sheet::table(source.file, source.bytes, &mut rows_left).map_err(&mut keep).ok().map(Some)
        }
    };
    if !is_known(options.cohorts.kind.as_str()) {
        let wanted = format!("{SCHOOL_PLACE}, or the code of a built-in kind (suffice kinds)");
        problems.push(Problem::error("kinds.csv", None, Some("kind"), options.cohorts.kind.as_str(), wanted));
    }
    let (Some(schools), Some(population), Some(rates), true) = (schools, population, rates, problems.is_empty()) else {
        return Err(problems);
    };
    Ok(assemble(inputs, options, schools, population, rates))
}

fn assemble(
    inputs: &Inputs<'_>,
    options: &Options,
    schools: Option<Schools>,
    population: Population,
    rates: Option<Table>,
) -> Assembled {
    let mut draft =
        Draft { about: Some(about(inputs, options, schools.as_ref())), policy: policy(options), ..Draft::default() };
    let kind = options.cohorts.kind.as_str();
    let mut kinds = rates.as_ref().map(kinds_of).unwrap_or_default();
    kinds.insert(kind.to_owned());
    let has_schools = schools.is_some();
    let mut add = |name: &str, table: Table| draft.tables.insert(name.to_owned(), table);
    if let Some(table) = kinds_table(options, &kinds) {
        add("kinds", table);
    }
    add("meets", meets_table(has_schools.then_some(kind), &kinds));
    let Population { areas, population, needs, imported } = population;
    add("areas", areas);
    add("population", population);
    add("needs", needs);
    if let Some(rates) = rates {
        add("rates", rates);
    }
    let Schools { services, offers, imported: imported_schools } = schools.unwrap_or_else(Schools::none);
    add("services", services);
    add("offers", offers);
    bundle::add_built_in(&mut draft);
    Assembled { draft, schools: has_schools.then_some(imported_schools), population: imported }
}

fn about(inputs: &Inputs<'_>, options: &Options, schools: Option<&Schools>) -> Settings {
    let text = |text: &str| Setting::Text(text.to_owned());
    let mut sources = vec![
        format!("{}: population by single year of age", inputs.population.file),
        format!("{}: points of areas", inputs.points.file),
    ];
    if let (Some(source), Some(schools)) = (inputs.schools, schools) {
        let points = match schools.imported.points {
            PointsFrom::AsGiven => "",
            PointsFrom::NationalGrid => ", points converted from the British National Grid to about 5 metres",
        };
        sources.push(format!("{}: register of schools{points}", source.file));
    }
    if let Some(deprivation) = inputs.deprivation {
        sources.push(format!("{}: ranks of deprivation", deprivation.ranks.file));
    }
    if let Some(rates) = inputs.rates {
        sources.push(format!("{}: rates", rates.file));
    }
    let mut about = Settings::from([
        ("name".to_owned(), text(&options.name)),
        ("reference_date".to_owned(), Setting::Date(options.reference_date.to_string())),
        ("period".to_owned(), Setting::Whole(options.reference_date.year().into())),
        ("coordinates".to_owned(), text("lonlat")),
        ("ages".to_owned(), text("years")),
        ("sources".to_owned(), Setting::List(sources.iter().map(|source| text(source)).collect())),
    ]);
    if schools.is_some() {
        about.insert("caveats".to_owned(), Setting::List(vec![text(UPPER_BOUNDS)]));
    }
    if let Some(licence) = &options.licence {
        about.insert("licence".to_owned(), text(licence));
    }
    if let Some(Deprivation { ranks: _, column: _, index, year, areas_in_index }) = inputs.deprivation {
        let keys = Settings::from([
            ("index".to_owned(), text(index)),
            ("year".to_owned(), Setting::Whole(year.into())),
            ("areas_in_index".to_owned(), Setting::Whole(areas_in_index.into())),
        ]);
        about.insert("deprivation".to_owned(), Setting::Keys(keys));
    }
    about
}

fn policy(options: &Options) -> Option<Settings> {
    let decimal = |value: f64| Setting::Decimal { value, text: format!("{value:?}") };
    let reach = match options.reach {
        Reach::Default => return None,
        Reach::Km(km) => ("km".to_owned(), decimal(km)),
        Reach::StatutoryWalking => {
            let rule = |end: &str, age: i64, km: f64| {
                Setting::Keys(Settings::from([
                    ("kind".to_owned(), Setting::Text(options.cohorts.kind.to_string())),
                    (end.to_owned(), Setting::Whole(age)),
                    ("km".to_owned(), decimal(km)),
                ]))
            };
            // A mile is 1.609344 km exactly.
            ("rules".to_owned(), Setting::List(vec![rule("age_max", 7, 3.218688), rule("age_min", 8, 4.828032)]))
        }
    };
    Some(Settings::from([("reach".to_owned(), Setting::Keys(Settings::from([reach])))]))
}

fn kinds_of(rates: &Table) -> BTreeSet<String> {
    let column = rates.header().iter().position(|name| name == "kind");
    column.map_or_else(BTreeSet::new, |column| {
        (0..rates.len()).map(|row| rates.cell(row, column).trim().to_owned()).collect()
    })
}

/// Of another kind we would not know the layer, and guessing it would code a need.
fn is_known(kind: &str) -> bool {
    kind == SCHOOL_PLACE
        || builtin::table("kinds").is_some_and(|kinds| (0..kinds.len()).any(|row| kinds.cell(row, 0) == kind))
}

/// `kinds.csv` for school places. The file replaces the program's own kinds, so it also holds those that the rates
/// speak of. For a built-in kind there is none.
fn kinds_table(options: &Options, kinds: &BTreeSet<String>) -> Option<Table> {
    if options.cohorts.kind.as_str() != SCHOOL_PLACE {
        return None;
    }
    let built_in = builtin::table("kinds")?;
    let mut table = Table::new(built_in.header().iter().cloned());
    let ages = options.cohorts.ages;
    let (age_min, age_max) = (ages.min().to_string(), ages.max().to_string());
    // The school is a setting where the child comes face to face with others: the micro layer, as for the built-in kind
    // of a childcare place not taken up.
    let source = "[K: Education Act 1996 s.14: sufficient schools for the area] JUDGEMENT[layer;domain]";
    let cells = [SCHOOL_PLACE, "School place", "micro", "school_place", "child", &age_min, &age_max, source];
    let codes = built_in.header().len() - cells.len();
    table.push(cells.into_iter().chain(std::iter::repeat_n("", codes)));
    push_rows_of(&mut table, &built_in, kinds);
    Some(table)
}

/// `meets.csv`: the imported schools for the cohorts' kind, and the program's own rows for the other kinds.
fn meets_table(met_by_schools: Option<&str>, kinds: &BTreeSet<String>) -> Table {
    let mut table = Table::new(["kind", "type", "source"]);
    let mut others = kinds.clone();
    if let Some(kind) = met_by_schools {
        table.push([kind, STATE_MAINSTREAM, "JUDGEMENT[every mainstream school of the state, whatever it selects by]"]);
        others.remove(kind);
    }
    if let Some(built_in) = builtin::table("meets") {
        push_rows_of(&mut table, &built_in, &others);
    }
    table
}

/// The rows of `from` whose first cell, the kind, is one of `kinds`.
fn push_rows_of(table: &mut Table, from: &Table, kinds: &BTreeSet<String>) {
    for row in (0..from.len()).filter(|&row| kinds.contains(from.cell(row, 0))) {
        table.push(from.cells(row));
    }
}

#[cfg(test)]
mod tests;
