"""An S3 client that sends nothing: it keeps what each request was given, and answers as S3 does."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

OPERATIONS = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload")


class RecordedS3:
    """`requests` are (operation, arguments) pairs; `breaks` names an operation that answers with an error of this code.

    `also` is what an operation answers beside the usual, and `answers` what it answers instead.
    """

    def __init__(
        self,
        *,
        breaks: str | None = None,
        code: str = "InternalError",
        content: bytes = b"",
        also: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.client = boto3.client(
            "s3", region_name="eu-west-1", aws_access_key_id="AKID", aws_secret_access_key="secret"
        )
        self._breaks, self._code, self._content, self._also = breaks, code, content, also or {}
        self.client.meta.events.register_first("provide-client-params.s3", self._keep)
        self.client.meta.events.register("before-call.s3", self._answer)

    def _keep(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.requests.append((model.name, dict(params)))

    def _answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        if model.name == self._breaks:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, model.name)
        checksums = {name: f"{name}-of-the-part" for name in ("ChecksumSHA256", "ChecksumCRC32")}
        answers: dict[str, dict[str, Any]] = {
            "CreateMultipartUpload": {"UploadId": "upload"},
            "UploadPart": {"ETag": '"part"', **checksums},
            "GetObject": {
                "Body": StreamingBody(io.BytesIO(self._content), len(self._content)),
                "ContentLength": len(self._content),
                "ETag": '"e"',
            },
            "GetObjectTagging": {"TagSet": []},
        }
        return SimpleNamespace(status_code=200, headers={}), {
            **(answers | self.answers).get(model.name, {}),
            **self._also.get(model.name, {}),
            "ResponseMetadata": {},
        }

    def given(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.requests if name == operation]

    def members(self, operation: str) -> set[str]:
        shape = self.client.meta.service_model.operation_model(operation).input_shape
        assert shape is not None
        return set(shape.members)

    def sample(self, operation: str, name: str) -> Any:
        """A value of the argument's type, by the model."""
        shape = self.client.meta.service_model.operation_model(operation).input_shape
        assert shape is not None
        member = shape.members[name]
        of_type: dict[str, Any] = {
            "string": (getattr(member, "enum", None) or ["text"])[0],
            "boolean": True,
            "integer": 1,
            "long": 1,
            "timestamp": "2030-01-01T00:00:00Z",
            "map": {"k": "v"},
            "blob": b"bytes",
        }
        return of_type[member.type_name]
