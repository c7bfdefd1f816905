//! How well receipt fits need, from the 2 x 2 table of the two.
//!
//! The World Bank calls errors of inclusion and exclusion blunt: the size of a programme has to be seen beside them, and
//! several measures together. So all are here under the names that the field gives them, and the ceiling that the same
//! receipts could reach stands beside the coverage that they do reach.

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

/// What lies between the need and the receipts of a table, where any place can serve any need. In the units of the table.
///
/// The two sum to the need without receipt. Places that serve some needs only, or some areas, need a matching instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Need that receipts without need could serve: min(b, c).
    pub retargeting: u64,
    /// Need for which there is no receipt to turn: max(0, b - c).
    pub volume: u64,
}

/// Each measure takes constant time and is `None` where its denominator is zero or a cell that it rests on is not known.
impl NeedReceipt {
    /// Those with the need: a + b.
    pub fn need(self) -> u128 {
        u128::from(self.both) + u128::from(self.need_only)
    }

    /// Those who receive: a + c.
    pub fn receipt(self) -> Option<u128> {
        Some(u128::from(self.both) + u128::from(self.receipt_only?))
    }

    /// Everyone: a + b + c + d.
    pub fn everyone(self) -> Option<u128> {
        Some(self.need() + u128::from(self.receipt_only?) + u128::from(self.neither?))
    }

    /// Share of need that receives, a / (a + b), 0 to 1: the sensitivity of receipt.
    pub fn coverage(self) -> Option<f64> {
        share(self.both.into(), self.need())
    }

    /// Share of need that does not receive, b / (a + b), 0 to 1: the error of exclusion.
    pub fn undercoverage(self) -> Option<f64> {
        share(self.need_only.into(), self.need())
    }

    /// Share of receipt that goes to no measured need, c / (a + c), 0 to 1: the error of inclusion, as Coady, Grosh and
    /// Hoddinott (2004) count it. Those may be well because they are served; a table of one day cannot tell.
    pub fn leakage(self) -> Option<f64> {
        share(self.receipt_only?.into(), self.receipt()?)
    }

    /// Share of those without measured need who receive, c / (c + d), 0 to 1: the other leakage, by some authors' use of
    /// the word.
    pub fn leakage_among_those_without_need(self) -> Option<f64> {
        let without = u128::from(self.receipt_only?) + u128::from(self.neither?);
        share(self.receipt_only?.into(), without)
    }

    /// Share of everyone who has the need, (a + b) / n, 0 to 1.
    pub fn prevalence(self) -> Option<f64> {
        share(self.need(), self.everyone()?)
    }

    /// The ratio of Coady, Grosh and Hoddinott (2004): share of receipt that goes to need over the share of everyone who
    /// has it. 0 upwards; 1 is as good as a lot drawn among all, above 1 is progressive.
    pub fn coady_grosh_hoddinott(self) -> Option<f64> {
        let to_need = share(self.both.into(), self.receipt()?)?;
        ratio(to_need, self.prevalence()?)
    }

    /// Odds of receipt with the need over the odds without, ad / bc. 0 upwards; 1 where need makes no difference.
    pub fn odds_ratio(self) -> Option<f64> {
        ratio(product(self.both, self.neither?), product(self.need_only, self.receipt_only?))
    }

    /// The correlation of need and receipt, -1 to 1: (ad - bc) / sqrt of the product of the four margins (Pearson 1900).
    pub fn phi(self) -> Option<f64> {
        let margins = self.margins()?;
        ratio(self.determinant()?, margins.iter().map(|margin| margin.sqrt()).product())
    }

    /// Cohen's (1960) agreement of receipt with need beyond chance, -1 to 1:
    /// 2 (ad - bc) / ((a + b)(b + d) + (a + c)(c + d)).
    pub fn kappa(self) -> Option<f64> {
        let [need, no_need, receipt, no_receipt] = self.margins()?;
        ratio(2.0 * self.determinant()?, need * no_receipt + receipt * no_need)
    }

    /// The most coverage that as many receipts could reach, min(1, (a + c) / (a + b)), 0 to 1.
    pub fn ceiling(self) -> Option<f64> {
        share(self.receipt()?, self.need()).map(|most| most.min(1.0))
    }

    /// The need without receipt, split where any place can serve any need. `None` where receipt without need is not
    /// known.
    pub fn split(self) -> Option<Split> {
        let receipt_only = self.receipt_only?;
        Some(Split {
            retargeting: self.need_only.min(receipt_only),
            volume: self.need_only.saturating_sub(receipt_only),
        })
    }

    /// With need, without, with receipt, without.
    fn margins(self) -> Option<[f64; 4]> {
        let receipt = self.receipt()?;
        let everyone = self.everyone()?;
        Some([self.need(), everyone - self.need(), receipt, everyone - receipt].map(float))
    }

    /// ad - bc, exactly.
    fn determinant(self) -> Option<f64> {
        let with = u128::from(self.both) * u128::from(self.neither?);
        let against = u128::from(self.need_only) * u128::from(self.receipt_only?);
        // Two numbers of u64 fill all the bits of u128, so the difference needs its sign beside it.
        Some(if against <= with { float(with - against) } else { -float(against - with) })
    }
}

/// A float is near enough for a measure, and the sums before it were whole.
fn float(whole: u128) -> f64 {
    whole as f64
}

fn product(one: u64, other: u64) -> f64 {
    float(u128::from(one) * u128::from(other))
}

fn share(part: u128, whole: u128) -> Option<f64> {
    ratio(float(part), float(whole))
}

fn ratio(over: f64, under: f64) -> Option<f64> {
    (under != 0.0).then(|| over / under)
}

#[cfg(test)]
mod tests;
