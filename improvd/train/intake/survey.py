"""What is known of a corpus before anything of it is read: its parts, and what is remembered of each."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.train.files import store
from improvd.train.intake import parts, records
from improvd.train.intake.records import Facts
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.train.files.corpus import Entry
    from improvd.train.intake.parts import Part
    from improvd.train.intake.records import Record

ASKING: Final = 16
"""Threads that ask about files elsewhere."""


@dataclass(slots=True)
class Found:
    """A part, the name of its record by stamps, and the record, or None where there is none yet."""

    part: Part
    name: str
    record: Record | None


@dataclass(frozen=True)
class Survey:
    """A corpus and what the cache knows of it: ``paths`` as any process of this machine can open them.

    ``gone`` says of files that can't even be asked about, by number, why; they are in no part.
    """

    cache: str
    paths: tuple[str, ...]
    found: tuple[Found, ...]
    gone: dict[int, Facts]


def survey(entries: Sequence[Entry], cache: str) -> Survey:
    """Ask about every file, and look up every part; no file is opened."""
    paths = [
        os.path.abspath(entry.path) if store.is_local(entry.path) else entry.path  # noqa: PTH100  paths are text
        for entry in entries
    ]
    stamps = _stamps(paths)
    gone = {number: stamp for number, stamp in enumerate(stamps) if isinstance(stamp, Facts)}
    found = []
    for part in parts.parts(paths, [number for number in range(len(paths)) if number not in gone]):
        name = records.by_stamps(part.kind, [(paths[number], str(stamps[number])) for number in part.files])
        found.append(Found(part, name, records.known(cache, name)))
    return Survey(cache, tuple(paths), tuple(found), gone)


def _stamps(paths: Sequence[str]) -> list[str | Facts]:
    if all(map(store.is_local, paths)):
        return list(map(_stamp, paths))
    with ThreadPoolExecutor(ASKING) as pool:
        return list(pool.map(_stamp, paths))


def _stamp(path: str) -> str | Facts:
    try:
        return store.stamp(path)
    except SkippedError as reason:
        return Facts("", str(reason), lasting=False)
