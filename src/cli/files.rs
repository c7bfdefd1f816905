//! The folder of `--out`: written beside its place and then renamed into it, so that nobody ever reads half an answer.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::output;
use crate::import::folder;
pub(super) use crate::import::folder::WriteError;

/// A folder to write to.
#[derive(Clone, Debug)]
pub(super) struct OutFolder {
    path: PathBuf,
    existing: Existing,
}

/// What to do with files that stand there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    Keep,
    /// Replace the files that the command writes; keep all others.
    Replace,
}

impl OutFolder {
    pub(super) fn new(path: PathBuf, existing: Existing) -> OutFolder {
        OutFolder { path, existing }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn replaces(&self) -> bool {
        self.existing == Existing::Replace
    }

    /// Refuses at once what [`write`](OutFolder::write) would refuse after a long search.
    pub(super) fn look(&self) -> Result<(), WriteError> {
        match fs::read_dir(&self.path) {
            Ok(mut entries) => match entries.next() {
                Some(_) if !self.replaces() => Err(WriteError::NotEmpty(self.path.clone())),
                _ => Ok(()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(WriteError::NotAFolder(self.path.clone()))
            }
            Err(source) => Err(WriteError::Io { path: self.path.clone(), source }),
        }
    }

    /// Writes all files or none, and says on standard error which.
    pub(super) fn write(&self, files: &[(&str, Vec<u8>)]) -> Result<(), WriteError> {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        self.fill(&names, |dir| put(dir, files))
    }

    /// Fills the folder by `write`, which makes the entries `names` in the folder that it is given; all or none.
    pub(super) fn fill(&self, names: &[&str], write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), WriteError> {
        folder::replace(&self.path, self.replaces(), |name| names.contains(&name), write)?;
        output::remark(&format!("Written to {}: {}.", self.path.display(), names.join(", ")));
        Ok(())
    }
}

/// Looks at a folder before the work that fills it.
pub(super) fn look(out: Option<&OutFolder>) -> Result<(), WriteError> {
    out.map_or(Ok(()), OutFolder::look)
}

pub(super) fn put(dir: &Path, files: &[(&str, Vec<u8>)]) -> io::Result<()> {
    for (name, bytes) in files {
        let mut file = fs::File::create_new(dir.join(name))?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Existing, OutFolder, WriteError};

    fn files(content: &str) -> Vec<(&'static str, Vec<u8>)> {
        vec![("gaps.json", content.as_bytes().to_vec()), ("unmet.csv", b"need\n".to_vec())]
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_and_an_empty_one_are_filled() {
        let home = tempfile::tempdir().expect("a temporary folder");
        for name in ["new", "empty"] {
            let dir = home.path().join(name);
            if name == "empty" {
                fs::create_dir(&dir).expect("a folder");
            }
            let out = OutFolder::new(dir.clone(), Existing::Keep);
            out.look().expect("nothing stands in the way");
            out.write(&files("1")).expect("it can be written");
            assert_eq!(names(&dir), ["gaps.json", "unmet.csv"]);
        }
        assert_eq!(names(home.path()), ["empty", "new"], "nothing is left beside them");
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone_unless_told() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("answer");
        fs::create_dir(&dir).expect("a folder");
        fs::write(dir.join("letter.txt"), "dear all").expect("a file");
        fs::write(dir.join("gaps.json"), "old").expect("a file");
        let keep = OutFolder::new(dir.clone(), Existing::Keep);
        assert!(matches!(keep.look(), Err(WriteError::NotEmpty(_))));
        assert!(matches!(keep.write(&files("new")), Err(WriteError::NotEmpty(_))));
        assert_eq!(fs::read_to_string(dir.join("gaps.json")).expect("it is there"), "old");
        let replace = OutFolder::new(dir.clone(), Existing::Replace);
        replace.look().expect("it may be replaced");
        replace.write(&files("new")).expect("it can be written");
        assert_eq!(fs::read_to_string(dir.join("gaps.json")).expect("it is there"), "new");
        assert_eq!(names(&dir), ["gaps.json", "letter.txt", "unmet.csv"]);
    }

    #[test]
    fn a_file_is_not_a_folder() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let file = home.path().join("file");
        fs::write(&file, "x").expect("a file");
        let out = OutFolder::new(file, Existing::Replace);
        assert!(matches!(out.look(), Err(WriteError::NotAFolder(_))));
    }
}
