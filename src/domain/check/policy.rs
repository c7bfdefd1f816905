//! `policy.toml`: every key optional, each default in [`Policy::defaults`].

use std::collections::BTreeMap;

use super::cells::MOST_CHILDREN;
use super::findings::Findings;
use super::groups::PREFIX;
use super::names::{Names, with_hint};
use super::offers::{LONGEST_REACH, ReachUnits};
use super::settings::{Keys, shown};
use crate::domain::age::AgeUnit;
use crate::domain::draft::{Draft, Setting};
use crate::domain::ids::{Id, KindIx, ProviderIx};
use crate::domain::layer::{Basis, BasisSet};
use crate::domain::locality::GroupColumn;
use crate::domain::policy::{
    FloorShare, Floors, GroupBy, ObjectiveMode, Overlap, Policy, ReachRule, StageName, SupplyUse, UnknownCapacity,
    UnknownEligibility,
};

pub(super) const FILE: &str = "policy.toml";

const MOST: i64 = MOST_CHILDREN;

/// What the policy may name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nameable<'n, 'a> {
    pub kinds: &'n Names<'a>,
    /// Sorted.
    pub providers: &'n [Id],
    /// Names without the prefix, sorted.
    pub group_columns: &'n [String],
    pub units: ReachUnits,
    pub ages: AgeUnit,
}

/// The defaults, where the file gives nothing else. `seed` is the reference date.
pub(super) fn read(draft: &Draft, seed: String, nameable: &Nameable<'_, '_>, findings: &mut Findings) -> Policy {
    let mut policy = Policy::defaults(seed);
    let mut keys = Keys::root(FILE, draft.policy.as_ref());
    supply(&mut keys, &mut policy, findings);
    objective(&mut keys, &mut policy, nameable, findings);
    weight(&mut keys, &mut policy, findings);
    reach(&mut keys, &mut policy, nameable, findings);
    unknown(&mut keys, &mut policy, findings);
    count(&mut keys, &mut policy, findings);
    limits(&mut keys, &mut policy, nameable, findings);
    floors(&mut keys, &mut policy, nameable, findings);
    let mut ties = keys.section("ties", findings);
    if let Some(setting) = ties.get("seed") {
        // An empty seed is the default written out.
        let seed = ties.text_of("seed", setting, findings).filter(|seed| !seed.is_empty());
        policy.seed = seed.unwrap_or(policy.seed);
    }
    ties.close(findings);
    let mut plan = keys.section("plan", findings);
    if let Some(pence) = plan.whole("travel_pence_per_km", 0, MOST, findings) {
        policy.travel_pence_per_km = pence.unsigned_abs();
    }
    plan.close(findings);
    keys.close(findings);
    policy
}

/// A whole number that fits where the policy keeps it; no larger than [`MOST`], so the conversion cannot fail.
fn small(keys: &mut Keys<'_>, key: &'static str, min: i64, into: &mut u32, findings: &mut Findings) {
    let number = keys.whole(key, min, MOST, findings).and_then(|number| u32::try_from(number).ok());
    *into = number.unwrap_or(*into);
}

fn supply(keys: &mut Keys<'_>, policy: &mut Policy, findings: &mut Findings) {
    let mut keys = keys.section("supply", findings);
    let choices = [("capacity", SupplyUse::Capacity), ("free", SupplyUse::Free)];
    policy.supply = keys.choice("use", &choices, findings).unwrap_or(policy.supply);
    keys.close(findings);
}

