"""How much of a file is held on by the pedal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import pytest

from improvd.train.music import midi

if TYPE_CHECKING:
    from pathlib import Path


def file(path: Path, *feet: tuple[int, int]) -> Path:
    """Eight quavers of which each key comes up 40 ticks before the next; ``feet`` are (tick, value)."""
    events = [(tick, mido.Message("control_change", control=64, value=value)) for tick, value in feet]
    for number in range(8):
        events.append((number * 240, mido.Message("note_on", note=60 + number, velocity=80)))
        events.append((number * 240 + 200, mido.Message("note_off", note=60 + number)))
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    written = mido.MidiFile(ticks_per_beat=480)
    written.tracks.append(track)
    written.save(path)
    return path


@pytest.mark.parametrize(
    ("feet", "share"),
    [
        ((), 0.0),
        (((0, 127), (4000, 0)), 1.0),
        (((100, 127), (900, 0), (1000, 127), (1100, 0)), 0.375),  # the first three, and nothing between two
    ],
)
def test_a_note_counts_where_its_key_comes_up_over_the_pedal(
    tmp_path: Path, feet: tuple[tuple[int, int], ...], share: float
) -> None:
    assert midi.read(file(tmp_path / "a.mid", *feet)).pedalled == share
