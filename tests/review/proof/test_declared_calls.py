"""A declared call must work as it is really made: its claims, names, values. AWS's documents decide each verdict.

Where a condition hangs on what the manifest leaves open, the verdict is "not proved"; where no call can satisfy it,
what is declared is refused; and hardening that stops none of the declared calls is proved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.proof import prove
from tools.random_estates.small_estates import CENTRAL, HEAD, Templates, templates_of

Body = dict[str, Any]
Edit = Callable[[Templates], None]
LOGIN, OTHER = "login.example.com", "other.example.com"
PROVED, NOT_PROVED, REFUTED = "proved", "not proved", "refuted"


def _estate(*tenants: str, head: str = HEAD) -> Estate:
    manifest = parse_manifest('audit: "off"\n' + head + "".join(f"  {tenant}\n" for tenant in tenants))
    return resolve(manifest, update(manifest, new_lock(manifest))[0])


EVERY_MODE = _estate("acme: {workloads: [orders, billing, portal]}")
ORDERS = _estate("acme: {}")
BILLING = _estate("acme: {workloads: [billing]}")
PORTAL = _estate("acme: {workloads: [portal]}")


def verdict(estate: Estate, *edits: Edit) -> str:
    templates = templates_of(estate)
    for edit in edits:
        edit(templates)
    return prove(templates, estate).verdict


def trust(role: str, *, stack: str = "roles") -> Callable[[Templates], list[Body]]:
    return lambda templates: templates.properties(stack, role)["AssumeRolePolicyDocument"]["Statement"]


def own(role: str, *, stack: str = "roles") -> Callable[[Templates], list[Body]]:
    return lambda templates: templates.properties(stack, role)["Policies"][0]["PolicyDocument"]["Statement"]


def key(templates: Templates) -> list[Body]:
    statements: list[Body] = templates.properties("keys", "Keyacme")["KeyPolicy"]["Statement"]
    return statements


def requiring(where: Callable[[Templates], list[Body]], condition: Body, *, at: int = 0) -> Edit:
    """Ask for more in one statement."""

    def edit(templates: Templates) -> None:
        statement = where(templates)[at]
        for operator, keys in condition.items():
            statement.setdefault("Condition", {}).setdefault(operator, {}).update(keys)

    return edit


def denying(
    where: Callable[[Templates], list[Body]], condition: Body, action: object = "sts:*", **elements: object
) -> Edit:
    """One Deny more."""
    deny = {"Sid": "Added", "Effect": "Deny", "Action": action, "Condition": condition, **elements}
    return lambda templates: where(templates).append(deny)


def splitting(where: Callable[[Templates], list[Body]], *, role: Body, tags: Body) -> Edit:
    """Authorize sts:TagSession in a statement of its own; each asks for more than is there."""

    def edit(templates: Templates) -> None:
        statements = where(templates)
        (statement,) = statements
        actions = [action for action in statement["Action"] if action != "sts:TagSession"]
        other = {**statement, "Sid": "Tag", "Action": "sts:TagSession", "Condition": dict(statement["Condition"])}
        statements[:] = [{**statement, "Action": actions, "Condition": dict(statement["Condition"])}, other]
        for one, condition in zip(statements, (role, tags), strict=True):
            for operator, keys in condition.items():
                one["Condition"][operator] = {**one["Condition"].get(operator, {}), **keys}

    return edit


@pytest.mark.parametrize("estate", [EVERY_MODE, ORDERS, BILLING, PORTAL])
def test_every_estate_is_proved_before_it_is_edited(estate: Estate) -> None:
    assert verdict(estate) == PROVED


PORTALS = trust("shared.portal")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # A token fills the keys of its own issuer alone (IAM guide, reference_policies_iam-condition-keys).
        ({"StringEquals": {f"{OTHER}:aud": "portal-keys"}}, REFUTED),
        ({"Null": {f"{OTHER}:sub": "false"}}, REFUTED),
        ({"StringEquals": {"accounts.google.com:aud": "portal-keys"}}, REFUTED),
        ({"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "*"}}, REFUTED),
        ({"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}, REFUTED),
        ({"StringEqualsIfExists": {f"{OTHER}:aud": "x"}}, PROVED),
        # Every token has a subject (OpenID Connect Core 2); which one, no manifest says.
        ({"Null": {f"{LOGIN}:sub": "true"}}, REFUTED),
        ({"Null": {f"{LOGIN}:sub": "false"}}, PROVED),
        ({"StringLike": {f"{LOGIN}:sub": "*"}}, PROVED),
        ({"StringEquals": {f"{LOGIN}:sub": "user-1"}}, NOT_PROVED),
        ({"StringLike": {f"{LOGIN}:sub": "user-*"}}, NOT_PROVED),
        ({"StringNotEquals": {f"{LOGIN}:sub": "user-1"}}, NOT_PROVED),
        # Other claims are there or not.
        ({"ForAnyValue:StringLike": {f"{LOGIN}:amr": "*"}}, NOT_PROVED),
        ({"StringLike": {f"{LOGIN}:email": "*@example.com"}}, NOT_PROVED),
    ],
)
def test_a_token_has_the_claims_of_its_own_issuer(condition: Body, expected: str) -> None:
    assert verdict(PORTAL, requiring(PORTALS, condition)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {f"{OTHER}:aud": "portal-keys"}}, REFUTED),
        ({"StringEquals": {f"{LOGIN}:aud": "orders"}}, REFUTED),
        ({"Null": {f"{LOGIN}:sub": "true"}}, REFUTED),
        ({"StringLike": {f"{LOGIN}:sub": "*"}}, PROVED),
    ],
)
def test_the_statement_for_tags_asks_of_the_same_token(condition: Body, expected: str) -> None:
    assert verdict(PORTAL, splitting(PORTALS, role={}, tags=condition)) == expected


@pytest.mark.parametrize(
    ("estate", "where", "condition", "expected"),
    [
        # A session that a service or another role opened carries the claims of no token.
        (ORDERS, own("tenant-acme.orders"), {"Null": {f"{LOGIN}:sub": "false"}}, REFUTED),
        (ORDERS, own("tenant-acme.orders"), {"Null": {f"{LOGIN}:sub": "true"}}, PROVED),
        # Claims may be available in later requests of a session (IAM guide, reference_policies_iam-condition-keys).
        (PORTAL, own("shared.portal"), {"StringEquals": {f"{LOGIN}:aud": "portal-keys"}}, NOT_PROVED),
        (PORTAL, own("shared.portal"), {"Null": {f"{OTHER}:aud": "false"}}, REFUTED),
        (PORTAL, own("shared.portal"), {"StringNotEqualsIfExists": {f"{OTHER}:aud": "portal-keys"}}, PROVED),
    ],
)
def test_a_session_has_at_most_the_claims_that_opened_it(
    estate: Estate, where: Callable[[Templates], list[Body]], condition: Body, expected: str
) -> None:
    assert verdict(estate, requiring(where, condition)) == expected


ORDERED = trust("tenant-acme.orders")
NAME = "sts:RoleSessionName"


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        # Required, 2 to 64 of letters, digits and _+=,.@- (STS API, AssumeRole).
        (requiring(ORDERED, {"StringLike": {NAME: "*-acme"}}), PROVED),
        (requiring(ORDERED, {"StringEquals": {NAME: "n" * 64}}), PROVED),
        (requiring(ORDERED, {"StringEquals": {NAME: "n" * 65}}), REFUTED),
        (requiring(ORDERED, {"StringLike": {NAME: "?"}}), REFUTED),
        (requiring(ORDERED, {"StringEquals": {NAME: "a b"}}), REFUTED),
        (requiring(ORDERED, {"StringLike": {NAME: "team/*"}}), REFUTED),
        (requiring(ORDERED, {"Null": {NAME: "true"}}), REFUTED),
        (denying(ORDERED, {"StringLike": {NAME: "*"}}, Principal="*"), REFUTED),
        (denying(ORDERED, {"StringLike": {NAME: "??*"}}, Principal="*"), REFUTED),
        (denying(ORDERED, {"StringNotLike": {NAME: "orders-*"}}, Principal="*"), PROVED),
        (denying(ORDERED, {"Null": {NAME: "true"}}, Principal="*"), PROVED),
        # Of a bearer token, not of a session (IAM guide, reference_policies_iam-condition-keys, sts:DurationSeconds).
        (requiring(ORDERED, {"NumericLessThan": {"sts:DurationSeconds": "900"}}), NOT_PROVED),
        (requiring(ORDERED, {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}), NOT_PROVED),
        (requiring(ORDERED, {"NumericLessThanEqualsIfExists": {"sts:DurationSeconds": "3600"}}), PROVED),
        # The names of sessions that AWS Lambda opens are its own.
        (
            requiring(trust("tenant-keys-orders", stack="workload-222222222222"), {"StringLike": {NAME: "x*"}}),
            NOT_PROVED,
        ),
    ],
)
def test_a_session_has_a_name_that_sts_accepts(edit: Edit, expected: str) -> None:
    assert verdict(ORDERS, edit) == expected


@pytest.mark.parametrize(
    ("role", "tags", "expected"),
    [
        ({"StringEquals": {NAME: "bravo"}}, {"StringEquals": {NAME: "alpha"}}, REFUTED),
        ({"StringLike": {NAME: "b*"}}, {"StringLike": {NAME: "a*"}}, REFUTED),
        ({"StringEquals": {NAME: "bravo"}}, {"StringNotEquals": {NAME: "bravo"}}, NOT_PROVED),
        # The service authorization reference lists the key for sts:AssumeRole and not for sts:TagSession.
        ({"StringEquals": {NAME: "bravo"}}, {"StringEquals": {NAME: "bravo"}}, NOT_PROVED),
        ({"StringEquals": {NAME: "bravo"}}, {"StringEqualsIfExists": {NAME: "bravo"}}, PROVED),
        ({}, {"StringEquals": {"aws:RequestTag/tenant_id": "another"}}, REFUTED),
    ],
)
def test_one_call_has_one_context_for_all_its_actions(role: Body, tags: Body, expected: str) -> None:
    assert verdict(BILLING, splitting(trust("shared.billing"), role=role, tags=tags)) == expected


WINDOW, BYPASS = "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:BypassPolicyLockoutSafetyCheck"


@pytest.mark.parametrize(
    ("condition", "action", "expected"),
    [
        # CloudFormation sends no value, or the default false (AWS KMS API, PutKeyPolicy).
        ({"Bool": {BYPASS: "false"}}, "kms:PutKeyPolicy", NOT_PROVED),
        ({"Null": {BYPASS: "true"}}, "kms:PutKeyPolicy", NOT_PROVED),
        ({"Null": {BYPASS: "false"}, "Bool": {BYPASS: "false"}}, "kms:PutKeyPolicy", NOT_PROVED),
        ({"BoolIfExists": {BYPASS: "false"}}, "kms:PutKeyPolicy", REFUTED),
        ({"Bool": {BYPASS: "true"}}, "kms:PutKeyPolicy", PROVED),
        # The window that the manifest declares is 30 days.
        ({"NumericLessThan": {WINDOW: "30"}}, "kms:ScheduleKeyDeletion", PROVED),
        ({"NumericGreaterThan": {WINDOW: "7"}}, "kms:ScheduleKeyDeletion", REFUTED),
        ({"NumericNotEquals": {WINDOW: ["14", "21"]}}, "kms:ScheduleKeyDeletion", REFUTED),
        # The SDK decides what its calls say of themselves.
        ({"StringLike": {"aws:UserAgent": "*Boto3*"}}, "kms:Decrypt", NOT_PROVED),
        ({"Null": {"aws:UserAgent": "true"}}, "kms:Decrypt", NOT_PROVED),
    ],
)
def test_a_declared_call_has_the_values_that_its_caller_sends(condition: Body, action: str, expected: str) -> None:
    assert verdict(ORDERS, denying(key, condition, action, Principal="*", Resource="*")) == expected


EXISTING = HEAD.replace("runs_on: lambda", "runs_on: existing-role, role: role/app/Orders")
ROLES = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders"
OWNER = "aws:ResourceOrgID"
REGION, REGIONS = "aws:RequestedRegion", ["eu-west-1", "eu-central-1"]
PARAMETERS = [f"arn:aws:ssm:{region}:222222222222:parameter/tenant-keys/orders" for region in REGIONS]
READ = {"Sid": "Read", "Effect": "Allow", "Action": "ssm:GetParameter", "Resource": PARAMETERS}
ASSUME = {"Sid": "Assume", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"{ROLES}/*"}


@pytest.mark.parametrize(
    ("statements", "elements", "expected"),
    [
        ((ASSUME, READ), {}, PROVED),
        (({**ASSUME, "Resource": "*"}, READ), {}, PROVED),
        # Across accounts both sides must allow (IAM guide, reference_policies_evaluation-logic-cross-account).
        ((), {}, NOT_PROVED),
        ((ASSUME, READ), {"Roles": []}, NOT_PROVED),
        ((READ,), {}, NOT_PROVED),
        ((ASSUME,), {}, NOT_PROVED),
        (({**ASSUME, "Action": "sts:TagSession"}, READ), {}, NOT_PROVED),
        (({**ASSUME, "Resource": f"{ROLES}/tenant-globex.orders"}, READ), {}, NOT_PROVED),
        (({**ASSUME, "Resource": f"{ROLES}/tenant-acme.orders"}, READ), {}, NOT_PROVED),
        (({**ASSUME, "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}}, READ), {}, NOT_PROVED),
        (({**ASSUME, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, READ), {}, NOT_PROVED),
        ((ASSUME, {**READ, "Resource": PARAMETERS[:1]}), {}, NOT_PROVED),
        ((ASSUME, READ, {**ASSUME, "Sid": "Run", "Action": "lambda:UpdateFunctionCode"}), {}, NOT_PROVED),
    ],
)
def test_a_role_that_exists_already_has_what_the_templates_attach(
    statements: tuple[Body, ...], elements: Body, expected: str
) -> None:
    """Nobody else's policies are known; a policy that names one of `acme` and `globex` distinguishes them."""
    estate = _estate("acme: {}", "globex: {}", "initech: {}", head=EXISTING)
    templates = templates_of(estate)
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        properties = {"PolicyName": "Keys", "Roles": ["Orders"], "PolicyDocument": document, **elements}
        templates.add("workload-222222222222", "Policy", "AWS::IAM::Policy", properties)
    assert prove(templates, estate).verdict == expected


