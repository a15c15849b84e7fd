//! The resources and their edges, checked: every need exists and nothing needs itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Addr, Error, ErrorClass, Result};

use super::Resource;

/// A checked graph. Nodes are numbered in an order in which each comes after all that it needs.
pub(super) struct Graph {
    pub(super) nodes: Vec<Arc<dyn Resource>>,
    pub(super) addrs: Vec<Addr>,
    /// What each node needs.
    pub(super) needs: Vec<Vec<usize>>,
    /// What needs each node.
    pub(super) users: Vec<Vec<usize>>,
}

impl Graph {
    /// Orders resources by their needs, then by phase, then as given.
    pub(super) fn new(resources: Vec<Arc<dyn Resource>>) -> Result<Graph> {
        let mut index = BTreeMap::new();
        for (i, resource) in resources.iter().enumerate() {
            if index.insert(resource.addr(), i).is_some() {
                return Err(bug(format!("two resources have the address {}", resource.addr())));
            }
        }
        let mut needs = Vec::with_capacity(resources.len());
        for resource in &resources {
            let mut found = Vec::new();
            for need in resource.needs() {
                let at = index
                    .get(&need)
                    .ok_or_else(|| bug(format!("{} needs {need}, which doesn't exist", resource.addr())))?;
                found.push(*at);
            }
            found.sort_unstable();
            found.dedup();
            needs.push(found);
        }
        let order = order(&resources, &needs)?;
        let mut place = vec![0; order.len()];
        for (to, from) in order.iter().enumerate() {
            place[*from] = to;
        }
        let nodes: Vec<_> = order.iter().map(|i| resources[*i].clone()).collect();
        let needs: Vec<Vec<usize>> =
            order.iter().map(|i| needs[*i].iter().map(|need| place[*need]).collect()).collect();
        let mut users = vec![Vec::new(); nodes.len()];
        for (i, list) in needs.iter().enumerate() {
            for need in list {
                users[*need].push(i);
            }
        }
        Ok(Graph { addrs: nodes.iter().map(|n| n.addr()).collect(), nodes, needs, users })
    }

    /// The graph of some nodes, which must hold all that they need. Their order stays.
    pub(super) fn only(&self, keep: &BTreeSet<usize>) -> Graph {
        let place: BTreeMap<usize, usize> = keep.iter().enumerate().map(|(to, from)| (*from, to)).collect();
        let edges = |of: &[Vec<usize>]| -> Vec<Vec<usize>> {
            keep.iter().map(|i| of[*i].iter().filter_map(|other| place.get(other).copied()).collect()).collect()
        };
        Graph {
            nodes: keep.iter().map(|i| self.nodes[*i].clone()).collect(),
            addrs: keep.iter().map(|i| self.addrs[*i].clone()).collect(),
            needs: edges(&self.needs),
            users: edges(&self.users),
        }
    }

    /// How many resources there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The longest path over the nodes' times along needs: its length and its nodes, first to last.
    pub(super) fn critical_path(&self, time: impl Fn(usize) -> Duration) -> (Duration, Vec<usize>) {
        let mut best: Vec<(Duration, Option<usize>)> = Vec::with_capacity(self.len());
        for i in 0..self.len() {
            let before = self.needs[i].iter().max_by_key(|need| best[**need].0).copied();
            let base = before.map_or(Duration::ZERO, |need| best[need].0);
            best.push((base + time(i), before));
        }
        let Some(mut at) = (0..self.len()).max_by_key(|i| best[*i].0) else {
            return (Duration::ZERO, Vec::new());
        };
        let length = best[at].0;
        let mut path = vec![at];
        while let Some(before) = best[at].1 {
            path.push(before);
            at = before;
        }
        path.reverse();
        path.retain(|i| time(*i) > Duration::ZERO);
        (length, path)
    }

    /// For each node, how long the longest path from it to an end typically takes: what to start first.
    pub(super) fn ranks(&self) -> Vec<Duration> {
        let mut ranks = vec![Duration::ZERO; self.len()];
        for i in (0..self.len()).rev() {
            let after = self.users[i].iter().map(|user| ranks[*user]).max().unwrap_or_default();
            ranks[i] = after + self.nodes[i].typical();
        }
        ranks
    }
}

/// Kahn's algorithm; of what may come next, the earliest phase and then the earliest given comes first.
fn order(resources: &[Arc<dyn Resource>], needs: &[Vec<usize>]) -> Result<Vec<usize>> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let key = |i: usize| (resources[i].phase(), i);
    let mut next: std::collections::BTreeSet<_> = (0..resources.len()).filter(|i| missing[*i] == 0).map(key).collect();
    let mut users = vec![Vec::new(); resources.len()];
    for (i, list) in needs.iter().enumerate() {
        list.iter().for_each(|need| users[*need].push(i));
    }
    let mut order = Vec::with_capacity(resources.len());
    while let Some((_, i)) = next.pop_first() {
        order.push(i);
        for user in &users[i] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                next.insert(key(*user));
            }
        }
    }
    if order.len() == resources.len() {
        return Ok(order);
    }
    Err(bug(format!("resources need each other in a circle: {}", circle(resources, needs, &missing))))
}

/// Names one circle among the nodes that never became free.
fn circle(resources: &[Arc<dyn Resource>], needs: &[Vec<usize>], missing: &[usize]) -> String {
    let stuck = |i: &usize| missing[*i] > 0;
    let mut path: Vec<usize> = Vec::new();
    let mut at = (0..resources.len()).find(stuck);
    while let Some(i) = at {
        if let Some(start) = path.iter().position(|seen| *seen == i) {
            let mut names: Vec<_> = path[start..].iter().map(|i| resources[*i].addr().to_string()).collect();
            names.push(resources[i].addr().to_string());
            return names.join(" → ");
        }
        path.push(i);
        at = needs[i].iter().copied().find(stuck);
    }
    String::new()
}

fn bug(message: String) -> Error {
    Error::new(ErrorClass::Bug, message)
}
