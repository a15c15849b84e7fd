//! One attempt to copy what the registry lacks: what came of it, and why not all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::adapt::ImageRef;
use crate::engine::Context;
use crate::model::{Error, ErrorClass, Result};
use crate::registry::copy::{Copier, Ended, Job, Meter, Options, Reachable, RegistryTarget};
use crate::registry::{Found, Registry, Retry, Route};

use super::{Ecr, ledger};

/// How long the registry may take to say anything, before it counts as out of reach.
const TARGET: Duration = Duration::from_secs(10);
/// How long the host of a source may.
const SOURCE: Duration = Duration::from_secs(5);

/// What an attempt came to.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// The images that the registry lacks, by their place in the list.
    pub missing: BTreeSet<usize>,
    /// How many of them may be copied by trying again; the others are out of reach, gone at their source, or refused.
    pub passing: usize,
    /// True if the registry could not be asked at all.
    pub unreachable: bool,
    /// Why not all are there, for people.
    pub why: Option<String>,
}

/// The copies that a list asks for.
///
/// # Errors
/// If a name in it isn't one.
pub(super) fn jobs(images: &[ImageRef]) -> Result<Vec<Job>> {
    images.iter().map(|image| Ok(Job { source: image.source.parse()?, target: image.target.parse()? })).collect()
}

/// Copies what can be copied now. Whatever is out of reach costs seconds: each host is asked once before.
///
/// # Errors
/// Class `Config` if the logins for other registries can't be read.
pub(super) async fn attempt(cx: &Context, jobs: &[Job]) -> Result<Attempt> {
    let Some(first) = jobs.first() else { return Ok(Attempt::default()) };
    let ecr = Ecr::new()?;
    let client = |retry| Registry::new(&Route::default(), ecr.clone(), retry, Arc::new(|_| {}));
    let once = Retry { attempts: 1, pause: Duration::ZERO };
    let host = &first.target.host;
    cx.progress(format!("asks {host}"));
    let why = match tokio::time::timeout(TARGET, client(once)?.find(&first.target, true)).await {
        Ok(Ok(Found::Nothing | Found::Manifest(_))) => None,
        Ok(Err(fault)) => Some(fault.error.to_string()),
        Err(_) => Some(format!("{host} says nothing in {}s", TARGET.as_secs())),
    };
    if why.is_some() {
        return Ok(Attempt { missing: (0..jobs.len()).collect(), unreachable: true, why, ..Attempt::default() });
    }
    let from = Reachable::probe(client(Retry::default())?, jobs, SOURCE).await;
    let out: Vec<String> = from.out().keys().cloned().collect();
    let to = Arc::new(RegistryTarget::new(client(Retry::default())?, ecr.clone()));
    let meter = Arc::new(Meter::new(jobs.len()));
    let options = Options { ledger: ledger(), ..Options::default() };
    let copier = Copier::new(Arc::new(from), to, options, meter.clone(), Arc::new(|_| {}));
    let mut running = std::pin::pin!(copier.run(jobs));
    let all = loop {
        tokio::select! {
            all = &mut running => break all,
            () = tokio::time::sleep(Duration::from_secs(1)) => cx.progress(meter.line()),
        }
    };
    Ok(came_to(&all, &out))
}

/// What the copies came to; `out` are the hosts out of reach.
fn came_to(all: &[Ended], out: &[String]) -> Attempt {
    let failed: Vec<(usize, &Error)> = all
        .iter()
        .enumerate()
        .filter_map(|(at, ended)| if let Ended::Failed(error) = ended { Some((at, error)) } else { None })
        .collect();
    let other = failed.iter().find(|(_, error)| error.class != ErrorClass::Unreachable).or(failed.first());
    let mut whys = Vec::new();
    if !out.is_empty() {
        whys.push(format!("out of reach: {}", out.join(", ")));
    }
    whys.extend(
        other.filter(|(_, e)| out.is_empty() || e.class != ErrorClass::Unreachable).map(|(_, e)| e.to_string()),
    );
    Attempt {
        missing: failed.iter().map(|(at, _)| *at).collect(),
        passing: failed.iter().filter(|(_, error)| error.class == ErrorClass::Transient).count(),
        unreachable: false,
        why: (!failed.is_empty()).then(|| whys.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_reach_is_told_by_host_and_does_not_count_as_passing() {
        let failed = |class, text: &str| Ended::Failed(Error::new(class, text));
        let all = [
            Ended::Present(None),
            failed(ErrorClass::Unreachable, "gcr.io can't be reached"),
            failed(ErrorClass::Transient, "cannot get quay.io/a: the registry answers 503"),
            Ended::Kept("x".into()),
        ];
        let attempt = came_to(&all, &["gcr.io".into()]);
        assert_eq!(attempt.missing, BTreeSet::from([1, 2]));
        assert_eq!(attempt.passing, 1);
        let why = attempt.why.unwrap();
        assert_eq!(why, "out of reach: gcr.io; cannot get quay.io/a: the registry answers 503");
        assert_eq!(came_to(&all[..1], &["gcr.io".into()]).why, None, "all is there already");
        assert_eq!(came_to(&all[1..2], &[]).why.as_deref(), Some("gcr.io can't be reached"));
    }
}
