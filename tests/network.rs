//! The network that a locality becomes: what does not show in an answer.

mod support;

use suffice::domain::BadRows;
use suffice::engine::Resident;
use suffice::generate::{Instance, Params};
use suffice::matching::{Formulation, NotFormulated, Reading, Scope, formulate};
use suffice::solve::{Effort, PairCosts, StopReason};

use support::bundles::resident;

fn network(resident: &Resident, effort: &Effort) -> Result<Formulation, NotFormulated> {
    let pairs = resident.pairs(&Effort::unlimited()).expect("nothing stops it");
    let everything = Scope::Everything;
    formulate(resident.locality(), resident.profiles(), &pairs, Reading::Policy, everything, effort)
}

/// The costs of a stage, and whether they lie in 32 bits.
fn costs(formulation: &Formulation, stage: &str) -> (Vec<i64>, bool) {
    let stage = formulation.network.stages().iter().find(|of| of.name == stage).expect("there is such a stage");
    let costs = (0..formulation.network.n_pairs()).map(|pair| stage.pair_cost.of(pair)).collect();
    (costs, matches!(stage.pair_cost, PairCosts::Narrow(_)))
}

#[test]
fn a_cost_that_takes_more_than_32_bits_widens_its_stage_alone() {
    let with = |pence: &str| {
        resident(&format!(
            "== needs.csv
             need,holder,kind,level,children,area
             n,h,k,1,3,a
             == services.csv
             service,name,provider,types,age_min,age_max,cost_per_place
             s,S,p,k,any,any,{pence}
             t,T,p,k,any,any,7
             == offers.csv
             offer,service,x,y,capacity
             o,s,300,0,2
             q,t,0,400,2"
        ))
    };
    for (pence, narrow) in [("2147483647", true), ("2147483648", false)] {
        let formulation = network(&with(pence), &Effort::unlimited()).expect("it is a network");
        let (mut cost, cost_narrow) = costs(&formulation, "cost");
        let (mut travel, travel_narrow) = costs(&formulation, "travel");
        // Sinks stand in the order of their lots.
        cost.sort_unstable();
        travel.sort_unstable();
        assert_eq!((cost, cost_narrow), (vec![7, pence.parse().expect("a number")], narrow), "{pence}");
        assert_eq!((travel, travel_narrow), (vec![300, 400], true), "{pence}");
    }
}

#[test]
fn threads_change_nothing_and_a_stop_is_a_stop() {
    let params = Params::new(10_000, 100, 3).expect("a size").radius_percent(350).expect("a radius");
    let draft = Instance::generate(&params).to_draft();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
    let alone = Resident::load(draft.clone(), BadRows::Refuse, &Effort::unlimited()).expect("good").resident;
    let together = Resident::load(draft, BadRows::Refuse, &Effort::unlimited().on(&pool)).expect("good").resident;
    assert_eq!(alone.digest(), together.digest());
    let of = |resident, effort: Effort| network(resident, &effort).expect("it is a network");
    let one = of(&alone, Effort::unlimited());
    let many = of(&together, Effort::unlimited().on(&pool));
    assert!(10_000 < one.network.n_pairs());
    assert_eq!((&one.network, &one.needs, &one.offers), (&many.network, &many.needs, &many.offers));
    for ticks in [0, 1_000, 20_000] {
        let stopped = network(&alone, &Effort::unlimited().at_most(ticks));
        assert_eq!(stopped.err(), Some(NotFormulated::Stopped(StopReason::TickLimit)), "{ticks}");
    }
}
