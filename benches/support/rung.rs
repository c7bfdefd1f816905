//! The ladder: which instances are measured.

use std::fmt;
use std::str::FromStr;

use suffice::generate::Params;

/// Each about ten to thirty times the one before, in pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    S,
    M,
    L,
    Xl,
}

/// One instance of the ladder: another seed is another place of the same size and shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    pub size: Size,
    pub seed: u64,
}

impl Rung {
    pub const S: Rung = Rung { size: Size::S, seed: 1 };
    pub const M: Rung = Rung { size: Size::M, seed: 1 };
    pub const L: Rung = Rung { size: Size::L, seed: 1 };

    /// Small enough to be measured again and again.
    pub const OFTEN: [Rung; 3] = [Rung::S, Rung::M, Rung::L];

    pub fn params(self) -> Params {
        let (needs, services, radius_percent) = match self.size {
            Size::S => (2_000, 100, 350),
            Size::M => (10_000, 300, 250),
            Size::L => (100_000, 1_000, 200),
            Size::Xl => (1_000_000, 5_000, 90),
        };
        let params = Params::new(needs, services, self.seed).and_then(|params| params.radius_percent(radius_percent));
        params.expect("the sizes of the ladder are in range")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Size::S => "S",
            Size::M => "M",
            Size::L => "L",
            Size::Xl => "XL",
        })
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let sizes = [Size::S, Size::M, Size::L, Size::Xl];
        let found = sizes.into_iter().find(|size| size.to_string() == text);
        found.ok_or_else(|| format!("{text:?} is no size: S, M, L or XL"))
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.size, self.seed)
    }
}
