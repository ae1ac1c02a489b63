"""The commands that the pipeline calls are there, and their mistakes are reported in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_keys.operations.errors import RevisionUnusable
from tenant_keys.operations.revision import check_out

ROOT = Path(__file__).parents[2]


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from tenant_keys.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_tenants_are_listed() -> None:
    done = run("tenant", "list")
    assert done.returncode == 0, done.stderr
    assert "acme" in done.stdout


def test_an_unknown_tenant_is_a_sentence_and_no_traceback() -> None:
    done = run("tenant", "show", "acmee")
    assert done.returncode == 1
    assert "acme" in done.stderr
    assert "Traceback" not in done.stderr


def test_recording_without_an_aws_writes_nothing_and_says_so(tmp_path: Path) -> None:
    for name in ("tenants.yaml", "tenants.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    before = (tmp_path / "tenants.lock").read_bytes()
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = run("lock", "--record", cwd=tmp_path, **nowhere)
    assert done.returncode == 1
    assert "nothing is written" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "tenants.lock").read_bytes() == before


def test_recording_stands_alone() -> None:
    done = run("lock", "--record", "--check")
    assert done.returncode == 1
    assert "--record" in done.stderr


def _committed(project: Path, link: str) -> Path:
    """A repository with a link of its own, and one that leads to its top."""
    git = ["git", "-C", str(project), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    (project / "down").mkdir()
    (project / "down" / "up").symlink_to("..")
    (project / "out").symlink_to(link)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "link"]):
        subprocess.run([*git, *command], check=True)
    return project


@pytest.mark.parametrize("link", ["/etc/passwd", "../outside", "down/up/../outside"])
def test_a_revision_with_a_link_out_of_the_repository_is_refused(link: str, tmp_path: Path) -> None:
    with pytest.raises(RevisionUnusable, match="leads out of the repository"):
        check_out("HEAD", tmp_path / "checkout", _committed(tmp_path, link))


@pytest.mark.parametrize("link", ["down", "down/up/down", "out"])
def test_a_link_that_stays_in_the_repository_is_kept(link: str, tmp_path: Path) -> None:
    checkout = check_out("HEAD", tmp_path / "checkout", _committed(tmp_path, link))
    assert str((checkout / "out").readlink()) == link
