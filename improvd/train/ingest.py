"""From files to pieces: each file ends as used, a duplicate, or skipped with a reason.

Recordings and scores take seconds where MIDI takes milliseconds: processes of their own read them, and what they
made of a file is remembered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.errors import CorpusError
from improvd.train import pool, scores, store
from improvd.train.audio import RECORDINGS
from improvd.train.reading import read_piece
from improvd.train.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.train.corpus import Entry
    from improvd.train.reading import Piece

SLOW: Final = {RECORDINGS: 1800.0, tuple(scores.FORMATS): 300.0}
"""What other processes read, by suffix, and how many seconds one file may take: two hours of sound at four times real
time, and a book of a thousand tunes several times over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one file ended: ``status`` is "used", "duplicate" or "skipped", with the reason where not used."""

    path: str
    status: str
    reason: str = ""


def ingest(
    entries: Sequence[Entry], progress: Callable[[int], None] = lambda _: None
) -> tuple[list[Piece], list[Outcome]]:
    """Read every file. ``progress`` is called with how many are done. CorpusError where none could be used."""
    ready: dict[int, Piece | SkippedError] = {}
    for kinds, seconds in SLOW.items():
        slow = [number for number, entry in enumerate(entries) if store.suffix(entry.path) in kinds]
        for which, result in pool.each(read_piece, [entries[number] for number in slow], seconds):
            ready[slow[which]] = result
            progress(len(ready))
    pieces: list[Piece] = []
    outcomes: list[Outcome] = []
    seen: dict[str, str] = {}
    for number, entry in enumerate(entries):
        try:
            piece = _given(ready[number]) if number in ready else read_piece(entry)
            if piece.digest in seen:
                outcomes.append(
                    Outcome(entry.path, "duplicate", f"the same notes as {store.shown(seen[piece.digest])}")
                )
            else:
                seen[piece.digest] = entry.path
                pieces.append(piece)
                outcomes.append(Outcome(entry.path, "used"))
        except SkippedError as reason:
            outcomes.append(Outcome(entry.path, "skipped", str(reason)))
        progress(max(number + 1, len(ready)))
    if not pieces:
        reasons = Counter(outcome.reason for outcome in outcomes)
        told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(4))
        example = store.name(outcomes[0].path) if outcomes else "nothing"
        raise CorpusError(f"none of the {len(outcomes)} files can be learnt from: {told}; the first is {example}")
    return pieces, outcomes


def _given(result: Piece | SkippedError) -> Piece:
    if isinstance(result, SkippedError):
        raise result
    return result
