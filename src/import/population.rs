//! Small-area population by single year of age to areas, population and cohorts of one kind of need.
//!
//! The wide form, as statistics offices publish it: one row for each area and one column for each age (`0`, `1`, ...).
//! Columns such as `90+` hold several ages at once and are left out, as are ages over [`MAX_AGE`]. Points come from a
//! second file. A number that is suppressed or blank stays unknown; it is never read as nought.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet;
use crate::domain::draft::MAX_ROWS;
use crate::domain::{AgeBand, Id, Mark, Problem, Table};

/// The oldest age that is kept: with special educational needs, children's services reach to 25.
pub const MAX_AGE: u16 = 25;

/// A file as it came: its name for findings, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub bytes: &'a [u8],
}

/// Which needs to make of the population: everyone in an age band needs one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohorts {
    pub kind: Id,
    pub ages: AgeBand,
}

/// Ranks of deprivation by area, and which index they are of.
#[derive(Clone, Copy, Debug)]
pub struct Deprivation<'a> {
    pub ranks: Source<'a>,
    /// The column that holds the rank (1 = most deprived), such as `IMD_rank`.
    pub column: &'a str,
    pub index: &'a str,
    pub year: i16,
    pub areas_in_index: u32,
}

/// The tables that come of a population file.
#[derive(Clone, Debug)]
pub struct Population {
    pub areas: Table,
    pub population: Table,
    pub needs: Table,
    pub imported: Imported,
}

/// What was read, and everything that did not fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub areas: u64,
    /// Children of the cohorts, those not known left out.
    pub children: u64,
    /// Cells of the cohorts' ages whose number is not known; each is a row of needs without a number.
    pub unknown_cohorts: u64,
    /// Cohorts left out because nobody is in them.
    pub empty_cohorts: u64,
    /// Areas that the file of points does not have.
    pub areas_without_point: Vec<String>,
    /// Points of no area of the population: left out.
    pub points_without_area: Vec<String>,
    /// Areas that the index of deprivation does not have.
    pub areas_without_rank: Vec<String>,
    /// Columns of several ages or of ages over [`MAX_AGE`].
    pub age_columns_left_out: Vec<String>,
}

const AREA: &[&str] = &["area_code", "lsoa21_code", "lsoa11_code", "lsoa_code", "area"];
const NAME: &[&str] = &["area_name", "lsoa21_name", "lsoa11_name", "lsoa_name", "name"];
const LON: &[&str] = &["lon", "long", "lng", "longitude"];
const LAT: &[&str] = &["lat", "latitude"];

/// Reads the population and its points, and makes one cohort for each area and single year of `cohorts.ages`.
/// Refused, with every finding, where a number or a code cannot be read.
pub fn read(
    people: Source<'_>,
    points: Source<'_>,
    deprivation: Option<Deprivation<'_>>,
    cohorts: &Cohorts,
) -> Result<Population, Vec<Problem>> {
    let mut problems = Vec::new();
    let people = Sheet::read(people, &mut problems);
    let points = Sheet::read(points, &mut problems).and_then(|sheet| points_by_area(&sheet, &mut problems));
    let ranks = match deprivation {
        None => Some(None),
        Some(index) => Sheet::read(index.ranks, &mut problems)
            .and_then(|sheet| ranks_by_area(&sheet, index.column, &mut problems))
            .map(Some),
    };
    let counts = people.and_then(|sheet| counts(&sheet, cohorts.ages, &mut problems));
    let (Some(counts), Some(points), Some(ranks)) = (counts, points, ranks) else { return Err(problems) };
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(tables(&counts, &points, ranks.as_ref(), cohorts))
}

/// A table with the name of its file.
struct Sheet<'a> {
    file: &'a str,
    table: Table,
}

