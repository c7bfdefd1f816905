//! `policy.toml`: what is counted, what is optimised, and how the unknown is read. Every key has a default here, and
//! only here; each answer echoes the whole policy.

use super::ids::{KindIx, ProviderIx};
use super::layer::{Basis, BasisSet};

#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `supply.use`.
    pub supply: SupplyUse,
    /// `objective`.
    pub objective: Objective,
    /// `weight.level`: the weight of a child-need by level, where its row gives none. A convention, labelled so.
    pub level_weights: [u32; 4],
    pub reach: ReachDefaults,
    pub unknown: UnknownPolicy,
    pub count: CountPolicy,
    pub limits: Limits,
    pub floors: Floors,
    /// `ties.seed`: key of the lottery among equals.
    pub seed: String,
    /// `plan.travel_pence_per_km`.
    pub travel_pence_per_km: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupplyUse {
    /// Every need afresh against all places.
    Capacity,
    /// Needs without a fitting receipt against free places.
    Free,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageName {
    Floors,
    Need,
    Evenness,
    Effect,
    Travel,
    Cost,
    Blended,
}

impl StageName {
    pub const LEXICOGRAPHIC: [StageName; 6] = [
        StageName::Floors,
        StageName::Need,
        StageName::Evenness,
        StageName::Effect,
        StageName::Travel,
        StageName::Cost,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            StageName::Floors => "floors",
            StageName::Need => "need",
            StageName::Evenness => "evenness",
            StageName::Effect => "effect",
            StageName::Travel => "travel",
            StageName::Cost => "cost",
            StageName::Blended => "blended",
        }
    }

    /// Whether more is better; of the others less is.
    pub fn is_most(self) -> bool {
        match self {
            StageName::Need | StageName::Effect | StageName::Blended => true,
            StageName::Floors | StageName::Evenness | StageName::Travel | StageName::Cost => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    pub mode: ObjectiveMode,
    /// `objective.order`: each stage optimal given those before; no name twice. Kept in blended mode too, for the echo.
    pub order: Vec<StageName>,
    /// `objective.met`, `.cost`, `.km`: the factors of blended.
    pub met: u32,
    pub cost: u32,
    pub km: u32,
    pub even_by: GroupBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveMode {
    Lexicographic,
    Blended,
}

/// What to group holders by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Nothing,
    Area,
    /// Position in the locality's group columns.
    Column(usize),
}

/// Reach where an offer gives none.
#[derive(Clone, Debug, PartialEq)]
pub struct ReachDefaults {
    pub metres: f64,
    /// Where travel.csv is in minutes; None: every listed pair is in reach.
    pub minutes: Option<f64>,
    /// The first that fits wins.
    pub rules: Vec<ReachRule>,
}

/// A default reach for some kinds and ages. None: any.
#[derive(Clone, Debug, PartialEq)]
pub struct ReachRule {
    pub kind: Option<KindIx>,
    pub age_min: Option<u16>,
    pub age_max: Option<u16>,
    pub metres: Option<f64>,
    pub minutes: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPolicy {
    pub capacity: UnknownCapacity,
    pub eligibility: UnknownEligibility,
    /// Numbers older than this at the reference date are unknown; 0: never.
    pub stale_days: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCapacity {
    Exclude,
    Unlimited,
    Places(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownEligibility {
    No,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountPolicy {
    pub basis: BasisSet,
    pub overlap: Overlap,
}

/// What to do with rows of one kind that may hold the same children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    Warn,
    /// The cohort less the named children.
    Reduce,
    Refuse,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// k x the holder's children placements at most; 0: no limit.
    pub placements_per_holder: u32,
    /// Places at most, over all offers of a provider. Sorted by provider.
    pub provider_places: Vec<(ProviderIx, u64)>,
}

/// Least share of each group's child-needs to be met, in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floors {
    pub group: GroupBy,
    pub share: FloorShare,
}

impl Floors {
    pub const WHOLE: u32 = 1_000_000;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorShare {
    All(u32),
    /// By the group's value (an area's id, or a value of the column), sorted; groups left out have no floor.
    Each(Vec<(String, u32)>),
}

impl Policy {
    /// Every default. `seed` is the reference date as YYYY-MM-DD.
    pub fn defaults(seed: String) -> Policy {
        Policy {
            supply: SupplyUse::Capacity,
            objective: Objective {
                mode: ObjectiveMode::Lexicographic,
                order: StageName::LEXICOGRAPHIC.to_vec(),
                met: 1000,
                cost: 1,
                km: 3,
                even_by: GroupBy::Area,
            },
            level_weights: [1, 4, 16, 64],
            reach: ReachDefaults { metres: 15_000.0, minutes: None, rules: Vec::new() },
            unknown: UnknownPolicy {
                capacity: UnknownCapacity::Exclude,
                eligibility: UnknownEligibility::No,
                stale_days: 0,
            },
            count: CountPolicy {
                basis: BasisSet::default().with(Basis::Normative).with(Basis::Expressed).with(Basis::Comparative),
                overlap: Overlap::Warn,
            },
            limits: Limits { placements_per_holder: 0, provider_places: Vec::new() },
            floors: Floors { group: GroupBy::Area, share: FloorShare::All(0) },
            seed,
            travel_pence_per_km: 0,
        }
    }
}
