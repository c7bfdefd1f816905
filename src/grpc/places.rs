//! Where a problem is, as the path of a field.
//!
//! A row of an inline locality is an element of a list, counted from 0; a row of a file is the spreadsheet's row. So
//! `needs.csv`, row 5, column `children` is `locality.needs[3].children` inline, and `needs.csv:5:children` in an upload.

use crate::domain::Problem;
use crate::service::{Origin, Violation};

/// The header is row 1, the first data row is row 2.
const FIRST_ROW: u64 = 2;

pub(super) fn violation(problem: &Problem, origin: Origin) -> Violation {
    let field = match origin {
        // Not a table: the need that came with a question for options.
        _ if problem.table == "need" => question_field(problem),
        Origin::Inline => inline_field(problem),
        Origin::Files => file_place(problem),
        Origin::Changes => field_of_change(problem),
    };
    let description = match problem.seen.is_empty() {
        true => format!("nothing there; {}", problem.wanted),
        false => format!("saw \"{}\"; {}", problem.seen, problem.wanted),
    };
    Violation { field, description }
}

fn inline_field(problem: &Problem) -> String {
    let list = match problem.table.as_str() {
        "locality.toml" => "settings",
        "policy.toml" => "policy",
        table => table.strip_suffix(".csv").unwrap_or(table),
    };
    let mut field = format!("locality.{list}");
    if let Some(row) = problem.row {
        field.push_str(&format!("[{}]", row.saturating_sub(FIRST_ROW)));
    }
    if let Some(column) = &problem.column {
        field.push_str(&format!(".{}", path(column)));
    }
    field
}

/// A column as a field of its message.
fn path(column: &str) -> String {
    match column.split_once(':') {
        Some(("group", name)) => format!("groups[\"{name}\"]"),
        Some(("code", name)) => format!("codes[\"{name}\"]"),
        _ => column.to_owned(),
    }
}

/// The check of changes names the change and its field: `changes[3]` and `set_need.level`.
fn field_of_change(problem: &Problem) -> String {
    match problem.column.as_deref().map(|column| column.split_once('.').unwrap_or((column, ""))) {
        None => problem.table.clone(),
        Some((change, "")) => format!("{}.{change}", problem.table),
        Some((change, column)) => format!("{}.{change}.{}", problem.table, path(column)),
    }
}

fn question_field(problem: &Problem) -> String {
    match &problem.column {
        Some(column) if column != "x, y" => format!("inline_need.{column}"),
        // Two fields together.
        _ => "inline_need".to_owned(),
    }
}

fn file_place(problem: &Problem) -> String {
    let mut place = problem.table.clone();
    if let Some(row) = problem.row {
        place.push_str(&format!(":{row}"));
    }
    if let Some(column) = &problem.column {
        place.push_str(&format!(":{column}"));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::violation;
    use crate::domain::Problem;
    use crate::service::{Origin, Violation};

    #[test]
    fn a_problem_is_placed_where_its_sender_can_find_it() {
        let check = |table: &str, row, column, inline: &str, file: &str| {
            let problem = Problem::error(table, row, column, "x", "wanted y");
            let expected = |field| Violation::new(field, "saw \"x\"; wanted y");
            assert_eq!(violation(&problem, Origin::Inline), expected(inline));
            assert_eq!(violation(&problem, Origin::Files), expected(file));
        };
        check("needs.csv", Some(5), Some("children"), "locality.needs[3].children", "needs.csv:5:children");
        check("areas.csv", Some(2), Some("group:sex"), "locality.areas[0].groups[\"sex\"]", "areas.csv:2:group:sex");
        check("kinds.csv", Some(2), Some("code:ICD"), "locality.kinds[0].codes[\"ICD\"]", "kinds.csv:2:code:ICD");
        check("needs.csv", Some(3), None, "locality.needs[1]", "needs.csv:3");
        check("offers.csv", None, None, "locality.offers", "offers.csv");
        check("policy.toml", None, Some("reach.km"), "locality.policy.reach.km", "policy.toml:reach.km");
        check("need", None, Some("area"), "inline_need.area", "inline_need.area");
        check("locality.toml", None, Some("period"), "locality.settings.period", "locality.toml:period");
    }
}