impl<'a> Sheet<'a> {
    fn read(source: Source<'a>, problems: &mut Vec<Problem>) -> Option<Sheet<'a>> {
        let mut rows_left = MAX_ROWS;
        sheet::table(source.file, source.bytes, &mut rows_left)
            .map_err(|found| problems.extend(found))
            .ok()
            .map(|table| Sheet { file: source.file, table })
    }

    /// The first of the names that is a column; a finding where none is.
    fn column(&self, names: &[&str], problems: &mut Vec<Problem>) -> Option<usize> {
        let found = self.find(names);
        if found.is_none() {
            let seen = self.table.header().join(",");
            let wanted = format!("a column named {}", names.join(" or "));
            problems.push(Problem::error(self.file, Some(1), names.first().copied(), &seen, wanted));
        }
        found
    }

    fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.table.header().iter().position(|known| known.eq_ignore_ascii_case(name)))
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        self.table.cell(row, column).trim()
    }

    fn problem(&self, row: usize, column: usize, wanted: &str) -> Problem {
        let name = self.table.header().get(column).map(String::as_str);
        Problem::error(self.file, Some(self.table.row_number(row)), name, self.cell(row, column), wanted)
    }

    /// The area codes in `column`, each an id and each once.
    fn areas(&self, column: usize, problems: &mut Vec<Problem>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut areas = Vec::new();
        for row in 0..self.table.len() {
            let area = self.cell(row, column);
            if Id::parse(area).is_err() {
                problems.push(self.problem(row, column, "the area's code: letters, digits and . _ : ~ -"));
            } else if !seen.insert(area) {
                problems.push(self.problem(row, column, "each area once"));
            }
            areas.push(area.to_owned());
        }
        areas
    }
}

/// People by area and single year of age, as they stand.
struct Counts {
    areas: Vec<String>,
    names: Vec<String>,
    ages: Vec<u16>,
    /// Row after row, one cell for each of `ages`: a whole number or a mark.
    cells: Vec<String>,
    left_out: Vec<String>,
}

impl Counts {
    fn of(&self, area: usize) -> impl Iterator<Item = (u16, &str)> {
        let cells = &self.cells[area * self.ages.len()..][..self.ages.len()];
        self.ages.iter().copied().zip(cells.iter().map(String::as_str))
    }
}

fn counts(sheet: &Sheet<'_>, wanted: AgeBand, problems: &mut Vec<Problem>) -> Option<Counts> {
    let column = sheet.column(AREA, problems)?;
    let areas = sheet.areas(column, problems);
    let names = sheet.find(NAME);
    let names = (0..sheet.table.len()).map(|row| names.map_or("", |name| sheet.cell(row, name)).to_owned()).collect();
    let mut age_columns = Vec::new();
    let mut left_out = Vec::new();
    for (at, name) in sheet.table.header().iter().enumerate() {
        match name.parse::<u16>() {
            Ok(age) if age <= MAX_AGE => age_columns.push((age, at)),
            Ok(_) => left_out.push(name.clone()),
            Err(_) if name.strip_suffix('+').is_some_and(|age| age.parse::<u16>().is_ok()) => {
                left_out.push(name.clone())
            }
            Err(_) => {}
        }
    }
    age_columns.sort_unstable();
    for age in wanted.min()..=wanted.max() {
        if age_columns.binary_search_by_key(&age, |&(age, _)| age).is_err() {
            let wanted =
                format!("a column for each single year of the ages asked for, {} to {}", wanted.min(), wanted.max());
            problems.push(Problem::error(sheet.file, Some(1), Some(&age.to_string()), "", wanted));
        }
    }
    let mut cells = Vec::with_capacity(age_columns.len() * sheet.table.len());
    for row in 0..sheet.table.len() {
        for &(_, column) in &age_columns {
            let cell = whole(sheet.cell(row, column));
            if Mark::parse(cell).is_none() && cell.parse::<u32>().is_err() {
                problems.push(sheet.problem(
                    row,
                    column,
                    "a whole number of people, or a mark such as c where it is not known",
                ));
            }
            cells.push(cell.to_owned());
        }
    }
    Some(Counts { areas, names, ages: age_columns.iter().map(|&(age, _)| age).collect(), cells, left_out })
}

