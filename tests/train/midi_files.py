"""MIDI files made for a test: tunes that differ by seed, on the beat or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

PER_BEAT = 480


def write_midi(
    path: Path,
    notes: list[tuple[int, int, int, int]],
    *,
    channel: int = 0,
    metre: tuple[int, int] = (4, 4),
    kind: int = 1,
) -> Path:
    """Notes are (onset, pitch, duration, velocity), in ticks of which a beat has 480."""
    events = []
    for onset, pitch, duration, velocity in notes:
        events.append((onset, 1, mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)))
        events.append((onset + duration, 0, mido.Message("note_off", note=pitch, channel=channel)))
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1], time=0))
    now = 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=at - now))
        now = at
    path.parent.mkdir(parents=True, exist_ok=True)
    file = mido.MidiFile(type=kind, ticks_per_beat=PER_BEAT)
    file.tracks.append(track)
    file.save(path)
    return path


def tune(seed: int, count: int = 64) -> list[tuple[int, int, int, int]]:
    """Eighths up and down a scale, another one for each seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    scale = [0, 2, 4, 5, 7, 9, 11, 12]
    at = np.clip(np.cumsum(rng.integers(-2, 3, count)) + 4, 0, 7)
    return [(n * 240, 60 + scale[place], 220, 70 + seed % 20) for n, place in enumerate(at.tolist())]


def corpus(folder: Path, pieces: int = 12, count: int = 64, first: int = 0) -> Path:
    for seed in range(first, first + pieces):
        write_midi(folder / f"tune-{seed:02}.mid", tune(seed, count))
    return folder
