"""Which synth the app chooses: of the cells that changed, or of everything; without a synth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aws_cdk as cdk
import pytest

import tenant_stacks
from tenant_keys.manifest import Estate
from tenant_stacks import app, full_synth
from tests.policy.estates import sample


@dataclass
class Chosen:
    """What was called, each with the folder and the digest that it got."""

    changed: list[str] | None = None
    """What a synth of the changed cells answers."""
    calls: list[tuple[str, Path | None, str | None]] = field(default_factory=list)

    def bring_up_to_date(self, folder: Path, _: Estate, around: str) -> list[str] | None:
        self.calls.append(("changed cells", folder, around))
        return self.changed

    def synthesize_everything(
        self, _: Estate, aspects: Sequence[Any], folder: Path | None, *, around: str | None
    ) -> None:
        self.calls.append((f"everything, {len(aspects)} aspects", folder, around))


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Chosen:
    made = Chosen()
    monkeypatch.delenv("CDK_OUTDIR", raising=False)
    monkeypatch.setattr(app, "bring_up_to_date", made.bring_up_to_date)
    monkeypatch.setattr(full_synth, "synthesize_everything", made.synthesize_everything)
    return made


HERE, THERE = Path("here"), Path("there")


def test_a_synth_takes_the_folder_of_the_command_line_where_none_is_given(
    chosen: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.synthesize_estate(sample(), around="a")
    monkeypatch.setenv("CDK_OUTDIR", "there")
    app.synthesize_estate(sample())
    app.synthesize_estate(sample(), outdir=HERE)
    nothing = "everything, 0 aspects"
    assert chosen.calls == [(nothing, None, "a"), (nothing, THERE, None), (nothing, HERE, None)]


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        ([], "no stack has changed; all others are reused from here\n"),
        (["one", "two"], "changed since the last synth: one, two; all others are reused from here\n"),
    ],
)
def test_where_cells_can_be_brought_up_to_date_nothing_else_is_written(
    chosen: Chosen, changed: list[str], reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen.changed = changed
    app.synthesize_estate(sample(), outdir=HERE, around="a")
    assert chosen.calls == [("changed cells", HERE, "a")]
    assert capsys.readouterr().err == reported


def test_where_they_cannot_or_an_aspect_may_differ_everything_is_written(chosen: Chosen) -> None:
    app.synthesize_estate(sample(), outdir=HERE, around="a")
    app.synthesize_estate(sample(), [cdk.Tag("team", "a")], HERE, around="a")
    assert chosen.calls == [
        ("changed cells", HERE, "a"),
        ("everything, 0 aspects", HERE, "a"),
        ("everything, 1 aspects", HERE, "a"),
    ]


def test_of_several_key_accounts_everything_is_written_and_no_record_is_left(chosen: Chosen) -> None:
    """The record is of one key account: the other's cells would be taken unread."""
    chosen.changed = []
    app.synthesize_estate(replace(sample(), siblings=(sample(),)), outdir=HERE, around="a")
    assert chosen.calls == [("everything, 0 aspects", HERE, None)]


def fake_app(named: object) -> Any:
    """In the place of the CDK's app, whose context names this manifest."""

    def made(*, auto_synth: bool) -> SimpleNamespace:
        assert auto_synth is False, "an app that is asked for its context must not write anything"
        return SimpleNamespace(node=SimpleNamespace(try_get_context={"manifest": named}.__getitem__))

    return made


@pytest.mark.parametrize(("named", "manifest"), [("other.yaml", "other.yaml"), (None, None)])
def test_where_the_context_may_be_in_a_file_the_cdk_reads_it(
    monkeypatch: pytest.MonkeyPatch, named: str | None, manifest: str | None
) -> None:
    monkeypatch.setattr(cdk, "App", fake_app(named))
    monkeypatch.setenv("CDK_CONTEXT_JSON", '{"manifest": "of the environment"}')
    assert app._manifest_of_the_context(known=False) == manifest


@pytest.mark.parametrize(
    ("context", "manifest"),
    [('{"manifest": "other.yaml"}', "other.yaml"), ('{"manifest": ""}', None), ("{}", None), ("", None), (None, None)],
)
def test_where_the_context_is_in_the_environment_the_cdk_is_not_started(
    monkeypatch: pytest.MonkeyPatch, context: str | None, manifest: str | None
) -> None:
    monkeypatch.setattr(cdk, "App", None)
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
    if context is not None:
        monkeypatch.setenv("CDK_CONTEXT_JSON", context)
    assert app._manifest_of_the_context(known=True) == manifest


def test_the_package_has_no_names_but_its_own() -> None:
    with pytest.raises(AttributeError, match="module 'tenant_stacks' has no attribute 'add_stack'"):
        _ = tenant_stacks.add_stack
