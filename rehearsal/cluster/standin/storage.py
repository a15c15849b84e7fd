"""Stands in for the EBS CSI driver: makes a PersistentVolume for each claim of a class whose provisioner it is.

As the driver does, it acts only where the add-on is installed, and for `WaitForFirstConsumer` only when the scheduler
has chosen a node. Nothing is mounted: kwok's pods mount nothing.
"""

from __future__ import annotations

from typing import Any, Callable

from .kube import Kube, Stores

PROVISIONER = "ebs.csi.aws.com"
ADDON = "aws-ebs-csi-driver"
SELECTED = "volume.kubernetes.io/selected-node"


class Storage:
    """Binds claims."""

    def __init__(self, kube: Kube, stores: Stores, cluster: Callable[[], Any]):
        self.kube, self.stores, self.cluster = kube, stores, cluster

    def reconcile(self) -> None:
        """Makes volumes for pending claims, and drops released ones whose class says Delete."""
        if (self.cluster() or {}).get("addons", {}).get(ADDON) != "ACTIVE":
            return
        classes = {item["metadata"]["name"]: item for item in self.stores["/apis/storage.k8s.io/v1/storageclasses"]}
        for claim in self.stores["/api/v1/persistentvolumeclaims"]:
            kind = classes.get(claim["spec"].get("storageClassName", ""))
            if not kind or kind["provisioner"] != PROVISIONER or claim["spec"].get("volumeName"):
                continue
            node = claim["metadata"].get("annotations", {}).get(SELECTED)
            if node or kind.get("volumeBindingMode") != "WaitForFirstConsumer":
                self.kube.create("/api/v1/persistentvolumes", self.volume(claim, kind, node))
        for volume in self.stores["/api/v1/persistentvolumes"]:
            if volume.get("status", {}).get("phase") == "Released" and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                self.kube.call(f"/api/v1/persistentvolumes/{volume['metadata']['name']}", "DELETE")

    def volume(self, claim: Any, kind: Any, node: str | None) -> Any:
        """The volume for a claim, in the zone of the node."""
        metadata = claim["metadata"]
        spec = {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": kind["metadata"]["name"],
            "persistentVolumeReclaimPolicy": kind.get("reclaimPolicy", "Delete"),
            "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
            "csi": {"driver": PROVISIONER, "volumeHandle": "vol-0" + metadata["uid"].replace("-", "")[:16], "fsType": "ext4"},
        }
        found = self.stores["/api/v1/nodes"].get("", node) if node else None
        zone = (found or {"metadata": {}})["metadata"].get("labels", {}).get("topology.kubernetes.io/zone")
        if zone:
            term = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}
            spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
        made_by = {"pv.kubernetes.io/provisioned-by": PROVISIONER}
        return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"pvc-{metadata['uid']}", "annotations": made_by}, "spec": spec}
