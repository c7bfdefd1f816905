//! `kinds.csv`, and the two tables of statements about kinds: `drives.csv` and `outcomes.csv`.

use std::collections::BTreeMap;

use super::about::Terms;
use super::findings::Findings;
use super::names::Names;
use super::sheet::Sheet;
use crate::domain::age::{AgeBand, AgeUnit};
use crate::domain::draft::Draft;
use crate::domain::ids::KindIx;
use crate::domain::layer::{Layer, Recipient};
use crate::domain::locality::{Drive, Kind, Outcome};

pub(super) const FILE: &str = "kinds.csv";
const BUILT_IN: &str = "the built-in table of kinds";

/// Codes that begin so are states of coding, such as "not coded". They have no layer.
const CODING_STATE: &str = "XXX-";

pub(super) fn is_built_in(draft: &Draft, table: &str) -> bool {
    draft.built_in.contains(&table)
}

/// Kinds sorted by code.
pub(super) fn read<'a>(draft: &'a Draft, terms: &Terms, findings: &mut Findings) -> (Vec<Kind>, Names<'a>) {
    let built_in = is_built_in(draft, "kinds");
    let mut names = Names::new("a kind", if built_in { BUILT_IN } else { FILE });
    // The program's own table is in years.
    let unit = if built_in { AgeUnit::Years } else { terms.ages };
    let mut sheet = Sheet::open(draft, FILE, findings);
    if !sheet.is_present() {
        findings.structural(FILE, None, "", "this file, or the built-in table in its place");
    }
    let id = sheet.required("kind", findings);
    let label = sheet.required("label", findings);
    let layer = sheet.required("layer", findings);
    let domain = sheet.required("domain", findings);
    let recipient = sheet.optional("recipient");
    let age_min = sheet.optional("age_min");
    let age_max = sheet.optional("age_max");
    let source = sheet.optional("source");
    let codes = sheet.prefixed("code:", findings);
    sheet.close_header(findings);

    let mut kinds = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, &mut names);
        let is_state = row.text(id).starts_with(CODING_STATE);
        let label = row.label_or(label, own.as_ref());
        let layer = match row.is_blank(layer) && is_state {
            true => None,
            false => row.code(layer, Layer::parse, Layer::ALL),
        };
        let domain_text = row.label(domain).to_owned();
        if domain_text.is_empty() && !is_state {
            row.wrong_cell(domain, "the domain that the kind belongs to");
        }
        let recipient = row.optional_code(recipient, Recipient::parse, Recipient::ALL).unwrap_or(Recipient::Child);
        let ages = match (row.optional_age(age_min, unit), row.optional_age(age_max, unit)) {
            (None, None) => None,
            (min, max) => row.band(min.unwrap_or(0), max.unwrap_or(unit.max_age()), age_min, age_max),
        };
        let source = row.text(source).to_owned();
        let filled = |&column: &_| match row.label(column) {
            "" => None,
            code => Some((column.name.to_owned(), code.to_owned())),
        };
        let codes = codes.iter().filter_map(filled).collect();
        if !row.is_kept() {
            continue;
        }
        let Some(id) = own else { continue };
        let ages = ages.map(|ages| if unit == terms.ages { ages } else { in_months(ages) });
        kinds.push(Kind { id, label, layer, domain: domain_text, recipient, ages, source, codes });
    }
    kinds.sort_by(|one, two| one.id.cmp(&two.id));
    names.settle_all(kinds.iter().map(|kind| kind.id.as_str()));
    (kinds, names)
}

/// Ages in completed years, as completed months.
fn in_months(years: AgeBand) -> AgeBand {
    let last = (years.max() * 12 + 11).min(AgeUnit::Months.max_age());
    AgeBand::new(years.min() * 12, last).unwrap_or(years)
}

/// Statements of the program's own tables about kinds that this bundle does not have are no one's mistake.
fn is_about_other_kinds(built_in: bool, kinds: &Names<'_>, named: &[&str]) -> bool {
    built_in && named.iter().any(|kind| kinds.position(kind).is_none())
}

/// Sorted by the kind that drives, then the kind that is driven.
pub(super) fn drives(draft: &Draft, kinds: &Names<'_>, findings: &mut Findings) -> Vec<Drive> {
    let mut sheet = Sheet::open(draft, "drives.csv", findings);
    let kind = sheet.required("kind", findings);
    let driven = sheet.required("drives", findings);
    let strength = sheet.optional("strength");
    let source = sheet.optional("source");
    sheet.close_header(findings);

    let built_in = is_built_in(draft, "drives");
    let mut drives = Vec::new();
    let mut first_rows: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        if is_about_other_kinds(built_in, kinds, &[row.text(kind), row.text(driven)]) {
            continue;
        }
        let from = row.refer(kind, kinds);
        let to = row.refer(driven, kinds);
        let strength = row.label(strength).to_owned();
        let source = row.text(source).to_owned();
        if let (Some(from), Some(to)) = (from, to) {
            let number = row.at().row;
            if from == to {
                row.wrong_cell(driven, "another kind than the row's own");
            }
            let first = *first_rows.entry((from, to)).or_insert(number);
            if first != number {
                row.wrong_cell(driven, format!("each pair of kinds once; row {first} has this one already"));
            }
            if row.is_kept() {
                drives.push(Drive { kind: KindIx::new(from), drives: KindIx::new(to), strength, source });
            }
        }
    }
    drives.sort_by_key(|drive| (drive.kind, drive.drives));
    drives
}

/// Sorted by kind, outcome, indicator, framework.
pub(super) fn outcomes(draft: &Draft, kinds: &Names<'_>, findings: &mut Findings) -> Vec<Outcome> {
    let mut sheet = Sheet::open(draft, "outcomes.csv", findings);
    let kind = sheet.required("kind", findings);
    let indicator = sheet.required("indicator", findings);
    let outcome = sheet.required("outcome", findings);
    let framework = sheet.required("framework", findings);
    let source = sheet.optional("source");
    sheet.close_header(findings);

    let built_in = is_built_in(draft, "outcomes");
    let mut outcomes = Vec::new();
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        if is_about_other_kinds(built_in, kinds, &[row.text(kind)]) {
            continue;
        }
        let of = row.refer(kind, kinds);
        let indicator = row.label(indicator).to_owned();
        let text = row.label(outcome).to_owned();
        if text.is_empty() {
            row.wrong_cell(outcome, "the outcome that the indicator stands for");
        }
        let framework = row.label(framework).to_owned();
        let source = row.text(source).to_owned();
        if let Some(of) = of.filter(|_| row.is_kept()) {
            outcomes.push(Outcome { kind: KindIx::new(of), indicator, outcome: text, framework, source });
        }
    }
    let key = |outcome: &Outcome| {
        let Outcome { kind, indicator, outcome, framework, source } = outcome.clone();
        (kind, outcome, indicator, framework, source)
    };
    outcomes.sort_by_cached_key(key);
    outcomes
}
