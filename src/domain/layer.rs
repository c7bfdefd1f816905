//! Codes: ecological layers, levels of need, Bradshaw's four kinds of evidence, and their like.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The code that `text` names, compared as written.
            pub fn parse(text: &str) -> Option<$name> {
                match text {
                    $($text => Some($name::$variant),)+
                    _ => None,
                }
            }

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

codes! {
    /// The context layers of Bronfenbrenner (1979), and time (the chronosystem of his later work).
    /// A need is coded once, where the condition sits; a service twice, by setting and by target (Richard et al. 1996).
    Layer {
        Individual = "individual",
        Micro = "micro",
        Meso = "meso",
        Exo = "exo",
        Macro = "macro",
        Chrono = "chrono",
    }

    /// Who has to change or to take part for a need to be met. A service's age rules bind only where it is the child.
    Recipient { Child = "child", Parent = "parent", Household = "household", Area = "area" }

    /// Bradshaw's (1972) four ways in which a need is known.
    Basis {
        Normative = "normative",
        Felt = "felt",
        Expressed = "expressed",
        Comparative = "comparative",
    }

    /// How the number of children was come by.
    Certainty { Counted = "counted", Administrative = "administrative", Estimated = "estimated" }

    /// The state of an offer, after HL7's capacity-status codes.
    Status {
        NoCapacity = "no-capacity",
        Capacity = "capacity",
        Waitlist = "waitlist",
        AdditionalAssessmentRequired = "additional-assessment-required",
        Unknown = "unknown",
    }
}

/// A level of need, 1 universal to 4 acute. An ordinal: differences between levels mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    pub const MIN: Level = Level(1);
    pub const MAX: Level = Level(4);

    pub fn new(level: u8) -> Option<Level> {
        (1..=4).contains(&level).then_some(Level(level))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The bases of a need; empty where none is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasisSet(u8);

impl BasisSet {
    pub fn with(self, basis: Basis) -> BasisSet {
        BasisSet(self.0 | 1 << basis as u8)
    }

    pub fn has(self, basis: Basis) -> bool {
        self.0 & 1 << basis as u8 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn overlaps(self, other: BasisSet) -> bool {
        self.0 & other.0 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Basis> {
        Basis::ALL.iter().copied().filter(move |&basis| self.has(basis))
    }
}
