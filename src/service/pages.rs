//! Page tokens (AIP-158): opaque to callers, and good only for the list they came from.

use std::fmt::Display;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::error::Error;
use crate::domain::Id;

/// How many entries a page has where the caller does not say.
const DEFAULT_SIZE: usize = 50;
/// More than this is read as this.
const MOST: usize = 1000;

/// How many entries a page may have. Zero asks for the default; too many is cut down; a negative number is refused.
pub fn size(field: &str, asked: i32) -> Result<usize, Error> {
    match usize::try_from(asked) {
        Ok(0) => Ok(DEFAULT_SIZE),
        Ok(asked) => Ok(asked.min(MOST)),
        Err(_) => Err(Error::invalid(field, "wanted 0 or more")),
    }
}

/// The token of the page after `last` of a list, which has a name.
pub fn token(list: &dyn Display, last: &Id) -> String {
    let mut text = format!("{:016x}", seal(list, last.as_str()));
    for byte in last.as_str().bytes() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The last entry of the page that gave the token; None for the first page.
pub fn after(field: &str, list: &dyn Display, token: &str) -> Result<Option<Id>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    match open(list, token) {
        Some(last) => Ok(Some(last)),
        None => Err(Error::invalid(field, "not a page token of this list; leave it empty to begin again")),
    }
}

fn open(list: &dyn Display, token: &str) -> Option<Id> {
    if !token.is_ascii() || token.len() < 16 || !token.len().is_multiple_of(2) {
        return None;
    }
    let (sealed, hex) = token.split_at(16);
    let byte_at = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte_at).collect();
    let last = Id::parse(std::str::from_utf8(&bytes?).ok()?).ok()?;
    (u64::from_str_radix(sealed, 16) == Ok(seal(list, last.as_str()))).then_some(last)
}

/// Ties the token to its list. It guards against mistakes and not against malice: whoever may have the list may read
/// every id that a forged token could point at.
fn seal(list: &dyn Display, last: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x7375_6666_6963_6521, 0x7061_6765_2d76_3100);
    hasher.write(list.to_string().as_bytes());
    hasher.write_u8(b'/');
    hasher.write(last.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{after, size, token};
    use crate::domain::Id;
    use crate::service::names::AuthorityName;

    fn authority(id: &str) -> AuthorityName {
        AuthorityName { authority: Id::parse(id).unwrap() }
    }

    #[test]
    fn a_token_leads_back_to_its_place_in_its_own_list_only() {
        let last = Id::parse("north-2024").unwrap();
        let made = token(&authority("a"), &last);
        assert!(made.bytes().all(|byte| byte.is_ascii_alphanumeric()), "URL-safe");
        assert_eq!(after("page_token", &authority("a"), &made), Ok(Some(last)));
        assert_eq!(after("page_token", &authority("a"), ""), Ok(None));
        assert!(after("page_token", &authority("b"), &made).is_err());
        let mut changed = made.clone().into_bytes();
        changed[20] ^= 1;
        for wrong in
            [String::from_utf8(changed).unwrap(), made[..made.len() - 1].to_owned(), "é".repeat(20), "+1".repeat(20)]
        {
            assert!(after("page_token", &authority("a"), &wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn page_sizes_are_cut_down_and_never_negative() {
        assert_eq!(size("page_size", 0), Ok(50));
        assert_eq!(size("page_size", 7), Ok(7));
        assert_eq!(size("page_size", i32::MAX), Ok(1000));
        assert!(size("page_size", -1).is_err());
    }
}
