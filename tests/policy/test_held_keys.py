"""Keys that tenants hold themselves: what the templates' roles may do with them, judged by hand and by both engines."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.manifest.lock import Registration
from tenant_keys.policy.held_key import owner_statements
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.held_key_reach import is_foreign, names_account
from tenant_keys.review.second_opinion import Answered, second_opinion
from tests.policy.estates import estate_of_text, manifest, with_tenant
from tests.policy.held_key_mutants import (
    GLOBEX,
    GUARDRAILS,
    HARMLESS,
    HOOLI,
    MORE,
    MUTANTS,
    PLACE,
    REFUSED,
    ROLES,
    SHARED,
    Body,
)
from tests.sampled import sampled
from tests.stacks.synth import synthesized
from tools.cloud_assembly import rename_assets

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '222222222222', runs_on: ecs, access: session-tag}"""
TENANTS = f"""\
  acme: {{workloads: [orders, billing]}}
  globex: {{workloads: [orders, billing], key: {{held_by: tenant, arns: {{eu-west-1: '{GLOBEX}'}}, grace_minutes: 30}}}}
  hooli: {{workloads: [orders, billing], key: {{held_by: tenant, arns: {{eu-west-1: '{HOOLI}'}}}}}}"""


ANSWERED: Answered = {}
"""What the second engine knows of the documents that no test edits."""
ANSWERED_UNGUARDED: Answered = {}
"""The same of the estate without control policies."""


@pytest.fixture(scope="module")
def estate() -> Estate:
    """Globex' key is active, hooli's is registered only."""
    found = estate_of_text(manifest(workloads=WORKLOADS, tenants=TENANTS))
    held = found.tenants["globex"].held
    assert held is not None
    active = Registration(active={"eu-west-1": GLOBEX})
    return with_tenant(found, "globex", held=held.__class__(held.registered, {}, active.active, None, 30))


