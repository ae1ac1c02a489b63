"""The id of a tenant with an opaque name is found wherever a resource tells it, and nowhere else."""

from __future__ import annotations

import json
import re
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
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.opaque_ids import Disclosing, _texts, disclosing
from tests.conftest import Found
from tests.policy.estates import TENANTS, estate_of_text, sample
from tools.random_estates.small_estates import templates_of

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
        ("AWS::IAM::Role", {"Tags": [{"Key": "customer", "Value": "TheHooliCo"}]}),
        ("AWS::IAM::Role", {"Tags": [{"Key": "OfHooli", "Value": "1"}]}),
        ("AWS::IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": [{"Sid": "HOOLIuse", "Effect": "Deny"}]}}]}),
        ("AWS::IAM::Role", {"Policies": [{"Effect": "Deny", "Action": "s3:Hooli"}]}),
        ("AWS::IAM::Role", {"Policies": [{"Effect": "Deny", "NotAction": ["hooli:*"]}]}),
        ("AWS::IAM::Role", {"Policies": [{"Effect": "hooli"}]}),
        ("AWS::IAM::Role", {"Policies": [{"Effect": "Deny", "Version": {"of": "hooli"}}]}),
        ("AWS::Of::Another", {"Name": "HOOLIKey"}),
        ("AWS::Of::Another", {"Name": "theHOOLIuse"}),
        ("AWS::Of::Another", {"Name": "keyOfHooLi"}),
        ("AWS::Of::Another", {"Name": "RoleglobexForHooli"}),
        ("AWS::Of::Another", {"Name": "OfAcmeLabs"}),
        ("AWS::Of::Another", {"Name": "x-AcmeLabsInc"}),
        ("AWS::Of::Another", {"Name": "ACMELabsKey"}),
        ("AWS::Of::Another", {"Name": '{"t": "\\u0068ooli"}'}),
        ("AWS::Of::Another", {"Name": '{"a":"\\u0068\\u006foli"}'}),
        ("AWS::Of::Another", {"Name": r"hoo\\u006ci"}),
        ("AWS::Of::Another", {"Name": r"hool\\\\u0069"}),
        ("AWS::Of::Another", {"Name": r"\u005cu0068ooli"}),
        ("AWS::Of::Another", {"Name": r"\u005c\u00750068ooli"}),
        ("AWS::Of::Another", {"Name": r'"customers\nhooli"'}),
        ("AWS::Of::Another", {"Name": r'{"Sid":"Keep\u0048ooli"}'}),
        ("AWS::Events::Rule", {"Description": r"the key of tenant \u0068ooli"}),
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
        ("AWS::KMS::Key", {"Tags": [{"Key": "OfHooliLabs", "Value": "Schooling"}, {"Key": "a", "Value": "HOOLILabs"}]}),
        ("AWS::KMS::Key", {"Description": r"C:\hooligan\users"}),
        ("AWS::KMS::Key", {"Condition": {"StringEquals": {"aws:PrincipalTag/KeyAccess": "EuWest1"}}}),
        ("AWS::KMS::Key", {"Description": "orders prober o-a1b2c3d4e5 123"}),
        ("AWS::KMS::Key", {"Description": "a1b2c3d4e5"}),
        ("AWS::KMS::Key", {"Description": "replica in eu-west-1"}),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [{"Effect": "Allow", "Action": "kms:PutKeyPolicy"}]}}),
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": [{"Effect": "Allow", "NotAction": "kms:PutKeyPolicy"}]}}),
        (
            "AWS::KMS::Key",
            {"KeyPolicy": {"Statement": [{"Effect": "Allow", "Action": ["KMS:putkeypolicy", "kms:P*"]}]}},
        ),
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
        {"Metadata": {"Effect": "Allow", "Action": "hooli"}},
        {"Outputs": {"KeyOfHooli": {"Value": "x"}}},
        {"Outputs": {"Key": {"Value": "x", "Export": {"Name": "hooli-key"}}}},
        {"Parameters": {"Customer": {"Type": "String", "Default": "hooli"}}},
        {"Rules": {"CheckBootstrapVersion": {"Assertions": [{"AssertDescription": "of tenant hooli"}]}}},
        {"Metadata of Key": {"aws:cdk:path": "cell/Keys/hooli"}},
        {"Metadata of Key": {"guard": {"SuppressedRules": ["hooli"], "Reason": "as it is"}}},
        {"Metadata of Key": {"guard": {"SuppressedRules": ["HOOLI_CHECK"]}}},
        {"Metadata of Key": {"cdk_nag": {"rules_to_suppress": [{"id": "Hooli", "reason": "as it is"}]}}},
        {"Metadata of Key": {"cfn_nag": {"hooli": 1}}},
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
    reason = f"{next(iter(beside))} holds a function that the review does not resolve"
    assert list(looking.beside(template("cell", beside))) == [("", reason)]


