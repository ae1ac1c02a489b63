"""What is read from templates: keys, roles and their policies, each as CloudFormation would create it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource
from tenant_keys.review.assembly.json_file import WrittenObject
from tenant_keys.review.errors import AssemblyUnreadable, MalformedPolicy
from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.inventory import Inventory, parse_policies, take_inventory
from tenant_keys.review.proof.marks import marked, names, unmarked
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.reviewed import _without_policies
from tools.random_estates.small_estates import CENTRAL, Templates, estate_of

PROMISES = promises(
    estate_of(
        "acme: {workloads: [orders, billing]}",
        "globex: {key: {origin: imported, import_role: role/globex-import, expires: never}}",
        "orders: {workloads: [billing]}",
    )
)
ACME, GLOBEX = PROMISES["acme"], PROMISES["globex"]
ROLE = f"arn:aws:iam::{CENTRAL}:role"
TRUST: dict[str, Any] = {"Statement": []}


def read(*resources: tuple[str, str, dict[str, Any]], account: str = CENTRAL) -> Inventory:
    """Resources of one stack: logical id, type, properties."""
    made = Templates({}, {"stack": (account, "eu-west-1")})
    for logical_id, kind, properties in resources:
        made.add("stack", logical_id, kind, properties)
    return take_inventory(made, PROMISES)


def role(name: str, **properties: Any) -> tuple[str, str, dict[str, Any]]:
    return f"Role{name}", "AWS::IAM::Role", {"RoleName": name, "AssumeRolePolicyDocument": TRUST, **properties}


def policy(name: str, role_name: str, kind: str = "AWS::IAM::Policy") -> tuple[str, str, dict[str, Any]]:
    document = {"Statement": [{"Sid": name}]}
    owner = {"RoleName": role_name} if kind == "AWS::IAM::RolePolicy" else {"Roles": [role_name]}
    return f"Added{name}", kind, {"PolicyName": name, "PolicyDocument": document, **owner}


def test_a_tenants_names_are_its_id_its_alias_its_roles_and_the_role_that_imports_for_it_alone() -> None:
    assert names(ACME) == [
        ("acme", "id"),
        ("alias/tenant-acme", "alias"),
        (f"{ROLE}/tenant-keys/orders/tenant-acme.orders", "role orders"),
    ]
    assert names(GLOBEX) == [
        ("globex", "id"),
        ("alias/tenant-globex", "alias"),
        (f"{ROLE}/tenant-keys/orders/tenant-globex.orders", "role orders"),
        (f"{ROLE}/globex-import", "import role"),
    ]


def test_a_name_is_marked_where_it_is_a_whole_value_and_comes_back() -> None:
    document = {"a": ["acme", "acme-two", "alias/tenant-acme"], "b": {"acme": "x"}}
    text = marked(document, ACME)
    assert text == '{"a":["⟦id","acme-two","⟦alias"],"b":{"⟦id":"x"}}'
    assert unmarked(text, ACME) == document
    assert unmarked(text, GLOBEX)["a"] == ["globex", "acme-two", "alias/tenant-globex"]


def test_every_policy_is_read_strictly_however_many_are_alike() -> None:
    """The first key's policy is parsed; the second's differs in a name alone; the third's holds a name twice."""
    written = [
        '{"Statement":[{"Sid":"acme"}]}',
        '{"Statement":[{"Sid":"globex"}]}',
        '{"Statement":[{"Sid":"orders","Sid":"orders"}]}',
    ]
    tenants = zip(("acme", "globex", "orders"), written, strict=True)
    made = Templates({}, {"stack": (CENTRAL, "eu-west-1")})
    for tenant, text in tenants:
        target = f"unresolved!111111111111!eu-west-1!stack!Key{tenant}"
        made.add("stack", f"Key{tenant}", "AWS::KMS::Key", {"KeyPolicy": WrittenObject(f"Key{tenant}", text)})
        alias = {"AliasName": f"alias/tenant-{tenant}", "TargetKeyId": target}
        made.add("stack", f"Alias{tenant}", "AWS::KMS::Alias", alias)
    with pytest.raises(AssemblyUnreadable, match=r"^Keyorders Statement\[0\]: Sid occurs twice in one object"):
        take_inventory(made, PROMISES)
    del made.resources["stack"]["Keyorders"], made.resources["stack"]["Aliasorders"]
    inventory = take_inventory(made, PROMISES)
    assert inventory.keys["acme"][0].policy is inventory.keys["globex"][0].policy


@pytest.mark.parametrize("text", ["⟦", "a⟦id"])
def test_a_policy_that_holds_the_mark_is_not_proved(text: str) -> None:
    with pytest.raises(NotProved, match=r"which AWS refuses$"):
        marked({"a": text}, ACME)


