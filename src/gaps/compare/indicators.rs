//! Share after share of two localities side by side, and which can be told apart.
//!
//! An indicator is a share or a rate, so that places of different sizes can be compared, with the direction that is
//! better. It improved, or worsened, only where the two ranges do not overlap: where what is not known, and the choice
//! among equally good matchings, cannot have made the difference. Rows of one cut share children with those of another, so
//! indicators are not independent of each other, and how many improved is a count and no test.

use std::collections::{BTreeMap, BTreeSet};

use super::Compared;
use super::readings::{NotRead, OfRow, Readings, readings};
use crate::domain::Locality;
use crate::gaps::GapsError;
use crate::gaps::access::{Access, access};
use crate::gaps::receipt::{Table, typed_tables};
use crate::matching::Route;
use crate::measures::interval::{Level, wilson};
use crate::measures::targeting::NeedReceipt;
use crate::solve::{Effort, StopReason};

/// What an indicator measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measured {
    /// Share of child-needs that no place is left for, 0 to 1.
    UnmetShare,
    /// Share of child-needs met by what children receive today, 0 to 1.
    Coverage,
    /// Share of receipt that goes to no measured need, 0 to 1.
    Leakage,
    /// By the two-step floating catchment area, 0 upwards.
    PlacesPerChildNeed,
}

impl Measured {
    pub fn as_str(self) -> &'static str {
        match self {
            Measured::UnmetShare => "unmet_share",
            Measured::Coverage => "coverage",
            Measured::Leakage => "leakage",
            Measured::PlacesPerChildNeed => "places_per_child_need",
        }
    }

    pub fn better(self) -> Better {
        match self {
            Measured::UnmetShare | Measured::Leakage => Better::Lower,
            Measured::Coverage | Measured::PlacesPerChildNeed => Better::Higher,
        }
    }

    /// Whether numbers this close are told apart. Shares are quotients of whole numbers, equal where these are; places
    /// per child-need are sums of many quotients, whose last digits say nothing.
    fn is_less(self, one: f64, other: f64) -> bool {
        match self {
            Measured::PlacesPerChildNeed => one + 1e-9 * one.abs().max(other.abs()) < other,
            Measured::UnmetShare | Measured::Coverage | Measured::Leakage => one < other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
}

impl Better {
    pub fn as_str(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
        }
    }
}

/// Of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Everyone inside.
    All,
    Kind,
    Level,
    Area,
    /// A value of the group column of this name.
    Group(String),
}

impl Cut {
    pub fn as_str(&self) -> &'static str {
        match self {
            Cut::All => "all",
            Cut::Kind => "kind",
            Cut::Level => "level",
            Cut::Area => "area",
            Cut::Group(_) => "group",
        }
    }
}

/// A number and the range of what it can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// As the policy reads the unknown; None where nothing says which of the range it is.
    pub value: Option<f64>,
    pub low: f64,
    /// None: there is no upper end that is known.
    pub high: Option<f64>,
    /// The child-needs behind a share of unmet need.
    pub counts: Option<Counts>,
}

/// Child-needs, and those of them that go unmet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub child_needs: u64,
    pub unmet: u64,
    pub unmet_low: u64,
    pub unmet_high: u64,
    /// Need rows without a number: in none of these.
    pub unknown_rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Improved,
    Worsened,
    /// The ranges overlap.
    NotDistinguishable,
    NotComparable(NotComparable),
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Improved => "improved",
            Verdict::Worsened => "worsened",
            Verdict::NotDistinguishable => "not_distinguishable",
            Verdict::NotComparable(_) => "not_comparable",
        }
    }
}

/// Why there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotComparable {
    OnlyBefore,
    OnlyAfter,
}

