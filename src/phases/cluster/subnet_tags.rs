//! The tags by which load balancers find their subnets, put on subnets of others where the configuration asks for it.
//!
//! A tag that was there before stays. One that was put on carries a second tag that says for which deployment; with the last of
//! these both go.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::Tag;

use crate::aws::Call;
use crate::aws::network::{Subnet, survey};
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, borrowed, live};

/// Begins the key of the second tag; the deployment's name ends it, its value is the key of the first.
const MARK: &str = "kfctl-cn/role-tag/";
/// The tags of public and of private subnets. Source: EKS user guide, subnet requirements; the same in all partitions.
const PUBLIC: &str = "kubernetes.io/role/elb";
const PRIVATE: &str = "kubernetes.io/role/internal-elb";

/// The tags.
pub(super) struct SubnetTags {
    pub(super) site: Arc<Site>,
    pub(super) vpc: String,
}

impl SubnetTags {
    fn mark(&self) -> String {
        format!("{MARK}{}", self.site.name)
    }

    async fn subnets(&self) -> Result<Vec<Subnet>> {
        Ok(survey(&self.site.aws, &self.vpc).await?.map(|vpc| vpc.subnets).unwrap_or_default())
    }

    fn marked(&self, subnet: &Subnet) -> bool {
        subnet.tags.contains_key(&self.mark())
    }

    /// True if the tag is missing, or is there for another deployment only, which may go first.
    fn lacks(&self, subnet: &Subnet, key: &str) -> bool {
        !subnet.tags.contains_key(key) || marks(subnet) > 0 && !self.marked(subnet)
    }
}

/// For how many deployments the tag was put on.
fn marks(subnet: &Subnet) -> usize {
    subnet.tags.keys().filter(|key| key.starts_with(MARK)).count()
}

/// The subnets that the deployment takes, each with the key that it must have.
fn wanted<'a>(cx: &Context, all: &'a [Subnet]) -> Vec<(&'a Subnet, &'static str)> {
    let of = |output: &str, key: &'static str| -> Vec<(&'a Subnet, &'static str)> {
        let ids = cx.output("cluster/vpc", output).unwrap_or_default().split(',').collect::<Vec<_>>();
        all.iter().filter(|s| ids.contains(&s.id.as_str())).map(|s| (s, key)).collect()
    };
    [of("public_subnets", PUBLIC), of("private_subnets", PRIVATE)].concat()
}

#[async_trait]
impl Resource for SubnetTags {
    fn addr(&self) -> Addr {
        "cluster/subnet-tags".into()
    }

    fn title(&self) -> String {
        format!("Tags {PUBLIC} and {PRIVATE} on the subnets of {} that lack them", self.vpc)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let all = self.subnets().await?;
        let wanted = wanted(cx, &all);
        let mut diff = Diff::default();
        for (subnet, key) in wanted.iter().filter(|(subnet, key)| self.lacks(subnet, key)) {
            diff.must(&format!("{}.tags.{key}", subnet.id), false, "(none)", "1");
        }
        if all.iter().any(|subnet| self.marked(subnet)) {
            return Ok(Observed::Present(live(Outputs::new(), Owner::Ours, diff, Readiness::Ready)));
        }
        // All were tagged before, by their owner.
        if diff.0.is_empty() && !wanted.is_empty() {
            return Ok(borrowed(Outputs::new(), Vec::new()));
        }
        Ok(Observed::Absent)
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let all = self.subnets().await?;
        for (subnet, key) in wanted(cx, &all).into_iter().filter(|(subnet, key)| self.lacks(subnet, key)) {
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
            let call = self.site.aws.ec2.create_tags().resources(&subnet.id);
            // One call: there is never the one without the other.
            call.tags(tag(key, "1")).tags(tag(&self.mark(), key)).send().await.call("ec2:CreateTags")?;
        }
        Ok(Outputs::new())
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        for subnet in self.subnets().await?.iter().filter(|s| self.marked(s)) {
            let mark = self.mark();
            let call = self.site.aws.ec2.delete_tags().resources(&subnet.id);
            let call = match subnet.tags.get(&mark).filter(|_| marks(subnet) == 1) {
                Some(key) => call.tags(Tag::builder().key(key).build()),
                None => call,
            };
            call.tags(Tag::builder().key(mark).build()).send().await.call("ec2:DeleteTags")?;
        }
        Ok(())
    }
}
