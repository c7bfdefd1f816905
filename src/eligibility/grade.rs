//! What is known of a pair, in one byte.

use super::rules::Answer;
use crate::domain::policy::UnknownEligibility;

/// A pair whose eligibility and reach are each yes or unknown, and how sure that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grade(u8);

impl Grade {
    const ELIGIBILITY_UNKNOWN: u8 = 1;
    const REACH_UNKNOWN: u8 = 1 << 1;
    const DECLINED: u8 = 1 << 2;
    const DEFAULT_REACH: u8 = 1 << 3;
    /// Rounding to whole metres went up to a full kilometre that the distance itself does not reach.
    const ROUNDED_UP_TO_KM: u8 = 1 << 4;

    /// None where either is a no: such a pair is none.
    pub(super) fn new(eligible: Answer, reach: Answer) -> Option<Grade> {
        let unknown = |answer, bit| match answer {
            Answer::Yes => Some(0),
            Answer::Unknown => Some(bit),
            Answer::No => None,
        };
        Some(Grade(unknown(eligible, Grade::ELIGIBILITY_UNKNOWN)? | unknown(reach, Grade::REACH_UNKNOWN)?))
    }

    pub(super) fn with_declined(self) -> Grade {
        Grade(self.0 | Grade::DECLINED)
    }

    /// The same, had nobody declined.
    pub fn but_for_declines(self) -> Grade {
        Grade(self.0 & !Grade::DECLINED)
    }

    pub(super) fn with_default_reach(self) -> Grade {
        Grade(self.0 | Grade::DEFAULT_REACH)
    }

    pub(super) fn with_rounded_up_to_km(self) -> Grade {
        Grade(self.0 | Grade::ROUNDED_UP_TO_KM)
    }

    pub fn eligibility_unknown(self) -> bool {
        self.0 & Grade::ELIGIBILITY_UNKNOWN != 0
    }

    pub fn reach_unknown(self) -> bool {
        self.0 & Grade::REACH_UNKNOWN != 0
    }

    /// The need, its holder, or everyone of its kind there, declined the offer or its service.
    pub fn declined(self) -> bool {
        self.0 & Grade::DECLINED != 0
    }

    /// The verdict on reach rests on the policy's default, for some members at least.
    pub fn default_reach(self) -> bool {
        self.0 & Grade::DEFAULT_REACH != 0
    }

    pub(super) fn rounded_up_to_km(self) -> bool {
        self.0 & Grade::ROUNDED_UP_TO_KM != 0
    }

    /// A place may be given on this pair: eligible (the unknown read as the policy says), in reach, not declined.
    pub fn admits(self, unknown: UnknownEligibility) -> bool {
        let eligible = !self.eligibility_unknown() || unknown == UnknownEligibility::Yes;
        eligible && !self.reach_unknown() && !self.declined()
    }
}
