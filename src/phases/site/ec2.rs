//! EC2 things have ids, not names: they are tagged in the call that makes them, and found by these tags.

use aws_sdk_ec2::types::{Filter, ResourceType, TagSpecification};

use crate::aws::Call;
use crate::aws::tags::{self, DEPLOYMENT_TAG, RESOURCE_TAG, Tags};
use crate::model::{Addr, Error, ErrorClass, Result};

use super::Site;

/// A launch template that is gone.
pub(crate) const NO_TEMPLATE: &[&str] =
    &["InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException"];

/// Filters that find what one resource of the deployment has made.
pub(crate) fn by_tag(site: &Site, addr: &Addr) -> Vec<Filter> {
    let filter = |tag: &str, value: &str| Filter::builder().name(format!("tag:{tag}")).values(value).build();
    vec![filter(DEPLOYMENT_TAG, &site.name), filter(RESOURCE_TAG, addr.as_str())]
}

/// The only one, or none. Several are an error that names them: which one is right is for people to say.
pub(crate) fn one<T>(addr: &Addr, found: Vec<T>, id: impl Fn(&T) -> Option<&str>) -> Result<Option<T>> {
    if found.len() > 1 {
        let ids: Vec<&str> = found.iter().filter_map(&id).collect();
        return Err(Error::new(
            ErrorClass::Permanent,
            format!("{addr}: {} carry its tags, there must be one: {}", ids.len(), ids.join(", ")),
        )
        .hint(format!("find the one in use, and remove the others or take the tag `{RESOURCE_TAG}` off them")));
    }
    Ok(found.into_iter().next())
}

/// The tags of a create call.
pub(crate) fn specification(kind: ResourceType, wanted: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags::ec2(wanted))).build()
}

/// Puts tags on what exists, if any is missing.
pub(crate) async fn retag(site: &Site, id: &str, live: &[aws_sdk_ec2::types::Tag], wanted: &Tags) -> Result<()> {
    let live = tags::from_ec2(live);
    if wanted.iter().any(|(k, v)| live.get(k) != Some(v)) {
        let call = site.aws.ec2.create_tags().resources(id).set_tags(Some(tags::ec2(wanted)));
        call.send().await.call("ec2:CreateTags")?;
    }
    Ok(())
}
