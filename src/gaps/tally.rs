//! Tables: child-needs met and unmet by kind, layer, level, age, area and group, and layer against layer.
//!
//! Over the areas that are inside and the needs that take part. Rows are in the order of their keys.

use std::collections::BTreeMap;

use crate::domain::{AgeBand, AreaIx, KindIx, Layer, Level, Locality, NeedIx, OfferIx, Supply};
use crate::matching::Matching;

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

/// O(needs x group columns).
pub fn tallies(locality: &Locality, matching: &Matching) -> Tallies {
    let mut tallies = Tallies { by_group: vec![BTreeMap::new(); locality.group_columns().len()], ..Tallies::default() };
    for (at, need) in locality.needs().iter().enumerate() {
        let holder = &locality.holders()[need.holder.ix()];
        if !need.counts || !locality.areas()[holder.area.ix()].inside {
            continue;
        }
        let (asking, met) = (matching.asking[at], matching.met[at]);
        let layer = locality.kinds()[need.kind.ix()].layer;
        let tally = [
            &mut tallies.all,
            tallies.by_kind.entry(need.kind).or_default(),
            tallies.by_layer.entry(layer).or_default(),
            tallies.by_level.entry(need.level).or_default(),
            tallies.by_age.entry(holder.ages).or_default(),
            tallies.by_area.entry(holder.area).or_default(),
        ];
        for tally in tally {
            tally.add(asking, met, need.weight);
        }
        for (column, &value) in tallies.by_group.iter_mut().zip(&holder.groups) {
            column.entry(value).or_default().add(asking, met, need.weight);
        }
    }
    tallies
}

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

/// O(needs + placements + offers).
pub fn layer_matrix(locality: &Locality, matching: &Matching) -> LayerMatrix {
    let layers = Layer::ALL.iter().copied().map(Some).chain([None]);
    let mut rows: Vec<LayerRow> =
        layers.map(|layer| LayerRow { layer, child_needs: 0, met: [0; LayerMatrix::COLUMNS], unmet: 0 }).collect();
    let row_of = |need: NeedIx| {
        let inside = locality.areas()[locality.holder(need).area.ix()].inside;
        let kind = &locality.kinds()[locality.needs()[need.ix()].kind.ix()];
        inside.then(|| LayerMatrix::column(kind.layer))
    };
    for need in (0..locality.needs().len()).map(NeedIx::new) {
        if let (Some(row), Some(asking)) = (row_of(need), matching.asking[need.ix()]) {
            rows[row].child_needs += asking;
            rows[row].unmet += matching.unmet(need);
        }
    }
    for (need, offer, children) in matching.placements() {
        if let Some(row) = row_of(need) {
            rows[row].met[LayerMatrix::column(locality.service_of(offer).target)] += children;
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
