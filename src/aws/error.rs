//! What an error of the AWS SDK means: its class, its request id, and what to do. Only codes and messages of the service are
//! shown, never a request or a response body, since these may hold secrets.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::{Error, ErrorClass, Result};

pub(super) const CREDENTIALS_HINT: &str = "set AWS_PROFILE to a profile of an AWS China account, or AWS_ACCESS_KEY_ID and \
     AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)";
const QUOTA_HINT: &str = "ask for more in Service Quotas (https://console.amazonaws.cn/servicequotas), or remove what isn't used, then run \
     `kfctl-cn up` again";

/// Codes of credentials that AWS doesn't take.
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidToken",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
];

/// Codes that pass by themselves: throttling, faults of the service, and what is still busy or not yet visible everywhere.
const PASSING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceErrorException",
    "InternalException",
    "ServerException",
    "ServiceFailure",
    "ServiceFailureException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
    "OperationAborted",
    "ConcurrentModification",
    "ConcurrentModificationException",
    "EntityTemporarilyUnmodifiable",
    "DependencyViolation",
    "DeleteConflict",
    "ResourceInUseException",
    "ResourceInUse",
    "InvalidDBInstanceState",
    "InvalidDBSubnetGroupStateFault",
    "InvalidDBParameterGroupState",
    "AWS.SimpleQueueService.QueueDeletedRecently",
    "QueueDeletedRecently",
    "InsufficientDBInstanceCapacity",
    "NoSuchEntity",
    "ResourceNotFoundException",
    "InvalidPermission.NotFound",
];

/// Calls in flight that are fine without credentials of their own: what the service says of a role that was made a moment ago.
const ROLE_NOT_VISIBLE: &[&str] =
    &["could not be assumed", "cannot be assumed", "not authorized to perform: sts:AssumeRole", "role does not exist"];

/// Gives the class, the request id and the hints to an SDK error. `operation` is the permission that the call needs, such as
/// `ec2:CreateVpc`.
pub fn classify<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let response = error.raw_response();
    let header = |name| response.and_then(|r| r.headers().get(name)).map(str::to_owned);
    let id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    let classified = match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            of_service(operation, service.err().code(), service.err().message(), status)
        }
        SdkError::ResponseError(_) => {
            Error::new(ErrorClass::Transient, format!("{operation}: the answer can't be read"))
        }
        SdkError::TimeoutError(_) => unreachable(operation, "no answer in time"),
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => of_dispatch(operation, error),
        _ => Error::new(ErrorClass::Transient, format!("{operation}: the call failed")),
    };
    match id {
        Some(id) => classified.request_id(id),
        None => classified,
    }
}

/// An error that the service answered.
fn of_service(operation: &str, code: Option<&str>, message: Option<&str>, status: u16) -> Error {
    let code = code.unwrap_or("unknown error");
    let message = message.unwrap_or("no message");
    let text = format!("{operation}: {code} (HTTP {status})");
    let new = |class| Error::new(class, text.clone()).caused_by(message);
    if CREDENTIALS.contains(&code) {
        return new(ErrorClass::Credentials).hint(CREDENTIALS_HINT).hint(
            "credentials of an account outside China are never valid here: accounts of the partition aws-cn are separate",
        );
    }
    if code.starts_with("AccessDenied") || code.starts_with("UnauthorizedOperation") || code == "NotAuthorized" {
        return new(ErrorClass::Permanent).hint(format!("allow `{operation}` to the identity that runs kfctl-cn"));
    }
    let not_visible = ROLE_NOT_VISIBLE.iter().any(|part| message.contains(part));
    if PASSING.contains(&code) || (code.starts_with("Invalid") && code.ends_with(".NotFound")) || not_visible {
        return new(ErrorClass::Transient);
    }
    if code.contains("LimitExceeded") || code.contains("QuotaExceeded") || code.contains("TooMany") {
        return new(ErrorClass::Permanent).hint(QUOTA_HINT);
    }
    if code == "MalformedPolicyDocument" {
        return new(ErrorClass::Permanent)
            .hint("ARNs of AWS China begin with `arn:aws-cn:`; this is a fault of kfctl-cn");
    }
    if code == "UnsupportedAvailabilityZoneException" {
        return new(ErrorClass::Permanent)
            .hint("EKS has no room in one of the zones: try again later or use the other region");
    }
    if status >= 500 || status == 429 {
        return new(ErrorClass::Transient);
    }
    new(ErrorClass::Permanent)
}

