"""Everything that an account holds in a region, by kind: what a test compares to find duplicates and orphans.

Things with a name are listed by it, others by their tag `kfctl-cn/resource`, or `?` if they have none.
"""

from __future__ import annotations

from typing import Any, Iterable

from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from .settings import ACCOUNT

TAG = "kfctl-cn/resource"


def _tagged(things: Iterable[Any]) -> list[str]:
    return [{tag["key"]: tag["value"] for tag in thing.get_tags()}.get(TAG, "?") for thing in things]


def inventory(region: str) -> dict[str, list[str]]:
    """Kind: what there is, sorted. Default VPCs and what belongs to them are left out."""
    ec2, eks, rds = ec2_backends[ACCOUNT][region], eks_backends[ACCOUNT][region], rds_backends[ACCOUNT][region]
    iam, clusters = iam_backends[ACCOUNT]["aws-cn"], eks.clusters.values()
    vpcs = {id: vpc for id, vpc in ec2.vpcs.items() if str(vpc.is_default).lower() != "true"}
    groups = [group for vpc in vpcs for group in ec2.groups.get(vpc, {}).values() if group.name != "default"]
    tables = [table for table in ec2.route_tables.values() if table.vpc_id in vpcs]
    found: dict[str, Iterable[str]] = {
        "vpc": _tagged(vpcs.values()),
        "subnet": _tagged(subnet for zone in ec2.subnets.values() for subnet in zone.values() if subnet.vpc_id in vpcs),
        "internet gateway": _tagged(ec2.internet_gateways.values()),
        "elastic ip": _tagged(ec2.addresses),
        "nat gateway": _tagged(gateway for gateway in ec2.nat_gateways.values() if gateway.state != "deleted"),
        "route table": _tagged(table for table in tables if not _main(table)),
        "route": [f"{_tagged([table])[0]} {route.destination_cidr_block}" for table in tables if not _main(table) for route in table.routes],
        "security group": [group.name.split("-sg-")[0] if "-sg-" in group.name else group.name for group in groups],
        "interface of a pod": [eni.id for eni in ec2.enis.values() if (eni.description or "").startswith(("aws-K8S-", "ELB "))],
        "instance": [i.id for some in ec2.reservations.values() for i in some.instances if i.state != "terminated"],
        "volume": list(ec2.volumes),
        "launch template": [template.name for template in ec2.launch_templates.values()],
        "role": [role.name for role in iam.roles.values()],
        "role policy": [f"{role.name} {name}" for role in iam.roles.values() for name in (*role.policies, *role.managed_policies)],
        "policy": [policy.name for policy in iam.managed_policies.values() if ":aws:policy/" not in policy.arn],
        "instance profile": [profile.name for profile in iam.instance_profiles.values()],
        "user": [user.name for user in iam.users.values()],
        "access key": [user.name for user in iam.users.values() for _ in user.access_keys],
        "oidc provider": ["issuer" for _ in iam.open_id_providers],
        "cluster": [cluster.name for cluster in clusters],
        "node group": [name for cluster in clusters for name in cluster.nodegroups],
        "add-on": [name for cluster in clusters for name in cluster.addons],
        "access entry": [arn for cluster in clusters for arn in cluster.entries],
        "database": list(rds.databases),
        "subnet group": list(rds.subnet_groups),
        "parameter group": [name for name in rds.db_parameter_groups if not name.startswith("default")],
        "secret": [secret.name for secret in secretsmanager_backends[ACCOUNT][region].secrets.values() if not secret.is_deleted()],
        "bucket": list(s3_backends[ACCOUNT]["aws-cn"].buckets),
        "queue": list(sqs_backends[ACCOUNT][region].queues),
        "rule": [rule.name for bus in events_backends[ACCOUNT][region].event_buses.values() for rule in bus.rules.values()],
    }
    return {kind: sorted(names) for kind, names in found.items()}


def _main(table: Any) -> bool:
    return bool(table.main_association_id)