impl NotComparable {
    pub fn in_words(self) -> &'static str {
        match self {
            NotComparable::OnlyBefore => "it can be measured only before",
            NotComparable::OnlyAfter => "it can be measured only after",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    pub measured: Measured,
    pub cut: Cut,
    /// Its id or value; empty for everyone.
    pub key: String,
    /// None where it cannot be measured; on one side at most.
    pub before: Option<Estimate>,
    pub after: Option<Estimate>,
    pub verdict: Verdict,
}

/// What is measured of one locality.
type Estimates = BTreeMap<(Measured, Cut, String), Option<Estimate>>;

/// In the order of what is measured, of whom, and the key. The outer error is of the problem itself; a stop leaves out
/// all of them. For each side up to two solves and three of the need stage, the typed tables and one walk over the pairs.
pub fn indicators(
    before: &Compared<'_>,
    after: &Compared<'_>,
    route: Route,
    effort: &Effort,
) -> Result<Result<Vec<Indicator>, StopReason>, GapsError> {
    effort.report("indicators", 0, None);
    let both = estimates(before, route, effort).and_then(|before| Ok((before, estimates(after, route, effort)?)));
    let (before, after) = match both {
        Ok(both) => both,
        Err(NotRead::Stopped(reason)) => return Ok(Err(reason)),
        Err(NotRead::Failed(error)) => return Err(error),
    };
    let keys: BTreeSet<&(Measured, Cut, String)> = before.keys().chain(after.keys()).collect();
    // What can be measured on neither side is no indicator here.
    let indicator = |of: &(Measured, Cut, String)| {
        let (measured, cut, key) = of.clone();
        let [before, after] = [&before, &after].map(|side| side.get(of).copied().flatten());
        let verdict = match (before, after) {
            (Some(before), Some(after)) => verdict(measured, before, after),
            (Some(_), None) => Verdict::NotComparable(NotComparable::OnlyBefore),
            (None, Some(_)) => Verdict::NotComparable(NotComparable::OnlyAfter),
            (None, None) => return None,
        };
        Some(Indicator { measured, cut, key, before, after, verdict })
    };
    Ok(Ok(keys.into_iter().filter_map(indicator).collect()))
}

fn verdict(measured: Measured, before: Estimate, after: Estimate) -> Verdict {
    let below = |one: Estimate, other: Estimate| one.high.is_some_and(|high| measured.is_less(high, other.low));
    let (fell, rose) = (below(after, before), below(before, after));
    match (measured.better(), fell, rose) {
        (_, false, false) | (_, true, true) => Verdict::NotDistinguishable,
        (Better::Lower, true, false) | (Better::Higher, false, true) => Verdict::Improved,
        (Better::Lower, false, true) | (Better::Higher, true, false) => Verdict::Worsened,
    }
}

fn estimates(compared: &Compared<'_>, route: Route, effort: &Effort) -> Result<Estimates, NotRead> {
    let mut estimates = Estimates::new();
    let Readings { policy, others } = readings(compared, route, effort)?;
    for (of, row) in &policy {
        let other = others.iter().filter_map(|rows| rows.get(of));
        let (cut, key) = of.clone();
        estimates.insert((Measured::UnmetShare, cut, key), unmet_share(row, other));
    }
    receipts(compared.locality, &mut estimates, effort)?;
    let pairs = compared.pairs.as_ref().map_err(|&reason| reason)?;
    let tables = access(compared.locality, compared.profiles, pairs, effort)?;
    // An offer of which the places are not known, or have no end, is in no ratio: each is the least that it can be.
    let is_least = tables.unknown != 0 || tables.unlimited != 0;
    let estimate = |access: &Access| {
        let ratio = access.ratio()?;
        Some(Estimate { value: Some(ratio), low: ratio, high: (!is_least).then_some(ratio), counts: None })
    };
    let mut add = |cut, key, access: &Access| {
        estimates.insert((Measured::PlacesPerChildNeed, cut, key), estimate(access));
    };
    add(Cut::All, String::new(), &tables.all);
    for (kind, access) in &tables.by_kind {
        add(Cut::Kind, compared.locality.kinds()[kind.ix()].id.to_string(), access);
    }
    Ok(estimates)
}

/// None where nobody asks for a place.
fn unmet_share<'r>(policy: &'r OfRow, others: impl Iterator<Item = &'r OfRow> + Clone) -> Option<Estimate> {
    let share = |unmet: u64, of: u64| (of != 0).then(|| unmet as f64 / of as f64);
    let all = || std::iter::once(policy).chain(others.clone());
    let least = all().filter_map(|row| share(row.child_needs - row.met_most, row.child_needs)).reduce(f64::min);
    let most = all().filter_map(|row| share(row.child_needs - row.met_least, row.child_needs)).reduce(f64::max);
    let unmet = policy.child_needs - policy.met;
    let counts = Counts {
        child_needs: policy.child_needs,
        unmet,
        unmet_low: all().map(|row| row.child_needs - row.met_most).min().unwrap_or(unmet),
        unmet_high: all().map(|row| row.child_needs - row.met_least).max().unwrap_or(unmet),
        unknown_rows: policy.unknown_rows,
    };
    Some(Estimate { value: share(unmet, policy.child_needs), low: least?, high: most, counts: Some(counts) })
}

