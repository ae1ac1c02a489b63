"""What a stack's synthesizer does with files: it checks the template alone, and hands every file on as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from constructs import IConstruct

from tenant_stacks import add_stacks
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.synthesizer import EstateSynthesizer, synthesizers
from tests.policy.estates import estate_of_text, manifest


def test_a_file_that_is_no_template_is_handed_on_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handed_on: list[dict[str, Any]] = []
    monkeypatch.setattr(cdk.DefaultStackSynthesizer, "add_file_asset", lambda _, **asset: handed_on.append(asset))
    synthesizer = EstateSynthesizer()
    cdk.Stack(cdk.App(outdir=str(tmp_path)), "Own", synthesizer=synthesizer)
    asset: dict[str, Any] = {
        "source_hash": "1a",
        "deploy_time": True,
        "display_name": "Code",
        "executable": ["build"],
        "file_name": "code.zip",
        "packaging": cdk.FileAssetPackaging.ZIP_DIRECTORY,
    }
    synthesizer.add_file_asset(**asset)
    assert handed_on == [asset]
    with pytest.raises(FileNotFoundError):  # it is read before it is handed on
        synthesizer.add_file_asset(**asset | {"file_name": "Own.template.json"})


def test_the_synthesizers_are_those_of_our_stacks_alone(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    own = EstateSynthesizer()
    cdk.Stack(app, "Own", synthesizer=own)
    cdk.Stack(app, "Other")
    cdk.Stage(app, "Stage")
    assert synthesizers(app) == {"Own": own}


@jsii.implements(cdk.IAspect)
class Unknown:
    """An Aspect that could read a name."""

    def visit(self, node: IConstruct) -> None:
        """Nothing: that it could is enough."""


CELL = "tenant-keys-cell-eu-west-1-001"


@pytest.mark.parametrize("path", [(), (CELL,), (CELL, "t0"), (CELL, "t0", "Key")], ids=len)
def test_an_aspect_that_is_not_known_is_refused_on_any_construct(path: tuple[str, ...], tmp_path: Path) -> None:
    estate = estate_of_text(manifest(tenants="\n".join(f"  t{n}: {{workloads: [orders]}}" for n in range(3))))
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False)
    add_stacks(app, estate, stamped=True)
    construct: IConstruct = app
    for name in path:
        construct = construct.node.find_child(name)
    cdk.Aspects.of(construct).add(Unknown())
    synthesizer: Any = synthesizers(app)[CELL]
    named = "/".join(path) or "the app"
    with pytest.raises(NotOnlyNames, match=f": {named} has an Aspect that may read a tenant's name"):
        synthesizer._check_aspects()
