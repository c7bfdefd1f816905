//! `rates.csv`: rates of need, which applied to the population make estimated cohorts.
//!
//! Rates are whole billionths and the arithmetic is exact. For each kind the estimates of all cells add up to the
//! rounded total: each cell gets its whole part, and the children that are left go to the cells with the largest
//! remainders (Hamilton's method), ties by area, age and group. Areas outside the locality are apportioned on their own.

use std::collections::{BTreeMap, BTreeSet};

use super::about::Terms;
use super::cells::MOST_CHILDREN;
use super::findings::{Findings, RowRef};
use super::groups::PREFIX;
use super::names::Names;
use super::needs::{NeedRow, Needs, ages_in_words};
use super::population::{self, Cell};
use super::row::Row;
use super::sheet::{Column, Sheet};
use crate::domain::age::AgeBand;
use crate::domain::draft::Draft;
use crate::domain::ids::{HolderIx, Id, KindIx};
use crate::domain::layer::{BasisSet, Certainty, Level};
use crate::domain::locality::{Area, GroupColumn, Holder, HolderSort, Kind, Need, NeedOrigin};
use crate::domain::policy::Policy;
use crate::domain::stated::Stated;

const FILE: &str = "rates.csv";

/// Decimal places of a rate.
const PLACES: usize = 9;
const ONE: u64 = 10_u64.pow(PLACES as u32);

/// As many estimated needs as a bundle may have rows are refused before memory is taken for them.
const MOST_ESTIMATES: usize = 20_000_000;

/// Which group values a rate is for: column and value, both as positions. Empty: every child.
type Selector = Vec<(usize, u32)>;

#[derive(Clone, Debug)]
struct Rate {
    from: RowRef,
    ages: AgeBand,
    /// Billionths.
    rate: u64,
    low: Option<u64>,
    high: Option<u64>,
    level: Level,
}

/// The rates of a kind: for each selector those that do not overlap, by age.
type OfKind = BTreeMap<Selector, Vec<Rate>>;

/// What rates are read against and applied to. Groups are in their final order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'g, 'a> {
    pub terms: &'g Terms,
    pub kind_names: &'g Names<'a>,
    pub kinds: &'g [Kind],
    pub areas: &'g [Area],
    pub groups: &'g [GroupColumn],
    pub policy: &'g Policy,
}

/// Adds the estimated cohorts to the needs, and leaves out of the population what straddles a rate.
pub(super) fn apply(
    draft: &Draft,
    ground: &Ground<'_, '_>,
    population: Vec<Cell>,
    needs: &mut Needs<'_>,
    findings: &mut Findings,
) -> Vec<Cell> {
    let rates = read(draft, ground, findings);
    if rates.is_empty() {
        return population;
    }
    let population = refuse_straddling(&rates, population, findings);
    let fitting = find_fitting(&rates, &population, findings);
    let mut cohorts = Cohorts { names: cohort_names(&population, ground.areas), holders: BTreeMap::new() };
    for (kind, cells) in fitting {
        for inside in [true, false] {
            let cells: Vec<Fit<'_>> =
                cells.iter().copied().filter(|fit| fit.is_inside(ground.areas) == inside).collect();
            for estimate in estimates(&cells) {
                cohorts.add(kind, &estimate, ground, needs, findings);
            }
        }
    }
    population
}

fn read(draft: &Draft, ground: &Ground<'_, '_>, findings: &mut Findings) -> BTreeMap<usize, OfKind> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    let kind = sheet.required("kind", findings);
    let age_min = sheet.required("age_min", findings);
    let age_max = sheet.required("age_max", findings);
    let rate = sheet.required("rate", findings);
    let low = sheet.optional("low");
    let high = sheet.optional("high");
    let level = sheet.optional("level");
    let source = sheet.required("source", findings);
    let group_columns = sheet.prefixed(PREFIX, findings);
    sheet.close_header(findings);

    let mut rates: BTreeMap<usize, OfKind> = BTreeMap::new();
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let of = row.refer(kind, ground.kind_names);
        let unit = ground.terms.ages;
        let ages = row.age(age_min, unit).zip(row.age(age_max, unit));
        let ages = ages.and_then(|(from, to)| row.band(from, to, age_min, age_max));
        let share = row.fixed(rate, 1, PLACES);
        let least = row.optional_fixed(low, 1, PLACES);
        let most = row.optional_fixed(high, 1, PLACES);
        if let (Some(least), Some(share)) = (least, share)
            && share < least
        {
            row.wrong_cell(low, "the row's rate or less");
        }
        if let (Some(most), Some(share)) = (most, share)
            && most < share
        {
            row.wrong_cell(high, "the row's rate or more");
        }
        let level = row.optional_level(level).unwrap_or(Level::MIN);
        row.text(source);
        let selector = selector(&mut row, &group_columns, ground.groups);
        if let (true, Some(of), Some(ages), Some(rate), Some(selector)) = (row.is_kept(), of, ages, share, selector) {
            let rate = Rate { from: row.at(), ages, rate, low: least, high: most, level };
            rates.entry(of).or_default().entry(selector).or_default().push(rate);
        }
    }
    for of_selector in rates.values_mut().flat_map(BTreeMap::values_mut) {
        refuse_overlaps(of_selector, findings);
    }
    rates
}

