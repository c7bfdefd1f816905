//! A locality: a checked, immutable snapshot of a place. Made by [`check`](super::check::check) alone.
//!
//! Every vector is sorted by id, so the same rows in another order make the same locality. Indexes of one vector into
//! another are always valid. Group columns are shared by areas, holders and population rows.

use std::sync::Arc;

use jiff::civil::Date;

use super::age::{AgeBand, AgeLimits, AgeUnit};
use super::check::Completeness;
use super::geometry::{Coordinates, Point};
use super::ids::{AreaIx, HolderIx, Id, KindIx, NeedIx, OfferIx, ProviderIx, ServiceIx, TypeIx};
use super::layer::{BasisSet, Certainty, Layer, Level, Recipient, Status};
use super::policy::Policy;
use super::stated::Stated;

/// The pieces of a locality, as the check hands them over. Private fields of [`Locality`] hold them afterwards.
/// Tables that can be large are shared: the next revision of a locality has those that did not change in common with it.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub about: About,
    pub policy: Policy,
    pub group_columns: Vec<GroupColumn>,
    pub areas: Arc<Vec<Area>>,
    pub kinds: Vec<Kind>,
    pub types: Vec<ServiceType>,
    pub meets: Vec<Meet>,
    pub holders: Arc<Vec<Holder>>,
    pub needs: Arc<Vec<Need>>,
    pub providers: Vec<Id>,
    pub services: Arc<Vec<Service>>,
    pub offers: Arc<Vec<Offer>>,
    pub travel: Option<Arc<Travel>>,
    pub declines: Arc<Vec<Decline>>,
    /// None: receipts were not recorded, which is not the same as no receipts.
    pub receipts: Option<Arc<Vec<Receipt>>>,
    pub population: Arc<Vec<PopulationRow>>,
    pub drives: Vec<Drive>,
    pub outcomes: Vec<Outcome>,
    pub candidates: Vec<Candidate>,
    pub scenarios: Vec<Scenario>,
    pub declines_recorded: bool,
    pub completeness: Completeness,
    /// Needs as they were received, where `overlap = "reduce"` took named children off them; sorted by need.
    pub received: Vec<(NeedIx, Received)>,
}

#[derive(Clone, Debug)]
pub struct Locality {
    parts: Parts,
}

impl Locality {
    /// For the check alone: it has made sure that every index is valid and everything is sorted.
    pub(super) fn from_checked(parts: Parts) -> Locality {
        Locality { parts }
    }

    /// For the check of changes, which makes the next revision out of them.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// For tests of modules above the check: the caller vouches for order and indexes.
    #[cfg(test)]
    pub(crate) fn from_parts(parts: Parts) -> Locality {
        Locality { parts }
    }

    pub fn about(&self) -> &About {
        &self.parts.about
    }

    pub fn policy(&self) -> &Policy {
        &self.parts.policy
    }

    /// Sorted by name.
    pub fn group_columns(&self) -> &[GroupColumn] {
        &self.parts.group_columns
    }

    pub fn areas(&self) -> &[Area] {
        &self.parts.areas
    }

    pub fn kinds(&self) -> &[Kind] {
        &self.parts.kinds
    }

    /// Every type that a service offers or that meets a kind.
    pub fn types(&self) -> &[ServiceType] {
        &self.parts.types
    }

    /// Sorted by kind, then type.
    pub fn meets(&self) -> &[Meet] {
        &self.parts.meets
    }

    pub fn holders(&self) -> &[Holder] {
        &self.parts.holders
    }

    pub fn needs(&self) -> &[Need] {
        &self.parts.needs
    }

    pub fn providers(&self) -> &[Id] {
        &self.parts.providers
    }

    pub fn services(&self) -> &[Service] {
        &self.parts.services
    }

    pub fn offers(&self) -> &[Offer] {
        &self.parts.offers
    }

    pub fn travel(&self) -> Option<&Travel> {
        self.parts.travel.as_deref()
    }

    pub fn declines(&self) -> &[Decline] {
        &self.parts.declines
    }

