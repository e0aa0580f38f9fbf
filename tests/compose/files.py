"""MIDI files: made as players have them, and read as they sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido

if TYPE_CHECKING:
    from pathlib import Path

BEAT = 480


def tune(
    path: Path,
    *more: mido.Message | mido.MetaMessage,
    pitches: tuple[int, ...] = (62, 65, 69, 74, 69, 65, 62, 60),
    channel: int = 0,
) -> Path:
    """Quarter notes, each half as long as it might be, after ``more``."""
    track = mido.MidiTrack(more)
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=70, channel=channel))
        track.append(mido.Message("note_off", note=pitch, channel=channel, time=BEAT // 2))
        track.append(mido.Message("control_change", control=1, value=0, channel=channel, time=BEAT // 2))
    mido.MidiFile(tracks=[track], ticks_per_beat=BEAT).save(path)
    return path


def metre(count: int, unit: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=count, denominator=unit, time=time)


def tempo(bpm: float) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))


def timed(track: mido.MidiTrack, ticks_per_beat: int = 960) -> list[tuple[float, mido.Message]]:
    """Messages at their beats."""
    tick, out = 0, []
    for message in track:
        tick += message.time
        out.append((tick / ticks_per_beat, message))
    return out


def sounding(track: mido.MidiTrack) -> list[tuple[float, float, int]]:
    """(onset, end, pitch); a note that is struck while it sounds, or ended while it doesn't, fails."""
    down: dict[int, float] = {}
    out = []
    for beat, message in timed(track):
        if message.type == "note_on" and message.velocity:
            assert message.note not in down
            down[message.note] = beat
        elif message.type in ("note_on", "note_off"):
            out.append((down.pop(message.note), beat, message.note))
    assert not down
    return sorted(out)


def told(file: mido.MidiFile, kind: str) -> list[tuple[float, mido.MetaMessage]]:
    return [(beat, one) for beat, one in timed(file.tracks[0]) if one.type == kind]
