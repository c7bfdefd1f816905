//! What was answered to which `request_id`, so that a call can be repeated safely (AIP-155).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::error::Error;
use crate::domain::Id;

/// SHA-256 of a request's meaning: the same for a repeat, another for anything else.
pub type BodyDigest = [u8; 32];

/// The digest of a request's parts. Each part brings its length, so that two lists of parts never run together.
pub fn digest<P: AsRef<[u8]>>(parts: &[P]) -> BodyDigest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.as_ref().len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A UUID, as the caller wrote it but in lower case, within one authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKey {
    authority: Id,
    request_id: String,
}

impl RequestKey {
    /// None where no id was given.
    pub fn parse(field: &str, authority: &Id, request_id: &str) -> Result<Option<RequestKey>, Error> {
        if request_id.is_empty() {
            return Ok(None);
        }
        let hyphens = [8, 13, 18, 23];
        let well_formed = request_id.len() == 36
            && request_id.bytes().enumerate().all(|(at, byte)| match hyphens.contains(&at) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            });
        match well_formed {
            true => Ok(Some(RequestKey { authority: authority.clone(), request_id: request_id.to_ascii_lowercase() })),
            false => {
                Err(Error::invalid(field, "wanted a UUID such as 123e4567-e89b-42d3-a456-426614174000, or nothing"))
            }
        }
    }
}

/// First answers by request id: the newest, up to a total weight, each for `keep`.
#[derive(Debug)]
pub struct RequestMemory<A> {
    most_weight: usize,
    keep: Duration,
    weight: usize,
    answers: BTreeMap<RequestKey, Remembered<A>>,
    /// Oldest first.
    order: VecDeque<RequestKey>,
}

#[derive(Debug)]
struct Remembered<A> {
    body: BodyDigest,
    answer: A,
    weight: usize,
    since: Instant,
}

impl<A: Clone> RequestMemory<A> {
    pub fn new(most_weight: usize, keep: Duration) -> RequestMemory<A> {
        RequestMemory { most_weight, keep, weight: 0, answers: BTreeMap::new(), order: VecDeque::new() }
    }

    /// The first answer to this request, if it was answered; an error if the id was used for another request.
    pub fn recall(&mut self, key: &RequestKey, body: &BodyDigest, now: Instant) -> Result<Option<A>, Error> {
        self.forget_before(now);
        match self.answers.get(key) {
            None => Ok(None),
            Some(first) if first.body == *body => Ok(Some(first.answer.clone())),
            Some(_) => Err(Error::RequestIdReused),
        }
    }

    /// Keeps the first answer. To be called once for a key that [`RequestMemory::recall`] does not know.
    pub fn remember(&mut self, key: RequestKey, body: BodyDigest, answer: A, weight: usize, now: Instant) {
        self.order.push_back(key.clone());
        self.weight += weight;
        self.answers.insert(key, Remembered { body, answer, weight, since: now });
        while self.most_weight < self.weight {
            self.forget_oldest();
        }
    }

    fn forget_before(&mut self, now: Instant) {
        let keep = self.keep;
        let too_old = |first: &Remembered<A>| keep <= now.saturating_duration_since(first.since);
        while self.order.front().and_then(|key| self.answers.get(key)).is_some_and(too_old) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.order.pop_front().and_then(|key| self.answers.remove(&key));
        self.weight -= oldest.map_or(0, |oldest| oldest.weight);
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, RequestKey, RequestMemory};
    use crate::domain::Id;
    use std::time::{Duration, Instant};

    fn key(number: u8) -> RequestKey {
        let id = format!("00000000-0000-4000-8000-0000000000{number:02X}");
        RequestKey::parse("request_id", &Id::parse("local").unwrap(), &id).unwrap().unwrap()
    }

    #[test]
    fn the_same_id_with_the_same_body_has_the_first_answer() {
        let mut memory = RequestMemory::new(10, Duration::from_secs(60));
        let start = Instant::now();
        assert_eq!(memory.recall(&key(1), &[1; 32], start), Ok(None));
        memory.remember(key(1), [1; 32], "first", 1, start);
        assert_eq!(memory.recall(&key(1), &[1; 32], start), Ok(Some("first")));
        assert_eq!(memory.recall(&key(1), &[2; 32], start), Err(Error::RequestIdReused));
        assert_eq!(memory.recall(&key(2), &[1; 32], start), Ok(None));
    }

    #[test]
    fn old_and_surplus_answers_are_forgotten() {
        let mut memory = RequestMemory::new(5, Duration::from_secs(60));
        let start = Instant::now();
        for number in 1..=3 {
            memory.remember(key(number), [number; 32], number, 2, start + Duration::from_secs(number.into()));
        }
        let later = start + Duration::from_secs(62);
        assert_eq!(memory.recall(&key(1), &[1; 32], start), Ok(None), "only the newest two are kept");
        assert_eq!(memory.recall(&key(2), &[2; 32], later), Ok(None), "a minute has passed");
        assert_eq!(memory.recall(&key(3), &[3; 32], later), Ok(Some(3)));
    }

    #[test]
    fn an_id_is_a_uuid_in_either_case() {
        let local = Id::parse("local").unwrap();
        let parse = |id: &str| RequestKey::parse("request_id", &local, id);
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("123E4567-e89b-42d3-a456-426614174000"), parse("123e4567-E89B-42d3-a456-426614174000"));
        for wrong in [
            "x",
            "123e4567-e89b-42d3-a456-42661417400",
            "123e4567e89b-42d3-a456-4266141740000",
            "é".repeat(18).as_str(),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
