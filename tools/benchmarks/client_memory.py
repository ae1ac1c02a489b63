"""What 1,000 and 10,000 active tenants take in one process: memory over the import, sockets and other descriptors.

An active tenant has a live session, a data key to write and one to read. Each measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.benchmarks.aws_stub import StubProcess

MAX_MEBIBYTES = 300
"""Over the import, with 10,000 tenants."""

MAX_MORE_DESCRIPTORS = 16
"""Of 10,000 tenants over 1,000: none by the tenants, some by chance of how many calls met."""

THREADS = 8

SETTINGS = {
    "version": 1,
    "workload": "orders",
    "access": "tenant-role",
    "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{tenant_id}.orders",
    "alias_arn": "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}",
    "operations": ["encrypt", "decrypt"],
}


def resident() -> float:
    """MiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def child(tenants: int) -> dict[str, float]:
    """Serves each tenant once, and says what that has left behind."""
    from tenant_keys import client

    keys = client.TenantKeys.from_environment(
        {"TENANT_KEYS_CONFIG": json.dumps(SETTINGS)},
        limits=client.Limits(max_age=3600, max_tenants=max(tenants, 1)),
    )

    def serve(number: int) -> None:
        tenant = keys.tenant_without_token(f"t{number}")
        if tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n") != b"x":
            raise AssertionError("a message did not come back")

    before, files = resident(), descriptors()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(serve, range(tenants)))
    after = resident()
    return {"imported": before, "more": after - before, "descriptors": descriptors() - files}


def measured(stub: StubProcess, tenants: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.client_memory", "--child", str(tenants)],
        env={**os.environ, **stub.environment()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        print(json.dumps(child(options.child)))
        return 0
    print(f"{'active tenants':>14}{'MiB imported':>14}{'MiB more':>10}{'KiB a tenant':>14}{'descriptors more':>18}")
    rows = []
    for tenants in options.tenants:
        with StubProcess() as stub:
            row = measured(stub, tenants)
        rows.append(row)
        each = row["more"] * 1024 / tenants
        print(f"{tenants:14,}{row['imported']:14.0f}{row['more']:10.0f}{each:14.1f}{row['descriptors']:18.0f}")
    memory, more = rows[-1]["more"], rows[-1]["descriptors"] - rows[0]["descriptors"]
    findings = [
        (f"memory over the import: {memory:.0f} MiB, at most {MAX_MEBIBYTES}", memory <= MAX_MEBIBYTES),
        (
            f"descriptors that come with tenants: {more:.0f}, at most {MAX_MORE_DESCRIPTORS}",
            more <= MAX_MORE_DESCRIPTORS,
        ),
    ]
    for text, holds in findings:
        print(f"{'ok  ' if holds else 'FAIL'} {text}")
    return 0 if all(holds for _, holds in findings) else 2


if __name__ == "__main__":
    sys.exit(main())
