"""Which members of a cell are real constructs, and how the others are written from their text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tenant_stacks.cell import Cell, Member, alike, tags_of
from tenant_stacks.pattern import NotOnlyNames
from tests.policy.estates import estate_of_text, manifest

CUSTODIAN = "{account: '555555555555', role: role/Keys, external_id: g-1}"
HELD = "arn:aws:kms:eu-west-1:666666666666:key/11111111-2222-3333-4444-55555555555"


def member(name: str, kind: str = "key", tags: Mapping[str, str] | None = None) -> Member:
    return Member(name, (name, f"X{name}"), (f"Key{name}",), kind, tags or {})


def template(*names: str, own: Mapping[str, str] | None = None, more: str = "") -> str:
    """As the CDK writes it, with the tags of each."""
    keys = (f'"Key{name}":{{"Type":"K","Tags":"{(own or {}).get(name, "")}","Of":"{name}"}}' for name in names)
    return f'{{"Description":"é","Resources":{{{",".join(keys)}{more}}}}}'


@pytest.mark.parametrize(
    ("members", "real"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "ccc", "b", "ddd"], ["ccc", "ddd"]),  # the longest
        (["aa", "bb", "cc"], ["aa", "bb"]),  # the first of the same length
    ],
)
def test_the_two_longest_ids_of_a_class_are_real_constructs(members: list[str], real: list[str]) -> None:
    cell = Cell([member(name) for name in members])
    assert cell.real == real
    assert cell.stamped == (len(members) > 2)


def test_the_id_decides_which_are_the_longest_and_no_other_name() -> None:
    names = {"aaa": "1", "bb": "222", "cc": "3333", "ddd": "4"}
    assert Cell([Member(one, (one, other), (), "key", {}) for one, other in names.items()]).real == ["aaa", "ddd"]


def test_each_class_has_examples_of_its_own() -> None:
    cell = Cell([*map(member, ("a1", "a2", "a3")), *(member(name, "role") for name in ("b1", "b2", "b3"))])
    assert cell.real == ["a1", "a2", "b1", "b2"]


def test_the_others_are_written_where_their_constructs_would_be_and_all_else_stays() -> None:
    metadata = ',"CDKMetadata":{"Type":"AWS::CDK::Metadata"}'
    cell = Cell([member(name) for name in ("z", "aa", "bb", "c")])
    assert cell.complete(template("aa", "bb", more=metadata)) == template("z", "aa", "bb", "c", more=metadata)


def test_the_value_of_a_tag_that_each_has_of_its_own_is_one_of_its_names() -> None:
    """A pair of key and value, as the template has it: a value alone is a word of other texts."""
    tags = {name: f"É-{number}" for number, name in enumerate(("aa", "bb", "c", "d"))}
    members = [Member(one, (one,), (f"Key{one}",), "key", {"number": value}) for one, value in tags.items()]

    def written(*names: str) -> str:
        keys = {name: {"Type": "K", "Tags": [{"Key": "number", "Value": tags[name]}]} for name in names}
        resources = {f"Key{name}": one for name, one in keys.items()}
        return json.dumps({"Resources": resources}, separators=(",", ":"), ensure_ascii=False)

    assert Cell(members).complete(written("aa", "bb")) == written("aa", "bb", "c", "d")


@pytest.mark.parametrize(
    ("values", "real"),
    [
        (["1", "2", "3"], ["aa", "bb"]),  # each has its own
        (["1", "1", "1"], ["aa", "bb"]),  # one for all
        (["\0-1", "\0-2", "\0-3"], ["aa", "bb", "c"]),  # with the id in it, any other text is another class
        (["1", "1", "2"], ["aa", "bb", "c"]),  # one that some share
    ],
)
def test_tags_make_a_class_where_all_share_the_value_or_each_has_its_own(values: list[str], real: list[str]) -> None:
    members = [member(name, tags={"of": value}) for name, value in zip(("aa", "bb", "c"), values, strict=True)]
    assert Cell(members).real == real


def test_a_resource_that_is_no_members_or_is_missing_is_refused() -> None:
    cell = Cell([member("a"), member("b")])
    with pytest.raises(NotOnlyNames, match="Keyx: no resource of a tenant"):
        cell.complete(template("a", "b", "x"))
    with pytest.raises(NotOnlyNames, match="b: Keyb is not in the template"):
        cell.complete(template("a"))


def test_tenants_with_custodians_or_keys_of_their_own_are_alike_only_where_these_are_the_same() -> None:
    keys = (
        *(f"{{origin: imported, custodian: {CUSTODIAN.replace('g-1', f'g-{number}')}}}" for number in (1, 2)),
        *(f"{{held_by: tenant, arns: {{eu-west-1: '{HELD}{digit}'}}}}" for digit in (1, 2)),
    )
    tenants = "\n".join(f"  t{number}: {{workloads: [orders], key: {key}}}" for number, key in enumerate(keys))
    one, other, held, other_held = estate_of_text(manifest(tenants=tenants)).tenants.values()
    assert len({alike(tenant) for tenant in (one, other, held, other_held)}) == 4
    assert alike(replace(other, custodian=one.custodian)) == alike(one)
    assert alike(replace(other_held, held=held.held)) == alike(held)


def test_a_tenants_id_in_the_value_of_a_tag_is_written_as_a_character_that_no_manifest_has() -> None:
    tags = "{mail: 'acme@example.com', plan: trial}"
    (tenant,) = estate_of_text(manifest(tenants=f"  acme: {{workloads: [orders], tags: {tags}}}")).tenants.values()
    assert list(tags_of(tenant).items()) == [("mail", "\0@example.com"), ("plan", "trial")]
