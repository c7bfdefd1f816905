//! A budget of memory for what lasts longer than a call or may be large: localities held and uploads under way. What a
//! thing will take is estimated before it is taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Error;

/// A checked locality takes about this many times the bytes of its files: ids, indexes and the pairs that are worked out
/// on first use. An estimate, on the safe side.
const RESIDENT_PER_FILE_BYTE: u64 = 4;

#[derive(Debug)]
pub struct MemoryBudget {
    allowed_bytes: u64,
    taken_bytes: AtomicU64,
}

/// Part of a budget, given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: AtomicU64,
}

impl MemoryBudget {
    pub fn new(allowed_bytes: u64) -> Arc<MemoryBudget> {
        Arc::new(MemoryBudget { allowed_bytes, taken_bytes: AtomicU64::new(0) })
    }

    pub fn taken_bytes(&self) -> u64 {
        self.taken_bytes.load(Ordering::Relaxed)
    }

    /// What a locality made of files of so many bytes will take.
    pub fn resident_bytes(file_bytes: u64) -> u64 {
        file_bytes.saturating_mul(RESIDENT_PER_FILE_BYTE)
    }

    /// Nothing yet; see [`Reservation::grow`].
    pub fn open(self: &Arc<MemoryBudget>) -> Reservation {
        Reservation { budget: self.clone(), bytes: AtomicU64::new(0) }
    }
}

impl Reservation {
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes `bytes` more, or nothing.
    pub fn grow(&self, bytes: u64) -> Result<(), Error> {
        let allowed_bytes = self.budget.allowed_bytes;
        let more = |taken: u64| taken.checked_add(bytes).filter(|&after| after <= allowed_bytes);
        match self.budget.taken_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => {
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(_) => Err(Error::NoMemory { allowed_bytes }),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.taken_bytes.fetch_sub(self.bytes(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, MemoryBudget};

    #[test]
    fn what_is_dropped_is_given_back_and_nothing_goes_past_the_budget() {
        let budget = MemoryBudget::new(100);
        let first = budget.open();
        first.grow(60).unwrap();
        let second = budget.open();
        assert_eq!(second.grow(41), Err(Error::NoMemory { allowed_bytes: 100 }));
        assert_eq!(second.grow(u64::MAX), Err(Error::NoMemory { allowed_bytes: 100 }));
        second.grow(40).unwrap();
        drop(first);
        assert_eq!(budget.taken_bytes(), 40);
        drop(second);
        assert_eq!(budget.taken_bytes(), 0);
    }
}
