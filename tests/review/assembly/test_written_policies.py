"""A key policy that is left as text is the object that its template holds, and as strictly read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.assembly.json_file import WrittenObject, compact, parse_json
from tenant_keys.review.assembly.written_policies import with_written_policies
from tenant_keys.review.errors import AssemblyUnreadable, as_json

from .conftest import write_assembly

HERE = Path("keys.template.json")
SIGNS = (b'"Ref"', b'"Fn::', b"{{resolve:")
ALLOW = {"Sid": "Read", "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [ALLOW]}


def template(policy: object, kind: str = "AWS::KMS::Key", **others: object) -> dict[str, Any]:
    return {"Resources": {"Key": {"Type": kind, "Properties": {"Enabled": True, "KeyPolicy": policy, **others}}}}


def decoded(data: bytes) -> Any:
    return parse_json(HERE, data, with_written_policies(HERE, SIGNS))


def policy_of(value: Any) -> Any:
    return value["Resources"]["Key"]["Properties"]["KeyPolicy"]


@pytest.mark.parametrize("kind", ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"])
@pytest.mark.parametrize("indent", [None, 1, "\t"])
def test_a_literal_key_policy_is_left_as_text(kind: str, indent: int | str | None) -> None:
    value = decoded(json.dumps(template(POLICY, kind), indent=indent).encode())
    assert isinstance(policy_of(value), WrittenObject)
    assert policy_of(value).text == json.dumps(POLICY, separators=(",", ":"))
    assert value == template(POLICY, kind)


@pytest.mark.parametrize(
    "written",
    {
        "a reference": template({**POLICY, "Id": {"Ref": "Other"}}),
        "a function": template({**POLICY, "Id": {"Fn::Sub": "${AWS::StackName}"}}),
        "a dynamic reference": template({**POLICY, "Id": "{{resolve:ssm:/id}}"}),
        "a reference beside": template(POLICY, Description={"Ref": "Other"}),
        "a quote": template({**POLICY, "Id": 'a"b'}),
        "a letter outside ASCII": template({**POLICY, "Id": "ä"}),
        "a quote elsewhere": {**template(POLICY), "Description": 'a"b'},
        "no object": template([POLICY]),
        "a text": template(json.dumps(POLICY).replace('"', "")),
        "nothing": template(None),
        "a number": template(12),
        "another type": template(POLICY, "AWS::Some::Key"),
    }.items(),
    ids=lambda one: one[0],
)
@pytest.mark.parametrize("ascii_alone", [True, False])
def test_any_other_key_policy_is_parsed_with_its_template(written: tuple[str, Any], ascii_alone: bool) -> None:
    value = decoded(json.dumps(written[1], ensure_ascii=ascii_alone).encode())
    assert not isinstance(policy_of(value), WrittenObject)
    assert value == written[1]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Resources", "Properties", "KeyPolicy", "Type", "Ref", "a"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ),
    st.booleans(),
)
def test_any_template_is_the_value_that_it_is_without(value: Any, whole: bool) -> None:
    data = json.dumps(template(value, Tags=[value]) if whole else value).encode()
    assert decoded(data) == json.loads(data)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Version":"1","Version":"2"}', "KeyPolicy: Version occurs twice in one object"),
        ('{"Statement":[{"Sid":"a","Sid":"a"}]}', "KeyPolicy Statement[0]: Sid occurs twice in one object"),
        ('{"Id":NaN}', "KeyPolicy.Id: NaN is not a number of JSON that AWS can hold"),
        (f'{{"Id":{"7" * 41}}}', f"KeyPolicy.Id: {'7' * 40} is not a number of JSON that AWS can hold"),
        ('{"Id":1e400}', "KeyPolicy Id: 1e400 is not a number of JSON that AWS can hold"),
    ],
)
def test_a_key_policy_of_no_one_value_is_refused_with_its_place(text: str, problem: str) -> None:
    data = json.dumps(template("POLICY")).replace('"POLICY"', text).encode()
    with pytest.raises(AssemblyUnreadable) as refused:
        dict(policy_of(decoded(data)))
    assert f"keys.template.json Resources.Key.Properties.{problem}" in str(refused.value)


@pytest.mark.parametrize(
    "text", ['{"Id":01}', '{"Id":"\t"}', '{"Id":1 2}', '{"Id":[1,]}', '{"Id":tru}', '{"Id":}', "{"]
)
def test_a_key_policy_that_is_no_json_is_refused_with_its_template(text: str) -> None:
    data = json.dumps(template("POLICY")).replace('"POLICY"', text).encode()
    with pytest.raises(AssemblyUnreadable, match="not JSON in UTF-8"):
        decoded(data)


def test_levels_of_a_key_policy_count_with_those_of_its_template() -> None:
    deep: Any = "end"
    for _ in range(46):
        deep = [deep]
    assert policy_of(decoded(json.dumps(template({"Id": deep})).encode())) == {"Id": deep}
    with pytest.raises(AssemblyUnreadable, match="more than 50 levels"):
        decoded(json.dumps(template({"Id": [[deep]]})).encode())


@pytest.mark.parametrize("times", [("KeyPolicy", "KeyPolicy"), ("Properties", "Properties"), ("Type", "Type")])
def test_a_name_that_occurs_twice_around_a_key_policy_is_refused(times: tuple[str, str]) -> None:
    text = json.dumps(template(POLICY), separators=(",", ":"))
    name, again = times
    part = text[text.index(f'"{name}":') :]
    value, _ = json.JSONDecoder().raw_decode(part.partition(":")[2])
    twice = text.replace(f'"{name}":', f'"{again}":{json.dumps(value)},"{name}":', 1)
    with pytest.raises(AssemblyUnreadable, match=f"{name} occurs twice in one object"):
        decoded(twice.encode())


def test_a_written_object_shows_as_the_object_that_it_is(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": template(POLICY)})
    [stack] = Assembly.open(tmp_path).stacks()
    properties = stack.resources["Key"].properties
    assert isinstance(properties["KeyPolicy"], WrittenObject)
    assert compact(properties) == json.dumps(template(POLICY)["Resources"]["Key"]["Properties"], separators=(",", ":"))
    assert as_json(properties) == as_json(template(POLICY)["Resources"]["Key"]["Properties"])
    assert str(properties["KeyPolicy"]) == json.dumps(POLICY, separators=(",", ":"))
