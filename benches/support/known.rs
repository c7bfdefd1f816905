//! What other programs found on the instances of seed 1: OR-Tools, LEMON, HiGHS and others, which agree. A faster answer
//! that is not this one does not count.

use suffice::generate::Instance;

use super::numbers::Reached;
use super::rung::{Rung, Size};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub arcs: usize,
    pub needs_without_arc: usize,
    pub capacity: u64,
    pub weight_total: i64,
    pub arc_checksum: u64,
    /// The most of 1000 * weight - cost, summed over the needs met.
    pub blended: i64,
    /// The most weight met.
    pub need: i64,
    /// Needs met where the weight met is greatest.
    pub met: u64,
    /// The least cost among the assignments of greatest weight.
    pub cost: i64,
}

impl Known {
    /// None for seeds that nobody but the peers of this very run has solved.
    pub fn of(rung: Rung) -> Option<Known> {
        if rung.seed != 1 {
            return None;
        }
        Some(match rung.size {
            Size::S => Known {
                arcs: 3_962,
                needs_without_arc: 475,
                capacity: 1_351,
                weight_total: 71_325,
                arc_checksum: 0xcef4_493e_5b7c_919d,
                blended: 44_386_504,
                need: 44_773,
                met: 844,
                cost: 386_496,
            },
            Size::M => Known {
                arcs: 47_373,
                needs_without_arc: 589,
                capacity: 6_860,
                weight_total: 345_502,
                arc_checksum: 0x6737_d21b_63e6_5141,
                blended: 265_888_326,
                need: 268_327,
                met: 5_376,
                cost: 2_438_674,
            },
            Size::L => Known {
                arcs: 1_289_835,
                needs_without_arc: 822,
                capacity: 69_489,
                weight_total: 3_481_461,
                arc_checksum: 0xac9a_690d_fc72_a7a7,
                blended: 2_974_110_906,
                need: 2_999_537,
                met: 61_325,
                cost: 25_426_094,
            },
            Size::Xl => Known {
                arcs: 28_507_113,
                needs_without_arc: 1_060,
                capacity: 697_490,
                weight_total: 34_974_960,
                arc_checksum: 0x71a2_45f4_fbd9_c7bb,
                blended: 30_757_052_157,
                need: 31_001_378,
                met: 636_617,
                cost: 244_325_843,
            },
        })
    }

    /// Fails where the generated instance is not the one that others solved.
    pub fn assert_instance(&self, instance: &Instance) {
        assert_eq!(format!("{:016x}", instance.arc_checksum()), format!("{:016x}", self.arc_checksum));
        assert_eq!(instance.arcs.service.len(), self.arcs);
        let without = instance.arcs.starts.windows(2).filter(|ends| ends[0] == ends[1]).count();
        assert_eq!(without, self.needs_without_arc);
        assert_eq!(instance.services.iter().map(|service| service.capacity).sum::<u64>(), self.capacity);
        assert_eq!(instance.needs.iter().map(|need| i64::from(need.weight)).sum::<i64>(), self.weight_total);
    }

    /// Fails where an answer is not the known optimum, in whichever columns it answers.
    pub fn assert_optimum(&self, reached: &Reached) {
        let Reached { blended, need, cost, met } = *reached;
        assert_eq!(blended.unwrap_or(self.blended), self.blended, "blended");
        assert_eq!(need.unwrap_or(self.need), self.need, "need");
        assert_eq!(cost.unwrap_or(self.cost), self.cost, "cost");
        assert_eq!(met, self.met, "needs met");
    }
}

/// Generates an instance, and fails where it is a known one and came out otherwise.
pub fn generate(rung: Rung) -> Instance {
    let instance = Instance::generate(&rung.params());
    if let Some(known) = Known::of(rung) {
        known.assert_instance(&instance);
    }
    instance
}
