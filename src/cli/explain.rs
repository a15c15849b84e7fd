//! `kfctl-cn explain`.

use serde::Serialize;

use super::{Global, printer};
use crate::adapt::{self, Adaptation};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Tell why things are done as they are
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What is changed in upstream's manifests for AWS China and for today's Kubernetes, why, and where that is known from
    Adaptations {
        /// Only this one, or those that begin with it, such as `china/`
        id: Option<String>,
    },
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    sets: Vec<&'a str>,
    reason: &'a str,
    source: &'a str,
}

/// Prints the explanation.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let What::Adaptations { id } = args.what;
    let wanted = id.as_deref().unwrap_or_default();
    let entries: Vec<Entry<'_>> = adapt::adaptations().iter().filter(|a| a.id.starts_with(wanted)).map(entry).collect();
    if entries.is_empty() {
        return Err(Error::new(ErrorClass::Usage, format!("no adaptation is called `{wanted}`"))
            .hint("`kfctl-cn explain adaptations` lists them all"));
    }
    printer::value(global.output, &entries, |entries| entries.iter().map(text).collect())?;
    Ok(ExitStatus::OK)
}

fn entry(adaptation: &Adaptation) -> Entry<'_> {
    Entry {
        id: &adaptation.id,
        sets: adaptation.sets.iter().map(|set| set.as_str()).collect(),
        reason: adaptation.reason.trim(),
        source: adaptation.source.trim(),
    }
}

fn text(entry: &Entry<'_>) -> String {
    let reason = entry.reason.replace('\n', " ");
    format!("{} ({})\n  {reason}\n  source: {}\n\n", entry.id, entry.sets.join(", "), entry.source)
}
