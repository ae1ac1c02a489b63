"""The manifest's tags, which an organization may demand, are on every resource that CloudFormation can tag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tenant_keys.manifest import load_estate
from tests.stacks.synth import synthesized

EVERYTHING = Path(__file__).parents[1] / "golden/0.1.0/everything/tenants.yaml"
TAGS = {"cost-center": "4711", "owner": "platform"}


def takes_tags(kind: str) -> bool:
    """Source: the resource type's schema in the CloudFormation registry, as cfn-lint pins it."""
    return "Tags" in PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema["properties"]


def tags_of(resource: dict[str, Any]) -> dict[str, str]:
    tags = resource["Properties"].get("Tags", {})
    return dict(tags) if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def test_every_resource_that_takes_tags_has_those_of_the_manifest(tmp_path: Path) -> None:
    estate = replace(load_estate(EVERYTHING), tags=TAGS)
    templates = synthesized(estate, tmp_path)
    resources = [one for template in templates.values() for one in template["Resources"].values()]
    with_tags = {one["Type"] for one in resources if takes_tags(one["Type"])}
    assert with_tags == {
        *("AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::SNS::Topic"),
        *("AWS::EKS::PodIdentityAssociation", "AWS::IAM::OIDCProvider", "AWS::IAM::Role", "AWS::KMS::Key"),
        *("AWS::KMS::ReplicaKey", "AWS::RolesAnywhere::Profile", "AWS::RolesAnywhere::TrustAnchor"),
        "AWS::SSM::Parameter",
    }
    for one in resources:
        if one["Type"] in with_tags:
            assert tags_of(one).items() >= TAGS.items(), one["Type"]
