//! Pages out: each answer as plain text that a planner can read from top to bottom.
//!
//! A page begins with its headline, one sentence that answers the question. Reasons follow, then tables, then how sure
//! we are and what the answer rests on. Pages are made from the documents of [`view`](crate::view) alone, at most
//! [`WIDTH`] columns wide; text from a bundle can therefore not move the cursor or colour the screen.

mod assurance;
pub mod check;
pub mod compare;
pub mod explain;
pub mod gaps;
pub mod matching;
pub mod measure;
mod page;
pub mod plan;
#[cfg(test)]
mod sample;
pub mod story;
mod table;
pub mod verify;
pub(crate) mod words;

pub(crate) use page::Page;
pub use table::{Align, Table};

/// The widest line of a page, in columns.
pub const WIDTH: usize = 100;
