"""What a control policy no longer keeps, and control policies that the proof does not understand; sentences by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.guardrails import check_guardrails, guardrails
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import World, build_world
from tests.review.proof.test_control_policies import KEY, ROLE, estate
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

IMPORTING = estate("{origin: imported, import_role: role/key-import/acme}")
TEMPLATES = templates_of(IMPORTING)
Body = dict[str, Any]


def judged(templates: Templates, declared: Estate = IMPORTING) -> tuple[Inventory, World]:
    reviewed = review_estate(templates, declared)
    return reviewed.inventory, build_world(declared, reviewed.inventory, reviewed.promises, reviewed.classes)


def found(edit: Any = None, declared: Estate = IMPORTING) -> list[Finding]:
    templates = TEMPLATES.copy()
    if edit:
        edit(templates)
    return list(check_guardrails(*judged(templates, declared)))


def statements(templates: Templates, policy: str) -> list[Body]:
    listed: list[Body] = templates.properties("guardrails", policy)["Content"]["Statement"]
    return listed


def statement(templates: Templates, policy: str, sid: str) -> Body:
    (one,) = [one for one in statements(templates, policy) if one["Sid"] == sid]
    return one


def sparing(policy: str, sid: str, *principals: str) -> Any:
    """Have a Deny spare more principals."""

    def edit(templates: Templates) -> None:
        condition = statement(templates, policy, sid)["Condition"]["ArnNotEquals"]
        kept = condition["aws:PrincipalArn"]
        condition["aws:PrincipalArn"] = [*(kept if isinstance(kept, list) else [kept]), *principals]

    return edit


ADMINISTRATION, PLAINTEXT, DETECTION = "administration", "plaintext", "detection"
OUTSIDE = "arn:aws:iam::000000000000:role/z"
OF_BOTH = {
    "KeepDeletion": (ADMINISTRATION, "deletion", f"{ROLE}z", "kms:schedulekeydeletion"),
    "KeepCancellation": (ADMINISTRATION, "cancelling a deletion", f"{ROLE}z", "kms:cancelkeydeletion"),
    "KeepDisabling": (ADMINISTRATION, "disabling", f"{ROLE}z", "kms:disablekey"),
    "KeepSettings": (ADMINISTRATION, "policies and settings of keys", f"{ROLE}z", "kms:disablekeyrotation"),
    "KeepAliases": (ADMINISTRATION, "aliases", f"{ROLE}z", "kms:createalias"),
    "KeepOpenings": (PLAINTEXT, "grants, alias targets and the primary Region", f"{ROLE}z", "kms:creategrant"),
    "KeepMaterial": (ADMINISTRATION, "key material", f"{ROLE}Deploy", "kms:deleteimportedkeymaterial"),
    "KeepLockoutCheck": (ADMINISTRATION, "the lockout check", f"{ROLE}Deploy", "kms:putkeypolicy"),
}
OF_EACH = {
    "SCP": {
        **OF_BOTH,
        "ReserveTenantTag": (PLAINTEXT, "the tag tenant_id", f"{ROLE}z", "iam:createrole"),
        "KeepTrail": (DETECTION, "the trail", f"{ROLE}z", "cloudtrail:deletetrail"),
        "KeepRules": (DETECTION, "the rules", f"{ROLE}z", "events:deleterule"),
        "KeepTopic": (DETECTION, "the topic", f"{ROLE}z", "sns:addpermission"),
    },
    "RCP": {
        **OF_BOTH,
        "DenyUseFromOutside": (PLAINTEXT, "use from inside the organization", OUTSIDE, "kms:decapsulate"),
        "DenySessionsFromOutside": (PLAINTEXT, "sessions from inside the organization", OUTSIDE, "sts:assumerole"),
        "ReserveTenantTag": (PLAINTEXT, "the tag tenant_id", f"{ROLE}z", "sts:tagsession"),
    },
}


def test_what_each_statement_stops_is_found_by_taking_it_away() -> None:
    assert found() == []
    assert [(one.policy, one.sid, one.lost, one.example) for one in guardrails(*judged(TEMPLATES))] == [
        (policy, sid, lost, f"guardrails {policy.lower()} does not keep {what}: {who} may {action}")
        for policy, each in OF_EACH.items()
        for sid, (lost, what, who, action) in each.items()
    ]


def test_a_statement_that_stops_nothing_of_its_own_loses_nothing() -> None:
    templates = TEMPLATES.copy()
    statements(templates, "scp").append({**statement(templates, "scp", "KeepDeletion"), "Sid": "Again"})
    lost = {(one.policy, one.sid): (one.lost, one.example) for one in guardrails(*judged(templates))}
    assert lost["SCP", "Again"] == lost["SCP", "KeepDeletion"] == ("nothing", "")


def test_a_gap_is_reported_once_with_the_request_that_goes_through() -> None:
    spared = sparing("scp", "KeepSettings", f"{ROLE}other", f"{ROLE}others")
    assert found(spared) == [
        Finding(
            Kind.GUARDRAIL,
            f"guardrails scp does not keep policies and settings of keys: {ROLE}other may kms:disablekeyrotation",
            "restore the Deny of the control policy",
            request={
                "principal": f"arn:aws:sts::{CENTRAL}:assumed-role/other/any-session",
                "action": "kms:disablekeyrotation",
                "resource": f"{KEY}4d3b2a19-0f1e-4c2d-8b3a-1a2b3c4d5e6f",
                "context": {},
            },
        )
    ]


@pytest.mark.parametrize(
    ("policy", "principal", "who"),
    [
        ("scp", f"arn:aws:iam::{CENTRAL}:root", f"the root user of account {CENTRAL}"),
        ("scp", f"arn:aws:iam::{CENTRAL}:user/ann", f"the user arn:aws:iam::{CENTRAL}:user/ann"),
        ("scp", f"{ROLE}KeyAdministrator", f"{ROLE}KeyAdministrator"),
        ("scp", f"{ROLE}tenant-keys/any/any", f"{ROLE}tenant-keys/any/any"),
        ("scp", f"{ROLE}key-import/acme", f"{ROLE}key-import/acme"),
        ("rcp", f"arn:aws:iam::{CENTRAL}:root", f"the root user of account {CENTRAL}"),
        # No principal of another account deletes a key (AWS KMS guide, key-policy-modifying-external-accounts).
        ("rcp", "arn:aws:iam::555555555555:role/any", ""),
        # An SCP limits the principals of its own account alone, and neither policy a service-linked role.
        ("scp", "arn:aws:iam::555555555555:role/any", ""),
        ("scp", f"{ROLE}aws-service-role/x.amazonaws.com/AWSServiceRoleForX", ""),
        ("rcp", f"{ROLE}aws-service-role/x.amazonaws.com/AWSServiceRoleForX", ""),
        ("scp", f"{ROLE}KeyBreakGlass", ""),
    ],
)
def test_whoever_a_statement_spares_and_the_manifest_does_not_is_found(policy: str, principal: str, who: str) -> None:
    expected = f"guardrails {policy} does not keep deletion: {who} may kms:schedulekeydeletion"
    assert [one.what for one in found(sparing(policy, "KeepDeletion", principal))] == ([expected] if who else [])


def test_anybody_is_limited_by_the_policy_of_resources() -> None:
    def signed(templates: Templates) -> None:
        statement(templates, "rcp", "DenyUseFromOutside")["Condition"]["StringNotEquals"]["aws:PrincipalType"] = (
            "Anonymous"
        )

    (anybody,) = found(signed)
    assert anybody.what == "guardrails rcp does not keep use from inside the organization: anybody may kms:decapsulate"
    assert anybody.request is not None
    assert anybody.request["principal"] == "anonymous"


def setting(policy: str, **properties: Any) -> Any:
    return lambda templates: templates.properties("guardrails", policy).update(properties)


def adding(**properties: Any) -> Any:
    return lambda templates: templates.add("guardrails", "more", "AWS::Organizations::Policy", properties)


def moved(account: str, region: str) -> Any:
    def edit(templates: Templates) -> None:
        resources = templates.resources["guardrails"]
        resources["scp"] = replace(resources["scp"], account=account, region=region)

    return edit


def with_statement(**body: Any) -> Any:
    def edit(templates: Templates) -> None:
        statements(templates, "scp").append({"Sid": "More", "Effect": "Deny", **body})

    return edit


def padded(length: int) -> Any:
    """The content as text of so many characters."""

    def edit(templates: Templates) -> None:
        properties = templates.properties("guardrails", "scp")
        properties["Content"] = json.dumps(properties["Content"]).ljust(length)

    return edit


AT, POLICY = "guardrails scp", "AWS::Organizations::Policy"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FIX = "write it as tenants.yaml generates it, or keep it in another app"


@pytest.mark.parametrize(
    ("edit", "kind", "what"),
    [
        (
            moved("111111111111", "us-east-1"),
            Kind.INVENTORY,
            f"{AT}: a control policy in 111111111111, us-east-1; expected 444444444444, us-east-1",
        ),
        (
            moved("444444444444", "eu-west-1"),
            Kind.INVENTORY,
            f"{AT}: a control policy in 444444444444, eu-west-1; expected 444444444444, us-east-1",
        ),
        (
            setting("scp", TargetIds=[CENTRAL, "r-root"]),
            Kind.INVENTORY,
            f"{AT}: attached to {CENTRAL}, r-root; expected the key account {CENTRAL} alone",
        ),
        (
            setting("scp", TargetIds=[]),
            Kind.INVENTORY,
            f"{AT}: attached to nothing; expected the key account {CENTRAL} alone",
        ),
        (padded(10_240), None, ""),
        (padded(10_241), Kind.INVENTORY, f"{AT}: 10,241 characters; AWS Organizations accepts 10,240"),
        (
            adding(Name="more", Type=SCP, Content={"Statement": []}, TargetIds=[CENTRAL]),
            Kind.NOT_PROVED,
            f"guardrails more: {POLICY}: a second {SCP}; the proof reads one",
        ),
        (
            lambda templates: templates.resources["guardrails"].pop("rcp"),
            Kind.INVENTORY,
            f"guardrails are declared, and no template holds a policy of type {RCP}",
        ),
        (
            with_statement(Effect="Allow", Action="kms:ScheduleKeyDeletion", Resource="*"),
            Kind.NOT_PROVED,
            f"{AT}: More allows; FullAWSAccess does, which is attached beside it",
        ),
        (
            with_statement(NotAction="kms:Decrypt", Resource="*"),
            Kind.NOT_PROVED,
            f"{AT}: More: NotAction denies what the manifest does not reserve",
        ),
        (
            with_statement(Action=["kms:ScheduleKeyDeletion", "s3:GetObject", "KMS:*"], Resource="*"),
            Kind.NOT_PROVED,
            f"{AT}: More denies s3:GetObject, of which nothing is reserved",
        ),
        *(
            (
                with_statement(Action="kms:ScheduleKeyDeletion", **{element: ["*", "arn:aws:s3:::x"]}),
                Kind.NOT_PROVED,
                f"{AT}: More: the proof does not know the resources arn:aws:s3:::x",
            )
            for element in ("Resource", "NotResource")
        ),
    ],
)
def test_a_control_policy_that_is_not_as_generated_is_named(edit: Any, kind: Kind | None, what: str) -> None:
    named = [(one.kind, one.what) for one in found(edit) if "which is declared" not in one.what]
    assert [one for one in named if "NotResource" not in one[1]] == ([] if kind is None else [(kind, what)])


def test_control_policies_that_no_manifest_asks_for_are_not_understood() -> None:
    undeclared = replace(IMPORTING, guardrails=None)
    assert [(one.kind, one.what) for one in found(declared=undeclared)] == [
        (Kind.NOT_PROVED, f"guardrails {name}: {POLICY}: the proof does not know what it grants")
        for name in ("scp", "rcp")
    ]
