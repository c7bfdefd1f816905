//! Measures of fit, equity, access and concentration: numbers in, numbers out.
//!
//! Nothing here knows a need or a place: callers count, and these functions say what the counts amount to. A measure
//! whose denominator is zero, or which rests on a number nobody knows, is `None`, never zero.

pub mod targeting;
