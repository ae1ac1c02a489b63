"""The manifest of a cloud assembly: which stacks there are, nested assemblies (stages) included."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_keys.review.errors import (
    AssemblyNotFound,
    AssemblyTooNew,
    AssemblyUnreadable,
    EnvironmentUnknown,
)

NEWEST_SCHEMA = 55  # written by aws-cdk-lib 2.275.0

_ENVIRONMENT = re.compile(r"aws://([0-9]{12})/([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)")


@dataclass(frozen=True, slots=True)
class StackArtifact:
    """A stack as the manifest announces it; its template is not read yet."""

    name: str
    account: str
    region: str
    template_path: Path
    termination_protection: bool


def read_artifacts(directory: Path, within: tuple[Path, ...] = ()) -> Iterator[StackArtifact]:
    """Yield the stacks of an assembly in the order of its manifest; `within`: the assemblies that hold it."""
    manifest_path = directory / "manifest.json"
    if directory.resolve() in within:
        raise AssemblyUnreadable(f"{manifest_path}: the assembly holds itself; run cdk synth again")
    manifest = _read_manifest(manifest_path)
    for artifact_id, artifact in manifest["artifacts"].items():
        where = f"{manifest_path} artifacts.{artifact_id}"
        properties = artifact.get("properties", {})
        if not isinstance(properties, dict):
            raise AssemblyUnreadable(f"{where}.properties: got {properties!r}; expected an object; run cdk synth again")
        match artifact.get("type"):
            case "cdk:cloud-assembly":
                nested = directory / _text(properties, "directoryName", where)
                yield from read_artifacts(nested, (*within, directory.resolve()))
            case "aws:cloudformation:stack":
                account, region = _environment(artifact.get("environment"), where)
                yield StackArtifact(
                    name=_text({"stackName": artifact_id, **properties}, "stackName", where),
                    account=account,
                    region=region,
                    template_path=directory / _text(properties, "templateFile", where),
                    termination_protection=properties.get("terminationProtection", False),
                )


def _read_manifest(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise AssemblyNotFound(f"{path}: no such file; expected the manifest of a cloud assembly; run cdk synth")
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError as error:
        raise AssemblyUnreadable(f"{path}: not JSON ({error}); run cdk synth again") from error
    if not isinstance(manifest, dict):
        raise AssemblyUnreadable(f"{path}: got {type(manifest).__name__}; expected an object; run cdk synth again")
    version = manifest.get("version")
    if not isinstance(version, str) or not version.split(".")[0].isdecimal():
        raise AssemblyUnreadable(f"{path} version: got {version!r}; expected a schema version such as 55.0.0")
    if int(version.split(".")[0]) > NEWEST_SCHEMA:
        raise AssemblyTooNew(
            f"{path} version: got {version}; known up to {NEWEST_SCHEMA}.x; "
            "synthesize with the pinned aws-cdk-lib, or try the review with the new schema and raise its limit"
        )
    artifacts = manifest.setdefault("artifacts", {})
    if not isinstance(artifacts, dict) or not all(isinstance(artifact, dict) for artifact in artifacts.values()):
        raise AssemblyUnreadable(f"{path} artifacts: expected an object of objects; run cdk synth again")
    return manifest


def _text(properties: Mapping[str, Any], name: str, where: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str):
        raise AssemblyUnreadable(f"{where}.properties.{name}: got {value!r}; expected text; run cdk synth again")
    return value


def _environment(environment: object, where: str) -> tuple[str, str]:
    match = _ENVIRONMENT.fullmatch(environment) if isinstance(environment, str) else None
    if match is None:
        raise EnvironmentUnknown(
            f"{where}.environment: got {environment!r}; expected aws://<account>/<region>; "
            "give the stack an env with account and region"
        )
    return match[1], match[2]