/// None where no child has one of the values: then the rate is for nobody, which is worth a word.
fn selector(row: &mut Row<'_, '_>, columns: &[Column<'_>], groups: &[GroupColumn]) -> Option<Selector> {
    let mut selector = Vec::new();
    let mut is_for_someone = true;
    for &column in columns {
        let value = row.label(column);
        if value.is_empty() {
            continue;
        }
        let at = groups.iter().position(|group| group.name == column.name)?;
        match groups[at].values.binary_search_by(|known| known.as_str().cmp(value)) {
            Ok(number) => selector.push((at, number as u32)),
            Err(_) => {
                is_for_someone = false;
                let at = row.at();
                let name = format!("{PREFIX}{}", column.name);
                row.findings.warning(at, &name, value, "a value that an area, a need or a population row has");
            }
        }
    }
    is_for_someone.then_some(selector)
}

/// Sorts rates by age and leaves out those that overlap an earlier one.
fn refuse_overlaps(rates: &mut Vec<Rate>, findings: &mut Findings) {
    rates.sort_by_key(|rate| (rate.ages, rate.from));
    let mut kept: Vec<Rate> = Vec::with_capacity(rates.len());
    for rate in rates.drain(..) {
        match kept.last().filter(|last| last.ages.overlaps(rate.ages)) {
            Some(last) => {
                let wanted = format!(
                    "one rate for each kind, age and group; row {} has the ages {}",
                    last.from.row,
                    ages_in_words(last.ages)
                );
                findings.error(rate.from, "age_min", &ages_in_words(rate.ages), wanted);
            }
            None => kept.push(rate),
        }
    }
    *rates = kept;
}

fn is_selected(selector: &Selector, groups: &[u32]) -> bool {
    selector.iter().all(|&(column, value)| groups[column] == value)
}

/// The rates among `rates`, sorted and apart, whose ages have one in common with `ages`.
fn touching(rates: &[Rate], ages: AgeBand) -> &[Rate] {
    let from = rates.partition_point(|rate| rate.ages.max() < ages.min());
    let to = rates.partition_point(|rate| rate.ages.min() <= ages.max());
    &rates[from..to.max(from)]
}

/// Leaves out cells of which a rate is for some ages and not for others: how many children it is for is not known.
fn refuse_straddling(rates: &BTreeMap<usize, OfKind>, population: Vec<Cell>, findings: &mut Findings) -> Vec<Cell> {
    let straddles = |cell: &Cell| {
        let ages = cell.row.ages;
        let of_kinds = rates.values().flatten().filter(|(selector, _)| is_selected(selector, &cell.row.groups));
        of_kinds.flat_map(|(_, rates)| touching(rates, ages)).find(|rate| !rate.ages.contains(ages)).cloned()
    };
    let mut kept = Vec::with_capacity(population.len());
    for cell in population {
        let Some(rate) = straddles(&cell) else {
            kept.push(cell);
            continue;
        };
        let ages = cell.row.ages;
        // A rate that touches the band without holding it begins or ends inside it.
        let cut = if ages.min() < rate.ages.min() { rate.ages.min() } else { rate.ages.max() + 1 };
        let wanted = format!(
            "ages that do not cross those of rates.csv, row {} ({}): {}",
            rate.from.row,
            ages_in_words(rate.ages),
            split(ages, cut)
        );
        findings.error(cell.from, "age", &ages_in_words(ages), wanted);
    }
    kept
}

/// Where to split a band so that `cut` begins the second part.
pub(super) fn split(ages: AgeBand, cut: u16) -> String {
    let part = |from, to| AgeBand::new(from, to).map(ages_in_words).unwrap_or_default();
    format!("split them into {} and {}", part(ages.min(), cut.saturating_sub(1)), part(cut, ages.max()))
}

/// A cell of the population and the rate that applies to it.
#[derive(Clone, Copy, Debug)]
struct Fit<'r> {
    cell: &'r Cell,
    rate: &'r Rate,
}

impl Fit<'_> {
    fn is_inside(&self, areas: &[Area]) -> bool {
        areas[self.cell.row.area.ix()].inside
    }
}