def test_a_key_is_as_its_template_has_it_or_by_default() -> None:
    plain = {"KeyPolicy": {"Statement": ["acme"]}}
    alias = {"AliasName": "alias/tenant-acme", "TargetKeyId": "unresolved!111111111111!eu-west-1!stack!Key"}
    inventory = read(("Key", "AWS::KMS::Key", plain), ("Alias", "AWS::KMS::Alias", alias))
    (key,) = inventory.keys["acme"]
    assert (key.enabled, key.retained, key.replica, key.primary_arn) == (True, True, False, None)
    assert key.policy == '{"Statement":["⟦id"]}'
    assert key.properties == {
        "kms:keyspec": "SYMMETRIC_DEFAULT",
        "kms:customermasterkeyspec": "SYMMETRIC_DEFAULT",
        "kms:keyusage": "ENCRYPT_DECRYPT",
        "kms:customermasterkeyusage": "ENCRYPT_DECRYPT",
        "kms:keyorigin": "AWS_KMS",
        "kms:multiregion": "false",
    }

    assert key.choices(("alias/tenant-acme",)) == {
        **{name: [value] for name, value in key.properties.items()},
        "kms:resourcealiases": [("alias/tenant-acme",)],
    }
    assert key.choices(())["kms:resourcealiases"] == [None]


@pytest.mark.parametrize(
    ("deleted", "replaced", "of_key", "of_alias"),
    [
        ("Retain", "Retain", True, True),
        ("RetainExceptOnCreate", "Retain", False, True),
        ("Retain", "Delete", False, False),
        ("RetainExceptOnCreate", "Delete", False, False),
        ("Delete", "Retain", False, False),
        ("Snapshot", "Retain", False, False),
    ],
)
def test_a_key_and_its_alias_stay_where_both_policies_of_the_template_say_so(
    deleted: str, replaced: str, of_key: bool, of_alias: bool
) -> None:
    made = Templates({}, {"stack": (CENTRAL, "eu-west-1")})
    target = "unresolved!111111111111!eu-west-1!stack!Key"
    made.add("stack", "Key", "AWS::KMS::Key", {"KeyPolicy": {}})
    made.add("stack", "Alias", "AWS::KMS::Alias", {"AliasName": "alias/tenant-acme", "TargetKeyId": target})
    for name, one in made.resources["stack"].items():
        made.resources["stack"][name] = replace(one, deletion_policy=deleted, update_replace_policy=replaced)
    inventory = take_inventory(made, PROMISES)
    ((alias,),) = inventory.aliases.values()
    assert (inventory.keys["acme"][0].retained, alias.retained) == (of_key, of_alias)


