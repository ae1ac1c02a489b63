from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.manifest import Estate, LockError, load_estate, parse_manifest, resolve
from tenant_keys.manifest.estate import Tenant, Workload
from tenant_keys.manifest.lock import Lock, write_lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.manifest.model import IdentityProvider
from tenant_keys.manifest.update import new_lock, update
from tests.manifest.sample import TEXT, edited, manifest


def lock_of(text: str = TEXT) -> Lock:
    parsed = parse_manifest(text)
    return update(parsed, new_lock(parsed))[0]


def refused(*edits: tuple[str, str], lock: Lock | None = None) -> list[str]:
    with pytest.raises(LockError) as caught:
        resolve(manifest(*edits), lock or lock_of())
    return [str(problem) for problem in caught.value.problems]


def estate_of_text(*edits: tuple[str, str]) -> Estate:
    text = edited(*edits)
    return resolve(parse_manifest(text), lock_of(text))


@pytest.mark.parametrize(("expires", "dated"), [("", False), (", expires: never", False), (", expires: dated", True)])
def test_material_of_an_imported_key_expires_where_it_is_dated_and_nowhere_else(expires: str, dated: bool) -> None:
    estate = estate_of_text(("import_role: role/globex-import", f"import_role: role/globex-import{expires}"))
    assert estate.tenants["globex"].material_expires is dated
    assert estate.tenants["acme"].material_expires is False


def test_every_field_of_a_tenant_has_its_value() -> None:
    estate = estate_of_text()
    orders, billing = estate.workloads["orders"], estate.workloads["billing"]
    assert estate.tenants == {
        "acme": Tenant(
            id="acme",
            manifest_id="acme",
            state="active",
            workloads=(billing, orders),
            origin="aws-kms",
            multi_region=False,
            primary_region="eu-west-1",
            multi_region_key_id=None,
            rotation_days=365,
            deletion_window_days=30,
            unused_days_before_deletion=30,
            decrypt_by="alias",
            import_role=None,
            material_expires=False,
            tags={},
            cell=1,
            role_cells={"orders": 1},
        ),
        "globex": Tenant(
            id="globex",
            manifest_id="globex",
            state="active",
            workloads=(orders,),
            origin="imported",
            multi_region=False,
            primary_region="eu-west-1",
            multi_region_key_id=None,
            rotation_days=None,
            deletion_window_days=30,
            unused_days_before_deletion=30,
            decrypt_by="alias",
            import_role="arn:aws:iam::111111111111:role/globex-import",
            material_expires=False,
            tags={},
            cell=1,
            role_cells={"orders": 1},
        ),
    }


def test_every_field_of_a_workload_has_its_value() -> None:
    provider = IdentityProvider(issuer="https://login.example.com", existing=False)
    nothing: dict[str, None] = dict.fromkeys(
        ("existing_role", "pod_identity", "irsa", "roles_anywhere", "permissions_boundary")
    )
    both = ("eu-west-1", "eu-central-1")
    assert estate_of_text().workloads == {
        "billing": Workload(
            name="billing",
            account="333333333333",
            runs_on="ecs",
            access="session-tag",
            operations=("decrypt", "encrypt"),
            regions=both,
            identity_provider=None,
            audience=None,
            **nothing,
        ),
        "orders": Workload(
            name="orders",
            account="222222222222",
            runs_on="lambda",
            access="tenant-role",
            operations=("decrypt", "encrypt"),
            regions=both,
            identity_provider=None,
            audience=None,
            **nothing,
        ),
        "portal": Workload(
            name="portal",
            account="222222222222",
            runs_on=None,
            access="web-identity",
            operations=("decrypt", "encrypt"),
            regions=both,
            identity_provider=provider,
            audience="portal-keys",
            **nothing,
        ),
    }
    assert list(estate_of_text().workloads) == ["billing", "orders", "portal"]


