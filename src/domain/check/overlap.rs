//! Need rows of one kind that may hold the same children.
//!
//! Within a kind, an area and the same groups, a cohort overlaps another cohort at the same level, and children who are
//! named in rows of their own, where the ages have one in common. A row without ages may hold children of any.
//! O(n log n) over the rows.

use std::collections::BTreeSet;

use super::findings::{Findings, RowRef, numbered};
use super::names::State;
use super::needs::{NeedRow, Needs};
use crate::domain::age::AgeUnit;
use crate::domain::ids::Id;
use crate::domain::layer::Level;
use crate::domain::locality::{Area, HolderSort, Kind, Need, Received};
use crate::domain::policy::Overlap;
use crate::domain::stated::Stated;

/// A row's ages, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Span {
    min: u16,
    max: u16,
    level: Level,
    /// Position among the needs.
    need: usize,
    from: RowRef,
}

/// What a cohort overlaps.
#[derive(Clone, Copy, Debug)]
struct Overlapping {
    cohort: Span,
    /// A cohort at the same level.
    other: Option<RowRef>,
    /// How many named children, and the row of one.
    named: u64,
    one_named: Option<RowRef>,
}

/// Spans that can be asked which of them touch a given one.
struct Spans {
    /// By min.
    sorted: Vec<Span>,
    maxima: Vec<u16>,
    /// For each position the span with the greatest max up to there.
    farthest: Vec<Span>,
}

impl Spans {
    fn new(mut sorted: Vec<Span>) -> Spans {
        sorted.sort_by_key(|span| (span.min, span.max, span.from));
        let mut maxima: Vec<u16> = sorted.iter().map(|span| span.max).collect();
        maxima.sort_unstable();
        let mut farthest: Vec<Span> = Vec::with_capacity(sorted.len());
        for &span in &sorted {
            let last = farthest.last().copied().filter(|last| span.max <= last.max);
            farthest.push(last.unwrap_or(span));
        }
        Spans { sorted, maxima, farthest }
    }

    /// How many have an age in common with `span`: those that begin in time, less those that end too soon.
    fn count(&self, span: Span) -> u64 {
        let begun = self.sorted.partition_point(|other| other.min <= span.max);
        let over = self.maxima.partition_point(|&max| max < span.min);
        begun.saturating_sub(over) as u64
    }

    /// One that has an age in common with `span`.
    fn one(&self, span: Span) -> Option<Span> {
        let begun = self.sorted.partition_point(|other| other.min <= span.max);
        let farthest = *self.farthest.get(begun.checked_sub(1)?)?;
        (span.min <= farthest.max).then_some(farthest)
    }

    /// For each span, in order, another of them that has an age in common with it.
    fn others(&self) -> impl Iterator<Item = (Span, Option<Span>)> {
        self.sorted.iter().enumerate().map(|(at, &span)| {
            let before = at.checked_sub(1).map(|before| self.farthest[before]).filter(|other| span.min <= other.max);
            let after = self.sorted.get(at + 1).copied().filter(|other| other.min <= span.max);
            (span, before.or(after))
        })
    }
}

/// Warns of overlaps, takes named children off the cohorts, or refuses, as the policy says. The number of rows that
/// overlap another.
pub(super) fn settle(
    needs: &mut Needs<'_>,
    policy: Overlap,
    kinds: &[Kind],
    areas: &[Area],
    ages: AgeUnit,
    findings: &mut Findings,
) -> u64 {
    let mut n_rows = 0;
    let mut overlapping = Vec::new();
    let order = counted_by_place(needs);
    let same = |&one: &usize, &two: &usize| place(needs, one) == place(needs, two);
    for chunk in order.chunk_by(same) {
        n_rows += find(needs, chunk, ages, &mut overlapping);
    }
    overlapping.sort_by_key(|found| found.cohort.from);
    for found in &overlapping {
        let NeedRow { need, from, .. } = &needs.needs[found.cohort.need];
        let what =
            Words { kind: &kinds[need.kind.ix()].id, area: &areas[needs.holders[need.holder.ix()].area.ix()].id };
        let seen = need.children.known().map(|children| children.to_string()).unwrap_or_default();
        match policy {
            Overlap::Warn => findings.warning(*from, "children", &seen, what.wanted(found)),
            Overlap::Refuse => findings.error(*from, "children", &seen, what.wanted(found)),
            // Taking the named children off is what was asked for; another cohort stays doubtful.
            Overlap::Reduce if found.other.is_some() => {
                let only_other = Overlapping { named: 0, one_named: None, ..*found };
                findings.warning(*from, "children", &seen, what.wanted(&only_other));
            }
            Overlap::Reduce => {}
        }
    }
    match policy {
        Overlap::Warn => {}
        Overlap::Reduce => {
            overlapping.iter().for_each(|found| take_off(&mut needs.needs[found.cohort.need], found.named))
        }
        Overlap::Refuse => leave_out(needs, &overlapping),
    }
    n_rows
}

