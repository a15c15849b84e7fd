"""ECR: hosts of registries are those of the China partition, `<account>.dkr.ecr.<region>.amazonaws.com.cn`."""

from __future__ import annotations

from typing import Any

import moto.ecr.models as models
import moto.ecr.responses as responses

SUFFIX = ".amazonaws.com"

_moto_init = models.Repository.__init__
_moto_token = responses.ECRResponse.get_authorization_token


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    _moto_init(self, *args, **kwargs)
    self.uri = self.uri.replace(f"{SUFFIX}/", f"{SUFFIX}.cn/", 1)


def _token(self: Any) -> Any:
    answer = _moto_token(self)
    for entry in answer.result["authorizationData"]:
        entry["proxyEndpoint"] += ".cn"
    return answer


models.Repository.__init__ = _init  # type: ignore[method-assign]
responses.ECRResponse.get_authorization_token = _token  # type: ignore[method-assign]
