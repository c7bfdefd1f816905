//! How well receipt fits need, from the 2 x 2 table of the two.

/// A 2 x 2 table of need by receipt, in child-needs or children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeedReceipt {
    /// With the need, and receiving (a).
    pub both: u64,
    /// With the need, and not receiving (b).
    pub need_only: u64,
    /// Receiving without the need (c); `None`: not known, which is never zero.
    pub receipt_only: Option<u64>,
    /// Neither with the need nor receiving (d); `None`: not known, which is never zero.
    pub neither: Option<u64>,
}
