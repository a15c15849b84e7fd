//! A VPC that was there before: looked at, judged, used, and never changed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::Call;
use crate::aws::network::{choose, survey};
use crate::config::ExistingNetwork;
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::site::{Site, borrowed, join, outputs, use_only};

use super::subnet_tags::SubnetTags;

/// The VPC. It has the address of one of our own, so that what needs a VPC needn't know whose it is.
struct ExistingVpc {
    site: Arc<Site>,
    config: ExistingNetwork,
}

/// The resources of a network that was there before.
pub(super) fn resources(site: &Arc<Site>, config: &ExistingNetwork) -> Vec<Arc<dyn Resource>> {
    let mut all: Vec<Arc<dyn Resource>> = vec![Arc::new(ExistingVpc { site: site.clone(), config: config.clone() })];
    if config.tag_subnets {
        all.push(Arc::new(SubnetTags { site: site.clone(), vpc: config.vpc_id.clone() }));
    }
    all
}

impl ExistingVpc {
    /// True until there is a cluster in it, whose own nodes use the addresses.
    async fn is_new(&self) -> Result<bool> {
        let call = self.site.aws.eks.describe_cluster().name(&self.site.name).send().await;
        Ok(call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.is_none())
    }
}

#[async_trait]
impl Resource for ExistingVpc {
    fn addr(&self) -> Addr {
        "cluster/vpc".into()
    }

    fn title(&self) -> String {
        format!("Existing VPC {}", self.config.vpc_id)
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let config = &self.config;
        let Some(vpc) = survey(&self.site.aws, &config.vpc_id).await? else {
            let why = format!("this account has no VPC {} in {}", config.vpc_id, self.site.region);
            return Ok(borrowed(Outputs::new(), vec![why]));
        };
        let chosen = choose(&vpc, &config.private_subnet_ids, &config.public_subnet_ids, self.is_new().await?);
        let outputs = outputs([
            ("vpc_id", vpc.id.as_str()),
            ("cidr", vpc.blocks.first().map_or("", String::as_str)),
            ("private_subnets", &join(chosen.private.iter().map(|s| &s.id))),
            ("public_subnets", &join(chosen.public.iter().map(|s| &s.id))),
        ]);
        Ok(borrowed(outputs, chosen.wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
