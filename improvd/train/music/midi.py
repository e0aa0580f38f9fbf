"""MIDI files to notes on the grid, read by symusic.

What a file says of time is kept in ticks of the model's grid. Where its onsets don't lie on any grid (a performance
written down at a nominal tempo), its beat is looked for in the notes, as in a recording's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.hearing import is_written
from improvd.model.tokens import Metre, TickNotes, in_order
from improvd.train.music import beats, pedals
from improvd.train.music.beats_grid import on_grid
from improvd.train.music.clean import Played
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

REVISION: Final = f"midi 3, {beats.REVISION}"
"""Rises whenever the same file would give other notes."""
SUFFIXES: Final = (".mid", ".midi", ".kar")
MOST_BYTES: Final = 16 * 2**20
MOST_NOTES: Final = 200_000
MOST_TRACKS: Final = 4096
LONGEST_BEATS: Final = 200_000
MOST_A_SECOND: Final = 200
"""Notes, on average, in music that has only seconds to go by: at a tempo of nothing a beat, all of it is one chord."""


class Heard(NamedTuple):
    """Notes on the grid, drums left out, from which tick each metre holds, and the share of notes under the pedal."""

    notes: TickNotes
    metre: list[tuple[int, Metre]]
    pedalled: float


def read(path: Path) -> Heard:
    """What is in a MIDI file. SkippedError with the reason where it can't be used."""
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
    columns = _columns(score.tracks)
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
    if not has_beat(onset, per_beat):
        played = _played(_columns(score.to("second").tracks), sane)
        if len(played.onset) > MOST_A_SECOND * max(0.25, played.onset[-1] - played.onset[0]):
            raise SkippedError(f"more than {MOST_A_SECOND} notes a second")
        return Heard(*on_grid(played), pedals.held(score.tracks))
    onset24, offset24 = (_to_grid(times, per_beat) for times in (onset, onset + duration))
    notes = in_order(onset24, pitch, offset24 - onset24, velocity)
    signatures = [(int(one.time), int(one.numerator), int(one.denominator)) for one in score.time_signatures]
    return Heard(notes, _metres(signatures, per_beat), pedals.held(score.tracks))


def _columns(tracks: Sequence[Any]) -> list[dict[str, NDArray[np.generic]]]:
    """The notes of each track that has any, but not drums."""
    return [track.notes.numpy() for track in tracks if not track.is_drum and len(track.notes)]


def _played(columns: list[dict[str, NDArray[np.generic]]], sane: NDArray[np.bool_]) -> Played:
    """The sane ones of notes in seconds as played."""
    onset, duration, pitch, velocity = (
        np.concatenate([column[name] for column in columns])[sane] for name in ("time", "duration", "pitch", "velocity")
    )
    order = np.lexsort((pitch, onset))
    onset, duration = onset[order].astype(np.float64), duration[order].astype(np.float64)
    return Played(onset, onset + duration, pitch[order].astype(np.int64), velocity[order].astype(np.int64))


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
    if head.startswith(b"MThd") and head[12] & 0x80:
        raise SkippedError("counts in time code, not in beats")


def _to_grid(ticks: NDArray[np.int64], per_beat: int) -> NDArray[np.int64]:
    return (ticks * (2 * TICKS_PER_BEAT) + per_beat) // (2 * per_beat)


def has_beat(onset: NDArray[np.int64], per_beat: int) -> bool:
    """Whether onsets (in file ticks) lie on the file's own beats, as in written or played-to-a-click music."""
    return is_written((onset % per_beat) * (TICKS_PER_BEAT / per_beat))


def _metres(signatures: list[tuple[int, int, int]], per_beat: int) -> list[tuple[int, Metre]]:
    spans = [(-1, Metre())]
    for time, numerator, denominator in sorted(signatures):
        if numerator <= 0 or denominator <= 0:
            continue
        start = round(time * TICKS_PER_BEAT / per_beat)
        bar = 4 * TICKS_PER_BEAT * numerator / denominator
        spans.append((start, Metre(downbeat=start, bar=int(bar)) if bar == int(bar) and bar > 0 else Metre()))
    return spans
