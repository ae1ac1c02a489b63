"""Writes small cloud assemblies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Stack
from tenant_keys.review.assembly.reader import Assembly

ENVIRONMENT = "aws://111111111111/eu-west-1"
Template = Mapping[str, Any]


def artifact(template_file: str, environment: str = ENVIRONMENT, **properties: object) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": template_file, **properties},
    }


def write_manifest(directory: Path, artifacts: Mapping[str, Any], version: str = "55.0.0") -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "manifest.json").write_text(json.dumps({"version": version, "artifacts": artifacts}))


def write_assembly(directory: Path, templates: Mapping[str, Template], environment: str = ENVIRONMENT) -> Path:
    write_manifest(directory, {name: artifact(f"{name}.template.json", environment) for name in templates})
    for name, template in templates.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template))
    return directory


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., dict[str, Stack]]:
    """Return a function from templates by stack name to the stacks that the reader makes of them."""

    def read_stacks(environment: str = ENVIRONMENT, **templates: Template) -> dict[str, Stack]:
        assembly = Assembly.open(write_assembly(tmp_path / "cdk.out", templates, environment))
        return {stack.name: stack for stack in assembly.stacks()}

    return read_stacks


@pytest.fixture
def resolve(read: Callable[..., dict[str, Stack]]) -> Callable[..., Any]:
    """Return a function from a value in a role's properties to what AWS will see there."""

    def resolve_value(value: object, environment: str = ENVIRONMENT, **more: Any) -> Any:
        resources = {**more.pop("Resources", {}), "Subject": {"Type": "AWS::IAM::Role", "Properties": {"V": value}}}
        stacks = read(environment, app={"Resources": resources, **more})
        return stacks["app"].resources["Subject"].properties.get("V", "absent")

    return resolve_value
