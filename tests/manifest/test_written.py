"""A manifest in several files: a base that estates share, and tenants in files of their own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml

from tenant_keys.manifest import EstateError, ManifestError, load_estate, load_manifest, parse_manifest
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tests.command import tenant_keys

BASE = """\
organization: o-a1b2c3d4e5
central:
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/Admin]
  break_glass: role/BreakGlass
workloads:
  orders: {runs_on: lambda}
defaults:
  workloads: [orders]
  rotation_days: 365
"""
PROD = """\
extends: base.yaml
tenants_from: [tenants/*.yaml]
central:
  account: "111111111111"
  regions: [eu-west-1]
workloads:
  orders: {account: "222222222222"}
tenants:
  acme: {}
"""
SIGNED_UP = "# written by the control plane\ntenants:\n  hooli: {rotation_days: 180}\n"


@pytest.fixture
def prod(tmp_path: Path) -> Path:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "tenants/signups.yaml").write_text(SIGNED_UP)
    (tmp_path / "prod.yaml").write_text(PROD)
    bring_up_to_date(tmp_path / "prod.yaml").write()
    return tmp_path / "prod.yaml"


def problems(path: Path) -> list[str]:
    with pytest.raises(EstateError) as caught:
        load_estate(path)
    return [str(problem) for problem in caught.value.problems]


def test_mappings_are_merged_and_lists_are_replaced(prod: Path) -> None:
    estate = load_estate(prod)
    assert (estate.central.account, estate.central.regions) == ("111111111111", ("eu-west-1",))
    assert estate.central.administrators == ("arn:aws:iam::111111111111:role/Admin",)
    assert (estate.workloads["orders"].account, estate.workloads["orders"].runs_on) == ("222222222222", "lambda")
    assert {name: tenant.rotation_days for name, tenant in estate.tenants.items()} == {"acme": 365, "hooli": 180}


def test_an_error_is_reported_in_the_file_and_line_in_which_the_value_is(prod: Path) -> None:
    folder = prod.parent
    (folder / "base.yaml").write_text(BASE.replace("role/BreakGlass", "BreakGlass"))
    (folder / "tenants/signups.yaml").write_text(SIGNED_UP.replace("180", "5"))
    prod.write_text(PROD.replace('"111111111111"', "111"))
    reported = sorted(line.partition(": got")[0] for line in problems(prod))
    assert reported == [
        "base.yaml:6 central.break_glass",
        "prod.yaml:4 central.account",
        "tenants/signups.yaml:3 tenants.hooli.rotation_days",
    ]


def test_what_the_lock_lacks_is_reported_in_the_tenants_own_file(prod: Path) -> None:
    path = prod.parent / "tenants/signups.yaml"
    path.write_text(SIGNED_UP + "  zorg: {}\n")
    assert problems(prod) == [
        f"tenants/signups.yaml:4 tenants.zorg: not in prod.lock yet; run tenant-keys lock --manifest {prod}"
    ]


def test_a_folder_whose_name_is_that_of_a_file_of_tenants_is_passed_over(prod: Path) -> None:
    (prod.parent / "tenants/old.yaml").mkdir()
    assert list(load_estate(prod).tenants) == ["acme", "hooli"]


def test_an_id_is_in_one_file(prod: Path) -> None:
    (prod.parent / "tenants/more.yaml").write_text("tenants:\n  acme: {}\n  hooli: {}\n")
    assert problems(prod) == [
        "tenants/more.yaml:2 tenants.acme: is in prod.yaml too; keep one of the two",
        "tenants/signups.yaml:3 tenants.hooli: is in tenants/more.yaml too; keep one of the two",
    ]


NAMES = "the name of a file beside or below this one"


@pytest.mark.parametrize(
    ("file", "text", "reported"),
    [
        (
            "prod.yaml",
            PROD.replace("base", "nowhere"),
            "prod.yaml:1 extends: got nowhere.yaml, which is not a file beside",
        ),
        ("prod.yaml", PROD.replace("base", "../base"), f'prod.yaml:1 extends: got "../base.yaml"; allowed: {NAMES}'),
        ("prod.yaml", PROD.replace("base.yaml", "/etc/x.yaml"), 'prod.yaml:1 extends: got "/etc/x.yaml"; allowed: '),
        (
            "prod.yaml",
            PROD.replace("base.yaml", "base.json"),
            'prod.yaml:1 extends: got "base.json"; allowed: ',
        ),
        ("prod.yaml", PROD.replace("base.yaml", "b*.yaml"), 'prod.yaml:1 extends: got "b*.yaml"; allowed: '),
        (
            "prod.yaml",
            PROD.replace("tenants/*", "../*"),
            'prod.yaml:2 tenants_from[0]: got "../*.yaml"; allowed: ',
        ),
        (
            "prod.yaml",
            PROD.replace("tenants/*", "x"),
            "prod.yaml:2 tenants_from[0]: got x.yaml, which is not a file beside",
        ),
        ("base.yaml", BASE + "tenants: {a: {}}\n", "base.yaml:12 tenants: is in the base of prod.yaml; write"),
        ("base.yaml", BASE + "extends: b.yaml\n", "base.yaml:12 extends: is in the base of prod.yaml; write"),
        ("base.yaml", "- a\n", "base.yaml:1: got a list; a manifest is a mapping"),
        ("tenants/signups.yaml", "hooli: {}\n", "tenants/signups.yaml:1: got no tenants; this file holds one mapping"),
        ("tenants/signups.yaml", SIGNED_UP + "tags: {}\n", "tenants/signups.yaml:4 tags: is not a tenant; write it in"),
        ("tenants/signups.yaml", "tenants: [\n", "tenants/signups.yaml:2: not YAML: "),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_reported(prod: Path, file: str, text: str, reported: str) -> None:
    (prod.parent / file).write_text(text)
    with pytest.raises(ManifestError) as caught:
        load_manifest(prod)
    found = [str(problem) for problem in caught.value.problems]
    assert any(line.startswith(reported) for line in found), found


def test_a_file_without_tenants_is_reported_once_whatever_else_it_holds(prod: Path) -> None:
    (prod.parent / "tenants/signups.yaml").write_text("tags: {}\ndefaults: {}\n")
    with pytest.raises(ManifestError) as caught:
        load_manifest(prod)
    assert [str(problem) for problem in caught.value.problems] == [
        "tenants/signups.yaml:1: got no tenants; this file holds one mapping, `tenants:`"
    ]


def test_a_link_does_not_lead_out_of_the_folder(prod: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "base.yaml"
    elsewhere.write_text(BASE)
    (prod.parent / "base.yaml").unlink()
    (prod.parent / "base.yaml").symlink_to(elsewhere)
    assert problems(prod)[0].startswith("prod.yaml:1 extends: got base.yaml, a link that leads out of the folder; put")


def test_a_text_without_a_file_names_no_other() -> None:
    with pytest.raises(
        ManifestError, match=r"tenants\.yaml:1 extends: names another file, and a text has none beside it"
    ):
        parse_manifest(PROD)


def test_an_edit_is_made_in_the_file_that_holds_the_tenant(prod: Path) -> None:
    before = prod.read_text()
    assert tenant_keys("tenant", "suspend", "hooli", "--manifest", str(prod)).exit_code == 0
    text = (prod.parent / "tenants/signups.yaml").read_text()
    assert text == SIGNED_UP.replace("180}", "180, state: suspended}")
    assert prod.read_text() == before
    assert tenant_keys("tenant", "add", "zorg", "--manifest", str(prod)).exit_code == 0
    assert prod.read_text() == before + "  zorg: {}\n"
    assert load_estate(prod).tenants["hooli"].state == "suspended"
    again = tenant_keys("tenant", "suspend", "hooli", "--manifest", str(prod))
    assert again.stderr.startswith("tenants/signups.yaml tenants.hooli.state: got suspended; nothing to do")


def test_the_whole_is_shown_and_is_a_manifest_of_its_own(prod: Path) -> None:
    shown = tenant_keys("show", "--manifest", str(prod))
    assert shown.exit_code == 0
    assert shown.stdout.startswith("# prod.yaml, base.yaml, tenants/signups.yaml\n")
    whole = parse_manifest(shown.stdout)
    own = load_manifest(prod)
    assert whole == msgspec.structs.replace(own, extends=None, tenants_from=())
    assert yaml.safe_load(shown.stdout)["defaults"] == {"workloads": ["orders"], "rotation_days": 365}


def test_promotion_is_the_difference_between_two_estates(prod: Path) -> None:
    dev = prod.with_name("dev.yaml")
    dev.write_text(
        PROD.replace("tenants_from: [tenants/*.yaml]\n", "").replace(
            "  orders: {account", "  orders: {operations: [decrypt], account"
        )
    )
    done = tenant_keys("show", "--manifest", str(prod), "--against", str(dev))
    assert (done.exit_code, done.stdout.splitlines()) == (
        2,
        [
            "workloads.orders: - operations, prod.yaml:7",
            "manifest: + tenants_from, prod.yaml:2",
            "tenants: + hooli, tenants/signups.yaml:3",
        ],
    )
    same = tenant_keys("show", "--manifest", str(prod), "--against", str(prod))
    assert (same.exit_code, same.stdout) == (0, "no difference\n")