fn objective(keys: &mut Keys<'_>, policy: &mut Policy, nameable: &Nameable<'_, '_>, findings: &mut Findings) {
    let mut keys = keys.section("objective", findings);
    let objective = &mut policy.objective;
    let choices = [("lexicographic", ObjectiveMode::Lexicographic), ("blended", ObjectiveMode::Blended)];
    objective.mode = keys.choice("mode", &choices, findings).unwrap_or(objective.mode);
    if let Some(list) = keys.list("order", findings) {
        let stages = StageName::LEXICOGRAPHIC.map(|stage| (stage.as_str(), stage));
        let mut order = Vec::new();
        for (at, setting) in list.iter().enumerate() {
            let key = format!("order[{at}]");
            let Some(stage) = keys.choice_of(&key, setting, &stages, findings) else { continue };
            if order.contains(&stage) {
                keys.wrong(&key, stage.as_str(), "each stage once", findings);
            } else {
                order.push(stage);
            }
        }
        if list.is_empty() {
            keys.wrong("order", "[]", "at least one stage", findings);
        }
        objective.order = order;
    }
    small(&mut keys, "met", 0, &mut objective.met, findings);
    small(&mut keys, "cost", 0, &mut objective.cost, findings);
    small(&mut keys, "km", 0, &mut objective.km, findings);
    objective.even_by = group_by(&mut keys, "even_by", nameable, findings).unwrap_or(objective.even_by);
    if objective.mode == ObjectiveMode::Blended && objective.km != 0 && !nameable.units.km {
        let wanted = "0 where the mode is blended and travel.csv is in minutes";
        keys.wrong("km", &objective.km.to_string(), wanted, findings);
    }
    keys.close(findings);
}

fn weight(keys: &mut Keys<'_>, policy: &mut Policy, findings: &mut Findings) {
    let mut keys = keys.section("weight", findings);
    if let Some(list) = keys.list("level", findings) {
        let read = |(at, setting): (usize, &Setting)| {
            let weight = keys.whole_of(&format!("level[{at}]"), setting, 1, MOST, findings)?;
            u32::try_from(weight).ok()
        };
        let weights: Vec<Option<u32>> = list.iter().enumerate().map(read).collect();
        match weights[..] {
            [Some(one), Some(two), Some(three), Some(four)] => policy.level_weights = [one, two, three, four],
            [_, _, _, _] => {}
            _ => {
                let seen = shown(&Setting::List(list.to_vec()));
                keys.wrong("level", &seen, "four weights, for the levels 1 to 4", findings);
            }
        }
    }
    keys.close(findings);
}

fn reach(keys: &mut Keys<'_>, policy: &mut Policy, nameable: &Nameable<'_, '_>, findings: &mut Findings) {
    let mut keys = keys.section("reach", findings);
    let km = keys.measure("km", "e3", LONGEST_REACH, findings);
    let minutes = keys.measure("minutes", "", LONGEST_REACH, findings);
    refuse_untested_reach(&keys, km, minutes, nameable.units, findings);
    policy.reach.metres = km.unwrap_or(policy.reach.metres);
    policy.reach.minutes = minutes;
    let list = keys.list("rules", findings).unwrap_or_default();
    for (at, setting) in list.iter().enumerate() {
        let mut rule_keys = keys.entry("rules", at, setting, findings);
        let rule = reach_rule(&mut rule_keys, nameable, findings);
        policy.reach.rules.extend(rule_keys.is_present().then_some(rule));
        rule_keys.close(findings);
    }
    keys.close(findings);
}

fn reach_rule(keys: &mut Keys<'_>, nameable: &Nameable<'_, '_>, findings: &mut Findings) -> ReachRule {
    let mut kind = None;
    if let Some(code) = keys.text("kind", findings) {
        kind = nameable.kinds.position(&code).map(KindIx::new);
        if kind.is_none() {
            let wanted = findings.hints.wanted(nameable.kinds, &code);
            keys.wrong("kind", &code, wanted, findings);
        }
    }
    let oldest = i64::from(nameable.ages.max_age());
    let age_min = keys.whole("age_min", 0, oldest, findings).and_then(|age| u16::try_from(age).ok());
    let age_max = keys.whole("age_max", 0, oldest, findings).and_then(|age| u16::try_from(age).ok());
    if let (Some(min), Some(max)) = (age_min, age_max)
        && max < min
    {
        keys.wrong("age_max", &max.to_string(), format!("{min} or more, the rule's age_min"), findings);
    }
    let metres = keys.measure("km", "e3", LONGEST_REACH, findings);
    let minutes = keys.measure("minutes", "", LONGEST_REACH, findings);
    if metres.is_none() && minutes.is_none() && keys.is_present() && keys.get("km").or(keys.get("minutes")).is_none() {
        let (key, wanted) = if nameable.units.km { ("km", "km = ...") } else { ("minutes", "minutes = ...") };
        keys.wrong(key, "", format!("{wanted}, the reach of this rule"), findings);
    }
    refuse_untested_reach(keys, metres, minutes, nameable.units, findings);
    ReachRule { kind, age_min, age_max, metres, minutes }
}

