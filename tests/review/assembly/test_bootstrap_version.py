"""The parameter and the rule that the CDK writes about the bootstrap stack: any other is refused.

Decided by what aws-cdk-lib writes: its version is 6, its SSM parameter /cdk-bootstrap/<qualifier>/version.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import TemplateRefused
from tenant_keys.review.proof import prove
from tests.review.assembly.tampering import CELL, Json
from tools.cloud_assembly import edit_template

ROOT = Path(__file__).parents[3]
SSM = "AWS::SSM::Parameter::Value<String>"
PATH = "/cdk-bootstrap/hnb659fds/version"


def asserting(older: object, **more: object) -> Json:
    asserted = {"Fn::Not": [{"Fn::Contains": [older, {"Ref": "BootstrapVersion"}]}]}
    return {"CheckBootstrapVersion": {"Assertions": [{"Assert": asserted, **more}]}}


def parameter(**changed: object) -> Callable[[Json], object]:
    return lambda whole: whole["Parameters"]["BootstrapVersion"].update(changed)


def rules(found: object) -> Callable[[Json], object]:
    return lambda whole: whole.update(Rules=found)


TWO = asserting(["1", "2", "3", "4", "5"])
EDITS: dict[str, tuple[Callable[[Json], object], str]] = {
    "the path of another parameter": (
        parameter(Default="/cdk-bootstrap/other/version"),
        f'parameter BootstrapVersion: got default "/cdk-bootstrap/other/version"; expected {PATH}',
    ),
    "a parameter of the account's own": (
        parameter(Default="/passwords/root"),
        f'parameter BootstrapVersion: got default "/passwords/root"; expected {PATH}',
    ),
    "a path that ends in a line break": (
        parameter(Default=PATH + "\n"),
        f'parameter BootstrapVersion: got default "{PATH}\\n"; expected {PATH}',
    ),
    "a literal text": (
        parameter(Type="String", Default="6"),
        f'parameter BootstrapVersion: got type "String"; expected {SSM}',
    ),
    "a list": (
        parameter(Type="AWS::SSM::Parameter::Value<List<String>>"),
        f'got type "AWS::SSM::Parameter::Value<List<String>>"; expected {SSM}',
    ),
    "no default": (
        lambda whole: whole["Parameters"]["BootstrapVersion"].pop("Default"),
        "expected Type, Default and Description",
    ),
    "a value that is not shown": (parameter(NoEcho=True), "expected Type, Default and Description"),
    "allowed values": (parameter(AllowedValues=["21"]), "expected Type, Default and Description"),
    "a description of numbers": (parameter(Description=5), "got description 5; expected text of at most 4,000 char"),
    "a description that is too long": (parameter(Description="x" * 4001), "expected text of at most 4,000 characters"),
    "no rule": (lambda whole: whole.pop("Rules"), "got parameter BootstrapVersion without rule CheckBootstrapVersion"),
    "no parameter": (
        lambda whole: whole.pop("Parameters"),
        "got rule CheckBootstrapVersion without parameter BootstrapVersion",
    ),
    "an earlier version": (rules(asserting(["1", "2", "3", "4"])), "the CDK's, which asks for version 6"),
    "a later version": (rules(asserting(["1", "2", "3", "4", "5", "6"])), "the CDK's, which asks for version 6"),
    "no version": (rules(asserting([])), "the CDK's, which asks for version 6"),
    "numbers": (rules(asserting([1, 2, 3, 4, 5])), "the CDK's, which asks for version 6"),
    "another assertion": (
        rules({"CheckBootstrapVersion": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}}]}}),
        "the CDK's, which asks for version 6",
    ),
    "a second assertion": (
        lambda whole: whole["Rules"]["CheckBootstrapVersion"]["Assertions"].append({"Assert": False}),
        "the CDK's, which asks for version 6",
    ),
    "a condition of the rule": (
        lambda whole: whole["Rules"]["CheckBootstrapVersion"].update(RuleCondition=False),
        "the CDK's, which asks for version 6",
    ),
    "another rule": (
        lambda whole: whole["Rules"].update(Mine={"Assertions": []}),
        "got rule Mine; allowed: CheckBootstrapVersion of the CDK; other rules are not evaluated",
    ),
    "another parameter": (
        lambda whole: whole["Parameters"].update(Mine={"Type": "String", "Default": "x"}),
        "got parameter Mine; allowed: BootstrapVersion of the CDK",
    ),
    "rules as a list": (rules([]), "Rules: got []; expected an object"),
    "parameters as a list": (lambda whole: whole.update(Parameters=[]), "Parameters: got []; expected an object"),
}


def edited(assembly: Path, tmp_path: Path, edit: Callable[[Json], object]) -> Path:
    folder = tmp_path / "cdk.out"
    shutil.copytree(assembly, folder)
    edit_template(folder, CELL, edit)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", EDITS)
def test_what_the_cdk_does_not_write_is_refused(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    edit, words = EDITS[name]
    with pytest.raises(TemplateRefused) as refused:
        list(Assembly.open(edited(sample_assembly, tmp_path, edit)).stacks())
    assert f"{CELL}.template.json: " in str(refused.value)
    assert words in str(refused.value)


UNCHANGED: dict[str, Callable[[Json], object]] = {
    "as it is": lambda _: None,
    "other words": parameter(Description="x"),
    "no words": lambda whole: whole["Parameters"]["BootstrapVersion"].pop("Description"),
    "a rule without words": rules(TWO),
    "neither, as a synthesizer writes it that is told so": lambda whole: [whole.pop("Rules"), whole.pop("Parameters")],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", UNCHANGED)
def test_what_the_cdk_may_write_is_read(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    stacks = list(Assembly.open(edited(sample_assembly, tmp_path, UNCHANGED[name])).stacks())
    assert CELL in [one.name for one in stacks]


@pytest.mark.slow
def test_another_path_is_not_proved(sample_assembly: Path, tmp_path: Path) -> None:
    edit, words = EDITS["a parameter of the account's own"]
    estate: Any = load_estate(ROOT / "tenants.yaml")
    proof = prove(edited(sample_assembly, tmp_path, edit), estate)
    assert proof.verdict == "not proved"
    assert [words in one.what for one in proof.findings] == [True]
