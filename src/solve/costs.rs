//! Costs over all stages at once: one number for each of S stages, compared lexicographically.
//!
//! Arrays compare as the stages do: the first stage in which two differ decides. That makes one shortest-path search
//! serve all stages. No sum that is formed here leaves 64 bits: see [`Network`](super::Network)'s promise.

pub(super) type Costs<const S: usize> = [i64; S];

pub(super) fn add<const S: usize>(a: Costs<S>, b: Costs<S>) -> Costs<S> {
    std::array::from_fn(|stage| a[stage] + b[stage])
}

pub(super) fn subtract<const S: usize>(a: Costs<S>, b: Costs<S>) -> Costs<S> {
    std::array::from_fn(|stage| a[stage] - b[stage])
}