    /// Whether there was a `declines.csv`; without one, acceptability is not recorded.
    pub fn declines_recorded(&self) -> bool {
        self.parts.declines_recorded
    }

    pub fn receipts(&self) -> Option<&[Receipt]> {
        self.parts.receipts.as_ref().map(|receipts| receipts.as_slice())
    }

    pub fn population(&self) -> &[PopulationRow] {
        &self.parts.population
    }

    pub fn drives(&self) -> &[Drive] {
        &self.parts.drives
    }

    pub fn outcomes(&self) -> &[Outcome] {
        &self.parts.outcomes
    }

    pub fn candidates(&self) -> &[Candidate] {
        &self.parts.candidates
    }

    pub fn scenarios(&self) -> &[Scenario] {
        &self.parts.scenarios
    }

    pub fn completeness(&self) -> &Completeness {
        &self.parts.completeness
    }

    pub fn holder(&self, need: NeedIx) -> &Holder {
        &self.parts.holders[self.parts.needs[need.ix()].holder.ix()]
    }

    pub fn service_of(&self, offer: OfferIx) -> &Service {
        &self.parts.services[self.parts.offers[offer.ix()].service.ix()]
    }

    /// The need with this id. O(log n).
    pub fn find_need(&self, id: &str) -> Option<NeedIx> {
        find(&self.parts.needs, |need| &need.id, id).map(NeedIx::new)
    }

    /// The offer with this id. O(log n).
    pub fn find_offer(&self, id: &str) -> Option<OfferIx> {
        find(&self.parts.offers, |offer| &offer.id, id).map(OfferIx::new)
    }

    /// The service with this id. O(log n).
    pub fn find_service(&self, id: &str) -> Option<ServiceIx> {
        find(&self.parts.services, |service| &service.id, id).map(ServiceIx::new)
    }

    /// The holder with this id. O(log n).
    pub fn find_holder(&self, id: &str) -> Option<HolderIx> {
        find(&self.parts.holders, |holder| &holder.id, id).map(HolderIx::new)
    }

    /// The area with this id. O(log n).
    pub fn find_area(&self, id: &str) -> Option<AreaIx> {
        find(&self.parts.areas, |area| &area.id, id).map(AreaIx::new)
    }

    /// The kind with this code. O(log n).
    pub fn find_kind(&self, id: &str) -> Option<KindIx> {
        find(&self.parts.kinds, |kind| &kind.id, id).map(KindIx::new)
    }

    /// An area, then its parent, and so on up.
    pub fn area_and_ancestors(&self, area: AreaIx) -> impl Iterator<Item = AreaIx> {
        std::iter::successors(Some(area), |area| self.parts.areas[area.ix()].parent)
    }
}

fn find<T>(sorted: &[T], id_of: impl Fn(&T) -> &Id, id: &str) -> Option<usize> {
    sorted.binary_search_by(|item| id_of(item).as_str().cmp(id)).ok()
}

/// `locality.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub name: String,
    pub reference_date: Date,
    pub period: Period,
    pub coordinates: Coordinates,
    pub ages: AgeUnit,
    pub licence: Option<String>,
    pub sources: Vec<String>,
    /// What a reader of any answer must know of the data, such as what they leave out. Repeated in every answer.
    pub caveats: Vec<String>,
    /// Receipts and needs are an observed sample (intervals are due), or enumerated.
    pub sample: bool,
    pub deprivation: Option<Deprivation>,
}

/// The period that every need, place and cost is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Year(i16),
    Day(Date),
}

/// Which index a `deprivation_rank` belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprivation {
    pub index: String,
    pub year: i16,
    pub areas_in_index: u32,
}

/// A `group:NAME` column. `values` are sorted; the empty value stands for "not stated" and is a value of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupColumn {
    pub name: String,
    pub values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    pub id: Id,
    pub name: String,
    pub point: Option<Point>,
    pub parent: Option<AreaIx>,
    /// Areas outside bring demand and offers but enter no total.
    pub inside: bool,
    /// 1 = most deprived.
    pub deprivation_rank: Option<u32>,
    /// For each group column the position in its `values`.
    pub groups: Vec<u32>,
}

