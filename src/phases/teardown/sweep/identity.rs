//! IAM: by the names that begin with the deployment's, and then by tag, since another deployment's name may begin with ours.

use crate::aws::{Call, tags};
use crate::model::Result;
use crate::phases::site::Site;

use super::{Answers, Remnant, ours};

pub(super) async fn all(site: &Site) -> Answers {
    vec![
        ("IAM roles", roles(site).await),
        ("IAM instance profiles", profiles(site).await),
        ("IAM policies", policies(site).await),
        ("IAM users", users(site).await),
        ("IAM OIDC providers", providers(site).await),
    ]
}

fn prefix(site: &Site) -> String {
    format!("{}-", site.name)
}

async fn roles(site: &Site) -> Result<Vec<Remnant>> {
    let (mut pages, mut all) = (site.aws.iam.list_roles().into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.call("iam:ListRoles")?;
        for role in page.roles().iter().filter(|r| r.role_name().starts_with(&prefix(site))) {
            let tags = site.aws.iam.list_role_tags().role_name(role.role_name()).send().await;
            let Some(tags) = tags.unless("iam:ListRoleTags", &["NoSuchEntity"])? else { continue };
            let tags = tags::from_iam(tags.tags());
            if ours(site, &tags) {
                all.push(Remnant::new("IAM role", role.role_name(), &tags));
            }
        }
    }
    Ok(all)
}

/// Karpenter makes these, with the cluster's tag.
async fn profiles(site: &Site) -> Result<Vec<Remnant>> {
    let (mut pages, mut all) = (site.aws.iam.list_instance_profiles().into_paginator().send(), Vec::new());
    let owned = format!("kubernetes.io/cluster/{}", site.name);
    while let Some(page) = pages.next().await {
        for profile in page.call("iam:ListInstanceProfiles")?.instance_profiles() {
            let name = profile.instance_profile_name();
            let tags = site.aws.iam.list_instance_profile_tags().instance_profile_name(name).send().await;
            let Some(tags) = tags.unless("iam:ListInstanceProfileTags", &["NoSuchEntity"])? else { continue };
            let tags = tags::from_iam(tags.tags());
            if ours(site, &tags) || tags.contains_key(&owned) {
                all.push(Remnant::new("IAM instance profile", name, &tags));
            }
        }
    }
    Ok(all)
}

async fn policies(site: &Site) -> Result<Vec<Remnant>> {
    let local = site.aws.iam.list_policies().scope(aws_sdk_iam::types::PolicyScopeType::Local);
    let (mut pages, mut all) = (local.into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.call("iam:ListPolicies")?;
        for policy in page.policies().iter().filter(|p| p.policy_name().is_some_and(|n| n.starts_with(&prefix(site)))) {
            let arn = policy.arn().unwrap_or_default();
            let tags = site.aws.iam.list_policy_tags().policy_arn(arn).send().await;
            let Some(tags) = tags.unless("iam:ListPolicyTags", &["NoSuchEntity"])? else { continue };
            let tags = tags::from_iam(tags.tags());
            if ours(site, &tags) {
                all.push(Remnant::new("IAM policy", arn, &tags));
            }
        }
    }
    Ok(all)
}

async fn users(site: &Site) -> Result<Vec<Remnant>> {
    let (mut pages, mut all) = (site.aws.iam.list_users().into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.call("iam:ListUsers")?;
        for user in page.users().iter().filter(|u| u.user_name() == site.named("s3")) {
            let tags = site.aws.iam.list_user_tags().user_name(user.user_name()).send().await;
            let Some(tags) = tags.unless("iam:ListUserTags", &["NoSuchEntity"])? else { continue };
            let tags = tags::from_iam(tags.tags());
            if ours(site, &tags) {
                all.push(Remnant::new("IAM user with its keys", user.user_name(), &tags));
            }
        }
    }
    Ok(all)
}

async fn providers(site: &Site) -> Result<Vec<Remnant>> {
    let listed = site.aws.iam.list_open_id_connect_providers().send().await.call("iam:ListOpenIDConnectProviders")?;
    let mut all = Vec::new();
    for arn in listed.open_id_connect_provider_list().iter().filter_map(|p| p.arn()) {
        let found = site.aws.iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
        let Some(found) = found.unless("iam:GetOpenIDConnectProvider", &["NoSuchEntity"])? else { continue };
        let tags = tags::from_iam(found.tags());
        if ours(site, &tags) {
            all.push(Remnant::new("IAM OIDC provider", arn, &tags));
        }
    }
    Ok(all)
}
