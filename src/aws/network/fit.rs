//! Which subnets of a VPC a deployment takes, and whether they suffice.

use std::collections::BTreeSet;

use super::{Kind, Subnet, Vpc};

/// What EKS wants to be free in each subnet of its control plane. Source: EKS user guide, network requirements: at least 6,
/// 16 recommended.
const FREE_EACH: usize = 16;
/// Free addresses over all private subnets: every pod has one, Kubeflow and what it stands on are about a hundred, and the
/// network add-on holds a network interface's worth in reserve on each node.
const FREE: usize = 256;
/// Subnets that EKS takes. Source: EKS user guide.
const MOST: usize = 16;
/// What nodes and pods can't do without where no route leads out: joining, images, volumes, logins, the database's and the
/// bucket's secrets, and the queue and the list of images of Karpenter. Names without the prefix, which differs by service
/// and partition.
pub const ENDPOINTS: [&str; 10] =
    ["ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "s3", "secretsmanager", "sqs", "ssm", "sts"];

/// The subnets that a deployment takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen<'a> {
    /// For nodes, pods and the database.
    pub private: Vec<&'a Subnet>,
    /// For load balancers that face the internet.
    pub public: Vec<&'a Subnet>,
    /// Why nothing can be made in them: each a sentence with what to do.
    pub wrong: Vec<String>,
}

/// Takes the subnets that are named, or else those that their route tables make fit, and judges them.
///
/// `private` and `public` are ids, both may be empty. `new` is false once the cluster exists: its own nodes use the addresses
/// then.
pub fn choose<'a>(vpc: &'a Vpc, private: &[String], public: &[String], new: bool) -> Chosen<'a> {
    let mut chosen = Chosen::default();
    let mut wrong = Vec::new();
    chosen.private = match private {
        [] => fitting(vpc),
        ids => named(vpc, ids, &mut wrong),
    };
    chosen.public = match public {
        [] => vpc.subnets.iter().filter(|s| s.kind == Kind::Public).collect(),
        ids => named(vpc, ids, &mut wrong),
    };
    for subnet in &chosen.private {
        if subnet.kind == Kind::Public {
            wrong.push(format!(
                "{} isn't private: its route table {} leads to an internet gateway, where nodes have no way out",
                subnet.id, subnet.table
            ));
        }
    }
    if !public.is_empty() {
        let shut = chosen.public.iter().filter(|s| s.kind != Kind::Public);
        wrong.extend(shut.map(|s| format!("{} isn't public: no internet gateway in its table {}", s.id, s.table)));
    }
    names(vpc, &mut wrong);
    zones(&chosen.private, vpc, &mut wrong);
    way_out(vpc, &chosen.private, &mut wrong);
    if new {
        room(&chosen.private, &mut wrong);
    }
    chosen.wrong = wrong;
    chosen
}

/// Subnets with a way out that isn't an internet gateway, or else all that lead nowhere. Tiny ones, such as those of
/// attachments to a transit gateway, are passed over.
fn fitting(vpc: &Vpc) -> Vec<&Subnet> {
    let of = |test: fn(&Kind) -> bool| -> Vec<&Subnet> {
        vpc.subnets.iter().filter(|s| test(&s.kind) && !s.block.ends_with("/28")).collect()
    };
    let with_way_out = of(|kind| matches!(kind, Kind::Private(_)));
    if with_way_out.is_empty() { of(|kind| *kind == Kind::Isolated) } else { with_way_out }
}

fn named<'a>(vpc: &'a Vpc, ids: &[String], wrong: &mut Vec<String>) -> Vec<&'a Subnet> {
    let found = |id: &String| vpc.subnets.iter().find(|s| s.id == *id);
    wrong.extend(ids.iter().filter(|id| found(id).is_none()).map(|id| format!("{} has no subnet {id}", vpc.id)));
    ids.iter().filter_map(found).collect()
}

/// Without names, nodes can't join. Source: EKS user guide, VPC requirements.
fn names(vpc: &Vpc, wrong: &mut Vec<String>) {
    for (on, what) in [(vpc.dns_support, "enableDnsSupport"), (vpc.dns_hostnames, "enableDnsHostnames")] {
        if !on {
            wrong.push(format!("{} has {what} off: EKS needs it on", vpc.id));
        }
    }
}

fn zones(private: &[&Subnet], vpc: &Vpc, wrong: &mut Vec<String>) {
    let zones: BTreeSet<&str> = private.iter().map(|s| s.zone.as_str()).collect();
    if private.is_empty() {
        wrong.push(format!("{} has no private subnet: one in each of two zones is needed", vpc.id));
    } else if zones.len() < 2 {
        let only = zones.into_iter().next().unwrap_or_default();
        wrong.push(format!("the private subnets of {} are all in {only}: EKS and RDS need two zones", vpc.id));
    }
    if private.len() > MOST {
        wrong.push(format!("{} has {} private subnets, EKS takes {MOST}: name some", vpc.id, private.len()));
    }
}

