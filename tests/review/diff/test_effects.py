"""Changes of templates, each decided by what it does: what stops or allows less is told, what means the same is not.

Decided by IAM's and CloudFormation's documents before the comparison was asked.
"""

from __future__ import annotations

import copy
import json
import operator
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_keys.manifest import Estate, load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.review.diff import Change, Severity
from tenant_keys.review.diff.keys import key_changes
from tenant_keys.review.diff.safeguards import safeguard_changes
from tenant_keys.review.diff.settings import setting_changes, stack_changes
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_stacks import add_stacks
from tools.cloud_assembly import edit_json, rename_assets

MANIFEST = """
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
guardrails: {management_account: "444444444444"}
identity_providers:
  customers: {issuer: https://login.example.com}
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  mails:
    account: "222222222222"
    runs_on: eks
    pod_identity: {cluster: main, namespace: mails, service_account: mails}
  premises:
    account: "333333333333"
    runs_on: roles-anywhere
    roles_anywhere:
      certificate_authority:
        arn:aws:acm-pca:eu-west-1:333333333333:certificate-authority/11111111-2222-3333-4444-555555555555
      common_name: premises
  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag}
tenants:
  acme: {workloads: [orders, mails, billing, portal]}
  globex: {workloads: [orders, billing]}
  initech: {workloads: [premises]}
"""
CELL, ROLES, SHARED = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001", "tenant-keys-shared-access"
PLACE, PREMISES = "tenant-keys-workload-222222222222-eu-west-1", "tenant-keys-workload-333333333333-eu-west-1"
Json = dict[str, Any]
Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("effects")
    manifest = folder / "tenants.yaml"
    manifest.write_text(MANIFEST)
    bring_up_to_date(manifest).write()
    app = cdk.App(outdir=str(folder / "cdk.out"), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, load_estate(manifest))
    app.synth()
    return folder


@pytest.fixture(scope="module")
def estate(folder: Path) -> Estate:
    return load_estate(folder / "tenants.yaml")


@pytest.fixture(scope="module")
def before(folder: Path, estate: Estate) -> ReviewedEstate:
    return review_estate(folder / "cdk.out", estate)


def resource(stack: str, name: str, edit: Callable[[Json], object]) -> Edit:
    """Edit a resource: its properties under "Properties"."""
    return lambda folder: edit_json(folder / f"{stack}.template.json", lambda whole: edit(whole["Resources"][name]))


def properties(stack: str, name: str, **changed: object) -> Edit:
    return resource(stack, name, lambda one: one["Properties"].update(changed))


def without_property(stack: str, name: str, gone: str) -> Edit:
    return resource(stack, name, lambda one: one["Properties"].pop(gone))


def added(stack: str, name: str, body: Json) -> Edit:
    return lambda folder: edit_json(
        folder / f"{stack}.template.json", lambda whole: whole["Resources"].update({name: body})
    )


def removed(stack: str, name: str) -> Edit:
    return lambda folder: edit_json(folder / f"{stack}.template.json", lambda whole: whole["Resources"].pop(name))


def policy(edit: Callable[[Json], object]) -> Edit:
    """Edit acme's key policy."""
    return resource(CELL, "Keyacme", lambda one: edit(one["Properties"]["KeyPolicy"]))


def statement(sid: str, edit: Callable[[Json], object]) -> Edit:
    def find(document: Json) -> None:
        edit(next(one for one in document["Statement"] if one["Sid"] == sid))

    return policy(find)


def deny(sid: str, **changed: object) -> Edit:
    return statement(sid, lambda one: one.update(changed))


def condition(sid: str, operator: str, key: str, value: object) -> Edit:
    return statement(sid, lambda one: one.setdefault("Condition", {}).setdefault(operator, {}).update({key: value}))


def identity(edit: Callable[[Json], object], role: str = "RoleacmeFororders", stack: str = ROLES) -> Edit:
    return resource(stack, role, lambda one: edit(one["Properties"]["Policies"][0]["PolicyDocument"]))


def use_own(edit: Callable[[Json], object]) -> Edit:
    return identity(lambda document: edit(document["Statement"][0]))


def trust(edit: Callable[[Json], object], role: str = "RoleacmeFororders", stack: str = ROLES) -> Edit:
    return resource(stack, role, lambda one: edit(one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]))