/// A number without the `.0` that programs write into a column of whole numbers where one of them is missing.
fn whole(cell: &str) -> &str {
    match cell.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => cell,
    }
}

/// Longitude and latitude by area, as text.
type Points = BTreeMap<String, [String; 2]>;

fn points_by_area(sheet: &Sheet<'_>, problems: &mut Vec<Problem>) -> Option<Points> {
    let (area, lon, lat) = (sheet.column(AREA, problems), sheet.column(LON, problems), sheet.column(LAT, problems));
    let (area, lon, lat) = (area?, lon?, lat?);
    let areas = sheet.areas(area, problems);
    let mut points = Points::new();
    for (row, area) in areas.into_iter().enumerate() {
        for (column, greatest) in [(lon, 180.0), (lat, 90.0)] {
            if !sheet.cell(row, column).parse::<f64>().is_ok_and(|degrees| degrees.abs() <= greatest) {
                problems.push(sheet.problem(row, column, "degrees (WGS84), such as -2.35"));
            }
        }
        points.insert(area, [lon, lat].map(|column| sheet.cell(row, column).to_owned()));
    }
    Some(points)
}

fn ranks_by_area(sheet: &Sheet<'_>, column: &str, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, String>> {
    let (area, rank) = (sheet.column(AREA, problems), sheet.column(&[column], problems));
    let (area, rank) = (area?, rank?);
    let areas = sheet.areas(area, problems);
    let mut ranks = BTreeMap::new();
    for (row, area) in areas.into_iter().enumerate() {
        let cell = whole(sheet.cell(row, rank));
        if !cell.parse::<u32>().is_ok_and(|rank| 0 < rank) {
            problems.push(sheet.problem(row, rank, "a rank: 1 for the most deprived area"));
        }
        ranks.insert(area, cell.to_owned());
    }
    Some(ranks)
}

fn tables(counts: &Counts, points: &Points, ranks: Option<&BTreeMap<String, String>>, cohorts: &Cohorts) -> Population {
    let mut areas = Table::new(["area", "name", "lon", "lat"].into_iter().chain(ranks.map(|_| "deprivation_rank")));
    let mut population = Table::new(["area", "age", "children"]);
    let mut needs = Table::new(["need", "holder", "kind", "level", "children", "area", "age", "basis", "certainty"]);
    let mut imported = Imported {
        areas: counts.areas.len() as u64,
        age_columns_left_out: counts.left_out.clone(),
        points_without_area: without(points.keys(), &counts.areas),
        ..Imported::default()
    };
    for (at, (area, name)) in counts.areas.iter().zip(&counts.names).enumerate() {
        let point = points.get(area);
        if point.is_none() {
            imported.areas_without_point.push(area.clone());
        }
        let [lon, lat] = point.map_or(["", ""], |[lon, lat]| [lon, lat]);
        let rank = ranks.map(|ranks| ranks.get(area).map_or("", String::as_str));
        if rank == Some("") {
            imported.areas_without_rank.push(area.clone());
        }
        areas.push([area, name, lon, lat].into_iter().chain(rank));
        for (age, children) in counts.of(at) {
            let age_text = age.to_string();
            population.push([area, &age_text, children]);
            if age < cohorts.ages.min() || cohorts.ages.max() < age {
                continue;
            }
            match children.parse::<u32>() {
                Ok(0) => {
                    imported.empty_cohorts += 1;
                    continue;
                }
                Ok(known) => imported.children += u64::from(known),
                Err(_) => imported.unknown_cohorts += 1,
            }
            let (kind, holder) = (cohorts.kind.as_str(), format!("{area}:{age}"));
            // Normative: the law or a standard says that everyone of this age needs it. Estimated: small-area
            // population between two censuses is modelled, not counted.
            let need = format!("{kind}:{holder}");
            needs.push([&need, &holder, kind, "1", children, area, &age_text, "normative", "estimated"]);
        }
    }
    Population { areas, population, needs, imported }
}

