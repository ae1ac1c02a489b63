"""Drifts of roles and of what binds workloads to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tenant_keys.local.existing import ensure_role
from tests.operations.verify.deployed import CENTRAL, WORKLOAD, Deployed
from tests.operations.verify.drift import ANY, Found, Undo


def trust(d: Deployed) -> tuple[Found, Undo]:
    iam, name = d.root(CENTRAL, "iam"), "tenant-acme.orders"
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    wider = json.loads(json.dumps(before))
    wider["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"] = f"arn:aws:iam::{WORKLOAD}:role/*"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
    undo = lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))  # noqa: E731
    return {("role-trust", name)}, undo


def trust_of_the_deleted(d: Deployed) -> tuple[Found, Undo]:
    """A trust policy that names a role which is deleted then: AWS shows its unique id."""
    iam, name = d.root(CENTRAL, "iam"), "tenant-wayne.orders"
    ensure_role(d.aws, f"arn:aws:iam::{WORKLOAD}:role/Helper")
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{WORKLOAD}:role/Helper"},
        "Action": "sts:AssumeRole",
    }
    wider = {**before, "Statement": [*before["Statement"], statement]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
    other = d.root(WORKLOAD, "iam")
    other.detach_role_policy(RoleName="Helper", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    other.delete_role(RoleName="Helper")
    undo = lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))  # noqa: E731
    return {("role-trust", name), ("role-recreated", name)}, undo


def attach(d: Deployed) -> tuple[Found, Undo]:
    given = {"RoleName": "shared.billing", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    iam = d.root(CENTRAL, "iam")
    iam.attach_role_policy(**given)
    return {("role-policy", "shared.billing")}, lambda: iam.detach_role_policy(**given)


def inline(d: Deployed) -> tuple[Found, Undo]:
    given = {"RoleName": "tenant-keys-fleet", "PolicyName": "More"}
    iam = d.root(WORKLOAD, "iam")
    iam.put_role_policy(**given, PolicyDocument=json.dumps(ANY))
    return {("role-policy", "tenant-keys-fleet")}, lambda: iam.delete_role_policy(**given)


def _recreate(iam: Any, name: str) -> Callable[[], object]:
    """Delete a role; answers how it is made again, the same but for its unique id."""
    role = iam.get_role(RoleName=name)["Role"]
    inline = {
        one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
        for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    for one in inline:
        iam.delete_role_policy(RoleName=name, PolicyName=one)
    iam.delete_role(RoleName=name)

    def again() -> None:
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        iam.create_role(RoleName=name, Path=role["Path"], AssumeRolePolicyDocument=trust, Tags=role.get("Tags", []))
        for one, document in inline.items():
            iam.put_role_policy(RoleName=name, PolicyName=one, PolicyDocument=json.dumps(document))

    return again


def recreate_role(d: Deployed) -> tuple[Found, Undo]:
    _recreate(d.root(WORKLOAD, "iam"), "tenant-keys-orders")()
    return {("role-recreated", "tenant-keys-orders")}, lambda: None


def delete_role(d: Deployed) -> tuple[Found, Undo]:
    return {("role-missing", "shared.portal")}, _recreate(d.root(CENTRAL, "iam"), "shared.portal")


def unexpected_role(d: Deployed) -> tuple[Found, Undo]:
    iam, name = d.root(CENTRAL, "iam"), "tenant-ghost.orders"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{WORKLOAD}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.create_role(RoleName=name, Path="/tenant-keys/orders/", AssumeRolePolicyDocument=json.dumps(trust))
    return {("role-unexpected", name)}, lambda: iam.delete_role(RoleName=name)


PROVIDER = f"arn:aws:iam::{CENTRAL}:oidc-provider/login.example.com"


def audience(d: Deployed) -> tuple[Found, Undo]:
    iam, given = d.root(CENTRAL, "iam"), {"OpenIDConnectProviderArn": PROVIDER, "ClientID": "somebody-else"}
    iam.add_client_id_to_open_id_connect_provider(**given)
    undo = lambda: iam.remove_client_id_from_open_id_connect_provider(**given)  # noqa: E731
    return {("identity-provider", "login.example.com")}, undo


def thumbprint(d: Deployed) -> tuple[Found, Undo]:
    iam = d.root(CENTRAL, "iam")
    before = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER).get("ThumbprintList", [])

    def put(prints: list[str]) -> None:
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=PROVIDER, ThumbprintList=prints)

    put(["a" * 40])
    return {("identity-provider", "login.example.com")}, lambda: put(before)


def parameter(d: Deployed) -> tuple[Found, Undo]:
    ssm, name = d.root(WORKLOAD, "ssm"), "/tenant-keys/orders"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    other = json.loads(before) | {"role_arn": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/pods/{{tenant_id}}"}
    ssm.put_parameter(Name=name, Value=json.dumps(other), Type="String", Overwrite=True)
    undo = lambda: ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)  # noqa: E731
    return {("parameter", name)}, undo


def parameter_of_nobody(d: Deployed) -> tuple[Found, Undo]:
    ssm, name = d.root(WORKLOAD, "ssm"), "/tenant-keys/ghost"
    ssm.put_parameter(Name=name, Value="{}", Type="String")
    return {("parameter", name)}, lambda: ssm.delete_parameter(Name=name)


def association(d: Deployed) -> tuple[Found, Undo]:
    eks = d.root(WORKLOAD, "eks")
    [one] = eks.list_pod_identity_associations(clusterName="main")["associations"]
    given = {"clusterName": "main", "associationId": one["associationId"]}
    eks.update_pod_identity_association(**given, disableSessionTags=False)
    undo = lambda: eks.update_pod_identity_association(**given, disableSessionTags=True)  # noqa: E731
    return {("pod-association", "main/shop/cart")}, undo


def more_pods(d: Deployed) -> tuple[Found, Undo]:
    """Of a cluster of which the manifest says nothing."""
    eks, role = d.root(WORKLOAD, "eks"), f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-pods"
    ensure_role(d.aws, f"arn:aws:iam::{WORKLOAD}:role/eks")
    eks.create_cluster(
        name="other", roleArn=f"arn:aws:iam::{WORKLOAD}:role/eks", resourcesVpcConfig={"subnetIds": ["subnet-1"]}
    )
    made = eks.create_pod_identity_association(
        clusterName="other", namespace="shop", serviceAccount="cart", roleArn=role
    )["association"]
    undo = lambda: eks.delete_pod_identity_association(  # noqa: E731
        clusterName="other", associationId=made["associationId"]
    )
    return {("pod-association", "other/shop/cart")}, undo


def anchor(d: Deployed) -> tuple[Found, Undo]:
    anywhere = d.root(WORKLOAD, "rolesanywhere")
    [one] = anywhere.list_trust_anchors()["trustAnchors"]
    anywhere.disable_trust_anchor(trustAnchorId=one["trustAnchorId"])
    authority = one["source"]["sourceData"]["acmPcaArn"]
    undo = lambda: anywhere.enable_trust_anchor(trustAnchorId=one["trustAnchorId"])  # noqa: E731
    return {("trust-anchor", authority)}, undo


def second_profile(d: Deployed) -> tuple[Found, Undo]:
    anywhere, role = d.root(WORKLOAD, "rolesanywhere"), f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-orders"
    made = anywhere.create_profile(name="more", roleArns=[role], enabled=True)["profile"]
    return {("trust-anchor", role)}, lambda: anywhere.delete_profile(profileId=made["profileId"])


def instance_profile(d: Deployed) -> tuple[Found, Undo]:
    iam, named = d.root(WORKLOAD, "iam"), {"InstanceProfileName": "more"}
    iam.create_instance_profile(**named)
    iam.add_role_to_instance_profile(**named, RoleName="tenant-keys-billing")

    def undo() -> None:
        iam.remove_role_from_instance_profile(**named, RoleName="tenant-keys-billing")
        iam.delete_instance_profile(**named)

    return {("instance-profile", "tenant-keys-billing")}, undo
