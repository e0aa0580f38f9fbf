"""From files to pieces: each file ends as used, a duplicate, or skipped with a reason.

MIDI is read by symusic. What a file says of time is kept in ticks of the model's grid; where its onsets don't
lie on any grid (a performance written down at a nominal tempo), the piece is marked as having no known beat.
Recordings and scores take seconds where MIDI takes milliseconds: processes of their own read them, and what they
made of a file is remembered.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.errors import CorpusError
from improvd.model.tokens import Metre, TickNotes, Vocabulary, in_order
from improvd.train import pool, recordings, scores
from improvd.train.audio import RECORDINGS
from improvd.train.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from improvd.train.corpus import Entry

MOST_BYTES: Final = 16 * 2**20
MOST_NOTES: Final = 200_000
MOST_TRACKS: Final = 4096
LONGEST_BEATS: Final = 200_000
FEWEST_NOTES: Final = 8
ON_GRID: Final = (0, 3, 6, 8, 9, 12, 15, 16, 18, 21, 24)
"""Ticks of a beat where written music puts onsets: thirty-seconds and triplets."""
GRID_TOLERANCE: Final = 0.35
SLOW: Final = {RECORDINGS: 1800.0, tuple(scores.FORMATS): 300.0}
"""What other processes read, by suffix, and how many seconds one file may take: two hours of sound at four times real
time, and a book of a thousand tunes several times over."""
GRID_SHARE: Final = 0.6
"""Written music has nearly all onsets within the tolerance of the grid; a free performance about three in ten."""


@dataclass(frozen=True)
class Piece:
    """Music to learn from: ``rows`` (notes, 7) of ids, and the exact ``velocity`` of each note."""

    entry: Entry
    rows: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one file ended: ``status`` is "used", "duplicate" or "skipped", with the reason where not used."""

    path: Path
    status: str
    reason: str = ""


def ingest(
    entries: Sequence[Entry], progress: Callable[[int], None] = lambda _: None
) -> tuple[list[Piece], list[Outcome]]:
    """Read every file. ``progress`` is called with how many are done. CorpusError where none could be used."""
    ready: dict[int, Piece | SkippedError] = {}
    for kinds, seconds in SLOW.items():
        slow = [number for number, entry in enumerate(entries) if entry.path.suffix.lower() in kinds]
        for which, result in pool.each(read_piece, [entries[number] for number in slow], seconds):
            ready[slow[which]] = result
            progress(len(ready))
    pieces: list[Piece] = []
    outcomes: list[Outcome] = []
    seen: dict[str, Path] = {}
    for number, entry in enumerate(entries):
        try:
            piece = _given(ready[number]) if number in ready else read_piece(entry)
            if piece.digest in seen:
                outcomes.append(Outcome(entry.path, "duplicate", f"the same notes as {seen[piece.digest]}"))
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
        example = outcomes[0].path.name if outcomes else "nothing"
        raise CorpusError(f"none of the {len(outcomes)} files can be learnt from: {told}; the first is {example}")
    return pieces, outcomes


def read_piece(entry: Entry) -> Piece:
    """Read one file, in this process; SkippedError with the reason where it can't be used."""
    kind = entry.path.suffix.lower()
    if kind in RECORDINGS:
        notes, metre = recordings.read(entry.path)
    elif kind in scores.FORMATS:
        notes, metre = scores.read(entry.path)
    else:
        notes, metre = read_midi(entry.path)
    if len(notes) < FEWEST_NOTES:
        raise SkippedError("fewer than 8 notes")
    rows = Vocabulary().encode(notes, metre).astype(np.uint8)
    digest = hashlib.sha1(rows.tobytes(), usedforsecurity=False).hexdigest()
    return Piece(entry, rows, notes.velocity.astype(np.uint8), digest)


def _given(result: Piece | SkippedError) -> Piece:
    if isinstance(result, SkippedError):
        raise result
    return result


def read_midi(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a MIDI file on the grid, drums left out, and from which tick each metre holds."""
    try:
        size = path.stat().st_size
        head = b""
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(14)
    except OSError as error:
        raise SkippedError(f"can't be read ({error.strerror})") from error
    _check_head(head, size)
    try:
        import symusic  # noqa: PLC0415 - only a training that meets a MIDI file needs it

        score: Any = symusic.Score(str(path))  # its stubs don't know what a score holds
    except (RuntimeError, ValueError, TypeError, OverflowError, MemoryError, OSError, UnicodeDecodeError) as error:
        raise SkippedError("damaged or cut short") from error
    per_beat = int(score.tpq)
    if per_beat <= 0:
        raise SkippedError("has no ticks to a beat")
    columns = [track.notes.numpy() for track in score.tracks if not track.is_drum and len(track.notes)]
    if not columns:
        raise SkippedError("no notes but drums" if any(len(track.notes) for track in score.tracks) else "no notes")
    onset, duration, pitch, velocity = (
        np.concatenate([column[name] for column in columns]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    )
    if len(onset) > MOST_NOTES:
        raise SkippedError(f"more than {MOST_NOTES} notes")
    sane = (onset >= 0) & (duration >= 0) & (onset <= LONGEST_BEATS * per_beat) & (velocity > 0)
    onset, duration, pitch, velocity = onset[sane], duration[sane], pitch[sane], velocity[sane]
    if len(onset) == 0:
        raise SkippedError("no notes in the first 200,000 beats")
    onset24, offset24 = (_to_grid(times, per_beat) for times in (onset, onset + duration))
    notes = in_order(onset24, pitch, offset24 - onset24, velocity)
    if not has_beat(onset, per_beat):
        return notes, [(0, Metre(beat_known=False))]
    signatures = [(int(one.time), int(one.numerator), int(one.denominator)) for one in score.time_signatures]
    return notes, _metres(signatures, per_beat)


def _check_head(head: bytes, size: int) -> None:
    if size == 0:
        raise SkippedError("empty file")
    if size > MOST_BYTES:
        raise SkippedError(f"larger than {MOST_BYTES // 2**20} MiB")
    if not head.startswith((b"MThd", b"RIFF")):
        raise SkippedError("not a MIDI file")
    if head.startswith(b"MThd") and (len(head) < 14 or size < 22):
        raise SkippedError("damaged or cut short")
    if head.startswith(b"MThd") and int.from_bytes(head[10:12], "big") > MOST_TRACKS:
        raise SkippedError(f"more than {MOST_TRACKS} tracks")


def _to_grid(ticks: NDArray[np.int64], per_beat: int) -> NDArray[np.int64]:
    return (ticks * (2 * TICKS_PER_BEAT) + per_beat) // (2 * per_beat)


def has_beat(onset: NDArray[np.int64], per_beat: int) -> bool:
    """Whether onsets (in file ticks) lie on the file's own beats, as in written or played-to-a-click music."""
    place = (onset % per_beat) * (TICKS_PER_BEAT / per_beat)
    off = np.abs(place[:, None] - np.array(ON_GRID)[None, :]).min(axis=1)
    return bool(np.mean(off <= GRID_TOLERANCE) >= GRID_SHARE)


def _metres(signatures: list[tuple[int, int, int]], per_beat: int) -> list[tuple[int, Metre]]:
    spans = [(-1, Metre())]
    for time, numerator, denominator in sorted(signatures):
        if numerator <= 0 or denominator <= 0:
            continue
        start = round(time * TICKS_PER_BEAT / per_beat)
        bar = 4 * TICKS_PER_BEAT * numerator / denominator
        spans.append((start, Metre(downbeat=start, bar=int(bar)) if bar == int(bar) and bar > 0 else Metre()))
    return spans
