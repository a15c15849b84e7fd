//! Whether the upstream files are there, as pinned, and become manifests.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::adapt::{Adapted, Set};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};
use crate::cli::Global;
use crate::cli::render::Source;
use crate::model::{Error, ErrorClass, Result};

const TOPIC: (&str, &str) = ("files", "Upstream files");

/// What the upstream files become, rendered when it is first asked for, and once.
pub(super) struct Rendered {
    global: Global,
    sets: OnceCell<Result<Vec<(Set, Adapted)>>>,
}

impl Rendered {
    pub(super) fn new(global: &Global) -> Arc<Rendered> {
        Arc::new(Rendered { global: global.clone(), sets: OnceCell::new() })
    }

    /// The sets, or why there are none.
    pub(super) async fn sets(&self) -> &Result<Vec<(Set, Adapted)>> {
        let render = || async {
            let global = self.global.clone();
            // It reads and computes for seconds.
            let done = tokio::task::spawn_blocking(move || Source::default().render(&global)).await;
            done.unwrap_or_else(|error| {
                Err(Error::new(ErrorClass::Bug, "rendering was broken off").caused_by(error.to_string()))
            })
        };
        self.sets.get_or_init(render).await
    }
}

/// One check: what is missing or refused by the audit shows here, not after half an hour of `up`.
pub(super) fn checker(rendered: &Arc<Rendered>) -> Arc<dyn Checker> {
    let rendered = rendered.clone();
    look(TOPIC, "the upstream files are there, as pinned, and their manifests pass the audit", move || {
        let rendered = rendered.clone();
        async move {
            match rendered.sets().await {
                Ok(sets) => {
                    let count: usize = sets.iter().map(|(_, adapted)| adapted.objects.len()).sum();
                    pass(format!("{count} objects"))
                }
                Err(error) => {
                    let known = error.hints.join("; ");
                    let hint = if known.is_empty() { "`kfctl-cn bundle verify` tells more" } else { &known };
                    fail(error.to_string(), hint)
                }
            }
        }
    })
}
