"""What each use of the AWS Encryption SDK asks of it: named at every call, and not left to the SDK's defaults."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import Any

import pytest
from aws_encryption_sdk import CommitmentPolicy, StreamDecryptor, StreamEncryptor  # type: ignore[import-untyped]
from aws_encryption_sdk.identifiers import Algorithm  # type: ignore[import-untyped]

from tests.client.standin import StandIn

COMMITTED = {"commitment_policy": CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, "max_encrypted_data_keys": 1}
WRITING = {**COMMITTED, "algorithm": Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, "frame_length": 65_536}
READING = {**COMMITTED, "max_body_length": 65_536}
LARGE = bytes(100_000)


def test_every_message_is_committed_and_has_one_data_key_and_frames_of_64_kib(
    aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def noting(site: str, make: Any) -> Any:
        def made(**options: Any) -> Any:
            asked[site].append(
                {name: value if name in {*WRITING, *READING} else ... for name, value in options.items()}
            )
            return make(**options)

        return made

    for module in ("message", "single_frame", "stream"):
        monkeypatch.setattr(f"tenant_keys.client.{module}.StreamEncryptor", noting(module, StreamEncryptor))
    for module in ("message", "stream"):
        site = f"{module}, reading"
        monkeypatch.setattr(f"tenant_keys.client.{module}.StreamDecryptor", noting(site, StreamDecryptor))
    tenant = aws.keys().tenant_without_token("acme")
    assert tenant.decrypt(tenant.encrypt(b"small", name="n"), name="n") == b"small"
    assert tenant.decrypt(tenant.encrypt(LARGE, name="n"), name="n") == LARGE
    sealed = tenant.encrypting(io.BytesIO(LARGE), name="n").read()
    assert tenant.decrypting(io.BytesIO(sealed), name="n").read() == LARGE
    source: dict[str, Any] = {"source": ..., "materials_manager": ...}
    sized = {**source, "source_length": ...}
    assert asked == {
        "single_frame": [source | WRITING],
        "message": [sized | WRITING | {"encryption_context": ...}],
        "stream": [source | WRITING | {"encryption_context": ...}],
        "message, reading": [sized | READING] * 2,
        "stream, reading": [source | READING],
    }
