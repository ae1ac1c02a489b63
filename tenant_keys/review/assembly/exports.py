"""The exports of the assembly's stacks, for Fn::ImportValue: read only when a stack imports something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenant_keys.review.assembly.intrinsics import Resolver
from tenant_keys.review.assembly.manifest import StackArtifact
from tenant_keys.review.assembly.template import deployed_bytes, parse_template
from tenant_keys.review.errors import NotExported, UnresolvedIntrinsic, as_json


class Exports:
    """The exports of all stacks; an export's name is unique in its account and Region."""

    def __init__(self, artifacts: Sequence[StackArtifact]) -> None:
        self._artifacts = artifacts
        self._of: dict[tuple[str, str], dict[str, Callable[[], object]]] = {}
        self._under_way: list[str] = []

    def importer(self, artifact: StackArtifact) -> Callable[[str], str]:
        """Return the function that resolves an import of the given stack."""
        return lambda name: self._value(artifact, name)

    def _value(self, artifact: StackArtifact, name: str) -> str:
        place = (artifact.account, artifact.region)
        if place not in self._of:
            self._of[place] = self._read(place)
        export = self._of[place].get(name)
        if export is None or name in self._under_way:
            problem = "exported by no stack of the assembly" if export is None else "the export imports itself"
            raise NotExported(
                artifact.name,
                "Fn::ImportValue",
                name,
                f"{problem} in {artifact.account} {artifact.region}; write the value literally",
            )
        self._under_way.append(name)
        try:
            value = export()
        finally:
            self._under_way.pop()
        if not isinstance(value, str):
            raise UnresolvedIntrinsic(artifact.name, "Fn::ImportValue", name, f"got {as_json(value)}; expected text")
        self._of[place][name] = lambda: value
        return value

    def _read(self, place: tuple[str, str]) -> dict[str, Callable[[], object]]:
        exports: dict[str, Callable[[], object]] = {}
        for artifact in self._artifacts:
            if (artifact.account, artifact.region) != place:
                continue
            data = deployed_bytes(artifact)
            if b'"Export"' not in data and b"\\u00" not in data:
                continue
            template = parse_template(artifact.template_path, data)
            resolver = Resolver(artifact, template, self.importer(artifact))
            for output_id, output in template.sections.get("Outputs", {}).items():
                if "Export" not in output or "Condition" in output:
                    continue
                exported = output["Export"]
                name = exported.get("Name") if isinstance(exported, dict) else None
                name = resolver.output(output_id, "Export.Name", name)
                if not isinstance(name, str) or name in exports:
                    raise UnresolvedIntrinsic(
                        artifact.name,
                        f"Outputs.{output_id}",
                        "Export.Name",
                        f"got {as_json(name)}; expected text that no other export in {' '.join(place)} has; rename one",
                    )
                exports[name] = _later(resolver, output_id, output.get("Value"))
        return exports


def _later(resolver: Resolver, output_id: str, value: object) -> Callable[[], object]:
    return lambda: resolver.output(output_id, "Value", value)
