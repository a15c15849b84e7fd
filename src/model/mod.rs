//! Pure types shared by every layer. Imports nothing else of this crate and does no I/O.

mod action;
mod addr;
mod backend;
mod condition;
mod error;
mod event;
pub mod glob;
pub mod near;
mod object;
mod phase;
mod region;
mod secret;
mod veil;

pub use action::{Action, Change, ChangeKind};
pub use addr::Addr;
pub use backend::Backend;
pub use condition::Readiness;
pub use error::{Error, ErrorClass, ExitStatus, Result};
pub use event::{Event, Outcome, StepEvent};
pub use object::{Object, ObjectId};
pub use phase::Phase;
pub use region::Region;
pub use secret::Secret;
pub use veil::veil;
