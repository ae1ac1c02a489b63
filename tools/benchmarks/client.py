"""Messages a second and calls to AWS: the client beside the AWS Encryption SDK, in one run on one machine.

Ratios mean something, absolute figures belong to the machine. Every variant uses the same alias keyring, committing
suite and data against the same local AWS, which decides each KMS call by the project's policies.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_cryptographic_material_providers.mpl import (  # type: ignore[import-untyped]
    AwsCryptographicMaterialProviders,
)
from aws_cryptographic_material_providers.mpl.config import (  # type: ignore[import-untyped]
    MaterialProvidersConfig,
)
from aws_cryptographic_material_providers.mpl.models import (  # type: ignore[import-untyped]
    CreateDefaultCryptographicMaterialsManagerInput,
)
from aws_encryption_sdk import (  # type: ignore[import-untyped]
    CachingCryptoMaterialsManager,
    EncryptionSDKClient,
    LocalCryptoMaterialsCache,
)
from aws_encryption_sdk.materials_managers.mpl.cmm import (  # type: ignore[import-untyped]
    CryptoMaterialsManagerFromMPL,
)

from tenant_keys.client import AliasKeyring, Counters, Limits, Tenant, TenantKeys
from tenant_keys.client.aws import Aws
from tenant_keys.client.sdk import POLICY, SUITE
from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tools.benchmarks.client_estate import BILLING, CENTRAL, ISSUER, ORDERS, REGION, ClientEstate, build, open_once

TENANTS = [f"tenant{number}" for number in range(10)]
MESSAGE = os.urandom(1024)
ROUNDS = 10

MIN_OVER_UNCACHED = 60.0
MIN_OVER_SDK_CACHE = 0.8
MAX_KMS_CALLS = 30


@dataclass
class Row:
    name: str
    encrypted: float
    """Messages a second."""
    decrypted: float
    kms: int
    sts: int
    messages: int


class CountedKms:
    """A KMS client whose calls are counted."""

    def __init__(self, client: Any) -> None:
        self._client, self.calls = client, 0

    def generate_data_key(self, **request: Any) -> Any:
        self.calls += 1
        return self._client.generate_data_key(**request)

    def decrypt(self, **request: Any) -> Any:
        self.calls += 1
        return self._client.decrypt(**request)


class Sdk:
    """The Encryption SDK with our keyring, with or without its own caching materials manager, one a tenant."""

    def __init__(self, client_estate: ClientEstate, *, cached: bool) -> None:
        self._sdk = EncryptionSDKClient(commitment_policy=POLICY, max_encrypted_data_keys=1)
        settings, aws = client_estate.keys("orders")._settings, Aws(client_estate.runs_as("orders"))
        self.kms: list[CountedKms] = []
        self.managers = {}
        for tenant in TENANTS:
            kms = CountedKms(aws.kms(region=REGION, session=open_once(aws, settings, tenant, None)))
            keyring = AliasKeyring(kms=kms, alias_arn=settings.names(tenant).alias_arn, tenant_id=tenant)
            providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
            manager = CryptoMaterialsManagerFromMPL(
                providers.create_default_cryptographic_materials_manager(
                    CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
                )
            )
            if cached:
                manager = CachingCryptoMaterialsManager(
                    cache=LocalCryptoMaterialsCache(1000), max_age=300.0, backing_materials_manager=manager
                )
            self.kms.append(kms)
            self.managers[tenant] = manager

    def encrypt(self, tenant: str) -> bytes:
        blob, _ = self._sdk.encrypt(
            source=MESSAGE,
            materials_manager=self.managers[tenant],
            encryption_context={"tenant_id": tenant},
            algorithm=SUITE,
        )
        return bytes(blob)

    def decrypt(self, tenant: str, blob: bytes) -> bytes:
        data, _ = self._sdk.decrypt(source=blob, materials_manager=self.managers[tenant])
        return bytes(data)


class Client:
    """The client: a handle a request, or, with `verify`, a token verified for every single message."""

    def __init__(self, client_estate: ClientEstate, *, limits: Limits | None = None, verify: bool = False) -> None:
        self.counters = Counters()
        self._keys: TenantKeys = client_estate.keys("orders", limits=limits, on_event=self.counters)
        self._tokens = {tenant: client_estate.token(tenant) for tenant in TENANTS}
        self._handles = {tenant: self._keys.tenant(token) for tenant, token in self._tokens.items()}
        self._verify = verify

    def _tenant(self, tenant: str) -> Tenant:
        return self._keys.tenant(self._tokens[tenant]) if self._verify else self._handles[tenant]

    def encrypt(self, tenant: str) -> bytes:
        return self._tenant(tenant).encrypt(MESSAGE, name="orders/42")

    def decrypt(self, tenant: str, blob: bytes) -> bytes:
        return self._tenant(tenant).decrypt(blob, name="orders/42")


def rate(work: Callable[[int], object], times: int) -> float:
    started = time.perf_counter()
    for turn in range(times):
        work(turn)
    return times / (time.perf_counter() - started)


class Course:
    """One variant's messages, measured a tenth at a time; its rate is that of its best tenth."""

    def __init__(self, name: str, subject: Sdk | Client, messages: int) -> None:
        self._name, self._subject, self._messages = name, subject, messages
        self._blobs = dict.fromkeys(TENANTS, b"")
        self._encrypted = self._decrypted = 0.0

    def go_on(self) -> None:
        self._encrypted = max(self._encrypted, rate(self._encrypt, self._messages // ROUNDS))
        self._decrypted = max(self._decrypted, rate(self._decrypt, self._messages // ROUNDS))

    def row(self) -> Row:
        subject = self._subject
        if isinstance(subject, Sdk):
            kms, sts = sum(kms.calls for kms in subject.kms), len(TENANTS)
        else:
            kms, sts = subject.counters.total("kms"), subject.counters.total("sts")
        return Row(self._name, self._encrypted, self._decrypted, kms, sts, self._messages)

    def _encrypt(self, turn: int) -> None:
        tenant = TENANTS[turn % len(TENANTS)]
        self._blobs[tenant] = self._subject.encrypt(tenant)

    def _decrypt(self, turn: int) -> None:
        tenant = TENANTS[turn % len(TENANTS)]
        if self._subject.decrypt(tenant, self._blobs[tenant]) != MESSAGE:
            raise AssertionError("a message did not come back")


def run(client_estate: ClientEstate, messages: int, uncached: int) -> dict[str, Row]:
    """`uncached` messages suffice where each calls KMS: its rate does not depend on their number.

    The variants take turns and each is known by its best tenth, so that a neighbour on the machine slows none of them
    alone. Calls are counted over all.
    """
    courses = {
        "sdk": Course("Encryption SDK, no cache", Sdk(client_estate, cached=False), uncached),
        "sdk_cache": Course("Encryption SDK, its CachingCMM", Sdk(client_estate, cached=True), messages),
        "client": Course("tenant-keys client", Client(client_estate), messages),
        "client_jwt": Course(
            "tenant-keys client, token verified for every message", Client(client_estate, verify=True), messages
        ),
        "client_0": Course("tenant-keys client, max_age=0", Client(client_estate, limits=Limits(max_age=0)), uncached),
    }
    for _ in range(ROUNDS):
        for course in courses.values():
            course.go_on()
    return {key: course.row() for key, course in courses.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="encryptions, and decryptions, over 10 tenants")
    parser.add_argument("--uncached", type=int, default=300, help="the same for variants that call KMS every time")
    options = parser.parse_args()
    issuer = LocalIssuer(ISSUER)
    with LocalAws(accounts=(CENTRAL, ORDERS, BILLING), jwks={ISSUER: issuer.key_set}) as aws:
        rows = run(build(aws, issuer, TENANTS), options.messages, options.uncached)
    print(f"1 KiB messages, {len(TENANTS)} tenants, one thread, local AWS")
    print(f"{'':54}{'enc/s':>8}{'dec/s':>8}{'KMS':>6}{'STS':>5}  for")
    for row in rows.values():
        counted = f"{row.messages:,} + {row.messages:,}"
        print(f"{row.name:54}{row.encrypted:8,.0f}{row.decrypted:8,.0f}{row.kms:6}{row.sts:5}  {counted}")
    client, sdk, cache = rows["client"], rows["sdk"], rows["sdk_cache"]
    findings = [
        (f"encryption over the SDK without cache: {client.encrypted / sdk.encrypted:.0f}x, at least 60x",
         client.encrypted / sdk.encrypted >= MIN_OVER_UNCACHED),
        (f"encryption over the SDK's CachingCMM: {client.encrypted / cache.encrypted:.2f}, at least 0.8",
         client.encrypted / cache.encrypted >= MIN_OVER_SDK_CACHE),
        (f"decryption over the SDK's CachingCMM: {client.decrypted / cache.decrypted:.2f}, at least 0.8",
         client.decrypted / cache.decrypted >= MIN_OVER_SDK_CACHE),
        (f"KMS calls of the client: {client.kms}, at most {MAX_KMS_CALLS}", client.kms <= MAX_KMS_CALLS),
    ]  # fmt: skip
    for text, holds in findings:
        print(f"{'ok  ' if holds else 'FAIL'} {text}")
    return 0 if all(holds for _, holds in findings) else 2


if __name__ == "__main__":
    sys.exit(main())
