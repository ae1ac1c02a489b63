"""Ten changes that a reviewer meets, each with the verdict that it deserves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_keys.cost import with_tenants
from tenant_keys.manifest import Estate, Lock, LockError, load_estate, load_manifest, resolve
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.diff import Comparison, Severity, compare
from tenant_keys.review.diff.access import access_changes
from tenant_keys.review.diff.costs import cost_changes
from tenant_keys.review.diff.settings import setting_changes
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_stacks import add_stacks
from tools.cloud_assembly import edit_template

MANIFEST = """
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag, operations: [decrypt]}
tenants:
  acme: {workloads: [orders]}
  globex: {workloads: [orders, billing]}
  initech: {workloads: [orders], state: offboarding}
"""


@dataclass(frozen=True)
class Version:
    directory: Path
    estate: Estate
    lock: Lock

    def template(self, stack: str) -> Path:
        return self.directory / f"{stack}.template.json"


def version(folder: Path, text: str, lock: Lock | None = None) -> Version:
    """Synthesize a manifest with the lock that follows from an earlier one."""
    folder.mkdir(parents=True)
    path = folder / "tenants.yaml"
    path.write_text(text)
    manifest = load_manifest(path)
    following, _ = update(manifest, lock or new_lock(manifest))
    path.with_suffix(".lock").write_text(render_lock(following))
    estate = load_estate(path)
    app = cdk.App(outdir=str(folder / "cdk.out"), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate)
    app.synth()
    return Version(folder / "cdk.out", estate, following)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return version(tmp_path_factory.mktemp("before") / "estate", MANIFEST)


def changed(before: Version, tmp_path: Path, old: str, new: str) -> Comparison:
    """Compare with an edit of the manifest."""
    assert old in MANIFEST
    after = version(tmp_path / "after", MANIFEST.replace(old, new), before.lock)
    gone = frozenset(tenant for tenant, entry in after.lock.entries.items() if entry.phase == "offboarded")
    return compare(before.directory, before.estate, after.directory, after.estate, offboarded=gone)


def edited(before: Version, tmp_path: Path, stack: str, edit: Callable[[dict[str, Any]], None]) -> Comparison:
    """Compare with an edit of a template's resources."""
    copy = tmp_path / "cdk.out"
    shutil.copytree(before.directory, copy)
    edit_template(copy, stack, lambda template: edit(template["Resources"]))
    return compare(before.directory, before.estate, copy, before.estate)


def sentences(comparison: Comparison, severity: Severity) -> list[str]:
    return [change.what for change in comparison.changes if change.severity is severity]


KEYS = "tenant-keys-cell-eu-west-1-001"


def test_adding_a_tenant_creates_a_key_and_widens_nothing(before: Version, tmp_path: Path) -> None:
    comparison = changed(before, tmp_path, "tenants:\n", "tenants:\n  umbrella: {workloads: [orders]}\n")

    assert comparison.verdict == "nothing widened"
    assert sentences(comparison, Severity.NOTE) == [
        "key created for tenant umbrella in eu-west-1",
        "role tenant-umbrella.orders of account 111111111111 is created",
        # 3 and 4 keys of $1; twice rotated $3 each, but initech's, which is disabled, stays at $1 (KMS pricing)
        "the keys cost $4.00 a month instead of $3.00 a month; $10.00 instead of $7.00 once they have rotated twice",
        (
            "quotas used: KMS keys (eu-west-1) 4 of 100,000, 3 before; "
            "requests a second (eu-west-1) 6 of 100,000, 4 before; "
            "IAM roles (key account) 9 of 1,000, 8 before; resources of a stack (fullest) 8 of 500, 6 before"
        ),
    ]


def test_adding_a_workload_to_a_tenant_needs_review(before: Version, tmp_path: Path) -> None:
    comparison = changed(before, tmp_path, "acme: {workloads: [orders]}", "acme: {workloads: [orders, billing]}")

    assert comparison.verdict == "needs review"
    widened = "Role tenant-keys/billing/shared.billing of account 111111111111 may now Decrypt, DescribeKey with "
    assert widened + "tenant acme's key" in sentences(comparison, Severity.REVIEW)