ODD = {
    "hoo\u200bli": "200B",
    "hoo\u034fli": "034F",
    "hoo\ufe0fli": "FE0F",
    "hoo\u3164li": "3164",
    "hoo\x01li": "0001",
    "hoo\x7fli": "007F",
    "hoo\rli": "000D",
    "h\u00f3oli": "00F3",
    "h\u0336o\u0336oli": "0336",
    "\u202eilooh\u202c": "202E",
    "\u24a3\u24aa\u24aa\u24a7\u24a4": "24A3",
    "\U000e0068ooli": "E0068",
    "\uff48\uff4f\uff4f\uff4c\uff49": "FF48",
    "acme\u2011labs": "2011",
    '{"t": "hoo\\u034fli"}': "034F",
    '{"t": "hoo\\u005cu0001li"}': "0001",
}


@pytest.mark.parametrize(("text", "code"), ODD.items(), ids=ascii)
def test_a_character_outside_printable_ascii_may_reveal_an_id(looking: Disclosing, text: str, code: str) -> None:
    """In every text, prose and the names of a mapping among them."""
    reason = f"contains the character U+{code}"
    for kind, name in (("AWS::Of::Another", "Name"), ("AWS::Events::Rule", "Description"), ("AWS::IAM::Role", "Tags")):
        for value in (text, {text: 1}, [{"Effect": "Deny", "Action": [text]}]):
            assert list(looking.of(named("R", kind, {name: value}))) == [("", f"{name} {reason}")]
    assert list(looking.of(named(text, "AWS::KMS::Key", {}))) == [("", f"the logical id {reason}")]
    assert list(looking.beside(template(text, {}))) == [("", f"its name {reason}")]
    guard = {"Metadata of Key": {"guard": {"Reason": text}}}
    assert list(looking.beside(template("cell", guard))) == [("", f"Metadata of Key {reason}")]


def test_lines_and_tabs_are_plain_text(looking: Disclosing) -> None:
    assert list(looking.of(named("R", "AWS::Of::Another", {"Name": "a\n\tb ~"}))) == []


def test_the_proof_does_not_hold_where_a_character_may_hide_an_id(estate: Estate) -> None:
    templates = templates_of(estate).copy()
    role = next(name for name in templates.resources["roles"] if "globex" in name)
    templates.properties("roles", role)["Tags"] = [{"Key": "c", "Value": "hoo\u034fli"}]
    reported = [one for one in prove(templates, estate).findings if "U+034F" in one.what]
    what = f"roles {role}: Tags contains the character U+034F, and may tell the id of a tenant whose name is opaque"
    assert [(one.kind, one.what, one.fix) for one in reported] == [
        (Kind.NOT_PROVED, what, "write the value literally, in printable ASCII")
    ]


def test_no_name_of_the_apps_own_is_split_into_words_that_an_id_may_be(sample_resources: list[Found]) -> None:
    """With a tenant for each word that a name in camel case has, the app's own texts reveal no one."""
    properties = [(one.body["Type"], one.body.get("Properties", {})) for one in sample_resources]
    texts = {word for one in properties for word in re.findall("[A-Za-z0-9]+", json.dumps(one))}
    split = {part.lower() for word in texts for part in re.findall("[A-Z]?[a-z0-9]+|[A-Z]+", word) if part != word}
    split -= {*TENANTS, *map(str.lower, texts)}
    assert {"equals", "plaintext", "trailing"} < split
    everyone = Disclosing(sample(), dict.fromkeys(split, "x"))
    assert [found for kind, one in properties for found in everyone.of(named("R", kind, one)) if found[0]] == []


def test_no_rule_that_a_resource_acknowledges_is_a_word_that_an_id_may_be(sample_resources: list[Found]) -> None:
    metadata = [dict(one.body.get("Metadata", {})) for one in sample_resources]
    told = [{name: one for name, one in each.items() if name in ("checkov", "guard")} for each in metadata]
    words = {word.lower() for word in re.findall("[A-Za-z0-9]+", json.dumps(told))}
    assert {"inline", "backing", "suppressedrules"} < words
    everyone = Disclosing(sample(), dict.fromkeys(words - set(TENANTS), "x"))
    beside = [{"Metadata of R": without_reasons(each)} for each in told]
    assert [found for one in beside for found in everyone.beside(template("cell", one))] == []


def without_reasons(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_reasons(one) for name, one in value.items() if name not in ("Reason", "comment")}
    return [without_reasons(one) for one in value] if isinstance(value, list) else value


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


def test_names_and_values_are_texts_and_grammar_where_a_policy_has_words_of_its_own() -> None:
    statement = {"Effect": "Allow", "Sid": "S", "Action": ["a", {"b": "c"}]}
    assert list(_texts({"Version": "1", "Statement": [statement], "Count": 1})) == [
        *(("Version", True), ("1", True), ("Statement", False)),
        *(("Effect", True), ("Allow", True), ("Sid", False), ("S", False)),
        *(("Action", True), ("a", True), ("b", True), ("c", True)),
        ("Count", False),
    ]
    assert list(_texts({"Version": "1", "Action": "a"})) == [
        *(("Version", False), ("1", False), ("Action", False), ("a", False)),
    ]
