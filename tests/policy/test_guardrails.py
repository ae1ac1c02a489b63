"""The control policies of the key account: what they say, how long they are, and that both engines take them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tenant_keys.policy.limits import PolicyTooLarge, compact
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.second_opinion.opinion import second_opinion
from tests.manifest.sample import edited, errors
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import artifacts, synthesized
from tools.random_estates.small_estates import templates_of

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}"""
TENANTS = """\
  acme: {workloads: [orders, billing]}
  globex: {workloads: [orders], key: {origin: imported, import_role: role/key-import/globex}}"""
DECLARED = 'guardrails: {management_account: "444444444444", import_path: /key-import/}\n'
KEYS = "arn:aws:kms:*:111111111111:key/*"
DEPLOYERS = [
    f"arn:aws:iam::111111111111:role/cdk-hnb659fds-cfn-exec-role-111111111111-{region}"
    for region in ("eu-west-1", "eu-central-1")
]
BREAK_GLASS = "arn:aws:iam::111111111111:role/KeyBreakGlass"
OUTSIDE = {
    "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
}


def guarded(tenants: str = TENANTS, declared: str = DECLARED, **central: str) -> Estate:
    return estate_of_text(declared + manifest(WORKLOADS, tenants, **central))


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guarded")
    synthesized(guarded(), folder)
    return folder


def statement(sid: str, *, resource: bool) -> dict[str, object]:
    policy = resource_control_policy(guarded()) if resource else service_control_policy(guarded())
    (found,) = [dict(one) for one in policy["Statement"] if one["Sid"] == sid]
    return found


def test_deletion_is_kept_for_break_glass_by_both_policies() -> None:
    expected = {
        "Sid": "KeepDeletion",
        "Effect": "Deny",
        "Action": ["kms:ScheduleKeyDeletion"],
        "Resource": KEYS,
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [BREAK_GLASS]}},
    }
    assert statement("KeepDeletion", resource=False) == expected
    assert statement("KeepDeletion", resource=True) == {**expected, "Principal": "*"}


def test_aliases_are_kept_by_their_own_arn_too() -> None:
    assert statement("KeepAliases", resource=False) == {
        "Sid": "KeepAliases",
        "Effect": "Deny",
        "Action": ["kms:CreateAlias", "kms:DeleteAlias"],
        "Resource": [KEYS, "arn:aws:kms:*:111111111111:alias/tenant-*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [*DEPLOYERS, BREAK_GLASS]}},
    }


def test_material_is_kept_for_roles_below_the_import_path() -> None:
    assert statement("KeepMaterial", resource=True)["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/key-import/*"}
    }


def test_the_tag_of_tenants_is_reserved_whatever_its_case() -> None:
    assert statement("ReserveTenantTag", resource=True) == {
        "Sid": "ReserveTenantTag",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sts:TagSession"],
        "NotResource": "arn:aws:iam::111111111111:role/tenant-keys/*/shared.*",
        "Condition": {"Null": {"aws:RequestTag/tenant_id": "false"}},
    }
    assert statement("ReserveTenantTag", resource=False)["Action"] == [
        *("iam:CreateRole", "iam:CreateUser", "iam:TagRole", "iam:TagUser")
    ]


def test_nobody_outside_the_organization_uses_a_key_or_obtains_a_session() -> None:
    use, sessions = (statement(f"Deny{what}FromOutside", resource=True) for what in ("Use", "Sessions"))
    assert (use["Action"], use["Resource"], use["Condition"]) == (["kms:*"], KEYS, OUTSIDE)
    assert (sessions["Action"], sessions["Condition"]) == (["sts:AssumeRole"], OUTSIDE)
    assert sessions["Resource"] == "arn:aws:iam::111111111111:role/tenant-keys/*"


CUSTODIAN = (
    "  %s: {workloads: [orders], key: {origin: imported, custodian: {account: '%s', role: role/K, external_id: %s}}}"
)
CUSTODIANS = "\n".join(CUSTODIAN % row for row in (("acme", "666666666666", "ab"), ("globex", "555555555555", "c1")))


