"""The CloudFormation Hook in the proof: what is declared passes, and each difference is named."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly, Resource, Stack
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.deletion_hook import CODE_SHA256, check_deletion_hook
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.second_opinion.inventory import take_inventory as second_inventory
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import synthesized

HOOK, CELL = "tenant-keys-hook-eu-west-1", "tenant-keys-cell-eu-west-1-001"
Resources = dict[str, Resource]
Edit = Callable[[Resources], Any]


@pytest.fixture(scope="module")
def estate() -> Estate:
    return estate_of_text(manifest(regions="eu-west-1", deletion_hook="true"))


@pytest.fixture(scope="module")
def assembly(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hook") / "cdk.out"
    synthesized(estate, folder)
    return folder


class Edited:
    """The Hook's stack after an edit."""

    def __init__(self, assembly: Path, edit: Edit = lambda _: None) -> None:
        [stack] = [one for one in Assembly.open(assembly).stacks() if one.name == HOOK]
        resources = copy.deepcopy(dict(stack.resources))
        edit(resources)
        self._stack = replace(stack, resources=resources)

    def stacks(self) -> Iterator[Stack]:
        yield self._stack


def found(assembly: Path, estate: Estate, edit: Edit = lambda _: None) -> list[tuple[Kind, str]]:
    inventory = take_inventory(Edited(assembly, edit), promises(estate))
    return [(one.kind, one.what) for one in check_deletion_hook(inventory, estate)]


def setting(name: str, value: object, logical_id: str = "HookFunction") -> Edit:
    def edit(resources: Resources) -> None:
        properties: Any = resources[logical_id].properties
        properties[name] = value

    return edit


def statement(resources: Resources, role: str, document: str = "PolicyDocument") -> Any:
    properties = resources[role].properties
    policy = properties["Policies"][0] if document == "PolicyDocument" else properties
    return policy[document]["Statement"][0]


def moved(resources: Resources) -> None:
    resources["Second"] = replace(resources["HookFunction"], logical_id="Second")


def rewritten(old: str, new: str) -> Edit:
    def edit(resources: Resources) -> None:
        code: Any = resources["HookFunction"].properties["Code"]
        assert old in code["ZipFile"]
        code["ZipFile"] = code["ZipFile"].replace(old, new)

    return edit


def denying(resources: Resources) -> None:
    document: Any = resources["HookFunctionRole"].properties["Policies"]
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    document[0]["PolicyDocument"]["Statement"].append(denied)


