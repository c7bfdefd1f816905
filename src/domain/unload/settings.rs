//! `locality.toml` and `policy.toml` of a locality.

use std::collections::BTreeMap;

use super::kilometres;
use crate::domain::draft::Setting;
use crate::domain::locality::{About, Deprivation, Locality, Period};
use crate::domain::policy::{
    CountPolicy, FloorShare, Floors, GroupBy, Limits, Objective, ObjectiveMode, Overlap, Policy, ReachDefaults,
    ReachRule, SupplyUse, UnknownCapacity, UnknownEligibility, UnknownPolicy,
};

type Keys = BTreeMap<String, Setting>;

pub(super) fn about(about: &About) -> Keys {
    let About { name, reference_date, period, coordinates, ages, licence, sources, caveats, sample, deprivation } =
        about;
    let mut keys = keys([
        ("name", text(name)),
        ("reference_date", Setting::Date(reference_date.to_string())),
        (
            "period",
            match period {
                Period::Year(year) => Setting::Whole((*year).into()),
                Period::Day(date) => Setting::Date(date.to_string()),
            },
        ),
        ("coordinates", text(coordinates.as_str())),
        ("ages", text(ages.as_str())),
        ("sources", texts(sources)),
        ("caveats", texts(caveats)),
        ("design", text(if *sample { "sample" } else { "enumerated" })),
    ]);
    if let Some(licence) = licence {
        keys.insert("licence".to_owned(), text(licence));
    }
    if let Some(Deprivation { index, year, areas_in_index }) = deprivation {
        let deprivation = [
            ("index", text(index)),
            ("year", Setting::Whole((*year).into())),
            ("areas_in_index", Setting::Whole((*areas_in_index).into())),
        ];
        keys.insert("deprivation".to_owned(), section(deprivation));
    }
    keys
}

/// Every key, but those that say nothing: a default reach that nothing is tested against.
pub(super) fn policy(locality: &Locality) -> Keys {
    let Policy { supply, objective, level_weights, reach, unknown, count, limits, floors, seed, travel_pence_per_km } =
        locality.policy();
    let use_of = match supply {
        SupplyUse::Capacity => "capacity",
        SupplyUse::Free => "free",
    };
    keys([
        ("supply", section([("use", text(use_of))])),
        ("objective", self::objective(locality, objective)),
        ("weight", section([("level", Setting::List(level_weights.iter().map(|&weight| small(weight)).collect()))])),
        ("reach", self::reach(locality, reach)),
        ("unknown", self::unknown(unknown)),
        ("count", self::count(count)),
        ("limits", self::limits(locality, limits)),
        ("floors", self::floors(locality, floors)),
        ("ties", section([("seed", text(seed))])),
        ("plan", section([("travel_pence_per_km", whole(*travel_pence_per_km))])),
    ])
}

fn objective(locality: &Locality, objective: &Objective) -> Setting {
    let Objective { mode, order, met, cost, km, even_by } = objective;
    let mode = match mode {
        ObjectiveMode::Lexicographic => "lexicographic",
        ObjectiveMode::Blended => "blended",
    };
    section([
        ("mode", text(mode)),
        ("order", Setting::List(order.iter().map(|stage| text(stage.as_str())).collect())),
        ("met", small(*met)),
        ("cost", small(*cost)),
        ("km", small(*km)),
        ("even_by", group_by(locality, *even_by)),
    ])
}

fn reach(locality: &Locality, reach: &ReachDefaults) -> Setting {
    let ReachDefaults { metres, minutes, rules } = reach;
    let mut keys = keys([("rules", Setting::List(rules.iter().map(|rule| reach_rule(locality, rule)).collect()))]);
    // A distance that is not tested, because travel is in minutes, may not be written; there it is the default.
    if *metres != Policy::defaults(String::new()).reach.metres {
        keys.insert("km".to_owned(), decimal(kilometres(*metres), metres / 1000.0));
    }
    if let Some(minutes) = minutes {
        keys.insert("minutes".to_owned(), decimal(minutes.to_string(), *minutes));
    }
    Setting::Keys(keys)
}

