"""EKS access entries, access policies, add-ons and tags."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException, ResourceInUseException, ResourceNotFoundException

from . import identity, lifecycle
from .eks_versions import ADDONS, addon_versions, default_addon_version
from .settings import CALLER

ADMIN = "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
"""The access policy of a cluster's administrator."""


def _arn(cluster: Any, kind: str, *rest: str) -> str:
    return cluster.arn.replace(":cluster/", f":{kind}/") + "/" + "/".join((*rest, str(uuid.uuid4())))


class Entry:
    """An access entry; attribute names are what moto's serialiser maps the API's names to."""

    def __init__(self, cluster: Any, principal: str, kind: str, groups: list[str], tags: dict[str, str], token: str | None):
        self.cluster_name, self.principal_arn, self.type = cluster.name, principal, kind
        self.kubernetes_groups, self.tags, self.token = groups, tags, token
        who = principal.split(":")[-1].split("/")
        self.access_entry_arn = _arn(cluster, "access-entry", who[0], principal.split(":")[4], who[-1])
        self.username = principal
        self.created_at = self.modified_at = utcnow()
        self.associated: dict[str, dict[str, Any]] = {}

    def policies(self) -> list[str]:
        """ARNs of the policies that hold for the whole cluster."""
        return [arn for arn, policy in self.associated.items() if policy["accessScope"]["type"] == "cluster"]


def bootstrap(cluster: Any, creator: str) -> None:
    """The entry that EKS makes for the creator of a cluster unless told not to."""
    entry = cluster.entries[creator] = Entry(cluster, creator, "STANDARD", [], {}, None)
    entry.associated[ADMIN] = _association(ADMIN, {"type": "cluster", "namespaces": []})


def _association(policy: str, scope: dict[str, Any]) -> dict[str, Any]:
    return {"policyArn": policy, "accessScope": scope, "associatedAt": utcnow(), "modifiedAt": utcnow()}


def _cluster(self: Any) -> Any:
    return self.eks_backend.describe_cluster(self._get_param("name"))


def _entry(self: Any) -> Any:
    principal = unquote(self._get_param("principalArn"))
    entry = _cluster(self).entries.get(principal)
    if not entry:
        raise ResourceNotFoundException(message=f"The specified principalArn could not be found: {principal}")
    return entry


