"""SigV4 signatures of requests, verified by ministack."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z\Z", re.ASCII)
_HEX_DIGITS = 64
"""Of a SHA-256; requests to S3 may declare other things in its place, such as UNSIGNED-PAYLOAD."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The SigV4 credentials of a request, not yet verified."""

    access_key: str
    region: str
    service: str
    parsed: Any
    presigned: bool


def signature_of(headers: Mapping[str, str], query: Mapping[str, Any]) -> Signature | tuple[str, str] | None:
    """The signature in header or query; an error (code, message) if it is incomplete; None without any."""
    from ministack.core import sigv4  # type: ignore[import-untyped]

    if headers.get("authorization", "").startswith("AWS4-HMAC-SHA256"):
        parsed, presigned = sigv4.parse_header_signature(headers), False
    elif "X-Amz-Signature" in query or "x-amz-signature" in query:
        parsed, presigned = sigv4.parse_query_signature(query), True
    else:
        return None
    if isinstance(parsed, tuple):
        return str(parsed[0]), str(parsed[1])
    return Signature(parsed.access_key_id, parsed.region, parsed.service, parsed, presigned)


def signature_failure(
    signature: Signature,
    secret: str,
    method: str,
    raw_path: str,
    query: Mapping[str, Any],
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, str] | None:
    """Why a signature does not hold: time, scope, headers or bytes (IAM guide, reference_sigv)."""
    from ministack.core import sigv4

    parsed, is_s3 = signature.parsed, signature.service == "s3"
    if parsed.region_set is not None or not _AMZ_DATE.match(parsed.amz_date):
        return "SignatureDoesNotMatch", "The local AWS takes AWS4-HMAC-SHA256 signatures with a date in ISO 8601 basic."
    # S3 limits a presigned request by X-Amz-Expires, which ministack looks at; elsewhere five or fifteen minutes hold.
    if not (signature.presigned and is_s3) and (skewed := sigv4.request_time_failure(parsed)):
        return str(skewed[0]), str(skewed[1])
    if signature.presigned and not is_s3 and _presign_expired(parsed.amz_date, query):
        return "RequestTimeTooSkewed", "Signature expired: the request was presigned for less time."
    if unsigned := _unsigned_headers(parsed.signed_headers, headers):
        return "SignatureDoesNotMatch", f"'{unsigned}' must be a 'SignedHeader' in the AWS Authorization."
    failure = sigv4.header_signature_failure(
        parsed, secret, method, raw_path, query, headers, body, presigned=signature.presigned
    )
    if failure is None:
        # The signature covers the declared hash of the body; the body must have that hash, too. S3 alone takes others.
        declared = headers.get("x-amz-content-sha256")
        if declared and (len(declared) == _HEX_DIGITS or not is_s3) and declared != _sha256(body):
            return "SignatureDoesNotMatch", "The body does not have the hash that was signed."
        return None
    return str(failure[0]), str(failure[1])


def _presign_expired(amz_date: str, query: Mapping[str, Any]) -> bool:
    from ministack.core import sigv4

    given = (query.get("X-Amz-Expires") or ["0"])[0]
    return not str(given).isdigit() or bool(sigv4.presigned_request_is_expired(amz_date, given))


def _unsigned_headers(signed: str, headers: Mapping[str, str]) -> str | None:
    """The first header that must be signed and is not: the host, and all of AWS's own (reference_sigv-create)."""
    names = ["host", *(name for name in headers if name.startswith("x-amz-"))]
    return next((name for name in names if name not in signed.split(";")), None)


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
