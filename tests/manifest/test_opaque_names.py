"""A tenant whose id is confidential: AWS sees a name drawn at random, which manifest and lock alone know by its id."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tenant_keys.client import ConfigurationError, Settings
from tenant_keys.manifest import Estate, LockError, parse_lock, resolve
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.ids_in_text import IdsInText, readings
from tenant_keys.manifest.lock import Lock, render_lock
from tenant_keys.manifest.lock_text import parse_lines, with_entries
from tenant_keys.manifest.merge_lines import merge_lines
from tenant_keys.manifest.opaque_names import OPAQUE_NAME, draw_name
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.operations.tenant_view import view
from tenant_keys.policy.template_size import reserved_sizes
from tenant_keys.policy.workload_configuration import workload_configuration
from tenant_keys.review.proof import prove
from tenant_keys.review.second_opinion import second_opinion
from tests.manifest.sample import edited, errors, manifest
from tools.random_estates.small_estates import templates_of

NAME = "x-abcdefghijklmnopqrstuvwxyz"
OPAQUE = ("  acme: {workloads: [orders, billing]}", "  acme: {workloads: [orders, billing, portal], opaque: true}")


WITHOUT_AUDIT = ("organization: ", 'audit: "off"\norganization: ')


def locked(name: str = NAME) -> Lock:
    """A lock that drew this name for acme."""
    wanted = manifest(OPAQUE)
    lock, _ = update(wanted, new_lock(wanted))
    return with_entries(lock, {**lock.entries, "acme": replace(lock.entries["acme"], name=name)})


def estate() -> Estate:
    return resolve(manifest(OPAQUE, WITHOUT_AUDIT), locked())


def test_a_name_is_drawn_once_and_kept() -> None:
    wanted = manifest(OPAQUE)
    lock, _ = update(wanted, new_lock(wanted), reserved_sizes)
    name = lock.entries["acme"].name or ""
    assert OPAQUE_NAME.fullmatch(name)
    assert lock.entries["globex"].name is None
    assert update(wanted, parse_lock(render_lock(lock)), reserved_sizes) == (lock, [])
    assert len({draw_name() for _ in range(1000)}) == 1000


def test_no_template_but_the_parameters_of_workloads_names_an_opaque_tenant() -> None:
    templates = templates_of(estate())
    resources = [one for stack in templates.resources.values() for one in stack.values()]
    naming = [one for one in resources if "acme" in json.dumps([one.logical_id, one.properties])]
    assert {one.properties.get("Name") for one in naming} == {"/tenant-keys/orders", "/tenant-keys/billing"}
    aliases = {one.properties["AliasName"] for one in resources if one.type == "AWS::KMS::Alias"}
    assert aliases == {f"alias/tenant-{NAME}", "alias/tenant-globex"}


@pytest.mark.slow
def test_both_engines_prove_an_estate_with_an_opaque_tenant() -> None:
    templates = templates_of(estate())
    assert prove(templates, estate()).proved
    opinion = second_opinion(templates, estate())
    assert (opinion.breaches, opinion.not_understood, opinion.unanswered) == ([], [], [])


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ({}, f'ids.acme is missing, declared is "{NAME}"'),
        ({"acme": "globex"}, f'ids.acme is "globex", declared is "{NAME}"'),
        ({"acme": NAME, "globex": NAME}, f'ids.globex is "{NAME}", and is not declared'),
        ([NAME], f'ids is ["{NAME}"], declared is {{"acme": "{NAME}"}}'),
    ],
)
def test_the_proof_reports_a_workload_that_is_given_another_name(ids: object, told: str) -> None:
    templates = templates_of(estate()).copy()
    parameter = templates.properties("parameters-222222222222-eu-west-1", "orders")
    parameter["Value"] = json.dumps({**json.loads(parameter["Value"]), "ids": ids})
    findings = prove(templates, estate()).findings
    place = "parameter /tenant-keys/orders in eu-west-1: the parameter of workload orders contains"
    assert [finding.what.partition(": ")[2] for finding in findings] == [f"{place} ids, which differs: {told}"]


def test_the_client_calls_an_opaque_tenant_by_its_name() -> None:
    made = estate()
    text = json.dumps(workload_configuration(made.workloads["orders"], made, "eu-west-1"))
    settings = Settings.from_json(text, origin="a test")
    found = settings.names(settings.id_in_aws("acme"))
    assert found.alias_arn == f"arn:aws:kms:eu-west-1:111111111111:alias/tenant-{NAME}"
    assert found.role_arn == f"arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{NAME}.orders"
    assert (settings.id_in_aws("globex"), settings.id_in_aws(NAME)) == ("globex", NAME)


def test_a_token_carries_the_opaque_name_so_no_workload_of_tokens_is_given_ids() -> None:
    made = estate()
    assert "ids" not in workload_configuration(made.workloads["portal"], made, "eu-west-1")


@pytest.mark.parametrize("ids", [{"acme": "acme"}, {"acme": "globex", "globex": NAME}, {"acme": NAME, "b": NAME}, []])
def test_the_client_refuses_ids_of_which_one_would_be_another_tenant(ids: object) -> None:
    made = estate()
    document = {**workload_configuration(made.workloads["orders"], made, "eu-west-1"), "ids": ids}
    with pytest.raises(ConfigurationError, match="ids"):
        Settings.from_json(json.dumps(document), origin="a test")


@pytest.mark.parametrize(
    ("opaque", "name", "message"),
    [
        ("true", None, "got true, but it was created with names that hold its id, which never change; restore it"),
        ("false", NAME, f"got false, but it was created with the name {NAME}, which never change; restore it"),
    ],
)
def test_a_tenant_keeps_the_kind_of_names_that_it_was_created_with(opaque: str, name: str | None, message: str) -> None:
    lock = locked()
    held = with_entries(lock, {**lock.entries, "acme": replace(lock.entries["acme"], name=name)})
    with pytest.raises(LockError) as caught:
        resolve(manifest(OPAQUE, ("opaque: true", f"opaque: {opaque}")), held)
    assert message in {problem.message for problem in caught.value.problems}


def test_the_lock_decides_where_the_manifest_says_nothing_any_more() -> None:
    assert (
        resolve(manifest(OPAQUE, WITHOUT_AUDIT, (", opaque: true", "")), locked()).called("acme")
        == estate().tenants[NAME]
    )


def test_the_merge_base_decides_the_name() -> None:
    base, other = locked(), locked("x-" + "2" * 26)
    assert [problem.message.partition(";")[0] for problem in check_against_base(base, other)] == [
        f"its name was {NAME} and is x-{'2' * 26}"
    ]
    both = parse_lines(render_lock(base) + render_lock(other))
    assert merge_lines(both, base, manifest(OPAQUE))[0] == base
    # Two branches that added the tenant drew two names: one of them is kept, on every machine the same.
    assert merge_lines(both, None, manifest(OPAQUE))[0].entries["acme"].name == f"x-{'2' * 26}"


@pytest.mark.parametrize(
    ("edit", "place", "text"),
    [
        ("globex: {tags: {c: TheAcmeCo}, ", "tenants.globex.tags.c", "TheAcmeCo"),
        ("globex: {tags: {OfAcme: x}, ", "tenants.globex.tags.OfAcme", "OfAcme"),
        ("globex: {tags: {c: ACMEKey}, ", "tenants.globex.tags.c", "ACMEKey"),
        ("globex: {tags: {c: forACMEuse}, ", "tenants.globex.tags.c", "forACMEuse"),
        ("globex: {tags: {c: the_acme}, ", "tenants.globex.tags.c", "the_acme"),
    ],
)
def test_a_tag_that_contains_an_opaque_id_is_refused(edit: str, place: str, text: str) -> None:
    (error,) = errors(edited(OPAQUE, ("globex: {", edit)))
    assert error.startswith(f"tenants.yaml:19 {place}: got {text}, which contains the id of the opaque tenant acme; ")


@pytest.mark.parametrize("role", ["role/AcmeImport", "role/imports/KeysOfACME", "role/ACMEimport"])
def test_an_import_role_that_contains_an_opaque_id_is_refused(role: str) -> None:
    (error,) = errors(edited(OPAQUE, ("role/globex-import", role)))
    assert f"key.import_role: got {role}, which contains the id of the opaque tenant acme" in error


def test_words_that_only_begin_or_end_as_an_opaque_id_are_allowed() -> None:
    assert errors(edited(OPAQUE, ("globex: {", "globex: {tags: {c: AcmeticPlacme, Acmes: acmes1}, "))) == []


def test_of_two_ids_that_camel_case_writes_alike_the_opaque_one_counts() -> None:
    ids = IdsInText({"big-corp"}, ["big-corp", "bigcorp", "big-corp-eu"])
    assert [ids.first(one) for one in ("TheBigCorp", "BIGCorpKey", "big-corp", "bigcorp", "BigCorpEu")] == [
        "big-corp",
        "big-corp",
        "big-corp",
        None,
        None,
    ]


def test_a_plain_word_is_not_split_at_its_capitals() -> None:
    ids = IdsInText({"watch"}, [], frozenset({"cloudwatch"}))
    assert [ids.first(one) for one in ("CloudWatch", "the-CloudWatch", "TheWatch", "cloudWatcher")] == [
        None,
        None,
        "watch",
        None,
    ]


def test_people_find_an_opaque_tenant_by_its_id_and_by_its_name() -> None:
    made = estate()
    assert made.called("acme") is made.called(NAME) is made.tenants[NAME]
    assert made.called("initech") is None
    shown = view(made.tenants[NAME], made)
    assert (shown.id, shown.alias) == ("acme", f"alias/tenant-{NAME}")


def test_a_text_that_contains_an_id_twice_is_one_error() -> None:
    (error,) = errors(edited(OPAQUE, ("globex: {", "globex: {tags: {c: acme of acme}, ")))
    assert "got acme of acme, which contains the id of the opaque tenant acme" in error


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain", ("plain",)),
        (r"\u0068ooli", (r"\u0068ooli", "hooli")),
        (r"h\u006f\u006fli-eu", (r"h\u006f\u006fli-eu", "hooli-eu")),
        (r"a\\u0062c", (r"a\\u0062c", "abc")),
        (r"a\nb", (r"a\nb", "a b")),
        (r"\u12", (r"\u12", r"\u12")),
    ],
)
def test_a_text_is_read_with_the_escapes_of_json_as_well(text: str, read: tuple[str, ...]) -> None:
    assert readings(text) == read
