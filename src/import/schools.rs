//! The register of schools in England (Get Information About Schools) to services and offers.
//!
//! Read as its own download (`edubasealldata...csv`: Windows-1252, British National Grid) or as an extract of it with
//! plain column names, longitude and latitude. Which of the two it is shows in the header. What the register knows and
//! a bundle has no place for is listed, because a place that only girls or only one faith may take is not free to all.

use std::collections::BTreeSet;

use encoding_rs::WINDOWS_1252;

use super::grid;
use super::sheet;
use crate::domain::draft::MAX_ROWS;
use crate::domain::{Id, Mark, Problem, Table};

/// The type of every school that the state maintains for all children of an age.
pub const STATE_MAINSTREAM: &str = "state-mainstream";

/// The register's services, and what became of its rows.
#[derive(Clone, Debug)]
pub struct Schools {
    /// `services.csv`: one row for each school, in the order of the register.
    pub services: Table,
    /// `offers.csv`: one row for each school, under the school's id.
    pub offers: Table,
    pub imported: Imported,
}

impl Schools {
    /// The two tables with their headers and no rows.
    pub fn none() -> Schools {
        Schools {
            services: Table::new(["service", "name", "provider", "types", "age_min", "age_max", "setting", "target"]),
            offers: Table::new(["offer", "service", "lon", "lat", "capacity", "turns"]),
            imported: Imported::default(),
        }
    }
}

/// What was read, and everything that was not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows of the file.
    pub read: u64,
    /// Rows that became a service and an offer.
    pub used: u64,
    /// Rows of other authorities, where one authority was asked for.
    pub elsewhere: u64,
    /// Establishments that are closed or proposed.
    pub not_open: u64,
    /// The file has no column of status: every row was taken as open.
    pub open_assumed: bool,
    /// Children's centres, which are in the register and are no schools.
    pub childrens_centres: u64,
    /// Names of used schools whose number of places is not known.
    pub without_capacity: Vec<String>,
    /// Names of used schools without a point, which are out of every distance.
    pub without_point: Vec<String>,
    pub points: PointsFrom,
    /// Columns that say whom a school admits and that no rule of the bundle uses.
    pub not_used_columns: Vec<String>,
    /// How many further columns there are, such as telephone numbers.
    pub other_columns: u64,
    /// Rows that could not be used, each with its reason (errors), and rows to look at (warnings).
    pub rows_not_used: Vec<Problem>,
}

/// Where longitudes and latitudes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PointsFrom {
    #[default]
    AsGiven,
    /// Converted from eastings and northings: see [`grid`], accurate to about [`grid::ACCURACY_METRES`].
    NationalGrid,
}

/// The columns of one form of the register.
struct Form {
    urn: &'static str,
    name: &'static str,
    authority: &'static str,
    group: &'static str,
    /// Finer than the group; where it says that a mainstream group's school is special, that is reported.
    sort: Option<&'static str>,
    status: Option<&'static str>,
    lowest_age: &'static str,
    highest_age: &'static str,
    capacity: &'static str,
    trust_id: Option<&'static str>,
    trust_name: &'static str,
    /// Easting and northing, or longitude and latitude.
    points: [&'static str; 2],
    points_from: PointsFrom,
    /// Columns that bear on who is admitted.
    admission: &'static [&'static str],
}

const DOWNLOAD: Form = Form {
    urn: "URN",
    name: "EstablishmentName",
    authority: "LA (code)",
    group: "EstablishmentTypeGroup (name)",
    sort: Some("TypeOfEstablishment (name)"),
    status: Some("EstablishmentStatus (name)"),
    lowest_age: "StatutoryLowAge",
    highest_age: "StatutoryHighAge",
    capacity: "SchoolCapacity",
    trust_id: Some("Trusts (code)"),
    trust_name: "Trusts (name)",
    points: ["Easting", "Northing"],
    points_from: PointsFrom::NationalGrid,
    admission: &[
        "Gender (name)",
        "ReligiousCharacter (name)",
        "AdmissionsPolicy (name)",
        "OfficialSixthForm (name)",
        "NurseryProvision (name)",
        "Boarders (name)",
        "SpecialClasses (name)",
        "TypeOfResourcedProvision (name)",
        "ResourcedProvisionCapacity",
        "SenUnitCapacity",
        "NumberOfPupils",
    ],
};

const EXTRACT: Form = Form {
    urn: "unique_reference_number",
    name: "name",
    authority: "local_authority_code",
    group: "type",
    sort: None,
    status: None,
    lowest_age: "lowest_admission_age",
    highest_age: "highest_admission_age",
    capacity: "capacity",
    trust_id: None,
    trust_name: "sponsoring_trust",
    points: ["lon", "lat"],
    points_from: PointsFrom::AsGiven,
    admission: &["gender", "religion", "resource_provision"],
};

