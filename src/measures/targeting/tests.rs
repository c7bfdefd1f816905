use proptest::prelude::*;

use super::{NeedReceipt, Split};

/// Perth and Kinross, Evidence2Success: 8,459 aged 9 to 15, of whom 2,176 with high need; 649 in systems, 426 of them with
/// few or no needs (research/domain.md section 2.1, from the published counts).
const PERTH_AND_KINROSS: NeedReceipt =
    NeedReceipt { both: 223, need_only: 1_953, receipt_only: Some(426), neither: Some(5_857) };

#[track_caller]
fn near(found: Option<f64>, wanted: f64, within: f64) {
    let found = found.expect("nothing is missing");
    assert!((found - wanted).abs() <= within, "{found} is not {wanted}");
}

#[test]
fn perth_and_kinross_as_published() {
    let table = PERTH_AND_KINROSS;
    near(table.coverage(), 0.1025, 5e-5);
    near(table.undercoverage(), 0.8975, 5e-5);
    near(table.leakage(), 0.6564, 5e-5);
    // 426 of the 6,283 with low or no need.
    near(table.leakage_among_those_without_need(), 0.0678, 5e-5);
    near(table.prevalence(), 0.2572, 5e-5);
    near(table.coady_grosh_hoddinott(), 1.336, 5e-4);
    near(table.odds_ratio(), 1.570, 5e-4);
    near(table.phi(), 0.057, 5e-4);
    near(table.kappa(), 0.045, 5e-4);
    near(table.ceiling(), 0.2983, 5e-5);
    assert_eq!(table.split(), Some(Split { retargeting: 426, volume: 1_527 }));
    assert_eq!((table.need(), table.receipt(), table.everyone()), (2_176, Some(649), Some(8_459)));
}

#[test]
fn a_benefit_of_which_60_percent_reaches_the_poorest_40_percent_scores_one_and_a_half() {
    // The example of Coady, Grosh and Hoddinott (2004): of 100 receipts 60 go to the 400 poorest of 1,000.
    let table = NeedReceipt { both: 60, need_only: 340, receipt_only: Some(40), neither: Some(560) };
    near(table.coady_grosh_hoddinott(), 1.5, 1e-12);
}

#[test]
fn what_is_not_known_is_not_zero() {
    // England's looked-after children 2025: substance misuse identified for 1,780, of whom 740 received an intervention.
    // Nobody counts those who received one without.
    let table = NeedReceipt { both: 740, need_only: 1_040, receipt_only: None, neither: None };
    near(table.coverage(), 0.4157, 5e-5);
    near(table.undercoverage(), 0.5843, 5e-5);
    let rest = [
        table.leakage(),
        table.leakage_among_those_without_need(),
        table.prevalence(),
        table.coady_grosh_hoddinott(),
        table.odds_ratio(),
        table.phi(),
        table.kappa(),
        table.ceiling(),
    ];
    assert_eq!(rest, [None; 8]);
    assert_eq!((table.split(), table.receipt(), table.everyone()), (None, None, None));
    // Receipts that are all known, in a population that is not.
    let table = NeedReceipt { receipt_only: Some(40), ..table };
    near(table.leakage(), 40.0 / 780.0, 1e-15);
    near(table.ceiling(), 780.0 / 1_780.0, 1e-15);
    assert_eq!(table.split(), Some(Split { retargeting: 40, volume: 1_000 }));
    assert_eq!([table.prevalence(), table.phi(), table.leakage_among_those_without_need()], [None; 3]);
}

#[test]
fn nobody_gives_no_measure() {
    let empty = NeedReceipt { receipt_only: Some(0), neither: Some(0), ..NeedReceipt::default() };
    let all = [
        empty.coverage(),
        empty.undercoverage(),
        empty.leakage(),
        empty.leakage_among_those_without_need(),
        empty.prevalence(),
        empty.coady_grosh_hoddinott(),
        empty.odds_ratio(),
        empty.phi(),
        empty.kappa(),
        empty.ceiling(),
    ];
    assert_eq!(all, [None; 10]);
    assert_eq!(empty.split(), Some(Split { retargeting: 0, volume: 0 }));
    // No need and some receipt: no share of need, but a share of receipt.
    let no_need = NeedReceipt { receipt_only: Some(3), neither: Some(7), ..NeedReceipt::default() };
    assert_eq!((no_need.coverage(), no_need.leakage(), no_need.prevalence()), (None, Some(1.0), Some(0.0)));
    assert_eq!(no_need.coady_grosh_hoddinott(), None);
}

#[test]
fn perfect_fit_and_perfect_misfit_are_the_ends_of_the_scales() {
    let fit = NeedReceipt { both: 3, need_only: 0, receipt_only: Some(0), neither: Some(5) };
    near(fit.phi(), 1.0, 1e-12);
    near(fit.kappa(), 1.0, 1e-12);
    assert_eq!(fit.odds_ratio(), None);
    let misfit = NeedReceipt { both: 0, need_only: 4, receipt_only: Some(4), neither: Some(0) };
    near(misfit.phi(), -1.0, 1e-12);
    near(misfit.kappa(), -1.0, 1e-12);
    assert_eq!(misfit.odds_ratio(), Some(0.0));
}

#[test]
fn the_largest_counts_do_not_overflow() {
    let most = Some(u64::MAX);
    let table = NeedReceipt { both: u64::MAX, need_only: u64::MAX, receipt_only: most, neither: most };
    near(table.coverage(), 0.5, 1e-12);
    near(table.phi(), 0.0, 1e-12);
    near(table.kappa(), 0.0, 1e-12);
    near(table.prevalence(), 0.5, 1e-12);
}

fn tables() -> impl Strategy<Value = NeedReceipt> {
    let count = || prop_oneof![Just(0_u64), 0_u64..50, any::<u64>()];
    (count(), count(), proptest::option::of(count()), proptest::option::of(count()))
        .prop_map(|(both, need_only, receipt_only, neither)| NeedReceipt { both, need_only, receipt_only, neither })
}

proptest! {
    #[test]
    fn every_measure_keeps_to_its_range(table in tables()) {
        let shares = [
            table.coverage(),
            table.undercoverage(),
            table.leakage(),
            table.leakage_among_those_without_need(),
            table.prevalence(),
            table.ceiling(),
        ];
        for share in shares.into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share), "{share}");
        }
        for correlation in [table.phi(), table.kappa()].into_iter().flatten() {
            prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&correlation), "{correlation}");
        }
        for ratio in [table.coady_grosh_hoddinott(), table.odds_ratio()].into_iter().flatten() {
            prop_assert!(0.0 <= ratio && ratio.is_finite(), "{ratio}");
        }
        if let (Some(coverage), Some(ceiling)) = (table.coverage(), table.ceiling()) {
            prop_assert!(coverage <= ceiling);
        }
        if let Some(split) = table.split() {
            prop_assert_eq!(split.retargeting + split.volume, table.need_only);
        }
    }

    #[test]
    fn the_same_share_everywhere_is_no_targeting(with in 1_u64..1_000, without in 1_u64..1_000, k in 1_u64..20) {
        // As many times k with the need as without, in both columns.
        let neither = Some(without);
        let table = NeedReceipt { both: with * k, need_only: without * k, receipt_only: Some(with), neither };
        near(table.odds_ratio(), 1.0, 1e-12);
        near(table.phi(), 0.0, 1e-12);
        near(table.kappa(), 0.0, 1e-12);
        near(table.coady_grosh_hoddinott(), 1.0, 1e-12);
    }
}
