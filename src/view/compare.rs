//! `suffice.compare/1`: what changed between two localities, how sure, and what moved it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::common::{
    CompletenessDocument, DISCLOSURE, Provenance, area_key, completeness, group_key, kind_key, provenance,
};
use super::matching::{notes, status};
use crate::domain::Locality;
use crate::engine::{Failure, Resident};
use crate::gaps::compare::{
    Compared, Counts, Cut, Decomposed, Estimate, Factor, Indicator, Measured, Mixture, NoParts, PartsOfChange, Rows,
    Verdict, decompose, indicators,
};
use crate::gaps::tally::{self, Tally};
use crate::matching::{Matching, Route};
use crate::measures::decompose::{Side, Sixths};
use crate::solve::Effort;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareDocument {
    pub schema: String,
    /// `optimal` or `stopped`, of both matchings and of everything that was worked out after them.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How many indicators improved; null where time ran out.
    pub score: Option<ScoreDocument>,
    pub before: SideDocument,
    pub after: SideDocument,
    /// After less before.
    pub change: ChangeDocument,
    /// What need, supply and matching did to the change. They sum to it.
    pub decomposition: DecompositionDocument,
    /// Null where time ran out.
    pub indicators: Option<Vec<IndicatorRow>>,
    pub notes: Vec<String>,
    pub disclosure: String,
}

impl CompareDocument {
    pub const SCHEMA: &'static str = "suffice.compare/1";
}

/// Indicators by what became of them. `comparable` is the sum of the first three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreDocument {
    pub improved: u64,
    pub worsened: u64,
    /// Their ranges overlap.
    pub not_distinguishable: u64,
    pub comparable: u64,
    /// They can be measured on one side only.
    pub not_comparable: u64,
}

/// One of the two localities, over the areas that are inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideDocument {
    /// `optimal` or `stopped`.
    pub status: String,
    pub rows: u64,
    pub unknown_rows: u64,
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
    /// Every unknown read in the children's favour, and against them; null where time ran out.
    pub unmet_low: Option<u64>,
    pub unmet_high: Option<u64>,
    pub weight: u64,
    pub weight_met: u64,
    pub completeness: CompletenessDocument,
    pub provenance: Provenance,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeDocument {
    pub child_needs: i64,
    pub met: i64,
    pub unmet: i64,
    pub weight_met: i64,
    /// Of the share of child-needs that is met; null where one side has no child-need.
    pub share_met: Option<f64>,
}

/// The mean over the six orders in which need, supply and matching could have changed (Shapley 1953; Shorrocks 2013).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecompositionDocument {
    /// `need`, `supply`, `matching`. A factor of which nothing differs did exactly nothing.
    pub factors: Vec<FactorRow>,
    /// Why the factors have no parts; null where they have.
    pub reason: Option<String>,
    /// The mixtures of both sides that were solved for it.
    pub mixtures: Vec<MixtureRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorRow {
    pub factor: String,
    /// Tables, and keys of settings, that differ as far as that bears on who is met; null where that was not worked out.
    pub differs: Option<Vec<String>>,
    /// Null where there is a reason.
    pub parts: Option<PartsDocument>,
}

/// What a factor did. Counts are exact: `sixths` are whole, and sum over the factors to six times the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartsDocument {
    pub child_needs: PartDocument,
    pub met: PartDocument,
    pub unmet: PartDocument,
    pub weight_met: PartDocument,
    /// Sums over the factors to the change up to the rounding of floats; null where a mixture has no child-need.
    pub share_met: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartDocument {
    pub sixths: i64,
    /// `sixths` / 6.
    pub value: f64,
}

