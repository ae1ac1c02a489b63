"""Extreme estates, resource by resource, against CloudFormation's schemas, the API models and the quotas.

What the manifest accepts and the synth writes, AWS must not refuse.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.extremes.constraints import Constraints
from tests.extremes.estates import ESTATES, REGIONS, TAGS, estate_from, lambdas, manifest, tenant_id, workload
from tests.extremes.requests import requests
from tests.stacks.synth import synthesized

Json = dict[str, Any]
ROLE = f"arn:aws:iam::222222222222:role/tenant-keys-{'w' * 16}"
ANCHOR = "arn:aws:rolesanywhere:ap-southeast-1:222222222222:trust-anchor/12345678-1234-1234-1234-123456789012"
VALUES = {
    ("AWS::KMS::Key", "Ref"): "1234abcd-12ab-34cd-56ef-1234567890ab",
    ("AWS::KMS::Key", "Arn"): "arn:aws:kms:ap-southeast-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ("AWS::SNS::Topic", "Ref"): "arn:aws:sns:ap-southeast-1:111111111111:tenant-keys-audit",
    ("AWS::KMS::ReplicaKey", "Ref"): "mrk-1234abcd12ab34cd56ef1234567890ab",
    ("AWS::IAM::Role", "Ref"): f"tenant-keys-{'w' * 16}",
    ("AWS::IAM::Role", "Arn"): ROLE,
    ("AWS::IAM::OIDCProvider", "Ref"): f"arn:aws:iam::111111111111:oidc-provider/{'o' * 247}",
    ("AWS::RolesAnywhere::TrustAnchor", "TrustAnchorArn"): ANCHOR,
}
"""What an intrinsic yields once it is deployed, as long as it comes."""


@dataclass
class Replay:
    """One estate, synthesized and held against everything."""

    constraints: Constraints = field(default_factory=Constraints)
    refused: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    largest: int = 0


def replayed(name: str, folder: Path) -> Replay:
    replay = Replay()
    for stack, template in synthesized(ESTATES[name](), folder).items():
        size = (folder / f"{stack}.template.json").stat().st_size
        replay.largest = max(replay.largest, size)
        replay.counts["templates"] += 1
        replay.refused += list(of_template(stack, template, size))
        for logical_id, resource in template["Resources"].items():
            replay.counts["resources"] += 1
            properties = resolved(resource["Properties"], template["Resources"])
            kind = resource["Type"]
            found = list(replay.constraints.of_resource(kind, properties, "us-east-1"))
            for service, operation, parameters in requests(kind, properties):
                replay.counts["requests"] += 1
                found += replay.constraints.of_call(service, operation, parameters)
            found += quotas(kind, properties)
            replay.refused += [f"{stack}.{logical_id} {each}" for each in found]
    return replay


def resolved(value: Any, resources: Json) -> Any:
    if isinstance(value, list):
        return [resolved(each, resources) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return VALUES[resources[value["Ref"]]["Type"], "Ref"]
    if set(value) == {"Fn::GetAtt"}:
        logical_id, attribute = value["Fn::GetAtt"]
        return VALUES[resources[logical_id]["Type"], attribute]
    return {name: resolved(each, resources) for name, each in value.items()}


def of_template(stack: str, template: Json, size: int) -> list[str]:
    """CloudFormation quotas: cloudformation-limits; the bytes as its own error names them."""
    limits = {
        "bytes of the template": (size, 1_000_000),
        "resources": (len(template["Resources"]) + 1, 500),
        "characters of the stack's name": (len(stack), 128),
        "characters of the description": (len(template["Description"]), 1_024),
        "characters of a logical id": (max(map(len, template["Resources"])), 255),
    }
    found = [f"{stack}: {got} {what}, allowed {most}" for what, (got, most) in limits.items() if got > most]
    return found + [f"{stack}.{name}: not alphanumeric" for name in template["Resources"] if not name.isalnum()]


def quotas(kind: str, p: Json) -> list[str]:
    """KMS resource-limits; IAM reference_iam-quotas; SSM quotas. Sizes as AWS counts them, without white space."""

    def size(document: Json) -> int:
        return len(json.dumps(document, separators=(",", ":")))

    limits: dict[str, tuple[int, int]] = {"tags": (len(p.get("Tags", ())), 50)}
    if "KeyPolicy" in p:
        limits["bytes of the key policy"] = (size(p["KeyPolicy"]), 32_768)
    if kind == "AWS::IAM::Role":
        limits["trust policy"] = (size(p["AssumeRolePolicyDocument"]), 2_048)
        limits["inline policies"] = (sum(size(policy["PolicyDocument"]) for policy in p["Policies"]), 10_240)
    if kind == "AWS::IAM::ManagedPolicy":
        limits["managed policy"] = (size(p["PolicyDocument"]), 6_144)
    if kind == "AWS::IAM::OIDCProvider":
        limits["audiences"] = (len(p["ClientIdList"]), 100)
    if kind == "AWS::SSM::Parameter":
        limits["characters of the parameter"] = (len(p["Value"]), 4_096)
    return [f"{what}: {got}, allowed {most}" for what, (got, most) in limits.items() if got > most]


AT_LEAST = {  # templates, resources, requests
    "longest names, every place": (9, 60, 95),
    "most tags": (14, 300, 500),
    "8 Regions, all replicated": (17, 1_000, 1_200),
    "29 workloads a tenant": (13, 1_000, 2_000),
    "100 tenants a cell": (4, 300, 500),
    "all at once, few tenants": (20, 100, 100),
    "all at once": (34, 600, 800),
}
EVERY_TIME = ("longest names, every place", "29 workloads a tenant", "100 tenants a cell", "all at once, few tenants")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in EVERY_TIME else [pytest.mark.exhaustive]) for name in ESTATES]
)
def test_aws_refuses_nothing_of_an_extreme_estate_that_was_synthesized(
    name: str, tmp_path: Path, record_property: Any
) -> None:
    replay = replayed(name, tmp_path)
    counts = {**replay.counts, **replay.constraints.counts, "largest template": replay.largest}
    record_property("counts", counts)
    print(f"\n{name}: {json.dumps(counts)}")  # noqa: T201  # what was replayed, with -s
    assert replay.refused == []
    for counted, least in zip(("templates", "resources", "requests"), AT_LEAST[name], strict=True):
        assert replay.counts[counted] >= least, counted
    assert replay.constraints.counts["pattern"] > 0
    assert replay.constraints.counts["api max"] > 0


def broken(**changes: Any) -> list[str]:
    """What is refused of a good role with some properties changed."""
    good: Json = {"RoleName": "r", "Path": "/x/", "AssumeRolePolicyDocument": {}, "Policies": [], "Tags": []}
    kind, properties, constraints = "AWS::IAM::Role", {**good, **changes}, Constraints()
    found = list(constraints.of_resource(kind, properties, "us-east-1"))
    for service, operation, parameters in requests(kind, properties):
        found += constraints.of_call(service, operation, parameters)
    return found + quotas(kind, properties)


@pytest.mark.parametrize(
    "changes",
    [
        {"RoleName": "r" * 65},
        {"RoleName": "a/b"},
        {"Path": "x"},
        {"MaxSessionDuration": 43_201},
        {"Tags": [{"Key": "", "Value": ""}]},
        {"Tags": [{"Key": "k", "Value": "v" * 257}]},
        {"Tags": [{"Key": "k*", "Value": "v"}]},
        {"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
        {"Unknown": 1},
        {"AssumeRolePolicyDocument": {"x": "y" * 2_048}},
        {"Policies": [{"PolicyName": "p", "PolicyDocument": {"x": "y" * 10_240}}]},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_the_replay_refuses_what_aws_would_refuse(changes: Json) -> None:
    assert broken() == []
    assert broken(**changes)


def test_the_estates_are_as_extreme_as_they_claim() -> None:
    assert (len(REGIONS), len(tenant_id(7)), len(workload(7)), len(TAGS)) == (8, 40, 16, 47)
    crowded = ESTATES["100 tenants a cell"]()
    assert Counter(tenant.cell for tenant in crowded.tenants.values()) == {1: 100}
    assert {len(tenant.workloads) for tenant in ESTATES["29 workloads a tenant"]().tenants.values()} == {29}
    assert estate_from(manifest(lambdas(1), [f"{tenant_id(0)}: {{}}"])).central.bootstrap_qualifier == "q" * 10
