"""Tenants that differ by their names alone are written from two constructs, byte for byte as by the plain path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from tenant_keys.manifest import Estate
from tenant_stacks import add_stacks
from tenant_stacks.app import synthesize_estate
from tenant_stacks.cell import alike
from tenant_stacks.members import key_cells
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.synthesizer import reads_no_names
from tenant_stacks.validation import synthesize
from tests.policy.estates import estate_of_text, manifest

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  desk: {account: '222222222222', runs_on: existing-role, role: role/shop/Desk}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}
  portal: {account: '222222222222', access: web-identity, identity_provider: customers, audience: portal-keys}"""
WORKLOADS_OF_TWO = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}"""
KINDS = (
    "workloads: [orders, billing]",
    "workloads: [orders], state: suspended",
    "workloads: [orders, desk], state: offboarding",
    "workloads: [billing], rotation_days: 'off'",
    "workloads: [orders, portal], rotation_days: 90, deletion_window_days: 7",
    "workloads: [orders], decrypt_by: key, key: {multi_region: true}",
    "workloads: [desk], key: {origin: imported, import_role: role/NAME-import, multi_region: true}",
    "workloads: [billing], key: {origin: imported, import_role: role/of/NAME, expires: dated}",
    "workloads: [portal], key: {region: eu-central-1}, tags: {customer: NAME, plan: enterprise}",
    "workloads: [orders, billing, desk, portal], tags: {plan: enterprise}",
    "workloads: [desk], tags: {plan: trial, contact: NAME@example.com}",
    "workloads: [orders, billing], rotation_days: 180",
    "workloads: [orders], tags: {number: 'NUMBER', plan: trial}",
    "workloads: [orders], tags: {number: 'C-NUMBER', few: F-FEW}",
)
WORDS = (
    "kms",
    "key",
    "tenant",
    "aws",
    "arn",
    "role",
    "alias",
    "a",
    "e",
    "0",
    "us",
    "use",
    "enterprise",
    "orders",
    "iam",
)
"""Ids that are words of every policy, or letters of them."""


OPTIONS: dict[str, Any] = {"builtin_cloud_formation_validation": False, "analytics_reporting": True}
"""As under the command line of the CDK, which adds a resource of its own to each template; without its validator."""


def ids(number: int) -> list[str]:
    """Ids with and without hyphens, of all lengths, numbers among them."""
    names = [f"t{n:03d}" if n % 3 else f"{'x' * (n % 20)}t-{n}-{n % 7}" for n in range(number - len(WORDS))]
    return sorted({*WORDS, *names})


def estate_of_every_kind(number: int) -> Estate:
    names = ids(number)
    lines = [
        f"  {name!r}: {{{KINDS[n % len(KINDS)]}}}".replace("NAME", name)
        .replace("NUMBER", f"{n}")
        .replace("FEW", f"{n % 50}")
        for n, name in enumerate(names)
    ]
    text = manifest(WORKLOADS, "\n".join(lines), quotas="{iam_roles: 5000}")
    provider = "identity_providers:\n  customers: {issuer: https://login.example.com}\nworkloads:"
    text = text.replace("workloads:", provider, 1)
    return estate_of_text(text, {name: f"mrk-{n:032x}" for n, name in enumerate(names) if n % len(KINDS) in {5, 6}})


def app_of(estate: Estate, folder: Path, *, stamped: bool) -> tuple[cdk.App, int]:
    app = cdk.App(outdir=str(folder), tree_metadata=False, **OPTIONS)
    return app, len(add_stacks(app, estate, stamped=stamped))


def files(folder: Path) -> dict[str, str]:
    """Name to text of what is deployed: templates, the assets' hashes and the manifest."""
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir())
        if not file.name.endswith(".metadata.json")
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "keys", "replicas", "roles"),
    [(120, 122, 18, 101), pytest.param(500, 502, 72, 400, marks=pytest.mark.exhaustive)],
)
def test_tenants_of_every_kind_are_written_byte_for_byte_as_by_the_plain_path(
    number: int, keys: int, replicas: int, roles: int, tmp_path: Path
) -> None:
    """Keys and roles are those of the audit topics and the forwarders as well."""
    estate = estate_of_every_kind(number)
    written, without_construct = {}, {}
    for way in ("plain", "stamped"):
        app, without_construct[way] = app_of(estate, tmp_path / way, stamped=way == "stamped")
        app.synth()
        written[way] = files(tmp_path / way)
    assert len(estate.tenants) == number
    assert written["stamped"] == written["plain"]
    types = Counter(
        resource["Type"]
        for name, text in written["plain"].items()
        if name.endswith(".template.json")
        for resource in json.loads(text)["Resources"].values()
    )
    found = tuple(types[f"AWS::{kind}"] for kind in ("KMS::Key", "KMS::ReplicaKey", "IAM::Role"))
    assert found == (keys, replicas, roles)
    assert types["AWS::CDK::Metadata"] > 10
    assert without_construct["plain"] == 0
    assert without_construct["stamped"] > (keys + replicas + roles) / 3


