//! How far supply lies with few providers.

/// The Herfindahl-Hirschman index of parts of a whole: the sum of squared shares (Hirschman 1945, Herfindahl 1950).
///
/// On the scale of shares, 1/n for n equal parts to 1 for a single one; competition authorities multiply by 10,000. Its
/// inverse is the number of equal parts that would be as concentrated. Parts of zero change nothing. `None` where the
/// whole is zero. Linear in the parts.
pub fn herfindahl_hirschman(parts: &[u64]) -> Option<f64> {
    let whole: u128 = parts.iter().copied().map(u128::from).sum();
    if whole == 0 {
        return None;
    }
    Some(parts.iter().map(|&part| part as f64 / whole as f64).map(|share| share * share).sum())
}

#[cfg(test)]
mod tests;
