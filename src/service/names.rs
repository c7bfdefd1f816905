//! Resource names: `authorities/{authority}/localities/{locality}`, and `/revisions/{digest}` for exactly one state;
//! `operations/{operation}` for long work.

use std::fmt;

use super::error::Error;
use crate::domain::Id;

/// `authorities/{authority}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthorityName {
    pub authority: Id,
}

/// `authorities/{authority}/localities/{locality}`. Ordered by authority, then locality.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalityName {
    pub authority: Id,
    pub locality: Id,
}

/// A locality as it is now, or exactly one revision of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub locality: LocalityName,
    /// 64 hexadecimal digits.
    pub revision: Option<String>,
}

/// `operations/{operation}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationName {
    pub id: Id,
}

impl AuthorityName {
    pub fn parse(field: &str, text: &str) -> Result<AuthorityName, Error> {
        let authority = text.strip_prefix("authorities/").and_then(|id| Id::parse(id).ok());
        match authority {
            Some(authority) => Ok(AuthorityName { authority }),
            None => Err(Error::invalid(field, "wanted authorities/{authority}")),
        }
    }
}

impl LocalityName {
    /// A name without a revision.
    pub fn parse(field: &str, text: &str) -> Result<LocalityName, Error> {
        match Named::read(text) {
            Some(Named { locality, revision: None }) => Ok(locality),
            _ => Err(Error::invalid(field, "wanted authorities/{authority}/localities/{locality}")),
        }
    }
}

impl Named {
    /// Length of a digest in hexadecimal digits.
    const DIGEST_DIGITS: usize = 64;

    pub fn parse(field: &str, text: &str) -> Result<Named, Error> {
        Named::read(text).ok_or_else(|| {
            Error::invalid(
                field,
                "wanted authorities/{authority}/localities/{locality}, with /revisions/{digest} for exactly one state",
            )
        })
    }

    fn read(text: &str) -> Option<Named> {
        let mut parts = text.split('/');
        let mut id_after = |collection: &str| match (parts.next(), parts.next()) {
            (Some(name), Some(id)) if name == collection => Some(id),
            _ => None,
        };
        let authority = Id::parse(id_after("authorities")?).ok()?;
        let locality = Id::parse(id_after("localities")?).ok()?;
        let locality = LocalityName { authority, locality };
        let Some(collection) = parts.next() else {
            return Some(Named { locality, revision: None });
        };
        let revision = parts.next()?;
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let a_digest = revision.len() == Named::DIGEST_DIGITS && revision.bytes().all(lower_hex);
        (collection == "revisions" && a_digest && parts.next().is_none())
            .then(|| Named { locality, revision: Some(revision.to_owned()) })
    }
}

impl OperationName {
    /// What the names of all operations begin with; also the name of their list.
    pub const COLLECTION: &str = "operations";

    pub fn parse(field: &str, text: &str) -> Result<OperationName, Error> {
        let id = text.strip_prefix(OperationName::COLLECTION).and_then(|rest| rest.strip_prefix('/'));
        let id = id.and_then(|id| Id::parse(id).ok());
        id.map(|id| OperationName { id }).ok_or_else(|| Error::invalid(field, "wanted operations/{operation}"))
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", OperationName::COLLECTION, self.id)
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authorities/{}", self.authority)
    }
}

impl fmt::Display for LocalityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authorities/{}/localities/{}", self.authority, self.locality)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.locality)?;
        match &self.revision {
            Some(revision) => write!(f, "/revisions/{revision}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AuthorityName, LocalityName, Named, OperationName};

    #[test]
    fn names_are_read_and_written_alike() {
        let digest = "0123456789abcdef".repeat(4);
        let fixed = format!("authorities/local/localities/north-2024/revisions/{digest}");
        for name in ["authorities/local/localities/north-2024", &fixed] {
            assert_eq!(Named::parse("name", name).unwrap().to_string(), name);
        }
        assert_eq!(AuthorityName::parse("parent", "authorities/local").unwrap().to_string(), "authorities/local");
        assert!(LocalityName::parse("name", &fixed).is_err(), "a revision cannot be replaced or deleted");
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        let short = "authorities/a/localities/b/revisions/abc";
        let upper = format!("authorities/a/localities/b/revisions/{}", "A".repeat(64));
        let long = format!("authorities/a/localities/b/revisions/{}/x", "a".repeat(64));
        for wrong in [
            "",
            "authorities",
            "authorities/",
            "authorities/a",
            "authorities/a/localities",
            "authorities/a/localities/",
            "authorities/a/localities/b/",
            "authorities/a/localities/b c",
            "localities/b/authorities/a",
            "/authorities/a/localities/b",
            short,
            &upper,
            &long,
        ] {
            assert!(Named::parse("name", wrong).is_err(), "{wrong}");
        }
        assert!(AuthorityName::parse("parent", "authorities/a/localities/b").is_err());
        assert_eq!(OperationName::parse("name", "operations/0a-b").unwrap().to_string(), "operations/0a-b");
        for wrong in ["", "operations", "operations/", "operations/a/b", "operationsa", "plans/a"] {
            assert!(OperationName::parse("name", wrong).is_err(), "{wrong}");
        }
    }
}
