//! Rows of text out of typed messages: a field that is not set becomes a blank cell. What a cell means is for the check,
//! so that files and messages are judged by the same rules; here only what text could not carry is refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Cells, Table};
use crate::grpc::pb::suffice::v1 as pb;
use crate::service::Violation;

/// Everything wrong so far, and the longest field that is accepted.
pub(super) struct Wrong {
    violations: Vec<Violation>,
    most_field_bytes: usize,
}

/// Past this many, more of them help nobody.
const MOST_VIOLATIONS: usize = 1_000;

impl Wrong {
    pub fn new(most_field_bytes: usize) -> Wrong {
        Wrong { violations: Vec::new(), most_field_bytes }
    }

    pub fn add(&mut self, field: impl Into<String>, wanted: impl Into<String>) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(Violation::new(field, wanted));
        }
    }

    pub fn into_result<T>(self, value: T) -> Result<T, Vec<Violation>> {
        match self.violations.is_empty() {
            true => Ok(value),
            false => Err(self.violations),
        }
    }

    pub fn check_length(&mut self, text: &str, field: impl FnOnce() -> String) {
        if self.most_field_bytes < text.len() {
            let wanted = format!("wanted at most {} bytes", self.most_field_bytes);
            self.add(field(), wanted);
        }
    }
}

/// The word that a file has for a code: the code's name without its prefix, in lower case, `-` for `_`.
/// None for the code 0, which stands for a blank cell.
pub(super) fn word<E: TryFrom<i32>>(code: i32, prefix: &str, name: fn(&E) -> &'static str) -> Result<String, ()> {
    if code == 0 {
        return Ok(String::new());
    }
    let name = E::try_from(code).map(|code| name(&code)).map_err(|_| ())?;
    Ok(name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', "-"))
}

/// Rows of one table on their way to text.
pub(super) struct Rows {
    /// Where the rows are in the request.
    place: Place,
    columns: &'static [&'static str],
    /// Columns that only some rows make: groups, codes, and coordinates of the other kind.
    more_columns: BTreeSet<String>,
    rows: Vec<BTreeMap<Cow<'static, str>, String>>,
}

/// Where rows are in a request.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A list of an inline locality.
    List(&'static str),
    /// One row alone, such as `changes[3].set_need`.
    One(String),
}

impl Rows {
    pub fn new(list: &'static str, columns: &'static [&'static str]) -> Rows {
        Rows::at(Place::List(list), columns)
    }

    pub fn at(place: Place, columns: &'static [&'static str]) -> Rows {
        Rows { place, columns, more_columns: BTreeSet::new(), rows: Vec::new() }
    }

    /// Makes a column even if no row fills it.
    pub fn with_column(mut self, name: &str) -> Rows {
        self.more_columns.insert(name.to_owned());
        self
    }

    pub fn next<'r>(&'r mut self, wrong: &'r mut Wrong) -> Row<'r> {
        self.rows.push(BTreeMap::new());
        Row { table: self, wrong }
    }

    /// The cells that were filled, row by row.
    pub fn into_cells(self) -> Vec<Cells> {
        let cells = |row: BTreeMap<Cow<'static, str>, String>| {
            row.into_iter().map(|(column, cell)| (column.into_owned(), cell)).collect()
        };
        self.rows.into_iter().map(cells).collect()
    }

    pub fn into_table(self) -> Table {
        let Rows { place: _, columns, more_columns, rows } = self;
        let header: Vec<String> = columns.iter().map(|name| name.to_string()).chain(more_columns).collect();
        let mut table = Table::new(header.clone());
        for row in rows {
            table.push(header.iter().map(|name| row.get(name.as_str()).map_or("", String::as_str)));
        }
        table
    }
}

/// One row being filled.
pub(super) struct Row<'r> {
    table: &'r mut Rows,
    wrong: &'r mut Wrong,
}