/// The rates of a kind that are for the children of a cell.
fn applicable<'r>(of_kind: &'r OfKind, cell: &'r Cell) -> impl Iterator<Item = &'r Rate> {
    let selected = of_kind.iter().filter(|(selector, _)| is_selected(selector, &cell.row.groups));
    selected.flat_map(|(_, rates)| touching(rates, cell.row.ages))
}

/// For each kind the cells that a rate applies to, in the order of the population. Of two rates for one cell the later
/// row is refused, and applied nowhere.
fn find_fitting<'r>(
    rates: &'r BTreeMap<usize, OfKind>,
    population: &'r [Cell],
    findings: &mut Findings,
) -> Vec<(usize, Vec<Fit<'r>>)> {
    let mut fitting = Vec::with_capacity(rates.len());
    let mut left = MOST_ESTIMATES;
    for (&kind, of_kind) in rates {
        let mut refused: BTreeSet<RowRef> = BTreeSet::new();
        for cell in population {
            let Some(first) = applicable(of_kind, cell).map(|rate| rate.from).min() else { continue };
            for rate in applicable(of_kind, cell).filter(|rate| rate.from != first) {
                if refused.insert(rate.from) {
                    let wanted = format!(
                        "one rate for each kind, age and group; row {} is for the children of {}, row {}, too",
                        first.row,
                        population::FILE,
                        cell.from.row
                    );
                    findings.error(rate.from, "age_min", &ages_in_words(rate.ages), wanted);
                }
            }
        }
        let fit = |cell| {
            let rate = applicable(of_kind, cell).find(|rate| !refused.contains(&rate.from))?;
            Some(Fit { cell, rate })
        };
        let fits: Vec<Fit<'_>> = population.iter().filter_map(fit).take(left).collect();
        left -= fits.len();
        fitting.push((kind, fits));
    }
    if left == 0 {
        let wanted = format!("rates and population that make fewer than {MOST_ESTIMATES} estimated needs");
        findings.structural(FILE, None, &format!("{MOST_ESTIMATES} or more"), wanted);
        return Vec::new();
    }
    fitting
}

/// An estimated cohort.
struct Estimate<'r> {
    fit: Fit<'r>,
    children: Stated<u64>,
    low: Option<u64>,
    high: Option<u64>,
}

fn estimates<'r>(fits: &[Fit<'r>]) -> Vec<Estimate<'r>> {
    let children = apportion(fits, |rate| Some(rate.rate));
    let low = apportion(fits, |rate| rate.low);
    let high = apportion(fits, |rate| rate.high);
    let estimate = |(at, &fit): (usize, &Fit<'r>)| {
        let children = match fit.cell.row.children {
            Stated::Known(_) => Stated::Known(children[at].unwrap_or(0)),
            Stated::Unknown(mark) => Stated::Unknown(mark),
        };
        // Each of the three is rounded on its own, so that a bound may come to lie one child on the wrong side.
        let number = children.known();
        let low = low[at].map(|low| number.map_or(low, |number| low.min(number)));
        let high = high[at].map(|high| number.map_or(high, |number| high.max(number)));
        Estimate { fit, children, low, high }
    };
    fits.iter().enumerate().map(estimate).collect()
}

/// Children by cell; None where the cell's children or its rate are not known.
fn apportion(fits: &[Fit<'_>], rate_of: impl Fn(&Rate) -> Option<u64>) -> Vec<Option<u64>> {
    let exact = |fit: &Fit<'_>| {
        let children = fit.cell.row.children.known()?;
        // At most 10^9 x 10^9, which fits.
        Some(children * rate_of(fit.rate)?)
    };
    let exact: Vec<Option<u64>> = fits.iter().map(exact).collect();
    let known: Vec<u64> = exact.iter().copied().flatten().collect();
    let mut rounded = largest_remainder(&known).into_iter();
    exact.into_iter().map(|exact| exact.and_then(|_| rounded.next())).collect()
}

/// Whole numbers that add up to the sum of `billionths`, rounded half up: each rounded down, and what is left given to
/// the largest remainders, the earlier first where they tie. O(n log n).
pub(super) fn largest_remainder(billionths: &[u64]) -> Vec<u64> {
    let sum: u128 = billionths.iter().map(|&part| u128::from(part)).sum();
    let total = (sum + u128::from(ONE / 2)) / u128::from(ONE);
    let mut whole: Vec<u64> = billionths.iter().map(|&part| part / ONE).collect();
    let given: u128 = whole.iter().map(|&part| u128::from(part)).sum();
    let mut order: Vec<usize> = (0..billionths.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(billionths[at] % ONE));
    // What is left is the rounded sum of the remainders, each below one: never more than there are cells.
    let left = usize::try_from(total - given).unwrap_or(0);
    for &at in order.iter().take(left) {
        whole[at] += 1;
    }
    whole
}

