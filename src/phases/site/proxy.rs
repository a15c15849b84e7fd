//! What nodes are told when they start: the proxy through which they reach the outside, and what they reach without it.

use serde_json::json;

use crate::config::Proxy;
use crate::engine::Context;
use crate::model::Region;

/// Where EKS puts service addresses if it doesn't say. Source: EKS user guide, `serviceIpv4Cidr`.
const SERVICES: &str = "10.100.0.0/16,172.20.0.0/16";

/// Never by a proxy: the node itself, the metadata service, the pod identity agent of EKS, services and pods by name.
const ALWAYS: [&str; 7] =
    ["localhost", "127.0.0.1", "169.254.169.254", "169.254.170.23", ".svc", ".cluster.local", ".compute.internal"];

/// What is reached without the proxy; `None` while the VPC or the cluster isn't known.
///
/// The API server is looked for by name, and its name stands for addresses of the VPC; so do those of VPC endpoints.
/// Source: AWS re:Post, HTTP proxy for EKS containerd nodes.
fn without(proxy: &Proxy, cx: &Context) -> Option<Vec<String>> {
    let (vpc, eks) = (|key| cx.output("cluster/vpc", key), |key| cx.output("cluster/eks", key));
    let endpoint = eks("endpoint")?;
    let host = endpoint.trim_start_matches("https://").split([':', '/']).next();
    let listed = [
        Some(vpc("cidrs").or(vpc("cidr"))?),
        Some(eks("service_cidr").unwrap_or(SERVICES)),
        eks("private_endpoint").and(host),
        vpc("endpoint_hosts"),
    ];
    let mut all: Vec<String> = ALWAYS.map(str::to_owned).into();
    all.extend(listed.into_iter().flatten().flat_map(|list| list.split(',')).map(str::to_owned));
    all.extend(proxy.no_proxy.iter().cloned());
    Some(all)
}

/// The hosts that the VPC endpoint of a service answers for, of the end of its name, such as `ecr.api`.
///
/// Source: AWS PrivateLink guide, private DNS names of ECR.
pub(crate) fn endpoint_host(region: Region, service: &str) -> String {
    match service.strip_prefix("ecr.") {
        Some("api") => region.host("api.ecr"),
        Some(part) => format!(".{}", region.host(&format!("{part}.ecr"))),
        None => region.host(service),
    }
}

/// The user data of AL2023 nodes; EKS and Karpenter add what joins them to the cluster. `None` while something isn't known.
///
/// nodeadm makes it the environment of every service of the node, its own, containerd's and the kubelet's among them.
/// Source: awslabs/amazon-eks-ami, nodeadm, `spec.instance.environment`.
pub(crate) fn user_data(proxy: &Proxy, cx: &Context) -> Option<String> {
    let without = without(proxy, cx)?;
    let environment = json!({"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url, "NO_PROXY": without.join(",")});
    let config = json!({
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"instance": {"environment": {"default": environment}}},
    });
    let config = serde_json::to_string_pretty(&config).unwrap_or_default();
    Some(format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: application/node.eks.aws\n\n{config}\n--//--\n"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Addr;
    use crate::phases::site::outputs;

    fn context(eks: &[(&str, &str)]) -> Context {
        let all = [
            (Addr::new("cluster/vpc"), outputs([("cidrs", "10.1.0.0/16,100.64.0.0/16"), ("endpoint_hosts", "s3.x")])),
            (Addr::new("cluster/eks"), outputs(eks.iter().copied())),
        ];
        Context::new(Arc::new(all.into()), Arc::new(|_| ()))
    }

    #[test]
    fn what_is_in_the_vpc_is_reached_without_the_proxy() {
        let proxy = Proxy { url: "http://proxy:3128".into(), no_proxy: vec![".corp.example".into()] };
        let endpoint = ("endpoint", "https://AB.yl4.cn-north-1.eks.amazonaws.com.cn");
        let seen =
            without(&proxy, &context(&[endpoint, ("private_endpoint", "on"), ("service_cidr", "10.100.0.0/16")]));
        let seen = seen.unwrap();
        for wanted in ["169.254.169.254", ".svc", ".cluster.local", "10.1.0.0/16", "100.64.0.0/16", "10.100.0.0/16"] {
            assert!(seen.iter().any(|one| one == wanted), "{wanted}: {seen:?}");
        }
        for wanted in ["AB.yl4.cn-north-1.eks.amazonaws.com.cn", "s3.x", ".corp.example"] {
            assert!(seen.iter().any(|one| one == wanted), "{wanted}: {seen:?}");
        }
        let seen = without(&proxy, &context(&[endpoint])).unwrap();
        assert!(!seen.iter().any(|one| one.contains("eks")), "a public endpoint is outside: {seen:?}");
        assert!(seen.iter().any(|one| one == "172.20.0.0/16"), "{seen:?}");
        assert_eq!(without(&proxy, &context(&[])), None);
    }

    #[test]
    fn the_hosts_of_an_endpoint_are_those_of_its_private_names() {
        let host = |service| endpoint_host(Region::CnNorthwest1, service);
        assert_eq!(host("ecr.api"), "api.ecr.cn-northwest-1.amazonaws.com.cn");
        assert_eq!(host("ecr.dkr"), ".dkr.ecr.cn-northwest-1.amazonaws.com.cn");
        assert_eq!(host("sts"), "sts.cn-northwest-1.amazonaws.com.cn");
    }
}
