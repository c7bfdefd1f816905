//! The cascade of parts of a place, on request.

use serde::{Deserialize, Serialize};

use super::cascade::{CascadeDocument, document, found, or_stopped, pairs};
use super::ranges::Ranges;
use crate::domain::{AgeBand, Level, Locality, Problem};
use crate::engine::{Failure, Resident};
use crate::gaps::{SplitBy, SplitKey, Subgroup, cascades_by};
use crate::solve::Effort;
use crate::view::common::{age_key, area_key, group_key, kind_key};

/// What an analysis says on request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GapQuestions {
    /// Subgroups whose cascades are wanted.
    pub subgroups: Vec<SubgroupAsked>,
    /// `kind`, `area`, `level`, `age` or the name of a group column: the cascade of each part.
    pub cascade_by: Option<String>,
    /// Whether to say of each row of the tables between which numbers it lies over all that is as good.
    pub ranges: Ranges,
}

/// Child-needs with all of these; a field that is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubgroupAsked {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// This area and all below it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub area: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<u8>,
    /// First and last age, both inclusive, in the locality's unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ages: Option<[u16; 2]>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<GroupAsked>,
}

/// A value of a group column; the empty value is "not stated".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAsked {
    pub column: String,
    pub value: String,
}

/// The most of a part's needs that could be served at each stage. Parts share the places, so their numbers do not add up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubgroupCascade {
    /// What it is of.
    #[serde(flatten)]
    pub of: SubgroupAsked,
    /// The same in words.
    pub label: String,
    /// Rows of holders with children on both sides of the ages asked for, or without ages: in no stage.
    pub straddling_rows: u64,
    /// Null where time ran out.
    pub cascade: Option<CascadeDocument>,
}

/// The questions, once it is clear that they can be asked of this locality.
pub(super) struct Resolved<'a> {
    subgroups: Vec<(&'a SubgroupAsked, Subgroup)>,
    split: Option<SplitBy>,
}

impl GapQuestions {
    /// Every problem of every question, before anything is solved.
    pub(super) fn resolve(&self, locality: &Locality) -> Result<Resolved<'_>, Failure> {
        let mut problems = Vec::new();
        let subgroups = self.subgroups.iter().zip(1..);
        let subgroups = subgroups.map(|(asked, row)| (asked, resolved(locality, asked, row, &mut problems))).collect();
        let split = self.cascade_by.as_deref().and_then(|by| {
            let split = split_by(locality, by);
            if split.is_none() {
                let wanted = format!("kind, area, level, age or a group column of this locality{}", columns(locality));
                problems.push(Problem::error("cascade-by", None, None, by, wanted));
            }
            split
        });
        if problems.is_empty() { Ok(Resolved { subgroups, split }) } else { Err(Failure::BadQuestion(problems)) }
    }
}

fn split_by(locality: &Locality, by: &str) -> Option<SplitBy> {
    match by {
        "kind" => Some(SplitBy::Kind),
        "area" => Some(SplitBy::Area),
        "level" => Some(SplitBy::Level),
        "age" => Some(SplitBy::Age),
        column => locality.group_columns().iter().position(|of| of.name == column).map(SplitBy::Group),
    }
}

/// The group columns in brackets, for a sentence.
fn columns(locality: &Locality) -> String {
    let names: Vec<&str> = locality.group_columns().iter().map(|column| column.name.as_str()).collect();
    if names.is_empty() { " (it has none)".to_owned() } else { format!(" ({})", names.join(", ")) }
}

