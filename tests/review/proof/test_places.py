"""What binds workloads to their roles beside trust policies; findings typed by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.estate import Custodian
from tenant_keys.manifest.model import Irsa
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.obtaining import PLACES
from tenant_keys.review.proof.places import check_places
from tools.random_estates.small_estates import Templates
from tools.sample_manifest import CENTRAL, ISSUERS

AUTHORITY = "arn:aws:acm-pca:eu-west-1:333333333333:certificate-authority/11111111-2222-3333-4444-555555555555"
MANIFEST = f"""\
{CENTRAL}{ISSUERS}workloads:
  mails:
    account: "222222222222"
    runs_on: eks
    pod_identity: {{cluster: main, namespace: mails, service_account: mails}}
  premises:
    account: "333333333333"
    runs_on: roles-anywhere
    roles_anywhere:
      certificate_authority: {AUTHORITY}
      common_name: premises
  machines: {{account: "222222222222", runs_on: ec2}}
  portal: {{account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}}
tenants:
  acme: {{workloads: [mails, premises, machines, portal]}}
"""
MAILS = "arn:aws:iam::222222222222:role/tenant-keys-mails"
PREMISES = "arn:aws:iam::333333333333:role/tenant-keys-premises"
MACHINES = "arn:aws:iam::222222222222:role/tenant-keys-machines"
OTHER_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/pods.example.com"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/login.example.com"
PODS = "the pods mails/mails of cluster main"
POD = {
    "ClusterName": "main",
    "Namespace": "mails",
    "ServiceAccount": "mails",
    "RoleArn": MAILS,
    "DisableSessionTags": True,
}
Edit = Callable[[Templates], None]


def estate(existing: str = "") -> Estate:
    text = MANIFEST.replace("login.example.com}", f"login.example.com{existing}}}")
    manifest = parse_manifest(
        'audit: "off"\n' + text.replace("regions: [eu-west-1, eu-central-1]", "regions: [eu-west-1]")
    )
    return resolve(manifest, update(manifest, new_lock(manifest))[0])


def source(authority: str) -> dict[str, Any]:
    return {"SourceType": "AWS_ACM_PCA", "SourceData": {"AcmPcaArn": authority}}


def bound() -> Templates:
    """What the app would write of bindings, in three stacks."""
    places = {"central": ("111111111111", "eu-west-1"), "two": ("222222222222", "eu-west-1")}
    made = Templates({}, {**places, "three": ("333333333333", "eu-west-1")})
    for name, stack in (("mails", "two"), ("machines", "two"), ("premises", "three")):
        role = {"RoleName": f"tenant-keys-{name}", "AssumeRolePolicyDocument": {"Statement": []}}
        made.add(stack, f"Role{name}", "AWS::IAM::Role", role)
    made.add("two", "Pods", "AWS::EKS::PodIdentityAssociation", dict(POD))
    made.add("two", "Machines", "AWS::IAM::InstanceProfile", {"Roles": ["tenant-keys-machines"]})
    made.add("three", "Anchor", "AWS::RolesAnywhere::TrustAnchor", {"Enabled": True, "Source": source(AUTHORITY)})
    made.add("three", "Profile", "AWS::RolesAnywhere::Profile", {"Enabled": True, "RoleArns": [PREMISES]})
    provider = {"Url": "https://login.example.com", "ClientIdList": ["portal-keys"]}
    made.add("central", "Provider", "AWS::IAM::OIDCProvider", provider)
    return made


def reported(*edits: Edit, existing: str = "") -> list[str]:
    templates = bound()
    for edit in edits:
        edit(templates)
    return [one.what for one in check_places(take_inventory(templates, {}), estate(existing))]


def setting(stack: str, logical_id: str, **properties: Any) -> Edit:
    return lambda templates: templates.properties(stack, logical_id).update(properties)


def adding(stack: str, kind: str, **properties: Any) -> Edit:
    return lambda templates: templates.add(stack, "Added", kind, properties)


def removing(stack: str, logical_id: str) -> Edit:
    def edit(templates: Templates) -> None:
        del templates.resources[stack][logical_id]

    return edit


def moving(stack: str, region: str, logical_id: str) -> Edit:
    """Put a resource into a stack of another Region."""

    def edit(templates: Templates) -> None:
        templates.places["elsewhere"] = (templates.places[stack][0], region)
        moved = templates.resources[stack].pop(logical_id)
        templates.add("elsewhere", logical_id, moved.type, dict(moved.properties))

    return edit


NEEDS_MAILS = f"no association gives {MAILS} to the pods mails/mails in eu-west-1, which workload mails needs"
NEEDS_PREMISES = (
    f"no enabled profile of IAM Roles Anywhere hands out sessions of {PREMISES}, which workload premises needs"
)
APART = f"no profile of IAM Roles Anywhere for {PREMISES} is beside its trust anchor, which workload premises needs"
MACHINE = "tenant-keys-machines"
UNDECLARED = "which the manifest does not declare"


@pytest.mark.parametrize(
    ("edit", "findings"),
    [
        (removing("two", "Pods"), [NEEDS_MAILS]),
        (setting("two", "Pods", RoleArn="arn:aws:iam::222222222222:role/other"), [NEEDS_MAILS]),
        (
            setting("two", "Pods", Namespace="other"),
            [f"two Pods: the pods other/mails of cluster main become {MAILS}, {UNDECLARED}", NEEDS_MAILS],
        ),
        (
            setting("two", "Pods", ClusterName="other"),
            [f"two Pods: the pods mails/mails of cluster other become {MAILS}, {UNDECLARED}", NEEDS_MAILS],
        ),
        (
            setting("two", "Pods", ServiceAccount="other"),
            [f"two Pods: the pods mails/other of cluster main become {MAILS}, {UNDECLARED}", NEEDS_MAILS],
        ),
        (
            setting("two", "Pods", TargetRoleArn=f"{MAILS}-2"),
            [f"two Pods: {PODS} get another role, {MAILS}-2, {UNDECLARED}"],
        ),
        (
            setting("two", "Pods", DisableSessionTags=False),
            [f"two Pods: {PODS} get session tags of EKS, which reach the access roles, {UNDECLARED}"],
        ),
        (
            adding("two", "AWS::EKS::PodIdentityAssociation", **POD),
            [f"two Added: a second association of {PODS}: EKS has one for a service account, {UNDECLARED}"],
        ),
        (
            adding("two", "AWS::EKS::PodIdentityAssociation", **{**POD, "RoleArn": "arn:aws:iam::2:role/other"}),
            [],
        ),
        (
            adding("two", "AWS::EKS::PodIdentityAssociation", **{**POD, "RoleArn": "a name that is not resolved"}),
            [f"two Added: {PODS} become a name that is not resolved, {UNDECLARED}"],
        ),
        (removing("three", "Profile"), [NEEDS_PREMISES]),
        (setting("three", "Profile", Enabled=False), [NEEDS_PREMISES]),
        (removing("three", "Anchor"), []),  # the trust policy then names an anchor that is not there
        (setting("three", "Anchor", Enabled=False), []),
        (
            setting("three", "Anchor", Source=source(f"{AUTHORITY}6")),
            [f"a trust anchor of IAM Roles Anywhere in account 333333333333 trusts {AUTHORITY}6, {UNDECLARED}"],
        ),
        (moving("three", "eu-central-1", "Anchor"), [APART]),
        (
            moving("three", "us-east-1", "Profile"),
            [APART, f"a profile of IAM Roles Anywhere hands out sessions of {PREMISES} in us-east-1, {UNDECLARED}"],
        ),
        (setting("three", "Profile", RoleArns=[]), [NEEDS_PREMISES]),
        (
            setting("three", "Profile", RoleArns=[PREMISES, "?"]),
            [f"a profile of IAM Roles Anywhere hands out sessions of ? in eu-west-1, {UNDECLARED}"],
        ),
        (setting("three", "Profile", RoleArns=[PREMISES, "arn:aws:iam::333333333333:role/other"]), []),
        (setting("three", "Profile", Enabled="True"), []),
        (
            adding("two", "AWS::RolesAnywhere::Profile", Enabled="True", RoleArns=[MAILS]),
            [f"a profile of IAM Roles Anywhere hands out sessions of {MAILS} in eu-west-1, {UNDECLARED}"],
        ),
        (adding("two", "AWS::RolesAnywhere::Profile", Enabled="False", RoleArns=[MAILS]), []),
        (
            removing("two", "Machines"),
            [
                f"no instance profile gives instances {MACHINES}, which workload machines needs",
            ],
        ),
        (
            removing("central", "Provider"),
            [f"{PROVIDER}: the identity provider is in no template, which workload portal needs"],
        ),
        (
            setting("central", "Provider", ClientIdList=[]),
            [f"{PROVIDER}: ClientIdList is without the audience portal-keys, which workload portal needs"],
        ),
        (
            setting("central", "Provider", ClientIdList=["portal-keys", "other"]),
            [f"{PROVIDER}: ClientIdList admits tokens of other, the audience of no workload, {UNDECLARED}"],
        ),
        (
            adding("two", "AWS::IAM::OIDCProvider", Url="https://pods.example.com", ClientIdList=["sts"]),
            [f"{OTHER_PROVIDER.replace('1' * 12, '2' * 12)}: an identity provider of no workload, {UNDECLARED}"],
        ),
        (
            adding("two", "AWS::IAM::InstanceProfile", Roles=["tenant-keys-machines"]),
            [f"a second instance profile gives instances the role {MACHINE} of account 222222222222, {UNDECLARED}"],
        ),
        (
            adding("two", "AWS::IAM::InstanceProfile", Roles=["tenant-keys-mails"]),
            [f"an instance profile gives instances the role tenant-keys-mails of account 222222222222, {UNDECLARED}"],
        ),
        (adding("two", "AWS::IAM::InstanceProfile", Roles=["bastion"]), []),
        (
            adding("three", "AWS::RolesAnywhere::Profile", Enabled=True, RoleArns=[PREMISES]),
            [f"a second profile of IAM Roles Anywhere hands out sessions of {PREMISES} in eu-west-1, {UNDECLARED}"],
        ),
        (
            adding("three", "AWS::RolesAnywhere::TrustAnchor", Enabled=True, Source=source(AUTHORITY)),
            [f"a trust anchor of IAM Roles Anywhere in account 333333333333 trusts {AUTHORITY}, {UNDECLARED}"],
        ),
        (
            adding("central", "AWS::IAM::OIDCProvider", Url="https://pods.example.com", ClientIdList=["sts"]),
            [
                f"{OTHER_PROVIDER}: ClientIdList admits tokens of sts, the audience of no workload, {UNDECLARED}",
            ],
        ),
    ],
)
def test_what_is_bound_is_what_is_declared(edit: Edit, findings: list[str]) -> None:
    assert reported(edit) == findings


CUSTODIAN = "arn:aws:iam::222222222222:role/Custodian"


@pytest.mark.parametrize(
    ("role", "named"),
    [
        ("arn:aws:iam::111111111111:role/KeyAdministrator", True),
        ("arn:aws:iam::111111111111:role/KeyBreakGlass", True),
        ("arn:aws:iam::111111111111:role/cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1", True),
        ("arn:aws:iam::111111111111:role/no/workload/runs/here", True),
        ("arn:aws:iam::222222222222:role/cdk-hnb659fds-cfn-exec-role-222222222222-eu-west-1", True),
        ("arn:aws:iam::222222222222:role/CDK-hnb659fds-deploy-role-222222222222-eu-west-1", True),
        ("arn:aws:iam::222222222222:role/Tenant-Keys-Machines", True),
        ("arn:aws:iam::222222222222:role/elsewhere/tenant-keys-premises", False),
        ("arn:aws:iam::222222222222:role/cdk-another-cfn-exec-role-222222222222-eu-west-1", False),
        ("arn:aws:iam::222222222222:role/bastion", False),
        (CUSTODIAN, True),
        (f"{CUSTODIAN}s", False),
    ],
)
def test_nobody_undeclared_becomes_a_role_on_which_anything_depends(role: str, named: bool) -> None:
    """By a pod, a certificate or an instance; the trust policy of such a role is in no template."""
    account, name = role.split(":")[4], role.rpartition("/")[2]
    stack = {"111111111111": "central", "222222222222": "two"}[account]
    acme = estate().tenants["acme"]
    kept = replace(estate(), tenants={"acme": replace(acme, custodian=Custodian(CUSTODIAN, "acme-1"))})
    found = []
    for kind, properties in (
        ("AWS::EKS::PodIdentityAssociation", {**POD, "ServiceAccount": "new", "RoleArn": role}),
        ("AWS::RolesAnywhere::Profile", {"Enabled": True, "RoleArns": [role]}),
        ("AWS::IAM::InstanceProfile", {"Roles": [name]}),
    ):
        templates = bound()
        templates.add(stack, "Added", kind, properties)
        found += [one.what for one in check_places(take_inventory(templates, {}), kept)]
    assert (
        found
        == [
            f"{stack} Added: the pods mails/new of cluster main become {role}, {UNDECLARED}",
            f"a profile of IAM Roles Anywhere hands out sessions of {role} in eu-west-1, {UNDECLARED}",
            f"an instance profile gives instances the role {name} of account {account}, {UNDECLARED}",
        ]
        * named
    )


def test_nothing_is_said_of_bindings_as_declared() -> None:
    assert reported() == []


@pytest.mark.parametrize(
    ("account", "unused"), [("222222222222", False), ("333333333333", True)], ids=["its account", "another account"]
)
def test_a_clusters_own_provider_may_be_in_the_templates(account: str, unused: bool) -> None:
    declared = estate()
    irsa = Irsa("pods.example.com", "web", "web")
    web = replace(declared.workloads["mails"], name="web", pod_identity=None, irsa=irsa)
    provider = {f"arn:aws:iam::{account}:oidc-provider/pods.example.com": ("sts.amazonaws.com",)}
    inventory = take_inventory(bound(), {})
    inventory.providers |= provider
    found = check_places(inventory, replace(declared, workloads={**declared.workloads, "web": web}))
    named = [one.what for one in found if "pods.example.com" in one.what]
    assert named == [f"{next(iter(provider))}: an identity provider of no workload, {UNDECLARED}"] * unused


def test_an_identity_provider_that_exists_is_in_no_template() -> None:
    assert reported(removing("central", "Provider"), existing=", existing: true") == []


def test_a_workload_runs_where_one_service_assumes_its_role() -> None:
    """AWS Batch runs jobs as tasks of Amazon ECS (AWS Batch guide, job role)."""
    assert PLACES == {
        "lambda": "lambda.amazonaws.com",
        "ecs": "ecs-tasks.amazonaws.com",
        "batch": "ecs-tasks.amazonaws.com",
        "ec2": "ec2.amazonaws.com",
        "eks": "pods.eks.amazonaws.com",
    }
