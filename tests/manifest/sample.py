"""A small manifest that tests edit as text."""

from __future__ import annotations

from tenant_keys.manifest import Manifest, ManifestError, parse_manifest
from tools.sample_manifest import BILLING, CENTRAL, ISSUERS, ORDERS, PORTAL

TEXT = (
    f"{CENTRAL}{ISSUERS}workloads:\n{ORDERS}{BILLING}{PORTAL}"
    """\
defaults:
  workloads: [orders]
tenants:
  acme: {workloads: [orders, billing]}
  globex: {key: {origin: imported, import_role: role/globex-import}}
"""
)


def edited(*edits: tuple[str, str], text: str = TEXT) -> str:
    """The text with each first occurrence replaced."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def manifest(*edits: tuple[str, str]) -> Manifest:
    return parse_manifest(edited(*edits))


def with_tenants(*lines: str) -> str:
    """The text with these tenants and no others."""
    return TEXT.split("tenants:\n", maxsplit=1)[0] + "tenants:\n" + "".join(f"  {line}\n" for line in lines)


def errors(text: str) -> list[str]:
    """What is wrong with a text, one string a problem; empty where nothing is."""
    try:
        parse_manifest(text)
    except ManifestError as error:
        return [str(problem) for problem in error.problems]
    return []
