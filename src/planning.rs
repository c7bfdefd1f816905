//! What would close the gap: candidates over the matcher's own network, chosen so that most need is met within a budget,
//! or a target is met at least cost.
//!
//! [`market`] writes a locality with its candidates as [`Choices`](crate::solve::choose::Choices): the network of the
//! matching, with a sink for each new offer, an entry for each wider rule, and a lever for each candidate. [`question`] is
//! what a plan is asked for, and [`cases`] are what it is held against: recorded need, scenarios, the loss of a provider;
//! one plan for several is the same problem over their networks side by side. [`plan()`] finds a plan and says what it does:
//! `serve` whom it serves, [`gains`] what each candidate closes, [`mod@frontier`] what other budgets would buy.

pub mod cases;
pub mod frontier;
pub mod gains;
pub mod market;
pub mod plan;
pub mod question;
mod serve;

pub use cases::{Case, CaseOf, scenarios};
pub use frontier::Point;
pub use gains::{Gain, Gains};
pub use market::{Distances, Market, NoMarket, SinkOf, funds};
pub use plan::{
    Chosen, Drawn, Equally, InCase, NoPlan, Plan, SetLeft, SetToday, Travelled, UnmetUnderPlan, plan, transport_of,
};
pub use question::{FloorMeaning, FloorOf, Millionths, PlanAim, PlanFloor, Question, WHOLE};
