//! The cluster's OIDC provider in IAM: through it, service accounts take roles.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, borrowed, live, not_ours, outputs};

/// The audience of service-account tokens. `sts.amazonaws.com` in China too: eksctl had the `.cn` form for a time and took it back
/// (eksctl#1912).
const AUDIENCE: &str = "sts.amazonaws.com";

/// The OIDC provider. No thumbprint is given: IAM asks the issuer itself and verifies it against its own list of authorities.
pub(super) struct OidcProvider {
    pub(super) site: Arc<Site>,
}

/// A provider as it is.
struct Seen {
    arn: String,
    /// The issuer without its scheme, as IAM keeps it.
    url: String,
    audiences: Vec<String>,
    tags: Tags,
}

impl Seen {
    fn outputs(&self) -> Outputs {
        outputs([("arn", self.arn.as_str()), ("issuer", &format!("https://{}", self.url))])
    }
}

impl OidcProvider {
    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.site.named("oidc"))
    }

    fn arn(&self, issuer: &str) -> String {
        self.site.iam_arn(&format!("oidc-provider/{}", issuer.trim_start_matches("https://")))
    }

    async fn see(&self, arn: &str) -> Result<Option<Seen>> {
        let call = self.site.aws.iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
        let found = call.unless("iam:GetOpenIDConnectProvider", &["NoSuchEntity"])?;
        Ok(found.map(|f| Seen {
            arn: arn.to_owned(),
            url: f.url().unwrap_or_default().to_owned(),
            audiences: f.client_id_list().to_vec(),
            tags: tags::from_iam(f.tags()),
        }))
    }

    /// One that an earlier cluster of this deployment has left, found by its tags.
    async fn left_over(&self) -> Result<Option<Seen>> {
        let call = self.site.aws.iam.list_open_id_connect_providers().send().await;
        let listed = call.call("iam:ListOpenIDConnectProviders")?;
        let wanted = self.tags();
        for provider in listed.open_id_connect_provider_list() {
            let seen = self.see(provider.arn().unwrap_or_default()).await?;
            let ours = |s: &Seen| {
                wanted.iter().filter(|(k, _)| k.starts_with("kfctl-cn/")).all(|(k, v)| s.tags.get(k) == Some(v))
            };
            if let Some(seen) = seen.filter(ours) {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    async fn remove(&self, arn: &str) -> Result<()> {
        let call = self.site.aws.iam.delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
        call.unless("iam:DeleteOpenIDConnectProvider", &["NoSuchEntity"])?;
        Ok(())
    }
}

#[async_trait]
impl Resource for OidcProvider {
    fn addr(&self) -> Addr {
        "cluster/oidc-provider".into()
    }

    fn title(&self) -> String {
        "OIDC provider for service accounts".into()
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let issuer = cx.output("cluster/eks", "oidc_issuer");
        let by_issuer = match issuer {
            Some(issuer) => self.see(&self.arn(issuer)).await?,
            None => None,
        };
        let seen = match by_issuer {
            Some(seen) => seen,
            None => match self.left_over().await? {
                Some(seen) => seen,
                None => return Ok(Observed::Absent),
            },
        };
        let owner = self.site.owner(&seen.tags);
        if self.site.existing_cluster && owner != Owner::Ours {
            let enough = seen.audiences.iter().any(|a| a == AUDIENCE);
            let why = format!("the OIDC provider {} has no audience {AUDIENCE}: let its owner add it", seen.arn);
            return Ok(borrowed(seen.outputs(), if enough { Vec::new() } else { vec![why] }));
        }
        let mut diff = Diff::default();
        let wanted = issuer.map_or("(the new cluster's)", |i| i.trim_start_matches("https://"));
        diff.replace("issuer", seen.url.as_str(), wanted, "a provider is of one issuer");
        diff.must("audience", seen.audiences.iter().any(|a| a == AUDIENCE), "missing", AUDIENCE);
        diff.tags(&seen.tags, &self.tags());
        Ok(absent_or(Some(live(seen.outputs(), owner, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let issuer = cx.require("cluster/eks", "oidc_issuer")?;
        let (iam, arn) = (&self.site.aws.iam, self.arn(issuer));
        if self.see(&arn).await?.is_none() {
            let call = iam.create_open_id_connect_provider().url(issuer).client_id_list(AUDIENCE);
            let call = call.set_tags(Some(tags::iam(&self.tags()))).send().await;
            call.unless("iam:CreateOpenIDConnectProvider", &["EntityAlreadyExists"])?;
        } else if let Some(seen) = self.see(&arn).await? {
            not_ours(&self.addr(), &format!("the provider {arn}"), &self.site.owner(&seen.tags))?;
            if !seen.audiences.iter().any(|a| a == AUDIENCE) {
                let call = iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(&arn);
                call.client_id(AUDIENCE).send().await.call("iam:AddClientIDToOpenIDConnectProvider")?;
            }
            let call = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(&arn);
            let call = call.set_tags(Some(tags::iam(&self.tags()))).send().await;
            call.call("iam:TagOpenIDConnectProvider")?;
        }
        Ok(outputs([("arn", arn.as_str()), ("issuer", issuer)]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        match live.outputs.get("arn") {
            Some(arn) => self.remove(arn).await,
            None => Ok(()),
        }
    }
}