impl Form {
    /// Every column that the import cannot do without.
    fn required(&self) -> impl Iterator<Item = &'static str> {
        let columns =
            [self.urn, self.name, self.authority, self.group, self.lowest_age, self.highest_age, self.capacity];
        columns.into_iter().chain(self.status).chain(self.points)
    }

    fn optional(&self) -> impl Iterator<Item = &'static str> {
        [self.trust_name].into_iter().chain(self.trust_id).chain(self.sort)
    }
}

/// Reads the register. `file` is its name for findings; with `authority` (the Department's three digits, such as 358)
/// only that authority's rows are used. Refused only where the file as a whole cannot be read; a row that cannot be
/// used is listed in [`Imported::rows_not_used`] instead.
pub fn read(file: &str, bytes: &[u8], authority: Option<&str>) -> Result<Schools, Vec<Problem>> {
    let mut rows_left = MAX_ROWS;
    let table = sheet::table(file, &as_utf8(bytes), &mut rows_left)?;
    let form = if table.header().iter().any(|name| name == DOWNLOAD.urn) { DOWNLOAD } else { EXTRACT };
    let missing: Vec<Problem> = form
        .required()
        .filter(|name| !table.header().iter().any(|known| known == name))
        .map(|name| absent(file, name))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let mut import = Import { file, table: &table, form: &form, urns: BTreeSet::new(), schools: Schools::none() };
    import.columns();
    for row in 0..table.len() {
        import.row(row, authority);
    }
    Ok(import.schools)
}

fn absent(file: &str, name: &str) -> Problem {
    let wanted = "this column, as in the register of schools (the download of all establishment fields, or an extract)";
    Problem::error(file, Some(1), Some(name), "", wanted)
}

/// The register's download is Windows-1252. Text with letters beyond ASCII in that encoding is practically never valid
/// UTF-8 too, so what is valid UTF-8 is taken as that.
fn as_utf8(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes.into(),
        Err(_) => WINDOWS_1252.decode(bytes).0.into_owned().into_bytes().into(),
    }
}

/// The bundle's type for the register's group of establishments. None: no school.
fn service_type(group: &str) -> Option<&'static str> {
    Some(match group {
        "Local authority maintained schools" | "Academies" | "Free Schools" => STATE_MAINSTREAM,
        "Special schools" => "special",
        "Independent schools" => "independent",
        "Colleges" => "college",
        "Children's Centres" => return None,
        _ => "other",
    })
}

struct Import<'a> {
    file: &'a str,
    table: &'a Table,
    form: &'a Form,
    urns: BTreeSet<u64>,
    schools: Schools,
}

/// Why a row is not used: the column, what stood there, and what would be right.
struct Unusable {
    column: &'static str,
    seen: String,
    wanted: &'static str,
}

