//! One client for each service, all from one configuration.

use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;

use crate::model::{Error, ErrorClass, Region, Result};

use super::error::{CREDENTIALS_HINT, credentials};

/// The clients of all services that are used, for one region. Cloning is cheap. Endpoints come from the SDK's own rules, or from
/// `AWS_ENDPOINT_URL` and its variants for each service.
#[derive(Clone)]
pub struct Clients {
    /// EC2: network, addresses, instance types.
    pub ec2: aws_sdk_ec2::Client,
    /// ECR: the private registry.
    pub ecr: aws_sdk_ecr::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// IAM, whose only control plane of the partition is in Beijing.
    pub iam: aws_sdk_iam::Client,
    /// KMS, for looking at keys of the customer.
    pub kms: aws_sdk_kms::Client,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// EventBridge.
    pub events: aws_sdk_eventbridge::Client,
    /// Service Quotas.
    pub quotas: aws_sdk_servicequotas::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    pub(super) region: Region,
    config: SdkConfig,
}

impl Clients {
    /// Connects to a region with the credentials of the usual chain: environment, profile, SSO, process, container, instance.
    ///
    /// # Errors
    /// Class `Credentials` if the chain yields none.
    pub async fn connect(region: Region) -> Result<Clients> {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.as_str()))
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .read_timeout(Duration::from_secs(30))
                    .operation_attempt_timeout(Duration::from_secs(45))
                    .build(),
            )
            .load()
            .await;
        let clients = Clients::from_config(region, config);
        clients.credentials().await?;
        Ok(clients)
    }

    /// The clients of a configuration that is already loaded; credentials aren't looked at.
    pub fn from_config(region: Region, config: SdkConfig) -> Clients {
        Clients {
            ec2: aws_sdk_ec2::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            eks: aws_sdk_eks::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            kms: aws_sdk_kms::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            quotas: aws_sdk_servicequotas::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            region,
            config,
        }
    }

    /// The region that the clients talk to.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The URL that all calls go to, if that is set.
    pub(super) fn override_url(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// The credentials that calls are signed with now.
    pub(super) async fn credentials(&self) -> Result<Credentials> {
        let none = || Error::new(ErrorClass::Credentials, "no AWS credentials were found").hint(CREDENTIALS_HINT);
        let provider = self.config.credentials_provider().ok_or_else(none)?;
        provider.provide_credentials().await.map_err(|error| credentials(&error))
    }
}

/// Shows the region only: clients hold credentials.
impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("region", &self.region).finish_non_exhaustive()
    }
}

/// Overrides of one EC2 call that switch the SDK's own retries off.
///
/// CreateVpc and its like take no client token: when the answer is lost after the effect, the SDK would repeat the call and make a
/// second VPC that nobody knows. Without its retries the error reaches the engine, which tries again from the look-up by tag.
pub fn ec2_once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::Config::builder().retry_config(RetryConfig::disabled())
}

/// Like [`ec2_once`], for IAM: CreateAccessKey takes no token either.
pub fn iam_once() -> aws_sdk_iam::config::Builder {
    aws_sdk_iam::Config::builder().retry_config(RetryConfig::disabled())
}
