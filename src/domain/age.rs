//! Ages in completed years (or months) at the reference date, both ends of a band inclusive.

/// The unit of every age in a locality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeUnit {
    Years,
    Months,
}

impl AgeUnit {
    /// The greatest age that is accepted: 120 years.
    pub fn max_age(self) -> u16 {
        match self {
            AgeUnit::Years => 120,
            AgeUnit::Months => 120 * 12,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            AgeUnit::Years => "years",
            AgeUnit::Months => "months",
        }
    }
}

/// The ages of the members of a need, `min <= max`, both inclusive. A child has one age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeBand {
    min: u16,
    max: u16,
}

impl AgeBand {
    /// None where `max < min`.
    pub fn new(min: u16, max: u16) -> Option<AgeBand> {
        (min <= max).then_some(AgeBand { min, max })
    }

    pub fn min(self) -> u16 {
        self.min
    }

    pub fn max(self) -> u16 {
        self.max
    }

    pub fn contains(self, other: AgeBand) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    pub fn overlaps(self, other: AgeBand) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// One end of a service's age rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeLimit {
    /// Written `any`: no limit, yes for everyone.
    Any,
    At(u16),
    /// Blank: there may be a limit, it is not known.
    Unknown,
}

/// Whom a service accepts by age, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeLimits {
    pub min: AgeLimit,
    pub max: AgeLimit,
}
