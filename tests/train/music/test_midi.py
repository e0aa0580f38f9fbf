from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest

from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    DURATION,
    DURATIONS,
    INTERVAL,
    INTERVALS,
    METRE,
    PITCH,
)
from improvd.train.files.corpus import Entry
from improvd.train.music import midi
from improvd.train.music.midi import has_beat
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError
from tests.train.midi_files import PER_BEAT, tune, write_midi

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("symusic")


def test_notes_lie_on_the_grid(tmp_path: Path) -> None:
    written = [(0, 48, 480, 80), (240, 64, 160, 90), (240, 60, 160, 90), (243, 67, 160, 90), (1440, 72, 1, 1)]
    piece = read_piece(
        Entry(str(write_midi(tmp_path / "a.mid", written + [(2400 + n * 480, 60, 480, 64) for n in range(5)])), "x")
    )
    assert INTERVALS[piece.rows[1:5, INTERVAL]].tolist() == [12, 0, 0, 60]
    assert piece.rows[:5, PITCH].tolist() == [48, 60, 64, 67, 72]
    assert DURATIONS[piece.rows[:5, DURATION]].tolist() == [24, 8, 8, 8, 1]
    assert piece.notes.velocity[:2].tolist() == [80, 90]


def test_bars_follow_the_time_signature(tmp_path: Path) -> None:
    piece = read_piece(Entry(str(write_midi(tmp_path / "a.mid", tune(1), metre=(3, 4))), "x"))
    assert piece.rows[:8, BAR].tolist() == [0, 1, 2, 3, 4, 5, 0, 1]
    assert set(piece.rows[:, METRE].tolist()) == {6}
    assert piece.rows[:3, BEAT].tolist() == [0, 12, 0]


def test_drums_are_left_out(tmp_path: Path) -> None:
    drums = write_midi(tmp_path / "drums.mid", tune(1), channel=9)
    with pytest.raises(SkippedError, match="no notes but drums"):
        midi.read(drums)


def test_a_free_performance_has_no_beat(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    free = [(int(rng.integers(0, 50_000)), int(rng.integers(40, 90)), 200, 70) for _ in range(100)]
    piece = read_piece(Entry(str(write_midi(tmp_path / "a.mid", free)), "x"))
    assert (piece.rows[:, BEAT] == BEAT_UNKNOWN).all()
    assert (piece.rows[:, BAR] == BAR_UNKNOWN).all()


@pytest.mark.parametrize("step", [480, 240, 160, 120, 80, 60])
def test_written_rhythms_have_a_beat(step: int) -> None:
    assert has_beat(np.arange(0, 200 * step, step) + 3, PER_BEAT)


def _edited(path: Path, edit: object) -> Path:
    path.write_bytes(edit(path.read_bytes()))  # type: ignore[operator]  # only functions are given
    return path


def _no_division(path: Path) -> Path:
    return _edited(path, lambda data: data[:12] + b"\0\0" + data[14:])


def _smpte(path: Path) -> Path:
    return _edited(path, lambda data: data[:12] + struct.pack(">bB", -25, 40) + data[14:])


def _many_tracks(path: Path) -> Path:
    return _edited(path, lambda data: data[:10] + b"\xff\xff" + data[12:])


def _long_track(path: Path) -> Path:
    return _edited(path, lambda data: data[:18] + b"\x7f\xff\xff\xff" + data[22:])


def _garbage(path: Path) -> Path:
    return _edited(path, lambda data: data[:22] + bytes(range(256)) * 4)


BAD = {
    "empty": (lambda path: _edited(path, lambda _: b""), "empty file"),
    "text": (lambda path: _edited(path, lambda _: b"once upon a time"), "not a MIDI file"),
    "an mp3": (lambda path: _edited(path, lambda _: b"ID3\x04" + bytes(4000)), "not a MIDI file"),
    "only its head": (lambda path: _edited(path, lambda data: data[:14]), "damaged or cut short"),
    "cut in its head": (lambda path: _edited(path, lambda data: data[:9]), "damaged or cut short"),
    "cut in a track": (lambda path: _edited(path, lambda data: data[: len(data) // 2]), "damaged or cut short"),
    "garbage in a track": (_garbage, "damaged or cut short|no notes|fewer than"),
    "a track longer than the file": (_long_track, "damaged or cut short"),
    "no ticks to a beat": (_no_division, "damaged or cut short|no ticks to a beat"),
    "more tracks than any": (_many_tracks, "more than 4096 tracks"),
    "few notes": (lambda path: write_midi(path, tune(1, 5)), "fewer than 8 notes"),
    "no notes": (lambda path: write_midi(path, []), "no notes"),
    "a folder": (lambda path: (path.unlink(), path.mkdir())[1] or path, "a folder"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_skipped_with_its_reason(kind: str, tmp_path: Path) -> None:
    make, reason = BAD[kind]
    path = make(write_midi(tmp_path / "bad.mid", tune(1)))
    with pytest.raises(SkippedError, match=reason):
        read_piece(Entry(str(path), "x"))


def test_time_code_instead_of_beats_does_no_harm(tmp_path: Path) -> None:
    try:
        notes, *_ = midi.read(_smpte(write_midi(tmp_path / "a.mid", tune(1))))
    except SkippedError:
        return
    assert len(notes) == 64


def test_size_and_length_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_midi(tmp_path / "a.mid", tune(1))
    monkeypatch.setattr(midi, "MOST_NOTES", 60)
    with pytest.raises(SkippedError, match="more than 60 notes"):
        midi.read(path)
    monkeypatch.setattr(midi, "MOST_BYTES", 100)
    with pytest.raises(SkippedError, match="larger than"):
        midi.read(path)


def test_huge_times_do_no_harm(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=1)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for pitch in range(40, 60):
        track.append(mido.Message("note_on", note=pitch, velocity=64, time=2**27))
        track.append(mido.Message("note_off", note=pitch, time=10))
    file.save(tmp_path / "a.mid")
    with pytest.raises(SkippedError, match=r"first 200,000 beats|damaged"):
        midi.read(tmp_path / "a.mid")


def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(SkippedError, match="can't be read"):
        midi.read(tmp_path / "gone.mid")
