"""A small manifest that tests edit as text."""

from __future__ import annotations

from tenant_keys.manifest import Manifest, ManifestError, parse_manifest

TEXT = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  break_glass: role/KeyBreakGlass
identity_providers:
  customers: {issuer: https://login.example.com}
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag}
  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}
defaults:
  workloads: [orders]
tenants:
  acme: {workloads: [orders, billing]}
  globex: {key: {origin: imported, import_role: role/globex-import}}
"""


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
