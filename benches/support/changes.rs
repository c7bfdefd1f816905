//! Changes of single rows on a solved network: a place more, or a need more like one that is there.

use std::sync::Arc;

use suffice::generate::draws::Draws;
use suffice::solve::standing::{Change, PairParts, SourceParts, Standing};
use suffice::solve::{Effort, Network, Outcome, Proof, Step, solve};

/// What there is one more of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    Place,
    Need,
}

/// What a planner may do next.
pub struct OneMore {
    pub what: What,
    /// What has to change in the network.
    pub changes: Vec<Change>,
    /// Whose worth is asked for afterwards.
    pub sink: u32,
}

/// A network's optimum that takes changes, and the problem as it is after all changes so far.
pub struct Changing {
    pub standing: Standing,
    network: Arc<Network>,
    places: Vec<Option<u64>>,
    holds: Vec<u64>,
    choice: Draws,
    which: Draws,
}

impl Changing {
    /// Solves the network first.
    pub fn of(network: Arc<Network>, effort: &Effort) -> Changing {
        let outcome = solve(&network, effort).expect("no backend is asked");
        let Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } = outcome else {
            panic!("without a limit our own route ends with prices");
        };
        let standing = Standing::of(Arc::clone(&network), &flow, &prices).expect("prices of its shape");
        standing.prepare(effort).expect("nothing stops it");
        let (places, holds) = (network.places().to_vec(), network.pool_holds());
        Changing { standing, network, places, holds, choice: Draws::new(1, 1), which: Draws::new(1, 2) }
    }

    /// The change with this number, drawn from a fixed seed: as often a place more as a need more.
    pub fn next(&mut self, number: u64) -> OneMore {
        if self.choice.chance(number, 1, 2) { self.place_more(number) } else { self.need_more(number) }
    }

    /// The same change, where it is the only one.
    pub fn alone(&mut self, number: u64) -> OneMore {
        self.places = self.network.places().to_vec();
        self.holds = self.network.pool_holds();
        self.next(number)
    }

    fn place_more(&mut self, number: u64) -> OneMore {
        let sink = self.which.below(number, self.places.len() as u64) as u32;
        let places = &mut self.places[sink as usize];
        *places = places.map(|places| places + 1);
        OneMore { what: What::Place, changes: vec![Change::Places { sink, places: *places }], sink }
    }

    /// One unit more with the pairs and costs of a source that is there; its groups grow with it.
    fn need_more(&mut self, number: u64) -> OneMore {
        let mut like = self.which.below(number, self.network.n_sources() as u64) as usize;
        while self.network.pairs_of(like).is_empty() {
            like = (like + 1) % self.network.n_sources();
        }
        let network = &self.network;
        let pair = |pair: usize| PairParts {
            sink: network.sinks()[pair],
            cost: network.stages().iter().map(|stage| stage.pair_cost.of(pair)).collect(),
        };
        let unsent = network.stages().iter().map(|stage| stage.unsent_cost.get(like).copied().unwrap_or(0));
        let with = SourceParts {
            units: 1,
            pool: network.sources()[like].pool,
            pairs: network.pairs_of(like).map(pair).collect(),
            unsent_cost: unsent.collect(),
        };
        let sink = with.pairs[0].sink;
        let mut changes = Vec::new();
        let mut pool = with.pool;
        while let Some(at) = pool {
            self.holds[at as usize] += 1;
            changes.push(self.grown(at));
            pool = self.network.pools()[at as usize].parent;
        }
        changes.push(Change::NewSource { with });
        OneMore { what: What::Need, changes, sink }
    }

    /// A group with the units that it may hold by now: dearer unit by unit where the stage asks for evenness, as
    /// `matching::formulate` writes it, else at one cost.
    fn grown(&self, pool: u32) -> Change {
        let hold = self.holds[pool as usize];
        let steps = |stage: &suffice::solve::Stage| match (stage.name, stage.pool_steps.get(pool as usize)) {
            ("evenness", Some(before)) if !before.is_empty() => {
                (1..=hold).map(|unit| Step { units: 1, cost: (1_000_000 * unit).div_ceil(hold) as i64 }).collect()
            }
            (_, Some(before)) => before.iter().map(|step| Step { units: hold, ..*step }).collect(),
            (_, None) => Vec::new(),
        };
        let steps = self.network.stages().iter().map(steps).collect();
        Change::Pool { pool, least: self.network.pools()[pool as usize].least, steps }
    }
}
