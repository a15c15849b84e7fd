//! Errors in the shape that each protocol of AWS gives them, with the codes that each service uses.

use super::call::{Call, Protocol};

/// An error: HTTP status, code, message.
pub type Refusal = (u16, &'static str, &'static str);

/// A whole HTTP answer with an error.
pub fn refusal(call: &Call, (status, code, message): Refusal) -> Vec<u8> {
    const ID: &str = "00000000-0000-4000-8000-000000000000";
    let (kind, extra, body) = match call.protocol() {
        Protocol::Ec2 => {
            let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            (
                "text/xml",
                String::new(),
                format!("<Response><Errors>{error}</Errors><RequestID>{ID}</RequestID></Response>"),
            )
        }
        Protocol::Query => {
            let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
            ("text/xml", String::new(), format!("<ErrorResponse>{error}<RequestId>{ID}</RequestId></ErrorResponse>"))
        }
        Protocol::Json => {
            let query = format!("x-amzn-query-error: {code};Sender\r\n");
            let extra = if call.service == "sqs" { query } else { String::new() };
            ("application/x-amz-json-1.1", extra, serde_json::json!({"__type": code, "message": message}).to_string())
        }
        Protocol::RestJson => {
            let extra = format!("x-amzn-errortype: {code}\r\n");
            ("application/json", extra, serde_json::json!({"message": message}).to_string())
        }
        Protocol::RestXml => {
            let error =
                format!("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{ID}</RequestId></Error>");
            ("application/xml", String::new(), error)
        }
    };
    let body = if call.operation.starts_with("HEAD") { String::new() } else { body };
    http(status, kind, &extra, &body)
}

/// What a load balancer says before a service is reached: no error of any protocol.
pub fn unavailable() -> Vec<u8> {
    http(503, "text/html", "", "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>")
}

/// A list of EC2 without anything in it.
pub fn nothing(call: &Call) -> Vec<u8> {
    let name = &call.operation;
    http(200, "text/xml", "", &format!("<{name}Response><requestId>none</requestId></{name}Response>"))
}

fn http(status: u16, kind: &str, extra: &str, body: &str) -> Vec<u8> {
    let date = "Thu, 01 Jan 2026 00:00:00 GMT";
    let length = body.len();
    format!("HTTP/1.1 {status} Fault\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nDate: {date}\r\n{extra}\r\n{body}")
        .into_bytes()
}

/// Too many calls.
pub fn throttled(call: &Call) -> Refusal {
    match call.service.as_str() {
        "ec2" => (503, "RequestLimitExceeded", "Request limit exceeded."),
        "s3" => (503, "SlowDown", "Please reduce your request rate."),
        "eks" => (429, "ThrottlingException", "Too Many Requests"),
        "iam" | "sts" | "rds" => (400, "Throttling", "Rate exceeded"),
        "sqs" => (403, "RequestThrottled", "Request is throttled."),
        _ => (400, "ThrottlingException", "Rate exceeded"),
    }
}

/// A fault of the service.
pub fn internal(call: &Call) -> Refusal {
    let code = match call.service.as_str() {
        "ec2" | "s3" | "sqs" => "InternalError",
        "iam" => "ServiceFailure",
        "sts" | "rds" => "InternalFailure",
        "eks" => "ServerException",
        "events" => "InternalException",
        _ => "InternalServiceError",
    };
    (500, code, "An internal error has occurred")
}

/// A right that is missing, or a quota that is reached.
pub fn denied(call: &Call) -> Refusal {
    match (call.service.as_str(), call.operation.as_str()) {
        ("ec2", "AllocateAddress") => {
            (400, "AddressLimitExceeded", "The maximum number of addresses has been reached.")
        }
        ("ec2", _) => (403, "UnauthorizedOperation", "You are not authorized to perform this operation."),
        ("iam" | "sts" | "rds" | "s3", _) => (403, "AccessDenied", "User is not authorized to perform this"),
        _ => (403, "AccessDeniedException", "User is not authorized to perform this"),
    }
}

/// Credentials that have run out.
pub fn expired(call: &Call) -> Refusal {
    let (status, code) = match call.service.as_str() {
        "ec2" => (400, "RequestExpired"),
        "s3" => (400, "ExpiredToken"),
        "iam" | "sts" | "rds" => (403, "ExpiredToken"),
        "eks" => (403, "ExpiredTokenException"),
        _ => (400, "ExpiredTokenException"),
    };
    (status, code, "The security token included in the request is expired")
}

/// A signature whose time is far from that of AWS.
pub fn skewed(call: &Call) -> Refusal {
    let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T235500Z (20260102T000000Z - 5 min.)";
    match call.service.as_str() {
        "s3" => {
            (403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
        }
        "ec2" => (403, "AuthFailure", "AWS was not able to validate the provided access credentials"),
        "iam" | "sts" | "rds" => (403, "SignatureDoesNotMatch", late),
        "eks" => (403, "InvalidSignatureException", late),
        _ => (400, "InvalidSignatureException", late),
    }
}

/// What was made a moment ago and isn't seen yet.
pub fn absent(call: &Call) -> Refusal {
    let code = match (call.service.as_str(), call.operation.as_str()) {
        ("iam", _) => "NoSuchEntity",
        ("s3", _) => "NoSuchBucket",
        ("sqs", _) => "AWS.SimpleQueueService.NonExistentQueue",
        ("rds", name) if name.contains("SubnetGroup") || name == "CreateDBInstance" => "DBSubnetGroupNotFoundFault",
        ("rds", name) if name.contains("Parameter") => "DBParameterGroupNotFound",
        ("rds", _) => "DBInstanceNotFound",
        ("ec2", name) if name.contains("Address") => return (400, "InvalidAllocationID.NotFound", "It does not exist"),
        ("ec2", name) if name.contains("SecurityGroup") => return (400, "InvalidGroup.NotFound", "It does not exist"),
        ("ec2", name) if name.contains("RouteTable") => {
            return (400, "InvalidRouteTableID.NotFound", "It does not exist");
        }
        ("ec2", name) if name.contains("Nat") => return (400, "InvalidSubnetID.NotFound", "It does not exist"),
        ("ec2", _) => return (400, "InvalidVpcID.NotFound", "It does not exist"),
        _ => return (if call.service == "eks" { 404 } else { 400 }, "ResourceNotFoundException", "It was not found"),
    };
    (404, code, "It does not exist")
}

/// What is said of a role or a provider that IAM hasn't told everybody of; `None` for calls that name none.
pub fn unknown_principal(call: &Call) -> Option<Refusal> {
    let role = "Role with arn: arn:aws-cn:iam::123456789012:role/x, could not be assumed because it does not exist or the trusted \
         entity is not correct";
    Some(match call.name().as_str() {
        "eks:POST /clusters" => (400, "InvalidParameterException", role),
        "eks:POST /clusters/*/node-groups" => {
            (400, "InvalidParameterException", "The role does not exist, or its instance profile")
        }
        "eks:POST /clusters/*/access-entries" => {
            (400, "InvalidParameterException", "The specified principalArn is invalid: invalid principal.")
        }
        "iam:CreateRole" | "iam:UpdateAssumeRolePolicy" => {
            (400, "MalformedPolicyDocument", "Invalid principal in policy")
        }
        "s3:PUT policy" => (400, "MalformedPolicy", "Invalid principal in policy"),
        _ => return None,
    })
}
