//! The answers as versioned documents: what `--json` prints, files hold and pages are made from.
//!
//! Keys are a promise: they may be added; anything else raises the schema's number. Shares are unrounded fractions.
//! Every table below the level of the authority says `"disclosure": "none"`: no disclosure control has been applied,
//! so it is not for publication.

pub mod check;
pub mod common;
pub mod compare;
pub mod explain;
pub mod gaps;
pub mod matching;
pub mod measure;
pub mod options;
pub mod plan;
pub mod policy;
pub mod verify;
pub mod what_if;

pub use check::CheckDocument;
pub use common::{CompletenessDocument, Provenance, StageDelta, StageValue};
pub use compare::CompareDocument;
pub use explain::ExplainDocument;
pub use gaps::GapsDocument;
pub use matching::{AssignmentRow, MatchDocument, MatchFiles, PriceRow};
pub use measure::MeasureDocument;
pub use options::OptionsDocument;
pub use plan::PlanDocument;
pub use verify::VerifyDocument;
pub use what_if::WhatIfDocument;
