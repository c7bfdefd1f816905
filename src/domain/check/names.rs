//! The ids of one table while the bundle is read: which exist, which were set aside, and what a mistyped one may mean.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable, hash_table};

use super::findings::{RowRef, numbered};
use crate::domain::ids::Id;

/// What became of the row that has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Position in the locality's vector.
    At(usize),
    /// The row cannot be understood.
    SetAside,
    /// The row is marked `z`, not applicable.
    Dropped,
}

/// Ids and their rows, in the order in which they were claimed. The table is only ever looked up, never walked, so its
/// order reaches no answer.
#[derive(Debug)]
pub(super) struct Names<'a> {
    /// With its article: "an area".
    pub noun: &'static str,
    /// The file, as the user knows it.
    pub file: &'static str,
    /// Seeded afresh for each check, so that nobody can choose ids that collide.
    hasher: DefaultHashBuilder,
    /// Positions among the entries.
    table: HashTable<u32>,
    entries: Vec<Entry<'a>>,
    /// How many of the entries the user wrote, and the check did not make.
    written: usize,
    /// Rows that were checked before, by id: their ids are searched and need no map.
    held: Vec<&'a str>,
}

#[derive(Debug)]
struct Entry<'a> {
    id: Cow<'a, str>,
    row: u64,
    state: State,
}

impl<'a> Names<'a> {
    pub fn new(noun: &'static str, file: &'static str) -> Names<'a> {
        Names {
            noun,
            file,
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
            entries: Vec::new(),
            written: 0,
            held: Vec::new(),
        }
    }

    /// The names of a table that was checked before, sorted by id.
    pub fn of_held(noun: &'static str, file: &'static str, ids: impl Iterator<Item = &'a Id>) -> Names<'a> {
        Names { held: ids.map(Id::as_str).collect(), ..Names::new(noun, file) }
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        let Names { hasher, table, entries, .. } = self;
        table.reserve(more, |&at| hasher.hash_one(entries[at as usize].id.as_ref()));
        entries.reserve(more);
    }

    /// What [`Names::claim_hashed`] and [`Names::find_hashed`] take: it can be computed beforehand, on another thread.
    pub fn hash(&self, id: &str) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Takes an id for a row, as set aside until [`Names::settle`] says otherwise. Err: the row that has it already.
    pub fn claim(&mut self, id: impl Into<Cow<'a, str>>, row: u64) -> Result<(), u64> {
        let id = id.into();
        self.claim_hashed(self.hash(&id), id, row).map(drop)
    }

    /// As [`Names::claim`]; gives the number under which the id is known.
    pub fn claim_hashed(&mut self, hash: u64, id: impl Into<Cow<'a, str>>, row: u64) -> Result<u32, u64> {
        let id = id.into();
        let Names { hasher, table, entries, .. } = self;
        let place = table.entry(
            hash,
            |&at| entries[at as usize].id == id,
            |&at| hasher.hash_one(entries[at as usize].id.as_ref()),
        );
        match place {
            hash_table::Entry::Occupied(there) => Err(entries[*there.get() as usize].row),
            hash_table::Entry::Vacant(free) => {
                // A table has at most 20 million rows, and estimates are limited too.
                let number = entries.len() as u32;
                free.insert(number);
                self.written += usize::from(matches!(id, Cow::Borrowed(_)));
                entries.push(Entry { id, row, state: State::SetAside });
                Ok(number)
            }
        }
    }

    /// The number of a claimed id.
    pub fn find_hashed(&self, hash: u64, id: &str) -> Option<u32> {
        self.table.find(hash, |&at| self.entries[at as usize].id == id).copied()
    }

    /// Records what became of a claimed id.
    pub fn settle(&mut self, id: &str, state: State) {
        if let Some(number) = self.find_hashed(self.hash(id), id) {
            self.entries[number as usize].state = state;
        }
    }

    /// As [`Names::settle`], by the number of a claimed id.
    pub fn settle_at(&mut self, number: u32, state: State) {
        self.entries[number as usize].state = state;
    }

    /// Positions by id, once the rows are in their final order.
    pub fn settle_all<'i>(&mut self, ids: impl Iterator<Item = &'i str>) {
        for (at, id) in ids.enumerate() {
            self.settle(id, State::At(at));
        }
    }

    /// The row and state of an id; None where nothing has it.
    pub fn get(&self, id: &str) -> Option<(u64, State)> {
        let entry = |number: u32| {
            let Entry { row, state, .. } = self.entries[number as usize];
            (row, state)
        };
        let held = || self.held.binary_search(&id).ok().map(|at| (RowRef::HELD, State::At(at)));
        self.find_hashed(self.hash(id), id).map(entry).or_else(held)
    }

    /// The ids that the user wrote, for hints.
    fn listed(&self) -> impl Iterator<Item = &str> {
        let written = self.entries.iter().filter_map(|entry| match entry.id {
            Cow::Borrowed(written) => Some(written),
            Cow::Owned(_) => None,
        });
        written.chain(self.held.iter().copied())
    }

    pub fn position(&self, id: &str) -> Option<usize> {
        match self.get(id) {
            Some((_, State::At(at))) => Some(at),
            _ => None,
        }
    }
}

