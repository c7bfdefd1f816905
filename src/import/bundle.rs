//! A bundle: the tables and settings of a locality as files in one folder, read into a [`Draft`] and written from one.
//!
//! Reading reports every problem of every file at once. It looks at form only (can these bytes be a table?); what the
//! cells mean is for the check, so that a folder, an upload and an inline message are judged by the same rules.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::builtin;
use super::folder;
pub use super::folder::WriteError;
use super::settings;
use super::sheet;
use crate::domain::check::NotLoaded;
use crate::domain::draft::{MAX_ROWS, TABLES};
use crate::domain::{Draft, Problem, Table};
use crate::solve::{Effort, StopReason};

/// The most that all files of a bundle may hold: 2 GiB.
pub const MAX_BYTES: u64 = 2 << 30;

/// The most that a settings file may hold: 16 MiB, because a tree takes far more memory than its text.
const MAX_SETTINGS_BYTES: u64 = 16 << 20;

/// Without these files there is no locality.
pub const REQUIRED: [&str; 5] = ["locality.toml", "areas.csv", "needs.csv", "services.csv", "offers.csv"];

const ABOUT: &str = "locality.toml";
const POLICY: &str = "policy.toml";

/// Why a folder did not become a draft.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("there is no folder {}", .0.display())]
    NotThere(PathBuf),
    #[error("{} is not a folder: name the folder that holds locality.toml", .0.display())]
    NotAFolder(PathBuf),
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Never empty; in the order file, row, column.
    #[error("the bundle has {} problems", .0.len())]
    Problems(Vec<Problem>),
    #[error("stopped before the bundle was read: {}", .0.as_str())]
    Stopped(StopReason),
}

impl From<NotLoaded> for BundleError {
    fn from(not_loaded: NotLoaded) -> BundleError {
        match not_loaded {
            NotLoaded::Problems(problems) => BundleError::Problems(problems),
            NotLoaded::Stopped(reason) => BundleError::Stopped(reason),
        }
    }
}

/// Reads the bundle in a folder. Files that are neither .csv nor .toml are left alone, and so are folders in it.
/// O(bytes), over the effort's threads.
pub fn read_dir(path: &Path, effort: &Effort) -> Result<Draft, BundleError> {
    let unreadable = |source| BundleError::Unreadable { path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BundleError::NotThere(path.to_owned())),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if !found.is_dir() => return Err(BundleError::NotAFolder(path.to_owned())),
        Ok(_) => {}
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A name that is not Unicode is none of ours; `metadata` follows links, as reading does.
        if let (Ok(name), Ok(true)) = (entry.file_name().into_string(), entry.path().metadata().map(|at| at.is_file()))
        {
            names.push(name);
        }
    }
    names.sort();
    let mut reading = Reading::new();
    for name in names {
        match wanted(&name) {
            Some(_) => match read_file(&path.join(&name), reading.bytes_left, effort).map_err(BundleError::Stopped)? {
                Ok(bytes) => reading.file(&name, bytes, effort).map_err(BundleError::Stopped)?,
                Err(error) => reading.unreadable(&name, &error),
            },
            None => reading.other_file(&name),
        }
    }
    reading.done().map_err(BundleError::Problems)
}

/// Reads a file that stands in for a bundle's policy.toml, whatever its name; in problems it is called policy.toml.
pub fn read_policy(path: &Path, effort: &Effort) -> Result<settings::Settings, BundleError> {
    let bytes = read_file(path, MAX_SETTINGS_BYTES, effort).map_err(BundleError::Stopped)?;
    let bytes = bytes.map_err(|source| BundleError::Unreadable { path: path.to_owned(), source })?;
    let mut reading = Reading::new();
    match reading.settings(POLICY, &bytes) {
        Some(policy) => Ok(policy),
        None => Err(BundleError::Problems(reading.problems)),
    }
}

