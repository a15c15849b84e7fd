//! Where the clients send their calls: one host a service, as the SDK's own rules have it, or what the environment says.

use super::Clients;
use crate::model::Region;

/// Where calls of a service go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The service, or `AWS` for all.
    pub service: &'static str,
    /// The URL, without a path.
    pub url: String,
}

/// Service, the first part of its host, and its id in the names of variables. Source: botocore 1.44.8, `endpoints.json`.
const SERVICES: &[(&str, &str, &str)] = &[
    ("STS", "sts", "STS"),
    ("EC2", "ec2", "EC2"),
    ("EKS", "eks", "EKS"),
    ("RDS", "rds", "RDS"),
    ("S3", "s3", "S3"),
    ("Secrets Manager", "secretsmanager", "SECRETS_MANAGER"),
    ("ECR", "api.ecr", "ECR"),
    ("SQS", "sqs", "SQS"),
    ("EventBridge", "events", "EVENTBRIDGE"),
    ("Service Quotas", "servicequotas", "SERVICE_QUOTAS"),
    ("IAM", "iam", "IAM"),
];

impl Clients {
    /// All endpoints. IAM's only control plane of the partition is in Beijing.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        if let Some(url) = self.override_url() {
            return vec![Endpoint { service: "AWS", url: url.to_owned() }];
        }
        let region = self.region();
        let one = |(service, prefix, id): &(&'static str, &str, &str)| {
            let set = std::env::var(format!("AWS_ENDPOINT_URL_{id}")).ok().filter(|url| !url.is_empty());
            Endpoint { service, url: set.unwrap_or_else(|| format!("https://{}", host(region, prefix))) }
        };
        SERVICES.iter().map(one).collect()
    }
}

fn host(region: Region, prefix: &str) -> String {
    match prefix {
        "iam" => format!("iam.{}.{}", region.iam_signing_region(), Region::DNS_SUFFIX),
        prefix => region.host(prefix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_of_china_and_iam_is_in_beijing() {
        for region in Region::ALL {
            let clients = Clients::from_config(region, aws_config::SdkConfig::builder().build());
            let of = |service: &str| clients.endpoints().into_iter().find(|e| e.service == service).unwrap().url;
            assert_eq!(of("IAM"), "https://iam.cn-north-1.amazonaws.com.cn");
            assert_eq!(of("ECR"), format!("https://api.ecr.{region}.amazonaws.com.cn"));
            assert_eq!(of("S3"), format!("https://s3.{region}.amazonaws.com.cn"));
        }
    }

    #[test]
    fn an_override_is_the_only_one() {
        let config = aws_config::SdkConfig::builder().endpoint_url("http://127.0.0.1:1").build();
        let endpoints = Clients::from_config(Region::CnNorth1, config).endpoints();
        assert_eq!(endpoints, [Endpoint { service: "AWS", url: "http://127.0.0.1:1".into() }]);
    }
}
