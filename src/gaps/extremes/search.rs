//! How much a row can gain or lose: maximum flows in the tight residual graph, undone after each.

use super::tight::{Held, NONE, Rows, State, Tight};
use crate::solve::{Effort, StopReason};

/// One change of the flow, so that it can be undone.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Units of a source from one sink to another, either of which may be [`NONE`]: unsent. `at` is where they were in
    /// the sink's list, and `all` whether nothing of them stayed there.
    Shift {
        source: u32,
        from: u32,
        to: u32,
        units: u64,
        at: usize,
        all: bool,
    },
    /// A sink uses so much more of what lies behind it, or less.
    More {
        sink: u32,
        units: u64,
    },
    Less {
        sink: u32,
        units: u64,
    },
}

/// Forwards from a row's unsent units to places that others give up, or backwards from the places that a row gives up to
/// unsent units of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forwards,
    Backwards,
}

/// The label of nodes that are not reached, and that of those which lead no further in this phase.
const FAR: u32 = u32::MAX;
const DEAD: u32 = u32::MAX - 1;

#[derive(Clone)]
pub(super) struct Search<'a> {
    tight: &'a Tight<'a>,
    rows: &'a Rows,
    state: State,
    /// Units in each sink that could go unsent; and those of each row, rising.
    giving: Vec<u64>,
    pub(super) giving_by_row: Vec<Vec<(u32, u64)>>,
    journal: Vec<Step>,
    /// So many steps of the journal are counted in `state.out` and `state.into`. Most rows are decided before those are
    /// asked.
    counted: usize,
    counts: bool,
    /// By node: sinks, then limits.
    labels: Vec<u32>,
    /// Nodes with a label, in the order in which they were reached.
    reached: Vec<u32>,
    /// Of each node's arcs those before this were tried in this phase.
    tried: Vec<usize>,
    /// Of those who wait at each sink the ones before this are of the row at hand or sent.
    asked: Vec<usize>,
    asked_at: Vec<u32>,
}

