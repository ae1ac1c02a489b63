"""Reading what many writers wrote: 300 rows from 60 writers, one after another and together, with the calls to KMS.

Every writer has data keys of its own, so a reader asks KMS once for each. KMS answers after 10 ms here, which is the
order of what a Region gives; the figures are for docs/decisions.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from tenant_keys.client import Counters, TenantKeys
from tenant_keys.client.aio import AsyncTenant
from tools.benchmarks.aws_stub import StubProcess
from tools.benchmarks.client_memory import SETTINGS

ROWS, WRITERS = 300, 60
KMS_SECONDS = 0.01


def made(counters: Counters | None = None) -> TenantKeys:
    return TenantKeys.from_environment({"TENANT_KEYS_CONFIG": json.dumps(SETTINGS)}, on_event=counters)


def main() -> None:
    with StubProcess(kms_seconds=KMS_SECONDS) as stub:
        os.environ.update(stub.environment())
        writers = [made().tenant_without_token("acme") for _ in range(WRITERS)]
        rows = [writers[number % WRITERS].encrypt(b"x" * 200, name=str(number)) for number in range(ROWS)]

        def one_after_another(keys: TenantKeys) -> None:
            tenant = keys.tenant_without_token("acme")
            for number, row in enumerate(rows):
                tenant.decrypt(row, name=str(number))

        def in_threads(keys: TenantKeys) -> None:
            tenant = keys.tenant_without_token("acme")
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda pair: tenant.decrypt(pair[1], name=str(pair[0])), enumerate(rows)))

        def in_tasks(keys: TenantKeys) -> None:
            tenant = AsyncTenant(keys.tenant_without_token("acme"))

            async def gather() -> None:
                await asyncio.gather(*(tenant.decrypt(row, name=str(number)) for number, row in enumerate(rows)))

            asyncio.run(gather())

        print(f"{ROWS} rows of {WRITERS} writers; KMS answers after {KMS_SECONDS * 1000:.0f} ms")
        print(f"{'':28}{'ms, first time':>16}{'ms, again':>12}{'Decrypts':>10}")
        for name, read in (
            ("one after another", one_after_another),
            ("in 16 threads", in_threads),
            ("in 300 tasks of asyncio", in_tasks),
        ):
            keys = made(counters := Counters())
            keys.tenant_without_token("acme").encrypt(b"x", name="n")  # opens the session
            taken = []
            for _ in range(2):
                started = time.perf_counter()
                read(keys)
                taken.append((time.perf_counter() - started) * 1000)
            print(f"{name:28}{taken[0]:16.0f}{taken[1]:12.0f}{counters.total('kms') - 1:10}")


if __name__ == "__main__":
    main()
