"""Puts the operations of the EKS modules into moto: methods of its response class, and their paths."""

from __future__ import annotations

from typing import Any, Callable

import moto.eks.responses as responses
import moto.eks.urls as urls
from moto.core.responses import ActionResult

from . import eks, eks_access, eks_versions


def _answers(function: Callable[[Any], dict[str, Any]]) -> Callable[[Any], ActionResult]:
    def method(self: Any) -> ActionResult:
        return ActionResult(function(self))

    return method


for operation in (*eks.OPERATIONS, *eks_access.OPERATIONS):
    setattr(responses.EKSResponse, operation.__name__, operation)
setattr(responses.EKSResponse, "describe_cluster_versions", _answers(eks_versions.cluster_versions))
setattr(responses.EKSResponse, "describe_addon_versions", _answers(eks_versions.supported_addons))

for path in (*eks.PATHS, *eks_access.PATHS, "cluster-versions$", "addons/supported-versions$"):
    urls.url_paths["{0}/" + path] = responses.EKSResponse.dispatch
