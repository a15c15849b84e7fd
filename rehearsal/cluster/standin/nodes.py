"""Stands in for node groups: makes a Node for each instance that an active group wants, and removes it with the group.

kwok stands in for the kubelets of these nodes: see ../kwok.
"""

from __future__ import annotations

from typing import Any, Callable

from .kube import Kube, Stores

CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "58", "ephemeral-storage": "100Gi"}
"""What an m5.2xlarge has: enough for Kubeflow on three nodes."""


class Nodes:
    """Keeps the nodes equal to what EKS says of the node groups."""

    def __init__(self, kube: Kube, stores: Stores, cluster: Callable[[], Any]):
        self.kube, self.stores, self.cluster = kube, stores, cluster

    def reconcile(self) -> None:
        """Makes and removes nodes."""
        cluster = self.cluster()
        wanted = {}
        for group in (cluster or {}).get("nodegroups", []):
            # Nodes join shortly before EKS says ACTIVE, and go while it says DELETING.
            if group["status"] != "DELETING":
                for number in range(group["size"]):
                    wanted[f"{group['name']}-{number}.{cluster['region']}.compute.internal"] = (group, number)
        present = {item["metadata"]["name"] for item in self.stores["/api/v1/nodes"]}
        for name in present - set(wanted):
            self.kube.call(f"/api/v1/nodes/{name}", "DELETE")
        for name in set(wanted) - present:
            self.kube.create("/api/v1/nodes", node(name, cluster["region"], *wanted[name]))


def node(name: str, region: str, group: Any, number: int) -> dict[str, Any]:
    """A node of a group, as EKS labels it."""
    zone = group["zones"][number % len(group["zones"])]
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": group["type"],
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
        "eks.amazonaws.com/nodegroup": group["name"],
        "eks.amazonaws.com/capacityType": "ON_DEMAND",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels | (group["labels"] or {})},
        "spec": {"providerID": f"aws:///{zone}/i-{abs(hash(name)) % 16**17:017x}"},
        "status": {"allocatable": CAPACITY, "capacity": CAPACITY},
    }