@pytest.fixture(scope="module")
def assembly(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("held")
    synthesized(estate, folder)
    return folder


def test_roles_name_exactly_the_registered_keys_in_the_tenants_context(assembly: Path) -> None:
    stacks = {name: json.loads((assembly / f"{name}.template.json").read_text()) for name in (ROLES, SHARED)}
    own = stacks[ROLES]["Resources"]["RoleglobexFororders"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    use = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
    assert own == [
        {
            "Sid": "UseHeldKey",
            "Effect": "Allow",
            "Resource": [GLOBEX],
            "Action": use,
            "Condition": {"StringEquals": {"kms:EncryptionContext:tenant_id": "globex"}},
        },
        {"Sid": "DescribeHeldKey", "Effect": "Allow", "Resource": [GLOBEX], "Action": ["kms:DescribeKey"]},
    ]
    policy = stacks[SHARED]["Resources"]["SharedRolebilling"]["Properties"]["Policies"][0]["PolicyDocument"]
    of_hooli = {one["Sid"]: one for one in policy["Statement"]}["UseHeldKeyOfHooli"]
    assert of_hooli["Resource"] == [HOOLI]
    assert of_hooli["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:tenant_id": "hooli", "aws:PrincipalTag/tenant_id": "hooli"}
    }
    assert not [one for one in json.dumps(stacks).split('"') if one.startswith("alias/tenant-globex")]


def test_a_workload_is_given_active_keys_alone_and_their_grace(assembly: Path) -> None:
    template = json.loads((assembly / f"{PLACE}.template.json").read_text())
    value = json.loads(template["Resources"]["Parameterorders"]["Properties"]["Value"])
    assert value["held"] == {"globex": {"key_arn": GLOBEX, "grace_seconds": 1800}}
    assert value["exceptions"] == {}


def test_no_key_of_ours_is_made_for_a_tenant_that_holds_its_own(assembly: Path) -> None:
    text = "".join(path.read_text() for path in assembly.glob("*.template.json"))
    assert '"Keyacme"' in text
    assert '"Keyglobex"' not in text
    assert '"Aliasglobex"' not in text


@pytest.mark.slow
def test_both_engines_find_nothing_and_the_proof_says_what_is_the_owners(estate: Estate, assembly: Path) -> None:
    proof = prove(assembly, estate)
    assert (proof.verdict, proof.findings) == ("proved", ())
    assert [(one.tenant, one.arns, one.active) for one in proof.held] == [
        ("globex", (GLOBEX,), (GLOBEX,)),
        ("hooli", (HOOLI,), ()),
    ]
    assert all("whatever the key's policy allows" in one.ours and "no grant" in one.theirs for one in proof.held)
    assert second_opinion(Assembly.open(assembly), estate, answered=ANSWERED_UNGUARDED).verdict == "no such request"


def test_a_suspended_tenants_key_is_in_no_role(estate: Estate) -> None:
    from tenant_keys.policy.access_role import shared_role_policy, tenant_role_policy

    suspended = with_tenant(estate, "globex", state="suspended")
    orders, billing = suspended.workloads["orders"], suspended.workloads["billing"]
    documents = (
        tenant_role_policy(suspended.tenants["globex"], orders, suspended),
        shared_role_policy(billing, suspended),
    )
    assert GLOBEX not in json.dumps(documents)


@pytest.mark.slow
def test_a_tenant_that_holds_its_key_may_be_suspended_and_another_have_an_opaque_name(tmp_path: Path) -> None:
    reported = TENANTS.replace("  globex: {", "  globex: {state: suspended, ")
    estate = estate_of_text(manifest(WORKLOADS, reported.replace("  hooli: {", "  hooli: {opaque: true, ")))
    (opaque,) = estate.tenants.keys() - {"acme", "globex"}
    templates = synthesized(estate, tmp_path)
    # IAM accepts no policy without statements: the suspended tenant's role has none.
    assert "Policies" not in templates[ROLES]["Resources"]["RoleglobexFororders"]["Properties"]
    value = json.loads(templates[PLACE]["Resources"]["Parameterorders"]["Properties"]["Value"])
    assert value["ids"] == {"hooli": opaque}
    rename_assets(tmp_path)
    proof = prove(tmp_path, estate)
    assert (proof.verdict, proof.findings) == ("proved", ())
    assert second_opinion(Assembly.open(tmp_path), estate).verdict == "no such request"


@pytest.mark.parametrize(
    ("resource", "foreign"),
    [
        ("*", True),
        ("arn:*", True),
        ("ar?:aws:kms:eu-west-1:999999999999:key/1", True),
        ("arn:*:999999999999:key/*", True),
        ("arn:aws:?ms:eu-west-1:999999999999:key/1", True),
        ("arn:aws:kms:eu-*:999999999999:key/1", True),
        ("arn:aws:kms:eu-west-1:*", True),
        ("arn:aws:kms:eu-west-1:11111111111?:key/*", True),
        ("arn:aws:kms:eu-west-1:11111111111*:key/*", True),
        ("arn:aws:kms:eu-west-1:????????????:key/*", True),
        ("arn:aws:k*:eu-west-1:*:key/*", True),
        ("arn:aws:kms:eu-west-1:111111111111*:key/*", False),
        ("arn:aws:kms:eu-west-1:1111111111111*:key/*", False),
        ("arn:aws:k?:eu-west-1:*:key/*", False),
        ("arn:aws:kms:eu-west-1:111111111111*", True),
        ("arn:aws:kms:eu-west-1:999999999999:alias/theirs", True),
        ("arn:aws:kms:*:111111111111:key/*", False),
        ("arn:*:kms:*:111111111111:key/*", False),
        ("arn:aws:s3:::999999999999/*", False),
        ("arn:aws:s3*", False),
        ("arn:aws:ssm:eu-west-1:999999999999:parameter/*", False),
    ],
)
def test_a_pattern_of_resources_is_foreign_where_it_could_match_a_key_of_another_account(
    resource: str, foreign: bool
) -> None:
    assert is_foreign(resource, "111111111111") is foreign


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        *[(one, False) for one in ("*", "arn:aws:kms:*", "arn:aws:kms:eu-west-1:*", "arn:aws:kms:*:*:key/*")],
        *[(f"arn:aws:kms:eu-west-1:{any_account}:key/*", False) for any_account in ("?" * 12, "*?", "?*?")],
        *[(one, True) for one in ("arn:aws:kms:*:9999*", "arn:*:999999999999:key/*", "arn:aws:kms:eu-west-1:9*")],
        *[(f"arn:aws:kms:eu-west-1:{some}:key/*", True) for some in ("9*", "*9*", "?" * 11, "999999999999")],
    ],
)
def test_a_pattern_names_an_account_where_it_distinguishes_one_from_another(resource: str, named: bool) -> None:
    assert names_account(resource) is named


