"""What is written appears whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from improvd.errors import UserError
from improvd.files.whole import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
