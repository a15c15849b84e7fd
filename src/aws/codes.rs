//! What the codes and messages of AWS's services mean: the tables of [`super::error`].

/// Codes of credentials that AWS doesn't take.
pub(super) const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidToken",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "RequestInTheFuture",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
];

/// Codes of calls that were too many: they pass by themselves, and nothing was done.
pub(super) const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
];

/// Codes that pass by themselves: faults of the service, and what is still busy or not yet visible everywhere.
pub(super) const PASSING: &[&str] = &[
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
    "NoSuchBucket",
    "ResourceNotFoundException",
    "InvalidPermission.NotFound",
    "NatGatewayNotFound",
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
    "DBSubnetGroupNotFound",
    "DBSubnetGroupNotFoundFault",
    "DBParameterGroupNotFound",
    "DBParameterGroupNotFoundFault",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
];

/// What services say of a role, a policy or an identity provider that was made a moment ago and that IAM hasn't told everybody of.
/// Source: the messages that Terraform's AWS provider waits out when it makes clusters, access entries and policies.
const NOT_TOLD: &[&str] = &[
    "could not be assumed",
    "cannot be assumed",
    "not authorized to perform: sts:AssumeRole",
    "role does not exist",
    "Error in role params",
    "doesn't have the Amazon EKS Managed Policies",
    "IAM role's policy must include",
    "invalid principal",
    "Invalid principal",
];

/// What is said of a call that was signed by a clock that is wrong.
const SKEWED: &[&str] =
    &["RequestTimeTooSkewed", "RequestInTheFuture", "Signature expired", "Signature not yet current"];

/// True if a message is about what IAM hasn't told everybody of: it passes.
pub(super) fn not_told(message: &str) -> bool {
    let role = message.contains("role") && message.contains("does not exist");
    role || NOT_TOLD.iter().any(|part| message.contains(part))
}

/// True if the clock here is far from that of AWS.
pub(super) fn skewed(code: &str, message: &str) -> bool {
    SKEWED.iter().any(|part| code == *part || message.contains(part))
}