def only(change: Callable[[list[Json]], list[Json]]) -> Edit:
    return policy(lambda document: document.update(Statement=change(document["Statement"])))


def artifact(stack: str, **changed: object) -> Edit:
    return lambda folder: edit_json(
        folder / "manifest.json", lambda whole: whole["artifacts"][stack]["properties"].update(changed)
    )


def together(*several: Edit) -> Edit:
    return lambda folder: [one(folder) for one in several]


OTHER_KEY = "arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555"
ALIAS = "DenyOtherAlias"
LOST = "key policy in eu-west-1: no Deny StringNotEquals kms:requestalias as strict as DenyOtherAlias was"
WAIT, UNUSED = "DenyDeletionOfRecentlyUsedKey", "kms:TrailingDaysWithoutKeyUsage"
ALL = "key policy in eu-west-1: no Deny"
ASSOCIATION: Json = {
    "Type": "AWS::EKS::PodIdentityAssociation",
    "Properties": {
        "ClusterName": "main",
        "Namespace": "other",
        "ServiceAccount": "default",
        "RoleArn": "arn:aws:iam::222222222222:role/tenant-keys-orders",
    },
}
CONTROL: Json = {
    "Type": "AWS::Organizations::Policy",
    "Properties": {"Name": "Guard", "Type": "SERVICE_CONTROL_POLICY", "Content": {"Version": "2012-10-17"}},
}

GUARDRAILS, SCP, RCP = "tenant-keys-guardrails", "ServiceControlPolicy", "ResourceControlPolicy"


def control(name: str, sid: str, edit: Callable[[Json], object]) -> Edit:
    """Edit a statement of a control policy."""
    return resource(
        GUARDRAILS,
        name,
        lambda one: edit(next(each for each in one["Properties"]["Content"]["Statement"] if each["Sid"] == sid)),
    )