@jsii.implements(cdk.IAspect)
class ByName:
    """An Aspect that reads the id: it tags one tenant's key alone."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, kms.CfnKey) and node.description == "Tenant t7":
            cdk.Tags.of(node).add("vip", "yes")


@jsii.implements(cdk.IAspect)
class Computed:
    """An Aspect that computes a tag from the id."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, kms.CfnKey):
            cdk.Tags.of(node).add("shard", str(len(node.description or "") % 7))


class Subclass(cdk.Tag):
    """A tag of another type, which could do anything."""


ASPECTS: dict[str, tuple[Callable[[], cdk.IAspect], bool]] = {
    "a tag": (lambda: cdk.Tag("team", "a"), True),
    "a tag that is taken away": (lambda: cdk.RemoveTag("tenant-keys:project"), True),
    "an Aspect that reads the id": (ByName, False),
    "an Aspect that computes a tag": (Computed, False),
    "a subclass of a tag": (lambda: Subclass("team", "a"), False),
}


@pytest.fixture(scope="module")
def small() -> Estate:
    """One cell of one class."""
    return estate_of_text(manifest(tenants="\n".join(f"  t{n}: {{workloads: [orders]}}" for n in range(9))))


ASPECTS_EVERY_TIME = ("a tag", "an Aspect that reads the id", "a subclass of a tag")


