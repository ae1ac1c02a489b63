"""The assembly that the tests of a second synth begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_stacks.full_synth import synthesize_everything
from tenant_stacks.last_synth import RECORD
from tests.stacks.history import AROUND, begun


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the first estate of a history, with its record."""
    folder = tmp_path_factory.mktemp("first")
    synthesize_everything(begun().estate(), (), folder, around=AROUND)
    assert (folder / RECORD).exists()
    return folder
