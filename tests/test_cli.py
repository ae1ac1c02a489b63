"""The `tenant-keys` command as a whole: exit codes, and that a mistake is told in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).with_name("tenant-keys"))


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run([COMMAND, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["validate", "--frobnicate"], "No such option: --frobnicate"),
        (["cost", "--tenants", "none"], "Invalid value for"),
        (["prove", "nowhere"], "nowhere: no such directory; expected a cloud assembly; run cdk synth"),
        (["cost", "--manifest", "nowhere.yaml"], "nowhere.yaml: no such file or directory"),
        (["diff", "no-such-revision", "."], "name a commit or a branch"),
    ],
)
def test_what_could_not_run_ends_with_one_and_a_sentence(arguments: list[str], told: str) -> None:
    """Two is for findings: a pipeline must not take a typing mistake for one."""
    done = run(*arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_docs_outside_the_repository_say_where_to_run(tmp_path: Path) -> None:
    done = run("docs", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert "run it in the root of the repository" in done.stderr


def test_the_docs_are_those_of_the_code_and_drift_ends_with_two(tmp_path: Path) -> None:
    assert run("docs", "--check").returncode == 0
    page = "<!-- generated: safeguard -->\nold\n<!-- end -->\n"
    (tmp_path / "README.md").write_text(page, encoding="utf-8")
    for name in ("tenants.yaml", "tenants.lock"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    done = run("docs", "--check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "README.md: has drifted; run tenant-keys docs\n")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == page


def test_help_says_the_exit_codes_without_colours() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "Exit codes: 0 done or clean, 1 could not run, 2 something needs review" in done.stdout
    assert "\x1b" not in done.stdout


def test_every_command_that_the_docs_name_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "Makefile", *sorted((ROOT / "docs").glob("*.md"))]
    listed = set(re.findall(r"│ ([a-z]+) ", run("--help").stdout))
    assert {"lock", "prove", "demo", "docs", "local"} <= listed
    for page in pages:
        unknown = set(re.findall(r"`tenant-keys ([a-z]+)", page.read_text(encoding="utf-8"))) - listed
        assert not unknown, page


def test_every_target_that_the_docs_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"help", "setup", "demo", "test", "check", "synth", "bench"} <= targets
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run"):
        named = set(re.findall(r"make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named, page
        assert named <= targets | {"and", "it"}, page


def test_every_page_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
