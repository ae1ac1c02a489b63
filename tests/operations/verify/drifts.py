"""What somebody may do to a deployed estate past its pipeline, by AWS's API, and how it is undone.

Each drift says which findings it must cause. Drifts of one batch touch different things, so that one run of verify can
show that each is named and nothing else is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tenant_keys.local.existing import assume, ensure_role, import_material
from tests.operations.verify.deployed import CENTRAL, HOME, OTHER, WORKLOAD, Deployed

Found = set[tuple[str, str]]
"""Kind and the end of the resource's name."""
Undo = Callable[[], object]
ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OPEN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}


@dataclass(frozen=True)
class Drift:
    """One drift: makes it, and answers what must be found and how it is undone."""

    name: str
    make: Callable[[Deployed], tuple[Found, Undo]]


def alias(tenant: str) -> str:
    return f"alias/tenant-{tenant}"


def _move_alias(d: Deployed) -> tuple[Found, Undo]:
    own, other = d.key("acme"), d.key("wayne")

    def point(key: str) -> None:
        d.kms().delete_alias(AliasName=alias("acme"))
        d.kms().create_alias(AliasName=alias("acme"), TargetKeyId=key)

    point(other)
    return {("alias-moved", alias("acme"))}, lambda: point(own)


def _delete_alias(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("hooli")
    d.kms().delete_alias(AliasName=alias("hooli"))
    return {("alias-missing", alias("hooli"))}, lambda: d.kms().create_alias(AliasName=alias("hooli"), TargetKeyId=key)


def _foreign_alias(d: Deployed) -> tuple[Found, Undo]:
    d.kms().create_alias(AliasName=alias("ghost"), TargetKeyId=d.key("globex"))
    return {("alias-foreign", alias("ghost"))}, lambda: d.kms().delete_alias(AliasName=alias("ghost"))


def _alias_of_the_offboarded(d: Deployed) -> tuple[Found, Undo]:
    """The name of a tombstone, which is retained with the key that it left, on the key of somebody else."""
    lock = d.manifest.with_suffix(".lock")
    before = lock.read_text(encoding="utf-8")
    line = {"tenant": "aaa-gone", "cell": 1, "origin": "aws-kms", "multi_region": False, "primary_region": HOME}
    head, _, rest = before.partition("\n")
    lock.write_text(f"{head}\n{json.dumps({**line, 'roles': {}, 'phase': 'offboarded'})}\n{rest}", encoding="utf-8")
    d.kms().create_alias(AliasName=alias("aaa-gone"), TargetKeyId=d.key("umbrella"))

    def undo() -> None:
        d.kms().delete_alias(AliasName=alias("aaa-gone"))
        lock.write_text(before, encoding="utf-8")

    return {("alias-foreign", alias("aaa-gone"))}, undo


def _second_alias(d: Deployed) -> tuple[Found, Undo]:
    d.kms().create_alias(AliasName="alias/shortcut", TargetKeyId=d.key("initech"))
    return {("aliases-too-many", "alias/shortcut")}, lambda: d.kms().delete_alias(AliasName="alias/shortcut")


def _disable(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("wayne")
    d.kms().disable_key(KeyId=key)
    return {("key-state", key)}, lambda: d.kms().enable_key(KeyId=key)


def _rotation_off(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("umbrella")
    d.kms().disable_key_rotation(KeyId=key)
    return {("rotation", key)}, lambda: d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=365)


def _rotation_period(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("hooli")
    d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    return {("rotation", key)}, lambda: d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=365)


def _policy(d: Deployed, region: str, tenant: str, kind: str) -> tuple[Found, Undo]:
    key, kms = d.key(tenant, region), d.kms(region)
    before = kms.get_key_policy(KeyId=key)["Policy"]
    document = json.loads(before)
    for statement in document["Statement"]:
        if statement["Sid"] == "DenyOtherAlias":
            statement["Condition"]["StringNotEquals"]["kms:RequestAlias"] = [alias(tenant), "alias/other"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
    return {(kind, key)}, lambda: kms.put_key_policy(KeyId=key, Policy=before)


def _change_policy(d: Deployed) -> tuple[Found, Undo]:
    return _policy(d, HOME, "globex", "policy-changed")


def _change_replica(d: Deployed) -> tuple[Found, Undo]:
    return _policy(d, OTHER, "umbrella", "replica-policy")


def _share(d: Deployed) -> tuple[Found, Undo]:
    key, ram = d.key("acme"), d.root(CENTRAL, "ram")
    arn = f"arn:aws:kms:{HOME}:{CENTRAL}:key/{key}"
    made = ram.create_resource_share(name="share", resourceArns=[arn], principals=["444444444444"])
    share = made["resourceShare"]["resourceShareArn"]
    return {("policy-ram-share", key)}, lambda: ram.delete_resource_share(resourceShareArn=share)


def _open_for_a_moment(d: Deployed, tenant: str, act: Callable[[str], Any]) -> Any:
    """With a key policy that lets everybody of the account do everything, restored afterwards."""
    key = d.key(tenant)
    before = d.kms().get_key_policy(KeyId=key)["Policy"]
    d.kms().put_key_policy(KeyId=key, Policy=json.dumps(OPEN))
    done = act(key)
    d.root(CENTRAL, "kms").put_key_policy(KeyId=key, Policy=before, BypassPolicyLockoutSafetyCheck=True)
    return done


def _grant(d: Deployed) -> tuple[Found, Undo]:
    root = d.root(CENTRAL, "kms")
    grantee = f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"

    def give(key: str) -> str:
        return str(root.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])["GrantId"])

    grant = _open_for_a_moment(d, "acme", give)

    def revoke() -> None:
        _open_for_a_moment(d, "acme", lambda key: root.revoke_grant(KeyId=key, GrantId=grant))

    return {("grant", grant)}, revoke


def _untag(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("initech")
    d.kms().untag_resource(KeyId=key, TagKeys=["owner"])
    tag = {"TagKey": "owner", "TagValue": "platform"}
    return {("tags", key)}, lambda: d.kms().tag_resource(KeyId=key, Tags=[tag])


def _trust(d: Deployed) -> tuple[Found, Undo]:
    iam, name = d.root(CENTRAL, "iam"), "tenant-acme.orders"
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    wider = json.loads(json.dumps(before))
    wider["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"] = f"arn:aws:iam::{WORKLOAD}:role/*"
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
    undo = lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))  # noqa: E731
    return {("role-trust", name)}, undo


