"""Which tests a process runs together: a file, or a folder whose files share an estate that takes seconds."""

from __future__ import annotations

from typing import Final

from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]

FOLDERS: Final = ("tests/local/", "tests/operations/byok/", "tests/operations/verify/", "tests/recovery/")
"""With a conftest.py that deploys for the session: two processes would deploy twice."""


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # without stubs
    """As `--dist loadfile`, but for those folders."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next(filter(nodeid.startswith, FOLDERS), None)
        return folder or str(super()._split_scope(nodeid))