/// A reach that is written but never tested would mislead whoever wrote it. Both units side by side are no problem: one
/// of them is tested.
fn refuse_untested_reach(
    keys: &Keys<'_>,
    km: Option<f64>,
    minutes: Option<f64>,
    units: ReachUnits,
    findings: &mut Findings,
) {
    if let Some(minutes) = minutes.filter(|_| !units.minutes) {
        keys.wrong("minutes", &minutes.to_string(), "km: there is no travel.csv in minutes", findings);
    }
    if let (Some(metres), None) = (km, minutes)
        && !units.km
    {
        keys.wrong("km", &(metres / 1000.0).to_string(), "minutes: travel.csv is in minutes", findings);
    }
}

fn unknown(keys: &mut Keys<'_>, policy: &mut Policy, findings: &mut Findings) {
    let mut keys = keys.section("unknown", findings);
    let unknown = &mut policy.unknown;
    match keys.get("capacity") {
        None => {}
        Some(setting @ (Setting::Whole(_) | Setting::Decimal { .. })) => {
            let places = keys.whole_of("capacity", setting, 0, MOST, findings);
            unknown.capacity = UnknownCapacity::Places(places.unwrap_or_default().unsigned_abs());
        }
        Some(Setting::Text(text)) if text.trim() == "exclude" => unknown.capacity = UnknownCapacity::Exclude,
        Some(Setting::Text(text)) if text.trim() == "unlimited" => unknown.capacity = UnknownCapacity::Unlimited,
        Some(other) => {
            let seen = shown(other);
            let wanted = with_hint("\"exclude\", \"unlimited\" or a number of places", &seen, ["exclude", "unlimited"]);
            keys.wrong("capacity", &seen, wanted, findings);
        }
    }
    let choices = [("no", UnknownEligibility::No), ("yes", UnknownEligibility::Yes)];
    unknown.eligibility = keys.choice("eligibility", &choices, findings).unwrap_or(unknown.eligibility);
    small(&mut keys, "stale_days", 0, &mut unknown.stale_days, findings);
    keys.close(findings);
}

fn count(keys: &mut Keys<'_>, policy: &mut Policy, findings: &mut Findings) {
    let mut keys = keys.section("count", findings);
    if let Some(list) = keys.list("basis", findings) {
        let choices: Vec<(&str, Basis)> = Basis::ALL.iter().map(|&basis| (basis.as_str(), basis)).collect();
        let entries = list.iter().enumerate();
        let bases =
            entries.filter_map(|(at, basis)| keys.choice_of(&format!("basis[{at}]"), basis, &choices, findings));
        policy.count.basis = bases.fold(BasisSet::default(), BasisSet::with);
    }
    let choices = [("warn", Overlap::Warn), ("reduce", Overlap::Reduce), ("refuse", Overlap::Refuse)];
    policy.count.overlap = keys.choice("overlap", &choices, findings).unwrap_or(policy.count.overlap);
    keys.close(findings);
}

