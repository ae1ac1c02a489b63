"""People by permission set of IAM Identity Center: roles of the set with any suffix, and no other role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.operations.verify.verify import NoReader, reader_of
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.iam import Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.second_opinion import Answered, second_opinion
from tests.policy.estates import estate_of_text, manifest
from tests.review.proof.test_kinds import estate_of
from tests.sampled import sampled
from tests.stacks.synth import synthesized
from tools.random_estates.small_estates import HEAD, Templates, templates_of

ACCOUNT = "arn:aws:iam::111111111111:role/"
FOLDER = f"{ACCOUNT}aws-reserved/sso.amazonaws.com/eu-central-1/"
KEYS = f"{FOLDER}AWSReservedSSO_Key_Admin_????????????????"
BREAK_GLASS = f"{FOLDER}AWSReservedSSO_BreakGlass_????????????????"
AUDIT = f"{FOLDER}AWSReservedSSO_Audit_????????????????"
SUFFIX = "0123456789abcdef"


ANSWERED: Answered = {}
"""What the second engine knows of the documents that no test edits."""


@pytest.fixture(scope="module")
def estate() -> Estate:
    head = HEAD.replace("[role/KeyAdministrator]", "[permission-set/Key_Admin]")
    head = head.replace("[role/SecurityAudit]", "[permission-set/Audit]")
    head = head.replace("role/KeyBreakGlass", "permission-set/BreakGlass\n  identity_center_region: eu-central-1")
    return estate_of("acme: {}", "globex: {}", head=head)


def key_policy(templates: Templates) -> Any:
    return templates.properties("keys", "Keyacme")["KeyPolicy"]


def with_role(templates: Templates, old: str, new: str) -> Templates:
    """The templates with a role otherwise in the key policy of acme."""
    copy = templates.copy()
    properties = copy.properties("keys", "Keyacme")
    properties["KeyPolicy"] = json.loads(json.dumps(properties["KeyPolicy"]).replace(old, new))
    return copy


def test_roles_of_a_permission_set_are_named_by_path_account_and_length_of_the_suffix(estate: Estate) -> None:
    central = estate.central
    assert (central.administrators, central.break_glass, central.readers) == ((KEYS,), BREAK_GLASS, (AUDIT,))
    statements = {one["Sid"]: one for one in key_policy(templates_of(estate))["Statement"]}
    assert statements["ScheduleDeletion"]["Condition"] == {"ArnLike": {"aws:PrincipalArn": [BREAK_GLASS]}}
    assert statements["DenyScheduleDeletionByAnyoneElse"]["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": [BREAK_GLASS]}
    }


def test_both_engines_prove_an_estate_whose_people_have_permission_sets(estate: Estate) -> None:
    templates = templates_of(estate)
    proof, opinion = prove(templates, estate), second_opinion(templates, estate, answered=ANSWERED)
    assert (proof.proved, opinion.breaches, opinion.not_understood, opinion.unanswered) == (True, [], [], [])
    assert {BREAK_GLASS} == {one.who for one in proof.trusted if one.may == "schedule a deletion"}


@pytest.mark.parametrize(
    "wider",
    sampled(
        [
            f"{FOLDER}AWSReservedSSO_Key_Admin_*",
            f"{FOLDER}AWSReservedSSO_Key_Admin_?????????????????",
            f"{FOLDER}AWSReservedSSO_Key_????????????????",
            f"{FOLDER.replace('eu-central-1', '*')}AWSReservedSSO_Key_Admin_????????????????",
            f"{ACCOUNT}AWSReservedSSO_Key_Admin_????????????????",
        ],
        each=3,
    ),
)
def test_neither_engine_lets_a_policy_through_that_names_more_than_the_set(estate: Estate, wider: str) -> None:
    templates = with_role(templates_of(estate), KEYS, wider)
    findings = prove(templates, estate).findings
    assert Kind.ADMINISTRATION in {one.kind for one in findings}
    verdict = second_opinion(templates, estate, answered=ANSWERED).verdict
    assert verdict == ("refuted" if wider.endswith("*") else "not given")


def test_a_policy_that_names_one_suffix_denies_the_set_what_is_declared(estate: Estate) -> None:
    findings = prove(with_role(templates_of(estate), KEYS, KEYS.replace("?" * 16, SUFFIX)), estate).findings
    assert {one.kind for one in findings} == {Kind.REFUSED}


ROLES = {
    "a role of the set": (KEYS.replace("?" * 16, SUFFIX), True),
    "the set's role, created again": (KEYS.replace("?" * 16, "fedcba9876543210"), True),
    "a set whose name goes on": (KEYS.replace("?" * 16, f"Evil_{SUFFIX}"), False),
    "a shorter suffix": (KEYS.replace("?" * 16, SUFFIX[1:]), False),
    "a longer suffix": (KEYS.replace("?" * 16, f"{SUFFIX}0"), False),
    "another Region": (KEYS.replace("eu-central-1", "eu-west-1").replace("?" * 16, SUFFIX), False),
    "no path": (f"{ACCOUNT}AWSReservedSSO_Key_Admin_{SUFFIX}", False),
    "a path of its own": (f"{ACCOUNT}x/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Key_Admin_{SUFFIX}", False),
    "another account": (KEYS.replace("111111111111", "222222222222").replace("?" * 16, SUFFIX), False),
    "another set": (BREAK_GLASS.replace("?" * 16, SUFFIX), False),
}


@pytest.mark.parametrize(("role", "may"), ROLES.values(), ids=ROLES.keys())
def test_nobody_but_the_set_rotates_key_material(estate: Estate, role: str, *, may: bool) -> None:
    account, name = role.split(":")[4], role.rpartition("/")[2]
    who = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/ann",
        account=account,
        role_arn=role,
        organization="o-a1b2c3d4e5",
    )
    full = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policies = Policies(
        identity=(Policy.parse(full, name="full rights", kind="identity"),),
        resource=Policy.parse(key_policy(templates_of(estate)), name="key policy", kind="resource"),
    )
    key = "arn:aws:kms:eu-west-1:111111111111:key/1"
    decided = authorize(Request(who, "kms:RotateKeyOnDemand", key, "111111111111", {}), policies)
    assert (decided.outcome is Outcome.ALLOWED) is may


def test_control_policies_spare_the_roles_of_the_set_and_both_engines_prove_them(tmp_path: Path) -> None:
    people = manifest().replace("[role/KeyAdministrator]", "[permission-set/Key_Admin]")
    people = people.replace("role/KeyBreakGlass", "permission-set/BreakGlass\n  identity_center_region: eu-central-1")
    guarded = estate_of_text('guardrails: {management_account: "444444444444"}\n' + people)
    synthesized(guarded, tmp_path)
    assert prove(tmp_path, guarded).findings == ()
    assert second_opinion(Assembly.open(tmp_path), guarded).verdict == "no such request"


def test_a_permission_set_is_no_role_with_which_a_machine_reads() -> None:
    sets = manifest(identity_center_region="us-east-1").replace("[role/SecurityAudit]", "[permission-set/Audit]")
    with pytest.raises(NoReader, match="name one that only reads"):
        reader_of(estate_of_text(sets))
    both = sets.replace("[permission-set/Audit]", "[permission-set/Audit, role/audit/Machine]")
    assert reader_of(estate_of_text(both)) == "role/audit/Machine"
