//! The levers as columns of a program, and what each node's capacity is after any steps.

use super::{Choices, ChoicesError, Effect, Lever, Node, Rule, Within};
use crate::solve::need;
use crate::solve::network::{Limit, Network};

/// The columns and capacities of some choices.
pub(super) struct Model<'a> {
    pub choices: &'a Choices,
    pub sinks: Vec<Shape>,
    pub limits: Vec<Shape>,
    pub columns: Vec<Column>,
    /// The columns of each lever: from here, up to the next one's.
    pub first_column: Vec<usize>,
    /// The pairs of each sink, as positions, with their sources: `into_starts[j]..into_starts[j + 1]`.
    pub into_starts: Vec<usize>,
    pub into: Vec<(u32, u32)>,
}

/// A node's capacity: open x (base + the places added).
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// None: no end.
    pub base: Option<u64>,
    /// Lever, and places for each of its steps.
    pub adds: Vec<(u32, u64)>,
    pub gates: Vec<Gate>,
}

/// Lets units through where the lever is chosen, or where it is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub lever: u32,
    pub when_chosen: bool,
}

/// A whole variable of the program: some steps of a lever. The first column of a lever is its first step, so it says
/// whether the lever is chosen; a lever of few steps has one for each, so that each step can have a worth of its own; one of many has
/// a second one for all the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub lever: u32,
    /// Steps of the lever before this column's.
    pub before: u32,
    pub most: u32,
    pub cost: i64,
}

/// What the capacities of some choices are made of.
pub(super) struct Shapes {
    pub sinks: Vec<Shape>,
    pub limits: Vec<Shape>,
}

impl Shapes {
    /// O(sinks + limits + effects).
    pub fn of(choices: &Choices) -> Shapes {
        let network = &choices.network;
        let mut sinks: Vec<Shape> =
            network.places().iter().map(|places| Shape { base: *places, ..Shape::default() }).collect();
        let mut limits: Vec<Shape> =
            network.limits().iter().map(|limit| Shape { base: Some(limit.capacity), ..Shape::default() }).collect();
        for (position, lever) in (0u32..).zip(&choices.levers) {
            for effect in &lever.effects {
                let (Effect::Adds { node, .. } | Effect::Opens(node) | Effect::Closes(node)) = effect;
                let shape = match node {
                    Node::Sink(sink) => &mut sinks[*sink as usize],
                    Node::Limit(limit) => &mut limits[*limit as usize],
                };
                match effect {
                    Effect::Adds { places, .. } => shape.adds.push((position, *places)),
                    Effect::Opens(_) => shape.gates.push(Gate { lever: position, when_chosen: true }),
                    Effect::Closes(_) => shape.gates.push(Gate { lever: position, when_chosen: false }),
                }
            }
        }
        for shape in &mut sinks {
            // No end of places stays no end.
            if shape.base.is_none() {
                shape.adds.clear();
            }
        }
        Shapes { sinks, limits }
    }
}

impl Shape {
    /// Units that the node takes after these steps; None: no end.
    pub fn capacity(&self, steps: &[u32]) -> Option<u64> {
        let open = self.gates.iter().all(|gate| (0 < steps[gate.lever as usize]) == gate.when_chosen);
        if !open {
            return Some(0);
        }
        let base = self.base?;
        let added = self.adds.iter().map(|(lever, places)| places.saturating_mul(steps[*lever as usize].into()));
        Some(added.fold(base, u64::saturating_add))
    }
}

/// Levers of at most so many steps have a column for each.
const STEPS_APART: u32 = 8;

/// A row: terms <= right.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// By rising column.
    pub terms: Vec<(u32, f64)>,
    pub right: f64,
}

impl<'a> Model<'a> {
    pub fn of(choices: &'a Choices) -> Model<'a> {
        let Shapes { sinks, limits } = Shapes::of(choices);
        let mut columns = Vec::new();
        let mut first_column = Vec::new();
        for (position, lever) in (0u32..).zip(&choices.levers) {
            first_column.push(columns.len());
            columns.extend(columns_of(position, lever));
        }
        first_column.push(columns.len());
        let (into_starts, into) = turned(&choices.network);
        Model { choices, sinks, limits, columns, first_column, into_starts, into }
    }

    pub fn network(&self) -> &'a Network {
        &self.choices.network
    }

    pub fn n_levers(&self) -> usize {
        self.choices.levers.len()
    }

    pub fn columns_of(&self, lever: u32) -> std::ops::Range<usize> {
        self.first_column[lever as usize]..self.first_column[lever as usize + 1]
    }

    /// How far a lever is chosen at a point of the program, 0 to 1.
    pub fn chosen(&self, lever: u32, point: &[f64]) -> f64 {
        point.get(self.first_column[lever as usize]).map_or(0.0, |value| value.clamp(0.0, 1.0))
    }

    /// The steps of a lever at a point of the program.
    pub fn steps_at(&self, lever: u32, point: &[f64]) -> f64 {
        self.columns_of(lever).map(|column| point[column]).sum()
    }

