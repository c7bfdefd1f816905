//! Matching needs to offers, exactly: the locality becomes a [`Network`](crate::solve::Network) ([`formulate`](mod@formulate)), the
//! network is solved stage by stage, and the answer is read back in the locality's words ([`assignment`]).

pub mod assignment;
pub mod formulate;
pub mod groups;
pub mod lottery;
pub mod reading;
pub mod standing;

pub use assignment::{Matching, Route, StageResult, Status, WorthOf, Worths, nothing_placed, solve};
pub use formulate::{
    Formulation, NotFormulated, PoolKey, Refused, Scope, Skipped, StageMeaning, formulate, without_pairs,
};
pub use reading::{Reading, Room, asking};
pub use standing::{Edits, MetAndUnmet, Standing};
