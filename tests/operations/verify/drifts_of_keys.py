"""Drifts of keys, aliases, key policies, grants and key material."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tenant_keys.local.existing import assume, ensure_role, import_material
from tests.operations.verify.deployed import CENTRAL, HOME, OTHER, Deployed
from tests.operations.verify.drift import OPEN, Found, Undo, alias


def move_alias(d: Deployed) -> tuple[Found, Undo]:
    own, other = d.key("acme"), d.key("wayne")

    def point(key: str) -> None:
        d.kms().delete_alias(AliasName=alias("acme"))
        d.kms().create_alias(AliasName=alias("acme"), TargetKeyId=key)

    point(other)
    return {("alias-moved", alias("acme"))}, lambda: point(own)


def delete_alias(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("hooli")
    d.kms().delete_alias(AliasName=alias("hooli"))
    return {("alias-missing", alias("hooli"))}, lambda: d.kms().create_alias(AliasName=alias("hooli"), TargetKeyId=key)


def foreign_alias(d: Deployed) -> tuple[Found, Undo]:
    d.kms().create_alias(AliasName=alias("ghost"), TargetKeyId=d.key("globex"))
    return {("alias-foreign", alias("ghost"))}, lambda: d.kms().delete_alias(AliasName=alias("ghost"))


def alias_of_the_offboarded(d: Deployed) -> tuple[Found, Undo]:
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


def second_alias(d: Deployed) -> tuple[Found, Undo]:
    d.kms().create_alias(AliasName="alias/shortcut", TargetKeyId=d.key("initech"))
    return {("aliases-too-many", "alias/shortcut")}, lambda: d.kms().delete_alias(AliasName="alias/shortcut")


def disable(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("wayne")
    d.kms().disable_key(KeyId=key)
    return {("key-state", key)}, lambda: d.kms().enable_key(KeyId=key)


def rotation_off(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("umbrella")
    d.kms().disable_key_rotation(KeyId=key)
    return {("rotation", key)}, lambda: d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=365)


def rotation_period(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("hooli")
    d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    return {("rotation", key)}, lambda: d.kms().enable_key_rotation(KeyId=key, RotationPeriodInDays=365)


def _key_policy(d: Deployed, region: str, tenant: str, kind: str) -> tuple[Found, Undo]:
    key, kms = d.key(tenant, region), d.kms(region)
    before = kms.get_key_policy(KeyId=key)["Policy"]
    document = json.loads(before)
    for statement in document["Statement"]:
        if statement["Sid"] == "DenyOtherAlias":
            statement["Condition"]["StringNotEquals"]["kms:RequestAlias"] = [alias(tenant), "alias/other"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
    return {(kind, key)}, lambda: kms.put_key_policy(KeyId=key, Policy=before)


def change_policy(d: Deployed) -> tuple[Found, Undo]:
    return _key_policy(d, HOME, "globex", "policy-changed")


def change_replica(d: Deployed) -> tuple[Found, Undo]:
    return _key_policy(d, OTHER, "umbrella", "replica-policy")


def share(d: Deployed) -> tuple[Found, Undo]:
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


def grant(d: Deployed) -> tuple[Found, Undo]:
    root = d.root(CENTRAL, "kms")
    grantee = f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"

    def give(key: str) -> str:
        return str(root.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])["GrantId"])

    grant = _open_for_a_moment(d, "acme", give)

    def revoke() -> None:
        _open_for_a_moment(d, "acme", lambda key: root.revoke_grant(KeyId=key, GrantId=grant))

    return {("grant", grant)}, revoke


def untag(d: Deployed) -> tuple[Found, Undo]:
    key = d.key("initech")
    d.kms().untag_resource(KeyId=key, TagKeys=["owner"])
    tag = {"TagKey": "owner", "TagValue": "platform"}
    return {("tags", key)}, lambda: d.kms().tag_resource(KeyId=key, Tags=[tag])


def expiring(d: Deployed) -> tuple[Found, Undo]:
    role = f"arn:aws:iam::{CENTRAL}:role/globex-key-import"
    ensure_role(d.aws, role)
    key, session = d.key("globex"), assume(d.aws, role)
    import_material(session, key, datetime.now(UTC) + timedelta(days=10))
    return {("material-expiring", key)}, lambda: None


def delete_material(d: Deployed) -> tuple[Found, Undo]:
    key, session = d.key("globex"), assume(d.aws, f"arn:aws:iam::{CENTRAL}:role/globex-key-import")
    session.client("kms").delete_imported_key_material(KeyId=key)
    return {("key-state", key)}, lambda: None


def move_primary(d: Deployed) -> tuple[Found, Undo]:
    """Anyone who changed the policies of both keys first."""
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


def shut_out(d: Deployed) -> tuple[Found, Undo]:
    iam = d.root(CENTRAL, "iam")
    named = {"RoleName": "SecurityAudit", "PolicyName": "Verify"}
    before = iam.get_role_policy(**named)["PolicyDocument"]
    less = json.loads(json.dumps(before).replace('"kms:GetKeyRotationStatus", ', ""))
    iam.put_role_policy(**named, PolicyDocument=json.dumps(less))
    keys = [key["KeyId"] for region in (HOME, OTHER) for key in d.root(CENTRAL, "kms", region).list_keys()["Keys"]]
    found = {("unknown", f"kms:GetKeyRotationStatus {key}") for key in keys}
    return found, lambda: iam.put_role_policy(**named, PolicyDocument=json.dumps(before))


def unknown_key(d: Deployed) -> tuple[Found, Undo]:
    made = d.root(CENTRAL, "kms").create_key()["KeyMetadata"]["KeyId"]
    d.root(CENTRAL, "kms").put_key_policy(KeyId=made, Policy=json.dumps(OPEN))
    return {("key-unknown", made)}, lambda: None


def orphan(d: Deployed) -> tuple[Found, Undo]:
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


def hidden_replica(d: Deployed) -> tuple[Found, Undo]:
    """In a Region that the manifest does not name, with a key policy of its own."""
    key = d.key("umbrella")
    d.kms().replicate_key(KeyId=key, ReplicaRegion="us-east-1", Policy=json.dumps(OPEN))
    return {("key-unknown", f"us-east-1:{CENTRAL}:key/{key}")}, lambda: None


def delete_keys(d: Deployed) -> tuple[Found, Undo]:
    """KMS deletes a key with its aliases (AWS KMS guide, deleting-keys)."""
    session = assume(d.aws, f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass")
    own, replica = d.key("wayne"), d.key("umbrella", OTHER)
    d.aws.advance(30)  # the key policies let no deletion be scheduled before
    session.client("kms").schedule_key_deletion(KeyId=own, PendingWindowInDays=7)
    session.client("kms", region_name=OTHER).schedule_key_deletion(KeyId=replica, PendingWindowInDays=7)
    d.aws.advance(8)
    found = {("key-missing", own), ("alias-missing", alias("wayne"))}
    return found | {("replica-missing", replica), ("alias-missing", alias("umbrella"))}, lambda: None