@pytest.mark.parametrize(("written", "enabled"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_a_key_is_enabled_as_the_template_says(written: object, enabled: bool) -> None:
    inventory = read(("Key", "AWS::KMS::Key", {"KeyPolicy": {}, "Enabled": written}))
    assert inventory.keys[None][0].enabled is enabled


@pytest.mark.parametrize("several", [True, "true"])
def test_a_key_of_several_regions_says_so(several: object) -> None:
    properties = {"KeyPolicy": {}, "MultiRegion": several, "Origin": "EXTERNAL", "KeySpec": "HMAC_256"}
    (key,) = read(("Key", "AWS::KMS::Key", properties)).keys[None]
    assert key.key_id.startswith("mrk-")
    reported = {
        name: key.properties[f"kms:{name}"] for name in ("multiregion", "multiregionkeytype", "keyorigin", "keyspec")
    }
    assert reported == {
        "multiregion": "true",
        "multiregionkeytype": "PRIMARY",
        "keyorigin": "EXTERNAL",
        "keyspec": "HMAC_256",
    }


def test_a_replica_has_the_id_of_its_primary() -> None:
    primary = f"arn:aws:kms:eu-central-1:{CENTRAL}:key/mrk-1"
    (key,) = read(("Key", "AWS::KMS::ReplicaKey", {"KeyPolicy": {}, "PrimaryKeyArn": primary})).keys[None]
    assert (key.key_id, key.primary_arn, key.replica) == ("mrk-1", primary, True)
    assert key.arn == f"arn:aws:kms:eu-west-1:{CENTRAL}:key/mrk-1"
    assert key.properties == {"kms:multiregion": "true", "kms:multiregionkeytype": "REPLICA"}


def test_no_caller_chooses_region_tags_spec_or_usage() -> None:
    """A replica shares spec and usage with its primary; of a key itself they are among its properties."""
    tags = [{"Key": "Plan", "Value": "gold"}]
    inventory = read(
        ("Key", "AWS::KMS::Key", {"KeyPolicy": {}, "Tags": tags}),
        ("Replica", "AWS::KMS::ReplicaKey", {"KeyPolicy": {}, "PrimaryKeyArn": "key/mrk-1", "Tags": tags}),
    )
    key, replica = sorted(inventory.keys[None], key=lambda one: one.logical_id)
    assert key.unchosen == {"aws:requestedregion": ["eu-west-1"], "aws:resourcetag/plan": ["gold"]}
    assert replica.unchosen == {
        **key.unchosen,
        "kms:keyspec": ["SYMMETRIC_DEFAULT"],
        "kms:customermasterkeyspec": ["SYMMETRIC_DEFAULT"],
        "kms:keyusage": ["ENCRYPT_DECRYPT"],
        "kms:customermasterkeyusage": ["ENCRYPT_DECRYPT"],
    }


def test_a_role_is_as_its_template_has_it() -> None:
    inline = {"PolicyName": "Use", "PolicyDocument": {"Statement": []}}
    tags = [{"Key": "a", "Value": "b"}]
    found = read(role("app", Path="/team/", Policies=[inline], Tags=tags, ManagedPolicyArns=["arn:x"])).roles
    (one,) = found.values()
    assert list(found) == [one.arn] == [f"{ROLE}/team/app"]
    assert (one.identity, one.tags, one.managed, one.boundary) == (
        [("Use", {"Statement": []})],
        {"a": "b"},
        ("arn:x",),
        None,
    )
    (bounded,) = read(role("app", PermissionsBoundary="arn:y")).roles.values()
    assert bounded.boundary == "arn:y"


@pytest.mark.parametrize("other", ["app", "App", "APP"])
def test_two_roles_of_one_name_are_reported_whatever_case_and_path(other: str) -> None:
    assert read(role("app"), ("Again", *role(other, Path="/team/")[1:])).twice == [f"{ROLE}/team/{other}"]
    assert read(role("app"), role("app2")).twice == []


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"])
@pytest.mark.parametrize("name", ["app", "APP"])
def test_a_policy_that_stands_apart_belongs_to_the_role_that_it_names(kind: str, name: str) -> None:
    (one,) = read(role("app"), policy("More", name, kind)).roles.values()
    assert one.identity == [("More", {"Statement": [{"Sid": "More"}]})]


def test_a_policy_of_a_role_that_is_in_no_template_is_reported() -> None:
    (loose,) = read(role("app"), policy("More", "other")).loose
    assert (loose.where, loose.role_name, loose.inline) == ("stack AddedMore", "other", True)
    (managed,) = read(policy("More", "other", "AWS::IAM::ManagedPolicy")).loose
    assert not managed.inline


def test_two_inline_policies_of_one_name_are_not_proved_and_a_managed_one_may_have_it_too() -> None:
    inline = {"PolicyName": "More", "PolicyDocument": {"Statement": []}}
    with pytest.raises(NotProved, match=rf"^stack AddedMore: {ROLE}/app has two policies More"):
        read(role("app", Policies=[inline]), policy("More", "app"))
    (one,) = read(role("app", Policies=[inline]), policy("More", "app", "AWS::IAM::ManagedPolicy")).roles.values()
    assert [name for name, _ in one.identity] == ["More", "More"]
    message = r"^stack Roleapp\.Policies: two of one name: one would replace the other$"
    with pytest.raises(NotProved, match=message):
        read(role("app", Policies=[inline, inline]))


def test_what_the_proof_does_not_know_is_named() -> None:
    assert read(("Group", "AWS::IAM::Group", {})).unmodelled == ["stack Group: AWS::IAM::Group"]
    users = ("More", "AWS::IAM::Policy", {"PolicyDocument": {}, "Users": ["ann"]})
    assert read(users).unmodelled == ["stack More: a policy of users or groups"]
    assert read(("CDKMetadata", "AWS::CDK::Metadata", {"Analytics": "v2:x"})).unmodelled == []


TAGGED = (
    *("AWS::CloudFormation::StackSet", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm"),
    *("AWS::EKS::PodIdentityAssociation", "AWS::Events::Rule", "AWS::IAM::OIDCProvider"),
    *("AWS::RolesAnywhere::Profile", "AWS::RolesAnywhere::TrustAnchor", "AWS::S3::Bucket", "AWS::SNS::Topic"),
    "AWS::SSM::Parameter",
)
UNTAGGED = ("AWS::Events::EventBusPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy")
NEEDED = {"ClusterName": "a", "Namespace": "a", "ServiceAccount": "a", "RoleArn": "a", "Url": "https://a", "Value": "a"}


@pytest.mark.parametrize("kind", [*TAGGED, *UNTAGGED])
def test_of_whatever_takes_tags_they_are_read(kind: str) -> None:
    tags: Any = [{"Key": "plan", "Value": "gold"}]
    if kind == "AWS::SSM::Parameter":
        tags = {"plan": "gold"}
    inventory = read(("One", kind, {**NEEDED, "Name": "/a", "Tags": tags}))
    expected = [(f"stack One ({kind})", {"plan": "gold"})] if kind in TAGGED else []
    assert [(where, dict(found)) for where, found in inventory.tags] == expected


@pytest.mark.parametrize(
    ("resource", "reported"),
    [
        (("Key", "AWS::KMS::Key", {"KeyPolicy": []}), "stack Key.KeyPolicy: got []; an object"),
        (("Key", "AWS::KMS::Key", {"KeyPolicy": "{}"}), 'stack Key.KeyPolicy: got "{}"; an object'),
        (
            ("Key", "AWS::KMS::Key", {"KeyPolicy": {}, "PendingWindowInDays": True}),
            "stack Key.PendingWindowInDays: got true; a whole number of days",
        ),
        (("Key", "AWS::KMS::Key", {}), "a key without a key policy of its own gets KMS's default"),
        (
            ("Key", "AWS::KMS::Key", {"KeyPolicy": {}, "BypassPolicyLockoutSafetyCheck": True}),
            "BypassPolicyLockoutSafetyCheck switches a check of KMS off",
        ),
        (("Alias", "AWS::KMS::Alias", {"AliasName": "alias/a"}), "stack Alias.TargetKeyId: got nothing; a string"),
        (role("a b"), "is the ARN of no role; correct Path and RoleName"),
        (role("app", Policies={}), "stack Roleapp.Policies: got {}; a list"),
        (role("app", Tags=["a"]), 'stack Roleapp.Tags: got "a"; an object'),
    ],
)
def test_what_cannot_be_read_is_not_proved(resource: tuple[str, str, dict[str, Any]], reported: str) -> None:
    with pytest.raises(NotProved) as caught:
        read(resource)
    assert reported in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "documents"),
    [
        ("AWS::IAM::ManagedPolicy", {"PolicyDocument"}),
        ("AWS::IAM::Policy", {"PolicyDocument"}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument", "Policies"}),
        ("AWS::IAM::RolePolicy", {"PolicyDocument"}),
        ("AWS::KMS::Key", {"KeyPolicy"}),
        ("AWS::KMS::ReplicaKey", {"KeyPolicy"}),
        ("AWS::SNS::TopicPolicy", set()),
    ],
)
def test_a_resource_is_kept_without_the_documents_that_the_inventory_has(kind: str, documents: set[str]) -> None:
    every = {"AssumeRolePolicyDocument": 1, "KeyPolicy": 2, "Policies": 3, "PolicyDocument": 4, "Tags": 5}
    resource = Resource("stack", CENTRAL, "eu-west-1", "One", kind, every, None, None)
    assert every.keys() - _without_policies(resource).properties.keys() == documents


ASSUME: dict[str, Any] = {
    "Statement": [{"Sid": "Assume", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]
}


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        ({"Condition": []}, "Statement[0] (Assume).Condition: got []; an object of operators"),
        ({"Principal": {"AWS": 222222222222}}, "Statement[0] (Assume).Principal.AWS: got 222222222222; a string or a"),
        ({"Effect": True}, "Statement[0] (Assume).Effect: got true; Allow or Deny"),
    ],
)
def test_a_policy_that_cannot_be_parsed_is_named_by_stack_role_and_statement(
    edited: dict[str, Any], message: str
) -> None:
    whole = {"Statement": [{**ASSUME["Statement"][0], **edited}]}
    with pytest.raises(MalformedPolicy) as caught:
        parse_policies(read(role("app", AssumeRolePolicyDocument=whole)))
    assert str(caught.value).startswith(f"stack arn:aws:iam::111111111111:role/app: AssumeRolePolicyDocument.{message}")


def test_each_place_of_a_policy_that_cannot_be_parsed_is_named() -> None:
    empty: dict[str, Any] = {"Statement": []}
    inline = {"PolicyName": "Reach", "PolicyDocument": empty}
    key = ("Key", "AWS::KMS::Key", {"KeyPolicy": empty})
    loose = ("More", "AWS::IAM::Policy", {"PolicyName": "Loose", "PolicyDocument": empty, "Roles": ["elsewhere"]})
    for resource, place in (
        (key, "stack Key.KeyPolicy.Statement"),
        (
            role("app", AssumeRolePolicyDocument=ASSUME, Policies=[inline]),
            "stack arn:aws:iam::111111111111:role/app: policy Reach.Statement",
        ),
        (loose, "stack More: policy Loose.Statement"),
    ):
        with pytest.raises(MalformedPolicy) as caught:
            parse_policies(read(resource))
        assert str(caught.value) == f"{place}: got []; a statement or a list of them, not empty"
