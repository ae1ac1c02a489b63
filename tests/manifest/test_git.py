"""Where git cannot be asked, nothing is invented, and git's own reason is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tenant_keys.manifest import base
from tenant_keys.manifest.base import GitError
from tests.manifest.sample import TEXT
from tests.manifest.test_commands import commit, git, repository, run, write

__all__ = ["repository"]


def remove_lock() -> None:
    Path("tenants.lock").unlink()


def no_lock_is_written(*arguments: str) -> str:
    code, output = run("lock", *arguments)
    assert code == 1, output
    assert not Path("tenants.lock").exists()
    return output


def test_a_repository_of_another_owner_is_no_answer_of_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's own switch for its tests of safe.directory makes this repository another owner's."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    remove_lock()
    output = no_lock_is_written()
    assert "gone, and whether it was ever committed is unknown: git rev-parse: fatal: detected" in output
    assert "dubious ownership" in output


def test_without_git_a_repository_is_no_answer_of_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    remove_lock()
    assert "whether it was ever committed is unknown: git cannot be run: no such file" in no_lock_is_written()


def test_a_broken_repository_is_no_answer_of_no() -> None:
    shutil.rmtree(".git")
    Path(".git").write_text("gitdir: /nowhere\n")
    remove_lock()
    assert "unknown: git rev-parse: fatal: not a git repository: /nowhere" in no_lock_is_written()


def test_a_missing_tree_is_no_answer_of_no() -> None:
    tree = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    Path(f".git/objects/{tree[:2]}/{tree[2:]}").unlink()
    remove_lock()
    assert "unknown: git ls-tree: " in no_lock_is_written()


def test_a_repository_without_a_commit_and_a_folder_without_a_repository_start_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, program in (("fresh", os.environ["PATH"]), ("plain", "")):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        if name == "fresh":
            git("init", "-q")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        monkeypatch.setenv("PATH", program)
        write(TEXT)
        assert run("lock")[0] == 0
        assert Path("tenants.lock").exists()


def test_a_lock_is_committed_from_the_first_commit_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    monkeypatch.chdir(folder)
    lock = Path("tenants.lock")
    git("init", "-q")
    found = [base.committed(lock)]
    commit_empty("without a lock")
    found.append(base.committed(lock))
    lock.write_text("")
    found.append(base.committed(lock))
    commit("with a lock")
    lock.unlink()
    found.append(base.committed(lock))
    assert found == [False, False, False, True]


def test_a_repository_that_only_the_environment_names_is_asked(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, outside = Path.cwd(), tmp_path_factory.mktemp("outside")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(outside.parent))
    monkeypatch.chdir(outside)
    assert not base.committed(Path("tenants.lock"))
    monkeypatch.setenv("GIT_DIR", str(project / ".git"))
    assert base.committed(Path("tenants.lock"))
    assert not base.committed(Path("other.lock"))


def test_a_shallow_clone_without_the_base_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("checkout", "-q", "-b", "branch")
    commit_empty("on the branch")
    git("checkout", "-q", "main")
    commit_empty("on main")
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{tmp_path}", str(clone))
    monkeypatch.chdir(clone)
    code, output = run("lock", "--check", "--base", "origin/branch")
    assert code == 1
    assert "HEAD and origin/branch: this clone is shallow; fetch the full history, or name another --base" in output


def test_another_owners_repository_has_no_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    code, output = run("lock", "--check", "--base", "main")
    assert (code, "git rev-parse: fatal: detected dubious ownership" in output) == (1, True)


def test_a_base_whose_lock_cannot_be_read_is_not_taken_for_one_without() -> None:
    blob = subprocess.run(["git", "rev-parse", "HEAD:tenants.lock"], capture_output=True, text=True, check=True).stdout
    Path(f".git/objects/{blob[:2]}/{blob[2:].strip()}").unlink()
    code, output = run("lock", "--check", "--base", "main")
    assert (code, "git show: " in output) == (1, True)


def test_a_base_before_the_first_lock_has_none() -> None:
    git("rm", "-q", "--cached", "tenants.lock")
    git("commit", "-q", "--amend", "-m", "start")
    git("checkout", "-q", "-b", "branch")
    commit("lock")
    assert run("lock", "--check", "--base", "main")[0] == 0


def commit_empty(message: str) -> None:
    git("commit", "-q", "--allow-empty", "-m", message)


def test_a_head_of_the_remote_that_names_nothing_is_passed_over() -> None:
    """Git warns of it, and says no."""
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    code, output = run("lock", "--merge", "--check")
    assert code == 0, output


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [(1, "fatal: no merge base", "fatal: no merge base"), (3, "", "exit code 3"), (1, "", None)],
)
def test_only_a_silent_no_of_git_is_a_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str, reason: str | None
) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n[ -z '{message}' ] || echo '{message}' >&2\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if reason is None:
        assert base._git(tmp_path, "merge-base", "a", "b", no=1) is None
        return
    with pytest.raises(GitError, match=f"git merge-base: {reason}$"):
        base._git(tmp_path, "merge-base", "a", "b", no=1)