    /// The point of the program where these steps are taken.
    pub fn point_of(&self, steps: &[u32]) -> Vec<f64> {
        self.columns
            .iter()
            .map(|column| f64::from(steps[column.lever as usize].saturating_sub(column.before).min(column.most)))
            .collect()
    }

    /// How far a node is open at a point: its narrowest gate. 1 where it has none.
    pub fn openness(&self, shape: &Shape, point: &[f64]) -> f64 {
        shape.gates.iter().map(|gate| self.gate(*gate, point)).fold(1.0, f64::min)
    }

    pub fn gate(&self, gate: Gate, point: &[f64]) -> f64 {
        let chosen = self.chosen(gate.lever, point);
        if gate.when_chosen { chosen } else { 1.0 - chosen }
    }

    /// As [`Choices::network_after`].
    pub fn network_after(&self, steps: &[u32]) -> Network {
        let mut parts = self.network().clone().into_parts();
        parts.places = self.sinks.iter().map(|shape| shape.capacity(steps)).collect();
        parts.limits = self.limits_after(steps);
        // Only capacities differ from a network that was valid, and any capacity is.
        Network::new(parts).expect("other capacities make a network too")
    }

    fn limits_after(&self, steps: &[u32]) -> Vec<Limit> {
        self.limits_of(|shape| shape.capacity(steps))
    }

    fn limits_of(&self, capacity: impl Fn(&Shape) -> Option<u64>) -> Vec<Limit> {
        let limits = self.limits.iter().zip(self.network().limits());
        limits.map(|(shape, own)| Limit { capacity: capacity(shape).unwrap_or(u64::MAX), parent: own.parent }).collect()
    }

    /// The network after these steps without the pairs of sinks that have no places, with other weights for stage 0 and
    /// no other stage; and each pair's position in the whole network.
    pub fn open_part(&self, steps: &[u32], weights: &[i64]) -> (Network, Vec<u32>) {
        self.part(|shape| shape.capacity(steps), weights)
    }

    /// The same at a point of the program, where each node has its share of its capacity, rounded up.
    pub fn part_at(&self, point: &[f64], weights: &[i64]) -> (Network, Vec<u32>) {
        let capacity = |shape: &Shape| {
            let open = self.openness(shape, point);
            if open <= 0.0 {
                return Some(0);
            }
            let added: f64 = shape.adds.iter().map(|(lever, own)| self.steps_at(*lever, point) * *own as f64).sum();
            Some(((shape.base? as f64 + added) * open - 1e-6).ceil().max(0.0) as u64)
        };
        self.part(capacity, weights)
    }

    fn part(&self, capacity: impl Fn(&Shape) -> Option<u64>, weights: &[i64]) -> (Network, Vec<u32>) {
        let network = self.network();
        let places: Vec<Option<u64>> = self.sinks.iter().map(&capacity).collect();
        let mut starts = Vec::with_capacity(network.n_sources() + 1);
        starts.push(0);
        let mut sinks = Vec::new();
        let mut pairs = Vec::new();
        for source in 0..network.n_sources() {
            for pair in network.pairs_of(source) {
                let sink = network.sinks()[pair];
                if places[sink as usize] != Some(0) {
                    sinks.push(sink);
                    pairs.push(pair as u32);
                }
            }
            starts.push(sinks.len());
        }
        let parts = crate::solve::NetworkParts {
            sources: network.sources().to_vec(),
            starts,
            sinks,
            places,
            sink_limits: network.sink_limits().to_vec(),
            limits: self.limits_of(capacity),
            stages: vec![crate::solve::Stage { name: "need", unsent_cost: weights.to_vec(), ..Default::default() }],
            ..Default::default()
        };
        (Network::new(parts).expect("a part of a network is one"), pairs)
    }

    /// As [`Choices::allows`].
    pub fn allowed(&self, steps: &[u32], within: &Within) -> bool {
        self.choices.allows(steps, within)
    }

    /// The limits and the rules as rows over the columns.
    pub fn rows(&self, within: &Within) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut row = |mut terms: Vec<(u32, f64)>, right: f64| {
            terms.sort_unstable_by_key(|term| term.0);
            terms.dedup_by(|next, one| {
                let same = next.0 == one.0;
                if same {
                    one.1 += next.1;
                }
                same
            });
            terms.retain(|term| term.1 != 0.0);
            if !terms.is_empty() || right < 0.0 {
                rows.push(Row { terms, right });
            }
        };
        let levers = &self.choices.levers;
        let costs = |fund: Option<u32>| {
            let own = (0u32..).zip(&self.columns);
            own.filter(|(_, column)| fund.is_none() || levers[column.lever as usize].fund == fund)
                .map(|(position, column)| (position, column.cost as f64))
                .collect::<Vec<_>>()
        };
        if let Some(budget) = within.budget {
            row(costs(None), budget as f64);
        }
        for (fund, most) in (0u32..).zip(&within.funds) {
            if let Some(most) = most {
                row(costs(Some(fund)), *most as f64);
            }
        }
        let chosen = |lever: u32| self.first_column[lever as usize] as u32;
        if let Some(most) = within.at_most {
            row((0..levers.len() as u32).map(|lever| (chosen(lever), 1.0)).collect(), f64::from(most));
        }
        for (position, column) in (0u32..).zip(&self.columns).filter(|(_, column)| 0 < column.before) {
            // A step comes after the one before it; the steps of a second column of many all after the first.
            row(vec![(position, 1.0), (position - 1, -f64::from(column.most))], 0.0);
        }
        for rule in &self.choices.rules {
            match rule {
                Rule::Together(levers) => {
                    for (at, lever) in levers.iter().enumerate() {
                        let next = levers[(at + 1) % levers.len()];
                        row(vec![(chosen(*lever), 1.0), (chosen(next), -1.0)], 0.0);
                    }
                }
                Rule::OneOf(levers) => row(levers.iter().map(|lever| (chosen(*lever), 1.0)).collect(), 1.0),
                Rule::AfterAll { lever, others } => {
                    for other in others {
                        row(vec![(chosen(*lever), 1.0), (chosen(*other), -1.0)], 0.0);
                    }
                }
                Rule::AfterAny { lever, others } => {
                    let mut terms: Vec<(u32, f64)> = others.iter().map(|other| (chosen(*other), -1.0)).collect();
                    terms.push((chosen(*lever), 1.0));
                    row(terms, 0.0);
                }
            }
        }
        rows
    }
}

