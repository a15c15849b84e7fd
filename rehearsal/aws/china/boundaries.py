"""IAM: permissions boundaries of users, which moto has for roles only."""

from __future__ import annotations

from typing import Any

import moto.iam.models as models
import moto.iam.responses as responses
from moto.core.responses import ActionResult, EmptyResult


def _boundary(self: Any) -> dict[str, str] | None:
    arn = getattr(self, "boundary_arn", None)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


models.User.permissions_boundary = property(_boundary)  # type: ignore[attr-defined]

_moto_create_user = responses.IamResponse.create_user


def create_user(self: Any) -> ActionResult:
    """CreateUser: with its boundary."""
    answer = _moto_create_user(self)
    self.backend.get_user(self._get_param("UserName")).boundary_arn = self._get_param("PermissionsBoundary")
    return answer


def put_user_permissions_boundary(self: Any) -> ActionResult:
    """PutUserPermissionsBoundary."""
    self.backend.get_user(self._get_param("UserName")).boundary_arn = self._get_param("PermissionsBoundary")
    return EmptyResult()


responses.IamResponse.create_user = create_user  # type: ignore[method-assign]
responses.IamResponse.put_user_permissions_boundary = put_user_permissions_boundary  # type: ignore[attr-defined]
