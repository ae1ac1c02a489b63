"""The files of a new estate, by the templates beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tenant_keys.manifest import ManifestError, parse_manifest
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.operations.manifest_edit import scalar
from tenant_keys.operations.new_estate.answers import Answers, refused
from tenant_keys.operations.new_estate.pins import dependencies, tool
from tenant_keys.policy.template_size import reserved_sizes

MANIFEST, LOCK = "tenants.yaml", "tenants.lock"
_TEMPLATES: Final[Mapping[str, str]] = {
    "app.py": "app.py.j2",
    "cdk.json": "cdk.json.j2",
    "package.json": "package.json.j2",
    "package-lock.json": "package-lock.json.j2",
    "Makefile": "Makefile.j2",
    "README.md": "README.md.j2",
    ".gitattributes": "gitattributes.j2",
    ".gitignore": "gitignore.j2",
    ".github/workflows/pull-request.yml": "pull-request.yml.j2",
    ".github/workflows/deploy.yml": "deploy.yml.j2",
    ".github/workflows/estate.yml": "estate.yml.j2",
}
"""File of the estate to its template."""


def estate_files(answers: Answers) -> dict[str, str]:
    """Path below the folder to text; the manifest and its lock first.

    Raises:
        AnswersRefused: the answers break rules of the manifest, each named by its option.
    """
    environment = _environment()
    manifest = environment.get_template("tenants.yaml.j2").render(
        {name: _written(value) for name, value in asdict(answers).items()}
    )
    return {
        MANIFEST: manifest,
        LOCK: _lock(manifest),
        **{path: environment.get_template(name).render() for path, name in _TEMPLATES.items()},
        "requirements.txt": dependencies(),
        "tool.txt": tool(),
    }


def _environment() -> Environment:
    """Delimiters that no workflow, Makefile or shell script has."""
    return Environment(
        loader=PackageLoader("tenant_keys.operations.new_estate"),
        autoescape=False,  # noqa: S701 - no HTML; every value is written as a scalar of YAML
        undefined=StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _written(value: Any) -> Any:
    """Text as a scalar of YAML, which no answer can leave."""
    if isinstance(value, tuple | list):
        return [scalar(each) for each in value]
    return scalar(value) if isinstance(value, str) else value


def _lock(manifest: str) -> str:
    try:
        parsed = parse_manifest(manifest, MANIFEST)
    except ManifestError as error:
        raise refused(error) from None
    return render_lock(update(parsed, new_lock(parsed), reserved_sizes)[0])
