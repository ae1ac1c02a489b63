"""Every released version's manifests, synthesized by today's code: nothing that holds or reaches a key has moved."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenant_keys.manifest import load_estate
from tests.golden.assembly import lasting_part
from tests.stacks.synth import synthesized

FOLDER = Path(__file__).parent
GOLDEN = sorted(FOLDER.glob("*/*/assembly.json"))
Assembly = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def recorded_and_today(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    golden: Path = request.param
    output = tmp_path_factory.mktemp("golden")
    synthesized(load_estate(golden.with_name("tenants.yaml")), output)
    recorded: Assembly = json.loads(golden.read_text(encoding="utf-8"))
    return recorded, lasting_part(output)


def test_there_are_two_golden_assemblies_of_the_first_version() -> None:
    assert [path.parent.name for path in GOLDEN if path.parts[-3] == "0.1.0"] == ["everything", "sample"]


def test_no_stack_changes_its_name_account_region_or_protection(recorded_and_today: tuple[Assembly, Assembly]) -> None:
    recorded, today = recorded_and_today
    assert recorded
    for name, stack in recorded.items():
        assert name in today
        for field in ("stack_name", "environment", "termination_protection"):
            assert today[name][field] == stack[field], (name, field)
        assert set(stack["outputs"]) <= set(today[name]["outputs"]), name


def test_no_resource_changes_stack_logical_id_type_or_name(recorded_and_today: tuple[Assembly, Assembly]) -> None:
    recorded, today = recorded_and_today
    for name, stack in recorded.items():
        assert stack["resources"]
        for logical_id, resource in stack["resources"].items():
            assert today[name]["resources"].get(logical_id) == resource, (name, logical_id)


def test_no_key_or_alias_is_added(recorded_and_today: tuple[Assembly, Assembly]) -> None:
    """Other resources may be added by a later version; a second key of a tenant would be another key."""
    recorded, today = recorded_and_today
    topics = {one for one in kms_resources(today) if one[1] == "AuditKey"}
    assert {stack for stack, *_ in topics} == {stack for stack in today if stack.startswith("tenant-keys-audit-")}
    assert kms_resources(today) - topics == kms_resources(recorded)


def kms_resources(assembly: Assembly) -> set[tuple[str, str, str]]:
    return {
        (name, logical_id, body["type"])
        for name, stack in assembly.items()
        for logical_id, body in stack["resources"].items()
        if body["type"].startswith("AWS::KMS::")
    }


def test_the_golden_manifest_has_one_of_everything() -> None:
    document = yaml.safe_load((FOLDER / "0.1.0/everything/tenants.yaml").read_text(encoding="utf-8"))
    workloads, tenants = document["workloads"].values(), document["tenants"].values()
    keys = [tenant.get("key", {}) for tenant in tenants]
    first_version = {"lambda", "ecs", "eks", "ec2", "batch", "roles-anywhere", "existing-role"}
    assert {w["runs_on"] for w in workloads if "runs_on" in w} == first_version
    assert {w.get("access", "tenant-role") for w in workloads} == {"tenant-role", "session-tag", "web-identity"}
    assert {t.get("state", "active") for t in tenants} == {"active", "suspended", "offboarding", "offboarded"}
    assert {k.get("origin", "aws-kms") for k in keys} == {"aws-kms", "imported"}
    assert {k.get("expires") for k in keys} == {None, "never", "dated"}


def test_the_golden_assembly_has_replicas_in_every_other_region() -> None:
    recorded = json.loads((FOLDER / "0.1.0/everything/assembly.json").read_text(encoding="utf-8"))
    replicas = Counter(
        stack["environment"].rsplit("/", 1)[1]
        for stack in recorded.values()
        for body in stack["resources"].values()
        if body["type"] == "AWS::KMS::ReplicaKey"
    )
    assert replicas == {"eu-west-1": 1, "eu-central-1": 4, "us-east-1": 3}
