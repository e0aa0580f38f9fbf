"""Seeds that were played without a click: their own beats are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import pytest

from improvd.compose import seed
from improvd.core.meter import Meter
from tests.compose.files import tempo

if TYPE_CHECKING:
    from pathlib import Path

BEATS = (0, 1, 1.5, 2, 3, 3.5, 4, 5, 5.5, 6, 7, 8, 9, 9.5, 10, 11, 11.5, 12, 13, 14)


def recorded(path: Path, bpm: float, start: float, *told: mido.MetaMessage, late: float = 0.0) -> Path:
    """Notes on ``BEATS`` of a tempo of their own, ``start`` seconds after the file's, which counts 120 beats a minute.

    Every other note is ``late`` by so many seconds.
    """
    track, last = mido.MidiTrack(told), 0
    for number, beat in enumerate(BEATS):
        second = start + beat * 60 / bpm + late * (number % 2)
        for kind, at in (("note_on", second), ("note_off", second + 0.2)):
            tick = round(at * 960)
            track.append(mido.Message(kind, note=60 + number % 12, velocity=70, time=tick - last))
            last = tick
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return path


@pytest.mark.parametrize(("bpm", "start", "late"), [(97.3, 0.0, 0.0), (97.3, 3.7, 0.012), (112.0, 1.23, 0.01)])
def test_a_recording_is_counted_in_the_beats_that_were_played(
    tmp_path: Path, bpm: float, start: float, late: float
) -> None:
    read = seed.read(recorded(tmp_path / "a.mid", bpm, start, late=late))
    ((at, found),) = [(at, one) for at, one in read.told if one.type == "set_tempo"]
    assert at == 0.0
    assert mido.tempo2bpm(found.tempo) == pytest.approx(bpm, rel=0.015)
    onsets = [note.onset for note in read.notes]
    assert onsets[0] >= 0.0
    assert [onset - onsets[0] for onset in onsets] == pytest.approx(BEATS, abs=0.15)
    # It goes on at a bar line of these beats.
    assert read.meter == Meter()
    assert read.next_bar(Meter()) - onsets[0] == pytest.approx(16, abs=0.1)


def test_tempos_of_the_file_are_gone_by_when_it_was_played(tmp_path: Path) -> None:
    """At half the file's tempo the same ticks are half as fast."""
    read = seed.read(recorded(tmp_path / "a.mid", 140.0, 0.37, tempo(60)))
    (found,) = [one for _, one in read.told if one.type == "set_tempo"]
    assert mido.tempo2bpm(found.tempo) == pytest.approx(70.0, rel=0.015)


def test_what_comes_before_the_first_note_comes_with_it(tmp_path: Path) -> None:
    program = mido.Message("program_change", program=5)
    read = seed.read(recorded(tmp_path / "a.mid", 97.3, 5.0, program))
    assert read.played[0][1].type == "program_change"
    assert 0.0 <= read.played[0][0] == read.notes[0].onset <= 1.0


def test_what_lies_in_the_files_beats_stays_in_them(tmp_path: Path) -> None:
    read = seed.read(recorded(tmp_path / "a.mid", 120.0, 0.0))
    assert [note.onset for note in read.notes] == pytest.approx(BEATS)
    assert not read.told