/// An error before or instead of an answer: no credentials, or no connection.
fn of_dispatch(operation: &str, error: &(dyn StdError + 'static)) -> Error {
    let mut causes: Vec<String> = Vec::new();
    let mut at = error.source();
    while let Some(cause) = at {
        if let Some(missing) = cause.downcast_ref::<CredentialsError>() {
            return credentials(missing).context(operation);
        }
        let text = cause.to_string();
        if !causes.contains(&text) {
            causes.push(text);
        }
        at = cause.source();
    }
    unreachable(operation, causes.join(": "))
}

fn unreachable(operation: &str, cause: impl Into<String>) -> Error {
    Error::new(ErrorClass::Unreachable, format!("{operation}: AWS can't be reached"))
        .caused_by(cause)
        .hint("check the network, HTTPS_PROXY and AWS_ENDPOINT_URL")
}

/// Credentials that can't be had.
pub(super) fn credentials(error: &CredentialsError) -> Error {
    let cause = error.source().map_or_else(|| error.to_string(), |source| source.to_string());
    Error::new(ErrorClass::Credentials, "no usable AWS credentials").caused_by(cause).hint(CREDENTIALS_HINT)
}

/// Turns what the SDK returns into what this program returns.
pub trait Call<T> {
    /// The answer, or a classified error. `operation` is the permission that the call needs, such as `ec2:CreateVpc`.
    fn call(self, operation: &str) -> Result<T>;

    /// Like [`Call::call`], but `None` if the service answers one of these codes: absent, or already there.
    fn unless(self, operation: &str, codes: &[&str]) -> Result<Option<T>>;
}

impl<T, E> Call<T> for std::result::Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn call(self, operation: &str) -> Result<T> {
        self.map_err(|error| classify(operation, &error))
    }

    fn unless(self, operation: &str, codes: &[&str]) -> Result<Option<T>> {
        match self {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some(code) if codes.contains(&code) => Ok(None),
                _ => Err(classify(operation, &error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_class_that_decides_what_happens_next() {
        let class = |code, message, status| of_service("ec2:CreateVpc", Some(code), Some(message), status).class;
        assert_eq!(class("RequestLimitExceeded", "", 503), ErrorClass::Transient);
        assert_eq!(class("VpcLimitExceeded", "", 400), ErrorClass::Permanent);
        assert_eq!(class("ExpiredTokenException", "", 403), ErrorClass::Credentials);
        assert_eq!(class("UnauthorizedOperation", "", 403), ErrorClass::Permanent);
        assert_eq!(class("InvalidSubnetID.NotFound", "", 400), ErrorClass::Transient);
        assert_eq!(class("BucketAlreadyExists", "", 409), ErrorClass::Permanent);
        assert_eq!(class("Weird", "", 502), ErrorClass::Transient);
        let role = "Role with arn: arn:aws-cn:iam::111122223333:role/x, could not be assumed because it does not exist";
        assert_eq!(class("InvalidParameterException", role, 400), ErrorClass::Transient);
        assert_eq!(class("InvalidParameterException", "unsupported Kubernetes version", 400), ErrorClass::Permanent);
    }

    #[test]
    fn denied_says_which_permission_is_missing() {
        let error = of_service("ec2:CreateVpc", Some("UnauthorizedOperation"), None, 403);
        assert!(error.hints[0].contains("`ec2:CreateVpc`"), "{:?}", error.hints);
    }
}
