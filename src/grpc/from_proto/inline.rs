//! An inline locality becomes a draft, table by table. Messages are taken apart by name: a new field stops the build until
//! someone decides which column it is.

use std::collections::BTreeMap;

use prost_types::value::Kind as ValueKind;
use prost_types::{ListValue, Struct, Value};

use super::rows::{Place, Rows, Wrong, word};
use crate::domain::{Draft, Setting, Table};
use crate::grpc::pb::suffice::v1 as pb;
use crate::import::bundle::add_built_in;
use crate::service::Violation;

/// The draft of an inline locality, with the built-in tables where it brings none of its own.
pub(in crate::grpc) fn draft(locality: pb::InlineLocality, most_field_bytes: usize) -> Result<Draft, Vec<Violation>> {
    let pb::InlineLocality {
        settings: about,
        policy,
        areas: area_rows,
        needs: need_rows,
        services: service_rows,
        offers: offer_rows,
        meets: meet_rows,
        kinds: kind_rows,
        declines: decline_rows,
        declines_recorded,
        population: population_rows,
        receipts: receipt_rows,
        receipts_recorded,
        travel: travel_rows,
    } = locality;
    let mut wrong = Wrong::new(most_field_bytes);
    let point = match about.as_ref().map(|about| pb::Coordinates::try_from(about.coordinates)) {
        Some(Ok(pb::Coordinates::Metres)) => ["x", "y"],
        _ => ["lon", "lat"],
    };
    let mut tables = BTreeMap::new();
    let mut add = |name: &str, table: Table| drop(tables.insert(name.to_owned(), table));
    add("areas", areas(area_rows, point, &mut wrong));
    add("needs", needs(Place::List("needs"), need_rows, &mut wrong).into_table());
    add("services", services(Place::List("services"), service_rows, &mut wrong).into_table());
    let offers = offers(Place::List("offers"), offer_rows, &mut wrong);
    add("offers", offers.with_column(point[0]).with_column(point[1]).into_table());
    if !meet_rows.is_empty() {
        add("meets", meets(meet_rows, &mut wrong));
    }
    if !kind_rows.is_empty() {
        add("kinds", kinds(kind_rows, &mut wrong));
    }
    if declines_recorded || !decline_rows.is_empty() {
        add("declines", declines(Place::List("declines"), decline_rows, &mut wrong).into_table());
    }
    if !population_rows.is_empty() {
        add("population", population(population_rows, &mut wrong));
    }
    if receipts_recorded || !receipt_rows.is_empty() {
        add("receipts", receipts(Place::List("receipts"), receipt_rows, &mut wrong).into_table());
    }
    if !travel_rows.is_empty() {
        add("travel", travel(travel_rows, &mut wrong));
    }
    let about = match about {
        Some(about) => Some(settings(about, &mut wrong)),
        None => {
            wrong.add("locality.settings", "wanted name, reference_date, period and coordinates");
            None
        }
    };
    let policy = policy.map(keys);
    let mut draft = Draft { about, policy, tables, ..Draft::default() };
    add_built_in(&mut draft);
    wrong.into_result(draft)
}

fn areas(rows: Vec<pb::Area>, point: [&str; 2], wrong: &mut Wrong) -> Table {
    const COLUMNS: [&str; 5] = ["area", "name", "parent", "inside", "deprivation_rank"];
    let mut table = Rows::new("areas", &COLUMNS).with_column(point[0]).with_column(point[1]);
    for row in rows {
        let pb::Area { area, name, lon, lat, x, y, parent, inside, deprivation_rank, groups } = row;
        table
            .next(wrong)
            .text("area", area)
            .text("name", name)
            .number("lon", lon)
            .number("lat", lat)
            .number("x", x)
            .number("y", y)
            .text("parent", parent)
            .yes_no("inside", inside)
            .number("deprivation_rank", deprivation_rank)
            .named("group", groups);
    }
    table.into_table()
}

pub(super) fn needs(place: Place, rows: Vec<pb::Need>, wrong: &mut Wrong) -> Rows {
    const COLUMNS: [&str; 15] = [
        "need",
        "holder",
        "kind",
        "level",
        "children",
        "area",
        "age",
        "age_max",
        "weight",
        "basis",
        "certainty",
        "children_low",
        "children_high",
        "tags",
        "household",
    ];
    let mut table = Rows::at(place, &COLUMNS);
    for row in rows {
        let pb::Need {
            need,
            holder,
            kind,
            level,
            children,
            area,
            age,
            age_max,
            lon,
            lat,
            x,
            y,
            weight,
            basis,
            certainty,
            children_low,
            children_high,
            tags,
            household,
            groups,
        } = row;
        let bases = basis.into_iter().map(|basis| match basis {
            0 => Err(()),
            basis => word(basis, "BASIS_", pb::Basis::as_str_name),
        });
        table
            .next(wrong)
            .text("need", need)
            .text("holder", holder)
            .text("kind", kind)
            .number("level", level)
            .count("children", children)
            .text("area", area)
            .number("age", age)
            .number("age_max", age_max)
            .number("lon", lon)
            .number("lat", lat)
            .number("x", x)
            .number("y", y)
            .number("weight", weight)
            .codes("basis", bases)
            .code("certainty", word(certainty, "CERTAINTY_", pb::Certainty::as_str_name))
            .number("children_low", children_low)
            .number("children_high", children_high)
            .tags("tags", tags)
            .text("household", household)
            .named("group", groups);
    }
    table
}