@pytest.mark.parametrize("declared", [DECLARED, 'guardrails: {management_account: "444444444444"}\n'])
def test_custodians_alone_obtain_sessions_of_import_roles_from_outside(declared: str) -> None:
    estate = guarded(CUSTODIANS, declared)
    denied = {one["Sid"]: one for one in resource_control_policy(estate)["Statement"]}
    roles = "arn:aws:iam::111111111111:role/tenant-keys/"
    sessions = {"Effect": "Deny", "Principal": "*", "Action": ["sts:AssumeRole"]}
    others = {**OUTSIDE["StringNotEquals"], "aws:PrincipalAccount": ["555555555555", "666666666666"]}
    assert denied["DenySessionsFromOutside"] == {
        **sessions,
        "Sid": "DenySessionsFromOutside",
        "Resource": f"{roles}*/*",
        "Condition": OUTSIDE,
    }
    assert denied["DenyImportsFromOutside"] == {
        **sessions,
        "Sid": "DenyImportsFromOutside",
        "Resource": f"{roles}import.*",
        "Condition": {**OUTSIDE, "StringNotEquals": others},
    }
    own = ["arn:aws:iam::111111111111:role/key-import/*"] if "import_path" in declared else []
    spared = [*own, f"{roles}import.*"]
    assert denied["KeepMaterial"]["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": spared if own else spared[0]},
    }


def test_nobody_is_spared_of_material_where_no_import_role_is_declared() -> None:
    (kept,) = [
        one
        for one in service_control_policy(
            guarded("  acme: {workloads: [orders]}", 'guardrails: {management_account: "444444444444"}\n')
        )["Statement"]
        if one["Sid"] == "KeepMaterial"
    ]
    assert "Condition" not in kept


def test_no_condition_reads_what_others_may_change() -> None:
    """Tags of a resource and its aliases; and ForAllValues, which holds where a key is absent."""
    for policy in (service_control_policy(guarded()), resource_control_policy(guarded())):
        conditions = [
            (operator, key)
            for one in policy["Statement"]
            for operator in one["Condition"]
            for key in one["Condition"][operator]
        ]
        assert len(conditions) > 10
        assert not [pair for pair in conditions if pair[0].startswith("For") or "ResourceTag" in pair[1]]
        assert not [pair for pair in conditions if pair[1].lower() == "kms:resourcealiases"]


@pytest.mark.parametrize("tenants", [1, 1_000])
def test_the_policies_are_as_long_for_one_tenant_as_for_a_thousand(tenants: int) -> None:
    many = "\n".join(f"  t{number}: {{workloads: [billing]}}" for number in range(tenants))
    estate = guarded(many)
    sizes = len(compact(service_control_policy(estate))), len(compact(resource_control_policy(estate)))
    assert sizes == (4_380, 3_695)


def test_a_policy_that_is_too_long_names_the_way_out(tmp_path: Path) -> None:
    regions = "eu-west-1, eu-central-1, us-east-1, us-east-2, us-west-1, us-west-2, eu-west-2, eu-west-3, eu-north-1"
    text = DECLARED + manifest(WORKLOADS, TENANTS, regions=regions)
    with pytest.raises(PolicyTooLarge, match="AWS accepts 5,120; name one role for all Regions"):
        synthesized(estate_of_text(text), tmp_path)


