//! The database's parameter group.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_rds::types::{ApplyMethod, DbParameterGroup, Parameter};

use crate::aws::Call;
use crate::aws::mysql::newest;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, not_visible, outputs};

/// Parameters that aren't RDS's defaults.
///
/// TLS is offered by RDS to every client, and nothing older than TLS 1.2 is accepted. It can't be *required*
/// (`require_secure_transport`): the clients of this release, ML Metadata 1.5.0, Pipelines 1.8.2 and Katib 0.13.0, open plain connections
/// and their manifests have no setting for it. The way between is closed otherwise: private subnets, one security group.
const PARAMETERS: &[(&str, &str)] = &[("require_secure_transport", "0"), ("tls_version", "TLSv1.2,TLSv1.3")];

/// The database's parameter group.
pub(super) struct Parameters {
    pub(super) site: Arc<Site>,
    /// The configured engine version.
    pub(super) wanted: String,
}

impl Parameters {
    fn name(&self) -> String {
        self.site.named("db")
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name())
    }

    async fn see(&self) -> Result<Option<(DbParameterGroup, Tags)>> {
        let call = self.site.aws.rds.describe_db_parameter_groups().db_parameter_group_name(self.name()).send().await;
        let absent = ["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];
        let found = call.unless("rds:DescribeDBParameterGroups", &absent)?;
        let Some(group) = found.and_then(|f| f.db_parameter_groups.unwrap_or_default().into_iter().next()) else {
            return Ok(None);
        };
        let arn = group.db_parameter_group_arn().unwrap_or_default();
        Ok(Some((group.clone(), super::database::tags_of(&self.site, arn).await?)))
    }

    /// The parameters that differ.
    async fn differing(&self) -> Result<Vec<(&'static str, String, &'static str)>> {
        let call = self.site.aws.rds.describe_db_parameters().db_parameter_group_name(self.name()).source("user");
        let answer = call.send().await.call("rds:DescribeDBParameters")?;
        let value = |name: &str| {
            let found = answer.parameters().iter().find(|p| p.parameter_name() == Some(name));
            found.and_then(|p| p.parameter_value()).unwrap_or("(default)").to_owned()
        };
        let all = PARAMETERS.iter().map(|(name, wanted)| (*name, value(name), *wanted));
        Ok(all.filter(|(_, seen, wanted)| seen != wanted).collect())
    }
}

#[async_trait]
impl Resource for Parameters {
    fn addr(&self) -> Addr {
        "data/db-parameters".into()
    }

    fn title(&self) -> String {
        format!("Parameter group {}", self.name())
    }

    fn kept(&self) -> Option<&'static str> {
        Some("the database, which is kept, uses it")
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some((group, tags)) = self.see().await? else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        for (name, seen, wanted) in self.differing().await? {
            diff.update(name, seen.as_str(), wanted);
        }
        diff.tags(&tags, &self.tags());
        let outputs = outputs([
            ("name", self.name().as_str()),
            ("family", group.db_parameter_group_family().unwrap_or_default()),
        ]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (rds, name) = (&self.site.aws.rds, self.name());
        let seen = self.see().await?;
        if let Some((group, live)) = &seen {
            not_ours(&self.addr(), &format!("the parameter group {name}"), &self.site.owner(live))?;
            let arn = group.db_parameter_group_arn().unwrap_or_default();
            super::database::retag(&self.site, arn, live, &self.tags()).await?;
        } else {
            let family = newest(&self.site.aws, &self.wanted).await?.family;
            let call = rds.create_db_parameter_group().db_parameter_group_name(&name).db_parameter_group_family(family);
            let call = call.description("Kubeflow's database").set_tags(Some(tags::rds(&self.tags()))).send().await;
            let exists = ["DBParameterGroupAlreadyExists"];
            call.unless("rds:CreateDBParameterGroup", &exists)?.ok_or_else(|| not_visible(&self.addr()))?;
        }
        let parameter = |(name, _, wanted): (&str, String, &str)| {
            let parameter = Parameter::builder().parameter_name(name).parameter_value(wanted);
            parameter.apply_method(ApplyMethod::PendingReboot).build()
        };
        let parameters: Vec<Parameter> = self.differing().await?.into_iter().map(parameter).collect();
        if !parameters.is_empty() {
            let call = rds.modify_db_parameter_group().db_parameter_group_name(&name);
            call.set_parameters(Some(parameters)).send().await.call("rds:ModifyDBParameterGroup")?;
        }
        Ok(outputs([("name", name.as_str())]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let call = self.site.aws.rds.delete_db_parameter_group().db_parameter_group_name(self.name()).send().await;
        call.unless("rds:DeleteDBParameterGroup", &["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"])?;
        Ok(())
    }
}
