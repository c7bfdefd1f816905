//! `population.csv`: how many children there are.

use super::about::Terms;
use super::findings::{Findings, RowRef};
use super::groups::Groups;
use super::names::Names;
use super::needs::ages_in_words;
use super::sheet::{AgeColumns, Sheet};
use crate::domain::draft::Draft;
use crate::domain::ids::AreaIx;
use crate::domain::locality::{Area, PopulationRow};

pub(super) const FILE: &str = "population.csv";

/// A row of the population and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub row: PopulationRow,
    pub from: RowRef,
}

/// Cells in the order of the rows, with their groups as yet unordered.
pub(super) fn read<'a>(
    draft: &'a Draft,
    terms: &Terms,
    areas: &[Area],
    area_names: &Names<'a>,
    groups: &mut Groups<'a>,
    findings: &mut Findings,
) -> Vec<Cell> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    let area = sheet.required("area", findings);
    let age = sheet.required("age", findings);
    let age_max = sheet.optional("age_max");
    let children = sheet.required("children", findings);
    let group_columns = groups.take(&mut sheet, findings);
    sheet.close_header(findings);

    let mut cells = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let of = row.refer(area, area_names);
        if row.is_blank(age) {
            row.wrong_cell(age, "the age of these children");
        }
        let ages = row.optional_ages(AgeColumns { age, age_max }, terms.ages);
        let children = row.stated(children);
        let own_groups = groups.read(&mut row, &group_columns, of.map(|of| areas[of].groups.as_slice()));
        if let (true, Some(of), Some(ages)) = (row.is_kept(), of, ages) {
            let population = PopulationRow { area: AreaIx::new(of), ages, groups: own_groups, children };
            cells.push(Cell { row: population, from: row.at() });
        }
    }
    cells
}

/// Sorts cells by area, groups and ages, once the groups are in their final order, and refuses those that hold the same
/// children twice.
pub(super) fn in_order(mut cells: Vec<Cell>, findings: &mut Findings) -> Vec<Cell> {
    // Among equal cells the first row stays, whatever is set aside.
    cells.sort_by(|one, two| key(one).cmp(&key(two)).then(one.from.cmp(&two.from)));
    let mut kept: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        let same = kept.last().filter(|last| last.row.area == cell.row.area && last.row.groups == cell.row.groups);
        match same.filter(|last| last.row.ages.overlaps(cell.row.ages)) {
            Some(last) => {
                let wanted = format!(
                    "each age of an area and group once; row {} has the ages {}",
                    last.from.row,
                    ages_in_words(last.row.ages)
                );
                findings.error(cell.from, "age", &ages_in_words(cell.row.ages), wanted);
            }
            None => kept.push(cell),
        }
    }
    // Area, ages, group: the order of the locality, and of ties when estimates are rounded.
    kept.sort_by(|one, two| {
        let key = |cell: &Cell| (cell.row.area, cell.row.ages);
        key(one).cmp(&key(two)).then_with(|| one.row.groups.cmp(&two.row.groups))
    });
    kept
}

fn key(cell: &Cell) -> (AreaIx, &[u32], u16, u16) {
    (cell.row.area, &cell.row.groups, cell.row.ages.min(), cell.row.ages.max())
}
