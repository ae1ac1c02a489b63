"""A mutant: one thing broken in real templates, and by hand what the proof must say of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.diff.safeguards import Texts, documents_of, lost_safeguards
from tenant_keys.review.proof import Kind, Proof, prove
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tools.mutants.original import Body, Synthesized, Templates

Edit = Callable[[Templates], None]


@dataclass(frozen=True)
class Refuted:
    """The proof finds this, in a sentence that holds these words."""

    kind: Kind
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "refuted"


@dataclass(frozen=True)
class NotProvedBecause:
    """The proof gives up and says why."""

    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "not proved"


@dataclass(frozen=True)
class LostSafeguard:
    """Another safeguard holds: still proved, and the comparison of safeguards tells which one is gone."""

    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "lost safeguard"


@dataclass(frozen=True)
class Harmless:
    """Means the same: proved, and no safeguard is missed."""

    def __str__(self) -> str:
        return "harmless"


Expectation = Refuted | NotProvedBecause | LostSafeguard | Harmless


@dataclass(frozen=True)
class Mutant:
    """What is done to the templates, and what is expected."""

    name: str
    expected: Expectation
    edit: Edit


@dataclass(frozen=True)
class Outcome:
    """What the proof said of a mutant."""

    mutant: Mutant
    proof: Proof
    lost: list[str]

    @property
    def as_expected(self) -> bool:
        """Whether it is what was expected by hand."""
        expected, verdict = self.mutant.expected, self.proof.verdict
        match expected:
            case Refuted():
                return verdict == "refuted" and any(
                    finding.kind is expected.kind and all(word in finding.what for word in expected.words)
                    for finding in self.proof.findings
                )
            case NotProvedBecause():
                return verdict == "not proved" and _in(expected.words, [one.what for one in self.proof.findings])
            case LostSafeguard():
                return verdict == "proved" and _in(expected.words, self.lost)
            case Harmless():
                return verdict == "proved" and not self.lost

    @property
    def reported(self) -> str:
        """The verdict with its worst finding, or the safeguards that are gone."""
        findings = [f"{finding.kind.name}: {finding.what}" for finding in self.proof.findings[:4]]
        return f"{self.proof.verdict} {findings} lost {self.lost[:4]}"


def judge(mutant: Mutant, original: Synthesized, safeguards: dict[str, Texts]) -> Outcome:
    """Apply a mutant and prove; `safeguards` are those of the original."""
    templates = Templates(original.templates)
    mutant.edit(templates)
    with tempfile.TemporaryDirectory() as name:
        folder = original.write(templates, Path(name) / "cdk.out")
        proof = prove(folder, original.estate)
        lost = list(lost_safeguards(safeguards, _safeguards(folder, original.estate))) if proof.proved else []
    return Outcome(mutant, proof, lost)


def safeguards_of(original: Synthesized) -> dict[str, Texts]:
    """The safeguards before anything is broken."""
    return _safeguards(original.folder, original.estate)


def _safeguards(folder: Path, estate: Estate) -> dict[str, Texts]:
    promised = promises(estate)
    return documents_of(take_inventory(Assembly.open(folder), promised), promised)


# What edits are made of.


def together(*edits: Edit) -> Edit:
    """Several edits, one after the other."""

    def edit(templates: Templates) -> None:
        for one in edits:
            one(templates)

    return edit


def without(tenant: str, *sids: str, stack: str | None = None) -> Edit:
    """Take statements out of a key policy; without sids every Deny."""

    def edit(templates: Templates) -> None:
        policy = templates.policy(tenant, stack) if stack else templates.policy(tenant)
        policy["Statement"] = [
            one for one in policy["Statement"] if (one["Sid"] not in sids if sids else one["Effect"] == "Allow")
        ]

    return edit


def adding(tenant: str, stack: str | None = None, **statement: object) -> Edit:
    """Put an Allow into a key policy."""

    def edit(templates: Templates) -> None:
        policy = templates.policy(tenant, stack) if stack else templates.policy(tenant)
        policy["Statement"].append({"Sid": "Added", "Effect": "Allow", "Resource": "*", **statement})

    return edit


def adding_resource(stack: str, kind: str, **properties: object) -> Edit:
    """Put one resource more into a stack."""

    def edit(templates: Templates) -> None:
        templates.resources(stack)["Planted"] = {"Type": kind, "Properties": properties}

    return edit


def change(find: Callable[[Templates], Body], **elements: object) -> Edit:
    """Set elements of whatever is found."""
    return lambda templates: find(templates).update(elements)


def drop(find: Callable[[Templates], Body], operator: str, key: str) -> Edit:
    """Take one condition away."""

    def edit(templates: Templates) -> None:
        condition = find(templates)["Condition"]
        del condition[operator][key]
        if not condition[operator]:
            del condition[operator]
        if not condition:
            del find(templates)["Condition"]

    return edit


def turn(find: Callable[[Templates], Body], operator: str, into: str, **values: object) -> Edit:
    """Write a condition with another operator, and with other values by key if given."""

    def edit(templates: Templates) -> None:
        condition = find(templates)["Condition"]
        keys = {**condition.pop(operator), **{name.replace("__", ":"): value for name, value in values.items()}}
        condition[into] = {**condition.get(into, {}), **keys}

    return edit


def setting(find: Callable[[Templates], Body], operator: str, key: str, value: object) -> Edit:
    """Give a condition other values."""

    def edit(templates: Templates) -> None:
        find(templates)["Condition"].setdefault(operator, {})[key] = value

    return edit


def _in(words: tuple[str, ...], texts: list[str]) -> bool:
    return any(all(word in text for word in words) for text in texts)
