"""STS and IAM: who calls, and policies that name the wrong partition.

- The rehearsal's access key is the IAM user `rehearsal`; a second key belongs to partition `aws`; keys made through IAM
  are known to moto; any other is refused as STS refuses it.
- IAM, S3 and SQS of the China partition refuse a policy that names `arn:aws:`; moto takes it.
"""

from __future__ import annotations

import re
from typing import Any

import moto.iam.policy_validation as validation
import moto.s3.models as s3
import moto.sqs.models as sqs
import moto.sts.models as sts
from moto.core.exceptions import ServiceException
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import SERVICE_NAME_CONVERSION, iam_backends
from moto.s3.exceptions import S3ClientError

from .settings import ACCOUNT, CALLER, settings

SERVICE_NAME_CONVERSION["spot"] = "EC2Spot"  # as AWS names the service-linked role

FOREIGN = re.compile(r"arn:aws(-us-gov)?:")


class InvalidClientTokenId(ServiceException):
    """What STS says of an access key that it doesn't know."""

    code = "InvalidClientTokenId"
    status = 403


def _identity(backend: Any, access_key: str, region: str) -> tuple[str, str, str]:
    if access_key == settings.access_key:
        return "AIDAREHEARSALCHINA001", CALLER, ACCOUNT
    if access_key == settings.foreign_access_key:
        return "AIDAREHEARSALGLOBAL01", CALLER.replace("aws-cn", "aws"), ACCOUNT
    known = backend.get_assumed_role_from_access_key(access_key)
    user = iam_backends[ACCOUNT]["aws-cn"].get_user_from_access_key_id(access_key)
    if not known and not user:
        raise InvalidClientTokenId("InvalidClientTokenId", "The security token included in the request is invalid.")
    return _moto_identity(backend, access_key, region)


_moto_identity = sts.STSBackend.get_caller_identity
sts.STSBackend.get_caller_identity = _identity  # type: ignore[method-assign]


def caller(access_key: str) -> str:
    """The ARN of whoever an access key belongs to, as an EKS access entry names it."""
    _, arn, _ = sts.sts_backends[ACCOUNT]["aws-cn"].get_caller_identity(access_key, "cn-north-1")
    return arn


_moto_validate = validation.BaseIAMPolicyValidator.validate


def _validate(self: Any) -> None:
    found = FOREIGN.search(self._policy_document or "")
    if found:
        raise MalformedPolicyDocument("MalformedPolicyDocument", f'Partition "{found.group()[4:-1]}" is not valid for resource.')
    _moto_validate(self)


validation.BaseIAMPolicyValidator.validate = _validate  # type: ignore[method-assign]

_moto_bucket_policy = s3.S3Backend.put_bucket_policy


def _bucket_policy(self: Any, bucket_name: str, policy: bytes) -> None:
    text = policy.decode() if isinstance(policy, bytes) else policy
    if FOREIGN.search(text):
        raise S3ClientError("MalformedPolicy", "Policy has invalid resource")
    _moto_bucket_policy(self, bucket_name, policy)


s3.S3Backend.put_bucket_policy = _bucket_policy  # type: ignore[method-assign]

_moto_queue_attributes = sqs.Queue._set_attributes


def _queue_attributes(self: Any, attributes: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    if FOREIGN.search(str(attributes.get("Policy", ""))):
        raise sqs.InvalidAttributeValue("Policy")
    _moto_queue_attributes(self, attributes, *args, **kwargs)


sqs.Queue._set_attributes = _queue_attributes  # type: ignore[method-assign]


def role(arn: str) -> Any:
    """The role that an ARN names, or None."""
    return next((role for role in iam_backends[ACCOUNT]["aws-cn"].roles.values() if role.arn == arn), None)


def trusts(arn: str, principal: str) -> bool:
    """Whether a role exists that lets a service assume it."""
    found = role(arn)
    return found is not None and f'"{principal}"' in str(found.assume_role_policy_document)
