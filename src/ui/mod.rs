//! Views of what happens and of what is known: events of a run, plans, checks. They know the types of `model` and nothing
//! of where the facts come from; what is shown never carries a secret, since events can't.

mod checks;
mod json;
mod junit;
mod plain;
mod plan;
mod terminal;
mod text;
mod view;

pub use checks::{CheckLine, Status, summary};
pub use junit::{CaseResult, TestCase, junit};
pub use plan::{PlanRow, PlanText};
pub use text::{took, verb};
pub use view::{Choice, View, view};
