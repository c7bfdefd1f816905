//! What is asked of a locality besides the analysis itself.

use super::pb;
use crate::service::{Error, Violation};
use crate::view::gaps::{GapQuestions, GroupAsked, Ranges, SubgroupAsked};

/// Subgroups in one request: each costs a few flows.
const MOST_SUBGROUPS: usize = 100;

/// Every field that cannot be meant; whether the locality has such things is seen later.
pub(in crate::grpc) fn gap_questions(
    subgroups: Vec<pb::Subgroup>,
    cascade_by: String,
    ranges: bool,
) -> Result<GapQuestions, Error> {
    let mut violations = Vec::new();
    if MOST_SUBGROUPS < subgroups.len() {
        let wanted = format!("{} subgroups; at most {MOST_SUBGROUPS}", subgroups.len());
        return Err(Error::Invalid(vec![Violation::new("subgroups", wanted)]));
    }
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    let mut subgroup = |(at, asked): (usize, pb::Subgroup)| {
        let pb::Subgroup { kind, area, level, age_min, age_max, group, value } = asked;
        let mut wrong = |field: &str, wanted: &str| {
            violations.push(Violation::new(format!("subgroups[{at}].{field}"), wanted));
        };
        let level = match u8::try_from(level) {
            Ok(0) => None,
            Ok(level) => Some(level),
            Err(_) => {
                wrong("level", "wanted a level from 1 to 4");
                None
            }
        };
        let age = |age: Option<i32>| age.map(u16::try_from).transpose().ok();
        let ages = match (age(age_min), age(age_max)) {
            (Some(None), Some(None)) => None,
            (Some(Some(min)), Some(Some(max))) => Some([min, max]),
            _ => {
                wrong("age_min", "wanted age_min and age_max together, both from 0");
                None
            }
        };
        if group.is_empty() && !value.is_empty() {
            wrong("group", "wanted the column that the value is of");
        }
        SubgroupAsked {
            kind: named(kind),
            area: named(area),
            level,
            ages,
            group: named(group).map(|column| GroupAsked { column, value }),
        }
    };
    let subgroups = subgroups.into_iter().enumerate().map(&mut subgroup).collect();
    if violations.is_empty() {
        let ranges = if ranges { Ranges::Find } else { Ranges::Leave };
        Ok(GapQuestions { subgroups, cascade_by: named(cascade_by), ranges })
    } else {
        Err(Error::Invalid(violations))
    }
}
