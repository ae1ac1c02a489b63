"""The function of the CloudFormation Hook over the templates that the app writes: what a team does goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, record_key_ids, update
from tests.policy.estates import UMBRELLA_KEY
from tests.stacks.synth import Templates, synthesized
from tools import sample_manifest

HOOK = "tenant-keys-hook-eu-west-1"
BEFORE = f"""\
{sample_manifest.CENTRAL}  deletion_hook: true
workloads:
{sample_manifest.ORDERS}{sample_manifest.BILLING}defaults: {{workloads: [orders, billing]}}
tenants:
  acme: {{}}
  globex: {{key: {{origin: imported, import_role: role/globex-key-import}}}}
  big-corp: {{state: offboarding}}
  umbrella: {{key: {{multi_region: true}}}}
"""
AFTER = (
    BEFORE.replace("readers: [role/SecurityAudit]", "readers: [role/SecurityAudit, role/Examiner]")
    .replace("acme: {}", "acme: {decrypt_by: key, rotation_days: 180, tags: {plan: enterprise}}\n  newcomer: {}")
    .replace("globex: {key:", "globex: {state: suspended, key:")
    .replace("state: offboarding", "state: offboarded")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hook")


@pytest.fixture(scope="module")
def histories(folder: Path) -> list[Templates]:
    """The templates before and after, each with the lock that the one before left."""
    found, lock = [], None
    for number, text in enumerate((BEFORE, AFTER)):
        manifest = parse_manifest(text)
        lock, _ = update(manifest, new_lock(manifest) if lock is None else lock)
        lock = record_key_ids(lock, {"umbrella": UMBRELLA_KEY} if number == 0 else {})
        found.append(synthesized(resolve(manifest, lock), folder / str(number)))
    return found


def asked(of: Templates, stack: str, before: Any, after: Any) -> dict[str, Any]:
    """What the Hook of these templates answers to an update of a stack."""
    index: dict[str, Any] = {}
    exec(of[HOOK]["Resources"]["HookFunction"]["Properties"]["Code"]["ZipFile"], index)  # noqa: S102 - as AWS Lambda
    payload = {"template": json.dumps(after), "previousTemplate": json.dumps(before)}
    index["fetched"] = lambda _: json.dumps(payload).encode()
    event = {
        "stackId": f"arn:aws:cloudformation:eu-west-1:111111111111:stack/{stack}/1a2345b6-0000-00a0-a123-00abc0abc000",
        "actionInvocationPoint": "UPDATE_PRE_PROVISION",
        "requestData": {"targetName": "STACK", "targetLogicalId": stack, "payload": "https://s3.example/payload"},
    }
    answer: dict[str, Any] = index["handler"](event, None)
    return answer


def test_a_deployment_with_everything_that_a_team_changes_goes_on(histories: list[Templates]) -> None:
    before, after = histories
    judged = [name for name in after if "-cell-" in name or "-replica-" in name or "-audit-" in name]
    assert len(judged) == 4
    assert "Keynewcomer" in json.dumps(after)
    assert "KeybigXcorp" not in json.dumps(after)
    for stack in judged:
        assert asked(after, stack, before[stack], after[stack])["hookStatus"] == "SUCCESS", stack


def test_the_hook_that_does_not_know_yet_who_left_refuses_so_it_is_deployed_first(histories: list[Templates]) -> None:
    before, after = histories
    cell = "tenant-keys-cell-eu-west-1-001"
    answer = asked(before, cell, before[cell], after[cell])
    assert answer["hookStatus"] == "FAILED"
    assert answer["message"].count("big") == 2


def test_the_way_back_to_templates_without_what_was_added_since_is_refused(histories: list[Templates]) -> None:
    before, after = histories
    cell = "tenant-keys-cell-eu-west-1-001"
    message = asked(after, cell, after[cell], before[cell])["message"]
    assert "AWS::KMS::Key Keynewcomer would leave its stack" in message


def test_key_stacks_wait_for_the_hook_of_their_region(histories: list[Templates], folder: Path) -> None:
    assert HOOK in histories[0]
    artifacts = json.loads((folder / "0/manifest.json").read_text())["artifacts"]
    assert HOOK in artifacts["tenant-keys-cell-eu-west-1-001"]["dependencies"]
    assert "tenant-keys-hook-eu-central-1" not in artifacts["tenant-keys-cell-eu-west-1-001"]["dependencies"]
