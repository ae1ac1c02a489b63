"""Estates of a few tenants, written as a manifest would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update

HEAD = """\
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1, eu-north-1]
  administrators: [role/Admin]
  break_glass: role/BreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag}
defaults: {workloads: [orders]}
tenants:
"""

EstateOf = Callable[..., Estate]


@pytest.fixture
def estate_of() -> EstateOf:
    """`estate_of("acme: {}", "globex: {}")`; `head` replaces text of the manifest above the tenants."""

    def build(*tenants: str, head: tuple[str, str] = ("", "")) -> Estate:
        text = HEAD.replace(*head) + "".join(f"  {tenant}\n" for tenant in tenants)
        manifest = parse_manifest(text)
        return resolve(manifest, update(manifest, new_lock(manifest))[0])

    return build


@pytest.fixture
def recorded() -> Callable[[Estate], Estate]:
    """The estate after `tenant-keys lock --record`: every multi-Region key has its id."""

    def record(estate: Estate) -> Estate:
        tenants = {
            name: replace(tenant, multi_region_key_id="mrk-" + "0" * 32) if tenant.multi_region else tenant
            for name, tenant in estate.tenants.items()
        }
        return replace(estate, tenants=tenants)

    return record