fn way_out(vpc: &Vpc, private: &[&Subnet], wrong: &mut Vec<String>) {
    let isolated: Vec<&str> = private.iter().filter(|s| s.kind == Kind::Isolated).map(|s| s.id.as_str()).collect();
    let missing = missing_endpoints(vpc);
    if !isolated.is_empty() && !missing.is_empty() {
        wrong.push(format!(
            "nothing leads out of {}: give them a route to a NAT or transit gateway, or the VPC endpoints of {}",
            isolated.join(", "),
            missing.join(", ")
        ));
    }
}

/// Which of [`ENDPOINTS`] a VPC lacks.
pub fn missing_endpoints(vpc: &Vpc) -> Vec<&'static str> {
    let has = |service: &&str| vpc.endpoints.iter().any(|e| e.ends_with(&format!(".{service}")));
    ENDPOINTS.into_iter().filter(|service| !has(service)).collect()
}

fn room(private: &[&Subnet], wrong: &mut Vec<String>) {
    for subnet in private.iter().filter(|s| s.free < FREE_EACH) {
        wrong.push(format!("{} has {} free addresses, {FREE_EACH} are needed in each", subnet.id, subnet.free));
    }
    let free: usize = private.iter().map(|s| s.free).sum();
    if !private.is_empty() && free < FREE {
        let message = "the private subnets have";
        wrong.push(format!("{message} {free} free addresses, {FREE} are needed: every pod takes one"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(id: &str, zone: &str, kind: Kind) -> Subnet {
        let (id, zone, block, table) = (id.into(), zone.into(), "10.0.0.0/20".into(), format!("rtb-{id}"));
        Subnet { id, zone, block, free: 4091, kind, table, tags: Default::default() }
    }

    fn vpc(subnets: Vec<Subnet>) -> Vpc {
        let blocks = vec!["10.0.0.0/16".to_owned()];
        Vpc { id: "vpc-1".into(), blocks, dns_support: true, dns_hostnames: true, subnets, endpoints: Vec::new() }
    }

    fn nat() -> Kind {
        Kind::Private("nat-1".into())
    }

    fn ids<'a>(subnets: &[&'a Subnet]) -> Vec<&'a str> {
        subnets.iter().map(|s| s.id.as_str()).collect()
    }

    #[test]
    fn what_leads_out_is_taken_and_what_leads_nowhere_only_if_nothing_else_is_there() {
        let mut vpc = vpc(vec![
            subnet("a", "z1", nat()),
            subnet("b", "z2", nat()),
            subnet("c", "z1", Kind::Isolated),
            subnet("d", "z1", Kind::Public),
            Subnet { block: "10.0.9.0/28".into(), ..subnet("tiny", "z1", nat()) },
        ]);
        let chosen = choose(&vpc, &[], &[], true);
        assert_eq!((ids(&chosen.private), ids(&chosen.public)), (vec!["a", "b"], vec!["d"]));
        assert_eq!(chosen.wrong, Vec::<String>::new());
        vpc.subnets.retain(|s| !matches!(s.kind, Kind::Private(_)));
        vpc.subnets.push(subnet("e", "z2", Kind::Isolated));
        let chosen = choose(&vpc, &[], &[], true);
        assert_eq!(ids(&chosen.private), ["c", "e"]);
        assert!(chosen.wrong[0].contains("VPC endpoints of ec2, ecr.api"), "{:?}", chosen.wrong);
        let prefix = |s: &&str| if *s == "s3" { "com.amazonaws" } else { "cn.com.amazonaws" };
        vpc.endpoints = ENDPOINTS.iter().map(|s| format!("{}.cn-north-1.{s}", prefix(s))).collect();
        assert_eq!(choose(&vpc, &[], &[], true).wrong, Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let small = Subnet { free: 9, ..subnet("a", "z1", nat()) };
        let bad = Vpc { dns_hostnames: false, ..vpc(vec![small, subnet("p", "z1", Kind::Public)]) };
        let wrong = choose(&bad, &["a".into(), "p".into(), "x".into()], &["a".into()], true).wrong;
        for part in [
            "vpc-1 has no subnet x",
            "p isn't private: its route table rtb-p leads to an internet gateway",
            "a isn't public",
            "enableDnsHostnames off",
            "all in z1",
            "a has 9 free addresses",
        ] {
            assert!(wrong.iter().any(|w| w.contains(part)), "{part}: {wrong:#?}");
        }
    }

    #[test]
    fn addresses_are_counted_before_there_is_a_cluster_and_not_after() {
        let full = |zone| Subnet { free: 3, ..subnet(zone, zone, nat()) };
        let vpc = vpc(vec![full("z1"), full("z2")]);
        assert_eq!(choose(&vpc, &[], &[], true).wrong.len(), 3);
        assert!(choose(&vpc, &[], &[], false).wrong.is_empty());
    }
}
