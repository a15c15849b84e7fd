//! EC2 things that the state knows and that have lost the tags by which they are found: making others beside them would be worse than
//! stopping.

use aws_sdk_ec2::types::{Filter, Tag};

use crate::aws::Call;
use crate::aws::tags::{self, DEPLOYMENT_TAG, RESOURCE_TAG};
use crate::engine::Outputs;
use crate::model::{Addr, Result};

use super::{Site, not_visible};

/// What is wrong with the thing that an output of the record names, if it is still there.
pub(crate) async fn astray(site: &Site, addr: &Addr, record: &Outputs, output: &str) -> Result<Option<String>> {
    let Some(id) = record.get(output) else { return Ok(None) };
    let Some(live) = tags_of(site, id).await? else { return Ok(None) };
    let live = tags::from_ec2(&live);
    let has = |tag: &str, value: &str| live.get(tag).is_some_and(|seen| seen == value);
    if has(DEPLOYMENT_TAG, &site.name) && has(RESOURCE_TAG, addr.as_str()) {
        // The look-up by tag is behind.
        return Err(not_visible(addr));
    }
    let tags = format!("`{DEPLOYMENT_TAG}={}` and `{RESOURCE_TAG}={addr}`", site.name);
    Ok(Some(format!(
        "the state has {id}, which has lost one of the tags {tags}: put them back, or let it go by `kfctl-cn state rm {addr}`"
    )))
}

/// The tags of what has an id; `None` if there is none.
async fn tags_of(site: &Site, id: &str) -> Result<Option<Vec<Tag>>> {
    let ec2 = &site.aws.ec2;
    let filter = |name: &str| Filter::builder().name(name).values(id).build();
    // The first one found, of a list of them.
    macro_rules! first {
        ($call:expr, $action:literal, $list:ident) => {
            $call
                .send()
                .await
                .call($action)?
                .$list
                .unwrap_or_default()
                .into_iter()
                .next()
                .map(|x| x.tags.unwrap_or_default())
        };
    }
    Ok(match id.split('-').next().unwrap_or_default() {
        "vpc" => first!(ec2.describe_vpcs().filters(filter("vpc-id")), "ec2:DescribeVpcs", vpcs),
        "subnet" => first!(ec2.describe_subnets().filters(filter("subnet-id")), "ec2:DescribeSubnets", subnets),
        "igw" => first!(
            ec2.describe_internet_gateways().filters(filter("internet-gateway-id")),
            "ec2:DescribeInternetGateways",
            internet_gateways
        ),
        "rtb" => {
            first!(
                ec2.describe_route_tables().filters(filter("route-table-id")),
                "ec2:DescribeRouteTables",
                route_tables
            )
        }
        "sg" => {
            first!(
                ec2.describe_security_groups().filters(filter("group-id")),
                "ec2:DescribeSecurityGroups",
                security_groups
            )
        }
        "eipalloc" => {
            first!(ec2.describe_addresses().filters(filter("allocation-id")), "ec2:DescribeAddresses", addresses)
        }
        "nat" => {
            let there = Filter::builder().name("state").values("pending").values("available").build();
            let call = ec2.describe_nat_gateways().filter(filter("nat-gateway-id")).filter(there);
            first!(call, "ec2:DescribeNatGateways", nat_gateways)
        }
        _ => None,
    })
}
