"""Templates that the reader refuses: what is not JSON as AWS takes it, and what CloudFormation would not deploy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import (
    AssemblyUnreadable,
    TemplateRefused,
)

from .conftest import write_assembly

KEY = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Description": {"Ref": "A"}}, {}),
        ({"Description": {"Fn::Sub": "${A.Arn}"}}, {}),
        ({"Policies": [{"PolicyName": "p", "PolicyDocument": {"Resource": {"Fn::GetAtt": ["A", "Arn"]}}}]}, {}),
        ({"Description": {"Ref": "B"}}, {"Description": {"Fn::GetAtt": ["A", "Arn"]}}),
    ],
)
def test_resources_that_wait_for_themselves_are_refused(
    read: Callable[..., Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    roles = {
        name: {"Type": "AWS::IAM::Role", "Properties": {"RoleName": f"role-{name}", **properties}}
        for name, properties in (("A", first), ("B", second))
    }
    with pytest.raises(TemplateRefused, match="resources depend on each other in a circle: "):
        read(roles={"Resources": roles})


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000])
def test_a_number_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text(f'{{"Metadata": {{"x": {value}}}, "Resources": {{}}}}')
    with pytest.raises(AssemblyUnreadable, match="is not a number of JSON that AWS can hold"):
        list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize(("digits", "taken"), [(40, True), (41, False), (100, False)])
def test_a_number_has_at_most_40_digits(tmp_path: Path, digits: int, taken: bool) -> None:
    write_assembly(tmp_path, {"keys": {}})
    text = f'{{"Metadata":{{"x":{"7" * digits}}},"Resources":{{}}}}'
    for spaced in (text, text.replace(":", " : ")):
        (tmp_path / "keys.template.json").write_text(spaced)
        if taken:
            assert [dict(stack.beside)["Metadata"] for stack in Assembly.open(tmp_path).stacks()] == [
                {"x": int("7" * digits)}
            ]
        else:
            with pytest.raises(AssemblyUnreadable, match="is not a number of JSON that AWS can hold"):
                list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize("nested", ["[" * 51 + "]" * 51, '{"a":' * 51 + '"]"' + "}" * 51, "[" * 20_000 + "]" * 20_000])
def test_what_is_nested_too_deeply_is_refused(tmp_path: Path, nested: str) -> None:
    write_assembly(tmp_path, {"keys": {}})
    path = tmp_path / "keys.template.json"
    path.write_text(f'{{"Metadata": {nested}, "Resources": {{}}}}')
    with pytest.raises(AssemblyUnreadable, match="more than 50 levels of objects and lists"):
        list(Assembly.open(tmp_path).stacks())


def test_brackets_in_texts_are_no_levels(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": {}})
    text = "[" * 500 + '"{'
    (tmp_path / "keys.template.json").write_text(json.dumps({"Description": text, "Resources": {}}))
    [stack] = Assembly.open(tmp_path).stacks()
    assert stack.beside["Description"] == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"Resources": []}',
        "\ufeff{}",
        '{"Resources": {}} x',
        '{"Description": "\\ud800", "Resources": {}}',
    ],
)
def test_a_template_that_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text(text)
    with pytest.raises(AssemblyUnreadable, match=r"keys\.template\.json"):
        list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize(
    "text",
    [
        '{"Resources": {"Key": {"Type": "AWS::KMS::Key"}, "Key": {"Type": "AWS::KMS::Key"}}}',
        '{"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"A": 1, "B": 2, "\\u0041": 3}}}}',
    ],
)
def test_a_name_that_is_twice_in_one_object_is_refused(tmp_path: Path, text: str) -> None:
    """Which of the two CloudFormation would take is not documented: a laxer policy could hide behind a stricter."""
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text(text)
    with pytest.raises(AssemblyUnreadable, match=r"keys\.template\.json.*(Key|A) occurs twice in one object"):
        list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([], "not a resource with a Type"),
        ({"Type": "AWS::KMS::Key", "properties": {}}, "got properties; the attributes are Condition, Creation"),
        ({"Type": "AWS::KMS::Key", "Properties": []}, "Properties: not an object"),
        ({"Type": "AWS::KMS::Key", "DependsOn": 5}, "DependsOn: not a logical id or a list of them"),
        ({"Type": "AWS::KMS::Key", "DependsOn": {"Role": 1}}, "DependsOn: not a logical id or a list of them"),
    ],
)
def test_a_resource_of_another_form_is_refused(read: Callable[..., Any], body: object, problem: str) -> None:
    with pytest.raises(TemplateRefused, match=f"keys.template.json Key: {problem}"):
        read(keys={"Resources": {"Key": body}})


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"Resources": {"Key": {**KEY, "DependsOn": "Nope"}}}, "Key depends on Nope, which the template does not hold"),
        ({"Resources": {"Key": {**KEY, "DependsOn": "Key"}}}, "resources depend on each other in a circle: Key"),
        (
            {
                "Resources": {
                    "Key": {**KEY, "DependsOn": ["Alias"]},
                    "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
                }
            },
            "resources depend on each other in a circle: ",
        ),
        (
            {
                "Resources": {
                    "Key": {**KEY, "DependsOn": ["Alias"]},
                    "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Fn::Sub": "${Key.Arn}"}}},
                }
            },
            "resources depend on each other in a circle: ",
        ),
        ({"Rules": {"Mine": {"Assertions": []}}, "Resources": {}}, "got rule Mine; allowed: CheckBootstrapVersion"),
    ],
)
def test_a_template_that_cloudformation_refuses_is_refused(
    read: Callable[..., Any], sections: dict[str, Any], problem: str
) -> None:
    with pytest.raises(TemplateRefused, match=rf"keys\.template\.json: {problem}"):
        read(keys={"Resources": {}, **sections})


def test_outputs_of_another_form_are_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(AssemblyUnreadable, match=r"keys\.template\.json Outputs: expected an object of objects"):
        read(keys={"Resources": {}, "Outputs": {"Out": "a"}})


def test_a_template_nested_without_end_is_refused(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text('{"Resources": ' + "[" * 100_000)
    with pytest.raises(AssemblyUnreadable, match=r"keys\.template\.json"):
        list(Assembly.open(tmp_path).stacks())


def test_a_template_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """UTF-16 would hide every intrinsic from a look at the bytes."""
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_bytes('{"Resources": {}}'.encode("utf-16"))
    with pytest.raises(AssemblyUnreadable, match="not JSON in UTF-8"):
        list(Assembly.open(tmp_path).stacks())