/// Positions of the needs that count, with those of one kind, area and groups side by side. Without a cohort there is
/// nothing to overlap, so kinds and areas that have none are passed over.
fn counted_by_place(needs: &Needs<'_>) -> Vec<usize> {
    let counted = || (0..needs.needs.len()).filter(|&at| needs.needs[at].need.counts);
    let kind_and_area = |at: usize| {
        let (kind, area, _) = place(needs, at);
        (kind, area)
    };
    let is_cohort = |&at: &usize| needs.holders[needs.needs[at].need.holder.ix()].sort == HolderSort::Cohort;
    let with_cohort: BTreeSet<(usize, usize)> = counted().filter(is_cohort).map(kind_and_area).collect();
    if with_cohort.is_empty() {
        return Vec::new();
    }
    let mut order: Vec<usize> = counted().filter(|&at| with_cohort.contains(&kind_and_area(at))).collect();
    order.sort_by(|&one, &two| place(needs, one).cmp(&place(needs, two)));
    order
}

fn place<'n>(needs: &'n Needs<'_>, at: usize) -> (usize, usize, &'n [u32]) {
    let need = &needs.needs[at].need;
    let holder = &needs.holders[need.holder.ix()];
    (need.kind.ix(), holder.area.ix(), &holder.groups)
}

/// Adds the cohorts among the needs at `chunk` that overlap; gives the number of rows that do.
fn find(needs: &Needs<'_>, chunk: &[usize], ages: AgeUnit, overlapping: &mut Vec<Overlapping>) -> u64 {
    if chunk.len() < 2 {
        return 0;
    }
    let (mut cohorts, mut named) = (Vec::new(), Vec::new());
    for &at in chunk {
        let NeedRow { need, from, .. } = &needs.needs[at];
        let holder = &needs.holders[need.holder.ix()];
        let (min, max) = holder.ages.map_or((0, ages.max_age()), |ages| (ages.min(), ages.max()));
        let span = Span { min, max, level: need.level, need: at, from: *from };
        match holder.sort {
            HolderSort::Cohort => cohorts.push(span),
            HolderSort::Child => named.push((need.holder, span)),
        }
    }
    if cohorts.is_empty() {
        return 0;
    }
    // A child with two rows of the kind is still one child.
    named.sort_by_key(|&(holder, span)| (holder, span.from));
    named.dedup_by_key(|&mut (holder, _)| holder);
    let all_cohorts = Spans::new(cohorts.clone());
    let n_named = named.iter().filter(|&&(_, span)| all_cohorts.one(span).is_some()).count();
    let named = Spans::new(named.into_iter().map(|(_, span)| span).collect());

    let before = overlapping.len();
    cohorts.sort_by_key(|cohort| cohort.level);
    for level in cohorts.chunk_by(|one, two| one.level == two.level) {
        for (cohort, other) in Spans::new(level.to_vec()).others() {
            let n_named = named.count(cohort);
            if other.is_some() || n_named != 0 {
                let one_named = named.one(cohort).map(|span| span.from);
                let other = other.map(|span| span.from);
                overlapping.push(Overlapping { cohort, other, named: n_named, one_named });
            }
        }
    }
    (overlapping.len() - before + n_named) as u64
}

struct Words<'w> {
    kind: &'w Id,
    area: &'w Id,
}

impl Words<'_> {
    fn wanted(&self, found: &Overlapping) -> String {
        let Words { kind, area } = self;
        let mut also = Vec::new();
        if let Some(RowRef { file, row }) = found.other {
            also.push(format!("{file}, {}", numbered(row)));
        }
        if let Some(RowRef { file, row }) = found.one_named {
            let (children, such) = if found.named == 1 { ("child", "") } else { ("children", "such as ") };
            also.push(format!("{} {children} named on their own ({such}{file}, {})", found.named, numbered(row)));
        }
        format!("children of {kind} in {area} whom no other row holds; they may also be in {}", also.join(" and "))
    }
}

fn take_off(row: &mut NeedRow, named: u64) {
    let need = &mut row.need;
    if named != 0 {
        let Need { children, children_low: low, children_high: high, .. } = *need;
        row.received = Some(Received { children, low, high });
    }
    if let Stated::Known(children) = &mut need.children {
        *children = children.saturating_sub(named);
    }
    need.children_low = need.children_low.map(|low| low.saturating_sub(named));
    need.children_high = need.children_high.map(|high| high.saturating_sub(named));
}

fn leave_out(needs: &mut Needs<'_>, overlapping: &[Overlapping]) {
    let mut out = vec![false; needs.needs.len()];
    for found in overlapping {
        out[found.cohort.need] = true;
        needs.names.settle(needs.needs[found.cohort.need].need.id.as_str(), State::SetAside);
    }
    let mut positions = out.iter();
    needs.needs.retain(|_| !positions.next().copied().unwrap_or(false));
}
