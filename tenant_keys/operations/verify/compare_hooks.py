"""The CloudFormation Hooks of the estate as CloudFormation's registry has them, against the assembly.

A Hook's configuration can be changed past its stack (CloudFormation API, SetTypeConfiguration); no template shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.operations.verify.deployed_state import DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding

_API: Final = "cloudformation:BatchDescribeTypeConfigurations"


@dataclass(frozen=True, slots=True)
class HookComparison:
    """One comparison."""

    state: DeployedState
    expected: Expected

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        for (account, region, _, _), resource in self.expected.reviewed.resources.items():
            if resource.type != "AWS::CloudFormation::LambdaHook" or self.state.is_unknown(account, region, _API):
                continue
            name = str(resource.properties["Alias"]).replace("::", "-")
            text = self.state.hooks.get((region, name))
            wanted = _configured(resource.properties)
            if text is None:
                what = "the Hook is not activated: CloudFormation changes stacks without asking it"
                yield DriftFinding("hook", account, region, name, what, json.dumps(wanted), "")
                continue
            try:
                found = json.loads(text)["CloudFormationConfiguration"]["HookConfiguration"]
                differs = [
                    one for one in sorted({*wanted, *found}) if _sorted(found.get(one)) != _sorted(wanted.get(one))
                ]
            except (ValueError, KeyError, TypeError):
                yield DriftFinding(
                    "unknown", account, region, name, "the Hook's configuration is not understood", "", text
                )
                continue
            if differs:
                what = "; ".join(f"{one} is {found.get(one)!r}; expected {wanted.get(one)!r}" for one in differs)
                yield DriftFinding("hook", account, region, name, what, json.dumps(wanted), text)


def _configured(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that CloudFormation sets for a Lambda Hook (CloudFormation Hooks user guide,
    hook-configuration-schema and lambda-hooks-activate-hooks).
    """
    wanted = {
        "FailureMode": properties["FailureMode"],
        "HookInvocationStatus": properties["HookStatus"],
        "Properties": {"LambdaFunction": properties["LambdaFunction"]},
        "TargetFilters": properties["TargetFilters"],
        "TargetOperations": properties["TargetOperations"],
    }
    return wanted | ({"StackFilters": properties["StackFilters"]} if "StackFilters" in properties else {})


def _sorted(value: Any) -> Any:
    """Lists of a Hook's configuration have no order."""
    if isinstance(value, Mapping):
        return {name: _sorted(one) for name, one in value.items()}
    return sorted(value) if isinstance(value, list) else value
