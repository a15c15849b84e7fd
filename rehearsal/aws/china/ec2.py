"""EC2 in China: zones, instance types on offer, NAT gateways that take time and honour their token, ARNs, dry runs.

Families per region: CPU of cn-north-1 from Karpenter's price table for China, GPU of both from public price lists; no
source lists the CPU families of cn-northwest-1 in full, so it offers those that both are known to share.
"""

from __future__ import annotations

import copy
import fnmatch
import re
from typing import Any

import moto.ec2.models.availability_zones_and_regions as places
import moto.ec2.models.instance_types as types
import moto.ec2.models.launch_templates as templates
import moto.ec2.models.nat_gateways as nat
import moto.ec2.models.security_groups as groups
import moto.ec2.models.subnets as subnets
import moto.ec2.models.tags as tags
import moto.ec2.responses as all_responses
import moto.ec2.responses.nat_gateways as responses
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import add_tag_specification

from . import lifecycle
from .settings import REGIONS

ZONES = {"cn-north-1": ("a", "b", "d"), "cn-northwest-1": ("a", "b", "c")}
"""Three zones each; in Beijing they are not a, b, c: names are to be asked, not built."""

for _region, _letters in ZONES.items():
    _short = "cnn1" if _region == "cn-north-1" else "cnnw1"
    places.RegionsAndZonesBackend.zones[_region] = [
        places.Zone(region_name=_region, name=_region + letter, zone_id=f"{_short}-az{number}")
        for number, letter in enumerate(_letters, 1)
    ]

GPU = {
    "cn-north-1": "p2 p3 g3 g3s g4dn g5 inf1",
    "cn-northwest-1": "p3 p4d g4dn g5 inf1",
}
CPU = {
    "cn-north-1": "c3 c4 c5 c5a c5d c6g c6gn c6i c7g d2 i2 i3 i3en i4i m3 m4 m5 m5a m5d m6g m6i m7g r3 r4 r5 r5a r5d r6g r6gd r6i r7g t2 t3 t3a t4g x1 x2idn",
    "cn-northwest-1": "c5 c5a c5d c6g c6i i3 i3en m4 m5 m5a m5d m6g m6i r4 r5 r5a r5d r6g r6i t2 t3 t3a t4g",
}
SCARCE = {"p2", "g3", "g3s", "p4d"}
"""Families that only the first two zones have."""

OLD_GPU = {
    "p2.xlarge": (4, 61, "K80", 1, 12), "p2.8xlarge": (32, 488, "K80", 8, 12), "p2.16xlarge": (64, 732, "K80", 16, 12),
    "p3.2xlarge": (8, 61, "V100", 1, 16), "p3.8xlarge": (32, 244, "V100", 4, 16), "p3.16xlarge": (64, 488, "V100", 8, 16),
    "g3s.xlarge": (4, 30, "M60", 1, 8), "g3.4xlarge": (16, 122, "M60", 1, 8), "g3.8xlarge": (32, 244, "M60", 2, 8),
    "g3.16xlarge": (64, 488, "M60", 4, 8),
}  # fmt: skip
"""Types that moto's data no longer has: vCPUs, GiB, GPU, how many, GiB each."""

