//! Which resources a run is about: those that are named, and what can't be left out with them.

use std::collections::BTreeSet;

use crate::model::near::nearest;
use crate::model::{Addr, Error, ErrorClass, Phase, Result, glob};

use super::graph::Graph;
use super::{Direction, Engine};

/// What a run is restricted to. Several restrictions add up: a resource is named if any of them names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Addresses; `*` stands for any run of characters.
    pub targets: Vec<String>,
    /// Whole phases.
    pub phases: Vec<Phase>,
    /// A phase and all that come after it.
    pub from: Option<Phase>,
}

impl Selection {
    /// True if nothing is restricted.
    pub fn is_all(&self) -> bool {
        *self == Selection::default()
    }

    fn names(&self, addr: &Addr, phase: Phase) -> bool {
        self.targets.iter().any(|target| glob::matches(target, addr.as_str()))
            || self.phases.contains(&phase)
            || self.from.is_some_and(|from| phase >= from)
    }

    /// Fails for a restriction that names nothing.
    fn check(&self, graph: &Graph) -> Result<()> {
        if let Some(target) =
            self.targets.iter().find(|target| !graph.addrs.iter().any(|a| glob::matches(target, a.as_str())))
        {
            return Err(unknown(target, &graph.addrs));
        }
        let there = |test: &dyn Fn(Phase) -> bool| graph.nodes.iter().any(|node| test(node.phase()));
        let empty = |phase: Phase| {
            Error::new(ErrorClass::Usage, format!("the phase {phase} has no resources in this deployment")).hint(
                "`kfctl-cn plan` shows the phases that have some; the configuration may have switched this one off",
            )
        };
        if let Some(phase) = self.phases.iter().find(|phase| !there(&|p| p == **phase)) {
            return Err(empty(*phase));
        }
        match self.from.filter(|from| !there(&|p| p >= *from)) {
            Some(from) => Err(empty(from)),
            None => Ok(()),
        }
    }
}

fn unknown(target: &str, addrs: &[Addr]) -> Error {
    let error = Error::new(ErrorClass::Usage, format!("there is no resource `{target}` in this deployment"));
    // What people forget is the phase.
    let last = |addr: &&Addr| addr.as_str().split_once('/').is_some_and(|(_, name)| name == target);
    let meant = addrs.iter().find(last).map(Addr::as_str);
    match meant.or_else(|| nearest(target, addrs.iter().map(Addr::as_str))) {
        Some(meant) => error.hint(format!("did you mean {meant}?")),
        None => {
            error.hint("`kfctl-cn plan -o json` lists all addresses; `*` stands for any characters, as in `cluster/*`")
        }
    }
}

impl Engine {
    /// Restricts the runs of one direction: upwards to what is named and all that it needs, downwards to what is named and
    /// all that needs it.
    ///
    /// # Errors
    /// Of class `Usage` for a target or phase that names no resource; the hint has the name that was probably meant.
    pub fn select(mut self, selection: &Selection, direction: Direction) -> Result<Engine> {
        if selection.is_all() {
            return Ok(self);
        }
        // Removing a part of what isn't wanted any more would leave its users without it.
        let unwanted = std::mem::take(&mut self.unwanted);
        if !unwanted.is_empty() {
            let wanted = (0..self.graph.len()).filter(|i| !unwanted.contains(&self.graph.addrs[*i])).collect();
            self.graph = self.graph.only(&wanted);
        }
        selection.check(&self.graph)?;
        let named = |i: &usize| selection.names(&self.graph.addrs[*i], self.graph.nodes[*i].phase());
        let named: BTreeSet<usize> = (0..self.graph.len()).filter(named).collect();
        let selected = match direction {
            Direction::Up => closure(named, &self.graph.needs),
            Direction::Down => closure(named, &self.graph.users),
        };
        let all = self.graph.addrs.iter().enumerate();
        self.left_out = all.filter(|(i, _)| !selected.contains(i)).map(|(_, addr)| addr.clone()).collect();
        self.left_out.extend(unwanted);
        // What is removed is looked at with the help of what it needs, which stays.
        self.graph = self.graph.only(&closure(selected, &self.graph.needs));
        Ok(self)
    }
}

/// All that is reached along edges, with the start.
pub(super) fn closure(start: BTreeSet<usize>, edges: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut open: Vec<usize> = start.iter().copied().collect();
    let mut all = start;
    while let Some(at) = open.pop() {
        open.extend(edges[at].iter().filter(|next| all.insert(**next)));
    }
    all
}
