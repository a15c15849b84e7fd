"""Service Quotas: moto has the VPC ones only, with ARNs of another region."""

from __future__ import annotations

import json
from typing import Any

import moto.servicequotas.responses as responses
from moto.servicequotas.exceptions import NoSuchResource

from .settings import ACCOUNT

QUOTAS = {
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5),
    ("vpc", "L-A4707A72"): ("Internet gateways per Region", 5),
    ("vpc", "L-FE5A380F"): ("NAT gateways per Availability Zone", 5),
    ("vpc", "L-407747CB"): ("Subnets per VPC", 200),
    ("vpc", "L-E79EC296"): ("VPC security groups per Region", 2500),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5),
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 256),
    ("ec2", "L-DB2E81BA"): ("Running On-Demand G and VT instances", 64),
    ("ec2", "L-417A185B"): ("Running On-Demand P instances", 64),
    ("ec2", "L-3819A6DF"): ("All G and VT Spot Instance Requests", 64),
    ("ec2", "L-7212CCBC"): ("All P4, P3 and P2 Spot Instance Requests", 64),
    ("eks", "L-1194D53C"): ("Clusters", 100),
    ("eks", "L-6D54EA21"): ("Managed node groups per cluster", 30),
    ("rds", "L-7B6409FD"): ("DB instances", 40),
    ("rds", "L-7ADDB58A"): ("Total storage for all DB instances (GB)", 100000),
    ("rds", "L-DE55804A"): ("DB subnet groups", 50),
}
"""Service and quota code: name, and what a fresh account of the rehearsal has."""


def _row(self: Any, service: str, code: str) -> dict[str, Any]:
    name, value = QUOTAS[service, code]
    arn = f"arn:aws-cn:servicequotas:{self.region}:{ACCOUNT}:{service}/{code}"
    fixed = {"Adjustable": True, "GlobalQuota": False, "Unit": "None", "ServiceName": service.upper()}
    return {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "QuotaArn": arn, "Value": float(value)} | fixed


def get_service_quota(self: Any) -> str:
    """GetServiceQuota and GetAWSDefaultServiceQuota."""
    asked = json.loads(self.body)
    key = (asked["ServiceCode"], asked["QuotaCode"])
    if key not in QUOTAS:
        raise NoSuchResource
    return json.dumps({"Quota": _row(self, *key)})


def list_service_quotas(self: Any) -> str:
    """ListServiceQuotas and ListAWSDefaultServiceQuotas, in one page."""
    service = json.loads(self.body)["ServiceCode"]
    rows = [_row(self, *key) for key in QUOTAS if key[0] == service]
    if not rows:
        raise NoSuchResource
    return json.dumps({"Quotas": rows})


for name, method in {
    "get_service_quota": get_service_quota,
    "get_aws_default_service_quota": get_service_quota,
    "list_service_quotas": list_service_quotas,
    "list_aws_default_service_quotas": list_service_quotas,
}.items():
    setattr(responses.ServiceQuotasResponse, name, method)
