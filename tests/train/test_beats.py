from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.model.tokens import BEAT, BEAT_UNKNOWN, INTERVAL, PITCH
from improvd.train import beats
from improvd.train.clean import Played
from improvd.train.corpus import Entry
from improvd.train.reading import read_piece
from improvd.train.recordings import on_grid
from tests.train.sounds import plucked, write_wav

if TYPE_CHECKING:
    from pathlib import Path

RHYTHM = [0, 1, 1.5, 2, 3, 3.5, 3.75, 4, 5, 6, 6.5, 7]
"""Onsets of two bars of four, in beats."""


def onsets(bpm: float, bars: int = 8, jitter: float = 0.008, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Onsets in beats, and in seconds as somebody might play them, the tempo bending by a share and back."""
    rng = np.random.Generator(np.random.PCG64(1))
    written = np.concatenate([np.array(RHYTHM) + 8 * n for n in range(bars)])
    bend = drift * np.sin(written / written[-1] * 2 * np.pi) * written[-1] / (2 * np.pi)
    return written, 3 + (written + bend) * 60 / bpm + rng.normal(0, jitter, len(written))


@pytest.mark.parametrize("bpm", [66, 84, 100, 121, 140])
@pytest.mark.parametrize("drift", [0.0, 0.04])
def test_the_beat_of_steady_playing_is_found(bpm: float, drift: float) -> None:
    written, played = onsets(bpm, drift=drift)
    found = beats.find(played, np.ones(len(played)))
    assert found is not None
    assert found[0] <= played[0]
    assert found[-1] >= played[-1]
    where = beats.position(found, played)
    # Twice or half as fast is a beat too; what counts is that each onset has its place in it.
    level = round(float((where[-1] - where[0]) / (written[-1] - written[0])) * 2) / 2
    assert level in {0.5, 1.0, 2.0}
    phase = float(np.median(where - written * level))
    assert np.abs(where - written * level - phase).max() < 0.12
    assert abs(phase * 2 - round(phase * 2)) < 0.12


def test_no_beat_is_made_up() -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    free = np.cumsum(rng.uniform(0.15, 0.9, 200))
    assert beats.find(free, np.ones(200)) is None
    _, stumbling = onsets(100, jitter=0.08)
    assert beats.find(np.sort(stumbling), np.ones(len(stumbling))) is None


@pytest.mark.parametrize("count", [0, 1, 7, 8])
def test_few_notes_have_no_beat(count: int) -> None:
    assert beats.find(np.arange(count) * 0.5, np.ones(count)) is None
    assert beats.find(np.zeros(count), np.ones(count)) is None


def test_notes_on_a_known_beat_are_as_written_and_others_keep_their_times() -> None:
    written, times = onsets(100, jitter=0.006)
    pitch, velocity = np.full(len(times), 60), np.full(len(times), 70)
    notes, known = on_grid(Played(times, times + 0.25, pitch, velocity))
    assert known
    intervals = np.diff(notes.onset)
    level = intervals.sum() / 24 / (written[-1] - written[0])
    assert np.array_equal(intervals, np.diff(written) * 24 * level)
    free = np.cumsum(np.random.Generator(np.random.PCG64(2)).uniform(0.15, 0.9, 40))
    notes, known = on_grid(Played(free, free + 0.5, pitch[:40], velocity[:40]))
    assert not known
    assert np.array_equal(notes.onset, np.round(free * 48))
    assert set(notes.duration) <= {23, 24, 25}


@pytest.mark.needs("basic_pitch", "onnxruntime", "soundfile")
def test_a_steady_recording_lies_in_beats(tmp_path: Path) -> None:
    steps = [0.6, 0.3, 0.3, 0.6, 0.6, 0.3, 0.3, 0.3, 0.3, 0.6] * 3
    melody = [60, 64, 67, 72, 71, 67, 62, 65, 69, 60] * 3
    starts = 0.5 + np.concatenate([[0], np.cumsum(steps)[:-1]])
    notes = [(float(at), step - 0.03, pitch) for at, step, pitch in zip(starts, steps, melody, strict=True)]
    piece = read_piece(Entry(str(write_wav(tmp_path / "a.wav", plucked(notes))), "x"))
    assert piece.rows[:, PITCH].tolist() == melody
    assert piece.rows[1:, INTERVAL].tolist() == [round(step / 0.6 * 24) for step in steps[:-1]]
    assert BEAT_UNKNOWN not in piece.rows[:, BEAT]
