"""Readers in processes of their own, while their tenant is revoked: how long the last of them goes on reading."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tenant_keys.client import Limits, TenantKeys, TenantSuspended
from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.operations.revocation import revoke
from tools.benchmarks.client_estate import BILLING, CENTRAL, ISSUER, ORDERS, REGION, ClientEstate, build
from tools.life_cycle.leaving_tenants import frozen_credentials

PAUSE: Final = 0.05
"""Seconds between two reads of a reader."""
WAIT: Final = 120.0
"""Seconds after which a reader that still reads gives up, and says so."""


def read_until_refused(blob: bytes, max_age: float) -> None:
    """A reader: prints when it has read first, and when it read last, by the machine's clock."""
    keys = TenantKeys.from_environment(limits=Limits(max_age=max_age))
    tenant = keys.tenant_without_token("revoked")
    tenant.decrypt(blob, name="row")
    print("reading", flush=True)
    last, end = time.time(), time.time() + WAIT
    while time.time() < end:
        try:
            tenant.decrypt(blob, name="row")
        except TenantSuspended as refusal:
            print(json.dumps({"last": last, "refused": time.time(), "why": str(refusal)}), flush=True)
            return
        last = time.time()
        time.sleep(PAUSE)
    raise SystemExit(f"still reading after {WAIT} s")


def show(ages: Sequence[float]) -> None:
    """Start a reader for each max_age, revoke the tenant, and print how long each one read on."""
    issuer = LocalIssuer(ISSUER)
    with LocalAws(accounts=(CENTRAL, ORDERS, BILLING), jwks={ISSUER: issuer.key_set}) as aws, ExitStack() as stack:
        client_estate = build(aws, issuer, ["revoked"])
        blob = client_estate.keys("orders").tenant(client_estate.token("revoked")).encrypt(b"data", name="row")
        readers = [stack.enter_context(_reader(client_estate, blob, age)) for age in ages]
        client_estate.as_role(
            "KeyAdministrator", "describe_key", KeyId=client_estate.key_arn("revoked")
        )  # makes the role
        administrator = assume(aws, client_estate.estate.central.administrators[0])
        asked = time.time()
        revoke(
            client_estate.estate.tenants["revoked"],
            client_estate.estate,
            lambda region: administrator.client("kms", region_name=region),
            say=print,
        )
        done = time.time()
        print(f"revoked in {done - asked:.2f} s; seconds after that, by the machine's clock:")
        print(f"{'reader':>7}{'max_age':>9}{'last read':>11}{'refused':>9}  as")
        latest = 0.0
        for number, (age, process) in enumerate(zip(ages, readers, strict=True)):
            reported = json.loads(process.communicate()[0].splitlines()[-1])
            last, refused = reported["last"] - done, reported["refused"] - done
            latest = max(latest, last)
            print(f"{number:>7}{age:>9g}{last:>11.2f}{refused:>9.2f}  {reported['why'].partition(': ')[2]}")
        print(f"the last process stopped reading {latest:.2f} s after the revocation")


@contextmanager
def _reader(client_estate: ClientEstate, blob: bytes, age: float) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **client_estate.aws.environment(credentials=frozen_credentials(client_estate.runs_as("orders")), region=REGION),
        **client_estate.environment("orders"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    program = [sys.executable, "-m", "tools.life_cycle", "read", blob.hex(), str(age)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "reading\n":
            raise RuntimeError("the reader does not read")
        yield process
    finally:
        process.kill()
        process.wait()