def test_role_references_become_arns_of_the_right_account() -> None:
    estate = estate_of_text(("runs_on: lambda", "runs_on: existing-role, role: role/team/Orders"))
    assert estate.central.administrators == ("arn:aws:iam::111111111111:role/KeyAdministrator",)
    assert estate.central.readers == ("arn:aws:iam::111111111111:role/SecurityAudit",)
    assert estate.central.break_glass == "arn:aws:iam::111111111111:role/KeyBreakGlass"
    assert estate.workloads["orders"].existing_role == "arn:aws:iam::222222222222:role/team/Orders"
    assert estate.tenants["globex"].import_role == "arn:aws:iam::111111111111:role/globex-import"


def test_default_deployers_are_the_execution_roles_of_every_region() -> None:
    assert estate_of_text().central.deployers == (
        "arn:aws:iam::111111111111:role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1",
        "arn:aws:iam::111111111111:role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-central-1",
    )


def test_named_deployers_are_those_and_no_others() -> None:
    estate = estate_of_text(("break_glass:", "deployment_roles: [role/Deploy]\n  break_glass:"))
    assert estate.central.deployers == ("arn:aws:iam::111111111111:role/Deploy",)


def test_tenants_inherit_defaults_and_override_them() -> None:
    estate = estate_of_text(
        ("workloads: [orders]", "workloads: [orders]\n  tags: {plan: basic, team: a}\n  rotation_days: 180"),
        ("acme: {", "acme: {tags: {plan: big}, rotation_days: off, decrypt_by: key, deletion_window_days: 7, "),
        ("acme: {", "acme: {unused_days_before_deletion: off, "),
    )
    acme, globex = estate.tenants["acme"], estate.tenants["globex"]
    assert (acme.tags, acme.rotation_days, acme.decrypt_by) == ({"plan": "big", "team": "a"}, None, "key")
    assert (acme.deletion_window_days, globex.deletion_window_days) == (7, 30)
    assert (acme.unused_days_before_deletion, globex.unused_days_before_deletion) == (None, 30)
    assert [workload.name for workload in acme.workloads] == ["billing", "orders"]
    assert [workload.name for workload in globex.workloads] == ["orders"]
    assert globex.tags == {"plan": "basic", "team": "a"}


def test_an_imported_key_has_no_automatic_rotation_whatever_the_default() -> None:
    assert estate_of_text().tenants["globex"].rotation_days is None
    assert estate_of_text().tenants["acme"].rotation_days == 365


def test_a_disabled_key_rotates_as_the_lock_says_whatever_the_manifest_says() -> None:
    text = edited(("acme: {", "acme: {state: suspended, "))
    raised = edited(("workloads: [orders]", "workloads: [orders]\n  rotation_days: 180"), text=text)
    assert resolve(parse_manifest(raised), lock_of(text)).tenants["acme"].rotation_days == 365
    off = edited(("state: suspended", "state: suspended, rotation_days: off"), text=text)
    assert resolve(parse_manifest(off), lock_of(text)).tenants["acme"].rotation_days == 365
    assert resolve(parse_manifest(text), lock_of(off)).tenants["acme"].rotation_days is None


def test_suspending_and_resuming_need_the_lock() -> None:
    reported = refused(("acme: {", "acme: {state: suspended, "))
    assert reported == [
        "tenants.acme: tenants.lock does not record yet how its disabled key rotates; run tenant-keys lock"
    ]
    reported = refused(lock=lock_of(edited(("acme: {", "acme: {state: suspended, "))))
    assert reported == ["tenants.acme: tenants.lock still records how its disabled key rotates; run tenant-keys lock"]


def test_new_defaults_do_not_touch_keys_that_exist() -> None:
    changed = manifest(("workloads: [orders]", "workloads: [orders]\n  key: {origin: imported, multi_region: true}"))
    acme = resolve(changed, lock_of()).tenants["acme"]
    assert (acme.origin, acme.multi_region, acme.primary_region) == ("aws-kms", False, "eu-west-1")


