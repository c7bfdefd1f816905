//! A bundle coming in by pieces.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::Error;
use super::memory::{MemoryBudget, Reservation};
use super::requests::{self, BodyDigest};
use crate::domain::draft::TABLES;

/// Files of a bundle as far as they have come. Each file's pieces come in order; files may alternate.
#[derive(Debug)]
pub struct Assembly {
    files: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    most_bytes: u64,
    reservation: Reservation,
}

/// Every file, complete.
#[derive(Debug)]
pub struct Bundle {
    pub files: BTreeMap<String, Vec<u8>>,
    pub bytes: u64,
    /// The memory of the files, held until it is dropped.
    pub reservation: Reservation,
}

impl Assembly {
    pub fn new(most_bytes: u64, budget: &Arc<MemoryBudget>) -> Assembly {
        Assembly { files: BTreeMap::new(), bytes: 0, most_bytes, reservation: budget.open() }
    }

    /// Appends `data` to the file named `file`, of which `offset` bytes came before.
    pub fn push(&mut self, file: &str, offset: i64, data: &[u8]) -> Result<(), Error> {
        if !is_known(file) {
            let wanted = format!("wanted one of {}, or one of {} with .csv", SETTINGS.join(", "), TABLES.join(", "));
            return Err(Error::invalid("chunk.file", wanted));
        }
        let held = self.files.get(file).map_or(0, Vec::len);
        if usize::try_from(offset) != Ok(held) {
            let wanted = format!("{held} bytes of {file} are here, so {held} comes next");
            return Err(Error::invalid("chunk.offset", wanted));
        }
        let more = data.len() as u64;
        if self.most_bytes < self.bytes + more {
            return Err(Error::OverLimit { what: "bytes of a bundle", allowed: self.most_bytes });
        }
        self.reservation.grow(more)?;
        self.bytes += more;
        match self.files.get_mut(file) {
            Some(held) => held.extend_from_slice(data),
            None => drop(self.files.insert(file.to_owned(), data.to_vec())),
        }
        Ok(())
    }

    pub fn finish(self) -> Bundle {
        let Assembly { files, bytes, most_bytes: _, reservation } = self;
        Bundle { files, bytes, reservation }
    }
}

impl Bundle {
    /// The same for the same files, however they were cut into pieces.
    pub fn digest(&self, about: &[&str]) -> BodyDigest {
        let about = about.iter().map(|text| text.as_bytes());
        let files = self.files.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes.as_slice()]);
        requests::digest(&about.chain(files).collect::<Vec<&[u8]>>())
    }
}

/// Whether a bundle may have a file of this name.
fn is_known(file: &str) -> bool {
    SETTINGS.contains(&file) || file.strip_suffix(".csv").is_some_and(|table| TABLES.contains(&table))
}

const SETTINGS: [&str; 2] = ["locality.toml", "policy.toml"];

#[cfg(test)]
mod tests {
    use super::{Assembly, Error, MemoryBudget};
    use crate::service::error::ErrorKind;

    #[test]
    fn pieces_come_in_order_and_files_may_alternate() {
        let budget = MemoryBudget::new(1 << 20);
        let mut assembly = Assembly::new(100, &budget);
        assembly.push("needs.csv", 0, b"need,").unwrap();
        assembly.push("areas.csv", 0, b"area").unwrap();
        assembly.push("needs.csv", 5, b"kind").unwrap();
        assembly.push("offers.csv", 0, b"").unwrap();
        for (offset, data) in [(0, b"x"), (8, b"x"), (10, b"x"), (-1, b"x")] {
            let refused = assembly.push("needs.csv", offset, data).unwrap_err();
            assert_eq!(refused, Error::invalid("chunk.offset", "9 bytes of needs.csv are here, so 9 comes next"));
        }
        assert_eq!(budget.taken_bytes(), 13);
        let bundle = assembly.finish();
        assert_eq!(bundle.files["needs.csv"], b"need,kind");
        assert_eq!(bundle.files["offers.csv"], b"");
        assert_eq!(bundle.bytes, 13);
        drop(bundle);
        assert_eq!(budget.taken_bytes(), 0);
    }

    #[test]
    fn limits_hold() {
        let mut assembly = Assembly::new(10, &MemoryBudget::new(8));
        assert_eq!(assembly.push("../needs.csv", 0, b"").unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(assembly.push("needs.csv", 0, &[0; 11]).unwrap_err().kind(), ErrorKind::OverLimit);
        assert_eq!(assembly.push("needs.csv", 0, &[0; 9]).unwrap_err().kind(), ErrorKind::NoMemory);
        assembly.push("needs.csv", 0, &[0; 8]).unwrap();
    }

    #[test]
    fn the_digest_is_of_what_was_sent_and_not_of_its_pieces() {
        let digest = |pieces: &[(&str, i64, &[u8])], about: &[&str]| {
            let mut assembly = Assembly::new(100, &MemoryBudget::new(100));
            pieces.iter().for_each(|(file, offset, data)| assembly.push(file, *offset, data).unwrap());
            assembly.finish().digest(about)
        };
        let whole = digest(&[("needs.csv", 0, b"abcd"), ("areas.csv", 0, b"")], &["x"]);
        assert_eq!(whole, digest(&[("areas.csv", 0, b""), ("needs.csv", 0, b"ab"), ("needs.csv", 2, b"cd")], &["x"]));
        assert_ne!(whole, digest(&[("needs.csv", 0, b"abc"), ("areas.csv", 0, b"d")], &["x"]));
        assert_ne!(whole, digest(&[("needs.csv", 0, b"abcd"), ("areas.csv", 0, b"")], &["y"]));
        assert_ne!(whole, digest(&[("needs.csv", 0, b"abcd")], &["x"]));
    }
}