/// One byte more than `limit` at most: enough to see that there is too much. The outer error is a stop.
fn read_file(path: &Path, limit: u64, effort: &Effort) -> Result<io::Result<Vec<u8>>, StopReason> {
    /// Some milliseconds from a disk.
    const AT_ONCE: u64 = 4 << 20;
    let open = || -> io::Result<(File, u64)> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    };
    let (mut file, length) = match open() {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let mut left = limit.saturating_add(1);
    // What a file says of its length is a hint, and it may grow.
    let mut bytes = Vec::with_capacity(length.min(left).min(MAX_BYTES) as usize + 1);
    while left != 0 {
        effort.look()?;
        match (&mut file).take(left.min(AT_ONCE)).read_to_end(&mut bytes) {
            Ok(0) => break,
            Ok(read) => left -= read as u64,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(bytes))
}

/// Reads a bundle that came as named files, as uploads do. O(bytes), over the effort's threads.
pub fn read_files(files: impl IntoIterator<Item = (String, Vec<u8>)>, effort: &Effort) -> Result<Draft, NotLoaded> {
    let mut reading = Reading::new();
    for (name, bytes) in files {
        match wanted(&name) {
            Some(_) => reading.file(&name, bytes, effort)?,
            None => reading.other_file(&name),
        }
    }
    reading.done().map_err(NotLoaded::Problems)
}

#[derive(Clone, Copy)]
enum Wanted {
    About,
    Policy,
    Table(&'static str),
}

fn wanted(name: &str) -> Option<Wanted> {
    match name {
        ABOUT => Some(Wanted::About),
        POLICY => Some(Wanted::Policy),
        _ => TABLES.into_iter().find(|table| name.strip_suffix(".csv") == Some(table)).map(Wanted::Table),
    }
}

struct Reading {
    draft: Draft,
    /// Names in the order they came, ours and others.
    names: Vec<String>,
    problems: Vec<Problem>,
    bytes_left: u64,
    rows_left: u64,
}

impl Reading {
    fn new() -> Reading {
        Reading {
            draft: Draft::default(),
            names: Vec::new(),
            problems: Vec::new(),
            bytes_left: MAX_BYTES,
            rows_left: MAX_ROWS,
        }
    }

    fn file(&mut self, name: &str, bytes: Vec<u8>, effort: &Effort) -> Result<(), StopReason> {
        let Some(wanted) = wanted(name) else {
            self.other_file(name);
            return Ok(());
        };
        if self.names.iter().any(|known| known == name) {
            self.problems.push(Problem::error(name, None, None, name, "each file once"));
            return Ok(());
        }
        self.names.push(name.to_owned());
        let size = bytes.len() as u64;
        if self.bytes_left < size {
            self.bytes_left = 0;
            self.problems.push(Problem::error(name, None, None, "one file too much", "a bundle of at most 2 GiB"));
            return Ok(());
        }
        self.bytes_left -= size;
        match wanted {
            Wanted::About => self.draft.about = self.settings(name, &bytes),
            Wanted::Policy => self.draft.policy = self.settings(name, &bytes),
            Wanted::Table(table) => match sheet::table_of(name, bytes, &mut self.rows_left, effort) {
                Ok(read) => {
                    self.draft.tables.insert(table.to_owned(), read);
                }
                Err(NotLoaded::Problems(problems)) => self.problems.extend(problems),
                Err(NotLoaded::Stopped(reason)) => return Err(reason),
            },
        }
        Ok(())
    }

    fn settings(&mut self, name: &str, bytes: &[u8]) -> Option<settings::Settings> {
        let read = if bytes.len() as u64 <= MAX_SETTINGS_BYTES {
            settings::read(name, bytes)
        } else {
            let seen = format!("{} bytes", bytes.len());
            Err(vec![Problem::error(name, None, None, &seen, "a settings file of at most 16 MiB")])
        };
        read.map_err(|problems| self.problems.extend(problems)).ok()
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        self.names.push(name.to_owned());
        self.problems.push(Problem::error(name, None, None, &error.to_string(), "a file that can be read"));
    }

    /// A file that is not part of a bundle. One that looks as if it should be is a slip in its name: left alone, it
    /// would change the answer in silence.
    fn other_file(&mut self, name: &str) {
        self.names.push(name.to_owned());
        let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ending.eq_ignore_ascii_case("csv") || ending.eq_ignore_ascii_case("toml") {
            let wanted = format!("a file of a bundle: the nearest is {}", nearest(name));
            self.problems.push(Problem::error(name, None, None, name, wanted));
        }
    }

    fn done(mut self) -> Result<Draft, Vec<Problem>> {
        for required in REQUIRED {
            if self.names.iter().any(|name| name == required) {
                continue;
            }
            let stem = required.split('.').next().unwrap_or_default();
            let like =
                self.names.iter().find(|name| name.split('.').next().is_some_and(|s| s.eq_ignore_ascii_case(stem)));
            let problem = match like {
                Some(name) => Problem::error(required, None, None, name, format!("a file named exactly {required}")),
                None => {
                    Problem::error(required, None, None, "", "the file is missing, and no locality can do without it")
                }
            };
            self.problems.push(problem);
        }
        if !self.problems.is_empty() {
            self.problems.sort();
            return Err(self.problems);
        }
        add_built_in(&mut self.draft);
        Ok(self.draft)
    }
}

/// Puts the program's own kinds, links and outcomes into a draft where it brings none of its own, and records that.
/// Rows about kinds that the bundle does not have are for the check to pass over.
pub fn add_built_in(draft: &mut Draft) {
    for name in ["kinds", "drives", "outcomes"] {
        if let (false, Some(table)) = (draft.tables.contains_key(name), builtin::table(name)) {
            draft.tables.insert(name.to_owned(), table);
            draft.built_in.push(name);
        }
    }
}

fn nearest(name: &str) -> String {
    let lower = name.to_lowercase();
    let known = TABLES.iter().map(|table| format!("{table}.csv")).chain([ABOUT.to_owned(), POLICY.to_owned()]);
    known.min_by_key(|known| edits(known, &lower)).unwrap_or_default()
}

/// The least number of letters to insert, delete or replace (Levenshtein 1966). Names are short.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Writes a draft as a bundle, tables that came from the program left out. A folder that is not empty needs `force`:
/// then its bundle files are replaced and everything else in it stays. On an error nothing is half done.
pub fn write_dir(draft: &Draft, dir: &Path, force: bool) -> Result<(), WriteError> {
    let ours = |name: &str| wanted(name).is_some();
    folder::replace(dir, force, ours, |dir| {
        for (name, bytes) in files(draft) {
            let mut file = BufWriter::new(File::create(dir.join(name))?);
            file.write_all(&bytes)?;
            file.into_inner()?.sync_all()?;
        }
        Ok(())
    })
}

/// The files of a draft by name, as [`read_files`] takes them.
pub fn files(draft: &Draft) -> BTreeMap<String, Vec<u8>> {
    let Draft { about, policy, tables, built_in } = draft;
    let mut files = BTreeMap::new();
    for (name, tree) in [(ABOUT, about), (POLICY, policy)] {
        if let Some(tree) = tree {
            files.insert(name.to_owned(), settings::write(tree).into_bytes());
        }
    }
    for (name, table) in tables {
        if !built_in.contains(&name.as_str()) {
            files.insert(format!("{name}.csv"), csv_bytes(table));
        }
    }
    files
}

fn csv_bytes(table: &Table) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Memory takes every byte, and a table's rows are all as long as its header, so none of these can fail.
    let _ = writer.write_record(table.header());
    for row in 0..table.len() {
        let _ = writer.write_record(table.cells(row));
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests;