/// A category of need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    pub id: Id,
    pub label: String,
    /// None where the kind is a coding state such as "not coded".
    pub layer: Option<Layer>,
    pub domain: String,
    pub recipient: Recipient,
    pub ages: Option<AgeBand>,
    pub source: String,
    /// Crosswalk codes by the column's name (`code:NAME` gives NAME). For reporting, never for matching.
    pub codes: Vec<(String, String)>,
}

/// What is done: the middle of need -> type -> service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceType {
    pub id: Id,
}

/// A kind of need is met by a type of service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meet {
    pub kind: KindIx,
    pub service_type: TypeIx,
    /// Share of children for whom the need is resolved, in thousandths, 0 to 1000; as the user gave it.
    pub effect: Option<u16>,
    pub source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderSort {
    /// A pseudonym: every row of it has `children` 1.
    Child,
    /// Area x age band x group, with a count.
    Cohort,
}

/// Who has needs. All needs of a holder agree on area, ages, household and groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub id: Id,
    pub sort: HolderSort,
    pub area: AreaIx,
    pub ages: Option<AgeBand>,
    pub household: Option<Id>,
    /// For each group column the position in its `values`.
    pub groups: Vec<u32>,
    /// The largest known `children` of its rows, at most 10^9.
    pub children: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedOrigin {
    /// A row of needs.csv.
    Row,
    /// A rate of rates.csv applied to population.csv, or a row that says it was made so.
    Rate,
}

impl NeedOrigin {
    /// How the column `origin` of needs.csv writes [`NeedOrigin::Rate`]; blank is a row of its own.
    pub const RATE: &'static str = "rate";
}

/// A holder's need of one kind, at a level, for a number of children.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    pub id: Id,
    pub holder: HolderIx,
    pub kind: KindIx,
    pub level: Level,
    /// At most 10^9.
    pub children: Stated<u64>,
    /// Bounds of a suppressed or rounded number.
    pub children_low: Option<u64>,
    pub children_high: Option<u64>,
    /// Its own point, else its area's; None where neither has one.
    pub point: Option<Point>,
    /// Whole, >= 1: as given, else by level.
    pub weight: u32,
    pub basis: BasisSet,
    pub certainty: Option<Certainty>,
    /// Sorted by name, one value per name.
    pub tags: Vec<Tag>,
    pub origin: NeedOrigin,
    /// False where the only basis is one that the policy does not count: it takes no place and enters no total.
    pub counts: bool,
}

/// Numbers of a need as they were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub children: Stated<u64>,
    pub low: Option<u64>,
    pub high: Option<u64>,
}

/// Levels that a service accepts, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelLimits {
    pub min: Level,
    pub max: Level,
    /// One or both were blank and read as 1 and 4.
    pub assumed: bool,
}

/// What one unit of `capacity` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Blank, `place` or `child`.
    Child,
    /// Another unit, and how many children one takes, where that is known.
    Other { name: String, children: Option<u64> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: Id,
    pub name: String,
    pub provider: ProviderIx,
    /// Sorted, without repeats, at least one.
    pub types: Vec<TypeIx>,
    pub ages: AgeLimits,
    pub levels: LevelLimits,
    /// Where it works.
    pub setting: Option<Layer>,
    /// Whose change it seeks.
    pub target: Option<Layer>,
    /// All of these a need must have.
    pub requires: Vec<Tag>,
    /// None of these may a need have.
    pub excludes: Vec<Tag>,
    /// An ordinal rating, reported and never optimised.
    pub evidence: Option<String>,
    pub unit: Unit,
    /// Pence for one child placed, in the period.
    pub cost_per_place: Option<i64>,
}

/// How far an offer reaches, where it says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// Blank: the policy's rules and default decide; with `areas` given, no distance is tested.
    Blank,
    /// Written `any`: no distance is tested.
    Any,
    Metres(f64),
    Minutes(f64),
}

