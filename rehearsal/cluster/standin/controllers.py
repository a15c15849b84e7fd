"""Stands in for controllers, as far as others wait for what they report or make.

| controller | what it does here | what not |
|---|---|---|
| cert-manager | Issuers and ClusterIssuers Ready; a Secret from the plane's CA for each Certificate, then Ready | renewal, other issuers |
| istiod | ConfigMap `istio-ca-root-cert` in every namespace | sidecars, routes |
| profile controller | the namespace of a Profile with its two service accounts | role bindings, quotas |
| Karpenter | EC2NodeClass and NodePool Ready | nodes |
| others | a condition Ready on kinds in `REPORTS` | everything else |

Each acts when its Deployment is available.
"""

from __future__ import annotations

import base64
import urllib.error
from typing import Any

from .authority import Authority
from .kube import Kube, Object, Stores, condition, ready

CERT_MANAGER = "/apis/cert-manager.io/v1/"

REPORTS = {
    "/apis/karpenter.sh/v1/nodepools": ("karpenter", ["NodeClassReady", "ValidationSucceeded", "Ready"]),
    "/apis/karpenter.k8s.aws/v1/ec2nodeclasses": ("karpenter", ["SubnetsReady", "SecurityGroupsReady", "AMIsReady", "InstanceProfileReady", "Ready"]),
    "/apis/operator.knative.dev/v1alpha1/knativeservings": ("knative-operator", ["Ready"]),
}
"""Collection: the Deployment (in whatever namespace) whose controller reports, and the conditions."""


class Controllers:
    """Reports and makes."""

    def __init__(self, kube: Kube, stores: Stores, authority: Authority):
        self.kube, self.stores, self.authority = kube, stores, authority

    def reconcile(self) -> None:
        """One round of all."""
        if self.stores.available("cert-manager", "cert-manager"):
            self.issuers()
            self.certificates()
        if self.stores.available("istio-system", "istiod"):
            self.root_certificates()
        if self.stores.available("kubeflow", "profiles-deployment"):
            self.profiles()
        for path, (deployment, kinds) in REPORTS.items():
            if any(name == deployment and self.stores.available(space, name) for space, name in self.stores["/apis/apps/v1/deployments"].items):
                self.report(path, kinds)

    def report(self, path: str, kinds: list[str]) -> None:
        """Sets conditions on the objects of a collection."""
        for item in self.stores[path]:
            if not ready(item):
                self.kube.status(place(path, item), {"conditions": [condition(item, kind, kind) for kind in kinds]})

    def issuers(self) -> None:
        """Every issuer is Ready."""
        for kind in ("issuers", "clusterissuers"):
            self.report(CERT_MANAGER + kind, ["Ready"])

    def certificates(self) -> None:
        """A Secret, then Ready; not before the issuer is Ready."""
        issuers = {(item["kind"], *key) for kind in ("issuers", "clusterissuers") for key, item in self.stores[CERT_MANAGER + kind].items.items() if ready(item)}
        path = CERT_MANAGER + "certificates"
        for item in self.stores[path]:
            namespace, reference = item["metadata"]["namespace"], item["spec"]["issuerRef"]
            kind = reference.get("kind", "Issuer")
            issuer = (kind, namespace if kind == "Issuer" else "", reference["name"])
            if issuer not in issuers or (ready(item) and self.stores["/api/v1/secrets"].get(namespace, item["spec"]["secretName"])):
                continue
            self.issue(item)
            self.kube.status(place(path, item), {"conditions": [condition(item, "Ready", "Ready", "Certificate is up to date and has not expired")]})

    def issue(self, item: Object) -> None:
        """The Secret of a Certificate."""
        spec, namespace = item["spec"], item["metadata"]["namespace"]
        names = [*(spec.get("dnsNames") or []), *(spec.get("ipAddresses") or [])] or [spec.get("commonName") or item["metadata"]["name"]]
        certificate, key = self.authority.issue([name.replace("$(", "").replace(")", "") for name in names], spec.get("commonName") or "")
        data = {"tls.crt": certificate, "tls.key": key, "ca.crt": self.authority.pem}
        secret = {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": spec["secretName"], "annotations": {"cert-manager.io/certificate-name": item["metadata"]["name"]}},
            "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
        }  # fmt: skip
        self.kube.create(f"/api/v1/namespaces/{namespace}/secrets", secret)

    def root_certificates(self) -> None:
        """The ConfigMap that sidecars mount, in every namespace."""
        maps = self.stores["/api/v1/configmaps"]
        for item in self.stores["/api/v1/namespaces"]:
            name = item["metadata"]["name"]
            if item["status"]["phase"] == "Active" and not maps.get(name, "istio-ca-root-cert"):
                body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-ca-root-cert", "labels": {"istio.io/config": "true"}}, "data": {"root-cert.pem": self.authority.pem.decode()}}
                self.kube.create(f"/api/v1/namespaces/{name}/configmaps", body)

    def profiles(self) -> None:
        """The namespace of each Profile; the controller reports only failures, and success as a condition."""
        path = "/apis/kubeflow.org/v1/profiles"
        for item in self.stores[path]:
            name = item["metadata"]["name"]
            if self.stores["/api/v1/namespaces"].get("", name) and self.stores["/api/v1/serviceaccounts"].get(name, "default-viewer"):
                continue
            labels = {"app.kubernetes.io/part-of": "kubeflow-profile", "istio-injection": "enabled", "katib.kubeflow.org/metrics-collector-injection": "enabled"}
            owner = {"apiVersion": item["apiVersion"], "kind": "Profile", "name": name, "uid": item["metadata"]["uid"], "controller": True}
            annotations = {"owner": item["spec"]["owner"]["name"]}
            self.kube.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels, "annotations": annotations, "ownerReferences": [owner]}})
            for account in ("default-editor", "default-viewer"):
                self.kube.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}})
            try:
                self.kube.status(place(path, item), {"conditions": [{"type": "Successful"}]})
            except urllib.error.HTTPError:
                pass  # a schema without conditions: nothing waits for them then


def place(path: str, item: Object) -> str:
    """The path of an object, from the path of its collection over all namespaces."""
    namespace, name = item["metadata"].get("namespace"), item["metadata"]["name"]
    base, resource = path.rsplit("/", 1)
    return f"{base}/namespaces/{namespace}/{resource}/{name}" if namespace else f"{path}/{name}"
