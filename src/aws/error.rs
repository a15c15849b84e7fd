//! What an error of the AWS SDK means: its class, its request id, and what to do. Only codes and messages of the service are
//! shown, never a request or a response body, since these may hold secrets.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::{Error, ErrorClass, Result};

use super::codes::{CREDENTIALS, PASSING, THROTTLED, not_told, skewed};

pub(super) const CREDENTIALS_HINT: &str = "set AWS_PROFILE to a profile of an AWS China account, or AWS_ACCESS_KEY_ID and \
     AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)";
const QUOTA_HINT: &str = "ask for more in Service Quotas (https://console.amazonaws.cn/servicequotas), or remove what isn't used, then run \
     `kfctl-cn up` again";

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
            Error::new(ErrorClass::Transient, format!("{operation}: the answer can't be read")).in_doubt()
        }
        SdkError::TimeoutError(_) => unreachable(operation, "no answer in time").in_doubt(),
        SdkError::DispatchFailure(_) => of_dispatch(operation, error).in_doubt(),
        SdkError::ConstructionFailure(_) => of_dispatch(operation, error),
        _ => Error::new(ErrorClass::Transient, format!("{operation}: the call failed")),
    };
    match id {
        Some(id) => classified.request_id(id),
        None => classified,
    }
}

const CLOCK_HINT: &str = "set the clock of this machine (a time server such as `ntp.aliyun.com`): AWS refuses calls that are signed more than 5 minutes \
     early or late";

/// An error that the service answered.
fn of_service(operation: &str, code: Option<&str>, message: Option<&str>, status: u16) -> Error {
    let code = code.unwrap_or("unknown error");
    let message = message.unwrap_or("no message");
    let text = format!("{operation}: {code} (HTTP {status})");
    let new = |class| Error::new(class, text.clone()).caused_by(message);
    if skewed(code, message) {
        return new(ErrorClass::Credentials).hint(CLOCK_HINT);
    }
    if CREDENTIALS.contains(&code) {
        return new(ErrorClass::Credentials).hint(CREDENTIALS_HINT).hint(
            "credentials of an account outside China are never valid here: accounts of the partition aws-cn are separate",
        );
    }
    if code.starts_with("AccessDenied") || code.starts_with("UnauthorizedOperation") || code == "NotAuthorized" {
        return new(ErrorClass::Permanent).hint(format!("allow `{operation}` to the identity that runs kfctl-cn"));
    }
    if THROTTLED.contains(&code) || status == 429 {
        return new(ErrorClass::Transient);
    }
    let passing = || if status >= 500 { new(ErrorClass::Transient).in_doubt() } else { new(ErrorClass::Transient) };
    if PASSING.contains(&code) || (code.starts_with("Invalid") && code.ends_with(".NotFound")) || not_told(message) {
        return passing();
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
    if status >= 500 { passing() } else { new(ErrorClass::Permanent) }
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
        let provider = "Invalid principal in policy: \"Federated\":\"arn:aws-cn:iam::111122223333:oidc-provider/x\"";
        assert_eq!(class("MalformedPolicyDocument", provider, 400), ErrorClass::Transient);
        assert_eq!(class("MalformedPolicyDocument", "Partition \"aws\" is not valid", 400), ErrorClass::Permanent);
        for code in ["NoSuchBucket", "DBSubnetGroupNotFoundFault", "AWS.SimpleQueueService.NonExistentQueue"] {
            assert_eq!(class(code, "", 404), ErrorClass::Transient, "{code}");
        }
    }

    #[test]
    fn a_wrong_clock_is_told_as_such() {
        let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T235500Z";
        for (code, message) in
            [("RequestTimeTooSkewed", ""), ("SignatureDoesNotMatch", late), ("InvalidSignatureException", late)]
        {
            let error = of_service("sts:GetCallerIdentity", Some(code), Some(message), 403);
            assert_eq!(error.class, ErrorClass::Credentials, "{code}");
            assert!(error.hints[0].contains("clock"), "{:?}", error.hints);
        }
    }

    #[test]
    fn only_what_was_refused_is_known_to_have_had_no_effect() {
        let doubt = |code, status| of_service("ec2:CreateVpc", Some(code), None, status).in_doubt;
        assert!(doubt("InternalError", 500) && doubt("Weird", 502));
        assert!(!doubt("RequestLimitExceeded", 503) && !doubt("VpcLimitExceeded", 400));
    }

    #[test]
    fn denied_says_which_permission_is_missing() {
        let error = of_service("ec2:CreateVpc", Some("UnauthorizedOperation"), None, 403);
        assert!(error.hints[0].contains("`ec2:CreateVpc`"), "{:?}", error.hints);
    }
}