WORKLOADS = own("tenant-keys-orders", stack="workload-222222222222")


def _reading(**elements: object) -> Edit:
    def edit(templates: Templates) -> None:
        (statement,) = (one for one in WORKLOADS(templates) if one["Sid"] == "ReadOwnParameter")
        statement.update(elements)

    return edit


def _parameter(**properties: object) -> Edit:
    return lambda templates: templates.properties("parameters-222222222222-eu-west-1", "orders").update(properties)


EXPIRES = '[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2027-01-02T21:34:33.000Z"}}]'


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        # Authorized by ssm:GetParameter (Systems Manager API; service authorization reference).
        (_reading(Action="SSM:getparameter"), PROVED),
        (_reading(Action="ssm:GetParameters"), REFUTED),
        (_reading(Resource=PARAMETERS[1:]), REFUTED),
        (_reading(Resource=[*PARAMETERS[:1], PARAMETERS[1].replace("orders", "portal")]), REFUTED),
        (_reading(Effect="Deny"), REFUTED),
        (denying(WORKLOADS, {"Bool": {"aws:SecureTransport": "true"}}, "ssm:Get*", Resource="*"), REFUTED),
        (denying(WORKLOADS, {"Bool": {"aws:SecureTransport": "false"}}, "ssm:*", Resource="*"), PROVED),
        (_reading(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}), NOT_PROVED),
        (denying(WORKLOADS, {"StringNotEquals": {REGION: "eu-west-1"}}, "ssm:*", Resource="*"), REFUTED),
        (denying(WORKLOADS, {"StringNotEquals": {REGION: REGIONS}}, "ssm:*", Resource="*"), PROVED),
        (denying(WORKLOADS, {"StringNotEquals": {OWNER: "o-a1b2c3d4e5"}}, "ssm:*", Resource="*"), PROVED),
        (denying(WORKLOADS, {"StringEquals": {OWNER: "o-a1b2c3d4e5"}}, "ssm:*", Resource="*"), REFUTED),
        (_reading(Resource="*"), NOT_PROVED),
        (_reading(Action="ssm:GetParameter*"), NOT_PROVED),
        # Parameter Store deletes it then (Systems Manager guide, parameter-store-policies).
        (_parameter(Tier="Advanced", Policies=EXPIRES), NOT_PROVED),
        (_parameter(Tier="Advanced", Policies="[]"), NOT_PROVED),
        (_parameter(Tier="Advanced"), PROVED),
        (_parameter(DataType="aws:ec2:image"), NOT_PROVED),
        (_parameter(Type="SecureString"), NOT_PROVED),
        (_parameter(AllowedPattern="x"), NOT_PROVED),
    ],
)
def test_a_workload_may_read_its_parameter_and_keeps_it(edit: Edit, expected: str) -> None:
    assert verdict(ORDERS, edit) == expected