fn reach_rule(locality: &Locality, rule: &ReachRule) -> Setting {
    let ReachRule { kind, age_min, age_max, metres, minutes } = rule;
    let optional = [
        ("kind", kind.map(|kind| text(locality.kinds()[kind.ix()].id.as_str()))),
        ("age_min", age_min.map(|age| small(age.into()))),
        ("age_max", age_max.map(|age| small(age.into()))),
        ("km", metres.map(|metres| decimal(kilometres(metres), metres / 1000.0))),
        ("minutes", minutes.map(|minutes| decimal(minutes.to_string(), minutes))),
    ];
    Setting::Keys(optional.into_iter().filter_map(|(key, setting)| Some((key.to_owned(), setting?))).collect())
}

fn unknown(unknown: &UnknownPolicy) -> Setting {
    let UnknownPolicy { capacity, eligibility, stale_days } = unknown;
    let capacity = match capacity {
        UnknownCapacity::Exclude => text("exclude"),
        UnknownCapacity::Unlimited => text("unlimited"),
        UnknownCapacity::Places(places) => whole(*places),
    };
    let eligibility = match eligibility {
        UnknownEligibility::No => "no",
        UnknownEligibility::Yes => "yes",
    };
    section([("capacity", capacity), ("eligibility", text(eligibility)), ("stale_days", small(*stale_days))])
}

fn count(count: &CountPolicy) -> Setting {
    let CountPolicy { basis, overlap } = count;
    let overlap = match overlap {
        Overlap::Warn => "warn",
        Overlap::Reduce => "reduce",
        Overlap::Refuse => "refuse",
    };
    section([
        ("basis", Setting::List(basis.iter().map(|basis| text(basis.as_str())).collect())),
        ("overlap", text(overlap)),
    ])
}

fn limits(locality: &Locality, limits: &Limits) -> Setting {
    let Limits { placements_per_holder, provider_places } = limits;
    let places = provider_places.iter();
    let places = places.map(|&(provider, places)| (locality.providers()[provider.ix()].to_string(), whole(places)));
    section([
        ("placements_per_holder", small(*placements_per_holder)),
        ("provider_places", Setting::Keys(places.collect())),
    ])
}

fn floors(locality: &Locality, floors: &Floors) -> Setting {
    let Floors { group, share } = floors;
    let millionths = |share: u32| {
        let text = format!("{}.{:06}", share / Floors::WHOLE, share % Floors::WHOLE);
        decimal(text, f64::from(share) / f64::from(Floors::WHOLE))
    };
    let share = match share {
        FloorShare::All(share) => millionths(*share),
        FloorShare::Each(shares) => {
            Setting::Keys(shares.iter().map(|(value, share)| (value.clone(), millionths(*share))).collect())
        }
    };
    section([("group", group_by(locality, *group)), ("share", share)])
}

fn group_by(locality: &Locality, by: GroupBy) -> Setting {
    match by {
        GroupBy::Nothing => text("none"),
        GroupBy::Area => text("area"),
        GroupBy::Column(column) => {
            let name = &locality.group_columns()[column].name;
            // A column may have the name of one of the words; with the prefix it is a column's all the same.
            let is_word = matches!(name.as_str(), "area" | "none") || name.starts_with("group:");
            text(&if is_word { format!("group:{name}") } else { name.clone() })
        }
    }
}

fn keys<const N: usize>(entries: [(&str, Setting); N]) -> Keys {
    entries.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect()
}

fn section<const N: usize>(entries: [(&str, Setting); N]) -> Setting {
    Setting::Keys(keys(entries))
}

fn text(text: &str) -> Setting {
    Setting::Text(text.to_owned())
}

fn texts(list: &[String]) -> Setting {
    Setting::List(list.iter().map(|entry| text(entry)).collect())
}

fn small(number: u32) -> Setting {
    Setting::Whole(number.into())
}

/// Every number of a policy is at most 10^9.
fn whole(number: u64) -> Setting {
    Setting::Whole(i64::try_from(number).unwrap_or(i64::MAX))
}

fn decimal(text: String, value: f64) -> Setting {
    Setting::Decimal { value, text }
}
