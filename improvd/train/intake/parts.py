"""How a corpus is divided: into parts that are read at once, and into what one shard holds.

Both go by a hash of each file's name and path, as in a tree that branches by one bit after the other until a branch is
small enough. So a file that is added, changed or taken away concerns one part and one shard, and none besides; at most
a branch that has grown too large becomes two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.train.files import store
from improvd.train.music import scores
from improvd.train.music.audio import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MIDI, SCORES, RECORDED = "midi", "scores", "recordings"
MOST_FILES: Final = {MIDI: 192, SCORES: 8, RECORDED: 1}
"""Files that a part may have, by kind: half a second's reading of MIDI; what takes long loses less when broken off."""
SHARD_NOTES: Final = 1_500_000
"""Notes that a shard may have, if it has more than one piece: 20 MB in memory, a third of that as a file."""
SHARD_PIECES: Final = 4096
"""Pieces that a shard may have, however short: what one task is told stays small."""
_BITS: Final = 256


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one ``kind`` that are read together, by their numbers in the corpus."""

    kind: str
    files: tuple[int, ...]


def kind(path: str) -> str:
    """What kind of file it is: MIDI where its name says nothing else, so that its reader says what is wrong with it."""
    suffix = store.suffix(path)
    if suffix in RECORDINGS:
        return RECORDED
    return SCORES if suffix in scores.FORMATS else MIDI


def parts(paths: Sequence[str], numbers: Sequence[int]) -> list[Part]:
    """The files of these numbers as parts, in an order that goes by the paths alone."""
    marks = {number: mark(paths[number]) for number in numbers}
    kinds: dict[str, list[int]] = {RECORDED: [], SCORES: [], MIDI: []}
    for number in numbers:
        kinds[kind(paths[number])].append(number)
    return [
        Part(name, tuple(branch))
        for name, files in kinds.items()  # what takes longest first, or one would be left with it at the end
        for branch in _branches(files, marks.__getitem__, lambda _: 1, MOST_FILES[name])
    ]


def buckets(paths: Sequence[str], notes: Sequence[int], used: Sequence[int]) -> list[tuple[int, ...]]:
    """The files of these numbers as what one shard each holds, in an order that goes by the paths alone."""
    marks = {number: mark(paths[number]) for number in used}
    least = SHARD_NOTES // SHARD_PIECES
    branches = _branches(list(used), marks.__getitem__, lambda number: max(least, notes[number]), SHARD_NOTES)
    return [tuple(branch) for branch in branches]


def mark(path: str) -> int:
    """The number of 256 bits by which a file is put in its place.

    The first half goes by the file's own name: a folder that is moved, or a file that is moved to another, stays in
    its place, next to what was read of it.
    """
    halves = (store.name(path).encode(), path.encode(errors="surrogateescape"))
    return int.from_bytes(b"".join(hashlib.sha256(half).digest()[: _BITS // 16] for half in halves), "big")


def _branches(
    files: list[int], mark_of: Callable[[int], int], size: Callable[[int], int], most: int, bit: int = _BITS - 1
) -> Iterator[list[int]]:
    if not files:
        return
    if len(files) == 1 or bit < 0 or sum(map(size, files)) <= most:
        yield sorted(files, key=mark_of)
        return
    for side in (0, 1):
        below = [file for file in files if mark_of(file) >> bit & 1 == side]
        yield from _branches(below, mark_of, size, most, bit - 1)
