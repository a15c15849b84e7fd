//! Every call that a whole `up` and a whole `down` make, times every fault: once the faults are over, all comes to the same end.
//!
//! By default each call meets one fault, all in one run. `KFCTL_CN_FAULTS=all` goes on until each has met each, and
//! `KFCTL_CN_FAULTS=2/3` gives every pair of a call and a fault a run of its own, the second third of them.

use std::time::Instant;

use kfctl_cn::model::{ErrorClass, Region};

use super::{Call, Fault, Rule, verdict};
use crate::census::{census, whole};
use crate::world::{Aws, World, actions, configuration};

/// Which way a run goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    Up,
    Down,
}

impl Way {
    pub async fn run(self, world: &World) -> kfctl_cn::model::Result<()> {
        let engine = world.engine();
        match self {
            Way::Up => engine.execute(&engine.plan().await?).await.result(),
            Way::Down => engine.destroy(&engine.plan_destroy(true).await?).await.result(),
        }
    }

    /// A deployment from which a run this way begins.
    pub async fn begin(self, aws: &Aws, region: Region) -> World {
        aws.clear().await;
        let world = World::new(aws, configuration("faulty", region)).await.impatient().await;
        if self == Way::Down {
            world.up().await;
        }
        world.proxy.faults.take_calls();
        world
    }

    /// The calls of a whole run without faults, with their number.
    pub async fn calls(self, aws: &Aws, region: Region) -> Vec<(Call, usize)> {
        let world = self.begin(aws, region).await;
        self.run(&world).await.unwrap_or_else(|error| panic!("{error:?}"));
        world.proxy.faults.take_calls()
    }

    /// Runs through faults to the end, and says what is wrong then. Only what ends a run may end one, with the class that says so.
    pub async fn comes_through(self, world: &World, rules: Vec<Rule>) -> Result<(), String> {
        let mut ends: usize = rules.iter().filter(|rule| rule.fault.ends()).map(|rule| rule.times).sum();
        world.proxy.faults.set(rules);
        while let Err(error) = self.run(world).await {
            if error.class != ErrorClass::Credentials || error.hints.is_empty() || ends == 0 {
                return Err(format!("a run ended with {:?} {error}; hints {:?}", error.class, error.hints));
            }
            ends -= 1;
        }
        world.proxy.faults.set(Vec::new());
        self.whole(world).await
    }

    /// Nothing is there twice, nothing is missing, nothing is left to do.
    async fn whole(self, world: &World) -> Result<(), String> {
        let found = census(&world.clients).await;
        if self == Way::Down {
            return found.values().all(|n| *n == 0).then_some(()).ok_or(format!("left: {found:?}"));
        }
        let odd: Vec<_> = whole().into_iter().filter(|(kind, n)| found[kind] != *n).collect();
        if !odd.is_empty() {
            return Err(format!("wanted {odd:?}, there is {found:?}"));
        }
        let again = world.plan().await;
        if again.plan.has_work() { Err(format!("work is left: {:?}", actions(&again))) } else { Ok(()) }
    }
}

/// The faults that a call can have.
pub fn possible(call: &Call, way: Way) -> Vec<Fault> {
    let can = |fault: &Fault| verdict(call, *fault).is_some() && (way == Way::Up || *fault != Fault::NotVisible);
    Fault::ALL.into_iter().filter(can).collect()
}

/// A fault of a call, at the beginning, after a third or after two thirds of these calls.
pub fn rule(call: &Call, count: usize, fault: Fault, place: usize) -> Rule {
    let times = if fault.ends() || fault == Fault::Slow { 1 } else { 4 };
    Rule { call: call.name(), fault, skip: count * (place % 3) / 3, times }
}

async fn sweep(way: Way, region: Region) {
    let aws = Aws::empty().await;
    let calls = way.calls(&aws, region).await;
    let asked = std::env::var("KFCTL_CN_FAULTS").unwrap_or_default();
    let sets: Vec<Vec<Rule>> = match asked.split_once('/') {
        Some((part, parts)) => {
            let (part, parts): (usize, usize) = (part.parse().unwrap(), parts.parse().unwrap());
            let pairs = calls
                .iter()
                .flat_map(|(call, count)| possible(call, way).into_iter().map(move |fault| (call, *count, fault)));
            let mine = pairs.enumerate().filter(|(i, _)| i % parts == part - 1);
            mine.map(|(i, (call, count, fault))| vec![rule(call, count, fault, i)]).collect()
        }
        None => {
            let turns = if asked == "all" { Fault::ALL.len() } else { 1 };
            let turn = |turn: usize| {
                let at = calls.iter().enumerate();
                at.map(|(i, (call, count))| {
                    let faults = possible(call, way);
                    rule(call, *count, faults[(i + turn) % faults.len()], i / 3 + turn)
                })
                .collect()
            };
            (0..turns).map(turn).collect()
        }
    };
    let (all, mut fired, mut wrong) = (sets.len(), 0, Vec::new());
    for (i, rules) in sets.into_iter().enumerate() {
        let began = Instant::now();
        let world = way.begin(&aws, region).await;
        let result = way.comes_through(&world, rules).await;
        let met = world.proxy.faults.take_fired();
        fired += met.len();
        println!("{way:?} {} of {all}: {} fired, {:.1} s: {result:?}", i + 1, met.len(), began.elapsed().as_secs_f64());
        wrong.extend(result.err().map(|error| format!("{error} after {met:?}")));
    }
    println!("{way:?} in {region}: {} calls, {all} runs, {fired} pairs of a call and a fault", calls.len());
    assert!(wrong.is_empty(), "{} of {all} runs didn't come to the same end:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked.contains('/') || fired > calls.len() / 2, "hardly any fault met its call");
}

#[tokio::test(flavor = "multi_thread")]
async fn up_comes_through_a_fault_of_every_call() {
    sweep(Way::Up, Region::CnNorth1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn down_comes_through_a_fault_of_every_call() {
    sweep(Way::Down, Region::CnNorthwest1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_late_is_made_once() {
    let aws = Aws::empty().await;
    // EC2 has no names: the answer is lost or what follows fails, and then nobody finds what was made.
    let made = ["Vpc", "Subnet", "RouteTable", "InternetGateway", "NatGateway", "SecurityGroup"];
    let late = made.iter().map(|kind| (format!("ec2:Describe{kind}s"), Fault::NotVisible));
    let lost = made.iter().map(|kind| (format!("ec2:Create{kind}"), Fault::CutAfter));
    let failing = ["ModifyVpcAttribute", "ModifySubnetAttribute", "CreateRoute", "AttachInternetGateway"];
    let failing = failing.iter().map(|name| (format!("ec2:{name}"), Fault::CutBefore));
    let address = [("ec2:AllocateAddress", Fault::CutAfter), ("ec2:DescribeAddresses", Fault::NotVisible)];
    let address = address.map(|(call, fault)| (call.to_owned(), fault));
    let rule = |(call, fault)| Rule { call, fault, skip: 0, times: if fault == Fault::NotVisible { 6 } else { 3 } };
    for others in [lost.collect::<Vec<_>>(), failing.collect()] {
        let world = Way::Up.begin(&aws, Region::CnNorthwest1).await;
        let rules = late.clone().chain(address.clone()).chain(others).map(rule).collect();
        let result = Way::Up.comes_through(&world, rules).await;
        let met = world.proxy.faults.take_fired();
        assert_eq!(result, Ok(()), "after {met:?}");
        assert!(met.len() > 8, "{met:?}");
    }
}