def _trust_of_the_deleted(d: Deployed) -> tuple[Found, Undo]:
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


def _attach(d: Deployed) -> tuple[Found, Undo]:
    given = {"RoleName": "shared.billing", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    iam = d.root(CENTRAL, "iam")
    iam.attach_role_policy(**given)
    return {("role-policy", "shared.billing")}, lambda: iam.detach_role_policy(**given)


def _inline(d: Deployed) -> tuple[Found, Undo]:
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


def _recreate_role(d: Deployed) -> tuple[Found, Undo]:
    _recreate(d.root(WORKLOAD, "iam"), "tenant-keys-orders")()
    return {("role-recreated", "tenant-keys-orders")}, lambda: None


def _delete_role(d: Deployed) -> tuple[Found, Undo]:
    return {("role-missing", "shared.portal")}, _recreate(d.root(CENTRAL, "iam"), "shared.portal")


def _unexpected_role(d: Deployed) -> tuple[Found, Undo]:
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


def _audience(d: Deployed) -> tuple[Found, Undo]:
    iam, given = d.root(CENTRAL, "iam"), {"OpenIDConnectProviderArn": PROVIDER, "ClientID": "somebody-else"}
    iam.add_client_id_to_open_id_connect_provider(**given)
    undo = lambda: iam.remove_client_id_from_open_id_connect_provider(**given)  # noqa: E731
    return {("identity-provider", "login.example.com")}, undo


def _thumbprint(d: Deployed) -> tuple[Found, Undo]:
    iam = d.root(CENTRAL, "iam")
    before = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER).get("ThumbprintList", [])

    def put(prints: list[str]) -> None:
        iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=PROVIDER, ThumbprintList=prints)

    put(["a" * 40])
    return {("identity-provider", "login.example.com")}, lambda: put(before)


