//! The whole policy as an answer echoes it: every key of policy.toml, defaults included.

use serde_json::{Map, Value, json};

use crate::domain::policy::{
    CountPolicy, FloorShare, Floors, GroupBy, Objective, ObjectiveMode, Overlap, Policy, ReachDefaults, ReachRule,
    SupplyUse, UnknownCapacity, UnknownEligibility, UnknownPolicy,
};
use crate::domain::{Locality, StageName};

/// The policy of a locality, in policy.toml's own shape.
pub fn echo(locality: &Locality) -> Value {
    let Policy { supply, objective, level_weights, reach, unknown, count, limits, floors, seed, travel_pence_per_km } =
        locality.policy();
    let provider_places: Map<String, Value> = limits
        .provider_places
        .iter()
        .map(|&(provider, places)| (locality.providers()[provider.ix()].to_string(), json!(places)))
        .collect();
    json!({
        "supply": { "use": match supply { SupplyUse::Capacity => "capacity", SupplyUse::Free => "free" } },
        "objective": objective_keys(locality, objective),
        "weight": { "level": level_weights },
        "reach": reach_keys(locality, reach),
        "unknown": unknown_keys(unknown),
        "count": count_keys(count),
        "limits": { "placements_per_holder": limits.placements_per_holder, "provider_places": provider_places },
        "floors": floors_keys(locality, floors),
        "ties": { "seed": seed },
        "plan": { "travel_pence_per_km": travel_pence_per_km },
    })
}

fn group_name(locality: &Locality, by: GroupBy) -> String {
    match by {
        GroupBy::Nothing => "none".to_owned(),
        GroupBy::Area => "area".to_owned(),
        GroupBy::Column(column) => locality.group_columns()[column].name.clone(),
    }
}

fn objective_keys(locality: &Locality, objective: &Objective) -> Value {
    let Objective { mode, order, met, cost, km, even_by } = objective;
    json!({
        "mode": match mode { ObjectiveMode::Lexicographic => "lexicographic", ObjectiveMode::Blended => "blended" },
        "order": order.iter().copied().map(StageName::as_str).collect::<Vec<_>>(),
        "met": met,
        "cost": cost,
        "km": km,
        "even_by": group_name(locality, *even_by),
    })
}

fn reach_keys(locality: &Locality, reach: &ReachDefaults) -> Value {
    let ReachDefaults { metres, minutes, rules } = reach;
    let rule_keys = |rule: &ReachRule| {
        let ReachRule { kind, age_min, age_max, metres, minutes } = rule;
        let mut keys = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                keys.insert(key.to_owned(), value);
            }
        };
        put("kind", kind.map(|kind| json!(locality.kinds()[kind.ix()].id.as_str())));
        put("age_min", age_min.map(Value::from));
        put("age_max", age_max.map(Value::from));
        put("km", metres.map(|metres| json!(metres / 1000.0)));
        put("minutes", minutes.map(Value::from));
        Value::Object(keys)
    };
    let mut keys = Map::from_iter([
        ("km".to_owned(), json!(metres / 1000.0)),
        ("rules".to_owned(), rules.iter().map(rule_keys).collect()),
    ]);
    if let Some(minutes) = minutes {
        keys.insert("minutes".to_owned(), json!(minutes));
    }
    Value::Object(keys)
}

fn unknown_keys(unknown: &UnknownPolicy) -> Value {
    let UnknownPolicy { capacity, eligibility, stale_days } = unknown;
    json!({
        "capacity": match capacity {
            UnknownCapacity::Exclude => json!("exclude"),
            UnknownCapacity::Unlimited => json!("unlimited"),
            UnknownCapacity::Places(places) => json!(places),
        },
        "eligibility": match eligibility { UnknownEligibility::No => "no", UnknownEligibility::Yes => "yes" },
        "stale_days": stale_days,
    })
}

fn count_keys(count: &CountPolicy) -> Value {
    let CountPolicy { basis, overlap } = count;
    json!({
        "basis": basis.iter().map(|basis| basis.as_str()).collect::<Vec<_>>(),
        "overlap": match overlap { Overlap::Warn => "warn", Overlap::Reduce => "reduce", Overlap::Refuse => "refuse" },
    })
}

fn floors_keys(locality: &Locality, floors: &Floors) -> Value {
    let Floors { group, share } = floors;
    let decimal = |millionths: u32| f64::from(millionths) / f64::from(Floors::WHOLE);
    let share = match share {
        FloorShare::All(share) => json!(decimal(*share)),
        FloorShare::Each(shares) => {
            shares.iter().map(|(value, share)| (value.clone(), json!(decimal(*share)))).collect::<Map<_, _>>().into()
        }
    };
    json!({ "group": group_name(locality, *group), "share": share })
}
