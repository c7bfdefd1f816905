//! Real input beside the repository, for tests that have it.

use std::path::PathBuf;

/// The bytes of `../shared/data/PATH`. None, with a message, where the folder is absent, unless `SUFFICE_REQUIRE` names
/// `shared`: then absence is a failure.
pub(super) fn bytes(path: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data"));
    if !folder.is_dir() {
        let required = std::env::var("SUFFICE_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "shared"), "SUFFICE_REQUIRE asks for {folder:?}");
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    let file = folder.join(path);
    Some(std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}