def create_access_entry(self: Any) -> ActionResult:
    """`POST /clusters/NAME/access-entries`; the principal must exist."""
    cluster, principal = _cluster(self), self._get_param("principalArn")
    token = self._get_param("clientRequestToken")
    if cluster.access_config["authenticationMode"] == "CONFIG_MAP":
        raise InvalidParameterException(message="The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
    existing = cluster.entries.get(principal)
    if existing and token and existing.token == token:
        return ActionResult({"accessEntry": existing})
    if existing:
        raise ResourceInUseException(message="The specified access entry resource is already in use on this cluster.")
    if principal != CALLER and not identity.role(principal):
        raise InvalidParameterException(message="The specified principalArn is invalid: invalid principal.")
    kind, groups = self._get_param("type") or "STANDARD", self._get_param("kubernetesGroups") or []
    entry = cluster.entries[principal] = Entry(cluster, principal, kind, groups, self._get_param("tags") or {}, token)
    return ActionResult({"accessEntry": entry})


def describe_access_entry(self: Any) -> ActionResult:
    """`GET /clusters/NAME/access-entries/PRINCIPAL`."""
    return ActionResult({"accessEntry": _entry(self)})


def list_access_entries(self: Any) -> ActionResult:
    """`GET /clusters/NAME/access-entries`."""
    return ActionResult({"accessEntries": list(_cluster(self).entries)})


def update_access_entry(self: Any) -> ActionResult:
    """`POST /clusters/NAME/access-entries/PRINCIPAL`."""
    entry = _entry(self)
    entry.kubernetes_groups = self._get_param("kubernetesGroups") or entry.kubernetes_groups
    return ActionResult({"accessEntry": entry})


def delete_access_entry(self: Any) -> ActionResult:
    """`DELETE /clusters/NAME/access-entries/PRINCIPAL`."""
    del _cluster(self).entries[_entry(self).principal_arn]
    return EmptyResult()


def _associated(entry: Any, **more: Any) -> ActionResult:
    return ActionResult({"clusterName": entry.cluster_name, "principalArn": entry.principal_arn} | more)


def associate_access_policy(self: Any) -> ActionResult:
    """`POST /clusters/NAME/access-entries/PRINCIPAL/access-policies`."""
    entry, policy = _entry(self), self._get_param("policyArn")
    if not policy.startswith("arn:aws-cn:eks::aws:cluster-access-policy/"):
        raise InvalidParameterException(message=f"The policyArn parameter format is not valid: {policy}")
    if entry.type != "STANDARD":
        raise InvalidParameterException(message=f"The access entry type {entry.type} can't have access policies.")
    entry.associated[policy] = _association(policy, self._get_param("accessScope"))
    return _associated(entry, associatedAccessPolicy=entry.associated[policy])


def disassociate_access_policy(self: Any) -> ActionResult:
    """`DELETE /clusters/NAME/access-entries/PRINCIPAL/access-policies/POLICY`."""
    entry, policy = _entry(self), unquote(self._get_param("policyArn"))
    if not entry.associated.pop(policy, None):
        raise ResourceNotFoundException(message=f"No association of {policy}")
    return EmptyResult()


def list_associated_access_policies(self: Any) -> ActionResult:
    """`GET /clusters/NAME/access-entries/PRINCIPAL/access-policies`."""
    entry = _entry(self)
    return _associated(entry, associatedAccessPolicies=list(entry.associated.values()))


class Addon:
    """An add-on of a cluster."""

    def __init__(self, cluster: Any, name: str, version: str, role: str | None, tags: dict[str, str], token: str | None, configuration: str | None):
        self.addon_name, self.cluster_name, self.addon_version = name, cluster.name, version
        self.service_account_role_arn, self.tags, self.token = role, tags, token
        self.configuration_values = configuration
        self.addon_arn = _arn(cluster, "addon", name)
        self.health: dict[str, Any] = {"issues": []}
        self.created_at = self.modified_at = utcnow()
        self.status = "ACTIVE"


lifecycle.install(Addon, "status", "CREATING", "ACTIVE")


def _addon(self: Any) -> Any:
    cluster, name = _cluster(self), unquote(self._get_param("addonName"))
    if name not in cluster.addons:
        raise ResourceNotFoundException(message=f"No addon: {name} found in cluster: {cluster.name}")
    return cluster.addons[name]


def _checked(self: Any, cluster: Any, name: str) -> tuple[str, str | None]:
    """The version and role that were asked for, which must exist."""
    if name not in ADDONS:
        raise InvalidParameterException(message=f"Addon {name} specified is not supported")
    version = self._get_param("addonVersion") or default_addon_version(name, cluster.version)
    if version not in addon_versions(name, cluster.version):
        raise InvalidParameterException(message=f"Addon version specified is not supported: {version}")
    role = self._get_param("serviceAccountRoleArn")
    if role and not identity.role(role):
        raise InvalidParameterException(message=f"ServiceAccount Role ARN is invalid: {role}")
    return version, role


def create_addon(self: Any) -> ActionResult:
    """`POST /clusters/NAME/addons`."""
    cluster, name, token = _cluster(self), self._get_param("addonName"), self._get_param("clientRequestToken")
    existing = cluster.addons.get(name)
    if existing and token and existing.token == token:
        return ActionResult({"addon": existing})
    if existing:
        raise ResourceInUseException(message="Addon already exists.")
    if not cluster.is_active:
        raise ResourceInUseException(message=f"Cluster {cluster.name} is not ACTIVE")
    version, role = _checked(self, cluster, name)
    cluster.addons[name] = Addon(cluster, name, version, role, self._get_param("tags") or {}, token, self._get_param("configurationValues"))
    return ActionResult({"addon": cluster.addons[name]})


def describe_addon(self: Any) -> ActionResult:
    """`GET /clusters/NAME/addons/ADDON`."""
    return ActionResult({"addon": _addon(self)})


def list_addons(self: Any) -> ActionResult:
    """`GET /clusters/NAME/addons`."""
    return ActionResult({"addons": list(_cluster(self).addons)})


def update_addon(self: Any) -> ActionResult:
    """`POST /clusters/NAME/addons/ADDON/update`."""
    from .eks import update

    cluster, addon = _cluster(self), _addon(self)
    version, role = _checked(self, cluster, addon.addon_name)
    addon.addon_version = version if self._get_param("addonVersion") else addon.addon_version
    addon.service_account_role_arn = role or addon.service_account_role_arn
    addon.configuration_values = self._get_param("configurationValues") or addon.configuration_values
    return ActionResult({"update": update(cluster, "AddonUpdate")})


def delete_addon(self: Any) -> ActionResult:
    """`DELETE /clusters/NAME/addons/ADDON`."""
    cluster, addon = _cluster(self), _addon(self)
    addon.status = "DELETING"
    lifecycle.later(lambda: cluster.addons.pop(addon.addon_name, None))
    return ActionResult({"addon": addon})


def _tags(self: Any) -> dict[str, str]:
    """The tags of whatever an ARN names: moto knows those of clusters only."""
    arn = self._extract_arn_from_path()
    for cluster in self.eks_backend.clusters.values():
        for thing in (cluster, *cluster.nodegroups.values(), *cluster.addons.values(), *cluster.entries.values()):
            names = ("arn", "addon_arn", "access_entry_arn")
            if arn in [getattr(thing, name, None) for name in names]:
                return thing.tags
    raise ResourceNotFoundException(message=f"Resource was not found: {arn}")


def tag_resource(self: Any) -> ActionResult:
    """`POST /tags/ARN`."""
    _tags(self).update(self._get_param("tags"))
    return EmptyResult()


def untag_resource(self: Any) -> ActionResult:
    """`DELETE /tags/ARN`."""
    for key in self.querystring.get("tagKeys") or []:
        _tags(self).pop(key, None)
    return EmptyResult()


def list_tags_for_resource(self: Any) -> ActionResult:
    """`GET /tags/ARN`."""
    return ActionResult({"tags": _tags(self)})


OPERATIONS = (
    create_access_entry, describe_access_entry, list_access_entries, update_access_entry, delete_access_entry,
    associate_access_policy, disassociate_access_policy, list_associated_access_policies,
    create_addon, describe_addon, list_addons, update_addon, delete_addon,
    tag_resource, untag_resource, list_tags_for_resource,
)  # fmt: skip
"""What this module puts into moto's response class."""

PATHS = (
    "clusters/(?P<name>[^/]+)/addons$",
    "clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)$",
    "clusters/(?P<name>[^/]+)/addons/(?P<addonName>[^/]+)/update$",
    "clusters/(?P<name>[^/]+)/access-entries$",
    "clusters/(?P<name>[^/]+)/access-entries/(?P<principalArn>.+)/access-policies/(?P<policyArn>.+)$",
    "clusters/(?P<name>[^/]+)/access-entries/(?P<principalArn>.+)/access-policies$",
    "clusters/(?P<name>[^/]+)/access-entries/(?P<principalArn>.+)$",
)
"""Paths of operations that moto doesn't route."""
