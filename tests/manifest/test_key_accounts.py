"""A list of key accounts: what belongs to which, what nothing may be of two, and that no key changes its account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenant_keys.manifest import (
    EstateError,
    LockError,
    ManifestError,
    load_estate,
    load_estate_of,
    load_estates,
    load_manifests,
    read_lock,
)
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.read_manifest import SeveralKeyAccounts

ONE = """\
central:
  - name: eu
    account: "111111111111"
    home_region: eu-west-1
    regions: [eu-west-1]
    administrators: [role/KeyAdministrator]
    break_glass: role/KeyBreakGlass
"""
TWO = """\
  - name: us
    account: "444444444444"
    home_region: us-east-1
    regions: [us-east-1]
    administrators: [role/KeyAdministrator]
    break_glass: role/KeyBreakGlass
"""
PROVIDERS = "identity_providers: {customers: {issuer: https://login.example.com}}\n"
WORKLOADS = """\
workloads:
  orders: {account: "222222222222", runs_on: lambda}
"""
OF_US = '  shop: {account: "222222222222", runs_on: lambda, key_account: us}\n'
TENANTS = """\
tenants:
  acme: {workloads: [orders]}
"""
TENANTS_OF_US = """\
  globex: {workloads: [shop], key_account: us}
  initech: {workloads: [shop], key_account: us}
