//! Whose needs are looked at: everyone inside, or a subgroup of them.

use crate::domain::{AgeBand, AreaIx, KindIx, Level, Locality, NeedIx};
use crate::solve::{Effort, StopReason};

/// Needs with all of these; the default is everyone. Areas that are not inside, and needs that the policy does not
/// count, belong to none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subgroup {
    pub kind: Option<KindIx>,
    /// This area and all below it.
    pub area: Option<AreaIx>,
    /// Position of a group column, and of a value in it.
    pub group: Option<(usize, u32)>,
    pub level: Option<Level>,
    /// Holders all of whose children are this old. One with children on both sides of an end is neither in nor out.
    pub ages: Option<AgeBand>,
}

/// What splits the needs into subgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitBy {
    Kind,
    /// The area that the holder names, without those below it.
    Area,
    /// Position of a group column.
    Group(usize),
    Level,
    Age,
}

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitKey {
    Kind(KindIx),
    Area(AreaIx),
    /// Position of the value in its column.
    Group(u32),
    Level(Level),
    /// None: no age is given.
    Age(Option<AgeBand>),
}

/// How a need stands to a subgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    Yes,
    No,
    /// Its holder's ages straddle an end of the band, or are not given.
    NotKnown,
}

impl Subgroup {
    /// By area, those of the subgroup. O(areas x depth).
    pub(super) fn areas(&self, locality: &Locality) -> Vec<bool> {
        let is_in = |at: usize| {
            let below = |top| locality.area_and_ancestors(AreaIx::new(at)).any(|area| area == top);
            locality.areas()[at].inside && self.area.is_none_or(below)
        };
        (0..locality.areas().len()).map(is_in).collect()
    }

    /// `areas` are those of [`Subgroup::areas`].
    pub(super) fn has(&self, locality: &Locality, areas: &[bool], need: NeedIx) -> Belongs {
        let Subgroup { kind, area: _, group, level, ages } = self;
        let row = &locality.needs()[need.ix()];
        let holder = locality.holder(need);
        let belongs = row.counts
            && areas[holder.area.ix()]
            && kind.is_none_or(|kind| kind == row.kind)
            && level.is_none_or(|level| level == row.level)
            && group.is_none_or(|(column, value)| holder.groups.get(column) == Some(&value));
        match (belongs, ages, holder.ages) {
            (false, _, _) => Belongs::No,
            (true, None, _) => Belongs::Yes,
            (true, Some(_), None) => Belongs::NotKnown,
            (true, Some(band), Some(own)) if band.contains(own) => Belongs::Yes,
            (true, Some(band), Some(own)) if band.overlaps(own) => Belongs::NotKnown,
            (true, Some(_), Some(_)) => Belongs::No,
        }
    }

    /// Needs that belong, and those of which that is not known; both rise. O(needs).
    pub(super) fn members(&self, locality: &Locality, effort: &Effort) -> Result<Members, StopReason> {
        const BLOCK: usize = 1 << 12;
        let areas = self.areas(locality);
        let mut members = Members::default();
        let n_needs = locality.needs().len();
        for from in (0..n_needs).step_by(BLOCK) {
            effort.tick(4 * BLOCK as u64)?;
            for need in (from..n_needs.min(from + BLOCK)).map(NeedIx::new) {
                match self.has(locality, &areas, need) {
                    Belongs::Yes => members.needs.push(need),
                    Belongs::NotKnown => members.straddling.push(need),
                    Belongs::No => {}
                }
            }
        }
        Ok(members)
    }
}

#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) needs: Vec<NeedIx>,
    pub(super) straddling: Vec<NeedIx>,
}

impl SplitBy {
    /// The part that a need is in; None where there is no such column.
    pub fn key(self, locality: &Locality, need: NeedIx) -> Option<SplitKey> {
        let row = &locality.needs()[need.ix()];
        let holder = locality.holder(need);
        Some(match self {
            SplitBy::Kind => SplitKey::Kind(row.kind),
            SplitBy::Area => SplitKey::Area(holder.area),
            SplitBy::Group(column) => SplitKey::Group(*holder.groups.get(column)?),
            SplitBy::Level => SplitKey::Level(row.level),
            SplitBy::Age => SplitKey::Age(holder.ages),
        })
    }
}