/// Coverage and leakage of the typed tables, where receipts are recorded.
fn receipts(locality: &Locality, estimates: &mut Estimates, effort: &Effort) -> Result<(), StopReason> {
    let Some(typed) = typed_tables(locality, effort)? else { return Ok(()) };
    let sample = locality.about().sample;
    let mut add = |cut: Cut, key: String, table: &Table| {
        estimates.insert((Measured::Coverage, cut.clone(), key.clone()), coverage(table, sample));
        estimates.insert((Measured::Leakage, cut, key), leakage(table, sample));
    };
    add(Cut::All, String::new(), &typed.sum);
    for (kind, table) in &typed.by_kind {
        add(Cut::Kind, locality.kinds()[kind.ix()].id.to_string(), table);
    }
    Ok(())
}

/// The range is what receipts leave open; of a sample Wilson's intervals are added at both ends.
fn coverage(table: &Table, sample: bool) -> Option<Estimate> {
    let share = |table: &NeedReceipt| Part::of(table.both.into(), table.need());
    between(share(&table.low)?, share(&table.high)?, sample)
}

fn leakage(table: &Table, sample: bool) -> Option<Estimate> {
    let share = |table: &NeedReceipt| Part::of(table.receipt_only?.into(), table.receipt()?);
    // Fewest without need are in the table that is read in favour of the targeting.
    let least = share(&table.high)?;
    match share(&table.low) {
        Some(most) => between(least, most, sample),
        None => Some(Estimate { value: None, low: least.low(sample), high: None, counts: None }),
    }
}

/// A share of so many.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    part: u64,
    whole: u64,
}

impl Part {
    /// None where it is a share of nothing.
    fn of(part: u128, whole: u128) -> Option<Part> {
        let (part, whole) = (u64::try_from(part).ok()?, u64::try_from(whole).ok()?);
        (whole != 0).then_some(Part { part, whole })
    }

    fn share(self) -> f64 {
        self.part as f64 / self.whole as f64
    }

    fn low(self, sample: bool) -> f64 {
        let interval = wilson(self.part, self.whole, Level::P95).filter(|_| sample);
        interval.map_or(self.share(), |interval| interval.low)
    }

    fn high(self, sample: bool) -> f64 {
        let interval = wilson(self.part, self.whole, Level::P95).filter(|_| sample);
        interval.map_or(self.share(), |interval| interval.high)
    }
}

fn between(least: Part, most: Part, sample: bool) -> Option<Estimate> {
    let value = (least.share() == most.share()).then(|| least.share());
    Some(Estimate { value, low: least.low(sample), high: Some(most.high(sample)), counts: None })
}
