//! `meets.csv`: which types of service meet which kinds, and with what effect.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Findings, RowRef};
use super::kinds::is_built_in;
use super::names::Names;
use super::sheet::Sheet;
use crate::domain::draft::Draft;
use crate::domain::ids::{Id, KindIx, TypeIx};
use crate::domain::locality::{Kind, Locality, Meet, ServiceType};

const FILE: &str = "meets.csv";

/// A meet whose type has no position yet: services bring types too.
#[derive(Clone, Debug)]
pub(super) struct MeetRow {
    kind: KindIx,
    service_type: Id,
    effect: Option<u16>,
    source: String,
}

#[derive(Debug)]
pub(super) struct Meets {
    rows: Vec<MeetRow>,
    /// There is no table: every kind is met by the type of the same code.
    pub by_code: bool,
}

impl Meets {
    /// As a locality has them.
    pub fn of_held(locality: &Locality) -> Meets {
        let row = |meet: &Meet| MeetRow {
            kind: meet.kind,
            service_type: locality.types()[meet.service_type.ix()].id.clone(),
            effect: meet.effect,
            source: meet.source.clone(),
        };
        Meets { rows: locality.meets().iter().map(row).collect(), by_code: locality.completeness().meets_by_code }
    }

    /// The types of both sides, sorted, and the meets, by kind and type.
    pub fn with_types(self, offered: impl Iterator<Item = Id>) -> (Vec<ServiceType>, Vec<Meet>) {
        let met = self.rows.iter().map(|row| row.service_type.clone());
        let types: BTreeSet<Id> = met.chain(offered).collect();
        let types: Vec<ServiceType> = types.into_iter().map(|id| ServiceType { id }).collect();
        let meet = |row: MeetRow| {
            let service_type = position(&types, &row.service_type)?;
            Some(Meet { kind: row.kind, service_type, effect: row.effect, source: row.source })
        };
        let mut meets: Vec<Meet> = self.rows.into_iter().filter_map(meet).collect();
        meets.sort_by_key(|meet| (meet.kind, meet.service_type));
        (types, meets)
    }

    /// Warns of types that meet no kind but look like one that does: a slip of the pen there leaves a service useless
    /// without another sign. `offered` gives the first row of each type.
    pub fn warn_of_near_types(&self, offered: &BTreeMap<Id, RowRef>, findings: &mut Findings) {
        let place = if self.by_code { "the table of kinds" } else { FILE };
        let mut met = Names::new("a type", place);
        for row in &self.rows {
            // A type that meets several kinds is claimed more than once, and once is enough.
            let _ = met.claim(row.service_type.as_str(), 0);
        }
        for (service_type, &at) in offered {
            if met.get(service_type.as_str()).is_some() {
                continue;
            }
            if let Some(near) = findings.hints.nearest(&met, service_type.as_str()) {
                let wanted = format!("a type that meets a kind ({place}); perhaps {near}");
                findings.warning(at, "types", service_type.as_str(), wanted);
            }
        }
    }
}

pub(super) fn position(types: &[ServiceType], id: &Id) -> Option<TypeIx> {
    types.binary_search_by(|service_type| service_type.id.cmp(id)).ok().map(TypeIx::new)
}

pub(super) fn read(draft: &Draft, kinds: &[Kind], names: &Names<'_>, findings: &mut Findings) -> Meets {
    let mut sheet = Sheet::open(draft, FILE, findings);
    if !sheet.is_present() {
        let by_code = |(at, kind): (usize, &Kind)| MeetRow {
            kind: KindIx::new(at),
            service_type: kind.id.clone(),
            effect: None,
            source: String::new(),
        };
        return Meets { rows: kinds.iter().enumerate().map(by_code).collect(), by_code: true };
    }
    let kind = sheet.required("kind", findings);
    let service_type = sheet.required("type", findings);
    let effect = sheet.optional("effect");
    let source = sheet.optional("source");
    sheet.close_header(findings);

    let built_in = is_built_in(draft, "meets");
    let mut rows = Vec::with_capacity(sheet.rows().len());
    let mut first_rows: BTreeMap<(usize, Id), u64> = BTreeMap::new();
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        if built_in && names.position(row.text(kind)).is_none() {
            continue;
        }
        let of = row.refer(kind, names);
        let own = row.id(service_type);
        let effect = row.optional_fixed(effect, 1, 3).and_then(|effect| u16::try_from(effect).ok());
        let source = row.text(source).to_owned();
        let (Some(of), Some(own)) = (of, own) else { continue };
        let number = row.at().row;
        let first = *first_rows.entry((of, own.clone())).or_insert(number);
        if first != number {
            row.wrong_cell(service_type, format!("each pair of kind and type once; row {first} has this one already"));
        }
        if row.is_kept() {
            rows.push(MeetRow { kind: KindIx::new(of), service_type: own, effect, source });
        }
    }
    Meets { rows, by_code: false }
}
