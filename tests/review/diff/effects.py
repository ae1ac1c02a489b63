"""Edits of an assembly, by what each changes: a review, a block, a note, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from tenant_keys.manifest import load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_stacks import add_stacks
from tools.cloud_assembly import edit_json

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


def synthesize(folder: Path) -> Path:
    """The folder, with the manifest, its lock and `cdk.out`."""
    manifest = folder / "tenants.yaml"
    manifest.write_text(MANIFEST)
    bring_up_to_date(manifest).write()
    app = cdk.App(outdir=str(folder / "cdk.out"), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, load_estate(manifest))
    app.synth()
    return folder
