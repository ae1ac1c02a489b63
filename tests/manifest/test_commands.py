"""The commands as a team uses them, in a git repository of their own."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.command import tenant_keys
from tests.manifest.sample import TEXT, edited

THREE = "tenants 3, key cells 1, roles 3, role cells 1, ids of tenants that left 0"
ACME = "  acme: {workloads: [orders, billing]}\n"


def run(*arguments: str) -> tuple[int, str]:
    """Exit code, and everything that was printed."""
    done = tenant_keys(*arguments)
    return done.exit_code, done.output


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def write(text: str) -> None:
    Path("tenants.yaml").write_text(text)


def commit(message: str) -> None:
    git("add", "-A")
    git("commit", "-q", "-m", message)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    Path(".gitattributes").write_text("tenants.lock merge=union\n")
    write(TEXT)
    assert run("lock")[0] == 0
    commit("start")


def test_lock_says_what_it_did_and_then_that_there_is_nothing_to_do() -> None:
    write(TEXT + "  new: {}\n")
    assert run("lock", "--check")[0] == 2
    code, output = run("lock", "--dry-run")
    assert (code, output.splitlines()[0]) == (
        0,
        "to do: appended new to key cell 1 of eu-west-1, its role for orders to role cell 1",
    )
    assert "new" not in Path("tenants.lock").read_text()
    code, output = run("lock")
    assert (code, output.splitlines()) == (
        0,
        [
            "appended new to key cell 1 of eu-west-1, its role for orders to role cell 1",
            f"tenants.lock is up to date: {THREE}",
        ],
    )
    assert run("lock", "--check") == (
        0,
        f"tenants.lock matches tenants.yaml: {THREE}\n",
    )


def test_lock_refuses_what_loses_a_key_and_writes_nothing() -> None:
    before = Path("tenants.lock").read_text()
    write(edited((ACME, "")))
    code, output = run("lock")
    assert code == 2
    assert "tenants.lock:2 acme: acme was removed from the manifest" in output
    assert Path("tenants.lock").read_text() == before


def test_lock_does_not_invent_a_lock_that_git_has() -> None:
    Path("tenants.lock").unlink()
    code, output = run("lock")
    assert (code, "missing, but git has it; restore it from git" in output) == (2, True)
    assert not Path("tenants.lock").exists()


def test_an_unsorted_lock_is_put_in_order() -> None:
    lock = Path("tenants.lock")
    canonical = lock.read_text()
    header, *lines = canonical.splitlines()
    lock.write_text("\n".join([header, *reversed(lines), lines[0]]) + "\n")
    assert run("lock", "--check")[0] == 2
    code, output = run("lock")
    assert (code, output.splitlines()[0]) == (0, "put the lines in order")
    assert lock.read_text() == canonical


def test_json_says_what_was_done_or_every_problem() -> None:
    write(TEXT + "  new: {}\n")
    code, output = run("lock", "--json")
    assert (code, json.loads(output)["changed"]) == (0, True)
    write(TEXT)
    code, output = run("lock", "--json")
    (problem,) = json.loads(output)["problems"]
    assert (code, problem["file"], problem["line"], problem["path"]) == (2, "tenants.lock", 4, ["new"])


def test_a_hand_edited_lock_does_not_pass_the_merge_base() -> None:
    git("checkout", "-q", "-b", "branch")
    lock = Path("tenants.lock")
    lock.write_text(lock.read_text().replace('"tenant": "acme", "cell": 1', '"tenant": "acme", "cell": 2'))
    commit("sneak")
    assert run("lock", "--check")[0] == 0
    code, output = run("lock", "--check", "--base", "main")
    assert code == 2
    assert "tenants.lock:2 acme: its cell was 1 and is 2; restore it from the merge base" in output


def test_leaving_in_one_branch_is_refused() -> None:
    git("checkout", "-q", "-b", "branch")
    write(edited(("acme: {", "acme: {state: offboarding, ")))
    assert run("lock", "--base", "main")[0] == 0
    commit("leave")
    write(edited(("acme: {", "acme: {state: offboarded, ")))
    code, output = run("lock", "--base", "main")
    assert code == 2
    assert "acme: it is offboarded, but in the merge base it was not yet offboarding" in output


def test_branches_that_add_different_tenants_merge_without_a_question() -> None:
    git("checkout", "-q", "-b", "other")
    write(TEXT.replace("tenants:\n", "tenants:\n  aaa: {}\n"))
    assert run("lock")[0] == 0
    commit("aaa")
    git("checkout", "-q", "main")
    write(TEXT + "  zzz: {}\n")
    assert run("lock")[0] == 0
    commit("zzz")
    git("merge", "-q", "other", "-m", "merge")
    assert run("lock", "--check", "--base", "main~1")[0] == 0


def test_branches_that_change_one_tenant_need_a_merge_of_their_lines() -> None:
    git("checkout", "-q", "-b", "other")
    write(edited(("acme: {", "acme: {state: offboarding, ")))
    assert run("lock")[0] == 0
    commit("leave")
    git("checkout", "-q", "main")
    write(edited((", access: session-tag", "")))
    assert run("lock")[0] == 0
    commit("more roles")
    git("merge", "-q", "other", "-m", "merge")
    code, output = run("lock")
    assert code == 2
    assert "acme: two different lines; run tenant-keys lock --merge" in output
    code, output = run("lock", "--merge", "--base", "other")
    assert (code, "folded 2 lines of acme into one" in output) == (0, True)
    line = json.loads(Path("tenants.lock").read_text().splitlines()[1])
    assert (line["roles"], line["phase"]) == ({"billing": 1, "orders": 1}, "offboarding")
    assert run("lock", "--check")[0] == 0


def test_git_trouble_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run("lock", "--base", "--output=x")
    assert (code, "no revision --output=x" in output) == (1, True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    write(TEXT)
    assert run("lock")[0] == 0
    assert run("lock", "--merge")[0] == 1
    monkeypatch.setenv("PATH", "")
    code, output = run("lock", "--base", "main")
    assert (code, "git cannot be run" in output) == (1, True)


def test_validate_is_one_line_or_every_error() -> None:
    code, output = run("validate")
    valid, warning = output.splitlines()
    assert (code, valid) == (0, "tenants.yaml is valid: 2 tenants (2 active), 3 workloads, 2 Regions")
    assert warning.startswith("warning: tenants.yaml:19 tenants.globex.key.import_role: ")
    write(edited(("runs_on: lambda", "runs_on: lamda"), ("[orders, billing]", "[biling]")))
    code, output = run("validate")
    assert (code, len(output.splitlines()), output.splitlines()[-1]) == (2, 3, "2 problems")
    code, output = run("validate", "--json")
    assert (code, [problem["line"] for problem in json.loads(output)["problems"]]) == (2, [12, 18])
    assert json.loads(output)["problems"][0]["path"] == ["workloads", "orders", "runs_on"]
    assert run("validate", "--manifest", "nowhere.yaml")[0] == 1


def test_the_schema_is_printed() -> None:
    code, output = run("schema")
    assert code == 0
    assert "break_glass" in json.loads(output)["definitions"]["Central"]["properties"]