REVIEW: dict[str, tuple[Edit, str]] = {
    # name: what is done, and parts of the sentence, between bars
    "a control policy attached elsewhere too, with a statement less": (
        resource(
            GUARDRAILS,
            SCP,
            lambda one: [
                one["Properties"]["TargetIds"].insert(0, "222222222222"),
                one["Properties"]["Content"]["Statement"].pop(),
            ],
        ),
        "Content of policy of the organization",
    ),
    "a control policy that denies all of SNS in place of what is named": (
        control(SCP, "KeepTopic", lambda one: one.update(Action="sns:*")),
        "Content of policy of the organization",
    ),
    # A control policy that stops less than before.
    "a control policy that lets one role more delete": (
        control(SCP, "KeepDeletion", lambda one: one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append("*")),
        "service control policy of 111111111111: no Deny|as strict as KeepDeletion was|ScheduleKeyDeletion",
    ),
    "a control policy that no longer keeps the topic": (
        control(SCP, "KeepTopic", lambda one: one["Action"].remove("sns:DeleteTopic")),
        "service control policy of 111111111111: no Deny|as strict as KeepTopic was|(sns:DeleteTopic)",
    ),
    "a control policy for another organization": (
        control(
            RCP,
            "DenyUseFromOutside",
            lambda one: one["Condition"]["StringNotEquals"].update({"aws:PrincipalOrgID": "o-zzzzzzzzzz"}),
        ),
        "resource control policy of 111111111111: no Deny|DenyUseFromOutside|o-zzzzzzzzzz",
    ),
    "a control policy attached to nothing": (
        properties(GUARDRAILS, RCP, TargetIds=[]),
        "TargetIds of policy of the organization tenant-keys-111111111111-rcp",
    ),
    # A Deny that stops less than before.
    "a shorter wait before a deletion": (
        condition(WAIT, "NumericLessThanIfExists", UNUSED, "7"),
        f"no Deny NumericLessThanIfExists {UNUSED.lower()} as strict as {WAIT} was|(kms:ScheduleKeyDeletion)",
    ),
    "a wait only where KMS tells the last use": (
        statement(WAIT, lambda one: one.update(Condition={"NumericLessThan": {UNUSED: "30"}})),
        f"no Deny NumericLessThanIfExists {UNUSED.lower()} as strict as {WAIT} was",
    ),
    "no wait before a deletion": (only(lambda all_: [one for one in all_ if one["Sid"] != WAIT]), f"{ALL}|{WAIT}"),
    "a Deny on another key": (deny(ALIAS, Resource=OTHER_KEY), LOST),
    "a Deny on no key at all": (deny(ALIAS, Resource="arn:aws:s3:::bucket/*"), LOST),
    "a Deny on all but everything": (
        statement(ALIAS, lambda one: one.update(NotResource="*") or one.pop("Resource")),
        LOST,
    ),
    "a Deny on all but keys": (
        statement(ALIAS, lambda one: one.update(NotResource="arn:aws:kms:*:*:key/*") or one.pop("Resource")),
        LOST,
    ),
    "a Deny of another action": (deny(ALIAS, Action="kms:ListAliases"), LOST),
    "a Deny of one action less": (
        statement(ALIAS, lambda one: one["Action"].remove("kms:Dec*")),
        LOST + "|(kms:Decrypt)",
    ),
    "a Deny of all actions but its own": (
        statement(ALIAS, lambda one: one.update(NotAction=one.pop("Action"))),
        LOST,
    ),
    "a Deny of one principal": (deny(ALIAS, Principal={"AWS": "arn:aws:iam::999999999999:root"}), LOST),
    "a Deny of AWS principals, and in doubt of no service": (deny(ALIAS, Principal={"AWS": "*"}), LOST),
    "a Deny of a service": (deny(ALIAS, Principal={"Service": "s3.amazonaws.com"}), LOST),
    "a Deny of all but everybody": (
        statement(ALIAS, lambda one: one.update(NotPrincipal="*") or one.pop("Principal")),
        LOST,
    ),
    "a Deny of all but every AWS principal": (
        statement(ALIAS, lambda one: one.update(NotPrincipal={"AWS": "*"}) or one.pop("Principal")),
        LOST,
    ),
    "a Deny under a key that is never there": (
        condition(ALIAS, "StringEquals", "kms:EncryptionContext:never", "x"),
        LOST,
    ),
    "a Deny under two conditions that exclude each other": (
        condition(ALIAS, "StringEquals", "kms:RequestAlias", "alias/tenant-acme"),
        LOST,
    ),
    "a Deny of requests that must and must not name an alias": (
        condition(ALIAS, "Null", "kms:RequestAlias", "true"),
        LOST,
    ),
    "a Deny that spares one alias more": (
        condition(ALIAS, "StringNotEquals", "kms:RequestAlias", ["alias/tenant-acme", "alias/other"]),
        LOST + "|kms:requestalias is alias/other",
    ),
    "a Deny that spares aliases by a pattern": (
        statement(
            ALIAS, lambda one: one.update(Condition={"StringNotLike": {"kms:RequestAlias": "alias/tenant-acm?"}})
        ),
        LOST,
    ),
    "a Deny that spares aliases whatever their case": (
        statement(
            ALIAS,
            lambda one: one.update(Condition={"StringNotEqualsIgnoreCase": {"kms:RequestAlias": "alias/tenant-acme"}}),
        ),
        LOST,
    ),
    "a Deny that asks for the alias instead": (
        statement(ALIAS, lambda one: one.update(Condition={"StringEquals": {"kms:RequestAlias": "alias/tenant-acme"}})),
        LOST,
    ),
    "a Deny that a request without alias escapes": (
        condition(ALIAS, "Null", "kms:RequestAlias", "false"),
        LOST + "|kms:requestalias is absent",
    ),
    "a Deny over every value, of which there may be none": (
        statement(
            ALIAS,
            lambda one: one.update(
                Condition={"ForAnyValue:StringNotEquals": {"kms:RequestAlias": "alias/tenant-acme"}}
            ),
        ),
        LOST,
    ),
    "a Deny for plain calls alone": (condition(ALIAS, "Bool", "aws:SecureTransport", "false"), LOST),
    "a Deny until a date": (condition(ALIAS, "DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"), LOST),
    "a Deny from one address": (condition(ALIAS, "IpAddress", "aws:SourceIp", "10.0.0.1/32"), LOST),
    "a Deny that became an Allow": (deny(ALIAS, Effect="Allow"), LOST),
    "a Deny of variables in a policy of 2008": (
        together(
            policy(lambda document: document.update(Version="2008-10-17")),
            condition(ALIAS, "StringNotEquals", "kms:RequestAlias", "alias/tenant-${aws:PrincipalTag/tenant_id}"),
        ),
        ALL,
    ),
    "a redundant Deny gone": (only(lambda all_: [one for one in all_ if one["Sid"] != "DenyOutsideOrganization"]), ALL),
    "a role more spared": (
        statement(
            "DenyUseByAnyoneElse",
            lambda one: next(iter(one["Condition"].values()))["aws:PrincipalArn"].append(
                "arn:aws:iam::111111111111:role/more"
            ),
        ),
        f"{ALL} ArnNotEquals aws:principalarn as strict as DenyUseByAnyoneElse was|principalarn is arn:aws:iam::1111",
    ),
    # An Allow that allows more.
    "an Allow without its alias": (
        use_own(lambda one: one["Condition"]["StringEquals"].pop("kms:RequestAlias")),
        "an Allow without StringEquals kms:requestalias as strict as before",
    ),
    "an Allow on every key": (
        use_own(lambda one: one.update(Resource="*")),
        "an Allow to more principals or resources",
    ),
    "an Allow on all but one key": (
        use_own(lambda one: one.update(NotResource=OTHER_KEY) or one.pop("Resource")),
        "an Allow to more principals or resources",
    ),
    "an Allow that absence satisfies": (
        use_own(lambda one: one["Condition"].update(StringEqualsIfExists=one["Condition"].pop("StringEquals"))),
        "identity policy of the role of orders: an Allow",
    ),
    "an Allow of one action more": (
        identity(lambda document: document["Statement"][0].update(Action="kms:*")),
        "an Allow that was not there",
    ),
    "an Allow to everybody": (
        statement("EncryptThroughTenantRole", lambda one: one.update(Principal="*")),
        "an Allow to more principals or resources",
    ),
    "an Allow to a role by name, where the account was named": (
        statement(
            "EncryptThroughTenantRole",
            lambda one: one.update(Principal={"AWS": "arn:aws:iam::111111111111:role/tenant-keys/orders/x"}),
        ),
        "an Allow to more principals or resources",
    ),
    "a trust of another role too": (
        trust(
            lambda one: one["Principal"].update(
                AWS=["arn:aws:iam::222222222222:root", "arn:aws:iam::222222222222:role/x"]
            )
        ),
        "trust policy of the role of orders: an Allow",
    ),
    # Settings.
    "longer sessions": (
        properties(ROLES, "RoleacmeFororders", MaxSessionDuration=43200),
        "MaxSessionDuration of role tenant-acme.orders of account 111111111111: 3600 becomes 43200",
    ),
    "a managed policy": (
        properties(ROLES, "RoleacmeFororders", ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
        "ManagedPolicyArns of role tenant-acme.orders of account 111111111111: none becomes",
    ),
    "a role of another name": (
        properties(ROLES, "RoleacmeFororders", RoleName="tenant-acme.other"),
        "RoleName of role tenant-acme.orders of account 111111111111: tenant-acme.orders becomes tenant-acme.other",
    ),
    "a role of another path": (
        properties(ROLES, "RoleacmeFororders", Path="/elsewhere/"),
        "Path of role tenant-acme.orders of account 111111111111: /tenant-keys/orders/ becomes /elsewhere/",
    ),
    "a pod association in another namespace": (
        properties(PLACE, "PodIdentitymails", Namespace="other"),
        "Namespace of pod identity association PodIdentitymails in eu-west-1: mails becomes other",
    ),
    "a pod association of another service account": (
        properties(PLACE, "PodIdentitymails", ServiceAccount="default"),
        "ServiceAccount of pod identity association PodIdentitymails in eu-west-1: mails becomes default",
    ),
    "a pod association that carries session tags": (
        without_property(PLACE, "PodIdentitymails", "DisableSessionTags"),
        "DisableSessionTags of pod identity association PodIdentitymails in eu-west-1: true becomes false",
    ),
    "a second pod association": (
        added(PLACE, "Second", ASSOCIATION),
        "Second in eu-west-1 is created: service account default of namespace other|:role/tenant-keys-orders",
    ),
    "another audience of the provider": (
        resource(
            SHARED,
            "Issuer4b246bc1a12459de",
            lambda one: one["Properties"]["ClientIdList"].append("another-app"),
        ),
        "ClientIdList of OIDC provider https://login.example.com of account 111111111111",
    ),
    "a trust anchor with its own certificate": (
        properties(
            PREMISES,
            "TrustAnchorpremises",
            Source={"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"X509CertificateData": "x"}},
        ),
        "Source of Roles Anywhere trust anchor tenant-keys-premises in eu-west-1",
    ),
    "a parameter that names another role": (
        resource(
            PLACE,
            "Parameterorders",
            lambda one: one["Properties"].update(Value=one["Properties"]["Value"].replace("111111111111", "9" * 12)),
        ),
        "Value of SSM parameter /tenant-keys/orders in eu-west-1",
    ),
    "a parameter of another name": (
        properties(PLACE, "Parameterorders", Name="/other"),
        "Name of SSM parameter /tenant-keys/orders in eu-west-1",
    ),
    "a resource of a kind that nobody knows": (
        added(ROLES, "Thing", {"Type": "AWS::Lambda::Function", "Properties": {}}),
        "AWS::Lambda::Function Thing in eu-west-1 is created",
    ),
    "termination protection off": (
        artifact(CELL, terminationProtection=False),
        f"termination protection of the stack {CELL} is switched off",
    ),
    "another execution role": (
        artifact(CELL, cloudFormationExecutionRoleArn="arn:aws:iam::111111111111:role/Admin"),
        f"the execution role of the stack {CELL}",
    ),
    # Keys.
    "rotation off": (
        properties(CELL, "Keyacme", EnableKeyRotation=False),
        "automatic rotation of the key of tenant acme in eu-west-1 is switched off",
    ),
    "less time before a deletion": (
        properties(CELL, "Keyacme", PendingWindowInDays=7),
        "deletion window in days of the key of tenant acme in eu-west-1: 30 becomes 7",
    ),
    "a property of a key that is new": (
        properties(CELL, "Keyacme", SomethingNew=True),
        "SomethingNew of the key of tenant acme in eu-west-1: none becomes true",
    ),
}

BLOCKED: dict[str, tuple[Edit, str]] = {
    "another kind of key": (properties(CELL, "Keyacme", KeySpec="RSA_4096"), "KeySpec of the key of tenant acme"),
    "another origin": (properties(CELL, "Keyacme", Origin="EXTERNAL"), "Origin of the key of tenant acme"),
    "a multi-Region key": (properties(CELL, "Keyacme", MultiRegion=True), "MultiRegion of the key of tenant acme"),
    "a key for signing": (properties(CELL, "Keyacme", KeyUsage="SIGN_VERIFY"), "KeyUsage of the key of tenant acme"),
    "a key that its stack deletes": (
        resource(CELL, "Keyacme", lambda one: one.update(DeletionPolicy="Delete")),
        "the key of tenant acme in eu-west-1 is no longer retained",
    ),
    "a key that a replacement deletes": (
        resource(CELL, "Keyacme", lambda one: one.pop("UpdateReplacePolicy")),
        "the key of tenant acme in eu-west-1 is no longer retained",
    ),
}


def list_of_one(document: Json) -> None:
    for one in document["Statement"]:
        for element in ("Action", "Resource"):
            one[element] = one[element] if isinstance(one[element], list) else [one[element]]
        for keys in one.get("Condition", {}).values():
            for key, value in keys.items():
                keys[key] = value if isinstance(value, list) else [value]


def split(sid: str, element: str) -> Edit:
    """One statement for each action of a statement."""

    def edit(document: Json) -> None:
        whole = next(one for one in document["Statement"] if one["Sid"] == sid)
        rest = [one for one in document["Statement"] if one is not whole]
        parts = [{**whole, "Sid": f"{sid}{number}", element: one} for number, one in enumerate(whole[element])]
        document["Statement"] = [*parts, *rest]

    return policy(edit)


def split_by_presence(document: Json) -> None:
    """Two Denies for one: of requests with an alias, another one; and of requests without."""
    whole = next(one for one in document["Statement"] if one["Sid"] == ALIAS)
    absent = copy.deepcopy(whole) | {"Sid": "DenyNoAlias", "Condition": {"Null": {"kms:RequestAlias": "true"}}}
    whole["Condition"]["Null"] = {"kms:RequestAlias": "false"}
    document["Statement"].append(absent)


SAME: dict[str, Edit] = {
    "statements in another order": policy(lambda document: document["Statement"].reverse()),
    "other Sids": policy(lambda document: [one.update(Sid=one["Sid"] + "X") for one in document["Statement"]]),
    "single values as lists": policy(list_of_one),
    "a Deny of each action": split(ALIAS, "Action"),
    "a Deny twice": only(lambda all_: [*all_, {**all_[-1], "Sid": "Again"}]),
    "two Denies for one": policy(split_by_presence),
    "the account by its id": statement(
        "EncryptThroughTenantRole", lambda one: one.update(Principal={"AWS": "111111111111"})
    ),
    "every key of the account, in a key policy": deny(ALIAS, Resource="arn:aws:kms:eu-west-1:111111111111:key/*"),
    "every key anywhere, in a key policy": deny(ALIAS, Resource="arn:aws:kms:*:*:key/*"),
    "a negated operator with IfExists": statement(
        ALIAS, lambda one: one.update(Condition={"StringNotEqualsIfExists": one["Condition"]["StringNotEquals"]})
    ),
    "a pattern without wildcards": statement(
        ALIAS, lambda one: one.update(Condition={"StringNotLike": one["Condition"]["StringNotEquals"]})
    ),
    "ARN operators by their other name": policy(
        lambda document: document.update(
            json.loads(
                json.dumps(document).replace('"ArnNotEquals"', '"ArnNotLike"').replace('"ArnEquals"', '"ArnLike"')
            )
        )
    ),
    "keys in another case": policy(
        lambda document: document.update(
            json.loads(json.dumps(document).replace("kms:RequestAlias", "KMS:requestALIAS"))
        )
    ),
    "actions in another case": use_own(lambda one: one.update(Action=[name.upper() for name in one["Action"]])),
    "values in another order": policy(
        lambda document: [
            operator.methodcaller("reverse")(value)
            for one in document["Statement"]
            for keys in one.get("Condition", {}).values()
            for value in keys.values()
            if isinstance(value, list)
        ]
    ),
}
SAME_SETTINGS: dict[str, Edit] = {
    "defaults of a role": properties(ROLES, "RoleacmeFororders", MaxSessionDuration=3600, ManagedPolicyArns=[]),
    "a number as text": properties(ROLES, "RoleacmeFororders", MaxSessionDuration="3600"),
    "defaults of a key": properties(
        CELL, "Keyacme", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Origin="AWS_KMS", MultiRegion=False
    ),
    "a boolean as text": properties(CELL, "Keyacme", Enabled="true", EnableKeyRotation="true"),
    "the period that is the default": properties(CELL, "Keyacme", RotationPeriodInDays=365, PendingWindowInDays=30),
    "a document in another order": resource(
        PLACE,
        "Parameterorders",
        lambda one: one["Properties"].update(
            Value=json.dumps(dict(reversed(json.loads(one["Properties"]["Value"]).items())), indent=2)
        ),
    ),
}
NOTES: dict[str, tuple[Edit, str]] = {
    "a control policy by another operator of the same meaning": (
        control(
            SCP, "KeepDeletion", lambda one: one.update(Condition={"StringNotLike": one["Condition"]["ArnNotEquals"]})
        ),
        "service control policy of 111111111111 is written differently and means the same",
    ),
    "a control policy with statements in another order and other Sids": (
        resource(
            GUARDRAILS,
            RCP,
            lambda one: [
                one["Properties"]["Content"]["Statement"].reverse(),
                one["Properties"]["Content"]["Statement"][0].update(Sid="Another"),
            ],
        ),
        "resource control policy of 111111111111 is written differently and means the same",
    ),
    "a control policy that stops one action more": (
        control(SCP, "KeepTopic", lambda one: one["Action"].append("sns:Publish")),
        "service control policy of 111111111111 is written differently and allows less, or stops more, than before",
    ),
    "shorter sessions, and a boundary": (
        properties(ROLES, "RoleacmeFororders", PermissionsBoundary="arn:aws:iam::111111111111:policy/b"),
        "PermissionsBoundary of role tenant-acme.orders of account 111111111111: none becomes",
    ),
    "a pod association less": (removed(PLACE, "PodIdentitymails"), "PodIdentitymails in eu-west-1 is removed"),
    "a policy of the organization more": (added(ROLES, "Control", CONTROL), "policy of the organization Guard"),
    "a Deny more": (
        only(lambda all_: [*all_, {**all_[-1], "Sid": "More", "Effect": "Deny", "Action": "kms:*"}]),
        "key policy in eu-west-1 is written differently and allows less, or stops more, than before",
    ),
    "an Allow less": (
        use_own(lambda one: one["Action"].pop()),
        "identity policy of the role of orders is written differently and allows less, or stops more, than before",
    ),
    "a longer rotation period": (
        properties(CELL, "Keyacme", RotationPeriodInDays=730),
        "rotation period in days of the key of tenant acme in eu-west-1: 365 becomes 730",
    ),
    "termination protection of one stack more": (
        artifact(ROLES, terminationProtection=True),
        f"termination protection of the stack {ROLES} is switched on",
    ),
}


def changes_between(before: ReviewedEstate, folder: Path, tmp_path: Path, edit: Edit) -> list[Change]:
    copied = tmp_path / "cdk.out"
    shutil.copytree(folder / "cdk.out", copied)
    edit(copied)
    rename_assets(copied)
    after = review_estate(copied, before.estate)
    return [
        *key_changes(before, after, leaving=frozenset()),
        *safeguard_changes(before, after),
        *setting_changes(before, after),
        *stack_changes(before.artifacts, after.artifacts),
    ]


@pytest.mark.parametrize("name", REVIEW)
def test_what_stops_less_or_allows_more_needs_a_review(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    edit, words = REVIEW[name]
    changes = changes_between(before, folder, tmp_path, edit)
    told = [one.what for one in changes if one.severity is Severity.REVIEW]
    assert any(all(word in what for word in words.split("|")) for what in told), told


@pytest.mark.parametrize("name", BLOCKED)
def test_what_loses_a_key_is_blocked(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    edit, words = BLOCKED[name]
    changes = changes_between(before, folder, tmp_path, edit)
    assert any(one.severity is Severity.BLOCKED and words in one.what for one in changes), changes


@pytest.mark.parametrize("name", SAME)
def test_the_same_meaning_written_differently_is_told_in_one_line(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    (told,) = changes_between(before, folder, tmp_path, SAME[name])
    assert told.severity is Severity.NOTE
    assert "is written differently and means the same: tenant acme's key" in told.what


@pytest.mark.parametrize("name", SAME_SETTINGS)
def test_a_default_that_is_spelt_out_changes_nothing(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    assert changes_between(before, folder, tmp_path, SAME_SETTINGS[name]) == []


@pytest.mark.parametrize("name", NOTES)
def test_what_takes_power_away_is_a_note(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    edit, words = NOTES[name]
    (told,) = changes_between(before, folder, tmp_path, edit)
    assert (told.severity, words in told.what) == (Severity.NOTE, True), told


def test_a_boundary_a_session_policy_or_a_control_policy_that_goes_needs_a_review(
    folder: Path, estate: Estate, tmp_path: Path
) -> None:
    """Compared the other way round: they are in the old templates, and not in the new ones."""
    restricted = tmp_path / "restricted"
    shutil.copytree(folder / "cdk.out", restricted)
    together(
        properties(ROLES, "RoleacmeFororders", PermissionsBoundary="arn:aws:iam::111111111111:policy/b"),
        properties(PLACE, "PodIdentitymails", Policy='{"Version": "2012-10-17", "Statement": []}'),
        added(ROLES, "Control", CONTROL),
    )(restricted)
    rename_assets(restricted)
    changes = changes_between(review_estate(restricted, estate), folder, tmp_path, lambda _: None)
    assert {one.severity for one in changes} == {Severity.REVIEW}
    told = "\n".join(one.what for one in changes)
    assert "PermissionsBoundary of role tenant-acme.orders of account 111111111111" in told
    assert "Policy of pod identity association PodIdentitymails in eu-west-1" in told
    assert "policy of the organization Guard in eu-west-1 is removed" in told


def test_the_same_setting_of_many_roles_is_one_change_with_a_count(
    before: ReviewedEstate, folder: Path, tmp_path: Path
) -> None:
    (told,) = changes_between(
        before,
        folder,
        tmp_path,
        together(
            *(
                properties(ROLES, name, MaxSessionDuration=7200)
                for name in ("RoleacmeFororders", "RoleacmeFormails", "RoleglobexFororders")
            )
        ),
    )
    assert told.count == 3
    assert told.what.endswith(": 3600 becomes 7200; alike for 2 more")
