"""IAM permissions: SimulatePrincipalPolicy, and refusals for whoever may not.

moto has no simulation, and lets everybody do everything. Here the keys of IAM users may do what their policies allow, as in
AWS; the rehearsal's own user is an administrator. A call is judged by its action alone: which resource it is about only the
service knows, so that a statement counts if any resource of it could be meant. A simulation knows resources and context.

What is known of the language of policies: Allow and Deny, Action and NotAction, Resource and NotResource, and the operators
that compare strings, ARNs, booleans, with IfExists, ForAnyValue and ForAllValues.
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any, Iterable

import moto.iam.responses as responses
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from .settings import ACCOUNT, CALLER, settings

Statement = dict[str, Any]
Context = dict[str, list[str]]

ADMINISTRATOR: list[Statement] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]

PREFIX = {"service-quotas": "servicequotas"}
"""moto's name of a service: what its actions begin with, where that differs."""

JSON = {"ecr", "eks", "events", "secretsmanager", "servicequotas"}
"""Services that say AccessDeniedException; EC2 says UnauthorizedOperation, the others AccessDenied."""

FREE = {"sts:GetCallerIdentity"}
"""What AWS lets everybody do."""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read(document: Any) -> list[Statement]:
    text = document if isinstance(document, str) else json.dumps(document)
    return _list(json.loads(text).get("Statement"))


def _documents(owner: Any) -> Iterable[Any]:
    yield from owner.policies.values()
    for policy in owner.managed_policies.values():
        yield next(version.document for version in policy.versions if version.version_id == policy.default_version_id)


def statements(arn: str) -> list[Statement]:
    """The statements of everything that is attached to a user or a role."""
    backend = iam_backends[ACCOUNT]["aws-cn"]
    if arn == CALLER:
        return ADMINISTRATOR
    owners = [user for user in backend.users.values() if user.arn == arn] + [role for role in backend.roles.values() if role.arn == arn]
    if not owners:
        raise NotFoundException(f"The entity with ARN {arn} cannot be found.")
    if ":user/" in arn:
        owners += backend.get_groups_for_user(owners[0].name)
    return [statement for owner in owners for document in _documents(owner) for statement in _read(document)]


def _named(patterns: Any, text: str, lower: bool = False) -> bool:
    fold = str.lower if lower else str
    return any(fnmatch.fnmatchcase(fold(text), fold(pattern).replace("[", "[[]")) for pattern in _list(patterns))


def _compare(operator: str, seen: list[str], wanted: list[str]) -> bool:
    each, _, name = operator.rpartition(":")
    positive = name.replace("Not", "")
    like = "Like" in positive or positive.startswith("Arn")
    fold = positive in ("StringEqualsIgnoreCase", "Bool")

    def same(value: str) -> bool:
        if like:
            return _named(wanted, value)
        return value.lower() in [text.lower() for text in wanted] if fold else value in wanted

    found = [same(value) != ("Not" in name) for value in seen]
    return all(found) if each == "ForAllValues" or "Not" in name else any(found)


def _fulfilled(statement: Statement, context: Context | None, missing: set[str]) -> bool:
    """Whether the conditions hold; without a context, whether they could."""
    if context is None:
        return True
    for operator, keys in (statement.get("Condition") or {}).items():
        optional = operator.endswith("IfExists") or operator.startswith("ForAllValues") or "Not" in operator
        for key, wanted in keys.items():
            seen = next((values for name, values in context.items() if name.lower() == key.lower()), None)
            if seen is None and operator == "Null":
                continue
            if seen is None:
                missing.add(key)
                if not optional:
                    return False
                continue
            if not _compare(operator.removesuffix("IfExists"), seen, [str(value) for value in _list(wanted)]):
                return False
    return True


def decide(rules: list[Statement], action: str, resource: str | None, context: Context | None) -> tuple[str, set[str]]:
    """`allowed`, `implicitDeny` or `explicitDeny`, and the keys of conditions that weren't given."""
    allowed, missing = False, set()
    for statement in rules:
        actions = _named(statement["Action"], action, True) if "Action" in statement else not _named(statement.get("NotAction"), action, True)
        if not actions:
            continue
        if resource is not None:
            of = _named(statement["Resource"], resource) if "Resource" in statement else not _named(statement.get("NotResource"), resource)
            if not of:
                continue
        denies = statement["Effect"] == "Deny"
        # A refusal that only may be meant is none.
        if denies and resource is None and ("Condition" in statement or statement.get("Resource") != "*"):
            continue
        if not _fulfilled(statement, context, missing):
            continue
        if denies:
            return "explicitDeny", missing
        allowed = True
    return ("allowed" if allowed else "implicitDeny"), (set() if allowed else missing)


def simulate_principal_policy(self: Any) -> ActionResult:
    """SimulatePrincipalPolicy, in one page."""
    rules = statements(self._get_param("PolicySourceArn"))
    context = {entry["ContextKeyName"]: _list(entry.get("ContextKeyValues")) for entry in self._get_param("ContextEntries") or []}
    resources = self._get_param("ResourceArns") or ["*"]
    results = []
    for action in self._get_param("ActionNames"):
        each = [(resource, *decide(rules, action, resource, context)) for resource in resources]
        # The whole is allowed if all are.
        worst = next((decision for _, decision, _ in each if decision != "allowed"), "allowed")
        results.append(
            {
                "EvalActionName": action,
                "EvalResourceName": resources[0],
                "EvalDecision": worst,
                "MissingContextValues": sorted({key for _, _, missing in each for key in missing}),
                "ResourceSpecificResults": [
                    {"EvalResourceName": resource, "EvalResourceDecision": decision, "MissingContextValues": sorted(missing)}
                    for resource, decision, missing in each
                    if resource != "*"
                ],
            }
        )
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


responses.IamResponse.simulate_principal_policy = simulate_principal_policy


class Refused(ServiceException):
    """What a service says to whoever may not: the code differs."""

    status = 403


def refusal(service: str, operation: str, access_key: str) -> Refused | None:
    """Why a call is refused, if it is."""
    if access_key in (settings.access_key, settings.foreign_access_key):
        return None
    user = iam_backends[ACCOUNT]["aws-cn"].get_user_from_access_key_id(access_key)
    service = PREFIX.get(service, service)
    action = f"{service}:{operation}"
    if user is None or action in FREE or decide(statements(user.arn), action, None, None)[0] == "allowed":
        return None
    code = "UnauthorizedOperation" if service == "ec2" else "AccessDeniedException" if service in JSON else "AccessDenied"
    text = f"User: {user.arn} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
    return Refused(code, text)


_call_action = BaseResponse.call_action


def call_action(self: BaseResponse, *args: Any, **kwargs: Any) -> Any:
    """The dispatch of every service but S3, which has its own."""
    refused = refusal(self.service_name, self._get_action(), self.get_access_key())
    if refused is None:
        return _call_action(self, *args, **kwargs)
    status, headers, body = self.serialized(ActionResult(refused))
    return status, headers | {"status": str(status)}, body


BaseResponse.call_action = call_action  # type: ignore[method-assign]
