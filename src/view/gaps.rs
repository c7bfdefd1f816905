//! `suffice.gaps/1`.

mod behind;
mod beyond;
mod cascade;
mod ranges;
mod reasons;
mod subgroups;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::common::{
    CompletenessDocument, DISCLOSURE, Provenance, age_key, area_key, completeness, group_key, kind_key, layer_key,
    provenance,
};
use super::matching::{notes, status};
use super::options::blocking;
use crate::domain::{Layer, Locality};
use crate::eligibility::{self, nearest_miss};
use crate::engine::{Failure, Resident};
use crate::gaps::upstream::{Upstream, upstream};
use crate::gaps::{Cause, Gaps, Reasons, Tally, Unmet, deficient, tally};
use crate::matching::Route;
use crate::solve::{Effort, StopReason};
use behind::{Behind, behind};
pub use behind::{ChildrenDocument, ProgrammeRow, RestsDocument};
use beyond::{Beyond, beyond};
use ranges::Of;

pub(super) use beyond::access_document;
pub use beyond::{AccessDocument, AccessRow, AgeRow, FamiliesDocument, NotByAge, OutcomeRow, TenthRow, VoicesRow};
use cascade::cascade_document;
pub use cascade::{BottleneckRow, CascadeDocument, OutsideRow, StageRow};
pub use ranges::Ranges;
pub use reasons::{
    ChoiceRow, ConcentrationRow, CouldTakeRow, LossKind, LossRow, OverlapDocument, ProvidersDocument, RelaxationRow,
    RelaxationsDocument,
};
use reasons::{FurtherReasons, further_reasons};
use subgroups::Resolved;
pub use subgroups::{GapQuestions, GroupAsked, SubgroupAsked, SubgroupCascade};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapsDocument {
    pub schema: String,
    /// `optimal` or `stopped`.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    pub totals: GapTotals,
    /// In the order in which causes are tried; all of them, also those at 0. They sum to `totals.unmet`. A stopped run
    /// may add `stopped`, where it is not known which of them holds.
    pub causes: Vec<CauseRow>,
    pub by_kind: Vec<GapRow>,
    pub by_layer: Vec<GapRow>,
    pub by_level: Vec<GapRow>,
    pub by_age: Vec<GapRow>,
    pub by_area: Vec<GapRow>,
    /// One list for each group column.
    pub by_group: BTreeMap<String, Vec<GapRow>>,
    /// Largest shortage first.
    pub deficient_sets: Vec<DeficientSet>,
    pub layer_matrix: LayerMatrix,
    /// The coverage cascade; null where time ran out before it was worked out.
    pub cascade: Option<CascadeDocument>,
    /// The cascades that were asked for, in that order; then those of the parts of a split.
    pub subgroups: Vec<SubgroupCascade>,
    /// Distinct children; null where time ran out.
    pub children: Option<ChildrenDocument>,
    /// How much rests on what was estimated or assumed; null where time ran out.
    pub rests: Option<RestsDocument>,
    /// Providers' programmes by how far they work at several layers at once.
    pub programmes: Vec<ProgrammeRow>,
    /// Every need with unmet child-needs, by id.
    pub unmet: Vec<UnmetRow>,
    /// What the ecological graph says; null where time ran out before it was built.
    pub ecology: Option<Ecology>,
    /// Rules that, relaxed, would let most in; null where time ran out, as the next two are.
    pub relaxations: Option<RelaxationsDocument>,
    pub providers: Option<ProvidersDocument>,
    pub overlap: Option<OverlapDocument>,
    /// Places per child-need; null where time ran out before it was worked out.
    pub access: Option<AccessDocument>,
    /// What families say; null where time ran out.
    pub families: Option<FamiliesDocument>,
    /// Outcomes that unmet need threatens, most unmet first.
    pub outcomes: Vec<OutcomeRow>,
    pub notes: Vec<String>,
    pub completeness: CompletenessDocument,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl GapsDocument {
    pub const SCHEMA: &'static str = "suffice.gaps/1";
}

/// Over the areas that are inside, in child-needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapTotals {
    pub rows: u64,
    pub unknown_rows: u64,
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
    /// Every unknown read in the children's favour.
    pub unmet_low: u64,
    /// Every unknown read against them. Rows without number or bounds are in neither: see `unknown_rows`.
    pub unmet_high: u64,
    pub weight: u64,
    pub weight_met: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseRow {
    pub cause: String,
    pub child_needs: u64,
    /// What it means, for a reader.
    pub meaning: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRow {
    pub key: String,
    /// The key in words.
    pub label: String,
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
    pub unknown_rows: u64,
    /// Over all answers that meet the most weight; where ranges were asked for. Two rows may be ranked only where theirs do
    /// not overlap.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub met_least: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub met_most: Option<u64>,
}

/// Needs that share too few places: all the offers that they can use, and how short those are (Hall 1935).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeficientSet {
    pub needs: Vec<String>,
    pub child_needs: u64,
    pub offers: Vec<String>,
    /// Places that these offers have, limits behind them included.
    pub places: u64,
    /// `child_needs` less `places`: that many go without, whatever the assignment.
    pub short: u64,
}

/// Layer of need (rows) by target layer of the service that takes it (columns). A description, not a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerMatrix {
    /// `individual` ... `chrono`, then `uncoded`.
    pub columns: Vec<String>,
    pub rows: Vec<LayerRow>,
    /// Known places by target layer, in the order of `columns`.
    pub places: Vec<u64>,
    /// Known places by setting layer, in the order of `columns`.
    pub places_by_setting: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRow {
    pub layer: String,
    pub child_needs: u64,
    /// Child-needs met by services of each target layer, in the order of `columns`.
    pub met: Vec<u64>,
    pub unmet: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmetRow {
    pub need: String,
    pub kind: String,
    pub area: String,
    pub child_needs: u64,
    pub cause: String,
    /// The cause in words that a commissioner can check: which rule, by how much, which offer.
    pub why: String,
    /// The offer that comes nearest, where there is one.
    pub nearest_offer: Option<String>,
    /// Position in `deficient_sets`, for the cause `capacity`.
    pub deficient_set: Option<u64>,
}

/// What the ecological graph says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ecology {
    /// Groups of needs and offers that share nothing with each other.
    pub components: u64,
    pub largest_component_needs: u64,
    /// Providers without which some needs lose every offer, most child-needs first.
    pub single_points: Vec<SinglePoint>,
    /// For each kind with child-needs here, the kinds that drive it and are here too (drives.csv).
    pub drivers: Vec<Driver>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinglePoint {
    pub provider: String,
    pub needs: u64,
    pub child_needs: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    pub kind: String,
    pub driven_by: String,
    pub strength: String,
    /// Who asserts it.
    pub source: String,
    /// Child-needs of the driving kind here.
    pub child_needs: u64,
    /// Child-needs of the driven kind here.
    pub driven: u64,
    /// Of the driven, with the driver in the same child.
    pub in_child: u64,
    /// Of the rest, with the driver in the same cohort or area: ecological, and says nothing about the child.
    pub in_area: u64,
    pub layer: String,
    /// Whether any service here is of a type that meets the driving kind.
    pub addressed: bool,
}

/// Analyses the gap, answers what is asked besides, and writes it down.
pub fn run(resident: &Resident, route: Route, asked: &GapQuestions, effort: &Effort) -> Result<GapsDocument, Failure> {
    let questions = asked.resolve(resident.locality())?;
    let gaps = resident.gaps(route, effort)?;
    document(resident, &gaps, questions, asked.ranges, effort)
}

fn document(
    resident: &Resident,
    gaps: &Gaps,
    questions: Resolved<'_>,
    ranges: Ranges,
    effort: &Effort,
) -> Result<GapsDocument, Failure> {
    let locality = resident.locality();
    let tallies = &gaps.tallies;
    let pairs = resident.pairs(effort).ok();
    let mut notes = notes(locality, &gaps.matching);
    notes.push(
        "The layer table describes where needs sit and whose change the services seek; a need met at another layer is not a fault.".to_owned(),
    );
    if gaps.range.low != gaps.range.high {
        notes.push(
            "The range reads every unknown (eligibility, reach, places, suppressed numbers) in the children's favour and against them; rows with no number at all are in neither.".to_owned(),
        );
    }
    let found = Found::of(&gaps.reasons.unmet);
    let (unmet, nearest) = unmet_rows(resident, &gaps.reasons, effort);
    if gaps.matching.is_optimal() && found.stopped {
        notes.push("The run was stopped: why some needs go unmet was not worked out.".to_owned());
    }
    if nearest == Nearest::Leave {
        notes.push("The run was stopped: which offers come nearest to unmet needs was not looked for.".to_owned());
    }
    if unmet.len() < found.n_inside {
        notes.push(only_some_listed(found.n_inside, unmet.len()));
    }
    let (ecology, single_points) = ecology(resident, effort).unzip();
    // The solves of one are as long as those of the other, and neither can use many threads for long.
    let (further, cascade) = effort.both(
        || further_reasons(resident, gaps, single_points.as_deref(), effort),
        || cascade_document(resident, effort),
    );
    let FurtherReasons { relaxations, providers, overlap } = further?;
    let Beyond { access, families, outcomes } = beyond(resident, gaps, effort);
    let Behind { children, rests, programmes } = behind(resident, gaps, effort);
    let ranges = ranges::find(resident, gaps, ranges, &mut notes, effort)?;
    let ranges = ranges.as_ref();
    Ok(GapsDocument {
        schema: GapsDocument::SCHEMA.to_owned(),
        status: status(&gaps.matching).0.to_owned(),
        reason: status(&gaps.matching).1.map(str::to_owned),
        totals: GapTotals {
            rows: tallies.all.rows,
            unknown_rows: tallies.all.unknown_rows,
            child_needs: tallies.all.child_needs,
            met: tallies.all.met,
            unmet: tallies.all.unmet(),
            unmet_low: gaps.range.low,
            unmet_high: gaps.range.high,
            weight: tallies.all.weight,
            weight_met: tallies.all.weight_met,
        },
        causes: causes(&found),
        by_kind: rows(&tallies.by_kind, Of(ranges.map(|of| &of.by_kind)), |kind| kind_key(locality, *kind)),
        by_layer: rows(&tallies.by_layer, Of(ranges.map(|of| &of.by_layer)), |layer| {
            (layer_key(*layer), layer_key(*layer))
        }),
        by_level: rows(&tallies.by_level, Of(ranges.map(|of| &of.by_level)), |level| {
            (level.to_string(), format!("level {level}"))
        }),
        by_age: rows(&tallies.by_age, Of(ranges.map(|of| &of.by_age)), |ages| age_key(locality, *ages)),
        by_area: rows(&tallies.by_area, Of(ranges.map(|of| &of.by_area)), |area| area_key(locality, *area)),
        by_group: locality
            .group_columns()
            .iter()
            .zip(&tallies.by_group)
            .enumerate()
            .map(|(at, (column, tallies))| {
                let rows = rows(tallies, Of(ranges.map(|of| &of.by_group[at])), |&value| group_key(column, value));
                (column.name.clone(), rows)
            })
            .collect(),
        deficient_sets: gaps.reasons.deficient_sets.iter().map(|set| deficient_set(locality, set)).collect(),
        layer_matrix: layer_matrix(&gaps.layers),
        cascade: cascade?,
        subgroups: subgroups::answers(resident, questions, effort)?,
        children,
        rests,
        programmes,
        unmet,
        ecology,
        relaxations,
        providers,
        overlap,
        access,
        families,
        outcomes,
        notes,
        completeness: completeness(locality, pairs.as_deref()),
        provenance: provenance(resident, gaps.matching.backend),
        disclosure: DISCLOSURE.to_owned(),
    })
}

fn rows<K: Ord>(tallies: &BTreeMap<K, Tally>, ranges: Of<K>, name: impl Fn(&K) -> (String, String)) -> Vec<GapRow> {
    tallies
        .iter()
        .map(|(key, tally)| {
            let (met_least, met_most) = ranges.row(key);
            let (key, label) = name(key);
            GapRow {
                key,
                label,
                child_needs: tally.child_needs,
                met: tally.met,
                unmet: tally.unmet(),
                unknown_rows: tally.unknown_rows,
                met_least,
                met_most,
            }
        })
        .collect()
}

/// What all unmet needs come to, in one walk over them.
struct Found {
    /// Needs inside.
    n_inside: usize,
    /// Child-needs inside, by cause.
    child_needs: BTreeMap<Cause, u64>,
    /// Some cause is not known for a stop.
    stopped: bool,
}

impl Found {
    fn of(all: &[Unmet]) -> Found {
        let mut found = Found { n_inside: 0, child_needs: BTreeMap::new(), stopped: false };
        for unmet in all {
            found.stopped |= unmet.cause == Cause::Stopped;
            if unmet.inside {
                found.n_inside += 1;
                *found.child_needs.entry(unmet.cause).or_default() += unmet.children;
            }
        }
        found
    }
}

fn causes(found: &Found) -> Vec<CauseRow> {
    let row = |cause: Cause| CauseRow {
        cause: cause.as_str().to_owned(),
        child_needs: found.child_needs.get(&cause).copied().unwrap_or(0),
        meaning: cause.meaning().to_owned(),
    };
    Cause::ALL.into_iter().chain(found.stopped.then_some(Cause::Stopped)).map(row).collect()
}

pub(super) fn deficient_set(locality: &Locality, set: &deficient::DeficientSet) -> DeficientSet {
    DeficientSet {
        needs: set.needs.iter().map(|need| locality.needs()[need.ix()].id.to_string()).collect(),
        child_needs: set.child_needs,
        offers: set.offers.iter().map(|offer| locality.offers()[offer.ix()].id.to_string()).collect(),
        places: set.places,
        short: set.short(),
    }
}

fn layer_matrix(layers: &tally::LayerMatrix) -> LayerMatrix {
    let columns = Layer::ALL.iter().copied().map(Some).chain([None]).map(layer_key).collect();
    let row = |row: &tally::LayerRow| LayerRow {
        layer: layer_key(row.layer),
        child_needs: row.child_needs,
        met: row.met.to_vec(),
        unmet: row.unmet,
    };
    LayerMatrix {
        columns,
        rows: layers.rows.iter().map(row).collect(),
        places: layers.places.to_vec(),
        places_by_setting: layers.places_by_setting.to_vec(),
    }
}

/// Whether to look for the offer that comes nearest to a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    Find,
    /// A stop came: that is a look at all offers that fit, for each need.
    Leave,
}

/// The needs inside that go unmet, over the effort's threads. After a stop no more than [`LISTED_AT_LEAST`], and without
/// the nearest offers: writing down a million would take longer than a stop may.
fn unmet_rows(resident: &Resident, reasons: &Reasons, effort: &Effort) -> (Vec<UnmetRow>, Nearest) {
    const ROWS: usize = 1 << 11;
    let inside = || reasons.unmet.iter().filter(|unmet| unmet.inside);
    let found = |rows: &[&Unmet]| -> Result<Vec<UnmetRow>, StopReason> {
        let row = |unmet: &&Unmet| {
            effort.tick(256)?;
            Ok(unmet_row(resident, reasons, unmet, Nearest::Find))
        };
        rows.iter().map(row).collect()
    };
    let all: Vec<&Unmet> = inside().collect();
    match effort.look().and_then(|()| effort.each(all.chunks(ROWS).collect(), found)) {
        Ok(rows) => (rows.into_iter().flatten().collect(), Nearest::Find),
        Err(_) => {
            let row = |unmet: &Unmet| unmet_row(resident, reasons, unmet, Nearest::Leave);
            (inside().take(LISTED_AT_LEAST).map(row).collect(), Nearest::Leave)
        }
    }
}

/// Unmet needs that are listed whatever the effort says.
const LISTED_AT_LEAST: usize = 10_000;

fn only_some_listed(unmet: usize, listed: usize) -> String {
    format!("The run was stopped: of {unmet} unmet needs only {listed} are listed.")
}

impl GapsDocument {
    /// Leaves out most unmet needs and says so: for a stop that comes while the document is written.
    pub fn shorten(&mut self) {
        let n_unmet = self.unmet.len();
        if LISTED_AT_LEAST < n_unmet {
            self.unmet.truncate(LISTED_AT_LEAST);
            self.notes.push(only_some_listed(n_unmet, LISTED_AT_LEAST));
        }
    }
}

fn unmet_row(resident: &Resident, reasons: &Reasons, unmet: &Unmet, nearest: Nearest) -> UnmetRow {
    let locality = resident.locality();
    let need = &locality.needs()[unmet.need.ix()];
    let (why, nearest_offer) = why(resident, reasons, unmet, nearest);
    UnmetRow {
        need: need.id.to_string(),
        kind: locality.kinds()[need.kind.ix()].id.to_string(),
        area: locality.areas()[locality.holder(unmet.need).area.ix()].id.to_string(),
        child_needs: unmet.children,
        cause: unmet.cause.as_str().to_owned(),
        why,
        nearest_offer,
        deficient_set: unmet.deficient_set.map(|at| at as u64),
    }
}

/// The cause in words that can be checked, and the offer that comes nearest.
pub(super) fn why(resident: &Resident, reasons: &Reasons, unmet: &Unmet, nearest: Nearest) -> (String, Option<String>) {
    let locality = resident.locality();
    let meaning = unmet.cause.meaning();
    match unmet.cause {
        Cause::NoType => (capital(meaning), None),
        Cause::Capacity => match unmet.deficient_set {
            None => (capital(meaning), None),
            Some(at) => {
                let set = &reasons.deficient_sets[at];
                (
                    format!(
                        "{}: {} child-needs share {} places in {} offers, {} short",
                        capital(meaning),
                        set.child_needs,
                        set.places,
                        set.offers.len(),
                        set.short()
                    ),
                    None,
                )
            }
        },
        Cause::CapacityUnknown | Cause::Policy | Cause::NotWorthCost | Cause::Declined | Cause::Stopped => {
            (capital(meaning), None)
        }
        Cause::Ineligible | Cause::EligibilityUnknown | Cause::PlaceUnknown | Cause::OutOfReach
            if nearest == Nearest::Leave =>
        {
            (capital(meaning), None)
        }
        Cause::Ineligible | Cause::EligibilityUnknown | Cause::PlaceUnknown | Cause::OutOfReach => {
            match nearest_miss(locality, resident.profiles(), unmet.need) {
                None => (capital(meaning), None),
                Some(miss) => {
                    let offer = locality.offers()[miss.offer.ix()].id.to_string();
                    let name = &locality.service_of(miss.offer).name;
                    let reasons = blocking(&miss).join("; ");
                    (format!("{}. Nearest: {name} ({offer}): {reasons}", capital(meaning)), Some(offer))
                }
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// None where time ran out before it was built.
fn ecology(resident: &Resident, effort: &Effort) -> Option<(Ecology, Vec<eligibility::SinglePoint>)> {
    let locality = resident.locality();
    effort.look().ok()?;
    let pairs = resident.pairs(effort).ok()?;
    let graph = eligibility::Ecology::build(locality, &pairs, effort).ok()?;
    let components = graph.components(effort).ok()?.components;
    let point = |point: &eligibility::SinglePoint| SinglePoint {
        provider: locality.providers()[point.provider.ix()].to_string(),
        needs: point.needs.len() as u64,
        child_needs: point.child_needs.known,
    };
    let driver = |row: &Upstream| {
        let link = &locality.drives()[row.link];
        let upstream = &locality.kinds()[link.kind.ix()];
        Driver {
            kind: locality.kinds()[link.drives.ix()].id.to_string(),
            driven_by: upstream.id.to_string(),
            strength: link.strength.clone(),
            source: link.source.clone(),
            child_needs: row.driving,
            driven: row.driven,
            in_child: row.in_child,
            in_area: row.in_area,
            layer: layer_key(upstream.layer),
            addressed: row.addressed,
        }
    };
    let drivers = upstream(locality, resident.profiles(), effort).ok()?.iter().map(driver).collect();
    let single_points = graph.single_points(effort).ok()?;
    let ecology = Ecology {
        components: components.len() as u64,
        largest_component_needs: components.iter().map(|part| part.needs.len()).max().unwrap_or(0) as u64,
        single_points: single_points.iter().map(point).collect(),
        drivers,
    };
    Some((ecology, single_points))
}
