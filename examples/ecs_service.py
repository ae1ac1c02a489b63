"""A container on ECS or EKS: documents of any size, streamed to S3 and back. WSGI, so any server runs it.

Environment: TENANT_KEYS_WORKLOAD, TENANT_KEYS_ISSUER, TENANT_KEYS_AUDIENCE, BUCKET. Create the app in the worker, after
the server has forked.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import boto3

from tenant_keys.client import MessageRefused, TenantKeys, TokenError, s3

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Documents:
    def __init__(self) -> None:
        self.keys = TenantKeys.from_environment()
        self.s3 = boto3.client("s3")
        self.bucket = os.environ["BUCKET"]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            tenant = self.keys.tenant(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
            key = f"{tenant.id}/{environ['PATH_INFO'].lstrip('/')}"  # we add the slash: a path may lack one
            if environ["REQUEST_METHOD"] == "PUT":
                if not environ.get("CONTENT_LENGTH"):
                    start_response("411 Length Required", [])
                    return []
                size = int(environ["CONTENT_LENGTH"])  # a client that disconnects leaves no shorter document
                s3.put_object(tenant, self.s3, bucket=self.bucket, key=key, body=environ["wsgi.input"], size=size)
                start_response("204 No Content", [])
                return []
            document = s3.get_object(tenant, self.s3, bucket=self.bucket, key=key)
        except TokenError:
            start_response("401 Unauthorized", [])
            return []
        except EOFError:
            start_response("400 Bad Request", [])
            return []
        except (MessageRefused, self.s3.exceptions.NoSuchKey):
            start_response("404 Not Found", [])
            return []
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return document  # chunks; a truncated object raises at its end, and the server drops the connection
