"""Commands on a manifest with two key accounts: each finds the account that holds the tenant's key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tenant_keys.manifest import read_lock
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.read_manifest import SeveralKeyAccounts
from tenant_keys.operations.errors import KeyMismatch, TakeBackRefused, TransitionRefused
from tenant_keys.operations.offboarding.departing import departing
from tenant_keys.operations.record_key_ids import record
from tenant_keys.operations.take_back import take_back
from tenant_keys.operations.tenant_edit import plan_addition, plan_state
from tenant_keys.operations.verify.verify import estate_of
from tests import two_key_accounts as two


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    two.estates(tmp_path)
    return tmp_path / "tenants.yaml"


def test_an_edit_of_a_tenant_leaves_every_other_line_of_both_accounts(manifest: Path) -> None:
    before = read_lock(manifest.with_suffix(".lock")).entries
    edit = plan_state(manifest, "initech", "suspend")
    assert (edit.before.key_account, edit.after.tenants["initech"].state) == ("two", "suspended")
    edit.write()
    after = read_lock(manifest.with_suffix(".lock")).entries
    assert [name for name in before if before[name] != after[name]] == ["initech"]
    assert after["initech"].key_account == "two"


def test_a_tenant_that_is_added_is_of_the_account_that_its_entry_names(manifest: Path) -> None:
    plan_addition(manifest, "wayne", {"workloads": ["orders"]}).write()
    plan_addition(manifest, "wonka", {"workloads": ["shop"], "key_account": "two"}).write()
    entries = read_lock(manifest.with_suffix(".lock")).entries
    assert (entries["wayne"].key_account, entries["wonka"].key_account) == (None, "two")


def test_key_ids_are_recorded_of_the_account_of_the_credentials(manifest: Path) -> None:
    text = manifest.read_text().replace(
        "umbrella: {key_account: two, workloads: [shop]}",
        "umbrella: {key_account: two, workloads: [shop]}\n"
        "  wayne: {key_account: two, workloads: [shop], key: {multi_region: true}}\n"
        "  wonka: {workloads: [orders], key: {multi_region: true}}",
    )
    manifest.write_text(text)
    bring_up_to_date(manifest).write()
    asked: dict[str, Any] = {"KeyId": "arn:aws:kms:eu-west-1:444444444444:alias/tenant-wayne"}
    client = boto3.client("kms", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    with Stubber(client) as stub:
        stub.add_client_error("describe_key", "NotFoundException", expected_params=asked)
        found = record(manifest, lambda _: client, lambda _: "444444444444")
        stub.assert_no_pending_responses()
    assert found.not_deployed == ("wayne",)
    with pytest.raises(
        KeyMismatch, match="of account 999999999999; the key accounts are one 111111111111, two 444444444444"
    ):
        record(manifest, None, lambda _: "999999999999")


def test_stacks_are_verified_in_the_account_that_has_them(manifest: Path) -> None:
    assert estate_of(manifest, ["tenant-keys-two-cell-eu-west-1-001"]).key_account == "two"
    assert estate_of(manifest, ["tenant-keys-cell-eu-west-1-001"]).key_account == "one"
    for stacks in ([], ["tenant-keys-cell-eu-west-1-001", "tenant-keys-two-cell-eu-west-1-001"]):
        with pytest.raises(SeveralKeyAccounts):
            estate_of(manifest, stacks)


def test_a_tenant_leaves_the_account_that_holds_its_key(manifest: Path) -> None:
    plan_state(manifest, "initech", "offboard").write()
    leaving = departing(manifest, "initech")
    assert leaving.account == "444444444444"
    assert leaving.alias_arn == "arn:aws:kms:eu-west-1:444444444444:alias/tenant-initech"
    assert leaving.break_glass == "arn:aws:iam::444444444444:role/KeyBreakGlass"
    plan_state(manifest, "initech", "offboard --final").write()
    lines = [line for line in manifest.read_text().splitlines(keepends=True) if "key_account: two" not in line]
    only_one = "".join(lines).replace("guardrails", "# guardrails")
    start, end = only_one.index("  - name: two"), only_one.index("# guardrails")
    manifest.write_text(only_one[:start] + only_one[end:])
    with pytest.raises(TransitionRefused, match="lists no key account 444444444444, which holds the key of initech"):
        departing(manifest, "initech")


def test_a_tenant_is_taken_back_with_credentials_of_its_own_account(manifest: Path) -> None:
    def client_of(service: str, region: str) -> Any:
        client: Any = boto3.client("sts", region_name=region, aws_access_key_id="x", aws_secret_access_key="y")
        stub = Stubber(client)
        stub.add_response("get_caller_identity", {"Account": "111111111111"})
        stub.activate()
        assert service == "sts"
        return client

    with pytest.raises(TakeBackRefused, match="of account 111111111111; the key account is 444444444444"):
        take_back(manifest.with_suffix(".lock"), ["initech"], None, client_of)
