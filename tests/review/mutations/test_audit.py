"""Each mutant of the stacks of audit and trail is judged as was written by hand; `make mutants` asks both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.structure import check_structure
from tests.sampled import sampled
from tools.mutants import audit, audit_key, trail
from tools.mutants.mutant import Harmless, Mutant, Refuted
from tools.mutants.original import Synthesized, Templates


@pytest.mark.parametrize("mutant", sampled([*audit.MUTANTS, *audit_key.MUTANTS, *trail.MUTANTS]))
def test_the_mutant_is_judged_as_expected(mutant: Mutant, original: Synthesized, tmp_path: Path) -> None:
    templates = Templates(original.templates)
    mutant.edit(templates)
    reviewed = review_estate(original.write(templates, tmp_path / "cdk.out"), original.estate)
    findings = check_structure(reviewed.inventory, reviewed.promises, original.estate)
    if isinstance(mutant.expected, Harmless):
        assert findings == []
        return
    kinds = [mutant.expected.kind] if isinstance(mutant.expected, Refuted) else {one.kind for one in findings}
    words = getattr(mutant.expected, "words", ())
    assert words
    assert any(one.kind in kinds and all(word in one.what for word in words) for one in findings), findings