def _parameter(d: Deployed) -> tuple[Found, Undo]:
    ssm, name = d.root(WORKLOAD, "ssm"), "/tenant-keys/orders"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    other = json.loads(before) | {"role_arn": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/pods/{{tenant_id}}"}
    ssm.put_parameter(Name=name, Value=json.dumps(other), Type="String", Overwrite=True)
    undo = lambda: ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)  # noqa: E731
    return {("parameter", name)}, undo


def _parameter_of_nobody(d: Deployed) -> tuple[Found, Undo]:
    ssm, name = d.root(WORKLOAD, "ssm"), "/tenant-keys/ghost"
    ssm.put_parameter(Name=name, Value="{}", Type="String")
    return {("parameter", name)}, lambda: ssm.delete_parameter(Name=name)


def _association(d: Deployed) -> tuple[Found, Undo]:
    eks = d.root(WORKLOAD, "eks")
    [one] = eks.list_pod_identity_associations(clusterName="main")["associations"]
    given = {"clusterName": "main", "associationId": one["associationId"]}
    eks.update_pod_identity_association(**given, disableSessionTags=False)
    undo = lambda: eks.update_pod_identity_association(**given, disableSessionTags=True)  # noqa: E731
    return {("pod-association", "main/shop/cart")}, undo


def _more_pods(d: Deployed) -> tuple[Found, Undo]:
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


def _anchor(d: Deployed) -> tuple[Found, Undo]:
    anywhere = d.root(WORKLOAD, "rolesanywhere")
    [one] = anywhere.list_trust_anchors()["trustAnchors"]
    anywhere.disable_trust_anchor(trustAnchorId=one["trustAnchorId"])
    authority = one["source"]["sourceData"]["acmPcaArn"]
    undo = lambda: anywhere.enable_trust_anchor(trustAnchorId=one["trustAnchorId"])  # noqa: E731
    return {("trust-anchor", authority)}, undo


def _second_profile(d: Deployed) -> tuple[Found, Undo]:
    anywhere, role = d.root(WORKLOAD, "rolesanywhere"), f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-orders"
    made = anywhere.create_profile(name="more", roleArns=[role], enabled=True)["profile"]
    return {("trust-anchor", role)}, lambda: anywhere.delete_profile(profileId=made["profileId"])


def _instance_profile(d: Deployed) -> tuple[Found, Undo]:
    iam, named = d.root(WORKLOAD, "iam"), {"InstanceProfileName": "more"}
    iam.create_instance_profile(**named)
    iam.add_role_to_instance_profile(**named, RoleName="tenant-keys-billing")

    def undo() -> None:
        iam.remove_role_from_instance_profile(**named, RoleName="tenant-keys-billing")
        iam.delete_instance_profile(**named)

    return {("instance-profile", "tenant-keys-billing")}, undo


def _unprotect(d: Deployed) -> tuple[Found, Undo]:
    cloudformation, name = d.root(CENTRAL, "cloudformation"), "tenant-keys-cell-eu-west-1-001"

    def protect(*, on: bool) -> None:
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=on)

    protect(on=False)
    return {("stack-protection", name)}, lambda: protect(on=True)


def _stop_trail(d: Deployed) -> tuple[Found, Undo]:
    trail = d.root(CENTRAL, "cloudtrail")
    trail.stop_logging(Name="organization")
    found = {("trail-silent", f"trails in {region}") for region in (HOME, OTHER)}
    return found, lambda: trail.start_logging(Name="organization")


def _exclude_kms(d: Deployed) -> tuple[Found, Undo]:
    trail = d.root(CENTRAL, "cloudtrail")

    def exclude(sources: list[str]) -> None:
        selector = {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "ExcludeManagementEventSources": sources,
        }
        trail.put_event_selectors(TrailName="organization", EventSelectors=[selector])

    exclude(["kms.amazonaws.com"])
    return {("trail-silent", f"trails in {region}") for region in (HOME, OTHER)}, lambda: exclude([])


def _auditor(d: Deployed) -> tuple[Found, Undo]:
    iam, name = d.root(CENTRAL, "iam"), "AWSServiceRoleForConfig"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    path = "/aws-service-role/config.amazonaws.com/"
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust))
    return {("auditor-locked-out", name)}, lambda: iam.delete_role(RoleName=name)


