//! `suffice import`: public registers to a bundle, and what became of every row.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::ending::{Ending, Failure};
use super::output::Form;
use super::settings::{Deprivation, Import};
use crate::import::assemble::{self, Assembled, Inputs};
use crate::import::bundle;
use crate::import::population::{self, Source};
use crate::import::schools::{self, PointsFrom};
use crate::report::Page;
use crate::report::words::{counted, list, number};
use crate::view::check::ProblemRow;

/// Names that a sentence gives before it says how many more there are.
const NAMES_SHOWN: usize = 5;

#[derive(Serialize)]
struct ImportDocument {
    schema: &'static str,
    out: String,
    areas: u64,
    /// Children of the cohorts, those not known left out.
    children: u64,
    unknown_cohorts: u64,
    empty_cohorts: u64,
    areas_without_point: Vec<String>,
    points_without_area: Vec<String>,
    areas_without_rank: Vec<String>,
    age_columns_left_out: Vec<String>,
    /// Null where no register of schools was given.
    schools: Option<SchoolsDocument>,
}

#[derive(Serialize)]
struct SchoolsDocument {
    read: u64,
    used: u64,
    elsewhere: u64,
    not_open: u64,
    open_assumed: bool,
    childrens_centres: u64,
    without_capacity: Vec<String>,
    without_point: Vec<String>,
    /// `as_given`, or `national_grid` where they were converted.
    points: &'static str,
    not_used_columns: Vec<String>,
    other_columns: u64,
    rows_not_used: Vec<ProblemRow>,
}

pub(super) fn run(job: &Import, form: Form) -> Result<Ending, Failure> {
    job.out.look()?;
    let Assembled { draft, schools, population } = assembled(job)?;
    bundle::write_dir(&draft, job.out.path(), job.out.replaces())?;
    let document = document(job.out.path(), schools, population);
    form.print(&document, page)?;
    Ok(Ending::Done)
}

fn assembled(job: &Import) -> Result<Assembled, Failure> {
    let schools = job.schools.as_deref().map(File::read).transpose()?;
    let population = File::read(&job.population)?;
    let points = File::read(&job.points)?;
    let ranks = job.deprivation.as_ref().map(|index| File::read(&index.ranks)).transpose()?;
    let rates = job.rates.as_deref().map(File::read).transpose()?;
    let deprivation = job.deprivation.as_ref().zip(ranks.as_ref()).map(|(index, ranks)| {
        let Deprivation { ranks: _, column, index, year, areas_in_index } = index;
        population::Deprivation { ranks: ranks.source(), column, index, year: *year, areas_in_index: *areas_in_index }
    });
    let inputs = Inputs {
        schools: schools.as_ref().map(File::source),
        authority: job.authority.as_deref(),
        population: population.source(),
        points: points.source(),
        deprivation,
        rates: rates.as_ref().map(File::source),
    };
    assemble::locality(&inputs, &job.options)
        .map_err(|problems| Failure::BadInput { what: "what was to be imported".to_owned(), problems })
}

/// A file as it came.
struct File {
    name: String,
    bytes: Vec<u8>,
}

impl File {
    fn read(path: &Path) -> Result<File, Failure> {
        let bytes = fs::read(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })?;
        // The name without its folders: it stays in the bundle as the source, and folders are nobody's business.
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(File { name, bytes })
    }

    fn source(&self) -> Source<'_> {
        Source { file: &self.name, bytes: &self.bytes }
    }
}

fn document(out: &Path, schools: Option<schools::Imported>, population: population::Imported) -> ImportDocument {
    let population::Imported {
        areas,
        children,
        unknown_cohorts,
        empty_cohorts,
        areas_without_point,
        points_without_area,
        areas_without_rank,
        age_columns_left_out,
    } = population;
    ImportDocument {
        schema: "suffice.import/1",
        out: out.display().to_string(),
        areas,
        children,
        unknown_cohorts,
        empty_cohorts,
        areas_without_point,
        points_without_area,
        areas_without_rank,
        age_columns_left_out,
        schools: schools.map(schools_document),
    }
}

