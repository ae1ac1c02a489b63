"""Edits of the text: the lines that change are typed here, every other byte must be as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.operations.errors import EditRefused, OperationError
from tenant_keys.operations.manifest_edit import with_state, with_tenant
from tenant_keys.operations.tenant_edit import plan_addition, plan_state
from tests.work import calls_made


def changed(old: str, new: str) -> tuple[list[str], list[str]]:
    """Lines that only the old, and only the new text has, after checking that the rest is the same in order."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


def test_a_state_joins_fields_on_lines_of_their_own(manifest: Path) -> None:
    text = manifest.read_text()
    assert changed(text, with_state(text, "acme", "suspended")) == ([], ["    state: suspended\n"])


def test_a_state_joins_fields_within_braces_before_the_comment(manifest: Path) -> None:
    text = manifest.read_text()
    assert changed(text, with_state(text, "globex", "suspended")) == (
        ["  globex: {key: {origin: imported, import_role: role/Import}}   # brings its own\n"],
        ["  globex: {key: {origin: imported, import_role: role/Import}, state: suspended}   # brings its own\n"],
    )


def test_a_state_that_is_there_is_replaced_quotes_and_all(manifest: Path) -> None:
    text = manifest.read_text()
    assert changed(text, with_state(text, "initech", "active")) == (
        ['  initech: {state: "suspended", workloads: [billing]}\n'],
        ["  initech: {state: active, workloads: [billing]}\n"],
    )


def test_empty_braces_take_a_state(manifest: Path) -> None:
    text = manifest.read_text()
    assert changed(text, with_state(text, "wonka", "offboarding")) == (
        ["  wonka: {}\n"],
        ["  wonka: {state: offboarding}\n"],
    )


def test_a_new_tenant_finds_its_place_in_the_order_of_ids(manifest: Path) -> None:
    text = manifest.read_text()
    new = with_tenant(text, "hooli", {"workloads": ["orders"], "key": {"multi_region": True}, "tags": {"x y": "on"}})
    assert changed(text, new) == (
        [],
        ['  hooli: {workloads: [orders], key: {multi_region: true}, tags: {"x y": "on"}}\n'],
    )
    assert new.index("  globex:") < new.index("  hooli:") < new.index("  initech:")


def test_a_tenant_before_all_others_stands_above_their_comments(manifest: Path) -> None:
    new = with_tenant(manifest.read_text(), "aa", {})
    assert "tenants:\n  aa: {}\n  # large customers\n  acme:   # the first\n" in new


def test_where_ids_are_in_no_order_a_tenant_goes_below_the_last() -> None:
    text = "tenants:\n  b: {}\n  a: {}\n# end"
    assert with_tenant(text, "aa", {}) == "tenants:\n  b: {}\n  a: {}\n  aa: {}\n# end"


def test_a_text_that_ends_without_a_line_end_is_continued_on_a_new_line() -> None:
    assert with_tenant("tenants:\n  b: {}", "c", {}) == "tenants:\n  b: {}\n  c: {}\n"
    assert with_state("tenants:\n  b:\n    tags: {}", "b", "suspended") == (
        "tenants:\n  b:\n    tags: {}\n    state: suspended\n"
    )


def test_line_ends_of_windows_stay(write: Callable[[str], Path]) -> None:
    text = "tenants:\r\n  b: # x\r\n    tags:\r\n      p: q # y\r\n"
    assert with_state(text, "b", "suspended") == text + "    state: suspended\r\n"


def test_ids_that_yaml_takes_for_something_else_are_quoted() -> None:
    for name in ("null", "123", "on", "0e1"):
        assert f'  "{name}": {{}}\n' in with_tenant("tenants:\n  b: {}\n", name, {})


def test_tenants_within_braces_are_not_edited() -> None:
    with pytest.raises(EditRefused, match="within braces"):
        with_state("tenants: {b: {}}", "b", "suspended")


def test_an_id_is_not_added_twice(manifest: Path) -> None:
    with pytest.raises(OperationError, match="acme: is there already"):
        plan_addition(manifest, "acme", {})


@pytest.mark.parametrize("tenant", ["acme", "globex", "umbrella", "wonka"])
def test_suspend_and_resume_on_disk_change_the_state_and_nothing_else(manifest: Path, tenant: str) -> None:
    before = manifest.read_bytes()
    plan_state(manifest, tenant, "suspend").write()
    suspended = manifest.read_bytes()
    assert load_estate(manifest).tenants[tenant].state == "suspended"
    plan_state(manifest, tenant, "resume").write()
    after = manifest.read_bytes()
    assert load_estate(manifest).tenants[tenant].state == "active"
    assert suspended.replace(b"state: suspended", b"state: active", 1) == after or tenant != "acme"
    assert len(after) - len(before) in (len("state: active"), len(", state: active"), len("    state: active\n"))


def test_byte_order_mark_mode_and_symlink_stay(manifest: Path) -> None:
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    manifest.chmod(0o640)
    link = manifest.with_name("link.yaml")
    link.symlink_to(manifest.name)
    link.with_suffix(".lock").symlink_to("tenants.lock")
    plan_state(link, "acme", "suspend").write()
    assert link.is_symlink()
    assert manifest.read_bytes().startswith(b"\xef\xbb\xbf# the estate")
    assert manifest.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in manifest.parent.iterdir() if path.name.startswith(".")] == []


def test_an_edit_that_breaks_a_rule_of_the_manifest_writes_nothing(manifest: Path) -> None:
    before = manifest.read_bytes(), manifest.with_suffix(".lock").read_bytes()
    with pytest.raises(Exception, match=r"which is not a workload; did you mean orders\?"):
        plan_addition(manifest, "hooli", {"workloads": ["order"]})
    assert (manifest.read_bytes(), manifest.with_suffix(".lock").read_bytes()) == before


def test_an_edit_among_two_thousand_tenants_makes_a_few_hundred_calls_for_each(
    write: Callable[[str], Path], text: str
) -> None:
    head, tail = (
        text.split("tenants:\n", maxsplit=1)[0],
        "".join(f"  t{number:05d}: {{workloads: [billing]}}\n" for number in range(2_000)),
    )
    path = write(head + "tenants:\n" + tail)
    edits = []
    calls_made(lambda: edits.append(plan_state(path, "t01000", "suspend")), stop_at=500 * 2_000)
    (edit,) = edits
    assert changed(path.read_text(), edit.files[path][1]) == (
        ["  t01000: {workloads: [billing]}\n"],
        ["  t01000: {workloads: [billing], state: suspended}\n"],
    )
