//! `services.csv`: what providers do and whom they accept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::about::Terms;
use super::cells::{self, LONGEST_LABEL, MOST_PENCE};
use super::findings::{Findings, RowRef};
use super::meets::{self, Meets};
use super::names::Names;
use super::row::Row;
use super::sheet::{Column, Sheet};
use crate::domain::age::{AgeLimit, AgeLimits, AgeUnit};
use crate::domain::draft::Draft;
use crate::domain::ids::{Id, ProviderIx};
use crate::domain::layer::{Layer, Level};
use crate::domain::locality::{LevelLimits, Locality, Meet, Service, ServiceType, Tag, Unit};

pub(super) const FILE: &str = "services.csv";
pub(super) const NOUN: &str = "a service";

/// Services and the three lists they bring or share; all sorted by id.
#[derive(Debug)]
pub(super) struct Services<'a> {
    pub names: Names<'a>,
    pub services: Arc<Vec<Service>>,
    /// The row of each service.
    pub rows: Vec<RowRef>,
    pub providers: Vec<Id>,
    pub types: Vec<ServiceType>,
    pub meets: Vec<Meet>,
    pub meets_by_code: bool,
}

impl<'a> Services<'a> {
    /// As a locality has them.
    pub fn of_held(locality: &'a Locality) -> Services<'a> {
        let parts = locality.parts();
        Services {
            names: Names::of_held(NOUN, FILE, parts.services.iter().map(|service| &service.id)),
            services: parts.services.clone(),
            rows: vec![RowRef { file: FILE, row: RowRef::HELD }; parts.services.len()],
            providers: parts.providers.clone(),
            types: parts.types.clone(),
            meets: parts.meets.clone(),
            meets_by_code: parts.completeness.meets_by_code,
        }
    }
}

/// A service whose provider and types have no positions yet.
#[derive(Debug)]
pub(super) struct ServiceRow {
    pub at: RowRef,
    pub provider: Id,
    pub types: Vec<Id>,
    pub service: Service,
}

pub(super) fn read<'a>(draft: &'a Draft, terms: &Terms, meets: Meets, findings: &mut Findings) -> Services<'a> {
    let mut names = Names::new(NOUN, FILE);
    let rows = read_rows(draft, terms, &mut names, findings);
    in_order(rows, names, meets, findings)
}

/// Sorts services by id, and gives providers and types their positions.
pub(super) fn in_order<'a>(
    mut rows: Vec<ServiceRow>,
    mut names: Names<'a>,
    meets: Meets,
    findings: &mut Findings,
) -> Services<'a> {
    rows.sort_by(|one, two| one.service.id.cmp(&two.service.id));
    names.settle_all(rows.iter().map(|row| row.service.id.as_str()));

    let mut offered: BTreeMap<Id, RowRef> = BTreeMap::new();
    for row in &rows {
        for service_type in &row.types {
            let first = offered.entry(service_type.clone()).or_insert(row.at);
            *first = row.at.min(*first);
        }
    }
    meets.warn_of_near_types(&offered, findings);
    let meets_by_code = meets.by_code;
    let (types, meets) = meets.with_types(offered.into_keys());
    let providers: BTreeSet<Id> = rows.iter().map(|row| row.provider.clone()).collect();
    let providers: Vec<Id> = providers.into_iter().collect();

    let row_refs = rows.iter().map(|row| row.at).collect();
    let resolve = |row: ServiceRow| {
        // Both lists hold every id of every row, so the search finds it.
        let provider = providers.binary_search(&row.provider).unwrap_or_default();
        let types = row.types.iter().filter_map(|id| meets::position(&types, id)).collect();
        Service { provider: ProviderIx::new(provider), types, ..row.service }
    };
    let services = Arc::new(rows.into_iter().map(resolve).collect());
    Services { names, services, rows: row_refs, providers, types, meets, meets_by_code }
}

