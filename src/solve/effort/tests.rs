use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Effort, StopReason};

proptest! {
    #[test]
    fn sorting_sorts(few in vec(any::<u16>(), 0..300), copies in 1_usize..1000) {
        let mut items: Vec<u16> = few.iter().copied().cycle().take(few.len() * copies).collect();
        let mut wanted = items.clone();
        wanted.sort();
        prop_assert_eq!(Effort::unlimited().sort(&mut items), Ok(()));
        prop_assert_eq!(items, wanted);
    }
}

#[test]
fn threads_change_nothing_and_a_stop_loses_nothing() {
    // Pairwise different, in an order of no use: multiples of an odd number, modulo a power of two.
    let mixed: Vec<u32> = (0..1 << 19).map(|n: u32| (n.wrapping_mul(0x9E37_79B1) >> 3 << 3) | (n % 8)).collect();
    let mut wanted = mixed.clone();
    wanted.sort();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for effort in [Effort::unlimited(), Effort::unlimited().on(&pool)] {
        let mut items = mixed.clone();
        assert_eq!(effort.sort(&mut items), Ok(()));
        assert_eq!(items, wanted);
    }
    for ticks in [0, 300_000, 2_500_000, 3_500_000] {
        let mut items = mixed.clone();
        assert_eq!(Effort::unlimited().at_most(ticks).sort(&mut items), Err(StopReason::TickLimit), "{ticks}");
        items.sort();
        assert_eq!(items, wanted, "{ticks}");
    }
}

#[test]
fn pieces_come_back_in_order_and_the_first_stop_ends_them() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for effort in [Effort::unlimited(), Effort::unlimited().on(&pool)] {
        assert_eq!(effort.share(100, |n| Ok(n * n)), Ok((0..100).map(|n| n * n).collect()));
        assert_eq!(effort.both(|| 1, || "two"), (1, "two"));
    }
    let effort = Effort::unlimited().on(&pool).at_most(10);
    assert_eq!(effort.share(100, |n| effort.tick(1).map(|()| n)), Err(StopReason::TickLimit));
}
