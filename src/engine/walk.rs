//! Visits a graph: a node starts when everything before it is done, all that may start at once do.

use futures::future::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::model::{Error, ErrorClass};

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

/// True of a failure that every other node would share: credentials that don't hold, a state that can't be written.
pub(super) fn ends_all(error: &Error) -> bool {
    matches!(error.class, ErrorClass::Credentials | ErrorClass::StateIo | ErrorClass::Locked)
}

/// Visits all nodes. Once `halted`, none is started any more and those begun are finished; so it is after a failure, except that a
/// removal goes on with all that doesn't wait for what failed: whatever is left is paid for (eksctl#1898).
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
        let ended = failed.iter().any(|(_, error)| way == Way::Forward || ends_all(error));
        if !ended && !halted() {
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
