//! A number that may not be known. Unknown is a state of its own, never zero.

/// What stood in place of a number that is not known. Kept, so that a page can say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    Blank,
    /// `c`: suppressed to protect confidentiality.
    Confidential,
    /// `x`: not available.
    NotAvailable,
    /// `u`: too unreliable to publish.
    Unreliable,
    /// `:`: not available (Eurostat's mark).
    Colon,
    /// `NA`.
    Na,
    /// `low`: rounds to zero but is not zero.
    Low,
    /// `k`: rounds to zero but is not zero (the Department for Education's mark).
    RoundsToZero,
}

impl Mark {
    /// The mark that a trimmed cell holds, if it holds one. `z` (not applicable) is not among them: it drops its row.
    pub fn parse(text: &str) -> Option<Mark> {
        Some(match text {
            "" => Mark::Blank,
            "c" => Mark::Confidential,
            "x" => Mark::NotAvailable,
            "u" => Mark::Unreliable,
            ":" => Mark::Colon,
            "NA" => Mark::Na,
            "low" => Mark::Low,
            "k" => Mark::RoundsToZero,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Blank => "",
            Mark::Confidential => "c",
            Mark::NotAvailable => "x",
            Mark::Unreliable => "u",
            Mark::Colon => ":",
            Mark::Na => "NA",
            Mark::Low => "low",
            Mark::RoundsToZero => "k",
        }
    }
}

/// A value that is known, or the mark that stood in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stated<T> {
    Known(T),
    Unknown(Mark),
}

impl<T: Copy> Stated<T> {
    pub const BLANK: Stated<T> = Stated::Unknown(Mark::Blank);

    pub fn known(self) -> Option<T> {
        match self {
            Stated::Known(value) => Some(value),
            Stated::Unknown(_) => None,
        }
    }
}
