"""What the score rests on."""

from __future__ import annotations

from collections import Counter
from json import dumps

from tenant_keys.review.proof import prove
from tools.mutants.catalogue import MUTANTS
from tools.mutants.mutant import Refuted
from tools.mutants.original import Synthesized, Templates


def test_the_estate_is_proved_before_anything_is_broken(original: Synthesized) -> None:
    proof = prove(original.folder, original.estate)
    assert proof.verdict == "proved"
    assert (proof.tenants, proof.keys) == (13, 14)


def test_there_are_enough_mutants_of_each_kind_and_none_twice() -> None:
    kinds = Counter(str(mutant.expected) for mutant in MUTANTS)
    assert len(MUTANTS) >= 350
    assert kinds["refuted"] >= 60
    assert kinds["lost safeguard"] >= 30
    assert kinds["not proved"] >= 12
    assert kinds["harmless"] >= 12
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_every_mutant_changes_something(original: Synthesized) -> None:
    for mutant in MUTANTS:
        templates = Templates(original.templates)
        mutant.edit(templates)
        pairs = ((body, original.templates[name]) for name, body in templates.opened.items())
        assert any(one != other or dumps(one) != dumps(other) for one, other in pairs), mutant.name


def test_a_refutation_names_its_kind_and_says_of_whom() -> None:
    assert all(mutant.expected.words for mutant in MUTANTS if isinstance(mutant.expected, Refuted))
