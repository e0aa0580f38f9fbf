"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, beside ``path``, which takes its place once the block has ended without an error.

    What else writes to it by its ``name`` may do so. Raises UserError where it can't be written. May wait for a disk.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UserError(f"can't write {path}: {error.strerror}") from None


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A fresh folder to write to, beside ``folder``, which takes its place once the block has ended without an error.

    It may hold files alone. Raises UserError where it can't be written. May wait for a disk.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as hidden:
            fresh, stale = Path(hidden) / "new", Path(hidden) / "old"
            fresh.mkdir()
            yield fresh
            for written in fresh.iterdir():
                _sync(written)
            if folder.exists():
                folder.rename(stale)
            try:
                fresh.rename(folder)
            except OSError:
                if stale.exists():
                    stale.rename(folder)
                raise
    except OSError as error:
        raise UserError(f"can't write {folder}: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Tell the disk which names there are in a folder: what came, went or was renamed there outlives the power.

    Waits for the disk. Raises OSError.
    """
    _sync(folder, os.O_DIRECTORY)


def _sync(path: Path, flags: int = 0) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
