"""What is written, a file or a folder, appears whole or not at all."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from improvd.errors import UserError
from improvd.whole import replacing, writing

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interrupted() -> Iterator[None]:
    """Ctrl-C at the end of a block."""
    yield
    raise KeyboardInterrupt


def test_a_file_stands_there_once_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "piece.wav"
    path.write_bytes(b"before")
    with writing(path) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_what_breaks_off_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "piece.wav"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), writing(path) as file, interrupted():
        file.write(b"half")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["nowhere/piece.mid", ""])
def test_what_cant_be_written_is_one_line_that_names_it(tmp_path: Path, where: str) -> None:
    path = tmp_path / where
    with pytest.raises(UserError, match="can't write") as caught, writing(path) as file:
        file.write(b"piece")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("place", ["model", "deep/down/model"])
def test_a_folder_stands_there_once_all_is_written(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    for text in ("before", "after"):
        with replacing(folder) as fresh:
            (fresh / text).write_text(text)
    assert contents(folder) == {"after": "after"}
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_that_breaks_off_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with replacing(folder) as fresh:
        (fresh / "one").write_text("before")
    with pytest.raises(KeyboardInterrupt), replacing(folder) as fresh, interrupted():
        (fresh / "one").write_text("half")
    assert contents(folder) == {"one": "before"}
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cant_take_its_place_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    with replacing(folder) as fresh:
        (fresh / "one").write_text("before")
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if path.name == "new":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match=f"can't write {folder}: No space left"), replacing(folder) as fresh:
        (fresh / "one").write_text("after")
    assert contents(folder) == {"one": "before"}
    assert list(tmp_path.iterdir()) == [folder]
