//! Service-linked roles: roles of the account through which a service of AWS acts. They belong to nobody and are never removed.

use crate::aws::Call;
use crate::model::Result;

use super::Site;

/// A service-linked role: AWS makes it by itself only for callers that may do so, and at first use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceLinked {
    /// The service, such as `spot.amazonaws.com`; these names have no `.cn`.
    pub(crate) service: &'static str,
    /// The role's name.
    pub(crate) role: &'static str,
}

impl ServiceLinked {
    /// EC2 starts spot instances by it.
    pub(crate) const SPOT: ServiceLinked =
        ServiceLinked { service: "spot.amazonaws.com", role: "AWSServiceRoleForEC2Spot" };
    /// EC2 Auto Scaling starts the nodes of managed groups by it.
    pub(crate) const AUTO_SCALING: ServiceLinked =
        ServiceLinked { service: "autoscaling.amazonaws.com", role: "AWSServiceRoleForAutoScaling" };

    /// Its ARN in the site's account.
    pub(crate) fn arn(&self, site: &Site) -> String {
        site.iam_arn(&format!("role/aws-service-role/{}/{}", self.service, self.role))
    }

    /// True if it is there.
    pub(crate) async fn exists(&self, site: &Site) -> Result<bool> {
        let call = site.aws.iam.get_role().role_name(self.role).send().await;
        Ok(call.unless("iam:GetRole", &["NoSuchEntity"])?.is_some())
    }

    /// Makes it if it isn't there.
    pub(crate) async fn make(&self, site: &Site) -> Result<()> {
        if !self.exists(site).await? {
            let call = site.aws.iam.create_service_linked_role().aws_service_name(self.service).send().await;
            // Invalid input: another run has made it meanwhile.
            call.unless("iam:CreateServiceLinkedRole", &["InvalidInput", "EntityAlreadyExists"])?;
        }
        Ok(())
    }
}