impl Import<'_> {
    fn columns(&mut self) {
        let used: Vec<&str> = self.form.required().chain(self.form.optional()).collect();
        let imported = &mut self.schools.imported;
        imported.read = self.table.len() as u64;
        imported.points = self.form.points_from;
        imported.open_assumed = self.form.status.is_none();
        for name in self.table.header() {
            if self.form.admission.contains(&name.as_str()) {
                imported.not_used_columns.push(name.clone());
            } else if !used.contains(&name.as_str()) {
                imported.other_columns += 1;
            }
        }
    }

    /// The trimmed cell; blank where the file has no such column.
    fn cell(&self, row: usize, column: &str) -> &str {
        let at = self.table.header().iter().position(|name| name == column);
        at.map_or("", |at| self.table.cell(row, at).trim())
    }

    fn row(&mut self, row: usize, authority: Option<&str>) {
        if authority.is_some_and(|wanted| self.cell(row, self.form.authority) != wanted) {
            self.schools.imported.elsewhere += 1;
            return;
        }
        let status = self.form.status.map(|column| self.cell(row, column));
        if status.is_some_and(|status| !matches!(status, "Open" | "Open, but proposed to close")) {
            self.schools.imported.not_open += 1;
            return;
        }
        let Some(service_type) = service_type(self.cell(row, self.form.group)) else {
            self.schools.imported.childrens_centres += 1;
            return;
        };
        if let Err(Unusable { column, seen, wanted }) = self.school(row, service_type) {
            let number = Some(self.table.row_number(row));
            let problem = Problem::error(self.file, number, Some(column), &seen, wanted);
            self.schools.imported.rows_not_used.push(problem);
        }
    }

    fn school(&mut self, row: usize, service_type: &str) -> Result<(), Unusable> {
        let form = self.form;
        let unusable = |column, wanted| Unusable { column, seen: self.cell(row, column).to_owned(), wanted };
        let urn: u64 = self.cell(row, form.urn).parse().map_err(|_| unusable(form.urn, "the school's number"))?;
        if self.urns.contains(&urn) {
            return Err(unusable(form.urn, "each school once: this number has come before"));
        }
        let lowest = self.age(row, form.lowest_age)?;
        let highest = self.age(row, form.highest_age)?;
        if let (Some(lowest), Some(highest)) = (lowest, highest)
            && highest <= lowest
        {
            return Err(unusable(form.highest_age, "an age above the lowest: children leave by this birthday"));
        }
        let capacity = self.cell(row, form.capacity);
        if Mark::parse(capacity).is_none() && capacity.parse::<u64>().is_err() {
            return Err(unusable(form.capacity, "a whole number of places, blank or NA"));
        }
        let point = self.point(row)?;
        let id = format!("urn:{urn}");
        let provider = self.provider(row, &id);
        let name = self.cell(row, form.name).to_owned();
        let capacity = capacity.to_owned();
        let warning = self.looks_special(row, service_type);

        self.urns.insert(urn);
        let Schools { services, offers, imported } = &mut self.schools;
        let age = |age: Option<u16>| age.map_or(String::new(), |age| age.to_string());
        let ages = [age(lowest), age(highest.map(|highest| highest - 1))];
        // A school works face to face with the child; whose change it seeks the register does not say.
        services.push([&id, &name, &provider, service_type, &ages[0], &ages[1], "micro", ""]);
        let [lon, lat] = point.as_ref().map_or(["", ""], |[lon, lat]| [lon, lat]);
        offers.push([&id, &id, lon, lat, &capacity, "1"]);
        imported.used += 1;
        imported.rows_not_used.extend(warning);
        if Mark::parse(&capacity).is_some() {
            imported.without_capacity.push(name.clone());
        }
        if point.is_none() {
            imported.without_point.push(name);
        }
        Ok(())
    }

    /// A statutory age in years; None where it is blank or a mark.
    fn age(&self, row: usize, column: &'static str) -> Result<Option<u16>, Unusable> {
        let cell = self.cell(row, column);
        if Mark::parse(cell).is_some() {
            return Ok(None);
        }
        match cell.parse() {
            Ok(age) if age <= 120 => Ok(Some(age)),
            _ => Err(Unusable { column, seen: cell.to_owned(), wanted: "an age in whole years, 0 to 120" }),
        }
    }

    /// Longitude and latitude as text; None where they are not known.
    fn point(&self, row: usize) -> Result<Option<[String; 2]>, Unusable> {
        let [first, second] = self.form.points;
        let cells = [self.cell(row, first), self.cell(row, second)];
        if cells.iter().any(|cell| Mark::parse(cell).is_some()) {
            return Ok(None);
        }
        let mut numbers = [0.0; 2];
        for (number, (column, cell)) in numbers.iter_mut().zip([first, second].into_iter().zip(cells)) {
            let seen = cell.to_owned();
            *number = cell.parse().map_err(|_| Unusable { column, seen, wanted: "a number" })?;
        }
        match self.form.points_from {
            PointsFrom::AsGiven => Ok(Some(cells.map(str::to_owned))),
            // Nought is how the register writes "not known"; no school stands on the sea south west of Scilly.
            PointsFrom::NationalGrid if numbers == [0.0, 0.0] => Ok(None),
            PointsFrom::NationalGrid => match grid::to_wgs84(numbers[0], numbers[1]) {
                Some(point) => Ok(Some([format!("{:.6}", point.x), format!("{:.6}", point.y)])),
                None => {
                    let seen = cells.join(" ");
                    Err(Unusable { column: first, seen, wanted: "metres on the British National Grid" })
                }
            },
        }
    }

    /// The trust where there is one, else the authority for a school that it maintains, else the school itself.
    fn provider(&self, row: usize, own: &str) -> String {
        let trust = self.form.trust_id.map_or("", |column| self.cell(row, column));
        let trust_name = self.cell(row, self.form.trust_name);
        let group = self.cell(row, self.form.group);
        let sort = self.form.sort.map_or("", |column| self.cell(row, column));
        let maintained = group == "Local authority maintained schools"
            || matches!(sort, "Community special school" | "Foundation special school");
        let provider = if !trust.is_empty() {
            format!("trust:{}", slug(trust))
        } else if Mark::parse(trust_name).is_none() {
            format!("trust:{}", slug(trust_name))
        } else if maintained {
            format!("la:{}", slug(self.cell(row, self.form.authority)))
        } else {
            own.to_owned()
        };
        if Id::parse(&provider).is_ok() { provider } else { own.to_owned() }
    }

    /// The group decides the type, as the register has it; a finer column that says otherwise is passed on.
    fn looks_special(&self, row: usize, service_type: &str) -> Option<Problem> {
        let column = self.form.sort?;
        let sort = self.cell(row, column);
        let special = ["special", "alternative provision", "pupil referral"];
        let lower = sort.to_lowercase();
        (service_type == STATE_MAINSTREAM && special.iter().any(|word| lower.contains(word))).then(|| {
            let wanted =
                "typed state-mainstream after its group; give it another type in services.csv if it is not open to all";
            Problem::warning(self.file, Some(self.table.row_number(row)), Some(column), sort, wanted)
        })
    }
}

/// Letters and digits, the rest as single hyphens; at most 100 bytes, so that a prefix still fits an id.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(100);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests;
