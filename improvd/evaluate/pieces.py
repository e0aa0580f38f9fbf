"""The music to measure by: files as `improvd train` takes them, each read or skipped with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from improvd.errors import CorpusError
from improvd.model.tokens import BAR, BAR_UNKNOWN, METRE, METRE_UNKNOWN, TickNotes
from improvd.train.files import store
from improvd.train.intake import pool
from improvd.train.music.audio import RECORDINGS
from improvd.train.music.reading import read_piece
from improvd.train.music.scores import FORMATS
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from improvd.train.files.corpus import Entry
    from improvd.train.music.reading import Piece

LONGEST_READING: Final = 1800.0
"""Seconds that one recording or score may take."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read, and why."""

    path: str
    reason: str


def choose(entries: Sequence[Entry], split: str) -> list[Entry]:
    """What of a corpus a manifest puts into ``split``; CorpusError where that is nothing."""
    chosen = [entry for entry in entries if entry.split == split]
    if not chosen:
        raise CorpusError(f"no manifest puts any of these {len(entries)} files into the split {split!r}")
    return chosen


def each(entries: Sequence[Entry], progress: Callable[[float], None] = lambda _: None) -> Iterator[Piece | Skipped]:
    """Each file in order. ``progress`` is told how many are done. What takes seconds is read by other processes."""
    slow = [number for number, entry in enumerate(entries) if store.suffix(entry.path) in (*RECORDINGS, *FORMATS)]
    ready: dict[int, Piece | SkippedError] = {}
    for which, result in pool.each(read_piece, [entries[number] for number in slow], LONGEST_READING):
        ready[slow[which]] = result
        progress(len(ready))
    for number, entry in enumerate(entries):
        progress(max(number, len(ready)))
        try:
            result = ready.pop(number) if number in ready else read_piece(entry)
        except SkippedError as reason:
            result = reason
        yield Skipped(entry.path, str(result)) if isinstance(result, SkippedError) else result


def read(
    entries: Sequence[Entry], first: int | None = None, progress: Callable[[float], None] = lambda _: None
) -> tuple[list[Piece], list[Skipped]]:
    """All that can be read, each piece cut to its ``first`` notes, and what can't. CorpusError where nothing can."""
    pieces: list[Piece] = []
    skipped: list[Skipped] = []
    for one in each(entries, progress):
        if isinstance(one, Skipped):
            skipped.append(one)
        else:
            pieces.append(beginning(one, first))
    if not pieces:
        told = "; ".join(f"{store.name(one.path)}: {one.reason}" for one in skipped[:3])
        raise CorpusError(f"none of the {len(skipped)} files can be read ({told}{' …' if len(skipped) > 3 else ''})")
    return pieces, skipped


def beginning(piece: Piece, first: int | None) -> Piece:
    """A piece's first notes; all of them for None."""
    notes = piece.notes
    cut = TickNotes(notes.onset[:first], notes.pitch[:first], notes.duration[:first], notes.velocity[:first])
    return replace(piece, notes=cut, rows=piece.rows[:first])


def untold(rows: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Rows without what only the file knows: where the bars lie. The beat stays, which a player gives too."""
    out = rows.astype("int32")
    out[:, BAR], out[:, METRE] = BAR_UNKNOWN, METRE_UNKNOWN
    return out