def _expiring(d: Deployed) -> tuple[Found, Undo]:
    role = f"arn:aws:iam::{CENTRAL}:role/globex-key-import"
    ensure_role(d.aws, role)
    key, session = d.key("globex"), assume(d.aws, role)
    import_material(session, key, datetime.now(UTC) + timedelta(days=10))
    return {("material-expiring", key)}, lambda: None


def _delete_material(d: Deployed) -> tuple[Found, Undo]:
    key, session = d.key("globex"), assume(d.aws, f"arn:aws:iam::{CENTRAL}:role/globex-key-import")
    session.client("kms").delete_imported_key_material(KeyId=key)
    return {("key-state", key)}, lambda: None


def _move_primary(d: Deployed) -> tuple[Found, Undo]:
    """Whoever changed the policies of both keys first."""
    key = d.key("umbrella")

    def move(region: str, to: str) -> None:
        policies = {place: d.kms(place).get_key_policy(KeyId=key)["Policy"] for place in (HOME, OTHER)}
        for place in policies:
            d.kms(place).put_key_policy(KeyId=key, Policy=json.dumps(OPEN))
        d.root(CENTRAL, "kms", region).update_primary_region(KeyId=key, PrimaryRegion=to)
        for place, text in policies.items():
            given = {"KeyId": key, "Policy": text, "BypassPolicyLockoutSafetyCheck": True}
            d.root(CENTRAL, "kms", place).put_key_policy(**given)

    move(HOME, OTHER)
    return {("primary-moved", key)}, lambda: move(OTHER, HOME)


def _shut_out(d: Deployed) -> tuple[Found, Undo]:
    iam = d.root(CENTRAL, "iam")
    named = {"RoleName": "SecurityAudit", "PolicyName": "Verify"}
    before = iam.get_role_policy(**named)["PolicyDocument"]
    less = json.loads(json.dumps(before).replace('"kms:GetKeyRotationStatus", ', ""))
    iam.put_role_policy(**named, PolicyDocument=json.dumps(less))
    keys = [key["KeyId"] for region in (HOME, OTHER) for key in d.root(CENTRAL, "kms", region).list_keys()["Keys"]]
    found = {("unknown", f"kms:GetKeyRotationStatus {key}") for key in keys}
    return found, lambda: iam.put_role_policy(**named, PolicyDocument=json.dumps(before))


def _unknown_key(d: Deployed) -> tuple[Found, Undo]:
    made = d.root(CENTRAL, "kms").create_key()["KeyMetadata"]["KeyId"]
    d.root(CENTRAL, "kms").put_key_policy(KeyId=made, Policy=json.dumps(OPEN))
    return {("key-unknown", made)}, lambda: None