impl<'a> Search<'a> {
    pub(super) fn new(tight: &'a Tight<'a>, rows: &'a Rows) -> Search<'a> {
        let state = tight.base.clone();
        let n_sinks = tight.network.n_sinks();
        let n_nodes = n_sinks + tight.network.limits().len();
        let mut giving = vec![0; n_sinks];
        let mut giving_by_row = Vec::with_capacity(n_sinks);
        for (giving, held) in giving.iter_mut().zip(&state.gives_way) {
            let mut by_row: Vec<(u32, u64)> =
                held.iter().map(|held| (rows.of[held.source as usize], held.units)).collect();
            *giving = by_row.iter().map(|(_, units)| units).sum();
            by_row.retain(|(row, _)| *row != NONE);
            by_row.sort_unstable();
            by_row.dedup_by(|next, one| {
                let same = one.0 == next.0;
                if same {
                    one.1 += next.1;
                }
                same
            });
            giving_by_row.push(by_row);
        }
        Search {
            tight,
            rows,
            state,
            giving,
            giving_by_row,
            journal: Vec::new(),
            counted: 0,
            counts: false,
            labels: vec![FAR; n_nodes],
            reached: Vec::new(),
            tried: vec![0; n_nodes],
            asked: vec![0; n_sinks],
            asked_at: Vec::new(),
        }
    }

    /// How much more of a row can be met, of whom these go short.
    pub(super) fn gain(&mut self, row: u32, sources: &[u32], effort: &Effort) -> Result<u64, StopReason> {
        let tight = self.tight;
        let mut gained = 0;
        while !sources.is_empty() {
            let mut starts = Vec::new();
            for &source in sources.iter().filter(|&&source| 0 < self.state.left[source as usize]) {
                effort.tick(1 + tight.network.pairs_of(source as usize).len() as u64)?;
                starts.extend(tight.sinks_of(source));
            }
            if !self.label(starts.into_iter(), Direction::Forwards, row, effort)? {
                break;
            }
            for &source in sources {
                for start in tight.sinks_of(source) {
                    while 0 < self.state.left[source as usize]
                        && let Some(path) = self.path(start, Direction::Forwards, row, effort)?
                    {
                        gained += self.send_along(source, &path, Direction::Forwards, row, effort)?;
                    }
                }
            }
        }
        self.undo();
        Ok(gained)
    }

    /// How much less of a row can be met, which has units that could go unsent in these sinks.
    pub(super) fn loss(&mut self, row: u32, sinks: &[u32], effort: &Effort) -> Result<u64, StopReason> {
        let mut lost = 0;
        while !sinks.is_empty() {
            let starts = sinks.iter().copied().filter(|&sink| 0 < self.giving_of(sink, row));
            let starts: Vec<u32> = starts.collect();
            if !self.label(starts.into_iter(), Direction::Backwards, row, effort)? {
                break;
            }
            for &start in sinks {
                while 0 < self.giving_of(start, row)
                    && let Some(mut path) = self.path(start, Direction::Backwards, row, effort)?
                {
                    path.reverse();
                    let source = self.waits_at(path[0], row, effort)?;
                    // The path was found because someone waits where it ends.
                    let Some(source) = source else { break };
                    lost += self.send_along(source, &path, Direction::Backwards, row, effort)?;
                }
            }
        }
        self.undo();
        for sink in self.asked_at.drain(..) {
            self.asked[sink as usize] = 0;
        }
        Ok(lost)
    }

    fn giving_of(&self, sink: u32, row: u32) -> u64 {
        let of = &self.giving_by_row[sink as usize];
        of.binary_search_by_key(&row, |(row, _)| *row).map_or(0, |at| of[at].1)
    }

    /// An unsent source of another row that could use a sink.
    fn waits_at(&mut self, sink: u32, row: u32, effort: &Effort) -> Result<Option<u32>, StopReason> {
        let tight = self.tight;
        let waiting = &tight.waiting[tight.waiting_starts[sink as usize]..tight.waiting_starts[sink as usize + 1]];
        let asked = &mut self.asked[sink as usize];
        while let Some(&source) = waiting.get(*asked) {
            if 0 < self.state.left[source as usize] && self.rows.of[source as usize] != row {
                return Ok(Some(source));
            }
            effort.tick(1)?;
            if *asked == 0 {
                self.asked_at.push(sink);
            }
            *asked += 1;
        }
        Ok(None)
    }

    fn ends_at(&mut self, sink: u32, direction: Direction, row: u32, effort: &Effort) -> Result<bool, StopReason> {
        match direction {
            Direction::Forwards => Ok(self.giving_of(sink, row) < self.giving[sink as usize]),
            Direction::Backwards => Ok(self.waits_at(sink, row, effort)?.is_some()),
        }
    }

    /// Labels nodes by their distance from the starts, up to the nearest at which a way may end. False where there is
    /// none.
    fn label(
        &mut self,
        starts: impl Iterator<Item = u32>,
        direction: Direction,
        row: u32,
        effort: &Effort,
    ) -> Result<bool, StopReason> {
        for node in self.reached.drain(..) {
            self.labels[node as usize] = FAR;
            self.tried[node as usize] = 0;
        }
        for start in starts {
            if self.labels[start as usize] == FAR {
                self.labels[start as usize] = 0;
                self.reached.push(start);
            }
        }
        let (mut from, mut distance) = (0, 0);
        while from < self.reached.len() {
            let to = self.reached.len();
            let mut ends = false;
            for at in from..to {
                effort.tick(1)?;
                let node = self.reached[at];
                ends |= self.is_sink(node) && self.ends_at(node, direction, row, effort)?;
            }
            if ends {
                return Ok(true);
            }
            self.count();
            distance += 1;
            for at in from..to {
                let node = self.reached[at];
                for arc in 0..self.n_arcs(node, direction) {
                    effort.tick(1)?;
                    if let Some(next) = self.arc(node, arc, direction)
                        && self.labels[next as usize] == FAR
                    {
                        self.labels[next as usize] = distance;
                        self.reached.push(next);
                    }
                }
            }
            from = to;
        }
        Ok(false)
    }

    fn is_sink(&self, node: u32) -> bool {
        (node as usize) < self.tight.network.n_sinks()
    }

    /// Sinks lead to other sinks, and last to the limit behind them; limits to the sinks behind which they lie.
    fn n_arcs(&self, node: u32, direction: Direction) -> usize {
        match (self.is_sink(node), direction) {
            (true, Direction::Forwards) => self.state.out[node as usize].len() + 1,
            (true, Direction::Backwards) => self.state.into[node as usize].len() + 1,
            (false, _) => self.tight.limit_sinks[node as usize - self.tight.network.n_sinks()].len(),
        }
    }

    /// Where an arc leads, if it can carry anything.
    fn arc(&self, node: u32, arc: usize, direction: Direction) -> Option<u32> {
        let n_sinks = self.tight.network.n_sinks();
        // Forwards, a sink with room lets more through to a limit, and a limit lets a sink through less.
        let lets_more = |sink: u32| {
            let places = self.tight.network.places()[sink as usize];
            places.is_none_or(|places| self.state.used[sink as usize] < places)
        };
        let lets_less = |sink: u32| 0 < self.state.used[sink as usize];
        let passes = |sink: u32, leads_on: bool| match (direction, leads_on) {
            (Direction::Forwards, true) | (Direction::Backwards, false) => lets_more(sink),
            (Direction::Forwards, false) | (Direction::Backwards, true) => lets_less(sink),
        };
        if !self.is_sink(node) {
            let limit = node as usize - n_sinks;
            let sink = self.tight.limit_sinks[limit][arc];
            let joined = self.tight.limit_of(sink as usize).is_some();
            return (joined && passes(sink, false)).then_some(sink);
        }
        let moves = match direction {
            Direction::Forwards => &self.state.out[node as usize],
            Direction::Backwards => &self.state.into[node as usize],
        };
        match moves.get(arc) {
            Some(&(other, units)) => (0 < units).then_some(other),
            None => {
                let limit = self.tight.limit_of(node as usize).filter(|_| passes(node, true))?;
                Some(n_sinks as u32 + limit)
            }
        }
    }

    /// A way from a start to where it may end, by rising labels.
    fn path(
        &mut self,
        start: u32,
        direction: Direction,
        row: u32,
        effort: &Effort,
    ) -> Result<Option<Vec<u32>>, StopReason> {
        if self.labels[start as usize] != 0 {
            return Ok(None);
        }
        let mut path = vec![start];
        while let Some(&node) = path.last() {
            effort.tick(1)?;
            if self.is_sink(node) && self.ends_at(node, direction, row, effort)? {
                return Ok(Some(path));
            }
            let next = loop {
                let arc = self.tried[node as usize];
                // Where arcs are not counted yet, ways have one sink.
                if !self.counts || self.n_arcs(node, direction) <= arc {
                    break None;
                }
                match self.arc(node, arc, direction) {
                    Some(next) if self.labels[next as usize] == self.labels[node as usize] + 1 => break Some(next),
                    _ => self.tried[node as usize] += 1,
                }
                effort.tick(1)?;
            };
            match next {
                Some(next) => path.push(next),
                None => {
                    self.labels[node as usize] = DEAD;
                    path.pop();
                }
            }
        }
        Ok(None)
    }

    /// Sends units of a source in at the first sink of a path and lets others give way along it; whoever is found in the
    /// last goes unsent. As many as every step has.
    fn send_along(
        &mut self,
        source: u32,
        path: &[u32],
        direction: Direction,
        row: u32,
        effort: &Effort,
    ) -> Result<u64, StopReason> {
        let mut units = self.state.left[source as usize];
        // Where in which list the unit is that moves along each arc from a sink to a sink.
        let mut movers = Vec::with_capacity(path.len());
        for arc in path.windows(2) {
            let (from, to) = (arc[0], arc[1]);
            match (self.is_sink(from), self.is_sink(to)) {
                (true, true) => {
                    let (held, at) = self.mover(from, to, effort)?;
                    units = units.min(held.units);
                    movers.push((held.source, at));
                }
                (true, false) => {
                    let places = self.tight.network.places()[from as usize];
                    units = units.min(places.map_or(u64::MAX, |places| places - self.state.used[from as usize]));
                }
                (false, _) => units = units.min(self.state.used[to as usize]),
            }
        }
        let last = path[path.len() - 1];
        let of_row = |held: &Held| self.rows.of[held.source as usize] == row;
        let goes = |held: &Held| of_row(held) == (direction == Direction::Backwards);
        let giving = &self.state.gives_way[last as usize];
        let at = giving.iter().position(goes).expect("a path ends where someone gives way");
        effort.tick(1 + at as u64)?;
        let goes = giving[at];
        units = units.min(goes.units);
        // The last first: what comes in goes to the end of its list, and the positions before hold.
        self.shift(goes.source, last, at, NONE, units);
        for arc in path.windows(2).rev() {
            let (from, to) = (arc[0], arc[1]);
            match (self.is_sink(from), self.is_sink(to)) {
                (true, true) => {
                    if let Some((source, at)) = movers.pop() {
                        self.shift(source, from, at, to, units);
                    }
                }
                (true, false) => {
                    self.state.used[from as usize] += units;
                    self.journal.push(Step::More { sink: from, units });
                }
                (false, _) => {
                    self.state.used[to as usize] -= units;
                    self.journal.push(Step::Less { sink: to, units });
                }
            }
        }
        self.shift(source, NONE, 0, path[0], units);
        if self.counts {
            self.count();
        }
        Ok(units)
    }

    /// Someone in a sink who may move to another, and where in the list they are.
    fn mover(&self, from: u32, to: u32, effort: &Effort) -> Result<(Held, usize), StopReason> {
        let (gives_way, stays) = (&self.state.gives_way[from as usize], &self.state.stays[from as usize]);
        for list in [gives_way, stays] {
            for (at, held) in list.iter().enumerate() {
                effort.tick(2)?;
                if self.tight.may_use(held.source, to) {
                    return Ok((*held, at));
                }
            }
        }
        unreachable!("the arc from sink {from} to sink {to} counts someone who may move")
    }

    fn list(&mut self, source: u32, sink: u32) -> &mut Vec<Held> {
        let lists = match self.tight.could_go_unsent(source as usize) {
            true => &mut self.state.gives_way,
            false => &mut self.state.stays,
        };
        &mut lists[sink as usize]
    }

    fn shift(&mut self, source: u32, from: u32, at: usize, to: u32, units: u64) {
        let mut all = false;
        if from == NONE {
            self.state.left[source as usize] -= units;
        } else {
            let list = self.list(source, from);
            list[at].units -= units;
            all = list[at].units == 0;
            if all {
                list.swap_remove(at);
            }
            self.give(source, from, units, false);
        }
        if to == NONE {
            self.state.left[source as usize] += units;
        } else {
            self.list(source, to).push(Held { source, units });
            self.give(source, to, units, true);
        }
        self.journal.push(Step::Shift { source, from, to, units, at, all });
    }

    /// Takes back every step, the last first, so that all lists are as they were.
    fn undo(&mut self) {
        while let Some(step) = self.journal.pop() {
            if self.journal.len() < self.counted {
                self.counted -= 1;
                self.recount(step, false);
            }
            match step {
                Step::More { sink, units } => self.state.used[sink as usize] -= units,
                Step::Less { sink, units } => self.state.used[sink as usize] += units,
                Step::Shift { source, from, to, units, at, all } => {
                    if to == NONE {
                        self.state.left[source as usize] -= units;
                    } else {
                        self.list(source, to).pop();
                        self.give(source, to, units, false);
                    }
                    if from == NONE {
                        self.state.left[source as usize] += units;
                    } else {
                        let list = self.list(source, from);
                        if all {
                            list.push(Held { source, units });
                            let last = list.len() - 1;
                            list.swap(at, last);
                        } else {
                            list[at].units += units;
                        }
                        self.give(source, from, units, true);
                    }
                }
            }
        }
        self.counts = false;
    }

    /// Counts units that could go unsent from a sink, where the source is one who could.
    fn give(&mut self, source: u32, sink: u32, units: u64, comes: bool) {
        if !self.tight.could_go_unsent(source as usize) {
            return;
        }
        change(&mut self.giving[sink as usize], units, comes);
        let row = self.rows.of[source as usize];
        if row != NONE {
            change_of(&mut self.giving_by_row[sink as usize], row, units, comes);
        }
    }

    /// Brings the arcs between sinks up to date, and keeps them there for this row.
    fn count(&mut self) {
        self.counts = true;
        while self.counted < self.journal.len() {
            self.recount(self.journal[self.counted], true);
            self.counted += 1;
        }
    }

    fn recount(&mut self, step: Step, done: bool) {
        let Step::Shift { source, from, to, units, .. } = step else { return };
        let tight = self.tight;
        for (sink, comes) in [(from, !done), (to, done)] {
            if sink == NONE {
                continue;
            }
            for other in tight.sinks_of(source).filter(|&other| other != sink) {
                change_of(&mut self.state.out[sink as usize], other, units, comes);
                change_of(&mut self.state.into[other as usize], sink, units, comes);
            }
        }
    }
}

fn change(sum: &mut u64, units: u64, comes: bool) {
    if comes {
        *sum += units;
    } else {
        *sum -= units;
    }
}

fn change_of(sums: &mut Vec<(u32, u64)>, key: u32, units: u64, comes: bool) {
    let at = match sums.binary_search_by_key(&key, |(key, _)| *key) {
        Ok(at) => at,
        Err(at) => {
            sums.insert(at, (key, 0));
            at
        }
    };
    change(&mut sums[at].1, units, comes);
}