pub(super) fn services(place: Place, rows: Vec<pb::Service>, wrong: &mut Wrong) -> Rows {
    const COLUMNS: [&str; 16] = [
        "service",
        "name",
        "provider",
        "types",
        "age_min",
        "age_max",
        "level_min",
        "level_max",
        "setting",
        "target",
        "requires",
        "excludes",
        "evidence",
        "unit",
        "children_per_unit",
        "cost_per_place",
    ];
    let mut table = Rows::at(place, &COLUMNS);
    for row in rows {
        let pb::Service {
            service,
            name,
            provider,
            types,
            age_min,
            age_max,
            level_min,
            level_max,
            setting,
            target,
            requires,
            excludes,
            evidence,
            unit,
            children_per_unit,
            cost_per_place,
        } = row;
        table
            .next(wrong)
            .text("service", service)
            .text("name", name)
            .text("provider", provider)
            .list("types", types)
            .age_limit("age_min", age_min)
            .age_limit("age_max", age_max)
            .number("level_min", level_min)
            .number("level_max", level_max)
            .code("setting", word(setting, "LAYER_", pb::Layer::as_str_name))
            .code("target", word(target, "LAYER_", pb::Layer::as_str_name))
            .tags("requires", requires)
            .tags("excludes", excludes)
            .text("evidence", evidence)
            .text("unit", unit)
            .number("children_per_unit", children_per_unit)
            .number("cost_per_place", cost_per_place);
    }
    table
}

pub(super) fn offers(place: Place, rows: Vec<pb::Offer>, wrong: &mut Wrong) -> Rows {
    const COLUMNS: [&str; 9] = ["offer", "service", "area", "capacity", "free", "turns", "status", "updated", "areas"];
    let mut table = Rows::at(place, &COLUMNS);
    for row in rows {
        let pb::Offer { offer, service, lon, lat, x, y, area, capacity, free, turns, status, updated, areas, reach } =
            row;
        table
            .next(wrong)
            .text("offer", offer)
            .text("service", service)
            .number("lon", lon)
            .number("lat", lat)
            .number("x", x)
            .number("y", y)
            .text("area", area)
            .count("capacity", capacity)
            .count("free", free)
            .number("turns", turns)
            .code("status", word(status, "OFFER_STATUS_", pb::OfferStatus::as_str_name))
            .text("updated", updated)
            .reach(reach)
            .list("areas", areas);
    }
    table
}