/// The need of one side, the supply of one and the rules of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixtureRow {
    /// `before` or `after`, as are the next two.
    pub need: String,
    pub supply: String,
    pub matching: String,
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
    /// Rows about ends that are not in the mixture.
    pub left_out: Vec<TableRows>,
    /// Rows of the side whose rules do not hold, about ends that the other does not know.
    pub lent: Vec<TableRows>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    pub table: String,
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndicatorRow {
    /// `unmet_share`, `coverage`, `leakage` or `places_per_child_need`.
    pub measure: String,
    /// `share` (an unrounded fraction of one) or `places`.
    pub unit: String,
    /// `all`, `kind`, `level`, `area` or `group`.
    pub of: String,
    /// The group column, where `of` is `group`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
    /// Id or value; empty for all.
    pub key: String,
    /// The key in words.
    pub label: String,
    /// `higher` or `lower`.
    pub better: String,
    /// Null where it cannot be measured.
    pub before: Option<EstimateDocument>,
    pub after: Option<EstimateDocument>,
    /// `improved`, `worsened`, `not_distinguishable` or `not_comparable`.
    pub verdict: String,
    /// Why it is not comparable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// A number and the range of what it can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimateDocument {
    /// Null where nothing says which of the range it is.
    pub value: Option<f64>,
    pub low: f64,
    /// Null where no upper end is known.
    pub high: Option<f64>,
    /// What is behind a share of unmet need.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<CountsDocument>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsDocument {
    pub child_needs: u64,
    pub unmet: u64,
    pub unmet_low: u64,
    pub unmet_high: u64,
    /// Need rows without a number: in none of these.
    pub unknown_rows: u64,
}

/// Compares two localities and writes it down. A part is of everything or of nothing: after a stop those that were not
/// finished are null, and the status says so.
pub fn run(before: &Resident, after: &Resident, route: Route, effort: &Effort) -> Result<CompareDocument, Failure> {
    let matchings = [before.matching(route, effort)?, after.matching(route, effort)?];
    let [one, two] = [(before, &matchings[0]), (after, &matchings[1])].map(|(resident, matching)| Compared {
        locality: resident.locality(),
        profiles: resident.profiles(),
        pairs: resident.pairs(effort),
        matching: Arc::clone(matching),
    });
    let found = decompose(&one, &two, route, effort)?;
    let (indicators, stopped) = match indicators(&one, &two, route, effort)? {
        Ok(indicators) => (Some(indicators), None),
        Err(reason) => (None, Some(reason.as_str())),
    };
    let stopped = match &found.parts {
        Err(NoParts::Stopped(reason)) => Some(reason.as_str()),
        _ => stopped,
    };
    let (status, reason) = match [status(&matchings[0]), status(&matchings[1])] {
        [("stopped", reason), _] | [_, ("stopped", reason)] => ("stopped", reason),
        [of_both, _] => stopped.map_or(of_both, |reason| ("stopped", Some(reason))),
    };
    let localities = [before.locality(), after.locality()];
    let totals = [&one, &two].map(|side| tally::total(side.locality, &side.matching, effort));
    let all = indicators.iter().flatten().find(|of| of.measured == Measured::UnmetShare && of.cut == Cut::All);
    let counts = [all.and_then(|of| of.before), all.and_then(|of| of.after)].map(|of| of.and_then(|of| of.counts));
    Ok(CompareDocument {
        schema: CompareDocument::SCHEMA.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        score: indicators.as_deref().map(score),
        before: side(before, &one, totals[0], counts[0]),
        after: side(after, &two, totals[1], counts[1]),
        change: change(&totals),
        decomposition: decomposition(&found),
        notes: all_notes(localities, &matchings, &found, indicators.is_some()),
        indicators: indicators.map(|list| list.iter().map(|of| indicator(localities, of)).collect()),
        disclosure: DISCLOSURE.to_owned(),
    })
}

fn side(resident: &Resident, compared: &Compared<'_>, totals: Tally, range: Option<Counts>) -> SideDocument {
    let Tally { rows, unknown_rows, child_needs, met, weight, weight_met } = totals;
    SideDocument {
        status: status(&compared.matching).0.to_owned(),
        rows,
        unknown_rows,
        child_needs,
        met,
        unmet: totals.unmet(),
        unmet_low: range.map(|range| range.unmet_low),
        unmet_high: range.map(|range| range.unmet_high),
        weight,
        weight_met,
        completeness: completeness(resident.locality(), compared.pairs.as_deref().ok()),
        provenance: provenance(resident, compared.matching.backend),
    }
}

