"""Plans of deployments: the calls of a resource, the concurrency, the floor, and what remains after a failure."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.operations.rollout.calls import creation
from tenant_keys.operations.rollout.plan import MOST_STACKS, plan
from tenant_keys.operations.rollout.simulate import simulate
from tenant_keys.operations.rollout.what_if import work_of_new_tenants, work_of_tenants
from tenant_keys.operations.rollout.work import StackWork, stack_work, work_of_assembly
from tenant_keys.review.errors import TemplateRefused
from tests.command import tenant_keys
from tests.conftest import ROOT
from tools.cloud_assembly import edit_json, edit_template

REGION, CENTRAL = "eu-west-1", "111111111111"
CELL = "tenant-keys-cell-eu-west-1-001"
PRIMARY = "arn:aws:kms:eu-central-1:111111111111:key/mrk-1"


def cells(tenants: int) -> list[StackWork]:
    """Key cells of 80 tenants each, as the lock fills them."""
    found = []
    for number, first in enumerate(range(0, tenants, 80), start=1):
        resources: dict[str, Any] = {}
        for tenant in range(first, min(first + 80, tenants)):
            resources[f"Key{tenant}"] = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}
            target = {"TargetKeyId": {"Ref": f"Key{tenant}"}}
            resources[f"Alias{tenant}"] = {"Type": "AWS::KMS::Alias", "Properties": target}
        name = f"tenant-keys-cell-{REGION}-{number:03d}"
        found.append(stack_work(name, CENTRAL, REGION, None, resources))
    return found


def calls(kind: str, new: dict[str, Any] | None, old: dict[str, Any] | None = None, **more: Any) -> dict[str, int]:
    """The calls that create, change or remove one resource."""

    def template(properties: dict[str, Any] | None) -> dict[str, Any]:
        return {} if properties is None else {"One": {"Type": kind, "Properties": properties, **more}}

    return dict(stack_work("one", CENTRAL, REGION, template(old), template(new)).calls())


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("AWS::KMS::Key", {"EnableKeyRotation": "true"}, ["CreateKey", "DescribeKey", "EnableKeyRotation"]),
        ("AWS::KMS::Key", {"Enabled": False}, ["CreateKey", "DescribeKey", "DisableKey"]),
        ("AWS::KMS::Alias", {"TargetKeyId": "1"}, ["CreateAlias"]),
        ("AWS::KMS::ReplicaKey", {"PrimaryKeyArn": PRIMARY}, ["DescribeKey", "ReplicateKey"]),
    ],
)
def test_a_resource_of_kms_is_created_by_these_calls(
    kind: str, properties: dict[str, Any], expected: list[str]
) -> None:
    assert calls(kind, properties) == {f"kms:{name}": 1 for name in expected}


def test_a_role_takes_a_call_and_one_for_each_policy() -> None:
    properties = {"Policies": [{"PolicyName": "a"}, {"PolicyName": "b"}], "ManagedPolicyArns": ["arn:a"]}
    assert calls("AWS::IAM::Role", properties) == {
        "iam:CreateRole": 1,
        "iam:PutRolePolicy": 2,
        "iam:AttachRolePolicy": 1,
    }


def test_a_replica_counts_as_two_keys_in_its_own_region() -> None:
    resources = {"One": {"Type": "AWS::KMS::ReplicaKey", "Properties": {"PrimaryKeyArn": PRIMARY}}}
    requests = stack_work("one", CENTRAL, REGION, None, resources).requests()
    assert requests == {
        ("kms:ReplicateKey", "eu-central-1"): 1,
        ("kms:CreateKey", "eu-west-1"): 2,
        ("kms:DescribeKey", "eu-west-1"): 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"KeyPolicy": "a"}, {"KeyPolicy": "b"}, ["PutKeyPolicy"]),
        ({"Enabled": True}, {"Enabled": False}, ["DisableKey"]),
        ({"Enabled": False}, {"Enabled": True}, ["EnableKey"]),
        ({"Description": "a"}, {"Description": "b"}, ["UpdateKeyDescription"]),
        ({"EnableKeyRotation": True}, {"EnableKeyRotation": False}, ["DisableKeyRotation"]),
        (
            {"Tags": [{"Key": "a", "Value": "1"}]},
            {"Tags": [{"Key": "a", "Value": "2"}]},
            ["UntagResource", "TagResource"],
        ),
    ],
)
def test_a_changed_key_is_read_and_takes_the_call_of_its_difference(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    assert calls("AWS::KMS::Key", new, old) == {
        f"kms:{name}": 1 for name in ("DescribeKey", "ListResourceTags", *expected)
    }


def test_a_changed_role_takes_the_calls_of_its_differences() -> None:
    old = {"Policies": [{"PolicyName": "a", "PolicyDocument": 1}, {"PolicyName": "b"}], "ManagedPolicyArns": ["arn:a"]}
    new = {"Policies": [{"PolicyName": "a", "PolicyDocument": 2}], "ManagedPolicyArns": ["arn:b"]}
    assert calls("AWS::IAM::Role", new, old) == {
        "iam:PutRolePolicy": 1,
        "iam:DeleteRolePolicy": 1,
        "iam:DetachRolePolicy": 1,
        "iam:AttachRolePolicy": 1,
    }


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SQS::Queue", {}),
        ("AWS::IAM::Role", {"Policies": {"Fn::If": ["C", [], []]}}),
        ("AWS::IAM::Role", {"ManagedPolicyArns": {"Ref": "Arns"}}),
        ("AWS::IAM::Role", {"Policies": [{"Ref": "AWS::NoValue"}, 1]}),
        ("AWS::KMS::ReplicaKey", {"PrimaryKeyArn": {"Ref": "Primary"}}),
    ],
)
def test_what_a_template_does_not_say_is_not_reckoned(kind: str, properties: dict[str, Any]) -> None:
    resources = {"One": {"Type": kind, "Properties": properties}}
    found = stack_work("one", CENTRAL, REGION, None, resources)
    assert (found.unknown, found.resources) == ((kind,), ())


def test_policies_that_are_attached_by_reference_are_counted() -> None:
    arns = [{"Ref": "Policy"}, "arn:aws:iam::aws:policy/ReadOnlyAccess"]
    assert calls("AWS::IAM::Role", {"ManagedPolicyArns": arns})["iam:AttachRolePolicy"] == 2


def test_a_key_that_leaves_its_stack_is_retained_by_no_call_and_otherwise_scheduled_for_deletion() -> None:
    assert calls("AWS::KMS::Key", None, {}, DeletionPolicy="Retain") == {}
    assert calls("AWS::KMS::Key", None, {}) == {"kms:ScheduleKeyDeletion": 1}


def test_an_alias_waits_for_its_key_and_both_for_kms() -> None:
    (one,) = cells(1)
    assert simulate([one], 1).seconds == 15 + 15


def test_all_stacks_of_a_thousand_tenants_are_deployed_near_the_floor_whatever_the_jitter() -> None:
    (found,) = plan(cells(1000))
    (phase,) = found.phases
    assert phase.floor is not None
    assert (phase.floor.requests, phase.floor.at_the_rate, phase.floor.seconds) == (1000, 199, 229)
    assert phase.run.calls["kms:CreateKey"] == phase.run.calls["kms:CreateAlias"] == 1000
    runs = [simulate(phase.stacks, found.concurrency, seed=seed) for seed in range(5)]
    assert all(1 <= run.seconds / phase.floor.seconds <= 1.2 for run in runs)


@pytest.mark.exhaustive
def test_ten_thousand_tenants_are_deployed_near_the_rate_of_create_key_alone() -> None:
    (found,) = plan(cells(10_000))
    (phase,) = found.phases
    assert phase.floor is not None
    assert phase.floor.at_the_rate == 1999
    runs = [phase.run, *(simulate(phase.stacks, found.concurrency, seed=seed) for seed in (1, 2))]
    assert all(1 <= run.seconds / phase.floor.at_the_rate <= 1.2 for run in runs)


def test_four_stacks_at_a_time_are_far_from_the_floor_which_is_why_there_is_a_plan() -> None:
    assert simulate(cells(1000), 4).seconds > 1.5 * 229


def test_no_more_stacks_go_at_a_time_than_the_cdk_can_watch() -> None:
    many = [stack_work(f"s-{n}", CENTRAL, REGION, None, {"One": {"Type": "AWS::KMS::Key"}}) for n in range(60)]
    assert plan(many)[0].concurrency <= MOST_STACKS == 20


def test_stacks_that_wait_for_different_rates_take_turns() -> None:
    roles = {f"Role{number}": {"Type": "AWS::IAM::Role", "Properties": {}} for number in range(80)}
    of_roles = [stack_work(f"tenant-keys-roles-{number:03d}", CENTRAL, REGION, None, roles) for number in (1, 2)]
    (found,) = plan([*of_roles, *cells(160)])
    assert [stack.name for stack in found.phases[0].stacks] == [
        CELL,
        "tenant-keys-roles-001",
        "tenant-keys-cell-eu-west-1-002",
        "tenant-keys-roles-002",
    ]


def test_the_hook_goes_first() -> None:
    hook = stack_work("tenant-keys-hook-eu-west-1", CENTRAL, REGION, None, {"One": {"Type": "AWS::IAM::Role"}})
    (found,) = plan([*cells(1), hook])
    assert [[stack.name for stack in phase.stacks] for phase in found.phases] == [[hook.name], [CELL]]


def types_of_the_app() -> set[str]:
    """Types of the constructs, by the classes that their modules call."""
    found = set()
    for file in (ROOT / "constructs/tenant_constructs").glob("*.py"):
        module = import_module(f"tenant_constructs.{file.stem}")
        for service, kind in re.findall(r"\b(\w+)\.(Cfn\w+)\(", file.read_text()):
            if name := getattr(getattr(getattr(module, service), kind), "CFN_RESOURCE_TYPE_NAME", None):
                found.add(name)
    return found


def test_the_calls_of_every_type_that_the_app_makes_are_known() -> None:
    types = types_of_the_app()
    assert {"AWS::KMS::Key", "AWS::SSM::Parameter", "AWS::Organizations::Policy"} <= types
    literal = {"PrimaryKeyArn": PRIMARY}
    assert [kind for kind in sorted(types) if creation(kind, literal, REGION) is None] == []


def test_replicas_come_after_all_else_and_accounts_go_side_by_side() -> None:
    copy = {"One": {"Type": "AWS::KMS::ReplicaKey", "Properties": {"PrimaryKeyArn": PRIMARY}}}
    replicas = stack_work("tenant-keys-replica-eu-west-1-of-eu-central-1-001", CENTRAL, REGION, None, copy)
    role = stack_work("w", "222222222222", REGION, None, {"One": {"Type": "AWS::IAM::Role"}})
    key, workload = plan([replicas, role, *cells(1)])
    assert [[stack.name for stack in phase.stacks] for phase in key.phases] == [[CELL], [replicas.name]]
    assert [[stack.name for stack in phase.stacks] for phase in workload.phases] == [["w"]]
    assert key.seconds == 30 + (60 + 15)


def test_the_new_tenants_of_a_what_if_take_the_calls_that_the_templates_of_the_app_take(sample_assembly: Path) -> None:
    estate = load_estate(ROOT / "tenants.yaml")
    reckoned = {stack.name: stack.calls() for stack in work_of_tenants(estate, [*estate.tenants.values()])}
    made = {stack.name: stack.calls() for stack in work_of_assembly(sample_assembly)}
    compared = {name: made[name] for name in reckoned if "-replica-" not in name}
    assert compared == {name: found for name, found in reckoned.items() if "-replica-" not in name}
    assert sum(found["kms:CreateKey"] for found in compared.values()) > 1
    assert sum(found["iam:CreateRole"] for found in compared.values()) > 1


def test_the_first_new_tenants_go_into_stacks_that_are_there() -> None:
    stacks = {stack.name: stack.is_new for stack in work_of_new_tenants(load_estate(ROOT / "tenants.yaml"), 100)}
    assert (stacks[CELL], stacks["tenant-keys-cell-eu-west-1-002"]) == (False, True)


def run(*arguments: str) -> tuple[int, str]:
    done = tenant_keys("plan", "--manifest", str(ROOT / "tenants.yaml"), *arguments)
    return done.exit_code, done.output


@pytest.fixture
def own_assembly(sample_assembly: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_assembly, tmp_path / "cdk.out"))


def leave_out(assembly: Path, stack: str) -> None:
    """Have the assembly without a stack."""

    def without(manifest: dict[str, Any]) -> None:
        del manifest["artifacts"][stack], manifest["artifacts"][f"{stack}.assets"]

    edit_json(assembly / "manifest.json", without)


def test_a_first_deployment_has_every_stack_and_says_how_many_at_a_time(sample_assembly: Path) -> None:
    code, output = run(str(sample_assembly), "--json")
    document = json.loads(output)
    names = [s["name"] for a in document["accounts"] for p in a["phases"] for s in p["stacks"]]
    manifest = json.loads((sample_assembly / "manifest.json").read_text())
    stacks = [name for name, one in manifest["artifacts"].items() if one["type"] == "aws:cloudformation:stack"]
    assert (code, sorted(names)) == (0, sorted(stacks))
    central = next(one for one in document["accounts"] if one["account"] == CENTRAL)
    code, output = run(str(sample_assembly), "--account", CENTRAL, "--concurrency")
    assert (code, int(output)) == (0, central["concurrency"])


def test_what_is_deployed_is_left_out_so_that_a_repetition_knows_what_remains(
    sample_assembly: Path, own_assembly: Path
) -> None:
    assert run(str(sample_assembly), "--deployed", str(own_assembly)) == (0, "nothing to deploy\n")
    leave_out(own_assembly, CELL)
    code, output = run(str(sample_assembly), "--deployed", str(own_assembly), "--json")
    (account,) = json.loads(output)["accounts"]
    ((stack,),) = [phase["stacks"] for phase in account["phases"]]
    assert (code, stack["name"], stack["new"]) == (0, CELL, True)


def test_resources_that_wait_for_each_other_are_refused() -> None:
    def alias(other: str) -> dict[str, Any]:
        return {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Ref": other}}}

    with pytest.raises(TemplateRefused, match="one: resources depend on each other in a circle: A, B, A"):
        stack_work("one", CENTRAL, REGION, None, {"A": alias("B"), "B": alias("A")})


def test_a_chain_of_resources_may_be_longer_than_python_s_stack_is_deep() -> None:
    keys = {f"Key{n}": {"Type": "AWS::KMS::Key", "DependsOn": [f"Key{n - 1}"] if n else []} for n in range(1500)}
    (found,) = plan([stack_work("one", CENTRAL, REGION, None, keys)])
    assert found.phases[0].floor is not None
    assert found.seconds >= found.phases[0].floor.seconds > 0


@pytest.mark.parametrize("more", [(), ("--concurrency",), ("--tenants", "5")])
def test_an_account_without_a_stack_is_named_instead_of_planned(sample_assembly: Path, more: tuple[str, ...]) -> None:
    code, output = run(str(sample_assembly), "--account", "999999999999", *more)
    assert code == 1
    assert "has no stack of account 999999999999, but of" in output


def test_a_what_if_takes_no_folder_of_what_is_deployed(own_assembly: Path) -> None:
    code, output = run("--tenants", "5", "--deployed", str(own_assembly))
    assert code != 0
    assert "--tenants: allowed without an assembly" in output


def test_two_stacks_of_one_name_in_two_regions_are_two() -> None:
    role = {"One": {"Type": "AWS::SSM::Parameter", "Properties": {}}}
    stacks = [stack_work("same", CENTRAL, region, None, role) for region in (REGION, "eu-central-1")]
    assert len(simulate(stacks, 1).ends) == 2


def test_a_type_whose_calls_are_not_known_is_named_and_the_plan_is_not_complete(own_assembly: Path) -> None:
    def add(template: dict[str, Any]) -> None:
        template["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue", "Properties": {}}

    edit_template(own_assembly, CELL, add)
    code, output = run(str(own_assembly))
    assert code == 2
    assert "not in the plan: 1 AWS::SQS::Queue, whose calls are not known" in output


def test_an_assembly_from_before_the_lock_is_refused(own_assembly: Path) -> None:
    leave_out(own_assembly, CELL)
    code, output = run(str(own_assembly))
    assert code == 1
    assert f"has no stack {CELL}, in which tenants.lock places keys; run cdk synth" in output


def test_a_what_if_prints_stacks_floor_and_what_is_throttled() -> None:
    code, output = run("--tenants", "100")
    assert code == 0
    expected = (
        "cell-eu-west-1-001 to 002 (2)",
        "of the floor of",
        "kms:CreateKey 5/s",
        "throttled and repeated: ",
        "preflight 1",
    )
    assert all(words in output for words in expected)


def test_every_call_that_is_throttled_is_made_in_the_end() -> None:
    watched: Counter[bool] = Counter()
    found = simulate(cells(100), 2, watch=lambda _at, _account, _call, answered: watched.update([answered]))
    assert watched == {True: sum(found.calls.values()), False: sum(found.throttled.values())}
    assert found.throttled.keys() == {"kms:CreateKey"}