/// The subgroup, as far as it can be understood; what cannot is told.
fn resolved(locality: &Locality, asked: &SubgroupAsked, row: u64, problems: &mut Vec<Problem>) -> Subgroup {
    let SubgroupAsked { kind, area, level, ages, group } = asked;
    if asked == &SubgroupAsked::default() {
        let wanted = "at least one of kind, area, level, ages and a group";
        problems.push(Problem::error("subgroup", Some(row), None, "", wanted));
    }
    let mut tell = |column: &str, seen: &str, wanted: String| {
        problems.push(Problem::error("subgroup", Some(row), Some(column), seen, wanted));
    };
    let mut subgroup = Subgroup::default();
    if let Some(kind) = kind {
        subgroup.kind = locality.find_kind(kind);
        if subgroup.kind.is_none() {
            tell("kind", kind, "a kind of need of this locality".to_owned());
        }
    }
    if let Some(area) = area {
        subgroup.area = locality.find_area(area);
        if subgroup.area.is_none() {
            tell("area", area, "an area of this locality".to_owned());
        }
    }
    if let &Some(level) = level {
        subgroup.level = Level::new(level);
        if subgroup.level.is_none() {
            tell("level", &level.to_string(), "a level from 1 to 4".to_owned());
        }
    }
    if let &Some([min, max]) = ages {
        subgroup.ages = AgeBand::new(min, max);
        if subgroup.ages.is_none() {
            tell("ages", &format!("{min}-{max}"), "a first age that is not above the last".to_owned());
        }
    }
    if let Some(GroupAsked { column, value }) = group {
        match locality.group_columns().iter().position(|of| of.name == *column) {
            None => tell(column, value, format!("a group column of this locality{}", columns(locality))),
            Some(at) => match locality.group_columns()[at].values.binary_search(value) {
                Ok(value) => subgroup.group = Some((at, value as u32)),
                Err(_) => tell(column, value, "a value that the column has".to_owned()),
            },
        }
    }
    subgroup
}

/// Answers the questions in their order, then the parts of the split in theirs.
pub(super) fn answers(
    resident: &Resident,
    questions: Resolved<'_>,
    effort: &Effort,
) -> Result<Vec<SubgroupCascade>, Failure> {
    let locality = resident.locality();
    let mut answers = Vec::new();
    for (asked, subgroup) in questions.subgroups {
        let found = found(resident, &subgroup, effort)?;
        answers.push(SubgroupCascade {
            of: asked.clone(),
            label: label(locality, &subgroup),
            straddling_rows: found.as_ref().map_or(0, |cascade| cascade.target.straddling_rows),
            cascade: found.as_ref().map(document),
        });
    }
    if let Some(split) = questions.split {
        let found = or_stopped(
            pairs(resident, effort).and_then(|pairs| cascades_by(locality, resident.profiles(), &pairs, split, effort)),
        )?;
        for (key, cascade) in found.unwrap_or_default() {
            let (of, label) = part(locality, split, key);
            answers.push(SubgroupCascade { of, label, straddling_rows: 0, cascade: Some(document(&cascade)) });
        }
    }
    Ok(answers)
}

/// A subgroup in words.
fn label(locality: &Locality, subgroup: &Subgroup) -> String {
    let Subgroup { kind, area, group, level, ages } = subgroup;
    let mut words = Vec::new();
    words.extend(kind.map(|kind| kind_key(locality, kind).1));
    words.extend(area.map(|area| area_key(locality, area).1));
    words.extend(group.map(|(column, value)| {
        let column = &locality.group_columns()[column];
        format!("{}: {}", column.name, group_key(column, value).1)
    }));
    words.extend(level.map(|level| format!("level {level}")));
    words.extend(ages.map(|ages| age_key(locality, Some(ages)).1));
    words.join(", ")
}

fn part(locality: &Locality, split: SplitBy, key: SplitKey) -> (SubgroupAsked, String) {
    let none = SubgroupAsked::default();
    match key {
        SplitKey::Kind(kind) => {
            let (key, label) = kind_key(locality, kind);
            (SubgroupAsked { kind: Some(key), ..none }, label)
        }
        SplitKey::Area(area) => {
            let (key, label) = area_key(locality, area);
            (SubgroupAsked { area: Some(key), ..none }, label)
        }
        SplitKey::Level(level) => (SubgroupAsked { level: Some(level.get()), ..none }, format!("level {level}")),
        SplitKey::Age(ages) => {
            let asked = ages.map(|ages| [AgeBand::min(ages), AgeBand::max(ages)]);
            (SubgroupAsked { ages: asked, ..none }, age_key(locality, ages).1)
        }
        SplitKey::Group(value) => {
            // Keys of a group come from a split by a group.
            let SplitBy::Group(column) = split else { return (none, String::new()) };
            let column = &locality.group_columns()[column];
            let (value, label) = group_key(column, value);
            let group = GroupAsked { column: column.name.clone(), value };
            (SubgroupAsked { group: Some(group), ..none }, format!("{}: {label}", column.name))
        }
    }
}