/// Sums are below 2^53.
fn less(after: u64, before: u64) -> i64 {
    after as i64 - before as i64
}

fn change([before, after]: &[Tally; 2]) -> ChangeDocument {
    let share = |of: &Tally| (of.child_needs != 0).then(|| of.met as f64 / of.child_needs as f64);
    ChangeDocument {
        child_needs: less(after.child_needs, before.child_needs),
        met: less(after.met, before.met),
        unmet: less(after.unmet(), before.unmet()),
        weight_met: less(after.weight_met, before.weight_met),
        share_met: share(after).zip(share(before)).map(|(after, before)| after - before),
    }
}

fn decomposition(found: &Decomposed) -> DecompositionDocument {
    let row = |(at, factor): (usize, Factor)| FactorRow {
        factor: factor.as_str().to_owned(),
        differs: found.changed.as_ref().map(|changed| changed[at].clone()),
        parts: found.parts.as_ref().ok().map(|parts| parts_of(parts, at)),
    };
    DecompositionDocument {
        factors: Factor::ALL.into_iter().enumerate().map(row).collect(),
        reason: match &found.parts {
            Ok(_) => None,
            Err(NoParts::Refused(why)) => Some(why.clone()),
            Err(NoParts::Stopped(reason)) => Some(reason.as_str().to_owned()),
        },
        mixtures: found.mixtures.iter().map(mixture).collect(),
    }
}

fn parts_of(parts: &PartsOfChange, at: usize) -> PartsDocument {
    // Six times a difference of sums below 2^53.
    let part = |of: &Sixths| PartDocument { sixths: of.parts[at] as i64, value: of.parts[at] as f64 / 6.0 };
    PartsDocument {
        child_needs: part(&parts.child_needs),
        met: part(&parts.met),
        unmet: part(&parts.unmet),
        weight_met: part(&parts.weight_met),
        share_met: parts.share_met.map(|share| share.parts[at]),
    }
}

fn mixture(mixture: &Mixture) -> MixtureRow {
    let Mixture { sides, totals, left_out, lent } = mixture;
    let word = |side: Side| match side {
        Side::Before => "before".to_owned(),
        Side::After => "after".to_owned(),
    };
    let [need, supply, matching] = sides.map(word);
    let rows = |list: &[Rows]| list.iter().map(|of| TableRows { table: of.table.clone(), rows: of.rows }).collect();
    MixtureRow {
        need,
        supply,
        matching,
        child_needs: totals.child_needs,
        met: totals.met,
        unmet: totals.unmet(),
        left_out: rows(left_out),
        lent: rows(lent),
    }
}

fn score(indicators: &[Indicator]) -> ScoreDocument {
    let count = |is: fn(Verdict) -> bool| indicators.iter().filter(|of| is(of.verdict)).count() as u64;
    let improved = count(|verdict| verdict == Verdict::Improved);
    let worsened = count(|verdict| verdict == Verdict::Worsened);
    let not_distinguishable = count(|verdict| verdict == Verdict::NotDistinguishable);
    ScoreDocument {
        improved,
        worsened,
        not_distinguishable,
        comparable: improved + worsened + not_distinguishable,
        not_comparable: count(|verdict| matches!(verdict, Verdict::NotComparable(_))),
    }
}

fn indicator(localities: [&Locality; 2], indicator: &Indicator) -> IndicatorRow {
    let Indicator { measured, cut, key, before, after, verdict } = indicator;
    let unit = match measured {
        Measured::UnmetShare | Measured::Coverage | Measured::Leakage => "share",
        Measured::PlacesPerChildNeed => "places",
    };
    IndicatorRow {
        measure: measured.as_str().to_owned(),
        unit: unit.to_owned(),
        of: cut.as_str().to_owned(),
        group: match cut {
            Cut::Group(column) => Some(column.clone()),
            Cut::All | Cut::Kind | Cut::Level | Cut::Area => None,
        },
        key: key.clone(),
        // As it is called now, else as it was.
        label: localities.iter().rev().find_map(|locality| label(locality, cut, key)).unwrap_or_else(|| key.clone()),
        better: measured.better().as_str().to_owned(),
        before: before.map(estimate),
        after: after.map(estimate),
        verdict: verdict.as_str().to_owned(),
        reason: match verdict {
            Verdict::NotComparable(why) => Some(why.in_words().to_owned()),
            Verdict::Improved | Verdict::Worsened | Verdict::NotDistinguishable => None,
        },
    }
}