@pytest.mark.slow
def test_both_engines_take_an_estate_with_the_guardrails_that_it_declares(assembly: Path) -> None:
    proof = prove(assembly, guarded(), with_safeguards=True)
    assert (proof.verdict, proof.findings) == ("proved", ())
    lost = [(one.policy, one.sid, one.lost) for one in proof.guardrails]
    assert len(lost) == 23
    assert [row for row in lost if row[2] == "nothing"] == []
    assert ("SCP", "KeepTopic", "detection") in lost
    assert ("RCP", "DenyUseFromOutside", "plaintext") in lost
    assert second_opinion(Assembly.open(assembly), guarded()).verdict == "no such request"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_both_engines_take_permission_sets_as_those_who_are_spared() -> None:
    text = f'audit: "off"\n{DECLARED}' + manifest(WORKLOADS, TENANTS, identity_center_region="eu-west-1")
    text = text.replace("role/KeyAdministrator", "permission-set/Keys").replace(
        "role/KeyBreakGlass", "permission-set/Glass"
    )
    estate = estate_of_text(text)
    (kept,) = [one for one in service_control_policy(estate)["Statement"] if one["Sid"] == "KeepDeletion"]
    [pattern] = kept["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert pattern.endswith("/AWSReservedSSO_Glass_????????????????")
    templates = templates_of(estate)
    proof = prove(templates, estate)
    assert (proof.verdict, proof.findings) == ("proved", ())
    templates.properties("guardrails", "scp")["Content"]["Statement"][0]["Condition"] = {
        "ArnNotLike": {"aws:PrincipalArn": pattern.replace("_Glass_", "_Gl*_")}
    }
    [reported] = prove(templates, estate).findings
    assert reported.kind is Kind.GUARDRAIL or "patterns with wildcards on one key" in reported.what
    assert second_opinion(templates, estate).verdict != "no such request"


def test_the_stack_is_the_management_accounts_and_protected(assembly: Path) -> None:
    artifact = artifacts(assembly)["tenant-keys-guardrails"]
    assert artifact["environment"] == "aws://444444444444/us-east-1"
    assert artifact["properties"]["terminationProtection"] is True


def test_the_patterns_cover_the_topics_and_rules_of_the_audit_stacks(assembly: Path) -> None:
    """The key account's; those of workload accounts are not under these policies."""
    patterns = {sid: statement(sid, resource=False)["Resource"] for sid in ("KeepRules", "KeepTopic")}
    assert patterns == {
        "KeepRules": "arn:aws:events:*:111111111111:rule/tenant-keys-*",
        "KeepTopic": "arn:aws:sns:*:111111111111:tenant-keys-*",
    }
    named = {"AWS::Events::Rule": "Name", "AWS::SNS::Topic": "TopicName"}
    found = [
        resource["Properties"][named[resource["Type"]]]
        for file in sorted(assembly.glob("tenant-keys-audit-*.template.json"))
        for resource in json.loads(file.read_text())["Resources"].values()
        if resource["Type"] in named
    ]
    assert len(found) > 40
    assert [name for name in found if not name.startswith("tenant-keys-")] == []


@pytest.mark.slow
def test_guardrails_that_the_manifest_does_not_ask_for_are_not_proved(assembly: Path) -> None:
    without = replace(guarded(), guardrails=None)
    reported = [one.what for one in prove(assembly, without).findings]
    assert any("AWS::Organizations::Policy: the proof does not know what it grants" in what for what in reported)
    assert any("account 444444444444, which tenants.yaml does not declare" in what for what in reported)
    assert second_opinion(Assembly.open(assembly), without).verdict == "not given"


OWN = 'guardrails: {management_account: "444444444444", import_path: /key-import/}\nidentity_providers:'
BAD = {
    "the key account as management account": (
        [("444444444444", "111111111111")],
        "got 111111111111, the key account: control policies do not limit the management account",
    ),
    "no organization": (
        [("organization: o-a1b2c3d4e5\n", "")],
        "organization: missing; guardrails deny use from outside",
    ),
    "no path for import roles": (
        [(", import_path: /key-import/", "")],
        "guardrails.import_path: missing; tenant globex imports its key material through role/key-import/globex",
    ),
    "an import role elsewhere": (
        [("role/key-import/globex", "role/globex-import")],
        "got role/globex-import; guardrails.import_path /key-import/ must be the path of every import role",
    ),
    "the path of access roles": (
        [("/key-import/}", "/tenant-keys/}"), ("role/key-import/globex", "role/globex-import")],
        "got /tenant-keys/, which also covers access roles",
    ),
    "break-glass among the import roles": (
        [("break_glass: role/KeyBreakGlass", "break_glass: role/key-import/KeyBreakGlass")],
        "got role/key-import/KeyBreakGlass, below guardrails.import_path /key-import/",
    ),
    "an administrator among the import roles": (
        [("[role/KeyAdministrator]", "[role/key-import/KeyAdministrator]")],
        "got role/key-import/KeyAdministrator, below guardrails.import_path",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_guardrails_that_could_not_hold_are_refused(name: str) -> None:
    edits, said = BAD[name]
    text = edited(("identity_providers:", OWN), ("role/globex-import", "role/key-import/globex"))
    assert errors(text) == []
    found = errors(edited(*edits, text=text))
    assert any(said in one for one in found), found
