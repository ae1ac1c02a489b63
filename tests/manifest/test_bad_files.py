"""Manifests and locks that people and merges break: what is said, word for word, and that nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import tenant_keys

FOLDER = Path(__file__).parent
SECTIONS = {
    "head": "organization: o-a1b2c3d4e5\n",
    "central": """\
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/Admin]
  break_glass: role/BreakGlass
""",
    "workloads": 'workloads:\n  orders: {account: "222222222222", runs_on: lambda}\n',
    "tenants": "tenants:\n  acme: {workloads: [orders]}\n",
}


def cases(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


MANIFESTS, LOCKS = cases("bad_manifests.yaml"), cases("bad_locks.yaml")


def said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `lock` says of the files in the folder, of which it changes none."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.chdir(folder)
    done = tenant_keys("lock")
    assert (done.exit_code, done.stdout) == (2, "")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    *problems, number = done.stderr.splitlines()
    assert number == (f"{len(problems)} problems" if len(problems) > 1 else "1 problem")
    return problems


def test_there_are_sixty_bad_manifests_and_twenty_bad_locks() -> None:
    assert (len(MANIFESTS), len(LOCKS)) >= (60, 20)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_bad_manifest_is_reported_and_no_lock_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = dict(MANIFESTS[name])
    expected = case.pop("says")
    text = case.get("whole", "".join({**SECTIONS, **case}.values()))
    (tmp_path / "tenants.yaml").write_text(text, encoding="utf-8")
    assert said(tmp_path, monkeypatch) == expected


@pytest.mark.parametrize("name", LOCKS)
def test_a_bad_lock_is_reported_and_stays_as_it_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tenants.yaml").write_text("".join(SECTIONS.values()), encoding="utf-8")
    (tmp_path / "tenants.lock").write_text(LOCKS[name]["lock"], encoding="utf-8")
    assert said(tmp_path, monkeypatch) == LOCKS[name]["says"]