pub(super) fn read_rows<'a>(
    draft: &'a Draft,
    terms: &Terms,
    names: &mut Names<'a>,
    findings: &mut Findings,
) -> Vec<ServiceRow> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    sheet.must_exist(findings);
    let id = sheet.required("service", findings);
    let name = sheet.required("name", findings);
    let provider = sheet.required("provider", findings);
    let types = sheet.required("types", findings);
    let age_min = sheet.required("age_min", findings);
    let age_max = sheet.required("age_max", findings);
    let level_min = sheet.optional("level_min");
    let level_max = sheet.optional("level_max");
    let setting = sheet.optional("setting");
    let target = sheet.optional("target");
    let requires = sheet.optional("requires");
    let excludes = sheet.optional("excludes");
    let evidence = sheet.optional("evidence");
    let unit = sheet.optional("unit");
    let children_per_unit = sheet.optional("children_per_unit");
    let cost = sheet.optional("cost_per_place");
    sheet.close_header(findings);

    let mut rows = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, names);
        let name = row.label_or(name, own.as_ref());
        let provider = row.id(provider);
        let own_types = row.ids(types);
        if row.lists_nothing(types) {
            row.wrong_cell(types, "at least one type of service");
        }
        let ages = age_limits(&mut row, age_min, age_max, terms.ages);
        let levels = level_limits(&mut row, level_min, level_max);
        let setting = row.optional_code(setting, Layer::parse, Layer::ALL);
        let target = row.optional_code(target, Layer::parse, Layer::ALL);
        let requires = required_tags(&mut row, requires);
        let excludes = tags(&mut row, excludes);
        let evidence = Some(row.label(evidence)).filter(|text| !text.is_empty()).map(str::to_owned);
        let unit = read_unit(&mut row, unit, children_per_unit);
        let cost_per_place = row.optional_whole(cost, 0, MOST_PENCE);
        if !row.is_kept() {
            continue;
        }
        let (Some(id), Some(provider)) = (own, provider) else { continue };
        let service = Service {
            id,
            name,
            provider: ProviderIx::new(0),
            types: Vec::new(),
            ages,
            levels,
            setting,
            target,
            requires,
            excludes,
            evidence,
            unit,
            cost_per_place,
        };
        rows.push(ServiceRow { at: row.at(), provider, types: own_types, service });
    }
    rows
}

fn age_limits(row: &mut Row<'_, '_>, min: Column<'_>, max: Column<'_>, unit: AgeUnit) -> AgeLimits {
    let limits = AgeLimits { min: age_limit(row, min, unit), max: age_limit(row, max, unit) };
    if let (AgeLimit::At(from), AgeLimit::At(to)) = (limits.min, limits.max) {
        row.band(from, to, min, max);
    }
    limits
}

fn age_limit(row: &mut Row<'_, '_>, column: Column<'_>, unit: AgeUnit) -> AgeLimit {
    match row.text(column) {
        "" => AgeLimit::Unknown,
        "any" => AgeLimit::Any,
        text => match cells::whole(text, 0, i64::from(unit.max_age())) {
            Ok(age) => AgeLimit::At(age as u16),
            Err(slip) => {
                row.wrong_cell(column, format!("{slip}, any for no limit, or blank where it is not known"));
                AgeLimit::Unknown
            }
        },
    }
}

fn level_limits(row: &mut Row<'_, '_>, min: Column<'_>, max: Column<'_>) -> LevelLimits {
    let (from, to) = (row.optional_level(min), row.optional_level(max));
    let assumed = from.is_none() || to.is_none();
    let limits = LevelLimits { min: from.unwrap_or(Level::MIN), max: to.unwrap_or(Level::MAX), assumed };
    if limits.max < limits.min {
        row.wrong_cell(max, format!("{} or more, the row's level_min", limits.min));
    }
    limits
}

/// Tags, each name and value no longer than a label.
fn tags(row: &mut Row<'_, '_>, column: Column<'_>) -> Vec<Tag> {
    let tags = match cells::tags(row.text(column)) {
        Ok(tags) => tags,
        Err(slip) => {
            row.wrong_cell(column, slip.to_string());
            return Vec::new();
        }
    };
    let is_long = |text: &str| LONGEST_LABEL < text.len() && LONGEST_LABEL < text.chars().count();
    if tags.iter().any(|tag| is_long(&tag.name) || is_long(&tag.value)) {
        row.wrong_cell(column, format!("names and values of at most {LONGEST_LABEL} characters"));
    }
    tags
}

/// Tags of which each name has one value.
pub(super) fn required_tags(row: &mut Row<'_, '_>, column: Column<'_>) -> Vec<Tag> {
    let tags = tags(row, column);
    if let Some(pair) = tags.windows(2).find(|pair| pair[0].name == pair[1].name) {
        row.wrong_cell(column, format!("one value for {}; both cannot hold", pair[0].name));
    }
    tags
}

fn read_unit(row: &mut Row<'_, '_>, unit: Column<'_>, children: Column<'_>) -> Unit {
    let per_unit = row.optional_number(children, 1);
    match row.label(unit) {
        "" | "place" | "child" => {
            if per_unit.is_some_and(|children| children != 1) {
                row.wrong_cell(children, "the name of the unit in the column unit: a place is one child");
            }
            Unit::Child
        }
        name => Unit::Other { name: name.to_owned(), children: per_unit },
    }
}
