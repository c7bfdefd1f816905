//! Names from outside ([`Id`]) and positions inside a locality (`NeedIx` and its like).

use std::fmt;

use smol_str::SmolStr;

/// An identifier as the bundle gives it: 1 to 128 bytes of `[A-Za-z0-9._:~-]`. For a child it is a pseudonym.
///
/// Up to 23 bytes lie in the value itself: a locality holds millions, and almost all are as short as that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(SmolStr);

/// The text is not an [`Id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 128 characters out of A-Z a-z 0-9 . _ : ~ -")]
pub struct NotAnId;

impl Id {
    pub const MAX_BYTES: usize = 128;

    pub fn parse(text: &str) -> Result<Id, NotAnId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:~-".contains(&byte);
        if text.is_empty() || Id::MAX_BYTES < text.len() || !text.bytes().all(allowed) {
            return Err(NotAnId);
        }
        Ok(Id(SmolStr::new(text)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Id> for SmolStr {
    fn from(id: Id) -> SmolStr {
        id.0
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", &self.0)
    }
}

macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// # Panics
            /// Past 2^32 - 1, which the limit of 20 million rows keeps out.
            pub fn new(position: usize) -> $name {
                $name(u32::try_from(position).expect("a table has at most 20 million rows"))
            }

            pub fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

indexes! {
    /// Position in [`Locality::areas`](super::Locality::areas).
    AreaIx
    /// Position in [`Locality::holders`](super::Locality::holders).
    HolderIx
    /// Position in [`Locality::needs`](super::Locality::needs).
    NeedIx
    /// Position in [`Locality::kinds`](super::Locality::kinds).
    KindIx
    /// Position in [`Locality::types`](super::Locality::types).
    TypeIx
    /// Position in [`Locality::providers`](super::Locality::providers).
    ProviderIx
    /// Position in [`Locality::services`](super::Locality::services).
    ServiceIx
    /// Position in [`Locality::offers`](super::Locality::offers).
    OfferIx
}
