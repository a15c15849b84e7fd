//! A VPC that was there before, named or that of a cluster that was: looked at, judged, used, and never changed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::Call;
use crate::aws::network::{Kind, Vpc, choose, survey};
use crate::config::ExistingNetwork;
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::site::{Site, borrowed, endpoint_host, join, outputs, use_only};

use super::subnet_tags::SubnetTags;

/// The VPC. It has the address of one of our own, so that what needs a VPC needn't know whose it is.
struct ExistingVpc {
    site: Arc<Site>,
    /// What the configuration names; nothing if the VPC is that of a cluster.
    config: Option<ExistingNetwork>,
}

/// The resources of a network that was there before.
pub(super) fn resources(site: &Arc<Site>, config: Option<&ExistingNetwork>) -> Vec<Arc<dyn Resource>> {
    let mut all: Vec<Arc<dyn Resource>> = vec![Arc::new(ExistingVpc { site: site.clone(), config: config.cloned() })];
    if let Some(config) = config.filter(|config| config.tag_subnets) {
        all.push(Arc::new(SubnetTags { site: site.clone(), vpc: config.vpc_id.clone() }));
    }
    all
}

impl ExistingVpc {
    /// True until there is a cluster in it, whose own nodes use the addresses.
    async fn is_new(&self) -> Result<bool> {
        if self.site.existing_cluster {
            return Ok(false);
        }
        let call = self.site.aws.eks.describe_cluster().name(&self.site.name).send().await;
        Ok(call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.is_none())
    }

    /// The hosts that are reached in the VPC because it has endpoints for them.
    fn endpoint_hosts(&self, vpc: &Vpc) -> Vec<String> {
        let region = format!(".{}.", self.site.region);
        let services = vpc.endpoints.iter().filter_map(|name| name.split_once(&region).map(|(_, service)| service));
        services.map(|service| endpoint_host(self.site.region, service)).collect()
    }

    /// The ids of the subnets to take, if some are named: by the configuration, or by the cluster, whose public ones aren't for
    /// nodes of ours. None: all that fit.
    fn private(&self, cx: &Context, vpc: &Vpc) -> Vec<String> {
        if let Some(config) = &self.config {
            return config.private_subnet_ids.clone();
        }
        let of_cluster = cx.output("cluster/eks", "subnets").unwrap_or_default();
        let fits = |id: &&str| vpc.subnets.iter().any(|s| s.id == **id && s.kind != Kind::Public);
        of_cluster.split(',').filter(fits).map(str::to_owned).collect()
    }
}

#[async_trait]
impl Resource for ExistingVpc {
    fn addr(&self) -> Addr {
        "cluster/vpc".into()
    }

    fn title(&self) -> String {
        match &self.config {
            Some(config) => format!("Existing VPC {}", config.vpc_id),
            None => format!("VPC of the existing cluster {}", self.site.cluster),
        }
    }

    fn needs(&self) -> Vec<Addr> {
        if self.site.existing_cluster { vec!["cluster/eks".into()] } else { Vec::new() }
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let of_cluster = cx.output("cluster/eks", "vpc_id");
        let named = self.config.as_ref().map(|config| config.vpc_id.as_str());
        let Some(id) = named.or(of_cluster) else {
            return Ok(Observed::Unknown("the cluster that is in it doesn't exist".into()));
        };
        let Some(vpc) = survey(&self.site.aws, id).await? else {
            let why = format!("this account has no VPC {id} in {}", self.site.region);
            return Ok(borrowed(Outputs::new(), vec![why]));
        };
        let public = self.config.as_ref().map(|config| config.public_subnet_ids.as_slice()).unwrap_or_default();
        let mut chosen = choose(&vpc, &self.private(cx, &vpc), public, self.is_new().await?);
        if let Some(other) = of_cluster.filter(|other| *other != id) {
            chosen.wrong.push(format!("{} is in {other}, not in {id}", self.site.cluster));
        }
        let outputs = outputs([
            ("vpc_id", vpc.id.as_str()),
            ("cidr", vpc.blocks.first().map_or("", String::as_str)),
            ("cidrs", &join(&vpc.blocks)),
            ("endpoint_hosts", &join(self.endpoint_hosts(&vpc))),
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