/// A service at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub id: Id,
    pub service: ServiceIx,
    /// Its own point, else its area's.
    pub point: Option<Point>,
    pub area: Option<AreaIx>,
    pub capacity: Stated<u64>,
    pub free: Stated<u64>,
    /// How many children one place serves in the period; at least 1.
    pub turns: u64,
    pub status: Option<Status>,
    pub updated: Option<Date>,
    pub reach: Reach,
    /// Areas it covers (each with all below it); empty where the column is blank.
    pub covers: Vec<AreaIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TravelUnit {
    Metres,
    Minutes,
}

/// `travel.csv`: replaces the straight line. A pair it leaves out is out of reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Travel {
    pub unit: TravelUnit,
    /// For each offer, areas and unrounded metres or minutes, sorted by area.
    pub offers: Vec<Vec<(AreaIx, f64)>>,
    /// The same for each candidate that is a new offer (others are empty).
    pub candidates: Vec<Vec<(AreaIx, f64)>>,
}

impl Travel {
    /// Unrounded metres or minutes between an area and an offer; None where the pair is left out. O(log areas).
    pub fn between(&self, area: AreaIx, offer: OfferIx) -> Option<f64> {
        let row = &self.offers[offer.ix()];
        row.binary_search_by_key(&area, |&(area, _)| area).ok().map(|at| row[at].1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeclineWho {
    Need(NeedIx),
    Holder(HolderIx),
    Everyone { kind: KindIx, area: AreaIx },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeclineWhat {
    Service(ServiceIx),
    Offer(OfferIx),
}

/// A refused or unacceptable pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decline {
    pub who: DeclineWho,
    pub what: DeclineWhat,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReceiptNeed {
    Need(NeedIx),
    /// Written `none`: no measured need.
    NoNeed,
    /// Blank: not known; only bounds can be given.
    NotKnown,
}

/// What children receive today.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    pub what: DeclineWhat,
    pub children: Stated<u64>,
    pub need: ReceiptNeed,
    pub kind: Option<KindIx>,
    pub holder: Option<HolderIx>,
    pub area: Option<AreaIx>,
    pub age: Option<u16>,
}

/// Children of an area in an age band and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulationRow {
    pub area: AreaIx,
    pub ages: AgeBand,
    pub groups: Vec<u32>,
    pub children: Stated<u64>,
}

/// Asserted, not estimated: having `kind` causes or worsens `drives`. A statement about populations, never one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drive {
    pub kind: KindIx,
    pub drives: KindIx,
    pub strength: String,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub kind: KindIx,
    pub indicator: String,
    pub outcome: String,
    pub framework: String,
    pub source: String,
}

/// What a candidate would do.
#[derive(Clone, Debug, PartialEq)]
pub enum CandidateKind {
    /// More places in an offer.
    Places {
        offer: OfferIx,
        places_per_step: u64,
        max_steps: u64,
    },
    /// A new offer of a service; it buys its whole capacity. `capacity` None is `unlimited`.
    Offer {
        service: ServiceIx,
        point: Option<Point>,
        area: Option<AreaIx>,
        capacity: Option<u64>,
        reach: Reach,
        covers: Vec<AreaIx>,
    },
    /// Wider rules, as they would become; None leaves the rule as it is.
    Widen {
        what: DeclineWhat,
        age_min: Option<u16>,
        age_max: Option<u16>,
        level_min: Option<Level>,
        level_max: Option<Level>,
        reach: Reach,
        covers: Vec<AreaIx>,
    },
    Close {
        offer: OfferIx,
    },
}

/// Something a commissioner could do. Costs in whole pence; they may be negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub id: Id,
    pub kind: CandidateKind,
    pub fixed_cost: i64,
    pub cost_per_place: i64,
    /// Candidate ids or group names.
    pub together: Vec<Id>,
    pub one_of: Vec<Id>,
    pub after: Vec<Id>,
    pub fund: Option<Id>,
}

/// A factor on the children of a kind, here or everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub scenario: Id,
    pub kind: KindIx,
    pub area: Option<AreaIx>,
    /// Millionths.
    pub factor: u64,
}