fn label(locality: &Locality, cut: &Cut, key: &str) -> Option<String> {
    match cut {
        Cut::All => Some("all".to_owned()),
        Cut::Kind => locality.find_kind(key).map(|kind| kind_key(locality, kind).1),
        Cut::Level => Some(format!("level {key}")),
        Cut::Area => locality.find_area(key).map(|area| area_key(locality, area).1),
        Cut::Group(name) => {
            let column = locality.group_columns().iter().find(|column| column.name == *name)?;
            let value = column.values.binary_search_by(|value| value.as_str().cmp(key)).ok()?;
            Some(group_key(column, u32::try_from(value).ok()?).1)
        }
    }
}

fn estimate(estimate: Estimate) -> EstimateDocument {
    let Estimate { value, low, high, counts } = estimate;
    let counts = counts.map(|Counts { child_needs, unmet, unmet_low, unmet_high, unknown_rows }| CountsDocument {
        child_needs,
        unmet,
        unmet_low,
        unmet_high,
        unknown_rows,
    });
    EstimateDocument { value, low, high, counts }
}

/// What a reader must know of both sides, of either, and of the comparison.
fn all_notes(
    localities: [&Locality; 2],
    matchings: &[Arc<Matching>; 2],
    found: &Decomposed,
    indicators: bool,
) -> Vec<String> {
    let [one, other] = [0, 1].map(|side| notes(localities[side], &matchings[side]));
    let (shared, before): (Vec<String>, Vec<String>) = one.into_iter().partition(|note| other.contains(note));
    let of_side = |side: &str, notes: Vec<String>| -> Vec<String> {
        notes.into_iter().filter(|note| !shared.contains(note)).map(|note| format!("{side}: {note}")).collect()
    };
    let sides = [of_side("Before", before), of_side("After", other)].concat();
    let mut all = [shared, sides].concat();
    let mut add = |note: String| all.push(note);
    let says = |note: &str| note.to_owned();
    if indicators {
        add(says(
            "An indicator counts as improved or worsened only where its two ranges do not overlap. A range is what is left open by everything that is not known and by the choice among equally good matchings; rows without a number are in none.",
        ));
        add(says(
            "Kinds, levels, areas and groups cut the same children in several ways, so indicators are not independent, and how many improved is a count and no test. A handful of children can move a share far.",
        ));
        if localities.iter().any(|locality| locality.about().sample) {
            add(says(
                "Coverage and leakage of an observed sample have Wilson's 95 % interval; two that do not overlap differ more surely than one in twenty. The ranges of unmet need say nothing of sampling.",
            ));
        }
    }
    if found.parts.is_ok() {
        add(says(
            "What need, supply and matching each did is the mean over the orders in which they could have changed (Shapley 1953; Shorrocks 2013): a way of sharing out the change, not a proof of cause.",
        ));
        if found.mixtures.iter().any(|mixture| !mixture.lent.is_empty() || !mixture.left_out.is_empty()) {
            add(says(
                "Needs, services and areas are the same on both sides where their ids are. Journeys and declines follow the rules of matching; those about someone or something that these do not know are lent by the other side, and those about what is not there are left out. Each mixture says how many.",
            ));
        }
    }
    let [one, two] = localities.map(|locality| locality.about());
    if one.period != two.period || one.reference_date != two.reference_date {
        add(format!(
            "Before is {} at {}, after is {} at {}.",
            one.name, one.reference_date, two.name, two.reference_date
        ));
    }
    all
}
