"""S3: the root elements of answers. moto names them after the operation; strict clients want the real names."""

from __future__ import annotations

from typing import Any, Mapping

from moto.core.serialize import S3Serializer

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
