//! A folder of files replaced as one: written beside its place, then renamed into it, so that nobody ever reads half.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Why a folder was not written. It is then as it was before, except where the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{} is not empty: name another folder, or allow it to be replaced (--force)", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is a file: name a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{} cannot be written: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} was written, but some of what stood there before could not be put back: look in {} ({source})",
        path.display(), kept.display())]
    LeftBehind { path: PathBuf, kept: PathBuf, source: io::Error },
}

/// Fills `dir` by `write`, which is given an empty folder on the same disk. With `force` a folder that is not empty is
/// replaced; entries that are not `ours` by name are carried over.
pub fn replace(
    dir: &Path,
    force: bool,
    ours: impl Fn(&str) -> bool,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), WriteError> {
    let target = resolve(dir).map_err(|source| WriteError::Io { path: dir.to_owned(), source })?;
    let failed = |source| WriteError::Io { path: target.clone(), source };
    let exists = target.try_exists().map_err(failed)?;
    if exists && !target.is_dir() {
        return Err(WriteError::NotAFolder(target));
    }
    if exists && !force && fs::read_dir(&target).map_err(failed)?.next().is_some() {
        return Err(WriteError::NotEmpty(target));
    }
    let stage = Stage::beside(&target).map_err(failed)?;
    write(&stage.new).map_err(failed)?;
    if !exists {
        return fs::rename(&stage.new, &target).map_err(failed);
    }
    fs::rename(&target, &stage.old).map_err(failed)?;
    if let Err(source) = fs::rename(&stage.new, &target) {
        // Put the old one back; where even that fails, keep it and say where it is.
        return match fs::rename(&stage.old, &target) {
            Ok(()) => Err(failed(source)),
            Err(source) => Err(stage.keep(target, source)),
        };
    }
    match carry_over(&stage.old, &target, ours) {
        Ok(()) => Ok(()),
        Err(source) => Err(stage.keep(target, source)),
    }
}

/// The real place of a folder that may not exist yet; its parent must. A link is followed, so that it stays a link.
fn resolve(dir: &Path) -> io::Result<PathBuf> {
    if dir.try_exists()? {
        return dir.canonicalize();
    }
    let name = dir.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(parent.canonicalize()?.join(name))
}

fn carry_over(old: &Path, target: &Path, ours: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(old)? {
        let name = entry?.file_name();
        if !name.to_str().is_some_and(&ours) {
            fs::rename(old.join(&name), target.join(&name))?;
        }
    }
    Ok(())
}

/// A hidden folder beside the target, removed when dropped, with the new folder and later the old one inside. Only the
/// outer folder is private: the new one has the permissions that any folder the user makes would have.
struct Stage {
    outer: TempDir,
    new: PathBuf,
    old: PathBuf,
}

impl Stage {
    fn beside(target: &Path) -> io::Result<Stage> {
        let parent = target
            .parent()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the root folder cannot be replaced"))?;
        let outer = tempfile::Builder::new().prefix(".suffice-").tempdir_in(parent)?;
        let (new, old) = (outer.path().join("new"), outer.path().join("old"));
        fs::create_dir(&new)?;
        Ok(Stage { outer, new, old })
    }

    fn keep(self, path: PathBuf, source: io::Error) -> WriteError {
        WriteError::LeftBehind { path, kept: self.outer.keep().join("old"), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
            .collect();
        names.sort();
        names
    }

    fn write_a(dir: &Path) -> io::Result<()> {
        fs::write(dir.join("a.csv"), "new")
    }

    fn is_ours(name: &str) -> bool {
        name.ends_with(".csv")
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("out");
        let error = replace(&dir, false, is_ours, |dir| {
            write_a(dir)?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(matches!(error, Err(WriteError::Io { .. })));
        assert_eq!(names(home.path()), Vec::<String>::new());
        replace(&dir, false, is_ours, write_a).expect("written");
        assert_eq!((names(home.path()), names(&dir)), (vec!["out".to_owned()], vec!["a.csv".to_owned()]));
    }

    #[test]
    fn a_folder_that_is_not_empty_needs_force_and_keeps_what_is_not_ours() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let dir = home.path().join("out");
        fs::create_dir(&dir).expect("made");
        for (name, text) in [("a.csv", "old"), ("b.csv", "old"), ("README.md", "mine")] {
            fs::write(dir.join(name), text).expect("written");
        }
        assert!(matches!(replace(&dir, false, is_ours, write_a), Err(WriteError::NotEmpty(_))));
        let error = replace(&dir, true, is_ours, |_| Err(io::Error::other("the disk is full")));
        assert!(matches!(error, Err(WriteError::Io { .. })));
        assert_eq!(names(&dir), ["README.md", "a.csv", "b.csv"]);
        replace(&dir, true, is_ours, write_a).expect("written");
        assert_eq!(names(&dir), ["README.md", "a.csv"]);
        assert_eq!(fs::read_to_string(dir.join("a.csv")).expect("read"), "new");
        assert_eq!(names(home.path()), ["out"]);
    }

    #[test]
    fn a_file_or_a_missing_parent_is_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::write(home.path().join("f"), "").expect("written");
        assert!(matches!(replace(&home.path().join("f"), true, is_ours, write_a), Err(WriteError::NotAFolder(_))));
        assert!(matches!(replace(&home.path().join("no/out"), true, is_ours, write_a), Err(WriteError::Io { .. })));
    }
}
