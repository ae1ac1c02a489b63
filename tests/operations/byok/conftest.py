"""A local AWS with imported keys of two tenants, one of them in two Regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.manifest import Estate, load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations.byok import Ceremony

CENTRAL, CUSTOMER = "111111111111", "555555555555"
MANIFEST = """\
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/Admin]
  break_glass: role/BreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants:
  acme: {}
  globex: {key: {origin: imported, import_role: role/GlobexImport}}
  soylent: {key: {origin: imported, import_role: role/SoylentImport, expires: dated}}
  umbrella: {key: {origin: imported, import_role: role/UmbrellaImport, multi_region: true}}
  wonka: {key: {origin: imported, custodian: {account: "555555555555", role: role/KeyCustodian, external_id: wonka-1}}}
"""


@pytest.fixture
def aws(own_aws: LocalAws) -> LocalAws:
    own_aws.reset()
    return own_aws


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "tenants.yaml"
    path.write_text(MANIFEST)
    bring_up_to_date(path, base=None, merge=False).write()
    return path


@pytest.fixture
def estate(manifest: Path) -> Estate:
    return load_estate(manifest)


@pytest.fixture
def ceremony_of(aws: LocalAws, estate: Estate) -> Callable[[str], Ceremony]:
    """Makes the tenant's keys and aliases as a deployment would, and gives the ceremony on them."""

    def make(tenant: str) -> Ceremony:
        kms = aws.session(CENTRAL).client("kms")
        several = tenant == "umbrella"
        key = kms.create_key(Origin="EXTERNAL", MultiRegion=several)["KeyMetadata"]
        kms.create_alias(AliasName=f"alias/tenant-{tenant}", TargetKeyId=key["KeyId"])
        clients = {
            region: aws.session(CENTRAL, region=region).client("kms") for region in ("eu-west-1", "eu-central-1")
        }
        return Ceremony(estate.tenants[tenant], estate, clients.__getitem__)

    return make
