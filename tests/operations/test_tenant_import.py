"""`tenant-keys tenant add --from`: tenants of a system of record, all or none, any number of times."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.manifest import load_estate, load_manifest
from tenant_keys.operations.code_changes import other_files
from tenant_keys.review.diff.compare import only_tenants_added
from tests.command import Done, tenant_keys
from tests.operations.test_new_estate import commit

CSV = """\
id,workloads,rotation_days,key.multi_region,key.region,tags.plan,decrypt_by
hooli,orders; billing,180,,eu-central-1,gold,
"zorg","orders",off,TRUE,,"on = top",key
plain,,,,,,
"""
ROWS: list[dict[str, object]] = [
    {
        "id": "hooli",
        "workloads": ["orders", "billing"],
        "rotation_days": 180,
        "key": {"region": "eu-central-1"},
        "tags": {"plan": "gold"},
    },
    {
        "id": "zorg",
        "workloads": ["orders"],
        "rotation_days": "off",
        "key": {"multi_region": True},
        "tags": {"plan": "on = top"},
        "decrypt_by": "key",
    },
    {"id": "plain"},
]
JSON_LINES = "\n\n".join(map(json.dumps, ROWS))


def write(folder: Path, text: str, name: str = "tenants.jsonl") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def add(manifest: Path, file: Path, *options: str) -> Done:
    return tenant_keys("tenant", "add", "--from", str(file), "--manifest", str(manifest), *options)


def texts(manifest: Path) -> tuple[str, str]:
    return manifest.read_text(encoding="utf-8"), manifest.with_suffix(".lock").read_text(encoding="utf-8")


def test_csv_and_json_lines_say_the_same(manifest: Path, tmp_path: Path) -> None:
    before = texts(manifest)
    assert add(manifest, write(tmp_path, CSV, "tenants.csv")).exit_code == 0
    by_csv = texts(manifest)
    manifest.write_text(before[0], encoding="utf-8")
    manifest.with_suffix(".lock").write_text(before[1], encoding="utf-8")
    assert add(manifest, write(tmp_path, JSON_LINES)).exit_code == 0
    assert load_manifest(manifest).tenants["zorg"].rotation_days == "off"
    estate = load_estate(manifest)
    assert texts(manifest) == by_csv
    assert {"hooli", "zorg", "plain"} <= estate.tenants.keys()
    hooli, zorg = estate.tenants["hooli"], estate.tenants["zorg"]
    assert ([w.name for w in hooli.workloads], hooli.primary_region) == (["billing", "orders"], "eu-central-1")
    assert (zorg.multi_region, zorg.decrypt_by, dict(zorg.tags)["plan"]) == (True, "key", "on = top")


def test_customers_with_keys_of_their_own_come_by_json_lines(manifest: Path, tmp_path: Path) -> None:
    arn = "arn:aws:kms:eu-west-1:777777777777:key/11111111-2222-3333-4444-555555555555"
    bringer = {"account": "888888888888", "role": "role/KeyCustodian", "external_id": "insurer-7f3a9c21d4e5"}
    rows: list[dict[str, object]] = [
        {"id": "bank", "workloads": ["orders"], "key": {"held_by": "tenant", "arns": {"eu-west-1": arn}}},
        {"id": "insurer", "workloads": ["orders"], "key": {"origin": "imported", "custodian": bringer}},
    ]
    file = write(tmp_path, "\n".join(map(json.dumps, rows)))
    for reported in ("2 added, 0 existed already", "0 added, 2 existed already"):
        assert reported in add(manifest, file).stdout
    bank, insurer = (load_estate(manifest).tenants[name] for name in ("bank", "insurer"))
    assert bank.held is not None
    assert bank.held.arns == (arn,)
    assert insurer.custodian is not None
    assert (insurer.custodian.account, insurer.custodian.external_id) == ("888888888888", "insurer-7f3a9c21d4e5")


def test_a_second_time_nothing_is_added_whatever_became_of_the_tenants(manifest: Path, tmp_path: Path) -> None:
    file = write(tmp_path, JSON_LINES)
    assert add(manifest, file).exit_code == 0
    assert tenant_keys("tenant", "suspend", "hooli", "--manifest", str(manifest)).exit_code == 0
    before = texts(manifest)
    again = add(manifest, file, "--json")
    assert json.loads(again.stdout) == {"written": False, "added": [], "unchanged": ["hooli", "zorg", "plain"]}
    assert texts(manifest) == before


def test_every_line_that_is_wrong_is_reported_at_once_and_nothing_is_written(manifest: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """\
{"id": "good"}
{"id": "a", "state": "suspended"}
{"id": "B_"}
[1]
{"id": "c", "id": "d"}
{"id": "acme", "tags": {"plan": "silver"}}
{"id": "good", "workloads": ["billing"]}
{"workloads": []}
{"id": "e", "tags": {"x": 3}}
{"id": "f"
""",
    )
    before = texts(manifest)
    done = add(manifest, file)
    assert done.exit_code == 2
    reported = done.stderr.splitlines()
    assert [line.split(" ")[0].rstrip(":") for line in reported[:-1]] == [
        f"tenants.jsonl:{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10)
    ]
    assert (
        reported[4] == "tenants.jsonl:6 acme: is in tenants.yaml with another tags.plan: gold; tenants are edited there"
    )
    assert reported[5] == "tenants.jsonl:7 good: differs from line 1; keep one"
    assert reported[-1] == "9 problems; nothing is written"
    assert texts(manifest) == before


def test_a_rule_between_fields_is_reported_at_the_line_of_the_file(manifest: Path, tmp_path: Path) -> None:
    file = write(tmp_path, '{"id": "x", "workloads": ["nope"]}\n{"id": "y", "key": {"origin": "imported"}}\n')
    reported = add(manifest, file).stderr.splitlines()
    assert reported[0].startswith("tenants.jsonl:1 x: workloads[0]: got nope")
    assert reported[1].startswith("tenants.jsonl:2 y: ")


def test_an_id_that_left_is_never_given_out_again(manifest: Path, tmp_path: Path) -> None:
    """The tombstone is in the lock alone."""
    options = ("--manifest", str(manifest), "--yes")
    assert tenant_keys("tenant", "offboard", "wonka", *options).exit_code == 0
    assert tenant_keys("tenant", "offboard", "wonka", "--final", *options).exit_code == 0
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("  wonka: {state: offboarded}\n", ""), encoding="utf-8")
    done = add(manifest, write(tmp_path, '{"id": "hooli"}\n{"id": "wonka"}\n'))
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0].startswith("tenants.jsonl:2 wonka: wonka was offboarded, and an id is never")
    assert "hooli" not in manifest.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "reported"),
    [
        ("t.csv", "", "t.csv:1: the first line has no column id; it names the columns"),
        ("t.csv", "id,plan\na,b\n", "t.csv:1 plan: unknown column; allowed: id, workloads, "),
        ("t.csv", "id,id\na,b\n", "t.csv:1 id: unknown column"),
        ("t.csv", "id,tags.x\na\n", "t.csv:2: got 1 cells for 2 columns"),
        ("t.csv", 'id\n"a\n', "t.csv:2: not CSV: "),
        ("t.jsonl", "", "t.jsonl: holds no tenant"),
        ("t.jsonl", "[" * 5000, "t.jsonl:1: not one line of JSON; write one object a line"),
        ("t.jsonl", '{"id": "a", "id": "b"}', "t.jsonl:1: a name is given twice in one line; write one object a line"),
        (
            "t.csv",
            "id,tags.x\na,b\rc,d\n",
            "t.csv:2: got the character U+000D, which some editors show",
        ),
        ("t.jsonl", '{"id": "a"}\n{"id": "b"\u2028}', "t.jsonl:2: got the character U+2028, which some editors show"),
        ("t.jsonl", '{"id": "a", "tags": {"x": "\u200b"}}', "t.jsonl:1: got the character U+200B, which is not shown"),
        ("t.xlsx", "", "got .xlsx; allowed: .csv, .jsonl, .ndjson"),
    ],
)
def test_a_file_of_another_form_is_reported(
    manifest: Path, tmp_path: Path, name: str, text: str, reported: str
) -> None:
    before = texts(manifest)
    done = add(manifest, write(tmp_path, text, name))
    assert done.exit_code in (1, 2)
    assert reported in done.stderr
    assert texts(manifest) == before


def test_a_dry_run_writes_nothing(manifest: Path, tmp_path: Path) -> None:
    before = texts(manifest)
    done = add(manifest, write(tmp_path, CSV, "t.csv"), "--dry-run")
    assert done.stdout.splitlines()[-1] == "3 would be added, 0 existed already"
    assert texts(manifest) == before


def test_a_thousand_tenants_are_one_edit(manifest: Path, tmp_path: Path) -> None:
    """Between the tenants that are there, each in its place; all other characters stay."""
    before, _ = texts(manifest)
    file = write(tmp_path, "".join(f'{{"id": "c{number:04}", "workloads": ["billing"]}}\n' for number in range(1000)))
    assert add(manifest, file).exit_code == 0
    after, lock = texts(manifest)
    lines = after.splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("  c")) == before
    ids = [line.split(":")[0].strip() for line in lines if line.startswith("  c")]
    assert ids == sorted(ids)
    assert (len(ids), lock.count("\n")) == (1000, 1006)


# --- what a bot may merge


def test_a_tenant_more_is_all_that_a_machine_may_merge(manifest: Path, tmp_path: Path) -> None:
    old = load_estate(manifest)
    assert not only_tenants_added(old, old)
    add(manifest, write(tmp_path, '{"id": "hooli"}'))
    new = load_estate(manifest)
    assert only_tenants_added(old, new)
    suspended = replace(new.tenants["hooli"], state="suspended")
    assert not only_tenants_added(old, replace(new, tenants={**new.tenants, "hooli": suspended}))
    tagged = replace(new.tenants["acme"], tags={"plan": "silver"})
    assert not only_tenants_added(old, replace(new, tenants={**new.tenants, "acme": tagged}))
    assert not only_tenants_added(old, replace(new, tags={}))
    fewer = {name: tenant for name, tenant in new.tenants.items() if name != "acme"}
    assert not only_tenants_added(old, replace(new, tenants=fewer))


def test_any_other_file_of_the_repository_is_noticed(manifest: Path, tmp_path: Path) -> None:
    commit(tmp_path)
    add(manifest, write(tmp_path.parent, '{"id": "hooli"}'))
    assert other_files("HEAD", tmp_path, manifest) == []
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/new file").write_text("x")
    assert other_files("HEAD", tmp_path, manifest) == ["notes/new file"]
    commit(tmp_path)
    assert other_files("HEAD~1", tmp_path, manifest) == ["notes/new file"]
