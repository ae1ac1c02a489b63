"""Two key accounts of one manifest: each is foreign to the other, and every way across is found by both engines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate, HeldKey
from tenant_keys.review.assembly import Assembly, Resource
from tenant_keys.review.key_accounts import crossings
from tenant_keys.review.proof import Finding, Kind, prove
from tenant_keys.review.proof.questions import Questions
from tenant_keys.review.second_opinion import Answered, second_opinion
from tests import two_key_accounts as two
from tests.command import tenant_keys
from tests.policy.estates import with_tenant
from tests.sampled import sampled
from tests.two_key_accounts import Edit, edited

KEYS, ROLES, SHARED = "tenant-keys-two-cell-eu-west-1-001", "tenant-keys-two-roles-001", "tenant-keys-two-shared-access"
PLACE, AUDIT = "tenant-keys-two-workload-222222222222-eu-west-1", "tenant-keys-two-audit-eu-west-1"
GUARDRAILS = "tenant-keys-two-guardrails"
OTHER_PLACE, OTHER_ROLES = "tenant-keys-workload-222222222222-eu-west-1", "tenant-keys-roles-001"
ORDERS = "arn:aws:iam::222222222222:role/tenant-keys-orders"
ACME = "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-acme.orders"
INITECH = "arn:aws:iam::444444444444:role/tenant-keys/shop/tenant-initech.shop"
ROOT_OF_ONE = "arn:aws:iam::111111111111:root"
ANSWERED: dict[str | None, Answered] = {"one": {}, "two": {}}
"""What the second engine knows of the documents that no test edits, by key account."""
ANSWERED_BESIDE_HELD: Answered = {}
"""The same of key account two beside one whose tenant holds its key."""


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Estate, ...]:
    return two.estates(tmp_path_factory.mktemp("manifest"))


@pytest.fixture(scope="session")
def assembly(both: tuple[Estate, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two.synthesize(both[0], tmp_path_factory.mktemp("two") / "cdk.out")


def test_both_key_accounts_are_proved_by_both_engines(both: tuple[Estate, ...], assembly: Path) -> None:
    for estate in both:
        assert prove(assembly, estate).findings == ()
        opinion = second_opinion(Assembly.open(assembly), estate, answered=ANSWERED[estate.key_account])
        assert opinion.verdict == "no such request"
        assert opinion.tenants == 2
    assert [(estate.key_account, list(estate.tenants)) for estate in both] == [
        ("one", ["acme", "globex"]),
        ("two", ["initech", "umbrella"]),
    ]


@pytest.mark.parametrize(
    ("asked", "foreign"), [("acme", INITECH), ("initech", ACME), ("acme", "arn:aws:iam::444444444444:root")]
)
@pytest.mark.parametrize("action", ["Decrypt", "GetKeyPolicy", "PutKeyPolicy"])
def test_a_principal_of_one_key_account_may_do_nothing_with_a_key_of_the_other(
    both: tuple[Estate, ...], assembly: Path, asked: str, foreign: str, action: str
) -> None:
    estate = next(one for one in both if asked in one.tenants)
    questions = Questions(assembly, estate, asked)
    context = {"tenant_id": asked}
    _, decision = questions.can(foreign, action, {}, f"alias/tenant-{asked}", context)
    assert not decision.allowed


def test_nobody_of_the_other_key_account_is_among_those_who_may_decrypt(
    both: tuple[Estate, ...], assembly: Path
) -> None:
    holders = Questions(assembly, both[0], "acme").who("Decrypt")
    assert [holder.label for holder in holders] == [
        "tenant acme through workload orders",
        "a session of tenant-keys/billing/shared.billing with tags {'tenant_id': 'acme'}",
    ]


def _statement(document: Mapping[str, Any], sid: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["Statement"] if one["Sid"] == sid)
    return found


def _trust_orders(resources: dict[str, Any]) -> None:
    trust = resources["RoleinitechForshop"]["Properties"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"].append(ORDERS)


def _trust_the_other_account(resources: dict[str, Any]) -> None:
    (role,) = (one for one in resources.values() if one["Type"] == "AWS::IAM::Role")
    statement = {"Sid": "More", "Effect": "Allow", "Principal": {"AWS": ROOT_OF_ONE}, "Action": "sts:AssumeRole"}
    role["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(statement)


def _name_the_root(resources: dict[str, Any]) -> None:
    """Acme's role is spared by every statement that spares initech's, and its account's root is beside this one's."""
    policy = resources["Keyinitech"]["Properties"]["KeyPolicy"]
    for statement in policy["Statement"]:
        for condition in statement.get("Condition", {}).values():
            named = condition.get("aws:PrincipalArn", [])
            if INITECH in named:
                named.append(ACME)
                if statement["Effect"] == "Allow":
                    statement["Principal"] = {"AWS": [statement["Principal"]["AWS"], ROOT_OF_ONE]}


def _read_from_one(resources: dict[str, Any]) -> None:
    policy = resources["Keyinitech"]["Properties"]["KeyPolicy"]
    reads = {"Sid": "More", "Effect": "Allow", "Principal": {"AWS": ROOT_OF_ONE}, "Action": "kms:GetKeyPolicy"}
    for statement in policy["Statement"]:
        if "kms:GetKeyPolicy" in statement["Action"] and statement["Effect"] == "Deny":
            statement["Action"] = [one for one in statement["Action"] if one != "kms:GetKeyPolicy"]
    policy["Statement"].append({**reads, "Resource": "*"})


def _use_keys_of_one(resources: dict[str, Any]) -> None:
    policy = resources["RoleinitechForshop"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"][0]["Resource"].append("arn:aws:kms:eu-west-1:111111111111:key/*")


def _use_keys_of(some: str) -> Edit:
    def edit(resources: dict[str, Any]) -> None:
        policy = resources["RoleinitechForshop"]["Properties"]["Policies"][0]["PolicyDocument"]
        policy["Statement"][0]["Resource"].append(f"arn:aws:kms:eu-west-1:{some}")

    return edit


def _use_keys_of_every_account(resources: dict[str, Any]) -> None:
    policy = resources["RoleinitechForshop"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"][0]["Resource"].append("arn:aws:kms:eu-west-1:*:key/*")


def _assume_into(roles: str) -> Edit:
    def edit(resources: dict[str, Any]) -> None:
        role = next(one for name, one in resources.items() if name in ("Roleshop", "Roleorders"))
        statement = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
        statement["Resource"].append(roles)

    return edit


def _topic_key(resources: dict[str, Any]) -> None:
    statements = resources["AuditKey"]["Properties"]["KeyPolicy"]["Statement"]
    statements.append(
        {"Sid": "More", "Effect": "Allow", "Principal": {"AWS": ROOT_OF_ONE}, "Action": "kms:Decrypt", "Resource": "*"}
    )


def _topic(resources: dict[str, Any]) -> None:
    (policy,) = (one for one in resources.values() if one["Type"] == "AWS::SNS::TopicPolicy")
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    statements.append({**statements[0], "Sid": "More", "Effect": "Allow", "Principal": {"AWS": ROOT_OF_ONE}})


def _adding(kind: str, **properties: object) -> Edit:
    return lambda resources: resources.update({"More": {"Type": kind, "Properties": properties}})


def _on_orders(resources: dict[str, Any]) -> None:
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    properties = {"PolicyName": "More", "RoleName": "tenant-keys-orders", "PolicyDocument": document}
    resources["More"] = {"Type": "AWS::IAM::RolePolicy", "Properties": properties}


def _alias_of_acme(resources: dict[str, Any]) -> None:
    alias = json.loads(json.dumps(resources["Aliasinitech"]))
    alias["Properties"]["AliasName"] = "alias/tenant-acme"
    resources["More"] = alias


def _target_one(resources: dict[str, Any]) -> None:
    policy = next(one for one in resources.values() if one["Type"] == "AWS::Organizations::Policy")
    policy["Properties"]["TargetIds"] = [two.ONE]


def _describe_one(text: str) -> Edit:
    return lambda resources: resources["Keyinitech"]["Properties"].update(Description=text)


INVENTORY = {Kind.INVENTORY}
CROSSINGS: dict[str, tuple[str, Edit, set[Kind], bool]] = {
    "an access role of two trusts a workload of one": (ROLES, _trust_orders, {Kind.OBTAINS_SESSION}, True),
    "a shared role of two trusts the account one": (SHARED, _trust_the_other_account, {Kind.OBTAINS_SESSION}, True),
    "a key of two admits a tenant's role of one": (KEYS, _name_the_root, {Kind.OUTSIDER}, True),
    "a key of two is read from one": (KEYS, _read_from_one, INVENTORY, False),
    "an access role of two is allowed keys of one": (ROLES, _use_keys_of_one, INVENTORY, False),
    "a workload of two is allowed roles of one": (PLACE, _assume_into(ACME), INVENTORY, False),
    "a workload of one is allowed roles of two": (OTHER_PLACE, _assume_into(INITECH), INVENTORY, False),
    "the audit topic's key of two is used from one": (AUDIT, _topic_key, {Kind.ADMINISTRATION}, True),
    "the audit topic of two is open to one": (AUDIT, _topic, INVENTORY, False),
    "a stack of two gives a role of one a policy": (PLACE, _on_orders, INVENTORY, False),
    "a stack of two runs instances as a role of one": (
        PLACE,
        _adding("AWS::IAM::InstanceProfile", Roles=["tenant-keys-orders"]),
        INVENTORY,
        False,
    ),
    "a stack of two runs pods as a role of one": (
        PLACE,
        _adding(
            "AWS::EKS::PodIdentityAssociation",
            ClusterName="main",
            Namespace="orders",
            ServiceAccount="orders",
            RoleArn=ORDERS,
            DisableSessionTags=True,
        ),
        INVENTORY,
        False,
    ),
    "a stack of two tells a workload of one its keys": (
        PLACE,
        _adding("AWS::SSM::Parameter", Name="/tenant-keys/orders", Type="String", Value="{}"),
        INVENTORY,
        False,
    ),
    "an alias of a tenant of one is in two": (KEYS, _alias_of_acme, INVENTORY, False),
    "a key of two names the account one within a word": (KEYS, _describe_one("of-111111111111-too"), INVENTORY, False),
    "a key of two names the account one after letters": (KEYS, _describe_one("a_111111111111b"), INVENTORY, False),
    **{
        f"an access role of two is allowed keys of some accounts, {some}": (ROLES, _use_keys_of(some), INVENTORY, False)
        for some in ("11111111111?:key/*", "1*:key/*", "*1:key/*", "1?1*1:key/*", "11*key/*", "111*")
    },
    "a control policy of two is attached to one": (GUARDRAILS, _target_one, INVENTORY | {Kind.GUARDRAIL}, False),
}
"""Template, edit, a kind of finding that must be among those found, and whether the second engine must find it too:
it judges what requests are allowed, and nothing that is allowed to nobody."""


@pytest.mark.parametrize("crossing", sampled(CROSSINGS, each=3))
def test_a_way_from_one_key_account_into_the_other_is_found(
    both: tuple[Estate, ...], assembly: Path, crossing: str, tmp_path: Path
) -> None:
    stack, edit, kinds, _ = CROSSINGS[crossing]
    folder = edited(assembly, tmp_path / "cdk.out", stack, edit)
    found: list[Finding] = []
    for estate in both:
        found += prove(folder, estate).findings
    assert {finding.kind for finding in found} & kinds


@pytest.mark.parametrize("text", ["4?4444444444", "2*", "*:1", "?", "*", "11111111111?1", "11?", "key/1*", "1?b"])
def test_a_pattern_that_matches_no_other_key_account_names_none(text: str, both: tuple[Estate, ...]) -> None:
    described = Resource("s", two.TWO, "eu-west-1", "R", "AWS::X::Y", {"A": text}, None, None)
    assert list(crossings([described], both[1])) == []


_ALLOWED = [name for name, (_, _, _, allowed) in CROSSINGS.items() if allowed]


@pytest.mark.parametrize(
    "crossing", [_ALLOWED[0], *(pytest.param(name, marks=pytest.mark.exhaustive) for name in _ALLOWED[1:])]
)
def test_the_second_engine_finds_what_is_allowed_to_the_other_key_account(
    both: tuple[Estate, ...], assembly: Path, crossing: str, tmp_path: Path
) -> None:
    stack, edit, _, _ = CROSSINGS[crossing]
    folder = edited(assembly, tmp_path / "cdk.out", stack, edit)
    assert second_opinion(Assembly.open(folder), both[1], answered=ANSWERED["two"]).verdict == "refuted"


def test_a_longer_number_names_no_account(both: tuple[Estate, ...], assembly: Path, tmp_path: Path) -> None:
    folder = edited(assembly, tmp_path / "cdk.out", KEYS, _describe_one("1111111111110 0111111111111"))
    assert prove(folder, both[1]).findings == ()


def test_keys_of_every_account_are_no_more_than_keys_of_ones_own(
    both: tuple[Estate, ...], assembly: Path, tmp_path: Path
) -> None:
    """The account in the resource is one of two conditions: key policies of the other account deny the role."""
    folder = edited(assembly, tmp_path / "cdk.out", ROLES, _use_keys_of_every_account)
    assert Kind.OTHER_TENANT not in {one.kind for estate in both for one in prove(folder, estate).findings}


def test_a_stack_that_goes_to_the_other_key_account_is_found(
    both: tuple[Estate, ...], assembly: Path, tmp_path: Path
) -> None:
    folder = edited(assembly, tmp_path / "cdk.out", KEYS, lambda _: None)
    text = (folder / "manifest.json").read_text()
    there = re.sub(
        r'("tenant-keys-two-cell-eu-west-1-001": \{\s*"type": "aws:cloudformation:stack",\s*"environment": "aws://)444444444444',
        r"\g<1>111111111111",
        text,
    )
    assert there != text
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(there)
    assert all(prove(folder, estate).findings for estate in both)


def test_diff_compares_two_assemblies_for_one_of_their_key_accounts(
    both: tuple[Estate, ...], assembly: Path, tmp_path: Path
) -> None:
    two.estates(tmp_path)
    folder = edited(assembly, tmp_path / "cdk.out", KEYS, _read_from_one)
    reported: dict[str, tuple[int, str]] = {}
    for estate in both:
        manifest = f"{tmp_path / 'tenants.yaml'}#{estate.key_account}"
        done = tenant_keys(
            *("diff", str(assembly), str(folder), "--old-manifest", manifest, "--new-manifest", manifest)
        )
        reported[str(estate.key_account)] = done.exit_code, done.output
    assert reported["one"] == (
        0,
        "nothing widened; isolation of the new templates is proved\nno access changes, no key changes\n",
    )
    assert reported["two"][0] == 2
    assert "blocked; isolation of the new templates is NOT proved" in reported["two"][1]


def test_a_stack_of_no_key_account_is_judged_in_both(both: tuple[Estate, ...], assembly: Path, tmp_path: Path) -> None:
    folder = edited(assembly, tmp_path / "cdk.out", PLACE, _adding("AWS::Lambda::Function", Code={}))
    findings = [[one.what for one in prove(folder, estate).findings] for estate in both]
    assert findings[0] == []
    assert any("AWS::Lambda::Function" in one for one in findings[1])


HELD = "arn:aws:kms:eu-west-1:777777777777:key/11111111-2222-3333-4444-777777777777"


@pytest.fixture(scope="module")
def beside_held(both: tuple[Estate, ...]) -> Estate:
    """Key account two, beside one whose tenant globex holds its key itself."""
    (sibling,) = both[1].siblings
    held = HeldKey({"eu-west-1": HELD}, {}, {}, None, 60)
    return replace(both[1], siblings=(with_tenant(sibling, "globex", held=held),))


def test_a_tenant_of_another_key_account_that_holds_its_key_leaves_the_proof_as_it_is(
    beside_held: Estate, assembly: Path
) -> None:
    assert prove(assembly, beside_held).findings == ()
    assert (
        second_opinion(Assembly.open(assembly), beside_held, answered=ANSWERED_BESIDE_HELD).verdict == "no such request"
    )


@pytest.mark.parametrize("resource", ["*", "arn:aws:kms:*:*:key/*", HELD])
@pytest.mark.parametrize(
    ("stack", "role"), [(ROLES, "RoleinitechForshop"), (SHARED, "SharedRoleinvoices"), (PLACE, "Roleshop")]
)
def test_no_role_may_use_the_key_that_a_tenant_of_another_key_account_holds(
    beside_held: Estate, assembly: Path, stack: str, role: str, resource: str, tmp_path: Path
) -> None:
    more = {"Sid": "More", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": resource}

    def allow(resources: dict[str, Any]) -> None:
        resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(more)

    folder = edited(assembly, tmp_path / "cdk.out", stack, allow)
    found = prove(folder, beside_held).findings
    assert [(one.kind, one.tenant) for one in found] == [(Kind.MORE_THAN_DECLARED, "globex")]
    assert "the key of tenant globex" in found[0].what
    if resource == "*":
        opinion = second_opinion(Assembly.open(folder), beside_held, answered=ANSWERED_BESIDE_HELD)
        assert {breach.what for breach in opinion.breaches} == {"the key of tenant globex in eu-west-1"}
