"""A piece as a MIDI file: its seed as it was, and what improvd played, on tracks of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import mido

from improvd.core.events import SUSTAIN, Beats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from improvd.compose.seed import Seed
    from improvd.core.events import BeatNote
    from improvd.core.meter import Meter

TICKS_PER_BEAT: Final = 960
OFF, CHANGE, ON = range(3)
"""In which order messages of one tick go out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece in beats. It goes on from its seed, if any, at ``start``, and ends at ``end``; both are bar lines.

    ``bpm`` is None where the seed's own tempo goes on. ``meter`` is that of what is added, and of the seed too unless
    that ends in the same. ``program`` is General MIDI's number, from 0, or None for what the seed is played on, or a
    piano.
    """

    notes: Sequence[BeatNote]
    start: Beats
    end: Beats
    bpm: float | None
    meter: Meter
    seed: Seed | None = None
    program: int | None = None


def score(piece: Piece) -> mido.MidiFile:
    """The file of a piece; the same piece gives the same bytes."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_track("improvd generate", _conductor(piece), piece.end))
    channel = 0
    if piece.seed is not None:
        channel = piece.seed.channel
        # What the seed holds beyond its end would end notes of ours.
        played = (
            (min(at, piece.start), CHANGE if one.type == "note_on" else OFF, one) for at, one in piece.seed.played
        )
        file.tracks.append(_track("seed", played, piece.end))
    file.tracks.append(_track("improvd", _ours(piece, channel), piece.end))
    return file


def _conductor(piece: Piece) -> Iterable[tuple[Beats, int, mido.MetaMessage]]:
    """Tempos and metres: those told, else the seed's own."""
    seed = piece.seed
    own_meter = seed is not None and seed.tells("time_signature") and seed.meter == piece.meter
    if piece.bpm is not None:
        yield Beats(0.0), CHANGE, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(piece.bpm))
    if not own_meter:
        count, unit = piece.meter.count, piece.meter.unit
        yield Beats(0.0), CHANGE, mido.MetaMessage("time_signature", numerator=count, denominator=unit)
    for at, one in seed.told if seed else ():
        if own_meter if one.type == "time_signature" else piece.bpm is None:
            yield at, CHANGE, one


def _ours(piece: Piece, channel: int) -> Iterable[tuple[Beats, int, mido.Message]]:
    if piece.seed is not None:
        yield piece.start, OFF, mido.Message("control_change", channel=channel, control=SUSTAIN, value=0)
    if piece.program is not None:
        yield piece.start, CHANGE, mido.Message("program_change", channel=channel, program=piece.program)
    struck_again: dict[int, Beats] = {}
    for note in sorted(piece.notes, key=lambda one: one.onset, reverse=True):
        end = min(note.onset + note.duration, struck_again.get(note.pitch, piece.end))
        struck_again[note.pitch] = note.onset
        key = {"channel": channel, "note": note.pitch}
        yield note.onset, ON, mido.Message("note_on", velocity=note.velocity, **key)
        yield Beats(end), OFF, mido.Message("note_off", velocity=0, **key)


def _track(name: str, timed: Iterable[tuple[Beats, int, mido.Message]], end: Beats) -> mido.MidiTrack:
    """Messages at their beats, in any order, as a track that lasts until ``end``."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    last = 0
    for at, _, message in sorted(((round(at * TICKS_PER_BEAT), order, one) for at, order, one in timed), key=_first):
        track.append(message.copy(time=at - last))
        last = at
    track.append(mido.MetaMessage("end_of_track", time=max(0, round(end * TICKS_PER_BEAT) - last)))
    return track


def _first(timed: tuple[int, int, mido.Message]) -> tuple[int, int]:
    return timed[:2]