def test_a_key_created_imported_by_default_still_needs_its_importer_when_the_default_changes() -> None:
    text = edited(
        ("workloads: [orders]", "workloads: [orders]\n  key: {origin: imported}"),
        ("acme: {", "acme: {key: {import_role: role/acme-import}, "),
    )
    lock = lock_of(text)
    back = parse_manifest(edited(("\n  key: {origin: imported}", ""), text=text))
    assert resolve(back, lock).tenants["acme"].origin == "imported"
    gone = parse_manifest(edited(("key: {import_role: role/acme-import}, ", ""), text=text))
    with pytest.raises(LockError, match=r"tenants\.acme\.key\.import_role: missing; an imported key needs"):
        resolve(gone, lock)


def test_a_tenant_that_is_not_recorded_is_refused_with_the_command_that_corrects_it() -> None:
    assert refused(("acme:", "new: {}\n  acme:")) == [
        "tenants.new: not in tenants.lock yet; run tenant-keys lock",
    ]


def test_a_tenant_that_disappears_is_an_error_and_no_deletion() -> None:
    (error,) = refused(("  acme: {workloads: [orders, billing]}\n", ""))
    assert error.startswith("tenants.lock acme: acme was removed from the manifest before it was offboarded")


def test_a_renamed_tenant_is_an_error_and_no_deletion() -> None:
    reported = refused(("acme: {", "acme2: {"))
    assert any("acme was removed" in error and "did you mean acme2?" in error for error in reported)
    assert any("tenants.acme2: not in tenants.lock yet" in error for error in reported)


def test_a_tenant_of_the_lock_is_no_new_name_of_one_that_disappeared() -> None:
    both = edited(("acme:", "acme2: {}\n  acme:"))
    (error,) = refused(("  acme: {workloads: [orders, billing]}", "  acme2: {}"), lock=lock_of(both))
    assert error.startswith("tenants.lock acme: acme was removed")
    assert "did you mean" not in error


def test_the_management_account_is_that_of_the_guardrails() -> None:
    assert estate_of_text().management_account is None
    guarded = estate_of_text(
        ("workloads:\n", 'guardrails: {management_account: "444444444444"}\nworkloads:\n'),
        ("globex: {key: {origin: imported, import_role: role/globex-import}}", "globex: {}"),
    )
    assert guarded.management_account == "444444444444"
    assert guarded.accounts[0] == "111111111111"
    assert "444444444444" in guarded.accounts


def test_an_id_that_was_offboarded_is_kept_without_its_tenant() -> None:
    lock = lock_of()
    gone = replace(lock.entries["acme"], tenant="initech", phase="offboarded", roles={})
    estate = resolve(parse_manifest(TEXT), with_entries(lock, {**lock.entries, "initech": gone}))
    assert (estate.offboarded, list(estate.tenants)) == (("initech",), ["acme", "globex"])


CREATION = {
    "origin": (
        ("acme: {", "acme: {key: {origin: imported, import_role: role/r}, "),
        "got imported, but the key was created",
    ),
    "multi_region": (("acme: {", "acme: {key: {multi_region: true}, "), "got true, but the key was created with false"),
    "region": (
        ("acme: {", "acme: {key: {region: eu-central-1}, "),
        "got eu-central-1, but the key was created with eu-west",
    ),
}


@pytest.mark.parametrize(("edit", "expected"), CREATION.values(), ids=CREATION)
def test_what_kms_fixed_when_it_created_a_key_cannot_be_rewritten(edit: tuple[str, str], expected: str) -> None:
    reported = refused(edit)
    assert any(f"tenants.acme.key.{field}" in reported[0] for field in CREATION)
    assert expected in reported[0]


HEADER = {
    "account": (
        ("111111111111", "444444444444"),
        "central.account: got 444444444444, but the keys are in 111111111111",
    ),
    "home Region": (
        ("home_region: eu-west-1", "home_region: eu-central-1"),
        "central.home_region: got eu-central-1, but the roles' stacks are in eu-west-1; restore it",
    ),
    "Region with keys": (
        ("[eu-west-1, eu-central-1]", "[eu-west-1]"),
        "central.regions: eu-central-1 is gone, but 1 key was created there; restore it",
    ),
}