/// Hints for ids that do not exist. Looking for the nearest of many ids is dear, so the work is bounded over the whole
/// check and each mistyped id is looked up once; past the bound there are no more hints.
#[derive(Debug)]
pub(super) struct Hints {
    comparisons_left: u64,
    found: BTreeMap<(&'static str, String), Option<String>>,
}

impl Default for Hints {
    fn default() -> Hints {
        Hints { comparisons_left: 1_000_000, found: BTreeMap::new() }
    }
}

impl Hints {
    /// What a cell that names none of `names` should hold, with the nearest id where there is one.
    pub fn wanted(&mut self, names: &Names<'_>, seen: &str) -> String {
        let plain = format!("the id of {} in {}", names.noun, names.file);
        match self.nearest(names, seen) {
            Some(hint) => format!("{plain}; perhaps {hint}"),
            None => plain,
        }
    }

    /// The nearest of `names`, while the work lasts.
    pub fn nearest(&mut self, names: &Names<'_>, seen: &str) -> Option<String> {
        let key = (names.noun, seen.to_owned());
        if let Some(found) = self.found.get(&key) {
            return found.clone();
        }
        // Even an empty list costs one, so that the memory of past look-ups is bounded too.
        let cost = (names.written + names.held.len()).max(1) as u64;
        self.comparisons_left = self.comparisons_left.checked_sub(cost)?;
        let hint = nearest(seen, names.listed()).map(str::to_owned);
        self.found.insert(key, hint.clone());
        hint
    }
}

/// The reason of a row that names a row which was set aside.
pub(super) fn not_set_aside(names: &Names<'_>, row: u64) -> String {
    format!("{} that is not set aside itself ({}, {})", names.noun, names.file, numbered(row))
}

/// The reason of a row that names a row which is not applicable.
pub(super) fn not_applicable(names: &Names<'_>, row: u64) -> String {
    format!("{} of {}: {} is not applicable (z), so this row is left out too", names.noun, names.file, numbered(row))
}

/// `wanted` with the nearest of a few words at its end, where one is near.
pub(super) fn with_hint<'w>(wanted: &str, seen: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    match nearest(seen, words) {
        Some(word) => format!("{wanted}; perhaps {word}"),
        None => wanted.to_owned(),
    }
}

/// The word within a third of `text`'s length, and at most two, slips of the pen (a letter more, less, other, or two
/// swapped); of several equally near the first by the alphabet. Letters in another case are no slip.
pub(super) fn nearest<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    const LONGEST: usize = 128;
    if LONGEST < text.len() {
        return None;
    }
    let seen: Vec<char> = text.to_lowercase().chars().collect();
    let most = (seen.len() / 3).min(2);
    let near = |word: &&str| word.len().abs_diff(text.len()) <= 2 * 4 && word.len() <= LONGEST;
    words
        .into_iter()
        .filter(near)
        .filter_map(|word| {
            let other: Vec<char> = word.to_lowercase().chars().collect();
            slips(&seen, &other, most).map(|slips| (slips, word))
        })
        .min()
        .map(|(_, word)| word)
}

/// Optimal string alignment distance (Damerau 1964, each stretch edited once), or None past `most`.
fn slips(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if most < a.len().abs_diff(b.len()) {
        return None;
    }
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + other);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        if row.iter().all(|&slips| most < slips) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&slips| slips <= most)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let words = ["holder", "household", "children", "E01006074", "A1", "A2"];
        let cases = [
            ("Holder", Some("holder")),
            ("hodler", Some("holder")),
            ("childs", None),
            ("childern", Some("children")),
            ("E01006047", Some("E01006074")),
            ("E0100674", Some("E01006074")),
            ("a1", Some("A1")),
            ("A3", None),
            ("", None),
        ];
        for (seen, wanted) in cases {
            assert_eq!(nearest(seen, words), wanted, "{seen}");
        }
    }

    #[test]
    fn of_equally_near_words_the_first_by_the_alphabet_wins() {
        assert_eq!(nearest("area-x", ["area-b", "area-a"]), Some("area-a"));
    }
}