NOT_REVIEWED = "HookFunction: the code of the function is not the one that was reviewed, for this estate"
EDITS: dict[str, tuple[Edit, Kind, str]] = {
    "a Hook that only warns": (
        setting("FailureMode", "WARN", "HookOfStacks"),
        Kind.INVENTORY,
        'FailureMode is "WARN", declared is "FAIL"',
    ),
    "a Hook that is off": (
        setting("HookStatus", "DISABLED", "HookOfKeys"),
        Kind.INVENTORY,
        'HookStatus is "DISABLED", declared is "ENABLED"',
    ),
    "a Hook without change sets": (
        setting("TargetOperations", ["STACK"], "HookOfStacks"),
        Kind.INVENTORY,
        'TargetOperations lacks "CHANGE_SET"',
    ),
    "a Hook that leaves out a cell": (
        setting("StackFilters", {"FilteringCriteria": "ALL", "StackNames": {"Exclude": ["x"]}}, "HookOfStacks"),
        Kind.INVENTORY,
        'StackFilters.StackNames.Exclude has "x" more than is declared and lacks "tenant-keys-hook-eu-west-1"',
    ),
    "a Hook of another function": (
        setting("LambdaFunction", "arn:aws:lambda:eu-west-1:999999999999:function:f", "HookOfKeys"),
        Kind.INVENTORY,
        "LambdaFunction is",
    ),
    "a Hook's log elsewhere": (setting("LoggingConfig", {}, "HookOfKeys"), Kind.NOT_PROVED, "LambdaHook LoggingConfig"),
    "a Hook that is not there": (lambda all_: all_.pop("HookOfKeys"), Kind.INVENTORY, "Keys is declared and in no"),
    "another role for the function": (
        setting("Role", "arn:aws:iam::111111111111:role/Admin"),
        Kind.INVENTORY,
        'Role is "arn:aws:iam::111111111111:role/Admin", declared is "arn:aws:iam::',
    ),
    "a layer": (setting("Layers", ["arn:aws:lambda:eu-west-1:1:layer:x:1"]), Kind.NOT_PROVED, "Function Layers"),
    "variables": (setting("Environment", {"Variables": {}}), Kind.NOT_PROVED, "Function Environment"),
    "code from a bucket": (setting("Code", {"S3Bucket": "b", "S3Key": "k"}), Kind.NOT_PROVED, "code of the function"),
    "code that passes everything": (rewritten('"FAILED"', '"SUCCESS"'), Kind.NOT_PROVED, NOT_REVIEWED),
    "code with a tenant offboarded": (rewritten("frozenset([])", "frozenset(['acme'])"), Kind.NOT_PROVED, NOT_REVIEWED),
    "code of other stacks": (rewritten("Estate('tenant-keys'", "Estate('other'"), Kind.NOT_PROVED, NOT_REVIEWED),
    "code of other aliases": (rewritten("'alias/tenant-'", "'alias/other-'"), Kind.NOT_PROVED, NOT_REVIEWED),
    "code after the last line": (
        rewritten(
            "return answer(event, ESTATE, fetched)\n", "return answer(event, ESTATE, fetched)\n\nhandler = print\n"
        ),
        Kind.NOT_PROVED,
        NOT_REVIEWED,
    ),
    "no code": (setting("Code", None), Kind.NOT_PROVED, NOT_REVIEWED),
    "another handler": (
        setting("Handler", "index.fetched"),
        Kind.INVENTORY,
        'Handler is "index.fetched", declared is "index.handler"',
    ),
    "another runtime": (
        setting("Runtime", "python3.7"),
        Kind.INVENTORY,
        'Runtime is "python3.7", declared is "python3.14"',
    ),
    "a second to answer": (setting("Timeout", 1), Kind.INVENTORY, "Timeout is 1, declared is 25"),
    "a log of a day": (setting("RetentionInDays", 1, "HookLogs"), Kind.INVENTORY, "RetentionInDays is 1"),
    "a function that is denied more": (
        denying,
        Kind.NOT_PROVED,
        "the permissions policy of the Hook's role differs from what is declared: Statement[1] is not declared: Deny *",
    ),
    "a second function": (moved, Kind.INVENTORY, "Second: a second AWS::Lambda::Function"),
    "another function": (setting("FunctionName", "other"), Kind.NOT_PROVED, "HookFunction: AWS::Lambda::Function"),
    "a function that may do more": (
        lambda all_: statement(all_, "HookFunctionRole")["Action"].append("kms:Decrypt"),
        Kind.INVENTORY,
        "the permissions policy of the Hook's role lets more through than is declared: WriteLogs: Action has also kms:",
    ),
    "a function on other resources": (
        lambda all_: statement(all_, "HookFunctionRole").update(Resource="*"),
        Kind.INVENTORY,
        "WriteLogs: Resource has also *, Resource lacks arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/",
    ),
    "a role that others take": (
        lambda all_: statement(all_, "HookInvokingRole", "AssumeRolePolicyDocument").update(
            Principal={"AWS": "arn:aws:iam::999999999999:root"}
        ),
        Kind.INVENTORY,
        "the trust policy of the Hook's role lets more through than is declared: ",
    ),
    "a role without its condition": (
        lambda all_: statement(all_, "HookInvokingRole", "AssumeRolePolicyDocument").pop("Condition"),
        Kind.INVENTORY,
        "Condition lacks StringEquals aws:SourceAccount 111111111111",
    ),
    "a managed policy": (
        setting("ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"], "HookFunctionRole"),
        Kind.INVENTORY,
        "arn:aws:iam::aws:policy/AdministratorAccess is attached to the Hook's role, and is not declared",
    ),
    "a boundary": (
        setting("PermissionsBoundary", "arn:aws:iam::111111111111:policy/x", "HookFunctionRole"),
        Kind.INVENTORY,
        'its permissions boundary is "arn:aws:iam::111111111111:policy/x", and is not declared',
    ),
    "no role": (
        lambda all_: all_.pop("HookInvokingRole"),
        Kind.INVENTORY,
        "the role is declared and is in no template",
    ),
}


def test_the_declared_hook_is_proved_and_the_second_engine_reads_it(assembly: Path, estate: Estate) -> None:
    assert found(assembly, estate) == []
    assert prove(assembly, estate).verdict == "proved"
    roles = second_inventory(Edited(assembly)).roles
    assert set(roles) == {
        "arn:aws:iam::111111111111:role/tenant-keys-hook.eu-west-1",
        "arn:aws:iam::111111111111:role/tenant-keys-hook.eu-west-1.invoke",
    }


