"""Stands in for the Secrets Store CSI driver with the AWS provider: syncs Secrets that a SecretProviderClass names.

As the driver does, it acts when a running pod mounts the class; it reads from Secrets Manager what `objects` says, with
the right of the pod's service account: there must be one, with a role's ARN, and the role must exist.
"""

from __future__ import annotations

import base64
import json
import urllib.error
from typing import Any, Iterator

import boto3
import jmespath
import yaml
from botocore.exceptions import ClientError

from .kube import Kube, Object, Stores

CLASSES = "/apis/secrets-store.csi.x-k8s.io/v1/secretproviderclasses"
DRIVER = "secrets-store.csi.k8s.io"
ROLE = "eks.amazonaws.com/role-arn"


class SecretsStore:
    """Syncs Secrets."""

    def __init__(self, kube: Kube, stores: Stores, aws: str):
        self.kube, self.stores, self.aws = kube, stores, aws
        self.synced: dict[tuple[str, str], str] = {}

    def reconcile(self) -> None:
        """Syncs what running pods mount."""
        if not any(item["metadata"]["name"] == DRIVER for item in self.stores["/apis/storage.k8s.io/v1/csidrivers"]):
            return
        secrets = self.stores["/api/v1/secrets"]
        for pod, provider in self.mounted():
            namespace, account = pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")
            for wanted in provider["spec"].get("secretObjects") or []:
                key = (namespace, wanted["secretName"])
                if secrets.get(*key) and self.synced.get(key) == provider["metadata"]["uid"]:
                    continue
                values = self.read(provider, namespace, account)
                data = {entry["key"]: base64.b64encode(values[entry["objectName"]].encode()).decode() for entry in wanted["data"]}
                self.write(namespace, wanted, data)
                self.synced[key] = provider["metadata"]["uid"]

    def mounted(self) -> Iterator[tuple[Object, Object]]:
        """Running pods with a class that they mount."""
        classes = self.stores[CLASSES]
        for pod in self.stores["/api/v1/pods"]:
            if pod.get("status", {}).get("phase") != "Running":
                continue
            for volume in pod["spec"].get("volumes", []):
                if volume.get("csi", {}).get("driver") == DRIVER:
                    provider = classes.get(pod["metadata"]["namespace"], volume["csi"]["volumeAttributes"]["secretProviderClass"])
                    if provider:
                        yield pod, provider

    def read(self, provider: Object, namespace: str, account: str) -> dict[str, str]:
        """Names and values, as `objects` lists them."""
        found = self.kube.call(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}")
        role = found["metadata"].get("annotations", {}).get(ROLE, "")
        if not role:
            raise LookupError(f"service account {namespace}/{account} has no {ROLE}")
        parameters = provider["spec"]["parameters"]
        region = parameters.get("region") or self.region()
        session = boto3.session.Session(region_name=region)
        session.client("iam", endpoint_url=self.aws).get_role(RoleName=role.split("/")[-1])
        manager = session.client("secretsmanager", endpoint_url=self.aws)
        values = {}
        for entry in yaml.safe_load(parameters["objects"]):
            text = manager.get_secret_value(SecretId=entry["objectName"])["SecretString"]
            values[entry.get("objectAlias") or entry["objectName"]] = text
            for path in entry.get("jmesPath") or []:
                value = jmespath.search(path["path"], json.loads(text))
                if value is None:
                    raise LookupError(f"{entry['objectName']} has no {path['path']}")
                values[path["objectAlias"]] = str(value)
        return values

    def region(self) -> str:
        """The region of the nodes: what the provider falls back to."""
        node = next(iter(self.stores["/api/v1/nodes"]))
        return node["metadata"]["labels"]["topology.kubernetes.io/region"]

    def write(self, namespace: str, wanted: Object, data: dict[str, str]) -> None:
        """Creates or updates a synced Secret."""
        path, name = f"/api/v1/namespaces/{namespace}/secrets", wanted["secretName"]
        labels = {"secrets-store.csi.k8s.io/managed": "true"} | (wanted.get("labels") or {})
        secret = {"apiVersion": "v1", "kind": "Secret", "type": wanted.get("type", "Opaque"), "metadata": {"name": name, "labels": labels}, "data": data}
        if not self.kube.create(path, secret):
            self.kube.patch(f"{path}/{name}", {"data": data})


FAULTS = (ClientError, LookupError, urllib.error.HTTPError, StopIteration)
"""What may pass: the driver would try again as well."""
