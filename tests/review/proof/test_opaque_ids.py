"""The id of a tenant with an opaque name is found wherever a resource tells it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.manifest.lock import Entry
from tenant_keys.manifest.read_manifest import parse_manifest
from tenant_keys.manifest.resolution import resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.proof.opaque_ids import Disclosing, disclosing
from tests.policy.estates import estate_of_text

MANIFEST = """\
organization: o-a1b2c3d4e5
tags: {owner: treasury}
audit: {probe_roles: [role/prober]}
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants:
  hooli: {opaque: true}
  hooli-labs: {}
  access: {opaque: true}
  globex: {tags: {team: shops}}
  orders: {opaque: true}
  payments: {opaque: true}
  eu-west-1: {opaque: true}
  acme-labs: {opaque: true}
  prober: {opaque: true}
  a1b2c3d4e5: {opaque: true}
  sales: {opaque: true}
  putkeypolicy: {opaque: true}
  allow: {opaque: true}
  "123": {opaque: true}
  "1234": {opaque: true}
  h4siaaaaaaaca8viz8: {opaque: true}
"""


@pytest.fixture(scope="module")
def estate() -> Estate:
    return estate_of_text(MANIFEST)


@pytest.fixture(scope="module")
def looking(estate: Estate) -> Disclosing:
    found = disclosing(estate)
    assert found is not None
    return found


COMPRESSED = "v2:deflate64:H4sIAAAAAAACA8vIz8/JBACOXYiyBQAAAA=="
"""As the CDK writes its list of constructs; its text begins as the id of a tenant."""


def found_in(looking: Disclosing, kind: str, properties: dict[str, Any]) -> list[str]:
    return [name for _, name in looking.of(named("R", kind, properties))]


def named(logical_id: str, kind: str, properties: dict[str, Any]) -> Resource:
    return Resource("s", "111111111111", "eu-west-1", logical_id, kind, properties, None, None)


POLICY = {"Version": "2012-10-17", "Statement": [{"Sid": "x", "Effect": "Allow", "Action": "kms:Decrypt"}]}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::KMS::Key", {"Description": "Tenant hooli"}),
        ("AWS::KMS::Key", {"Description": "of HOOLI, Inc."}),
        ("AWS::KMS::Key", {"Tags": [{"Key": "tenant-keys:tenant", "Value": "hooli"}]}),
        ("AWS::KMS::Key", {"Tags": [{"Key": "customer-hooli", "Value": "yes"}]}),
        ("AWS::KMS::Key", {"KeyPolicy": {**POLICY, "Statement": [{"Sid": "hooli", "Effect": "Deny"}]}}),
        ("AWS::KMS::Key", {"KeyPolicy": {**POLICY, "Statement": [{"Sid": "UseByHooli", "Effect": "Deny"}]}}),
        ("AWS::KMS::Alias", {"AliasName": "alias/tenant-hooli"}),
        ("AWS::IAM::Role", {"RoleName": "tenant-hooli.orders"}),
        ("AWS::IAM::Role", {"Policies": [{"PolicyName": "hooli", "PolicyDocument": POLICY}]}),
        ("AWS::SSM::Parameter", {"Description": "hooli", "Value": "{}"}),
        ("AWS::SSM::Parameter", {"Tags": {"hooli": "1"}, "Value": "{}"}),
        ("AWS::SNS::Topic", {"DisplayName": "hooli"}),
        ("AWS::Events::Rule", {"Description": "use of the key of tenant hooli"}),
        ("AWS::Events::Rule", {"Targets": [{"Id": "tenant-hooli"}]}),
        ("AWS::CloudWatch::Alarm", {"AlarmDescription": "the keys of tenants hooli and globex"}),
        ("AWS::CloudWatch::Alarm", {"AlarmDescription": "tenants globex, acme-labs: misuse"}),
        ("AWS::CloudWatch::Alarm", {"AlarmDescription": "tenants globex and hooli-labs or hooli"}),
        ("AWS::CloudWatch::Alarm", {"AlarmName": "hooli"}),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "# the key of tenant hooli"}}),
        ("AWS::Of::Another", {"Deep": [{"er": ["hooli"]}]}),
        ("AWS::Of::Another", {"Name": "globex-hooli"}),
        ("AWS::Of::Another", {"Name": "hoo\u200bli"}),
        ("AWS::Of::Another", {"Name": "hoo\u00adli"}),
        ("AWS::Of::Another", {"Name": "\uff48\uff4f\uff4f\uff4c\uff49"}),
        ("AWS::Of::Another", {"Name": "see RolehooliFororders"}),
        ("AWS::Of::Another", {"Name": "KeyacmeXlabs"}),
        ("AWS::Of::Another", {"Name": "the key of acme-labs"}),
        ("AWS::Of::Another", {"Name": "1234"}),
        ("AWS::Of::Another", {"Text": "to putkeypolicy, or to allow"}),
        ("AWS::CDK::Metadata", {"Analytics": "hooli"}),
        ("AWS::CDK::Metadata", {"Analytics": "v2:deflate64:hooli"}),
        ("AWS::Of::Another", {"Text": {"Fn::GetAtt": ["Other", "Text"]}}),
        ("AWS::Of::Another", {"Text": ["x", {"Fn::Join": ["", ["ho", {"Ref": "Other"}]]}]}),
    ],
)
def test_the_id_is_found(looking: Disclosing, kind: str, properties: dict[str, Any]) -> None:
    assert len(found_in(looking, kind, properties)) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SSM::Parameter", {"Value": '{"ids":{"hooli":"x"}}'}),
        ("AWS::KMS::Key", {"Description": "Tenant hooli-labs"}),
        ("AWS::KMS::Key", {"Description": "Tenant globex"}),
        ("AWS::KMS::Key", {"Description": "Tenant schooling"}),
        ("AWS::KMS::Key", {"Description": "orders prober o-a1b2c3d4e5 123"}),
        ("AWS::KMS::Key", {"Description": "a1b2c3d4e5"}),
        ("AWS::KMS::Key", {"Description": "replica in eu-west-1"}),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [{"Effect": "Allow", "Action": "kms:PutKeyPolicy"}]}}),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [{"Effect": "Allow", "NotAction": "kms:PutKeyPolicy"}]}}),
        ("AWS::Events::Rule", {"Description": "hooli", "EventPattern": {"a": ["hooli"]}, "Targets": ["hooli"]}),
        ("AWS::CloudWatch::Alarm", {"AlarmDescription": "hooli", "Metrics": ["hooli"]}),
        ("AWS::CloudWatch::Alarm", {"AlarmDescription": "tenants globex and keys hooli"}),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "hooli = payload"}}),
        ("AWS::IAM::Role", {"Description": "access of workloads", "Policies": [{"PolicyDocument": POLICY}]}),
    ],
)
def test_nothing_else_is_reported(looking: Disclosing, kind: str, properties: dict[str, Any]) -> None:
    assert found_in(looking, kind, properties) == []


def test_a_tag_that_contains_an_id_does_not_excuse_it(estate: Estate) -> None:
    globex = replace(estate.tenants["globex"], tags={"customer": "hooli"})
    for tagged in (
        replace(estate, tags={"customer": "hooli"}),
        replace(estate, tenants={**estate.tenants, "globex": globex}),
    ):
        looking = disclosing(tagged)
        assert looking is not None
        assert found_in(looking, "AWS::KMS::Key", {"Tags": [{"Key": "customer", "Value": "hooli"}]}) == ["Tags"]
        assert found_in(looking, "AWS::Events::Rule", {"Description": "the key of tenant hooli"}) == ["Description"]


def test_what_prose_may_say_other_texts_may_not(estate: Estate) -> None:
    looking = disclosing(estate)
    assert looking is not None
    assert found_in(looking, "AWS::Events::Rule", {"Description": "as hooli"}) == []
    assert found_in(looking, "AWS::KMS::Key", {"Description": "as hooli"}) == ["Description"]


@pytest.mark.parametrize(
    ("logical_id", "reported"),
    [
        *[
            (one, True)
            for one in ("Keyhooli", "Aliashooli", "RolehooliFororders", "KeyOfHooli", "Hooli", "Replicahooli")
        ],
        *[(one, False) for one in ("Keyglobex", "KeyhooliXlabs", "AuditKey", "RuleuseXdenied", "Schooling")],
    ],
)
def test_a_logical_id_shows_whose_resource_it_is(looking: Disclosing, logical_id: str, reported: bool) -> None:
    found = list(looking.of(named(logical_id, "AWS::CDK::Metadata", {"Analytics": COMPRESSED})))
    assert [name for _, name in found] == ["the logical id"] * reported


@pytest.mark.parametrize(
    "beside",
    [
        {"Description": "Keys of hooli"},
        {"Metadata": {"customers": ["hooli"]}},
        {"Mappings": {"Hooli": {"a": "b"}}},
        {"Outputs": {"KeyOfHooli": {"Value": "x"}}},
        {"Outputs": {"Key": {"Value": "x", "Export": {"Name": "hooli-key"}}}},
        {"Parameters": {"Customer": {"Type": "String", "Default": "hooli"}}},
        {"Rules": {"CheckBootstrapVersion": {"Assertions": [{"AssertDescription": "of tenant hooli"}]}}},
        {"Metadata of Key": {"aws:cdk:path": "cell/Keys/hooli"}},
        {"Metadata of Key": {"checkov": {"skip": [{"id": "CKV_AWS_7", "comment": "tenant hooli imports"}]}}},
    ],
)
def test_the_id_is_found_beside_resources(looking: Disclosing, beside: dict[str, Any]) -> None:
    assert list(looking.beside(template("cell", beside))) == [(hooli(looking), next(iter(beside)))]


@pytest.mark.parametrize(
    "beside",
    [
        {"Outputs": {"Key": {"Value": {"Fn::GetAtt": ["Other", "Text"]}}}},
        {"Outputs": {"Key": {"Value": "x", "Export": {"Name": {"Fn::Sub": "ho${Other}"}}}}},
        {"Metadata of Key": {"for": {"Ref": "Other"}}},
    ],
)
def test_a_function_that_is_not_resolved_may_reveal_an_id(looking: Disclosing, beside: dict[str, Any]) -> None:
    assert list(looking.beside(template("cell", beside))) == [("", next(iter(beside)))]


@pytest.mark.parametrize("scanner", ["cdk_nag", "cfn_nag", "checkov", "guard"])
def test_reasons_for_scanners_are_prose(looking: Disclosing, scanner: str) -> None:
    assert list(looking.beside(template("cell", {"Metadata of Key": {scanner: {"Reason": "as hooli"}}}))) == []


def test_the_name_of_a_stack_is_looked_at(looking: Disclosing) -> None:
    assert list(looking.beside(template("tenant-keys-hooli", {}))) == [(hooli(looking), "its name")]


def test_what_the_app_writes_beside_resources_reveals_nothing(looking: Disclosing) -> None:
    beside = {
        "Description": "Tenants' keys, cell eu-west-1-001",
        "Parameters": {"BootstrapVersion": {"Description": "hooli, retrieved from SSM Parameter Store"}},
        "Metadata of Key": {
            "guard": {"Reason": "The access policy is this role's alone"},
            "aws:cdk:path": "cell/Keyglobex",
        },
    }
    assert list(looking.beside(template("tenant-keys-cell-eu-west-1-001", beside))) == []


def template(name: str, beside: dict[str, Any]) -> Stack:
    return Stack(
        name, "111111111111", "eu-west-1", Path("t.json"), {}, termination_protection=True, raw=(), beside=beside
    )


def hooli(looking: Disclosing) -> str:
    (found,) = {tenant for tenant, _ in looking.of(named("Keyhooli", "AWS::KMS::Key", {}))}
    return found


def test_without_opaque_names_nothing_is_looked_for() -> None:
    assert disclosing(estate_of_text(MANIFEST.replace("{opaque: true}", "{}"))) is None


PLAIN = MANIFEST.replace("{opaque: true}", "{}")


def test_an_opaque_tenant_of_another_key_account_is_looked_for(estate: Estate) -> None:
    """In both directions: an estate whose own tenants have no opaque name, beside one that has some."""
    other = estate_of_text(PLAIN)
    beside = replace(replace(other, tenants={"globex": other.tenants["globex"]}), siblings=(estate,))
    looking = disclosing(beside)
    assert looking is not None
    assert found_in(looking, "AWS::KMS::Key", {"Description": "for hooli"}) == ["Description"]
    assert found_in(looking, "AWS::KMS::Key", {"Description": "for hooli-labs"}) == []


def test_an_opaque_tenant_that_is_offboarded_is_looked_for() -> None:
    manifest = parse_manifest(OFFBOARDED)
    entry = Entry("hooli", 1, "aws-kms", False, "eu-west-1", phase="offboarded", name=NAME)
    gone = replace(entry, tenant="gone", name=None)
    lock, _ = update(parse_manifest(LISTED), new_lock(parse_manifest(LISTED)))
    estate = resolve(manifest, replace(lock, entries={**lock.entries, "gone": gone, "hooli": entry}))
    assert list(estate.tenants) == ["globex"]
    looking = disclosing(estate)
    assert looking is not None
    assert list(looking.of(named("R", "AWS::KMS::Key", {"Tags": [{"Key": "a", "Value": "hooli"}]}))) == [(NAME, "Tags")]
    assert found_in(looking, "AWS::KMS::Key", {"Tags": [{"Key": "a", "Value": "gone"}]}) == []


NAME = "x-74sceqnse5f77ewpbijk3fa7q3"
LISTED = MANIFEST[: MANIFEST.index("tenants:")] + "tenants:\n  globex: {}\n"
OFFBOARDED = LISTED + "  hooli: {opaque: true, state: offboarded}\n"
