//! Visits a graph: a node starts when everything before it is done, all that may start at once do.

use futures::future::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::model::Error;

use super::graph::Graph;

/// Which way a graph is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Needs first.
    Forward,
    /// Users first.
    Backward,
}

/// How the visit of a node ended.
pub(super) enum End {
    Done,
    Failed(Error),
    /// It was cut or didn't begin, because the run stops.
    Stopped,
}

/// How a visit of the graph ended.
pub(super) struct Walked {
    pub(super) failed: Vec<(usize, Error)>,
    /// Nodes that aren't done and didn't fail.
    pub(super) untouched: Vec<usize>,
}

/// Visits all nodes. After a failure, or once `halted`, none is started any more and those begun are finished.
pub(super) async fn walk<F>(graph: &Graph, way: Way, halted: impl Fn() -> bool, visit: impl Fn(usize) -> F) -> Walked
where
    F: Future<Output = End>,
{
    let (before, after) = match way {
        Way::Forward => (&graph.needs, &graph.users),
        Way::Backward => (&graph.users, &graph.needs),
    };
    let ranks = graph.ranks();
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut next: Vec<usize> = (0..graph.len()).filter(|i| missing[*i] == 0).collect();
    let mut done = vec![false; graph.len()];
    let mut failed: Vec<(usize, Error)> = Vec::new();
    let mut running = FuturesUnordered::new();
    loop {
        if failed.is_empty() && !halted() {
            next.sort_by_key(|i| std::cmp::Reverse(ranks[*i]));
            for i in next.drain(..) {
                running.push(visit(i).map(move |end| (i, end)));
            }
        }
        let Some((i, end)) = running.next().await else { break };
        match end {
            End::Failed(error) => failed.push((i, error)),
            End::Stopped => {}
            End::Done => {
                done[i] = true;
                for user in &after[i] {
                    missing[*user] -= 1;
                    if missing[*user] == 0 {
                        next.push(*user);
                    }
                }
            }
        }
    }
    let untouched = (0..graph.len()).filter(|i| !done[*i] && !failed.iter().any(|(f, _)| f == i)).collect();
    Walked { failed, untouched }
}
