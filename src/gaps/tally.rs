//! Tables: child-needs met and unmet by kind, layer, level, age, area and group, and layer against layer.
//!
//! Over the areas that are inside and the needs that take part. Rows are in the order of their keys.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::domain::{AgeBand, AreaIx, KindIx, Layer, Level, Locality, NeedIx, OfferIx, Supply};
use crate::matching::Matching;
use crate::solve::Effort;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Need rows whose number is known.
    pub rows: u64,
    /// Need rows whose number is not known.
    pub unknown_rows: u64,
    pub child_needs: u64,
    pub met: u64,
    pub weight: u64,
    pub weight_met: u64,
}

impl Tally {
    pub fn unmet(&self) -> u64 {
        self.child_needs - self.met
    }

    fn and(&mut self, other: Tally) {
        let Tally { rows, unknown_rows, child_needs, met, weight, weight_met } = other;
        self.rows += rows;
        self.unknown_rows += unknown_rows;
        self.child_needs += child_needs;
        self.met += met;
        self.weight += weight;
        self.weight_met += weight_met;
    }

    fn add(&mut self, asking: Option<u64>, met: u64, weight: u32) {
        match asking {
            None => self.unknown_rows += 1,
            Some(children) => {
                self.rows += 1;
                self.child_needs += children;
                self.met += met;
                // The check keeps weighted sums below 2^53.
                self.weight += children * u64::from(weight);
                self.weight_met += met * u64::from(weight);
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    pub all: Tally,
    pub by_kind: BTreeMap<KindIx, Tally>,
    /// None: the kind has no layer.
    pub by_layer: BTreeMap<Option<Layer>, Tally>,
    pub by_level: BTreeMap<Level, Tally>,
    /// None: no age is given.
    pub by_age: BTreeMap<Option<AgeBand>, Tally>,
    pub by_area: BTreeMap<AreaIx, Tally>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, Tally>>,
}

/// The tally of all, alone. O(needs), over the effort's threads and whatever it says.
pub fn total(locality: &Locality, matching: &Matching, effort: &Effort) -> Tally {
    let of = |needs: Range<usize>| {
        let mut all = Tally::default();
        for at in needs {
            let need = &locality.needs()[at];
            if need.counts && locality.areas()[locality.holders()[need.holder.ix()].area.ix()].inside {
                all.add(matching.asking[at], matching.met[at], need.weight);
            }
        }
        all
    };
    let mut all = Tally::default();
    effort.finish(pieces(locality.needs().len()), of).into_iter().for_each(|piece| all.and(piece));
    all
}

/// Few and large: in each, tables have lists of their own for all kinds, areas and values.
fn pieces(n: usize) -> Vec<Range<usize>> {
    const PIECES: usize = 8;
    let size = n.div_ceil(PIECES).max(1 << 12);
    (0..n).step_by(size).map(|from| from..n.min(from + size)).collect()
}

/// O(needs x group columns), over the effort's threads and whatever it says.
pub fn tallies(locality: &Locality, matching: &Matching, effort: &Effort) -> Tallies {
    tallies_of(locality, &matching.asking, &matching.met, effort)
}

/// The same of any answer: child-needs that ask (None: not known, or not taking part) and that are met, by need.
pub fn tallies_of(locality: &Locality, asking: &[Option<u64>], met: &[u64], effort: &Effort) -> Tallies {
    let mut counted = Counting::new(locality);
    for piece in effort.finish(pieces(locality.needs().len()), |needs| Counting::of(locality, asking, met, needs)) {
        counted.and(piece);
    }
    counted.done(locality)
}

/// Tallies while they are counted. Kinds, areas and values are numbered, so theirs lie in lists until all needs are
/// through.
struct Counting {
    all: Tally,
    by_kind: Listed,
    by_level: BTreeMap<Level, Tally>,
    by_age: BTreeMap<Option<AgeBand>, Tally>,
    by_area: Listed,
    by_group: Vec<Listed>,
}

impl Counting {
    fn new(locality: &Locality) -> Counting {
        let columns = locality.group_columns().iter();
        Counting {
            all: Tally::default(),
            by_kind: Listed::new(locality.kinds().len()),
            by_level: BTreeMap::new(),
            by_age: BTreeMap::new(),
            by_area: Listed::new(locality.areas().len()),
            by_group: columns.map(|column| Listed::new(column.values.len())).collect(),
        }
    }

    fn of(locality: &Locality, asking: &[Option<u64>], met: &[u64], needs: Range<usize>) -> Counting {
        let mut counted = Counting::new(locality);
        for at in needs {
            let need = &locality.needs()[at];
            let holder = &locality.holders()[need.holder.ix()];
            if !need.counts || !locality.areas()[holder.area.ix()].inside {
                continue;
            }
            let (asking, met) = (asking[at], met[at]);
            let tally = [
                &mut counted.all,
                counted.by_kind.of(need.kind.ix()),
                counted.by_area.of(holder.area.ix()),
                counted.by_level.entry(need.level).or_default(),
                counted.by_age.entry(holder.ages).or_default(),
            ];
            for tally in tally {
                tally.add(asking, met, need.weight);
            }
            for (column, &value) in counted.by_group.iter_mut().zip(&holder.groups) {
                column.of(value as usize).add(asking, met, need.weight);
            }
        }
        counted
    }

    fn and(&mut self, other: Counting) {
        let Counting { all, by_kind, by_level, by_age, by_area, by_group } = other;
        self.all.and(all);
        self.by_kind.and(by_kind);
        self.by_area.and(by_area);
        by_level.into_iter().for_each(|(level, tally)| self.by_level.entry(level).or_default().and(tally));
        by_age.into_iter().for_each(|(ages, tally)| self.by_age.entry(ages).or_default().and(tally));
        self.by_group.iter_mut().zip(by_group).for_each(|(own, other)| own.and(other));
    }

    fn done(self, locality: &Locality) -> Tallies {
        let Counting { all, by_kind, by_level, by_age, by_area, by_group } = self;
        let by_kind: BTreeMap<KindIx, Tally> = by_kind.seen().map(|(kind, tally)| (KindIx::new(kind), tally)).collect();
        let mut by_layer: BTreeMap<Option<Layer>, Tally> = BTreeMap::new();
        for (kind, tally) in &by_kind {
            by_layer.entry(locality.kinds()[kind.ix()].layer).or_default().and(*tally);
        }
        let column = |listed: Listed| listed.seen().map(|(value, tally)| (value as u32, tally)).collect();
        Tallies {
            all,
            by_kind,
            by_layer,
            by_level,
            by_age,
            by_area: by_area.seen().map(|(area, tally)| (AreaIx::new(area), tally)).collect(),
            by_group: by_group.into_iter().map(column).collect(),
        }
    }
}

/// Tallies by position.
struct Listed(Vec<Option<Tally>>);

impl Listed {
    fn new(n: usize) -> Listed {
        Listed(vec![None; n])
    }

    fn of(&mut self, position: usize) -> &mut Tally {
        self.0[position].get_or_insert_default()
    }

    fn and(&mut self, other: Listed) {
        for (at, tally) in other.seen() {
            self.of(at).and(tally);
        }
    }

    /// Those that something was counted in.
    fn seen(self) -> impl Iterator<Item = (usize, Tally)> {
        self.0.into_iter().enumerate().filter_map(|(at, tally)| Some((at, tally?)))
    }
}

/// Placements in a piece of work.
const PLACEMENTS: usize = 1 << 14;

/// Layer of need by target layer of the service that takes it. A description, not a fault: which layer a need should be
/// met at is for people to say. The last of each row of columns stands for services without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerMatrix {
    /// For each layer of need (and None for kinds without one): child-needs, those met by target layer, unmet.
    pub rows: Vec<LayerRow>,
    /// Known places by target layer.
    pub places: [u64; LayerMatrix::COLUMNS],
    /// Known places by setting layer.
    pub places_by_setting: [u64; LayerMatrix::COLUMNS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRow {
    pub layer: Option<Layer>,
    pub child_needs: u64,
    pub met: [u64; LayerMatrix::COLUMNS],
    pub unmet: u64,
}

impl LayerMatrix {
    /// The six layers, then "uncoded".
    pub const COLUMNS: usize = 7;

    fn column(layer: Option<Layer>) -> usize {
        layer.map_or(Layer::ALL.len(), |layer| layer as usize)
    }
}

/// O(placements + offers), over the effort's threads and whatever it says; `tallies` are those of the same matching.
pub fn layer_matrix(locality: &Locality, matching: &Matching, tallies: &Tallies, effort: &Effort) -> LayerMatrix {
    let layers = Layer::ALL.iter().copied().map(Some).chain([None]);
    let row = |layer: Option<Layer>| {
        let tally = tallies.by_layer.get(&layer).copied().unwrap_or_default();
        LayerRow { layer, child_needs: tally.child_needs, met: [0; LayerMatrix::COLUMNS], unmet: tally.unmet() }
    };
    let mut rows: Vec<LayerRow> = layers.map(row).collect();
    let row_of = |need: NeedIx| {
        let inside = locality.areas()[locality.holder(need).area.ix()].inside;
        let kind = &locality.kinds()[locality.needs()[need.ix()].kind.ix()];
        inside.then(|| LayerMatrix::column(kind.layer))
    };
    let placements: Vec<(NeedIx, OfferIx, u64)> = matching.placements().collect();
    let met = |placements: &[(NeedIx, OfferIx, u64)]| {
        let mut met = [[0; LayerMatrix::COLUMNS]; LayerMatrix::COLUMNS];
        for &(need, offer, children) in placements {
            if let Some(row) = row_of(need) {
                met[row][LayerMatrix::column(locality.service_of(offer).target)] += children;
            }
        }
        met
    };
    for piece in effort.finish(placements.chunks(PLACEMENTS).collect(), met) {
        for (row, met) in rows.iter_mut().zip(piece) {
            row.met.iter_mut().zip(met).for_each(|(all, piece)| *all += piece);
        }
    }
    let mut places = [0u64; LayerMatrix::COLUMNS];
    let mut places_by_setting = [0u64; LayerMatrix::COLUMNS];
    for offer in (0..locality.offers().len()).map(OfferIx::new) {
        if let Supply::Places(known) = locality.supply(offer) {
            let service = locality.service_of(offer);
            let target = &mut places[LayerMatrix::column(service.target)];
            *target = target.saturating_add(known);
            let setting = &mut places_by_setting[LayerMatrix::column(service.setting)];
            *setting = setting.saturating_add(known);
        }
    }
    LayerMatrix { rows, places, places_by_setting }
}