fn limits(keys: &mut Keys<'_>, policy: &mut Policy, nameable: &Nameable<'_, '_>, findings: &mut Findings) {
    let mut keys = keys.section("limits", findings);
    small(&mut keys, "placements_per_holder", 0, &mut policy.limits.placements_per_holder, findings);
    match keys.get("provider_places") {
        None => {}
        Some(Setting::Keys(table)) => {
            for (provider, setting) in table {
                let key = format!("provider_places.{provider}");
                let places = keys.whole_of(&key, setting, 0, MOST, findings);
                match nameable.providers.binary_search_by(|id| id.as_str().cmp(provider)) {
                    Ok(at) => {
                        let places = places.unwrap_or_default().unsigned_abs();
                        policy.limits.provider_places.push((ProviderIx::new(at), places));
                    }
                    Err(_) => {
                        let known = nameable.providers.iter().map(Id::as_str);
                        let wanted = with_hint("a provider of services.csv", provider, known);
                        keys.wrong(&key, provider, wanted, findings);
                    }
                }
            }
        }
        Some(other) => keys.wrong("provider_places", &shown(other), "a table: provider = places", findings),
    }
    keys.close(findings);
}

fn floors(keys: &mut Keys<'_>, policy: &mut Policy, nameable: &Nameable<'_, '_>, findings: &mut Findings) {
    let mut keys = keys.section("floors", findings);
    let floors = &mut policy.floors;
    floors.group = group_by(&mut keys, "group", nameable, findings).unwrap_or(floors.group);
    match keys.get("share") {
        None => {}
        Some(Setting::Keys(table)) => {
            let read = |(value, setting): (&String, &Setting)| {
                let share = share(&keys, &format!("share.{value}"), setting, findings)?;
                Some((value.clone(), share))
            };
            let shares: BTreeMap<String, u32> = table.iter().filter_map(read).collect();
            floors.share = FloorShare::Each(shares.into_iter().collect());
            if floors.group == GroupBy::Nothing {
                keys.wrong("share", "a table", "one share, since group is \"none\"", findings);
            }
        }
        Some(setting) => floors.share = FloorShare::All(share(&keys, "share", setting, findings).unwrap_or_default()),
    }
    keys.close(findings);
}

fn share(keys: &Keys<'_>, key: &str, setting: &Setting, findings: &mut Findings) -> Option<u32> {
    let places = Floors::WHOLE.ilog10() as usize;
    keys.fixed_of(key, setting, 1, places, findings).and_then(|share| u32::try_from(share).ok())
}

/// "area", "none", or a group column with or without its prefix. With the prefix, even a column called area.
fn group_by(
    keys: &mut Keys<'_>,
    key: &'static str,
    nameable: &Nameable<'_, '_>,
    findings: &mut Findings,
) -> Option<GroupBy> {
    let text = keys.text(key, findings)?;
    match text.as_str() {
        "area" => return Some(GroupBy::Area),
        "none" => return Some(GroupBy::Nothing),
        _ => {}
    }
    let name = text.strip_prefix(PREFIX).unwrap_or(&text).trim();
    let column = nameable.group_columns.iter().position(|column| column == name);
    if column.is_none() {
        let words = ["area", "none"].into_iter().chain(nameable.group_columns.iter().map(String::as_str));
        let wanted = with_hint("\"area\", \"none\" or the name of a group column", name, words);
        keys.wrong(key, &text, wanted, findings);
    }
    column.map(GroupBy::Column)
}

/// A share of the floors for a value that nobody has would never bind. Looked at once every value is known.
pub(super) fn refuse_unknown_floors(
    policy: &Policy,
    groups: &[GroupColumn],
    areas: &Names<'_>,
    findings: &mut Findings,
) {
    let FloorShare::Each(shares) = &policy.floors.share else { return };
    for (value, _) in shares {
        let wanted = match policy.floors.group {
            GroupBy::Nothing => None,
            GroupBy::Area if areas.position(value).is_some() => None,
            GroupBy::Area => Some(findings.hints.wanted(areas, value)),
            GroupBy::Column(column) => {
                let GroupColumn { name, values } = &groups[column];
                let plain = format!("a value of {PREFIX}{name}");
                let found = values.binary_search(value).is_ok();
                (!found).then(|| with_hint(&plain, value, values.iter().take(1000).map(String::as_str)))
            }
        };
        if let Some(wanted) = wanted {
            findings.structural(FILE, Some(&format!("floors.share.{value}")), value, wanted);
        }
    }
}
