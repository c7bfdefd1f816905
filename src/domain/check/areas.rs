//! `areas.csv`.

use std::collections::HashMap; // lookup only

use super::BadRows;
use super::about::Terms;
use super::findings::{Findings, RowRef};
use super::groups::Groups;
use super::names::{Names, not_set_aside};
use super::sheet::Sheet;
use crate::domain::draft::Draft;
use crate::domain::ids::AreaIx;
use crate::domain::locality::Area;

pub(super) const FILE: &str = "areas.csv";

/// A row whose parent is not looked up yet: it may stand further down.
#[derive(Debug)]
struct AreaRow<'a> {
    at: RowRef,
    id: &'a str,
    parent: &'a str,
    /// None where the row is bad.
    area: Option<Area>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    NotYet,
    OnTheWay,
    Good,
    Bad,
}

/// Areas sorted by id, with their groups as yet unordered.
pub(super) fn read<'a>(
    draft: &'a Draft,
    terms: &Terms,
    groups: &mut Groups<'a>,
    findings: &mut Findings,
) -> (Vec<Area>, Names<'a>) {
    let mut names = Names::new("an area", FILE);
    let mut rows = read_rows(draft, terms, groups, &mut names, findings);
    let parents = find_parents(&mut rows, &names, findings);
    refuse_circles(&mut rows, &parents, &names, findings);

    let mut good: Vec<(Area, &str)> = rows.into_iter().filter_map(|row| Some((row.area?, row.parent))).collect();
    good.sort_by(|(one, _), (two, _)| one.id.cmp(&two.id));
    names.settle_all(good.iter().map(|(area, _)| area.id.as_str()));
    let with_parent = |(area, parent): (Area, &str)| Area { parent: names.position(parent).map(AreaIx::new), ..area };
    let areas = good.into_iter().map(with_parent).collect();
    (areas, names)
}

fn read_rows<'a>(
    draft: &'a Draft,
    terms: &Terms,
    groups: &mut Groups<'a>,
    names: &mut Names<'a>,
    findings: &mut Findings,
) -> Vec<AreaRow<'a>> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    sheet.must_exist(findings);
    let id = sheet.required("area", findings);
    let name = sheet.required("name", findings);
    let point = sheet.point(terms.coordinates, findings);
    sheet.must_have(point, &[], findings);
    let parent = sheet.optional("parent");
    let inside = sheet.optional("inside");
    let rank = sheet.optional("deprivation_rank");
    let group_columns = groups.take(&mut sheet, findings);
    sheet.close_header(findings);

    let most = terms.areas_in_index.unwrap_or(u32::MAX);
    let mut rows = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, names);
        let name = row.label_or(name, own.as_ref());
        let point = row.optional_point(point, terms.coordinates);
        let inside = match row.text(inside) {
            "yes" | "" => true,
            "no" => false,
            _ => {
                row.wrong_cell(inside, "yes or no");
                true
            }
        };
        let rank = row.optional_whole(rank, 1, i64::from(most)).and_then(|rank| u32::try_from(rank).ok());
        let groups = groups.read(&mut row, &group_columns, None);
        let text = if own.is_some() { row.text(id) } else { "" };
        let area = own.filter(|_| row.is_kept()).map(|id| Area {
            id,
            name,
            point,
            parent: None,
            inside,
            deprivation_rank: rank,
            groups,
        });
        rows.push(AreaRow { at: row.at(), id: text, parent: row.text(parent), area });
    }
    rows
}

/// The position of each row's parent among the rows.
fn find_parents(rows: &mut [AreaRow<'_>], names: &Names<'_>, findings: &mut Findings) -> Vec<Option<usize>> {
    let named = rows.iter().enumerate().filter(|(_, row)| !row.id.is_empty());
    let positions: HashMap<&str, usize> = named.map(|(at, row)| (row.id, at)).collect();
    let mut parents = Vec::with_capacity(rows.len());
    for row in rows {
        let parent = positions.get(row.parent).copied();
        if parent.is_none() && !row.parent.is_empty() {
            let wanted = findings.hints.wanted(names, row.parent);
            findings.error(row.at, "parent", row.parent, wanted);
            row.area = None;
        }
        parents.push(parent);
    }
    parents
}

/// Marks as bad the areas whose parents lead back to them, and those below an area that is bad. Each area is walked
/// over once.
fn refuse_circles(rows: &mut [AreaRow<'_>], parents: &[Option<usize>], names: &Names<'_>, findings: &mut Findings) {
    let seen_at_first = |row: &AreaRow<'_>| if row.area.is_some() { Seen::NotYet } else { Seen::Bad };
    let mut seen: Vec<Seen> = rows.iter().map(seen_at_first).collect();
    for start in 0..rows.len() {
        let mut way = Vec::new();
        let mut next = Some(start);
        let mut in_circle = 0;
        let verdict = loop {
            let Some(at) = next else { break Seen::Good };
            match seen[at] {
                Seen::NotYet => {
                    seen[at] = Seen::OnTheWay;
                    way.push(at);
                    next = parents[at];
                }
                Seen::OnTheWay => {
                    in_circle = way.iter().rev().position(|&other| other == at).map_or(0, |back| back + 1);
                    break Seen::Bad;
                }
                verdict => break verdict,
            }
        };
        for (back, &at) in way.iter().rev().enumerate() {
            seen[at] = verdict;
            if verdict != Seen::Bad {
                continue;
            }
            let row = &mut rows[at];
            row.area = None;
            if back < in_circle {
                findings.error(
                    row.at,
                    "parent",
                    row.parent,
                    "a parent above it; this one leads back to the area itself",
                );
            } else if findings.bad_rows() == BadRows::SetAside {
                let above = names.get(row.parent).map_or(0, |(row, _)| row);
                findings.error(row.at, "parent", row.parent, not_set_aside(names, above));
            }
        }
    }
}
