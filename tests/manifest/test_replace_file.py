"""Whether a file or folder can be written is asked before the work whose result it will hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.manifest.replace_file import require_writable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("")
    (tmp_path / "below").mkdir()
    return tmp_path


@pytest.mark.parametrize(("name", "is_folder"), [("file", False), ("below", True), ("new", False), ("new/a/b", True)])
def test_what_can_be_written_may_be_there_or_not(folder: Path, name: str, is_folder: bool) -> None:
    require_writable(folder / name, folder=is_folder)
    assert sorted(path.name for path in folder.iterdir()) == ["below", "file"]


@pytest.mark.parametrize(
    ("name", "is_folder", "kind", "reported"),
    [
        ("below", False, IsADirectoryError, "a directory"),
        ("file", True, NotADirectoryError, "not a directory"),
        ("file/new", False, NotADirectoryError, "{folder}/file is not a directory"),
        ("file/new/a", True, NotADirectoryError, "{folder}/file is not a directory"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_reason(
    folder: Path, name: str, is_folder: bool, kind: type[OSError], reported: str
) -> None:
    with pytest.raises(kind) as refused:
        require_writable(folder / name, folder=is_folder)
    assert refused.value.strerror == reported.format(folder=folder)
    assert refused.value.filename == folder / name


def test_a_folder_of_somebody_else_takes_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so the answer is the test's."""
    monkeypatch.setattr("os.access", lambda path, _: path != folder / "below")
    require_writable(folder / "new")
    with pytest.raises(PermissionError) as refused:
        require_writable(folder / "below/a/new")
    assert (refused.value.strerror, refused.value.filename) == ("Permission denied", folder / "below/a/new")
