"""The folder of recordings: what is in it, what is too old or too much, and journals that became MIDI files."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from improvd.errors import UserError
from improvd.recorder import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MUSIC, JOURNAL = ".mid", ".journal"
NAMED = re.compile(r"\d{4}-\d\d-\d\d_\d\d\d\d\d\d(-\d+)?")
"""What a recording is called, by when it began; nothing else in the folder is ours."""
SUMMARY = re.compile(rb"improvd recording (\{[^}]*\})")
"""How the text in a recording's first track reads that tells what it holds."""
SUMMARIZED: dict[str, Callable[[Any], Any]] = {
    "version": str,
    "model": str,
    "began": str,
    "seconds": float,
    "turns": int,
    "heard": int,
    "played": int,
}
SUMMARY_WITHIN = 2048
"""Bytes of a file's beginning that hold its summary."""


class Limits(NamedTuple):
    """How much is kept: bytes in all, and seconds since a recording ended, None being for ever."""

    size: int
    age: float | None


class Kept(NamedTuple):
    """A recording in the folder. ``summary`` is None where it isn't known, and ``problem`` says why."""

    name: str
    path: Path
    summary: dict[str, Any] | None
    problem: str = ""


def default_folder() -> Path:
    """Where sessions are kept unless told otherwise: with the user's data, or the service's."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given) / "sessions"
    import platformdirs  # noqa: PLC0415  only where nothing else is said

    return platformdirs.user_data_path("improvd") / "sessions"


def recordings(folder: Path) -> list[Path]:
    """The MIDI files that are recordings of ours, the oldest first."""
    return _ours(folder, MUSIC)


def journals(folder: Path) -> list[Path]:
    """The recordings that are no MIDI files yet, the oldest first."""
    return _ours(folder, JOURNAL)


def listed(folder: Path) -> list[Kept]:
    """All recordings, the oldest first."""
    kept = [_kept(path) for path in recordings(folder)]
    for path in journals(folder):
        with locked(path) as ours:
            problem = _why_still_a_journal(path) if ours else "is being recorded"
        kept.append(Kept(path.stem, path, None, problem))
    return sorted(kept)


def named(folder: Path, name: str) -> Path:
    """The recording of that name, a MIDI file or a journal. Raises `UserError`."""
    there = {path.stem: path for path in (*journals(folder), *recordings(folder))}
    if path := there.get(name.removesuffix(MUSIC)):
        return path
    known = f"the last one is {max(there)}" if there else "there is none yet"
    raise UserError(f"{folder}: there is no recording {name}; {known} (see: improvd sessions)")


def prune(folder: Path, limits: Limits) -> list[Path]:
    """Delete the oldest recordings beyond the limits, but never the newest; what was deleted. May wait for a disk."""
    found = [(path, state) for path in recordings(folder) if (state := _state(path))]
    total = sum(state.st_size for _, state in found)
    deleted = []
    for path, state in found[:-1]:
        too_old = limits.age is not None and time.time() - state.st_mtime > limits.age
        if not too_old and total <= limits.size:
            continue
        with suppress(OSError):
            path.unlink()
            total -= state.st_size
            deleted.append(path)
    return deleted


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether a journal is nobody's, and while the block runs ours: who records holds it locked."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        yield take(fd, path)
    finally:
        os.close(fd)


def take(fd: int, path: Path) -> bool:
    """Lock the open file, which stood at ``path``; False where another has it, or took it away meanwhile."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(fd).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _ours(folder: Path, suffix: str) -> list[Path]:
    with suppress(OSError):
        found = [path for path in folder.iterdir() if path.suffix == suffix and NAMED.fullmatch(path.stem)]
        return sorted(found, key=lambda path: path.stem)
    return []


def _state(path: Path) -> os.stat_result | None:
    with suppress(OSError):
        return path.stat()
    return None


def _kept(path: Path) -> Kept:
    try:
        with path.open("rb") as file:
            head = file.read(SUMMARY_WITHIN)
        found = SUMMARY.search(head)
        if found is None:
            return Kept(path.stem, path, None, "is no recording of improvd's")
        summary = json.loads(found[1])
        return Kept(path.stem, path, {name: kind(summary[name]) for name, kind in SUMMARIZED.items()})
    except OSError as error:
        return Kept(path.stem, path, None, f"can't be read: {error.strerror}")
    except (ValueError, KeyError, TypeError):
        return Kept(path.stem, path, None, "is damaged")


def _why_still_a_journal(path: Path) -> str:
    try:
        journal.read(path.read_bytes())
    except (OSError, journal.DamagedError) as error:
        return f"is damaged: {error}"
    return "is not finished yet"
