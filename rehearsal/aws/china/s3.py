"""S3: the root elements of answers, and writes that take turns. moto names the elements after the operation; strict clients
want the real names."""

from __future__ import annotations

import threading
from typing import Any, Mapping

from moto.core.serialize import S3Serializer
from moto.s3.responses import S3Response

ROOTS = {
    "DeleteObjects": "DeleteResult",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
}
"""Operation: root element of its answer, as the S3 API reference has it."""

_moto_body = S3Serializer._serialize_body


def _body(self: Any, body: Mapping[str, Any]) -> str:
    root = ROOTS.get(self.operation_model.name)
    return _moto_body(self, {root: value for value in body.values()} if root and "Error" not in body else body)


S3Serializer._serialize_body = _body  # type: ignore[method-assign]


_one_at_a_time = threading.Lock()
_moto_put_object = S3Response.put_object


def _put_object(self: S3Response) -> Any:
    """Of two conditional writes at the same time S3 lets one through; moto looks first and writes later."""
    with _one_at_a_time:
        return _moto_put_object(self)


S3Response.put_object = _put_object  # type: ignore[method-assign]
