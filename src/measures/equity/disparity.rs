//! One group beside everyone else.

/// How many of how many: those of a group whose need is met, say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub with: u64,
    /// All of them, `with` included.
    pub of: u64,
}

impl Part {
    fn rate(self) -> Option<f64> {
        (0 < self.of).then(|| self.with as f64 / self.of as f64)
    }
}

/// A group against all others: never against a total that holds the group itself, which would hide part of the difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disparity {
    /// The group's share, 0 to 1; `None` for a group of nobody.
    pub rate: Option<f64>,
    /// The share of all others, 0 to 1; `None` where there are none.
    pub others: Option<f64>,
    /// The group's rate less that of the others, -1 to 1: in how many of a hundred they differ.
    pub difference: Option<f64>,
    /// The group's rate over that of the others, 0 upwards: how many times as often. `None` where the others' is zero.
    pub ratio: Option<f64>,
}

/// Compares a group with the rest of `everyone`. `None` where the group is not a part of everyone (a number of its own is
/// larger, or would leave the others more who have than who are). Constant time.
pub fn disparity(group: Part, everyone: Part) -> Option<Disparity> {
    let with = everyone.with.checked_sub(group.with)?;
    let rest = Part { with, of: everyone.of.checked_sub(group.of)? };
    if group.of < group.with || rest.of < rest.with {
        return None;
    }
    let (rate, others) = (group.rate(), rest.rate());
    let both = rate.zip(others);
    Some(Disparity {
        rate,
        others,
        difference: both.map(|(rate, others)| rate - others),
        ratio: both.filter(|&(_, others)| 0.0 < others).map(|(rate, others)| rate / others),
    })
}
