"""EKS clusters and node groups: what moto doesn't check, doesn't fill in, or does at once.

There is one API server in a rehearsal, so there is one cluster: DescribeCluster answers with the real server's address
and CA, and the status stays CREATING until that server is ready.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

import moto.ec2.models as ec2
import moto.eks.models as models
import moto.eks.responses as responses
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException, InvalidRequestException, ResourceInUseException

from . import eks_access, identity, lifecycle
from .eks_versions import DEFAULT, VERSIONS
from .settings import ACCOUNT, REGIONS, settings

lifecycle.install(models.Cluster, "status", "CREATING", "ACTIVE")
lifecycle.install(models.Nodegroup, "status", "CREATING", "ACTIVE")


def _later(attribute: str) -> property:
    """An attribute that the API leaves out while a cluster is CREATING."""

    def get(self: Any) -> Any:
        return None if self.status == "CREATING" else self.__dict__.get(attribute)

    def put(self: Any, value: Any) -> None:
        self.__dict__.setdefault(attribute, value)

    return property(get, put)


def refuse(message: str) -> InvalidParameterException:
    """An InvalidParameterException."""
    return InvalidParameterException(message=message)


def subnets(region: str, ids: list[str]) -> list[Any]:
    """The subnets of those ids, which must exist and lie in two zones at least."""
    known = ec2.ec2_backends[ACCOUNT][region].subnets
    found = [subnet for id in ids for zone in known.values() for subnet in zone.values() if subnet.id == id]
    missing = set(ids) - {subnet.id for subnet in found}
    if missing:
        raise refuse(f"The subnet ID '{sorted(missing)[0]}' does not exist")
    return found


def plane_ready() -> bool:
    """Whether the API server that stands behind the cluster is there."""
    return settings.plane is None or (settings.plane / "ready").exists()


def everything() -> Any:
    """The cluster as the stand-ins inside it need it: `GET /moto-api/kfctl/cluster`."""
    for region in REGIONS:
        for cluster in models.eks_backends[ACCOUNT][region].clusters.values():
            return {
                "name": cluster.name,
                "region": region,
                "status": cluster.status,
                "addons": {name: addon.status for name, addon in cluster.addons.items()},
                "entries": {arn: entry.policies() for arn, entry in cluster.entries.items()},
                "nodegroups": [
                    {
                        "name": group.nodegroup_name,
                        "status": group.status,
                        "size": group.scaling_config["desiredSize"],
                        "type": group.instance_types[0],
                        "labels": group.labels,
                        "zones": [subnet.availability_zone for subnet in subnets(region, group.subnets)],
                    }
                    for group in cluster.nodegroups.values()
                ],
            }
    return None


def create_cluster(self: Any) -> ActionResult:
    """`POST /clusters`."""
    backend, name = self.eks_backend, self._get_param("name")
    token, version = self._get_param("clientRequestToken"), self._get_param("version") or DEFAULT
    with lifecycle.lock:
        existing = backend.clusters.get(name)
        if existing and token and existing.client_request_token == token:
            return ActionResult({"cluster": existing})
        if version not in VERSIONS:
            raise refuse(f"unsupported Kubernetes version {version}")
        vpc = self._get_param("resourcesVpcConfig")
        places = subnets(self.region, vpc["subnetIds"])
        if len({subnet.availability_zone for subnet in places}) < 2:
            raise refuse("Subnets specified must be in at least two different AZs")
        role = self._get_param("roleArn")
        if not identity.trusts(role, "eks.amazonaws.com"):
            raise refuse(f"Role with arn: {role}, could not be assumed because it does not exist or the trusted entity is not correct")
        if not existing and any(models.eks_backends[ACCOUNT][region].clusters for region in REGIONS):
            raise InvalidRequestException(message="a rehearsal has one API server, and so one cluster")
        answer = _moto_create(self)
        cluster = backend.clusters[name]
        _complete(cluster, self, version, places[0].vpc_id)
        return answer


def _complete(cluster: Any, request: Any, version: str, vpc_id: str) -> None:
    """Fills in what moto leaves out or gets wrong."""
    region, identifier = request.region, uuid.uuid4().hex.upper()
    cluster.version, cluster.platformVersion = version, "eks.1"
    cluster.address = settings.api_server or f"https://{identifier}.gr7.{region}.eks.amazonaws.com.cn"
    if settings.api_ca:
        cluster.authority = {"data": base64.b64encode(settings.api_ca.read_bytes()).decode()}
    cluster.identity = {"oidc": {"issuer": f"https://oidc.eks.{region}.amazonaws.com.cn/id/{identifier}"}}
    access = {"bootstrapClusterCreatorAdminPermissions": True, "authenticationMode": "CONFIG_MAP"}
    cluster.access_config = access | (request._get_param("accessConfig") or {})
    cluster.upgrade_policy = request._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
    cluster.deletion_protection = bool(request._get_param("deletionProtection"))
    cluster.addons, cluster.entries, cluster.updates = {}, {}, {}
    cluster._lifecycle_waits = plane_ready
    group = ec2.ec2_backends[ACCOUNT][region].create_security_group(
        f"eks-cluster-sg-{cluster.name}-{uuid.uuid4().int % 10**9}", "EKS created security group", vpc_id,
        {"Name": f"eks-cluster-sg-{cluster.name}", f"kubernetes.io/cluster/{cluster.name}": "owned", "aws:eks:cluster-name": cluster.name},
    )  # fmt: skip
    network = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    own = {"vpcId": vpc_id, "clusterSecurityGroupId": group.id}
    cluster.resources_vpc_config = network | cluster.resources_vpc_config | own
    if cluster.access_config["bootstrapClusterCreatorAdminPermissions"]:
        eks_access.bootstrap(cluster, identity.caller(request.get_access_key()))


def delete_cluster(self: Any) -> ActionResult:
    """`DELETE /clusters/NAME`: the server goes as well, with all that was in it."""
    backend, name = self.eks_backend, self._get_param("name")
    cluster = backend.describe_cluster(name)
    if cluster.status == "DELETING":
        raise ResourceInUseException(message=f"Cluster {name} is being deleted")
    if cluster.deletion_protection:
        raise InvalidRequestException(message=f"Cluster {name} has deletion protection")
    models.validate_safe_to_delete(cluster)
    cluster.status = "DELETING"

    def gone() -> None:
        backend.delete_cluster(name)
        group = cluster.resources_vpc_config["clusterSecurityGroupId"]
        ec2.ec2_backends[ACCOUNT][backend.region_name].delete_security_group(group_id=group)

    if settings.plane:
        # The supervisor empties etcd and starts the server anew: see lib/environment.py.
        (settings.plane / "ready").unlink(missing_ok=True)
        (settings.plane / "renew").touch()
    lifecycle.later(gone)
    return ActionResult({"cluster": cluster})


def create_nodegroup(self: Any) -> ActionResult:
    """`POST /clusters/NAME/node-groups`."""
    cluster = self.eks_backend.describe_cluster(self._get_param("name"))
    existing = cluster.nodegroups.get(self._get_param("nodegroupName"))
    token, role = self._get_param("clientRequestToken"), self._get_param("nodeRole")
    if existing and token and existing.client_request_token == token:
        return ActionResult({"nodegroup": existing})
    subnets(self.region, self._get_param("subnets"))
    if not identity.trusts(role, "ec2.amazonaws.com.cn"):
        raise refuse(f"Following required service principals [ec2.amazonaws.com.cn] were not found in the trust relationships of nodeRole {role}")
    answer = _moto_create_nodegroup(self)
    group = cluster.nodegroups[self._get_param("nodegroupName")]
    group.version = self._get_param("version") or cluster.version
    group.release_version = f"{group.version}.4-20261101"
    group.update_config = self._get_param("updateConfig") or {"maxUnavailable": 1}
    return answer


def delete_nodegroup(self: Any) -> ActionResult:
    """`DELETE /clusters/NAME/node-groups/GROUP`."""
    backend, cluster, name = self.eks_backend, self._get_param("name"), self._get_param("nodegroupName")
    group = backend.describe_nodegroup(cluster, name)
    if group.status == "DELETING":
        raise ResourceInUseException(message=f"Nodegroup {name} is being deleted")
    group.status = "DELETING"
    lifecycle.later(lambda: backend.delete_nodegroup(cluster, name))
    return ActionResult({"nodegroup": group})


def minor(version: str) -> int:
    """The minor version."""
    return int(version.split(".")[1])


def update(cluster: Any, kind: str) -> dict[str, Any]:
    """A new update of a cluster, which succeeds at once."""
    record = {"id": str(uuid.uuid4()), "status": "Successful", "type": kind, "params": [], "createdAt": utcnow(), "errors": []}
    cluster.updates[record["id"]] = record
    return record


def update_cluster_config(self: Any) -> ActionResult:
    """`POST /clusters/NAME/update-config`: merges, and answers with an update; moto replaces and answers with the cluster."""
    cluster = self.eks_backend.describe_cluster(self._get_param("name"))
    vpc, logging = self._get_param("resourcesVpcConfig"), self._get_param("logging")
    cluster.resources_vpc_config |= vpc or {}
    cluster.logging = logging or cluster.logging
    cluster.access_config |= self._get_param("accessConfig") or {}
    cluster.upgrade_policy |= self._get_param("upgradePolicy") or {}
    kind = "EndpointAccessUpdate" if vpc else "LoggingUpdate" if logging else "ConfigUpdate"
    return ActionResult({"update": update(cluster, kind)})


def update_cluster_version(self: Any) -> ActionResult:
    """`POST /clusters/NAME/updates`: one minor version up, and no node more than three behind."""
    cluster, wanted = self.eks_backend.describe_cluster(self._get_param("name")), self._get_param("version")
    if wanted not in VERSIONS or minor(wanted) != minor(cluster.version) + 1:
        raise refuse(f"Unsupported Kubernetes minor version update from {cluster.version} to {wanted}")
    for group in cluster.nodegroups.values():
        if minor(group.version) < minor(wanted) - 3:
            raise refuse(f"Nodegroup {group.nodegroup_name} must be updated to match cluster version {cluster.version} before updating cluster version")
    cluster.version = wanted
    return ActionResult({"update": update(cluster, "VersionUpdate")})


def update_nodegroup_version(self: Any) -> ActionResult:
    """`POST /clusters/NAME/node-groups/GROUP/update-version`."""
    cluster = self.eks_backend.describe_cluster(self._get_param("name"))
    group = self.eks_backend.describe_nodegroup(cluster.name, self._get_param("nodegroupName"))
    wanted = self._get_param("version") or cluster.version
    if not minor(group.version) <= minor(wanted) <= minor(cluster.version):
        raise refuse(f"Requested Nodegroup version {wanted} is not between its own, {group.version}, and the cluster's, {cluster.version}")
    if template := self._get_param("launchTemplate"):
        if not group.launch_template:
            raise refuse("You cannot specify a launchTemplate for a nodegroup that was created without one")
        group.launch_template = {**group.launch_template, **template}
    group.version = wanted
    return ActionResult({"update": update(cluster, "VersionUpdate")})


def describe_update(self: Any) -> ActionResult:
    """`GET /clusters/NAME/updates/ID`; node group updates are successful whatever their id."""
    cluster = self.eks_backend.describe_cluster(self._get_param("name"))
    known = cluster.updates.get(self._get_param("updateId"))
    return ActionResult({"update": known or update(cluster, "ConfigUpdate")})


models.Cluster.endpoint = _later("address")  # type: ignore[assignment]
models.Cluster.certificate_authority = _later("authority")  # type: ignore[assignment]

_moto_create = responses.EKSResponse.create_cluster
_moto_create_nodegroup = responses.EKSResponse.create_nodegroup

OPERATIONS = (
    create_cluster, delete_cluster, create_nodegroup, delete_nodegroup,
    update_cluster_config, update_cluster_version, update_nodegroup_version, describe_update,
)  # fmt: skip
"""What this module puts into moto's response class."""

PATHS = (
    "clusters/(?P<name>[^/]+)/updates$",
    "clusters/(?P<name>[^/]+)/updates/(?P<updateId>[^/]+)$",
    "clusters/(?P<name>[^/]+)/node-groups/(?P<nodegroupName>[^/]+)/update-version$",
)
"""Paths of operations that moto doesn't route."""