/// The last part of the ids of each cell, after the area: ages, and a number where groups share an area and ages.
fn cohort_names(population: &[Cell], areas: &[Area]) -> BTreeMap<RowRef, String> {
    let mut names = BTreeMap::new();
    let same = |one: &Cell, two: &Cell| one.row.area == two.row.area && one.row.ages == two.row.ages;
    for cells in population.chunk_by(same) {
        for (at, cell) in cells.iter().enumerate() {
            let ages = cell.row.ages;
            let mut name = format!("{}:{}", areas[cell.row.area.ix()].id, ages.min());
            if ages.min() != ages.max() {
                name.push_str(&format!("-{}", ages.max()));
            }
            if 1 < cells.len() {
                name.push_str(&format!(":{}", at + 1));
            }
            names.insert(cell.from, name);
        }
    }
    names
}

/// The holders of estimated needs: one for each cell of the population, whatever its kinds of need.
struct Cohorts {
    names: BTreeMap<RowRef, String>,
    /// By cell.
    holders: BTreeMap<RowRef, usize>,
}

impl Cohorts {
    fn add(
        &mut self,
        kind: usize,
        estimate: &Estimate<'_>,
        ground: &Ground<'_, '_>,
        needs: &mut Needs<'_>,
        findings: &mut Findings,
    ) {
        if estimate.children == Stated::Known(0) {
            return;
        }
        let Fit { cell, rate } = estimate.fit;
        let name = &self.names[&cell.from];
        let id = format!("rate:{}:{name}", ground.kinds[kind].id);
        let area = &ground.areas[cell.row.area.ix()];
        let Some(need_id) = claim(&id, cell, &mut needs.names, area, findings) else { return };
        let holder = match self.holders.get(&cell.from) {
            Some(&holder) => holder,
            None => {
                let id = format!("cohort:{name}");
                let Some(id) = claim(&id, cell, &mut needs.holder_names, area, findings) else { return };
                needs.holders.push(Holder {
                    id,
                    sort: HolderSort::Cohort,
                    area: cell.row.area,
                    ages: Some(cell.row.ages),
                    household: None,
                    groups: cell.row.groups.clone(),
                    children: 0,
                });
                self.holders.insert(cell.from, needs.holders.len() - 1);
                needs.holders.len() - 1
            }
        };
        let need = Need {
            id: need_id,
            holder: HolderIx::new(holder),
            kind: KindIx::new(kind),
            level: rate.level,
            children: estimate.children,
            children_low: estimate.low,
            children_high: estimate.high,
            point: area.point,
            weight: ground.policy.level_weights[usize::from(rate.level.get() - 1)],
            basis: BasisSet::default(),
            certainty: Some(Certainty::Estimated),
            tags: Vec::new(),
            origin: NeedOrigin::Rate,
            counts: true,
        };
        needs.needs.push(NeedRow { need, from: cell.from, received: None });
    }
}

/// Takes an id that is made here. It may be too long, or one that the bundle uses for something else.
fn claim(id: &str, cell: &Cell, names: &mut Names<'_>, area: &Area, findings: &mut Findings) -> Option<Id> {
    let wanted = match (Id::parse(id), names.claim(id.to_owned(), cell.from.row)) {
        (Ok(id), Ok(())) => return Some(id),
        (Err(_), _) => {
            format!("shorter ids: the estimate of this row would be called {id}, longer than {}", Id::MAX_BYTES)
        }
        (Ok(_), Err(row)) => {
            format!("another id there: the estimate of this row is called {id}, which {} of row {row} has", names.noun)
        }
    };
    findings.error(cell.from, "area", area.id.as_str(), wanted);
    None
}

/// The greatest number of children is what a rate of one makes of a cell.
const _: () = assert!((MOST_CHILDREN as u64).checked_mul(ONE).is_some());

#[cfg(test)]
mod tests {
    use super::{ONE, largest_remainder};

    #[test]
    fn the_children_that_are_left_go_to_the_largest_remainders() {
        // 12.8 % of 10, 20, 12 and 20 children: 1.28, 2.56, 1.536 and 2.56, together 7.936, rounded 8.
        // Whole parts 1 + 2 + 1 + 2 = 6; the two that are left go to the two remainders of 0.56.
        let exact = [10, 20, 12, 20].map(|children| children * 128 * ONE / 1000);
        assert_eq!(largest_remainder(&exact), [1, 3, 1, 3]);
    }

    #[test]
    fn equal_remainders_go_by_order_and_halves_go_up() {
        assert_eq!(largest_remainder(&[ONE / 2; 3]), [1, 1, 0]);
        assert_eq!(largest_remainder(&[ONE / 2]), [1]);
        assert_eq!(largest_remainder(&[ONE / 4]), [0]);
        assert_eq!(largest_remainder(&[]), [0; 0]);
    }
}