for _name, (_cpus, _memory, _gpu, _count, _each) in OLD_GPU.items():
    _type = copy.deepcopy(types.INSTANCE_TYPES["g4dn.xlarge"]) | {"InstanceType": _name, "CurrentGeneration": _name[:2] == "p3"}
    _type["VCpuInfo"] = {"DefaultVCpus": _cpus, "DefaultCores": _cpus // 2, "DefaultThreadsPerCore": 2}
    _type["MemoryInfo"] = {"SizeInMiB": _memory * 1024}
    _one = {"Name": _gpu, "Manufacturer": "NVIDIA", "Count": _count, "MemoryInfo": {"SizeInMiB": _each * 1024}}
    _type["GpuInfo"] = {"Gpus": [_one], "TotalGpuMemoryInMiB": _count * _each * 1024}
    types.INSTANCE_TYPES[_name] = _type
    types.InstanceTypeBackend.instance_types.append(types.InstanceType(_name))


def _offers(region: str, kind: str) -> list[dict[str, str]]:
    families = set(f"{GPU[region]} {CPU[region]}".split())
    rows = []
    for name in sorted(types.INSTANCE_TYPES):
        family = name.split(".")[0]
        if family not in families:
            continue
        zones = places.RegionsAndZonesBackend.zones[region][: 2 if family in SCARCE else 3]
        where = {
            "region": [region],
            "availability-zone": [zone.name for zone in zones],
            "availability-zone-id": [zone.zone_id for zone in zones],
        }
        rows += [{"InstanceType": name, "Location": location, "LocationType": kind} for location in where[kind]]
    return rows


for _kind in ("region", "availability-zone", "availability-zone-id"):
    for _region in REGIONS:
        types.INSTANCE_TYPE_OFFERINGS[_kind][_region] = _offers(_region, _kind)

_matches_filters = types.InstanceTypeOfferingBackend.matches_filters


def matches_filters(self: Any, offering: dict[str, Any], filters: Any, location_type: str) -> bool:
    """With wildcards in types, which moto compares as they are."""
    patterns = filters.get("instance-type", ["*"])
    rest = {key: values for key, values in filters.items() if key != "instance-type"}
    named = any(fnmatch.fnmatchcase(offering["InstanceType"], pattern) for pattern in patterns)
    return named and _matches_filters(self, offering, rest, location_type)


types.InstanceTypeOfferingBackend.matches_filters = matches_filters  # type: ignore[method-assign]

lifecycle.install(nat.NatGateway, "state", "pending", "available")


def create_nat_gateway(self: Any) -> ActionResult:
    """CreateNatGateway: the same token answers with the same gateway; an address that is taken is refused."""
    token, allocation = self._get_param("ClientToken"), self._get_param("AllocationId")
    with lifecycle.lock:
        for gateway in self.ec2_backend.nat_gateways.values():
            if token and getattr(gateway, "client_token", None) == token:
                return ActionResult({"NatGateway": gateway, "ClientToken": token})
        gateway = self.ec2_backend.create_nat_gateway(
            subnet_id=self._get_param("SubnetId"),
            allocation_id=allocation,
            tags=add_tag_specification(self._get_param("TagSpecifications", [])),
            connectivity_type=self._get_param("ConnectivityType") or "public",
        )
        gateway.client_token = token
    return ActionResult({"NatGateway": gateway, "ClientToken": token})


def delete_nat_gateway(self: Any) -> ActionResult:
    """DeleteNatGateway: the address and the interface are free when it is gone, not before."""
    backend, id = self.ec2_backend, self._get_param("NatGatewayId")
    gateway = backend.nat_gateways.get(id)
    if not gateway:
        raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {id} was not found")

    def gone() -> None:
        gateway.state = "deleted"
        for address in gateway.address_set:
            if address.get("associationId"):
                backend.disassociate_address(association_id=address["associationId"])
        backend.delete_network_interface(gateway._eni.id)

    if gateway.state not in ("deleting", "deleted"):
        gateway.state = "deleting"
        lifecycle.later(gone)
    return ActionResult({"NatGatewayId": id})


_moto_gateways = nat.NatGatewayBackend.describe_nat_gateways


def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> list[Any]:
    """DescribeNatGateways: moto ignores filters by tag."""
    wanted = {name[4:]: values for name, values in (filters or {}).items() if name.startswith("tag:")}
    return [
        gateway
        for gateway in _moto_gateways(self, filters, nat_gateway_ids)
        if all({tag["key"]: tag["value"] for tag in gateway.get_tags()}.get(key) in values for key, values in wanted.items())
    ]


nat.NatGatewayBackend.describe_nat_gateways = describe_nat_gateways  # type: ignore[method-assign]
responses.NatGateways.create_nat_gateway = create_nat_gateway  # type: ignore[method-assign]
responses.NatGateways.delete_nat_gateway = delete_nat_gateway  # type: ignore[method-assign]


_moto_group = groups.SecurityGroupBackend.create_security_group


def create_security_group(self: Any, name: str, description: str, *more: Any, **named: Any) -> Any:
    """CreateSecurityGroup: moto takes any text, EC2 these characters only."""
    for field, text in (("GroupName", name), ("GroupDescription", description)):
        if not re.fullmatch(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", text):
            raise EC2ClientError("InvalidParameterValue", f"Value ({text}) for parameter {field} is invalid. Character sets beyond ASCII are not supported.")
    return _moto_group(self, name, description, *more, **named)


groups.SecurityGroupBackend.create_security_group = create_security_group  # type: ignore[method-assign]


def _rule_description(self: Any) -> str | None:
    """moto tells the description of a rule for a block only."""
    return self.ip_range.get("Description") or self.source_group.get("Description")


groups.SecurityGroupRule.description = property(_rule_description)  # type: ignore[method-assign]


def _tags(self: Any) -> list[dict[str, str]]:
    """moto tells a launch template's tags as they were when it was made."""
    return self.get_tags()


templates.LaunchTemplate.tags = property(_tags, lambda self, value: None)  # type: ignore[assignment]


def _partition(owner: type, attribute: str) -> None:
    """moto writes `arn:aws:` into the ARNs of subnets and security groups."""
    before = owner.__dict__.get(attribute)

    def get(self: Any) -> str:
        arn = before.fget(self) if isinstance(before, property) else self.__dict__[attribute]
        return arn.replace("arn:aws:", "arn:aws-cn:") if ":cn-" in arn else arn

    def put(self: Any, value: str) -> None:
        self.__dict__[attribute] = value

    setattr(owner, attribute, property(get, put))


_partition(groups.SecurityGroup, "arn")
_subnet_arn = next(name for name, value in vars(subnets.Subnet).items() if isinstance(value, property) and "arn" in name)
_partition(subnets.Subnet, _subnet_arn)


def _call(self: Any) -> Any:
    """moto looks at DryRun in some operations only."""
    if self.querystring.get("DryRun", ["false"])[0] != "true":
        return BaseResponse.call_action(self)
    error = EC2ClientError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    return self.serialized(ActionResult(error))


all_responses.EC2Response.call_action = _call  # type: ignore[method-assign]


def _ids(things: Any) -> set[str]:
    """The ids in moto's dictionaries, some of which are nested: by zone, or by VPC."""
    if not isinstance(things, dict):
        return set()
    here = {key for key, value in things.items() if isinstance(key, str) and not isinstance(value, dict)}
    return here.union(*[_ids(value) for value in things.values()])


_moto_tags = tags.TagBackend.describe_tags


def describe_tags(self: Any, filters: Any = None) -> list[dict[str, str]]:
    """DescribeTags: moto goes on listing the tags of what is gone; EC2 does so for instances and NAT gateways only."""
    there = set().union(*[_ids(value) for name, value in vars(self).items() if name != "tags"])
    there |= {address.allocation_id for address in self.addresses}
    there |= {instance.id for some in self.reservations.values() for instance in some.instances}
    return [tag for tag in _moto_tags(self, filters) if tag["resource_id"] in there]


tags.TagBackend.describe_tags = describe_tags  # type: ignore[method-assign]
