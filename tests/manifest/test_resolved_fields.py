"""Every field of the key account, of its audit, of held keys and of custodians, resolved and typed by hand."""

from dataclasses import replace

import pytest

from tenant_keys.manifest import LockError, parse_manifest, resolve
from tenant_keys.manifest.estate import Audit, Central, Custodian, HeldKey
from tenant_keys.manifest.lock import Registration
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.model import Quotas
from tenant_keys.manifest.update import update
from tests.manifest.sample import TEXT, edited, errors
from tests.manifest.test_resolve import estate_of_text, lock_of

HELD = "arn:aws:kms:eu-west-1:555555555555:key/0000000c-0000-4000-8000-000000000000"


@pytest.mark.parametrize(("written", "minutes"), [(", grace_minutes: 45", 45), ("", 0)])
def test_every_field_of_a_key_that_its_tenant_holds_has_its_value(written: str, minutes: int) -> None:
    imported = "origin: imported, import_role: role/globex-import"
    text = edited((imported, f"held_by: tenant, arns: {{eu-west-1: '{HELD}'}}{written}"))
    lock = lock_of(text)
    there, here = {"eu-west-1": f"{HELD}-verified"}, {"eu-west-1": f"{HELD}-active"}
    recorded = replace(lock.entries["globex"], held=Registration("nonce", there, here))
    estate = resolve(parse_manifest(text), with_entries(lock, {**lock.entries, "globex": recorded}))
    assert estate.tenants["globex"].held == HeldKey({"eu-west-1": HELD}, there, here, "nonce", minutes)
    assert estate.tenants["acme"].held is None


@pytest.mark.parametrize(
    ("field", "got"),
    [
        ("origin: imported", "imported"),
        ("multi_region: true", "true"),
        ("region: eu-west-1", "eu-west-1"),
        ("import_role: role/globex-import", "role/globex-import"),
    ],
)
def test_what_the_owner_of_a_held_key_decides_is_no_field_of_ours(field: str, got: str) -> None:
    imported = "origin: imported, import_role: role/globex-import"
    name = field.partition(":")[0]
    found = errors(edited((imported, f"held_by: tenant, arns: {{eu-west-1: '{HELD}'}}, {field}")))
    message = f"tenants.globex.key.{name}: got {got}; the tenant decides it as the owner of the key; remove it"
    assert [one.partition(" ")[2] for one in found if f"key.{name}" in one] == [message]


def test_a_key_that_its_tenant_holds_and_one_of_ours_never_replace_each_other() -> None:
    def refused(before: str, after: str) -> list[str]:
        with pytest.raises(LockError) as caught:
            update(parse_manifest(after), lock_of(before))
        return [str(problem) for problem in caught.value.problems]

    imported = "origin: imported, import_role: role/globex-import"
    held = edited((imported, f"held_by: tenant, arns: {{eu-west-1: '{HELD}'}}"))
    place = "tenants.globex.key.held_by"
    (problem,) = refused(held, TEXT)
    assert problem.startswith(f"{place}: missing, but tenants.lock records that the tenant holds its own key, which")
    (problem,) = refused(TEXT, held)
    assert problem.startswith(f"{place}: got tenant, but tenants.lock records a key in the central account, which")


def test_every_field_of_the_key_account_and_of_its_audit_has_its_value() -> None:
    account = "arn:aws:iam::111111111111"
    execution = f"{account}:role/cdk-hnb659fds-cfn-exec-role-111111111111"
    usual = Central(
        account="111111111111",
        home_region="eu-west-1",
        regions=("eu-west-1", "eu-central-1"),
        administrators=(f"{account}:role/KeyAdministrator",),
        readers=(f"{account}:role/SecurityAudit",),
        auditors={},
        break_glass=f"{account}:role/KeyBreakGlass",
        deployers=(f"{execution}-eu-west-1", f"{execution}-eu-central-1"),
        permissions_boundary=None,
        bootstrap_qualifier="hnb659fds",
        quotas=Quotas(iam_roles=1000, trust_policy_characters=2048),
        deletion_hook=False,
    )
    estate = estate_of_text()
    assert estate.central == usual
    assert estate.audit == Audit(probe_roles=(), own_trail=False, import_path=None, forward_from=())
    other = estate_of_text(
        ("  readers:", "  deletion_hook: true\n  permissions_boundary: policy/Bound\n  readers:"),
        ("workloads:\n", "audit: {trail: own, probe_roles: [role/Probe], import_path: /import/}\nworkloads:\n"),
        ("role/globex-import", "role/import/globex"),
    )
    assert other.central == replace(usual, deletion_hook=True, permissions_boundary=f"{account}:policy/Bound")
    assert other.audit == Audit((f"{account}:role/Probe",), own_trail=True, import_path="/import/", forward_from=())


@pytest.mark.parametrize(
    ("naming", "role"),
    [
        ("", "role/tenant-keys/import.globex"),
        ("naming: {alias: 'alias/dev/{id}', role_path: /Dev/, role_prefix: dev_}\n", "role/Dev/dev_import.globex"),
    ],
)
def test_a_custodian_assumes_a_role_of_the_app_below_the_estates_own_path(naming: str, role: str) -> None:
    custodian = "custodian: {account: '555555555555', role: role/keys/Officer, external_id: g-1}"
    globex = estate_of_text(
        ("import_role: role/globex-import", custodian), ("workloads:\n", f"{naming}workloads:\n")
    ).tenants["globex"]
    assert globex.import_role == f"arn:aws:iam::111111111111:{role}"
    assert globex.custodian == Custodian("arn:aws:iam::555555555555:role/keys/Officer", "g-1")
    assert globex.custodian.account == "555555555555"
