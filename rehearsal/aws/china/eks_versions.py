"""EKS: the Kubernetes versions and add-on versions on offer.

Dates are those of the EKS user guide (calendar of Kubernetes versions); add-on versions are of the form EKS uses, and
for each Kubernetes version the default is not the newest, as is common.
"""

from __future__ import annotations

from typing import Any

VERSIONS = {
    "1.32": ("2025-01-23", "2026-03-23", "2027-03-23", "EXTENDED_SUPPORT"),
    "1.33": ("2025-05-29", "2026-07-29", "2027-07-29", "EXTENDED_SUPPORT"),
    "1.34": ("2025-10-02", "2026-12-02", "2027-12-02", "STANDARD_SUPPORT"),
    "1.35": ("2026-01-28", "2027-03-27", "2028-03-27", "STANDARD_SUPPORT"),
    "1.36": ("2026-06-02", "2027-08-02", "2028-08-02", "STANDARD_SUPPORT"),
}
"""Version: released, end of standard support, end of extended support, status."""

DEFAULT = "1.35"
"""The version of a cluster for which none is asked."""

ADDONS = {
    "vpc-cni": ("networking", ["v1.20.4-eksbuild.2", "v1.20.4-eksbuild.1", "v1.19.6-eksbuild.1"]),
    "kube-proxy": ("networking", ["v{minor}.2-eksbuild.3", "v{minor}.0-eksbuild.4"]),
    "coredns": ("networking", ["v1.13.1-eksbuild.2", "v1.12.4-eksbuild.1"]),
    "aws-ebs-csi-driver": ("storage", ["v1.54.0-eksbuild.1", "v1.53.0-eksbuild.1", "v1.48.0-eksbuild.2"]),
    "eks-pod-identity-agent": ("security", ["v1.3.10-eksbuild.2", "v1.3.9-eksbuild.3"]),
}
"""Add-on: its type, and its versions, newest first; the second is the default."""


def addon_versions(name: str, kubernetes: str) -> list[str]:
    """The versions of an add-on for a Kubernetes version, newest first."""
    return [version.format(minor=kubernetes) for version in ADDONS[name][1]]


def default_addon_version(name: str, kubernetes: str) -> str:
    """What CreateAddon takes when no version is named."""
    return addon_versions(name, kubernetes)[1]


def cluster_versions(self: Any) -> dict[str, Any]:
    """`GET /cluster-versions`."""
    asked = self.querystring.get("clusterVersions") or []
    return {
        "clusterVersions": [
            {
                "clusterVersion": version,
                "clusterType": "eks",
                "defaultPlatformVersion": "eks.1",
                "defaultVersion": version == DEFAULT,
                "releaseDate": released + "T00:00:00Z",
                "endOfStandardSupportDate": standard + "T00:00:00Z",
                "endOfExtendedSupportDate": extended + "T00:00:00Z",
                "status": status.lower(),
                "versionStatus": status,
                "kubernetesPatchVersion": version + ".4",
            }
            for version, (released, standard, extended, status) in reversed(VERSIONS.items())
            if not asked or version in asked
        ]
    }


def supported_addons(self: Any) -> dict[str, Any]:
    """`GET /addons/supported-versions`."""
    name, asked = self._get_param("addonName"), self._get_param("kubernetesVersion")
    answer = []
    for addon in [name] if name in ADDONS else [] if name else list(ADDONS):
        versions: dict[str, list[dict[str, Any]]] = {}
        for kubernetes in [asked] if asked in VERSIONS else [] if asked else list(VERSIONS):
            for version in addon_versions(addon, kubernetes):
                default = version == default_addon_version(addon, kubernetes)
                place = {"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": default}
                versions.setdefault(version, []).append(place)
        answer.append(
            {
                "addonName": addon,
                "type": ADDONS[addon][0],
                "publisher": "eks",
                "owner": "aws",
                "addonVersions": [
                    {"addonVersion": version, "architecture": ["amd64", "arm64"], "compatibilities": places}
                    for version, places in versions.items()
                ],
            }
        )
    return {"addons": answer}
