//! `kfctl-cn logs`.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{AsyncBufReadExt as _, StreamExt as _, stream};
use serde_json::json;

use super::run::{Session, cancel_on_signals, unless_stopped};
use super::{Global, Output, limits, printer};
use crate::kube::{Client, LogRange, Workload, containers};
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// How many logs are read at once.
const AT_ONCE: usize = 8;
/// How many are followed at once: each is a connection.
const FOLLOWED: usize = 50;

/// Show what the pods of a phase, a component or a workload say
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A phase (platform, kubeflow, gpu, karpenter), a component (katib, ml-pipeline, istio), a namespace or a workload
    #[arg(value_name = "PHASE|COMPONENT")]
    of: String,

    /// How many lines of each container, from the end
    #[arg(long, default_value_t = 20, value_name = "LINES", value_parser = clap::value_parser!(i64).range(0..))]
    tail: i64,

    /// Only what was said in this time, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = limits::duration)]
    since: Option<Duration>,

    /// What each container said before it was restarted
    #[arg(long, conflicts_with = "follow")]
    previous: bool,

    /// Go on as more is said, until Ctrl-C
    #[arg(long, short = 'F')]
    follow: bool,
}

/// A container whose log is read.
struct Source {
    namespace: String,
    pod: String,
    container: String,
}

/// Prints the lines, each with the pod and the container that said it.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let client = unless_stopped(&cancel, session.cluster()).await?;
    let sources = unless_stopped(&cancel, sources(&client, &args.of)).await?;
    let range = LogRange {
        tail: Some(args.tail),
        since: args.since.map(|since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
        previous: args.previous,
        follow: args.follow,
    };
    if args.follow && sources.len() > FOLLOWED {
        let message = format!("{} containers are too many to follow: {FOLLOWED} at most", sources.len());
        return Err(Error::new(ErrorClass::Usage, message).hint("name a component or a workload"));
    }
    let told = unless_stopped(&cancel, async { Ok(tell(global, &client, &sources, &range).await) }).await;
    match told {
        // It is how it ends.
        Err(_) if args.follow && cancel.why().is_some() => Ok(ExitStatus::OK),
        told => told?.map(|()| ExitStatus::OK),
    }
}

/// The containers of the pods that a word means.
async fn sources(client: &Client, word: &str) -> Result<Vec<Source>> {
    let workloads = client.workloads().await?;
    let meant: Vec<&Workload> = workloads.iter().filter(|workload| workload.is_called(word)).collect();
    if meant.is_empty() {
        return Err(unknown(word, &workloads));
    }
    let mut sources = Vec::new();
    for workload in meant {
        for pod in client.pods(&workload.id.namespace, &workload.labels()).await? {
            let of = |container: &str| Source {
                namespace: pod.namespace().into(),
                pod: pod.name().into(),
                container: container.into(),
            };
            sources.extend(containers(&pod).into_iter().map(of));
        }
    }
    if sources.is_empty() {
        return Err(Error::new(ErrorClass::Permanent, format!("`{word}` has no pods"))
            .hint("`kfctl-cn verify` tells why a workload has none"));
    }
    Ok(sources)
}

fn unknown(word: &str, workloads: &[Workload]) -> Error {
    if workloads.is_empty() {
        return Error::new(ErrorClass::Permanent, "no workload of the deployment is in the cluster")
            .hint("`kfctl-cn up` puts them there; `kfctl-cn status` tells how far it is");
    }
    let names: BTreeSet<&str> = workloads.iter().map(|workload| workload.id.name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Error::new(ErrorClass::Usage, format!("nothing in the cluster is called `{word}`"))
        .hint("a phase (platform, kubeflow, gpu, karpenter), a namespace, or one of the workloads")
        .hint(format!("the workloads are {}", names.join(", ")))
}

/// Prints all logs: one after the other, or, as they are followed, line by line.
async fn tell(global: &Global, client: &Client, sources: &[Source], range: &LogRange) -> Result<()> {
    let read: usize = if range.follow {
        let all =
            stream::iter(sources).map(|source| async move { read(global, client, source, range, printer::data).await });
        all.buffer_unordered(FOLLOWED).filter(|ok| std::future::ready(*ok)).count().await
    } else {
        let whole = |source| async move {
            let mut text = String::new();
            let ok = read(global, client, source, range, |line| {
                text.push_str(line);
                Ok(())
            })
            .await;
            (ok, text)
        };
        let mut all = stream::iter(sources).map(whole).buffered(AT_ONCE);
        let mut count = 0;
        while let Some((ok, text)) = all.next().await {
            printer::data(&text)?;
            count += usize::from(ok);
        }
        count
    };
    if read == 0 {
        return Err(Error::new(ErrorClass::Permanent, "no log could be read")
            .hint("`kfctl-cn verify` tells why pods don't run"));
    }
    Ok(())
}

/// Reads a log to its end. One that can't be read is told, and no reason to leave out the others.
async fn read(
    global: &Global,
    client: &Client,
    source: &Source,
    range: &LogRange,
    mut say: impl FnMut(&str) -> Result<()>,
) -> bool {
    let Source { namespace, pod, container } = source;
    let mut lines = match client.log(namespace, pod, container, range).await {
        Ok(log) => log.lines(),
        Err(refusal) => {
            printer::note(&format!("{namespace}/{pod} {container}: {refusal}"));
            return false;
        }
    };
    while let Some(line) = lines.next().await {
        let told = match line {
            Ok(line) if global.output == Output::Json => {
                say(&format!("{}\n", json!({"namespace": namespace, "pod": pod, "container": container, "line": line})))
            }
            Ok(line) => say(&format!("{namespace}/{pod} {container} | {line}\n")),
            Err(error) => {
                printer::note(&format!("{namespace}/{pod} {container}: the log ends here: {error}"));
                return true;
            }
        };
        if told.is_err() {
            return false;
        }
    }
    true
}