"""
HELD = (
    "key: {held_by: tenant, arns: {eu-west-1: 'arn:aws:kms:eu-west-1:555555555555:key/"
    "0000000c-0000-4000-8000-000000000000'}}"
)
BOTH = ONE + TWO + PROVIDERS + WORKLOADS + OF_US + TENANTS + TENANTS_OF_US
SINGLE = ONE.replace("  - name: eu\n    account", "  account").replace("    ", "  ") + WORKLOADS + TENANTS
LIST_OF_ONE = ONE + WORKLOADS + TENANTS


def written(folder: Path, text: str) -> Path:
    manifest = folder / "tenants.yaml"
    manifest.write_text(text)
    return manifest


def locked(folder: Path, text: str) -> Path:
    manifest = written(folder, text)
    bring_up_to_date(manifest).write()
    return manifest


def refused(folder: Path, text: str) -> list[str]:
    """Each problem of a manifest beside the lock of another; `tenant-keys lock` changes nothing."""
    manifest = written(folder, text)
    lock = folder / "tenants.lock"
    before = lock.read_text() if lock.exists() else None
    with pytest.raises(EstateError) as reported:
        bring_up_to_date(manifest)
    assert (lock.read_text() if lock.exists() else None) == before
    return [str(problem).partition(" ")[2] for problem in reported.value.problems]


def test_each_key_account_is_an_estate_of_its_own_tenants_and_workloads(tmp_path: Path) -> None:
    eu, us = load_estates(locked(tmp_path, BOTH))
    assert (eu.key_account, eu.central.account, list(eu.tenants), list(eu.workloads)) == (
        "eu",
        "111111111111",
        ["acme"],
        ["orders"],
    )
    assert (us.key_account, us.central.account, list(us.tenants), list(us.workloads)) == (
        "us",
        "444444444444",
        ["globex", "initech"],
        ["shop"],
    )
    assert (eu.naming.stack_prefix, us.naming.stack_prefix) == ("tenant-keys", "tenant-keys-us")
    assert (eu.further, us.further) == (None, "us")
    assert [one.key_account for one in eu.siblings] == ["us"]
    assert [[two.key_account for two in one.siblings] for one in eu.key_accounts] == [["us"], ["eu"]]


def test_the_lock_records_the_account_of_each_tenant(tmp_path: Path) -> None:
    lines = locked(tmp_path, BOTH).with_suffix(".lock").read_text().splitlines()
    header, *entries = map(json.loads, lines)
    assert header["account"] == "111111111111"
    assert header["key_accounts"] == {"us": {"account": "444444444444", "home_region": "us-east-1"}}
    assert {entry["tenant"]: entry.get("key_account") for entry in entries} == {
        "acme": None,
        "globex": "us",
        "initech": "us",
    }


def test_a_list_of_one_account_and_a_mapping_mean_the_same(tmp_path: Path) -> None:
    lock = locked(tmp_path, SINGLE).with_suffix(".lock")
    single, text = load_estate(tmp_path / "tenants.yaml"), lock.read_text()
    listed = load_estate(locked(tmp_path, LIST_OF_ONE))
    assert lock.read_text() == text
    assert (listed.key_account, single.key_account) == ("eu", None)
    assert (listed.tenants, listed.central, listed.naming) == (single.tenants, single.central, single.naming)


def test_a_second_account_leaves_all_of_the_first_where_it_is(tmp_path: Path) -> None:
    manifest = locked(tmp_path, SINGLE)
    single, base = load_estate(manifest), read_lock(manifest.with_suffix(".lock"))
    eu, us = load_estates(locked(tmp_path, BOTH))
    assert (eu.tenants, eu.central, eu.naming) == (single.tenants, single.central, single.naming)
    lock = read_lock(manifest.with_suffix(".lock"))
    assert lock.entries["acme"] == base.entries["acme"]
    assert check_against_base(base, lock) == []
    assert us.tenants["globex"].cell == 1


def test_the_account_that_the_lock_began_with_keeps_its_names_wherever_it_is_in_the_list(tmp_path: Path) -> None:
    locked(tmp_path, BOTH)
    swapped = ONE.partition("\n")[0] + "\n" + TWO + ONE.partition("\n")[2] + PROVIDERS
    swapped += WORKLOADS.replace("runs_on: lambda", "runs_on: lambda, key_account: eu") + OF_US
    swapped += TENANTS.replace("[orders]", "[orders], key_account: eu") + TENANTS_OF_US
    us, eu = load_estates(locked(tmp_path, swapped))
    assert (eu.naming.stack_prefix, us.naming.stack_prefix) == ("tenant-keys", "tenant-keys-us")


def test_a_key_account_that_the_lock_lacks_is_reported_once(tmp_path: Path) -> None:
    locked(tmp_path, SINGLE)
    with pytest.raises(LockError) as caught:
        load_estates(written(tmp_path, BOTH))
    assert [str(problem) for problem in caught.value.problems] == [
        "tenants.yaml:8 central[1]: us is not in tenants.lock yet; run tenant-keys lock"
    ]


def test_the_account_that_the_lock_began_with_is_named_wherever_it_is_in_the_list(tmp_path: Path) -> None:
    locked(tmp_path, BOTH)
    swapped = ONE.partition("\n")[0] + "\n" + TWO + ONE.partition("\n")[2] + PROVIDERS
    swapped += WORKLOADS.replace("runs_on: lambda", "runs_on: lambda, key_account: eu") + OF_US
    swapped += TENANTS.replace("[orders]", "[shop]") + "  hooli: {workloads: [orders], key_account: eu}\n"
    (problem,) = refused(tmp_path, swapped + TENANTS_OF_US)
    assert problem.startswith("tenants.acme.key_account: got us, but its key was created in eu, and a key cannot move")


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            "globex: {workloads: [shop], key_account: us}",
            "globex: {workloads: [orders]}",
            [
                (
                    "tenants.globex.key_account: got eu, but its key was created in us, and a key cannot move to "
                    "another account; write key_account: us, or move its data to the key of a new tenant id "
                    "(docs/reencryption.md)"
                )
            ],
        ),
        (
            '"444444444444"',
            '"555555555555"',
            ["central[1].account: got 555555555555, but the keys of us are in 444444444444; restore it"],
        ),
        (
            '"111111111111"',
            '"555555555555"',
            ["central: lists no key account 111111111111, but tenants.lock was created with it; restore it"],
        ),
        (
            TWO + PROVIDERS + WORKLOADS + OF_US + TENANTS + TENANTS_OF_US,
            WORKLOADS + TENANTS,
            ["central: the key account us, 444444444444, is gone, but 2 keys were created there; restore it"],
        ),
        (
            "home_region: us-east-1\n    regions: [us-east-1]",
            "home_region: us-east-2\n    regions: [us-east-2]",
            [
                "central[1].home_region: got us-east-2, but the roles' stacks are in us-east-1; restore it",
                "central[1].regions: us-east-1 is gone, but 2 keys were created there; restore it",
            ],
        ),
    ],
)
def test_an_edit_that_would_move_a_key_or_lose_its_account_is_refused(
    tmp_path: Path, old: str, new: str, problems: list[str]
) -> None:
    manifest = locked(tmp_path, BOTH)
    assert old in BOTH
    assert refused(tmp_path, BOTH.replace(old, new)) == problems
    with pytest.raises(LockError):
        load_estates(manifest)


def test_a_new_name_of_an_account_is_refused(tmp_path: Path) -> None:
    locked(tmp_path, BOTH)
    renamed = BOTH.replace("name: us", "name: usa").replace("key_account: us", "key_account: usa")
    assert refused(tmp_path, renamed) == [
        "central[1].name: got usa, but tenants.lock has 444444444444 as us, which is in names of stacks; restore it"
    ]


def test_one_account_does_not_take_the_tenants_of_several(tmp_path: Path) -> None:
    locked(tmp_path, BOTH)
    single = SINGLE + "  globex: {workloads: [orders]}\n"
    assert [problem.partition(":")[0] for problem in refused(tmp_path, single)] == ["central"]


def test_an_id_that_left_one_account_is_not_given_out_in_another(tmp_path: Path) -> None:
    manifest = locked(tmp_path, BOTH)
    leaving = BOTH
    for state in ("offboarding", "offboarded"):
        leaving = BOTH.replace("globex: {", f"globex: {{state: {state}, ")
        locked(tmp_path, leaving)
    gone = leaving.replace("  globex: {state: offboarded, workloads: [shop], key_account: us}\n", "")
    assert [list(one.tenants) for one in load_estates(locked(tmp_path, gone))] == [["acme"], ["initech"]]
    assert manifest.exists()
    assert refused(tmp_path, gone + "  globex: {workloads: [orders]}\n") == [
        (
            "tenants.globex.key_account: globex was offboarded in the key account us, and an id is never reused; "
            "choose another id"
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            "  - name: us\n    account",
            "  - account",
            ["central[1].name: missing; in a list each key account has a name: at most 16 "],
        ),
        ("name: us", "name: US", ['central[1].name: got "US"; allowed: at most 16 lower-case letters and digits']),
        ("name: us", "name: eu", ["central[1].name: got eu twice; each key account has a name of its own"]),
        ('"444444444444"', '"111111111111"', ["central[1].account: got 111111111111, the account of eu; list an "]),
        ("key_account: us}\n  init", "key_account: asia}\n  init", ["tenants.globex.key_account: got asia, which is"]),
        ("[orders]}", "[orders, shop]}", ["tenants.acme.workloads[1]: got shop, a workload of the key account us;"]),
        (TENANTS_OF_US, "", ["central[1]: no tenant has key_account: us; add one, or remove the key account"]),
        (
            '"222222222222", runs_on: lambda}',
            '"444444444444", runs_on: lambda}',
            ["workloads.orders.account: got 444444444444, the key account us, which holds its tenants' keys and"],
        ),
        (
            "regions: [us-east-1]\n",
            "regions: [us-east-1]\n    bootstrap_qualifier: other\n",
            ["central[1].bootstrap_qualifier: got other, beside hnb659fds of the first key account; bootstrap all"],
        ),
        (
            "home_region: us-east-1\n    regions: [us-east-1]",
            "home_region: us-gov-west-1\n    regions: [us-gov-west-1]",
            ["central[1].home_region: got us-gov-west-1 of the partition aws-us-gov, beside eu-west-1 of aws; make"],
        ),
        (
            "    break_glass: role/KeyBreakGlass\n  - name",
            "    break_glass: KeyBreakGlass\n  - name",
            ['central[0].break_glass: got "KeyBreakGlass"; allowed: a role as'],
        ),
        (
            WORKLOADS + OF_US,
            WORKLOADS + OF_US + "  one: {account: '222222222222', access: web-identity, identity_provider: customers, "
            "audience: keys}\n  two: {account: '222222222222', access: web-identity, identity_provider: customers, "
            "audience: keys, key_account: us}\n",
            ["workloads.two.audience: got keys, the audience of one; tokens of one would open the other's role"],
        ),
        (
            TENANTS + TENANTS_OF_US.partition("\n")[0],
            TENANTS.replace("[orders]", f"[orders], {HELD}")
            + TENANTS_OF_US.partition("\n")[0].replace("[shop]", f"[shop], {HELD}"),
            ["tenants.globex.key.arns.eu-west-1: got arn:aws:kms:eu-west-1:555555555555:key/0000000c-0000-4000-8000-"],
        ),
        (
            WORKLOADS + OF_US,
            WORKLOADS + OF_US + "  one: {account: '222222222222', runs_on: existing-role, role: role/App}\n"
            "  two: {account: '222222222222', runs_on: existing-role, role: role/team/app, key_account: us}\n",
            ["workloads.two.role: got role/team/app, the role of one, which uses keys of the key account eu; give"],
        ),
    ],
)
def test_what_belongs_to_two_accounts_or_to_none_is_an_error(
    tmp_path: Path, old: str, new: str, problems: list[str]
) -> None:
    assert old in BOTH
    found = refused(tmp_path, BOTH.replace(old, new, 1))
    assert len(found) == len(problems)
    assert all(reported.startswith(wanted) for reported, wanted in zip(found, problems, strict=True)), found


@pytest.mark.parametrize("workloads", ["[{a: b}]", "[[orders]]", "orders", "{}"])
def test_default_workloads_that_are_no_names_are_an_error_and_no_traceback(tmp_path: Path, workloads: str) -> None:
    manifest = written(tmp_path, f"{BOTH}defaults: {{workloads: {workloads}}}\n")
    with pytest.raises(ManifestError, match=r"defaults\.workloads"):
        load_manifests(manifest)


@pytest.mark.parametrize("central", ["[]", "[eu]", "[{}]", "[{name: eu}]", "[{name: 7}, {name: [x]}]"])
def test_a_list_that_names_no_account_is_an_error_and_no_traceback(tmp_path: Path, central: str) -> None:
    manifest = written(tmp_path, f"central: {central}\n{WORKLOADS}{TENANTS}")
    with pytest.raises(ManifestError):
        load_manifests(manifest)


def test_what_is_too_much_to_report_is_counted_over_all_key_accounts(tmp_path: Path) -> None:
    """5,000 mistakes of an account are looked at, of which 1,000 are reported."""
    most = ", ".join(["1"] * 5_003)
    wrong = BOTH.replace("[role/KeyAdministrator]", f"[{most}]", 1).replace("[role/KeyAdministrator]", f"[{most}, 1]")
    with pytest.raises(ManifestError) as caught:
        load_manifests(written(tmp_path, wrong))
    assert (len(caught.value.problems), caught.value.more) == (1_000, 9_007)


def test_key_account_is_no_field_where_there_is_one_account(tmp_path: Path) -> None:
    assert refused(tmp_path, SINGLE.replace("[orders]}", "[orders], key_account: eu}")) == [
        "tenants.acme.key_account: unknown field; remove it or correct its name"
    ]


def test_a_command_of_one_account_takes_it_by_its_name(tmp_path: Path) -> None:
    manifest = locked(tmp_path, BOTH)
    with pytest.raises(SeveralKeyAccounts, match="lists the key accounts eu, us, and this command takes one; name it"):
        load_estate(manifest)
    assert load_estate(f"{manifest}#us").central.account == "444444444444"
    assert [one.key_account for one in load_estate(f"{manifest}#us").siblings] == ["eu"]
    with pytest.raises(SeveralKeyAccounts, match="got asia, which is not a key account of it; allowed: eu, us"):
        load_estate(f"{manifest}#asia")
    for name in ("globex", "alias/tenant-globex"):
        assert load_estate_of(manifest, name).key_account == "us"


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        (', "key_account": "us"}\n{"tenant": "initech"', '}\n{"tenant": "initech"', "its key_account was us and is"),
        ('"444444444444"', '"555555555555"', "the header's key account us differs from the merge base"),
    ],
)
def test_a_lock_edited_by_hand_contradicts_its_merge_base(tmp_path: Path, old: str, new: str, reported: str) -> None:
    lock = locked(tmp_path, BOTH).with_suffix(".lock")
    base, text = read_lock(lock), lock.read_text()
    assert old in text
    lock.write_text(text.replace(old, new))
    assert any(reported in str(problem) for problem in check_against_base(base, read_lock(lock)))


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ('"key_account": "us"', '"key_account": "asia"', "its key account asia is not in the header"),
        ('"key_account": "us"', '"key_account": 7', "key_account differs from what this program writes"),
        (
            '{"account": "444444444444"',
            '{"account": "111111111111"',
            "key_accounts differs from what this program writes",
        ),
        ('"key_accounts": {"us"', '"key_accounts": {"US"', "key_accounts differs from what this program writes"),
        (
            '"key_accounts": {"us"',
            '"key_accounts": {"asia": [], "us"',
            "key_accounts differs from what this program writes",
        ),
        ('"key_accounts": {', '"key_accounts": [], "capacity": {', "a name is given twice"),
        (
            '"key_accounts": {"us": {"account": "444444444444", "home_region": "us-east-1"}}',
            '"key_accounts": {}',
            "key_accounts differs from what this program writes",
        ),
    ],
)
def test_a_lock_with_an_account_that_is_none_is_an_error(tmp_path: Path, old: str, new: str, reported: str) -> None:
    lock = locked(tmp_path, BOTH).with_suffix(".lock")
    text = lock.read_text()
    assert old in text
    lock.write_text(text.replace(old, new, 1))
    with pytest.raises(LockError, match=reported):
        read_lock(lock)