/// Those of `names` that are not among `known`.
fn without<'a>(names: impl Iterator<Item = &'a String>, known: &[String]) -> Vec<String> {
    let known: BTreeSet<&String> = known.iter().collect();
    names.filter(|name| !known.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::shared_data;

    const PEOPLE: &str = "period,area_code,area_name,all_ages,4,5,6,26,90+\n\
                          2024,A1,North,90,3.0,0,c,9,1\n2024,A2,South,80,5,6,7,9,1\n";
    const POINTS: &str = "lsoa_code,postcodes,lon,lat\nA1,7,-2.30,53.40\nA9,3,-2.1,53.2\n";

    fn cohorts(kind: &str, min: u16, max: u16) -> Cohorts {
        Cohorts { kind: Id::parse(kind).expect("an id"), ages: AgeBand::new(min, max).expect("a band") }
    }

    fn source<'a>(file: &'a str, text: &'a str) -> Source<'a> {
        Source { file, bytes: text.as_bytes() }
    }

    fn read_texts(people: &str, points: &str, ages: [u16; 2]) -> Result<Population, String> {
        let kind = cohorts("school-place", ages[0], ages[1]);
        read(source("people.csv", people), source("points.csv", points), None, &kind)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn rows(table: &Table) -> Vec<String> {
        (0..table.len()).map(|row| table.cells(row).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn one_cohort_for_each_area_and_year_of_age() {
        let read = read_texts(PEOPLE, POINTS, [5, 6]).expect("a population");
        assert_eq!(rows(&read.areas), ["A1|North|-2.30|53.40", "A2|South||"]);
        assert_eq!(rows(&read.population), ["A1|4|3", "A1|5|0", "A1|6|c", "A2|4|5", "A2|5|6", "A2|6|7"]);
        assert_eq!(
            rows(&read.needs),
            [
                "school-place:A1:6|A1:6|school-place|1|c|A1|6|normative|estimated",
                "school-place:A2:5|A2:5|school-place|1|6|A2|5|normative|estimated",
                "school-place:A2:6|A2:6|school-place|1|7|A2|6|normative|estimated",
            ]
        );
        let imported = Imported {
            areas: 2,
            children: 13,
            unknown_cohorts: 1,
            empty_cohorts: 1,
            areas_without_point: vec!["A2".to_owned()],
            points_without_area: vec!["A9".to_owned()],
            areas_without_rank: vec![],
            age_columns_left_out: vec!["26".to_owned(), "90+".to_owned()],
        };
        assert_eq!(read.imported, imported);
    }

    #[test]
    fn every_cell_that_cannot_be_read_is_reported() {
        let people = "area_code,5\nA1,3.5\nA 1,4\nA1,-1\n";
        let found = read_texts(people, "lsoa_code,lon,lat\nA1,east,99\n", [5, 6]).expect_err("many slips");
        let starts = [
            "error: points.csv, row 2, lon: saw \"east\"",
            "error: points.csv, row 2, lat: saw \"99\"",
            "error: people.csv, row 3, area_code: saw \"A 1\"",
            "error: people.csv, row 4, area_code: saw \"A1\"; each area once",
            "error: people.csv, row 1, 6: nothing there; a column for each single year",
            "error: people.csv, row 2, 5: saw \"3.5\"",
            "error: people.csv, row 4, 5: saw \"-1\"",
        ];
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!(lines.len(), starts.len(), "{found}");
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line}\nshould begin with\n{start}");
        }
        let found = read_texts("F0,F1\n1,2\n", "x\n1\n", [0, 1]).expect_err("no columns");
        assert!(found.contains("people.csv, row 1, area_code: saw \"F0,F1\"; a column named area_code or"), "{found}");
        assert!(found.contains("points.csv, row 1, lon"), "{found}");
    }

    #[test]
    fn ranks_of_deprivation_join_the_areas() {
        let deprivation = Deprivation {
            ranks: source("imd.csv", "lsoa21_code,IMD_rank\nA1,17.0\nA8,3\n"),
            column: "IMD_rank",
            index: "IMD",
            year: 2025,
            areas_in_index: 33_755,
        };
        let (people, points) = (source("p.csv", PEOPLE), source("q.csv", POINTS));
        let read = read(people, points, Some(deprivation), &cohorts("k", 4, 4)).expect("a population");
        assert_eq!(rows(&read.areas), ["A1|North|-2.30|53.40|17", "A2|South|||"]);
        assert_eq!(read.imported.areas_without_rank, ["A2"]);
    }

    #[test]
    fn every_area_of_trafford_has_its_rank_of_2025() {
        let Some(people) = shared_data::bytes("trafford/needs/trafford_lsoa21_population_mid2024.csv") else { return };
        let Some(points) = shared_data::bytes("trafford/needs/trafford_lsoa21_points_DERIVED.csv") else { return };
        let Some(ranks) = shared_data::bytes("trafford/needs/imd/trafford_imd2025_lsoa21.csv") else { return };
        let deprivation = Deprivation {
            ranks: Source { file: "imd.csv", bytes: &ranks },
            column: "IMD_rank",
            index: "IMD",
            year: 2025,
            areas_in_index: 33_755,
        };
        let people = Source { file: "people.csv", bytes: &people };
        let points = Source { file: "points.csv", bytes: &points };
        let trafford = read(people, points, Some(deprivation), &cohorts("school-place", 4, 10)).expect("a population");
        assert!(trafford.imported.areas_without_rank.is_empty());
        let ranks = (0..trafford.areas.len()).map(|row| trafford.areas.cell(row, 4).parse::<u32>().expect("a rank"));
        let ranks: BTreeSet<u32> = ranks.collect();
        assert!(ranks.len() == 139 && ranks.iter().all(|rank| (1..=33_755).contains(rank)));
    }

    fn sum(table: &Table, ages: std::ops::RangeInclusive<u16>) -> u64 {
        let column = |name: &str| table.header().iter().position(|known| known == name).expect("a column");
        let (age, children) = (column("age"), column("children"));
        (0..table.len())
            .filter(|&row| ages.contains(&table.cell(row, age).parse().expect("an age")))
            .map(|row| table.cell(row, children).parse::<u64>().expect("children"))
            .sum()
    }

    #[test]
    fn the_areas_of_trafford_sum_to_the_authority_at_every_age() {
        let Some(people) = shared_data::bytes("trafford/needs/trafford_lsoa21_population_mid2024.csv") else { return };
        let Some(points) = shared_data::bytes("trafford/needs/trafford_lsoa21_points_DERIVED.csv") else { return };
        let Some(whole) = shared_data::bytes("trafford/needs/trafford_la_population_mid2024.csv") else { return };
        let people = Source { file: "people.csv", bytes: &people };
        let points = Source { file: "points.csv", bytes: &points };
        let whole = Source { file: "whole.csv", bytes: &whole };
        let read_ages =
            |min, max| read(people, points, None, &cohorts("school-place", min, max)).expect("a population");
        let trafford = read_ages(4, 10);
        assert_eq!((trafford.imported.areas, trafford.imported.children), (139, 22_875));
        assert!(trafford.imported.areas_without_point.is_empty() && trafford.imported.points_without_area.is_empty());
        assert_eq!(read_ages(11, 15).imported.children, 17_736);
        assert_eq!(sum(&trafford.needs, 0..=MAX_AGE), 22_875);

        let of_whole = sheet::table(whole.file, whole.bytes, &mut 10).expect("one row");
        for age in 0..=MAX_AGE {
            let column = of_whole.header().iter().position(|name| *name == age.to_string()).expect("an age");
            let authority: u64 = of_whole.cell(0, column).parse().expect("a number");
            assert_eq!(sum(&trafford.population, age..=age), authority, "age {age}");
        }
        for (ages, children) in [(0..=17, 56_737), (4..=10, 22_875), (11..=15, 17_736), (5..=19, 49_119)] {
            assert_eq!(sum(&trafford.population, ages), children);
        }
    }
}