fn meets(rows: Vec<pb::Meet>, wrong: &mut Wrong) -> Table {
    let mut table = Rows::new("meets", &["kind", "type", "effect", "source"]);
    for row in rows {
        let pb::Meet { kind, r#type, effect, source } = row;
        table.next(wrong).text("kind", kind).text("type", r#type).number("effect", effect).text("source", source);
    }
    table.into_table()
}

fn kinds(rows: Vec<pb::Kind>, wrong: &mut Wrong) -> Table {
    const COLUMNS: [&str; 8] = ["kind", "label", "layer", "domain", "recipient", "age_min", "age_max", "source"];
    let mut table = Rows::new("kinds", &COLUMNS);
    for row in rows {
        let pb::Kind { kind, label, layer, domain, recipient, age_min, age_max, source, codes } = row;
        table
            .next(wrong)
            .text("kind", kind)
            .text("label", label)
            .code("layer", word(layer, "LAYER_", pb::Layer::as_str_name))
            .text("domain", domain)
            .code("recipient", word(recipient, "RECIPIENT_", pb::Recipient::as_str_name))
            .number("age_min", age_min)
            .number("age_max", age_max)
            .text("source", source)
            .named("code", codes);
    }
    table.into_table()
}

pub(super) fn declines(place: Place, rows: Vec<pb::Decline>, wrong: &mut Wrong) -> Rows {
    let mut table = Rows::at(place, &["need", "holder", "kind", "area", "service", "offer", "reason"]);
    for row in rows {
        let pb::Decline { need, holder, kind, area, service, offer, reason } = row;
        table
            .next(wrong)
            .text("need", need)
            .text("holder", holder)
            .text("kind", kind)
            .text("area", area)
            .text("service", service)
            .text("offer", offer)
            .text("reason", reason);
    }
    table
}

fn population(rows: Vec<pb::PopulationRow>, wrong: &mut Wrong) -> Table {
    let mut table = Rows::new("population", &["area", "age", "age_max", "children"]);
    for row in rows {
        let pb::PopulationRow { area, age, age_max, groups, children } = row;
        table
            .next(wrong)
            .text("area", area)
            .number("age", age)
            .number("age_max", age_max)
            .count("children", children)
            .named("group", groups);
    }
    table.into_table()
}

pub(super) fn receipts(place: Place, rows: Vec<pb::Receipt>, wrong: &mut Wrong) -> Rows {
    const COLUMNS: [&str; 8] = ["service", "offer", "children", "need", "kind", "holder", "area", "age"];
    let mut table = Rows::at(place, &COLUMNS);
    for row in rows {
        let pb::Receipt { service, offer, children, need, kind, holder, area, age } = row;
        table
            .next(wrong)
            .text("service", service)
            .text("offer", offer)
            .count("children", children)
            .text("need", need)
            .text("kind", kind)
            .text("holder", holder)
            .text("area", area)
            .number("age", age);
    }
    table
}

fn travel(rows: Vec<pb::Travel>, wrong: &mut Wrong) -> Table {
    // One of the two columns has to be there, and which one says the unit of all.
    let in_minutes = |row: &pb::Travel| matches!(row.distance, Some(pb::travel::Distance::Minutes(_)));
    let unit = if rows.iter().any(in_minutes) { "minutes" } else { "km" };
    let mut table = Rows::new("travel", &["area", "offer"]).with_column(unit);
    for row in rows {
        let pb::Travel { area, offer, distance } = row;
        let row = table.next(wrong).text("area", area).text("offer", offer);
        match distance {
            Some(pb::travel::Distance::Minutes(minutes)) => row.number("minutes", Some(minutes)),
            Some(pb::travel::Distance::Km(km)) => row.number("km", Some(km)),
            None => row,
        };
    }
    table.into_table()
}

fn settings(about: pb::LocalitySettings, wrong: &mut Wrong) -> BTreeMap<String, Setting> {
    let pb::LocalitySettings { name, reference_date, period, coordinates, ages, licence, sources, design, deprivation } =
        about;
    let mut keys = BTreeMap::new();
    let mut text = |key: &str, value: String| {
        if !value.is_empty() {
            keys.insert(key.to_owned(), Setting::Text(value));
        }
    };
    text("name", name);
    text("reference_date", reference_date);
    text("period", period);
    text("licence", licence);
    let mut code = |key: &str, value: Result<String, ()>| match value {
        Ok(word) => text(key, word),
        Err(()) => wrong.add(format!("locality.settings.{key}"), "not one of the codes of this field"),
    };
    code("coordinates", word(coordinates, "COORDINATES_", pb::Coordinates::as_str_name));
    code("ages", word(ages, "AGE_UNIT_", pb::AgeUnit::as_str_name));
    code("design", word(design, "DESIGN_", pb::Design::as_str_name));
    if !sources.is_empty() {
        keys.insert("sources".to_owned(), Setting::List(sources.into_iter().map(Setting::Text).collect()));
    }
    if let Some(pb::DeprivationIndex { index, year, areas_in_index }) = deprivation {
        let index = [
            ("index".to_owned(), Setting::Text(index)),
            ("year".to_owned(), Setting::Whole(year.into())),
            ("areas_in_index".to_owned(), Setting::Whole(areas_in_index)),
        ];
        keys.insert("deprivation".to_owned(), Setting::Keys(index.into()));
    }
    keys
}

/// JSON-like values as a settings file would have them.
fn keys(values: Struct) -> BTreeMap<String, Setting> {
    let Struct { fields } = values;
    fields.into_iter().filter_map(|(key, value)| Some((key, setting(value)?))).collect()
}

/// None for null: a key that is not given.
fn setting(value: Value) -> Option<Setting> {
    /// Up to here every whole number is itself in a double.
    const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;
    Some(match value.kind? {
        ValueKind::NullValue(_) => return None,
        ValueKind::NumberValue(number) if number.fract() == 0.0 && number.abs() <= LARGEST_WHOLE => {
            Setting::Whole(number as i64)
        }
        ValueKind::NumberValue(value) => Setting::Decimal { value, text: value.to_string() },
        ValueKind::StringValue(text) => Setting::Text(text),
        ValueKind::BoolValue(value) => Setting::Bool(value),
        ValueKind::StructValue(values) => Setting::Keys(keys(values)),
        ValueKind::ListValue(ListValue { values }) => Setting::List(
            values.into_iter().map(|value| setting(value).unwrap_or(Setting::Other("null".to_owned()))).collect(),
        ),
    })
}
