"""What docs/several-key-accounts.md shows: a manifest with two key accounts, its lock, and edits that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tenant_keys.manifest import EstateError, load_estates
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.lock import render_lock
from tools.docs.blocks import CannotGenerate

MANIFEST: Final = """\
organization: o-a1b2c3d4e5
central:
  - name: eu
    account: "111111111111"
    home_region: eu-west-1
    regions: [eu-west-1]
    administrators: [role/KeyAdministrator]
    break_glass: role/KeyBreakGlass
  - name: us
    account: "444444444444"
    home_region: us-east-1
    regions: [us-east-1]
    administrators: [role/KeyAdministrator]
    break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  ordersus: {account: "222222222222", runs_on: lambda, key_account: us}
tenants:
  acme: {workloads: [orders]}
  globex: {workloads: [ordersus], key_account: us}
  initech: {workloads: [ordersus], key_account: us}
"""
EDITS: Final = {
    "globex moves": (("globex: {workloads: [ordersus], key_account: us}", "globex: {workloads: [orders]}"),),
    "acme uses a workload of the other account": (("acme: {workloads: [orders]}", "acme: {workloads: [ordersus]}"),),
    "us has another account": (('"444444444444"', '"555555555555"'),),
    "us has another name": (("name: us", "name: usa"), ("key_account: us", "key_account: usa")),
}


def _manifest() -> str:
    return f"```yaml\n{MANIFEST}```"


def _lock() -> str:
    with TemporaryDirectory() as folder:
        return f"```\n{render_lock(bring_up_to_date(_written(Path(folder), MANIFEST)).lock)}```"


def _refused() -> str:
    """Each edit on its own, with what `tenant-keys lock` and every synth say of it."""
    parts = [f"{name}:\n{_error(edits)}" for name, edits in EDITS.items()]
    return "```\n" + "\n\n".join(parts) + "\n```"


def _error(edits: tuple[tuple[str, str], ...]) -> str:
    with TemporaryDirectory() as folder:
        manifest = _written(Path(folder), MANIFEST)
        bring_up_to_date(manifest).write()
        text = MANIFEST
        for old, new in edits:
            text = text.replace(old, new)
        _written(Path(folder), text)
        try:
            load_estates(manifest)
        except EstateError as error:
            return str(error)
    raise CannotGenerate(f"{edits}: not refused")


def _written(folder: Path, text: str) -> Path:
    manifest = folder / "tenants.yaml"
    manifest.write_text(text, encoding="utf-8")
    return manifest


KEY_ACCOUNTS: Final[dict[str, Callable[[], str]]] = {
    "key-accounts-manifest": _manifest,
    "key-accounts-lock": _lock,
    "key-accounts-refused": _refused,
}