@pytest.fixture(scope="module")
def guarded() -> Estate:
    """The estate with control policies for the key account."""
    text = manifest(workloads=WORKLOADS, tenants=TENANTS)
    return estate_of_text(f"{text}\nguardrails: {{management_account: '444444444444'}}\n")


@pytest.fixture(scope="module")
def under_guardrails(guarded: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guarded")
    synthesized(guarded, folder)
    return folder


def under(folder: Path, into: Path, **deny: Any) -> Path:
    """The assembly with one Deny more in the service control policy."""
    for file in folder.iterdir():
        (into / file.name).write_text(file.read_text())
    path = into / f"{GUARDRAILS}.template.json"
    template = json.loads(path.read_text())
    content = template["Resources"]["ServiceControlPolicy"]["Properties"]["Content"]
    content["Statement"].append({"Sid": "Added", "Effect": "Deny", "Resource": "*", **deny})
    path.write_text(json.dumps(template))
    rename_assets(into)
    return into


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operator", "key", "value", "kind", "words"),
    sampled(
        [
            ("StringNotEquals", "aws:ResourceAccount", "111111111111", REFUSED, "kms:Decrypt"),
            ("StringEquals", "kms:EncryptionContext:tenant_id", "globex", REFUSED, "tenant globex"),
            (
                "ArnEquals",
                "aws:PrincipalArn",
                "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-hooli.orders",
                REFUSED,
                "kms:DescribeKey",
            ),
            (
                "StringEquals",
                "aws:PrincipalTag/tenant_id",
                "hooli",
                REFUSED,
                "tenant hooli through arn:aws:iam::111111111111:role/tenant-keys/billing",
            ),
            ("StringNotEquals", "aws:ResourceOrgID", "o-a1b2c3d4e5", Kind.NOT_PROVED, "tenant hooli"),
            ("StringEquals", "aws:ResourceTag/env", "test", Kind.NOT_PROVED, "tenant hooli"),
            ("StringEquals", "kms:KeyOrigin", "EXTERNAL", Kind.NOT_PROVED, "tenant hooli"),
        ],
        each=4,
    ),
)
def test_a_control_policy_that_stops_the_use_of_a_held_key_is_found(
    operator: str, key: str, value: str, kind: Kind, words: str, guarded: Estate, under_guardrails: Path, tmp_path: Path
) -> None:
    folder = under(under_guardrails, tmp_path, Action="kms:*", Condition={operator: {key: value}})
    proof = prove(folder, guarded)
    found = [one for one in proof.findings if one.what.startswith("tenant ")]
    assert [one for one in found if one.kind is kind and words in one.what], proof.findings
    opinion = second_opinion(Assembly.open(folder), guarded, answered=ANSWERED)
    assert any(one.what.startswith("declared calls on arn:aws:kms:") and one.confirmed for one in opinion.breaches)


@pytest.mark.slow
def test_a_control_policy_that_leaves_held_keys_alone_is_proved(
    guarded: Estate, under_guardrails: Path, tmp_path: Path
) -> None:
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    folder = under(under_guardrails, tmp_path, Action="kms:*", Condition=plain)
    assert prove(folder, guarded).verdict == "proved"
    assert second_opinion(Assembly.open(folder), guarded, answered=ANSWERED).verdict == "no such request"