def _orphan(d: Deployed) -> tuple[Found, Undo]:
    """An update of a cell that fails: the key that it made stays, since it is retained."""
    before = {one["KeyId"] for one in d.root(CENTRAL, "kms").list_keys()["Keys"]}
    cloudformation, name = d.root(CENTRAL, "cloudformation"), "tenant-keys-cell-eu-west-1-001"
    template = cloudformation.get_template(StackName=name)["TemplateBody"]
    key = json.loads(json.dumps(template["Resources"]["Keyhooli"]))
    taken = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": alias("acme"), "TargetKeyId": {"Ref": "Keyghost"}}}
    body = json.dumps({**template, "Resources": {**template["Resources"], "Keyghost": key, "Aliasghost": taken}})
    d.root(CENTRAL, "s3").put_object(Bucket=f"templates-{CENTRAL}", Key="broken.json", Body=body.encode())
    role = f"arn:aws:iam::{CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{HOME}"
    url = f"https://s3.amazonaws.com/templates-{CENTRAL}/broken.json"
    cloudformation.update_stack(StackName=name, TemplateURL=url, RoleARN=role)
    while (status := cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith(
        "_IN_PROGRESS"
    ):
        pass
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    [made] = {one["KeyId"] for one in d.root(CENTRAL, "kms").list_keys()["Keys"]} - before
    return {("orphan", made)}, lambda: None


def _hidden_replica(d: Deployed) -> tuple[Found, Undo]:
    """In a Region that the manifest does not name, with a key policy of its own."""
    key = d.key("umbrella")
    d.kms().replicate_key(KeyId=key, ReplicaRegion="us-east-1", Policy=json.dumps(OPEN))
    return {("key-unknown", f"us-east-1:{CENTRAL}:key/{key}")}, lambda: None


def _delete_keys(d: Deployed) -> tuple[Found, Undo]:
    """KMS deletes a key with its aliases (AWS KMS guide, deleting-keys)."""
    session = assume(d.aws, f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass")
    own, replica = d.key("wayne"), d.key("umbrella", OTHER)
    d.aws.advance(30)  # the key policies let no deletion be scheduled before
    session.client("kms").schedule_key_deletion(KeyId=own, PendingWindowInDays=7)
    session.client("kms", region_name=OTHER).schedule_key_deletion(KeyId=replica, PendingWindowInDays=7)
    d.aws.advance(8)
    found = {("key-missing", own), ("alias-missing", alias("wayne"))}
    return found | {("replica-missing", replica), ("alias-missing", alias("umbrella"))}, lambda: None


BATCHES: dict[str, list[Drift]] = {
    "first": [
        Drift("an alias is moved to another tenant's key", _move_alias),
        Drift("an alias is deleted", _delete_alias),
        Drift("an alias of the estate's pattern is made", _foreign_alias),
        Drift("a key gets a second alias", _second_alias),
        Drift("a key gets the alias of an offboarded tenant", _alias_of_the_offboarded),
        Drift("a key is disabled", _disable),
        Drift("rotation is switched off", _rotation_off),
        Drift("a condition of a key policy is widened", _change_policy),
        Drift("a condition of a replica's key policy is widened", _change_replica),
        Drift("a trust policy is widened", _trust),
        Drift("a managed policy is attached", _attach),
        Drift("an inline policy is added", _inline),
        Drift("a role is made below the estate's path", _unexpected_role),
        Drift("an identity provider accepts one more audience", _audience),
        Drift("a parameter is changed", _parameter),
        Drift("the session tags of pods are switched on", _association),
        Drift("a trust anchor is disabled", _anchor),
        Drift("an instance profile gets a role", _instance_profile),
        Drift("termination protection is switched off", _unprotect),
        Drift("the trail is stopped", _stop_trail),
        Drift("AWS Config begins to work in the account", _auditor),
    ],
    "second": [
        Drift("a key is shared by AWS RAM", _share),
        Drift("a grant is made", _grant),
        Drift("the period of rotation is changed", _rotation_period),
        Drift("a tag is taken off a key", _untag),
        Drift("imported material expires soon", _expiring),
        Drift("the primary of a multi-Region key is moved", _move_primary),
        Drift("a role is deleted", _delete_role),
        Drift("a role is deleted and created again", _recreate_role),
        Drift("a trust policy names a role that is deleted", _trust_of_the_deleted),
        Drift("the thumbprint of an identity provider is changed", _thumbprint),
        Drift("a parameter of no workload is made", _parameter_of_nobody),
        Drift("more pods get a role", _more_pods),
        Drift("a profile hands out sessions of another role", _second_profile),
        Drift("the trail leaves KMS out", _exclude_kms),
    ],
    "third": [
        Drift("imported material is deleted", _delete_material),
        Drift("the reader may not read rotation", _shut_out),
    ],
    "last": [
        Drift("imported material stays deleted", lambda d: ({("key-state", d.key("globex"))}, lambda: None)),
        Drift("a key of nobody is made", _unknown_key),
        Drift("a deployment fails and leaves a key", _orphan),
        Drift("a multi-Region key is replicated to a Region of nobody", _hidden_replica),
        Drift("keys are deleted", _delete_keys),
    ],
}


@contextmanager
def made(d: Deployed, drifts: list[Drift]) -> Iterator[dict[str, Found]]:
    """Within the block the drifts are there; the last one made is undone first."""
    found: dict[str, Found] = {}
    undo: list[Undo] = []
    try:
        for drift in drifts:
            found[drift.name], back = drift.make(d)
            undo.append(back)
        yield found
    finally:
        for back in reversed(undo):
            back()
