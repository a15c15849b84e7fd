//! Which MySQL: the newest 8.0 that RDS offers, and its parameter group.
//!
//! ML Metadata 1.5.0 can't log in with `caching_sha2_password` (google/ml-metadata#178), the default of MySQL 8.4; on RDS 8.0 users
//! are made with `mysql_native_password`. Minor versions come and go, so the list is asked for.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_rds::types::{ApplyMethod, DbParameterGroup, Parameter};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, Clients};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, not_visible, outputs};

/// Parameters that aren't RDS's defaults.
///
/// TLS is offered by RDS to every client, and nothing older than TLS 1.2 is accepted. It can't be *required*
/// (`require_secure_transport`): the clients of this release, ML Metadata 1.5.0, Pipelines 1.8.2 and Katib 0.13.0, open plain connections
/// and their manifests have no setting for it. The way between is closed otherwise: private subnets, one security group.
const PARAMETERS: &[(&str, &str)] = &[("require_secure_transport", "0"), ("tls_version", "TLSv1.2,TLSv1.3")];

/// A version that RDS offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Such as `8.0.43`.
    pub version: String,
    /// The family of its parameter groups, such as `mysql8.0`.
    pub family: String,
}

/// The versions of MySQL that RDS offers in the region and that match `wanted`, such as `8.0` or `8.0.43`.
///
/// # Errors
/// Class `Permanent` if there is none.
pub async fn newest(aws: &Clients, wanted: &str) -> Result<Offered> {
    let answer = aws.rds.describe_db_engine_versions().engine("mysql").engine_version(wanted).send().await;
    let mut offered: Vec<Offered> = answer
        .call("rds:DescribeDBEngineVersions")?
        .db_engine_versions()
        .iter()
        .map(|v| Offered {
            version: v.engine_version().unwrap_or_default().to_owned(),
            family: v.db_parameter_group_family().unwrap_or_default().to_owned(),
        })
        .filter(|v| matches(&v.version, wanted))
        .collect();
    offered.sort_by_key(|v| numbers(&v.version));
    offered.pop().ok_or_else(|| {
        Error::new(ErrorClass::Permanent, format!("RDS offers no MySQL {wanted} in {}", aws.region()))
            .hint("set `spec.data.database.engineVersion` to 8.0, or to a version that RDS offers")
    })
}

/// True if a version is `wanted`, or a patch of it.
pub(super) fn matches(version: &str, wanted: &str) -> bool {
    version == wanted || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// A version's numbers, for ordering.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|n| n.parse().unwrap_or_default()).collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_matches_its_line_and_orders_by_number() {
        assert!(matches("8.0.43", "8.0") && matches("8.0.43", "8.0.43"));
        assert!(!matches("8.0.43", "8.0.4") && !matches("8.4.1", "8.0"));
        assert!(numbers("8.0.9") < numbers("8.0.43"));
    }
}
