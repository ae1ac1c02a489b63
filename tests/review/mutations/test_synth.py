"""An app that opens a key ends its synth with a failure, whichever kind of opening it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_keys.manifest import Estate
from tenant_stacks import add_stacks
from tenant_stacks.validation import add_validations, synthesize
from tests.sampled import sampled
from tools.mutants.catalogue import MUTANTS
from tools.mutants.mutant import Mutant, Refuted
from tools.mutants.original import Synthesized, Templates

KINDS = (
    "open to the user of the tenant's name",
    "open to the account of the key, by a variable",
    "open to everyone without an organization",
    "open to everyone of another organization",
    "open to roles of a path with a colon",
    "open but for a Deny: of one session",
    "open but for a Deny: that spares everyone",
    "three Denies that leave out what is no number",
    "pods of another namespace",
    "pods of a second association",
    "a trust anchor with its own certificates",
    "tokens for another audience whose azp is the workload",
    "a key of RSA",
    "tokens of a provider without the audience",
    "pods of another account by aws:SourceAccount",
)
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


class App:
    """The app of an estate, whose resources an edit of templates changes through the CDK's own overrides."""

    def __init__(self, estate: Estate, folder: Path) -> None:
        self.app = cdk.App(outdir=str(folder), tree_metadata=False, builtin_cloud_formation_validation=False)
        self._estate, self._stamped = estate, add_stacks(self.app, estate)

    def change(self, stack: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        scope = cdk.Stack.of(self.app.node.find_child(stack))
        resources = [one for one in scope.node.find_all() if isinstance(one, cdk.CfnResource)]
        elements = {scope.resolve(one.logical_id): one for one in resources}
        for name in before.keys() - after.keys():
            path = elements[name].node
            assert path.scope is not None
            assert path.scope.node.try_remove_child(path.id)
        for name, body in after.items():
            if name not in before:
                cdk.CfnResource(scope, name, type=body["Type"], properties=body["Properties"])
            elif body != before[name]:
                for key, value in _overrides(before[name], body):
                    elements[name].add_override(key, value)

    def synthesize(self) -> None:
        add_validations(self.app, self._estate, self._stamped)
        synthesize(self.app)


def _overrides(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The paths at which two resources differ, and the new value; none where it is gone."""
    for name in before.keys() | after.keys():
        here = f"{path}.{name}".removeprefix(".")
        if name in before and name in after and isinstance(before[name], dict) and isinstance(after[name], dict):
            yield from _overrides(before[name], after[name], here)
        elif before.get(name) != after.get(name):
            yield here, after.get(name)


@pytest.mark.parametrize("mutant", sampled([BY_NAME[name] for name in KINDS]))
def test_a_synth_that_opens_a_key_or_leaves_a_workload_without_one_fails(
    original: Synthesized, tmp_path: Path, mutant: Mutant
) -> None:
    assert isinstance(mutant.expected, Refuted)
    templates = Templates(original.templates)
    mutant.edit(templates)
    app = App(original.estate, tmp_path / "cdk.out")
    for stack, body in templates.opened.items():
        app.change(stack, original.templates[stack]["Resources"], body["Resources"])
    with pytest.raises(SystemExit) as stopped:
        app.synthesize()
    assert stopped.value.code == 1
    report = json.loads((tmp_path / "cdk.out" / "validation-report.json").read_text())
    [proof] = [one for one in report["pluginReports"] if one["pluginName"] == "tenant-keys-proof"]
    assert proof["conclusion"] == "failure"
    assert mutant.expected.kind.value in {one["ruleName"] for one in proof["violations"]}