impl Row<'_> {
    fn field(&self, name: &str) -> String {
        match &self.table.place {
            Place::List(list) => format!("locality.{list}[{}].{name}", self.table.rows.len().saturating_sub(1)),
            Place::One(place) => format!("{place}.{name}"),
        }
    }

    fn wrong(&mut self, name: &str, wanted: &str) {
        let field = self.field(name);
        self.wrong.add(field, wanted);
    }

    fn set(&mut self, name: Cow<'static, str>, value: String) {
        if value.is_empty() {
            return;
        }
        let field = self.field(&name);
        self.wrong.check_length(&value, || field);
        if !self.table.columns.contains(&name.as_ref()) {
            self.table.more_columns.insert(name.clone().into_owned());
        }
        if let Some(row) = self.table.rows.last_mut() {
            row.insert(name, value);
        }
    }

    pub fn text(mut self, name: &'static str, value: String) -> Self {
        self.set(Cow::Borrowed(name), value);
        self
    }

    pub fn number(self, name: &'static str, value: Option<impl ToString>) -> Self {
        let text = value.map(|value| value.to_string());
        self.text(name, text.unwrap_or_default())
    }

    pub fn yes_no(self, name: &'static str, value: Option<bool>) -> Self {
        let text = value.map(|yes| if yes { "yes" } else { "no" });
        self.text(name, text.unwrap_or_default().to_owned())
    }

    pub fn count(self, name: &'static str, value: Option<pb::Count>) -> Self {
        let text = match value.and_then(|pb::Count { state }| state) {
            None => String::new(),
            Some(pb::count::State::Known(number)) => number.to_string(),
            Some(pb::count::State::Mark(mark)) if mark.trim().parse::<f64>().is_ok() => {
                return self.refused(name, "wanted a mark such as `c`; a number goes into `known`");
            }
            Some(pb::count::State::Mark(mark)) => mark,
        };
        self.text(name, text)
    }

    fn refused(mut self, name: &str, wanted: &str) -> Self {
        self.wrong(name, wanted);
        self
    }

    /// `value` is what [`word`] made of a code.
    pub fn code(self, name: &'static str, value: Result<String, ()>) -> Self {
        match value {
            Ok(word) => self.text(name, word),
            Err(()) => self.refused(name, "not one of the codes of this field"),
        }
    }

    pub fn codes(self, name: &'static str, values: impl Iterator<Item = Result<String, ()>>) -> Self {
        match values.collect::<Result<Vec<String>, ()>>() {
            Ok(words) => self.list(name, words),
            Err(()) => self.refused(name, "not one of the codes of this field"),
        }
    }

    /// In a file the members have `;` between them.
    pub fn list(mut self, name: &'static str, members: Vec<String>) -> Self {
        for (at, member) in members.iter().enumerate() {
            if member.trim().is_empty() || member.contains(';') {
                self.wrong(&format!("{name}[{at}]"), "wanted text without `;`");
            }
        }
        self.text(name, members.join(";"))
    }

    pub fn tags(mut self, name: &'static str, tags: Vec<pb::Tag>) -> Self {
        let mut pairs = Vec::with_capacity(tags.len());
        for (at, pb::Tag { name: tag, value }) in tags.into_iter().enumerate() {
            if tag.contains(['=', ';']) || value.contains(';') {
                self.wrong(&format!("{name}[{at}]"), "wanted a name without `=` and `;`, and a value without `;`");
            }
            pairs.push(format!("{tag}={value}"));
        }
        self.text(name, pairs.join(";"))
    }

    pub fn age_limit(self, name: &'static str, limit: Option<pb::AgeLimit>) -> Self {
        let text = match limit.and_then(|pb::AgeLimit { limit }| limit) {
            Some(pb::age_limit::Limit::Age(age)) => age.to_string(),
            Some(pb::age_limit::Limit::Any(true)) => "any".to_owned(),
            Some(pb::age_limit::Limit::Any(false)) => return self.refused(name, ONLY_TRUE),
            None => String::new(),
        };
        self.text(name, text)
    }

    pub fn reach(self, reach: Option<pb::offer::Reach>) -> Self {
        match reach {
            None => self,
            Some(pb::offer::Reach::ReachKm(km)) => self.number("reach_km", Some(km)),
            Some(pb::offer::Reach::ReachMinutes(minutes)) => self.number("reach_minutes", Some(minutes)),
            Some(pb::offer::Reach::ReachAny(true)) => self.text("reach_km", "any".to_owned()),
            Some(pb::offer::Reach::ReachAny(false)) => self.refused("reach_any", ONLY_TRUE),
        }
    }

    /// Columns called `{prefix}:{name}`.
    pub fn named(mut self, prefix: &'static str, values: BTreeMap<String, String>) -> Self {
        for (name, value) in values {
            self.set(Cow::Owned(format!("{prefix}:{name}")), value);
        }
        self
    }
}

const ONLY_TRUE: &str = "only true means something; leave it out for a limit that is not known";
