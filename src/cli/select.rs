//! The arguments that restrict a run to a part of the deployment.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::engine::Selection;
use crate::model::Phase;

/// What `plan`, `up` and `down` are restricted to.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Select {
    /// Only this resource, such as cluster/eks or cluster/*, and what it needs (`down`: what needs it); may be repeated
    #[arg(long = "target", value_name = "ADDR")]
    targets: Vec<String>,

    /// Only this phase, and what it needs (`down`: what needs it); may be repeated
    #[arg(long = "phase", value_name = "PHASE", value_parser = phase())]
    phases: Vec<Phase>,

    /// Only this phase and all after it, and what they need (`down`: what needs them)
    #[arg(long, value_name = "PHASE", value_parser = phase())]
    from: Option<Phase>,
}

fn phase() -> impl TypedValueParser<Value = Phase> {
    PossibleValuesParser::new(Phase::ALL.map(Phase::as_str)).try_map(|name| name.parse::<Phase>())
}

impl From<&Select> for Selection {
    fn from(select: &Select) -> Selection {
        let Select { targets, phases, from } = select.clone();
        Selection { targets, phases, from }
    }
}