@pytest.mark.parametrize(
    ("aspect", "is_stamped"),
    [
        pytest.param(*case, id=name, marks=[] if name in ASPECTS_EVERY_TIME else [pytest.mark.exhaustive])
        for name, case in ASPECTS.items()
    ],
)
def test_an_aspect_has_the_effect_that_it_has_on_the_plain_path(
    aspect: Callable[[], cdk.IAspect],
    is_stamped: bool,
    small: Estate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A known tag keeps the synth fast. What may read a name is refused, and the plain path is taken."""
    written = {}
    for way in ("plain", "stamped"):
        app, _ = app_of(small, tmp_path / way, stamped=way == "stamped")
        cdk.Aspects.of(app).add(aspect())
        if way == "stamped" and not is_stamped:
            with pytest.raises(NotOnlyNames, match="has an Aspect that may read a tenant's name"):
                synthesize(app)
        else:
            synthesize(app)
            written[way] = files(tmp_path / way)
    if is_stamped:
        assert written["stamped"] == written["plain"]
    else:
        monkeypatch.setattr(cdk, "App", partial(cdk.App, **OPTIONS))
        synthesize_estate(small, [aspect()], tmp_path / "chosen")
        assert resources(tmp_path / "chosen") == resources(tmp_path / "plain")


def test_a_tag_of_the_app_passes_all_checks_of_the_synth_and_keeps_it_fast(
    small: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cdk, "App", partial(cdk.App, **OPTIONS))
    synthesize_estate(small, [cdk.Tag("team", "a")], tmp_path)
    assert "a construct of its own" not in capsys.readouterr().err
    keys = resources(tmp_path)["tenant-keys-cell-eu-west-1-001.template.json"]
    tagged = [one for one in keys.values() if {"Key": "team", "Value": "a"} in one["Properties"].get("Tags", [])]
    assert len(tagged) == 9


def test_an_app_that_takes_the_plain_path_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two longest ids are parts of words of every policy, `Administrator` and `escribe`."""
    tenants = "\n".join(f"  {name}: {{workloads: [orders]}}" for name in ("dministrator", "escribe", "zz9"))
    estate = estate_of_text(manifest(tenants=tenants))
    plain, _ = app_of(estate, tmp_path / "plain", stamped=False)
    plain.synth()
    monkeypatch.setattr(cdk, "App", partial(cdk.App, **OPTIONS))
    synthesize_estate(estate, (), tmp_path / "chosen")
    assert "escribe and dministrator differ by more than their names; every tenant" in capsys.readouterr().err
    assert resources(tmp_path / "chosen") == resources(tmp_path / "plain")


def test_a_tag_with_a_token_may_read_a_name() -> None:
    assert reads_no_names(cdk.Tag("team", "a"))
    assert not reads_no_names(cdk.Tag("team", cdk.Aws.STACK_NAME))
    assert not reads_no_names(cdk.Tag(cdk.Aws.STACK_NAME, "a"))
    assert reads_no_names(cdk.RemoveTag("team"))
    assert not reads_no_names(cdk.RemoveTag(cdk.Aws.STACK_NAME))


def templates(folder: Path) -> dict[str, str]:
    found = {name: text for name, text in files(folder).items() if name.endswith(".template.json")}
    assert found
    return found


def resources(folder: Path) -> dict[str, dict[str, Any]]:
    """Of each template; without the CDK's own, which differs where validations are attached."""
    return {
        name: {key: one for key, one in json.loads(text)["Resources"].items() if key != "CDKMetadata"}
        for name, text in templates(folder).items()
    }


def changed(app: cdk.App, change: Callable[[Any], object], number: int) -> None:
    cell: Any = app.node.find_child("tenant-keys-cell-eu-west-1-001")
    for tenant in cell.node.children[:number]:
        change(tenant.node.find_child("Key"))


CHANGES: dict[str, tuple[Callable[[Any], object], int]] = {
    "one construct": (lambda key: key.add_metadata("note", "mine"), 1),
    "each by its name": (lambda key: key.add_metadata("note", key.description[-1]), 2),
    "another logical id": (lambda key: key.override_logical_id("Other"), 1),
    "a further resource": (lambda key: kms.CfnKey(key, "More", key_policy={}), 1),
}


@pytest.mark.parametrize(("change", "number"), CHANGES.values(), ids=CHANGES)
def test_a_construct_that_was_changed_is_refused(
    change: Callable[[Any], object], number: int, small: Estate, tmp_path: Path
) -> None:
    app, _ = app_of(small, tmp_path, stamped=True)
    changed(app, change, number)
    with pytest.raises(NotOnlyNames):
        synthesize(app)


def test_a_boundary_of_the_context_is_an_aspect_of_the_cdks_own_and_is_on_every_role(
    small: Estate, tmp_path: Path
) -> None:
    written = {}
    for way in ("plain", "stamped"):
        context = {"@aws-cdk/core:permissionsBoundary": {"name": "Bounded"}}
        app = cdk.App(
            outdir=str(tmp_path / way), tree_metadata=False, context=context, builtin_cloud_formation_validation=False
        )
        add_stacks(app, small, stamped=way == "stamped")
        app.synth()
        written[way] = files(tmp_path / way)
    assert written["stamped"] == written["plain"]
    roles = json.loads(written["stamped"]["tenant-keys-roles-001.template.json"])["Resources"].values()
    assert len(roles) == 9
    assert all("policy/Bounded" in json.dumps(role["Properties"]["PermissionsBoundary"]) for role in roles)


@pytest.mark.parametrize("many", [120, pytest.param(500, marks=pytest.mark.exhaustive)])
def test_two_members_of_each_class_and_cell_are_real_constructs(many: int) -> None:
    estate = estate_of_every_kind(many)
    app = cdk.App(tree_metadata=False, builtin_cloud_formation_validation=False)
    without_construct = add_stacks(app, estate, stamped=True)
    for region, number, tenants in key_cells(estate):
        stack = f"tenant-keys-cell-{region}-{number:03d}"
        real = Counter(alike(tenant) for tenant in tenants if (stack, tenant.id) not in without_construct)
        for kind, size in Counter(alike(tenant) for tenant in tenants).items():
            assert real[kind] >= min(2, size)


def test_a_new_tenant_changes_its_two_cells_and_nothing_else(tmp_path: Path) -> None:
    """Two resources for its key, and one for each of its roles, in as many stacks as before."""
    written = []
    for number in (9, 10):
        tenants = "\n".join(f"  t{n}: {{workloads: [orders, billing]}}" for n in range(number))
        app, _ = app_of(estate_of_text(manifest(WORKLOADS_OF_TWO, tenants)), tmp_path / str(number), stamped=True)
        app.synth()
        written.append(resources(tmp_path / str(number)))
    before, after = written
    assert before.keys() == after.keys()
    added = {name: sorted(after[name].keys() - before[name].keys()) for name in after if after[name] != before[name]}
    assert added == {
        "tenant-keys-cell-eu-west-1-001.template.json": ["Aliast9", "Keyt9"],
        "tenant-keys-roles-001.template.json": ["Rolet9Fororders"],
    }
    for name in added:
        assert {key: after[name][key] for key in before[name]} == before[name]


def test_tenants_are_alike_where_nothing_but_names_differs() -> None:
    estate = estate_of_text(manifest(tenants="  a-b: {workloads: [orders]}\n  c-d: {workloads: [orders]}"))
    one, other = estate.tenants.values()
    assert alike(one) == alike(other)
    assert alike(replace(one, cell=7, role_cells={"orders": 9}, multi_region_key_id="mrk-1")) == alike(other)
    for change in (
        {"state": "suspended"},
        {"rotation_days": None},
        {"workloads": ()},
        {"import_role": "role/a-b"},
        {"id": "ab"},
    ):
        assert alike(replace(one, **change)) != alike(other), change


def test_a_value_that_is_not_understood_is_like_no_other() -> None:
    """A field that a later version adds makes constructs, and never a wrong copy."""
    (one,) = estate_of_text(manifest()).tenants.values()
    strange: Any = 1.5
    assert alike(replace(one, deletion_window_days=strange)) != alike(replace(one, deletion_window_days=strange))


def test_tenants_with_opaque_names_are_written_from_two_constructs(tmp_path: Path) -> None:
    tenants = "\n".join(f"  customer-{n}: {{workloads: [orders], opaque: true}}" for n in range(9))
    estate = estate_of_text(manifest(tenants=tenants))
    written, without_construct = {}, {}
    for way in (False, True):
        app, without_construct[way] = app_of(estate, tmp_path / str(way), stamped=way)
        app.synth()
        written[way] = files(tmp_path / str(way))
    assert written[True] == written[False]
    assert without_construct == {False: 0, True: 14}