def test_loosening_a_condition_is_reported_even_where_another_safeguard_holds(before: Version, tmp_path: Path) -> None:
    def forget_context(resources: dict[str, Any]) -> None:
        statement = resources["RoleacmeFororders"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
        del statement["Condition"]["StringEquals"]["kms:EncryptionContext:tenant_id"]

    comparison = edited(before, tmp_path, "tenant-keys-roles-001", forget_context)

    assert comparison.verdict == "needs review"
    (lost,) = sentences(comparison, Severity.REVIEW)
    assert lost == (
        "identity policy of the role of orders: an Allow without StringEquals kms:encryptioncontext:tenant_id as "
        "strict as before, such as where kms:encryptioncontext:tenant_id is absent "
        "(kms:Decrypt, kms:Encrypt, kms:GenerateDataKey, kms:GenerateDataKeyWithoutPlaintext): "
        "tenant acme's key"
    )


def test_renaming_a_stack_is_blocked_since_its_keys_would_be_lost(before: Version, tmp_path: Path) -> None:
    copy = tmp_path / "cdk.out"
    shutil.copytree(before.directory, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["artifacts"][KEYS]["properties"]["stackName"] = "keys-of-our-tenants"
    (copy / "manifest.json").write_text(json.dumps(manifest))

    comparison = compare(before.directory, before.estate, copy, before.estate)

    assert comparison.verdict == "blocked"
    moved = "the key of tenant acme in eu-west-1 is moved to keys-of-our-tenants Keyacme"
    assert f"{moved} (tenant-keys-cell-eu-west-1-001 Keyacme before)" in sentences(comparison, Severity.BLOCKED)


def test_removing_a_tenant_without_offboarding_is_blocked(before: Version, tmp_path: Path) -> None:
    without = MANIFEST.replace("  acme: {workloads: [orders]}\n", "")
    forced = version(tmp_path / "after", without)  # a lock made anew: what the lock itself would have refused

    comparison = compare(before.directory, before.estate, forced.directory, forced.estate)

    assert comparison.verdict == "blocked"
    lost = sentences(comparison, Severity.BLOCKED)
    assert any(what.startswith("the key of tenant acme in eu-west-1 is deleted from the templates") for what in lost)
    assert "alias/tenant-acme in eu-west-1 is dropped or renamed" in lost


def test_offboarding_by_its_stages_needs_review_and_is_no_loss(before: Version, tmp_path: Path) -> None:
    comparison = changed(before, tmp_path, "state: offboarding", "state: offboarded")

    assert comparison.verdict == "needs review"
    assert sentences(comparison, Severity.REVIEW) == [
        "the key of tenant initech in eu-west-1 leaves its stack and is retained; break-glass may then delete it"
    ]


def test_swapping_the_aliases_of_two_tenants_is_blocked(before: Version, tmp_path: Path) -> None:
    def swap(resources: dict[str, Any]) -> None:
        acme, globex = resources["Aliasacme"]["Properties"], resources["Aliasglobex"]["Properties"]
        acme["TargetKeyId"], globex["TargetKeyId"] = globex["TargetKeyId"], acme["TargetKeyId"]

    comparison = edited(before, tmp_path, KEYS, swap)

    assert comparison.verdict == "blocked"
    blocked = sentences(comparison, Severity.BLOCKED)
    assert "alias/tenant-acme in eu-west-1 points at another key" in blocked
    assert "alias/tenant-globex in eu-west-1 points at another key" in blocked


def test_a_second_alias_on_a_key_is_reported(before: Version, tmp_path: Path) -> None:
    def add(resources: dict[str, Any]) -> None:
        properties = {**resources["Aliasacme"]["Properties"], "AliasName": "alias/another"}
        resources["Another"] = {**resources["Aliasacme"], "Properties": properties}

    comparison = edited(before, tmp_path, KEYS, add)

    assert comparison.verdict == "blocked"  # the proof knows no second alias
    reported = "alias/another in eu-west-1 also leads to the key of tenant acme"
    assert reported in sentences(comparison, Severity.REVIEW)


def test_a_safeguard_lost_by_one_of_many_tenants_alike_is_reported(before: Version, tmp_path: Path) -> None:
    """The first two of a class represent it in the proof; here the third is the one that changes."""
    alike = "".join(f"  {name}: {{workloads: [orders]}}\n" for name in ("aaa", "bbb", "ccc", "ddd"))
    many = version(tmp_path / "many", MANIFEST + alike)

    def forget(resources: dict[str, Any]) -> None:
        policy = resources["Keyddd"]["Properties"]["KeyPolicy"]
        policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "DenyOtherContext"]

    comparison = edited(many, tmp_path, KEYS, forget)

    assert comparison.verdict == "needs review"
    (lost,) = sentences(comparison, Severity.REVIEW)
    start = (
        "key policy in eu-west-1: no Deny StringNotEquals kms:encryptioncontext:tenant_id as strict as DenyOtherContext"
    )
    assert lost.startswith(start)
    assert lost.endswith(": tenant ddd's key")


def test_a_quota_that_no_longer_holds_needs_review(before: Version) -> None:
    changes = list(cost_changes(before.estate, with_tenants(before.estate, 1_500)))
    exceeded = [(one.what, one.fix) for one in changes if one.severity is Severity.REVIEW]
    assert exceeded == [
        (
            "the quota of IAM roles (key account) does not hold 1,006; it is 1,000",
            "raise to 10,000, or access: session-tag",
        )
    ]


def test_raising_the_rotation_period_widens_nothing(before: Version, tmp_path: Path) -> None:
    comparison = changed(
        before, tmp_path, "acme: {workloads: [orders]}", "acme: {workloads: [orders], rotation_days: 730}"
    )

    assert comparison.verdict == "nothing widened"
    assert sentences(comparison, Severity.NOTE) == [
        "rotation period in days of the key of tenant acme in eu-west-1: 365 becomes 730"
    ]


def test_a_refactoring_without_effect_changes_no_access(before: Version, tmp_path: Path) -> None:
    def rewrite(resources: dict[str, Any]) -> None:
        policy = resources["Keyacme"]["Properties"]["KeyPolicy"]
        statements = list(reversed(policy["Statement"]))
        for statement in statements:
            statement["Sid"] = statement["Sid"] + "Renamed"
        first = next(statement for statement in statements if len(statement["Action"]) > 2)
        second = {**first, "Sid": first["Sid"] + "Again", "Action": first["Action"][1:]}
        first["Action"] = first["Action"][:1]
        policy["Statement"] = [*statements, second]

    comparison = edited(before, tmp_path, KEYS, rewrite)

    assert comparison.verdict == "nothing widened"
    assert sentences(comparison, Severity.NOTE) == [
        "key policy in eu-west-1 is written differently and means the same: tenant acme's key"
    ]


def test_adding_an_administrator_needs_review(before: Version, tmp_path: Path) -> None:
    comparison = changed(
        before, tmp_path, "[role/KeyAdministrator]", "[role/KeyAdministrator, role/SecondAdministrator]"
    )

    assert comparison.verdict == "needs review"
    assert any(
        what.startswith(
            "Role SecondAdministrator of account 111111111111 may now CancelKeyDeletion, DescribeKey, DisableKey"
        )
        for what in sentences(comparison, Severity.REVIEW)
    )


def test_an_id_of_a_tenant_that_left_is_refused_before_there_is_anything_to_compare(
    before: Version, tmp_path: Path
) -> None:
    left = version(tmp_path / "left", MANIFEST.replace("state: offboarding", "state: offboarded"), before.lock)
    again = tmp_path / "again.yaml"
    again.write_text(MANIFEST.replace(", state: offboarding", ""))

    with pytest.raises(LockError, match="initech"):
        resolve(load_manifest(again), left.lock)


def tagged(before: Version, folder: Path, tags: dict[str, str], *, read: str = "") -> ReviewedEstate:
    """A version in which the roles of orders have these tags beside their own.

    With `read`, acme's role may use keys only if its session has a tag of this key with the value x.
    """

    def edit(template: dict[str, Any]) -> None:
        resources = template["Resources"]
        for role in resources.keys() & {"RoleacmeFororders", "Roleorders"}:
            own = resources[role]["Properties"].setdefault("Tags", [])
            own.extend({"Key": key, "Value": value} for key, value in tags.items())
        policies = resources["RoleacmeFororders"]["Properties"]["Policies"] if read else []
        for statement in (one for policy in policies for one in policy["PolicyDocument"]["Statement"]):
            statement.setdefault("Condition", {}).setdefault("StringEquals", {})[f"aws:PrincipalTag/{read}"] = "x"

    shutil.copytree(before.directory, folder)
    edit_template(folder, "tenant-keys-roles-001", edit)
    if not read:
        edit_template(folder, "tenant-keys-workload-222222222222-eu-west-1", edit)
    return review_estate(folder, before.estate)


def test_a_tag_that_no_condition_reads_changes_no_access(before: Version, tmp_path: Path) -> None:
    none, x, y, upper = (
        tagged(before, tmp_path / str(number), tags)
        for number, tags in enumerate(({}, {"c": "x"}, {"c": "y"}, {"C": "x"}))
    )
    for old, new in ((none, x), (x, none), (x, y), (x, upper)):
        assert list(access_changes(old, new)) == []
        (note,) = setting_changes(old, new)
        assert (note.severity, note.count) == (Severity.NOTE, 2)
        assert note.what.startswith("Tags of role tenant-acme.orders of account 111111111111: ")


def test_a_tag_that_a_condition_reads_changes_access(before: Version, tmp_path: Path) -> None:
    """For a session that brings no tags: it has those of its role. The keys of tags ignore case."""
    none, x, upper, y = (
        tagged(before, tmp_path / str(number), tags, read="c")
        for number, tags in enumerate(({}, {"c": "x"}, {"C": "x"}, {"c": "y"}))
    )
    who = "A session without tags of the tenant's own role of workload orders"
    what = "Decrypt, DescribeKey, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext with tenant acme's key"
    for old, new in ((none, upper), (y, x)):
        reported = [(one.severity, one.what) for one in access_changes(old, new)]
        assert reported == [(Severity.REVIEW, f"{who} may now {what}")]
    reported = [(one.severity, one.what) for one in access_changes(x, none)]
    assert reported == [(Severity.NOTE, f"{who} may no longer {what}")]
    assert list(access_changes(none, y)) == []


def test_a_tag_of_a_tenant_needs_no_review(before: Version, tmp_path: Path) -> None:
    comparison = changed(before, tmp_path, "acme: {workloads: [orders]}", "acme: {workloads: [orders], tags: {c: x}}")
    assert comparison.verdict == "nothing widened"
    assert [what.partition(": ")[0] for what in sentences(comparison, Severity.NOTE)] == [
        "Tags of the key of tenant acme in eu-west-1",
        "Tags of role tenant-acme.orders of account 111111111111",
    ]
