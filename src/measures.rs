//! Measures of fit, equity, access and concentration: numbers in, numbers out.
//!
//! Nothing here knows a need or a place: callers count, and these functions say what the counts amount to. Each is a
//! measure of the field, with its source beside it; none is ours. A measure whose denominator is zero, or which rests on
//! a number nobody knows, is `None`, never zero. Shares are fractions of one, not rounded. Sums run in a fixed order, so
//! the same input gives the same bits.

pub mod access;
pub mod concentration;
pub mod decompose;
pub mod equity;
pub mod integration;
pub mod interval;
pub mod targeting;