@pytest.mark.parametrize("name", EDITS)
def test_each_difference_is_named(assembly: Path, estate: Estate, name: str) -> None:
    edit, kind, words = EDITS[name]
    assert any(one is kind and words in what for one, what in found(assembly, estate, edit)), found(
        assembly, estate, edit
    )


@pytest.mark.parametrize(
    "edit",
    [
        setting("Timeout", "25"),
        setting("RetentionInDays", "365", "HookLogs"),
        setting("TargetOperations", ["CHANGE_SET", "STACK"], "HookOfStacks"),
        setting(
            "TargetFilters", {"Actions": ["UPDATE", "CREATE"], "InvocationPoints": ["PRE_PROVISION"]}, "HookOfStacks"
        ),
    ],
    ids=["a number as text", "a retention as text", "operations in another order", "actions in another order"],
)
def test_another_spelling_is_no_difference(assembly: Path, estate: Estate, edit: Edit) -> None:
    assert found(assembly, estate, edit) == []


def test_the_digest_is_that_of_the_file_in_the_template() -> None:
    """After a change of hook_function.py and a look at its tests: write what this test got to `CODE_SHA256`."""
    shipped = files("tenant_constructs").joinpath("hook_function.py").read_bytes()
    assert hashlib.sha256(shipped).hexdigest() == CODE_SHA256


def test_offboarded_tenants_and_the_names_of_another_estate_are_in_the_expected_code(tmp_path: Path) -> None:
    text = "naming: {alias: 'alias/dev/{id}', stack_prefix: dev-keys}\n"
    text += manifest(regions="eu-west-1", deletion_hook="true")
    other = replace(estate_of_text(text), offboarded=("gone-corp", "bygone"))
    synthesized(other, tmp_path / "cdk.out")
    inventory = take_inventory(Assembly.open(tmp_path / "cdk.out"), promises(other))
    assert list(check_deletion_hook(inventory, other)) == []
    left = list(check_deletion_hook(inventory, replace(other, offboarded=("gone-corp",))))
    assert [one.kind for one in left] == [Kind.NOT_PROVED]


def test_a_hook_that_the_manifest_does_not_ask_for_is_not_proved(assembly: Path, estate: Estate) -> None:
    without = replace(estate, central=replace(estate.central, deletion_hook=False))
    kinds = {kind for kind, _ in found(assembly, without)}
    assert kinds == {Kind.NOT_PROVED}
    assert len(found(assembly, without)) == 4


def test_a_function_in_any_other_stack_is_unknown_to_both_engines(assembly: Path, estate: Estate) -> None:
    [stack] = Edited(assembly).stacks()
    elsewhere = {name: replace(one, stack="tenant-keys-roles-001") for name, one in stack.resources.items()}

    class Moved:
        def stacks(self) -> Iterator[Stack]:
            yield replace(stack, name="tenant-keys-roles-001", resources=elsewhere)

    inventory = take_inventory(Moved(), promises(estate))
    assert Kind.NOT_PROVED in {one.kind for one in check_deletion_hook(inventory, estate)}
    unread = second_inventory(Moved()).not_understood
    assert [one for one in unread if "AWS::Lambda::Function is not modelled" in one] != []


def test_a_stack_of_keys_that_does_not_wait_for_the_hook_is_reported(
    assembly: Path, estate: Estate, tmp_path: Path
) -> None:
    """The CDK CLI deploys in the order of `dependencies` in manifest.json; one over another stack is one, too."""
    folder = Path(shutil.copytree(assembly, tmp_path / "cdk.out"))
    path = folder / "manifest.json"
    manifest_of_cdk: Any = json.loads(path.read_text())
    dependencies = manifest_of_cdk["artifacts"][CELL]["dependencies"]
    dependencies.remove(HOOK)
    path.write_text(json.dumps(manifest_of_cdk))
    [finding] = prove(folder, estate).findings
    assert (finding.kind, finding.what) == (
        Kind.INVENTORY,
        f"stack {CELL} does not depend on {HOOK}: it may be deployed before the Hook that protects its keys",
    )
    dependencies.append("tenant-keys-roles-001")
    manifest_of_cdk["artifacts"]["tenant-keys-roles-001"]["dependencies"].append(HOOK)
    path.write_text(json.dumps(manifest_of_cdk))
    assert prove(folder, estate).findings == ()