fn columns_of(position: u32, lever: &Lever) -> Vec<Column> {
    let column = |before: u32, most: u32| {
        let fixed = if before == 0 { lever.fixed_cost } else { 0 };
        Column { lever: position, before, most, cost: fixed + lever.cost_per_step }
    };
    match lever.most {
        // A lever that cannot be chosen keeps its column, so that rules can name it.
        0 => vec![column(0, 0)],
        most if most <= STEPS_APART => (0..most).map(|before| column(before, 1)).collect(),
        most => vec![column(0, 1), column(1, most - 1)],
    }
}

/// The pairs by sink.
fn turned(network: &Network) -> (Vec<usize>, Vec<(u32, u32)>) {
    let mut starts = vec![0; network.n_sinks() + 1];
    for sink in network.sinks() {
        starts[*sink as usize + 1] += 1;
    }
    for sink in 0..network.n_sinks() {
        starts[sink + 1] += starts[sink];
    }
    let mut at = starts.clone();
    let mut into = vec![(0, 0); network.n_pairs()];
    for source in 0..network.n_sources() {
        for pair in network.pairs_of(source) {
            let place = &mut at[network.sinks()[pair] as usize];
            into[*place] = (pair as u32, source as u32);
            *place += 1;
        }
    }
    (starts, into)
}

/// Whether the parts make choices; the message names the first that is wrong.
pub(super) fn check(network: &Network, levers: &[Lever], rules: &[Rule]) -> Result<(), ChoicesError> {
    let wrong = |message: String| Err(ChoicesError(message));
    if !network.pools().is_empty() || !need::fits(network, 0) {
        return wrong("the first stage must cost unsent units alone, and there must be no groups".to_owned());
    }
    if network.stages()[0].unsent_cost.iter().any(|weight| *weight < 0) {
        return wrong("the weights of unsent units must not be negative".to_owned());
    }
    if let Some(travel) = network.stages().get(1) {
        let costs_units = travel.unsent_cost.iter().any(|cost| *cost != 0);
        if costs_units || (0..network.n_pairs()).any(|pair| travel.pair_cost.of(pair) < 0) {
            return wrong("the second stage must cost pairs alone, none negative".to_owned());
        }
    }
    let mut all = 0i128;
    for (position, lever) in levers.iter().enumerate() {
        let most = i128::from(lever.most);
        all += i128::from(lever.fixed_cost.unsigned_abs()) + most * i128::from(lever.cost_per_step.unsigned_abs());
        for effect in &lever.effects {
            let (Effect::Adds { node, .. } | Effect::Opens(node) | Effect::Closes(node)) = effect;
            let (at, count) = match node {
                Node::Sink(sink) => (*sink as usize, network.n_sinks()),
                Node::Limit(limit) => (*limit as usize, network.limits().len()),
            };
            if count <= at {
                return wrong(format!("lever {position} changes {node:?}, but there are {count}"));
            }
        }
    }
    if i128::from(Choices::MOST_COST) < all {
        return wrong(format!("the levers cost {all} together; at most {} are possible", Choices::MOST_COST));
    }
    for rule in rules {
        let (Rule::Together(named) | Rule::OneOf(named)) = rule else {
            let (Rule::AfterAll { lever, others } | Rule::AfterAny { lever, others }) = rule else { continue };
            match others.iter().chain([lever]).find(|lever| levers.len() <= **lever as usize) {
                Some(lever) => return wrong(format!("a rule names lever {lever}, but there are {}", levers.len())),
                None => continue,
            }
        };
        if let Some(lever) = named.iter().find(|lever| levers.len() <= **lever as usize) {
            return wrong(format!("a rule names lever {lever}, but there are {}", levers.len()));
        }
        let mut rising = named.clone();
        rising.sort_unstable();
        rising.dedup();
        if rising.len() != named.len() {
            return wrong("a rule names a lever twice".to_owned());
        }
    }
    Ok(())
}