fn schools_document(imported: schools::Imported) -> SchoolsDocument {
    let schools::Imported {
        read,
        used,
        elsewhere,
        not_open,
        open_assumed,
        childrens_centres,
        without_capacity,
        without_point,
        points,
        not_used_columns,
        other_columns,
        rows_not_used,
    } = imported;
    SchoolsDocument {
        read,
        used,
        elsewhere,
        not_open,
        open_assumed,
        childrens_centres,
        without_capacity,
        without_point,
        points: match points {
            PointsFrom::AsGiven => "as_given",
            PointsFrom::NationalGrid => "national_grid",
        },
        not_used_columns,
        other_columns,
        rows_not_used: rows_not_used.iter().map(ProblemRow::from).collect(),
    }
}

fn page(document: &ImportDocument) -> String {
    let ImportDocument {
        schema: _,
        out,
        areas,
        children,
        unknown_cohorts,
        empty_cohorts,
        areas_without_point,
        points_without_area,
        areas_without_rank,
        age_columns_left_out,
        schools,
    } = document;
    let areas_said = counted(*areas, "area", "areas");
    let children_said = counted(*children, "child", "children");
    let mut page = Page::new(&match schools {
        Some(schools) => format!(
            "A bundle was written to {out}: {children_said} in {areas_said}, and {}.",
            counted(schools.used, "school", "schools")
        ),
        None => format!("A bundle was written to {out}: {children_said} in {areas_said}, and no services yet."),
    });
    page.section("The population");
    item(&mut page, *unknown_cohorts, "group", "groups", "of one area and age without a number: unknown, not nought");
    item(&mut page, *empty_cohorts, "group", "groups", "of one area and age left out, because nobody is in it");
    names(&mut page, areas_without_point, "area", "areas", "without a point");
    names(&mut page, points_without_area, "point", "points", "of no area of the population, left out");
    names(&mut page, areas_without_rank, "area", "areas", "without a rank of deprivation");
    names(&mut page, age_columns_left_out, "column", "columns", "of ages left out");
    let all = [*unknown_cohorts, *empty_cohorts].iter().all(|&n| n == 0)
        && [areas_without_point, points_without_area, areas_without_rank, age_columns_left_out]
            .iter()
            .all(|names| names.is_empty());
    page.say(if all { "All of it was used, and every number is known." } else { "Everything else was used." });
    if let Some(schools) = schools {
        self::schools(&mut page, schools);
    }
    page.gap();
    page.say(&format!("Next: suffice check {out}"));
    page.finish()
}

fn schools(page: &mut Page, schools: &SchoolsDocument) {
    let SchoolsDocument {
        read,
        used,
        elsewhere,
        not_open,
        open_assumed,
        childrens_centres,
        without_capacity,
        without_point,
        points,
        not_used_columns,
        other_columns,
        rows_not_used,
    } = schools;
    page.section("The register of schools");
    page.say(&format!("{} of {} became a service with an offer.", number(*used), counted(*read, "row", "rows")));
    item(page, *elsewhere, "row", "rows", "of other authorities");
    item(page, *not_open, "row", "rows", "of schools that are closed or proposed");
    item(page, *childrens_centres, "row", "rows", "of children's centres, which are no schools");
    item(page, rows_not_used.len() as u64, "finding", "findings", "about single rows, listed below");
    names(page, without_capacity, "school", "schools", "whose number of places is not known");
    names(page, without_point, "school", "schools", "without a point, out of every distance");
    names(page, not_used_columns, "column", "columns", "about admission that no rule uses");
    item(page, *other_columns, "further column", "further columns", "not used");
    if *open_assumed {
        page.item("The file does not say which schools are open: all were taken as open.");
    }
    if *points == "national_grid" {
        page.item("Points were converted from the British National Grid, to about 5 metres.");
    }
    for problem in rows_not_used {
        page.item(&crate::report::check::line(problem));
    }
}

fn item(page: &mut Page, n: u64, one: &str, many: &str, rest: &str) {
    if n != 0 {
        page.item(&format!("{} {rest}.", counted(n, one, many)));
    }
}

fn names(page: &mut Page, names: &[String], one: &str, many: &str, rest: &str) {
    if !names.is_empty() {
        page.item(&format!("{} {rest}: {}.", counted(names.len() as u64, one, many), list(names, NAMES_SHOWN)));
    }
}