@pytest.fixture(scope="module")
def originals(assembly: Path) -> dict[str, Body]:
    return {name: json.loads((assembly / f"{name}.template.json").read_text()) for name in (ROLES, SHARED, PLACE)}


def edited(edit: Callable[[dict[str, Body]], object], originals: dict[str, Body], folder: Path, into: Path) -> Path:
    changed = copy.deepcopy(originals)
    edit(changed)
    into.mkdir()
    for file in folder.iterdir():
        stack = file.name.removesuffix(".template.json")
        (into / file.name).write_text(json.dumps(changed[stack]) if stack in changed else file.read_text())
    rename_assets(into)
    return into


@pytest.mark.slow
@pytest.mark.parametrize("name", sampled(MUTANTS, each=4))
def test_a_mutant_is_judged_as_was_written_down_by_hand(
    name: str, estate: Estate, assembly: Path, originals: dict[str, Body], tmp_path: Path
) -> None:
    mutant = MUTANTS[name]
    folder = edited(mutant.edit, originals, assembly, tmp_path / "cdk.out")
    proof = prove(folder, estate)
    found = [(one.kind, one.what) for one in proof.findings]
    assert any(kind is mutant.kind and all(word in what for word in mutant.words) for kind, what in found), found
    assert mutant.kind is MORE or all(kind is not MORE for kind, _ in found), found
    assert any(kind is REFUSED for kind, _ in found) is (mutant.stops or mutant.kind is REFUSED), found
    opinion = second_opinion(Assembly.open(folder), estate, answered=ANSWERED_UNGUARDED)
    assert not opinion.disagreements
    assert (opinion.verdict == "refuted") is mutant.refuted_twice, (opinion.verdict, opinion.not_understood)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_opens_nothing_and_stops_nothing_declared_is_proved(
    name: str, estate: Estate, assembly: Path, originals: dict[str, Body], tmp_path: Path
) -> None:
    folder = edited(HARMLESS[name], originals, assembly, tmp_path / "cdk.out")
    proof = prove(folder, estate)
    assert (proof.verdict, [one.what for one in proof.findings]) == ("proved", [])


def test_the_statements_for_the_owner_name_our_roles_and_nobody_else(estate: Estate) -> None:
    statements = {one["Sid"]: one for one in owner_statements(estate.tenants["globex"], estate, "ab" * 16)}
    orders = "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-globex.orders"
    billing = "arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"
    assert statements["TenantKeysDecryptThroughRole"] == {
        "Sid": "TenantKeysDecryptThroughRole",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Resource": "*",
        "Action": ["kms:Decrypt"],
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": [orders]},
            "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "kms:EncryptionContext:tenant_id": "globex"},
            "Null": {"kms:EncryptionContext:tenant_keys_registration": "true"},
        },
    }
    proof = statements["TenantKeysProveControlThroughSharedRole"]["Condition"]
    assert proof == {
        "ArnEquals": {"aws:PrincipalArn": [billing]},
        "StringEquals": {
            "aws:PrincipalOrgID": "o-a1b2c3d4e5",
            "aws:PrincipalTag/tenant_id": "globex",
            "kms:EncryptionContext:tenant_id": "globex",
            "kms:EncryptionContext:tenant_keys_registration": "ab" * 16,
        },
    }
    assert statements["TenantKeysNobodyElse"]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": [orders, billing]}
    } or statements["TenantKeysNobodyElse"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [billing, orders]}}
    assert statements["TenantKeysNoGrants"]["Action"] == ["kms:CreateGrant"]
    assert not [one for one in statements.values() if one["Effect"] == "Allow" and "kms:CreateGrant" in one["Action"]]
    assert "ProveControl" not in json.dumps(owner_statements(estate.tenants["globex"], estate, None))
