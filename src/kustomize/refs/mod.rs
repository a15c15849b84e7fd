//! What is resolved once, when all names are final: references to names, and vars.

mod names;
mod vars;

pub use names::fix_names;
pub use vars::{VarSet, resolve_vars};