@pytest.mark.parametrize(("edit", "expected"), HEADER.values(), ids=HEADER)
def test_keys_do_not_move_with_their_account_or_region(edit: tuple[str, str], expected: str) -> None:
    south = ("acme: {", "acme: {key: {region: eu-central-1}, ")
    text = edited(south)
    lock = lock_of(text)
    silent = edited(("key: {region: eu-central-1}, ", ""), edit, text=text)
    with pytest.raises(LockError) as caught:
        resolve(parse_manifest(silent), lock)
    assert expected in str(caught.value)


def test_regions_may_be_added_and_reordered() -> None:
    before = estate_of_text().tenants
    changed = manifest(("[eu-west-1, eu-central-1]", "[eu-north-1, eu-central-1, eu-west-1]"))
    after = resolve(changed, lock_of()).tenants
    assert {t.id: (t.cell, t.primary_region) for t in after.values()} == {
        t.id: (t.cell, t.primary_region) for t in before.values()
    }


def test_an_access_mode_that_changes_needs_the_lock() -> None:
    reported = refused(("runs_on: lambda", "runs_on: lambda, access: session-tag"))
    assert "tenants.acme: tenants.lock still has a cell for its role for orders; run tenant-keys lock" in reported
    reported = refused((", access: session-tag", ""))
    assert reported == ["tenants.acme: its role for billing has no cell in tenants.lock yet; run tenant-keys lock"]


def test_all_mismatches_come_at_once() -> None:
    reported = refused(
        ("home_region: eu-west-1", "home_region: eu-central-1"),
        ("acme: {workloads: [orders, billing]}", "new: {}"),
        ("origin: imported, ", "origin: imported, multi_region: true, "),
    )
    assert len(reported) == 4


def test_load_estate_names_the_lines_of_both_files(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(edited(("acme: {", "new: {"), ("globex: {", "globex: {state: offboarded, ")))
    write_lock(tmp_path / "tenants.lock", lock_of())
    with pytest.raises(LockError) as caught:
        load_estate(file)
    reported = [str(problem) for problem in caught.value.problems]
    assert reported[0].startswith("tenants.yaml:18 tenants.new: not in tenants.lock yet; run tenant-keys lock")
    assert reported[1].startswith("tenants.yaml:19 tenants.globex.state: got offboarded, but it was never offboarding")
    assert reported[2].startswith("tenants.lock:2 acme: acme was removed")


def test_load_estate_without_a_lock_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "tenants.yaml").write_text(TEXT)
    with pytest.raises(LockError, match=r"tenants\.lock: no such file; run tenant-keys lock, and commit it"):
        load_estate(tmp_path / "tenants.yaml")


def test_the_sample_of_the_repository_is_resolved() -> None:
    root = Path(__file__).parents[2]
    estate = load_estate(root / "tenants.yaml")
    assert set(estate.tenants) == {"acme", "globex", "initech", "umbrella", "wayne", "wonka"}
    assert {tenant.state for tenant in estate.tenants.values()} == {"active", "suspended", "offboarding"}


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [
        ("acme: {", "acme: {state: offboarding, ", "tenants.acme: tenants.lock does not record it as offboarding"),
        ("defaults:", "  desk: {account: '222222222222', runs_on: ecs}\ndefaults:", None),
        ("[orders, billing]", "[billing]", "tenants.acme: tenants.lock still has a cell for its role for orders"),
        ("  acme: {", "  hooli: {}\n  acme: {", "tenants.hooli: not in tenants.lock yet"),
    ],
)
def test_what_the_lock_lacks_is_said_with_its_tenant(before: str, after: str, reported: str | None) -> None:
    if reported is None:
        assert resolve(manifest((before, after)), lock_of()).workloads["desk"].runs_on == "ecs"
        return
    assert any(reported in problem for problem in refused((before, after)))


def test_a_tenant_that_comes_back_is_said_to_leave_by_the_lock() -> None:
    leaving = lock_of(edited(("acme: {", "acme: {state: offboarding, ")))
    assert any("tenants.acme: tenants.lock records it as leaving" in problem for problem in refused(lock=leaving))
