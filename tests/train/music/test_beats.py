from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.model.tokens import BEAT, BEAT_UNKNOWN, INTERVAL, PITCH, Vocabulary
from improvd.train.files.corpus import Entry
from improvd.train.music import beats, beats_chain, beats_heard
from improvd.train.music.beats_grid import on_grid
from improvd.train.music.beats_trust import agree
from improvd.train.music.clean import Played
from improvd.train.music.reading import read_piece
from tests.train.midi_files import write_midi
from tests.train.sounds import plucked, write_wav

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

RHYTHM = [0, 1, 1.5, 2, 3, 3.5, 3.75, 4, 5, 6, 6.5, 7]
"""Onsets of two bars of four, in beats."""
SCALE = [0, 2, 4, 5, 7, 9, 11, 12]


def piece(bars: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A tune over chords on every other beat: onset and length in beats, pitch, velocity, in order."""
    rng = np.random.Generator(np.random.PCG64(1))
    notes = []
    for bar in range(0, bars, 2):
        for at, end in zip(RHYTHM, [*RHYTHM[1:], 8], strict=True):
            notes.append((4 * bar + at, 0.9 * (end - at), 72 + SCALE[rng.integers(8)], 78))
        for half in range(0, 8, 2):
            root = 48 + SCALE[rng.integers(6)]
            notes += [(4 * bar + half, 1.8, root + third, 64) for third in (0, 4, 7)]
    onset, length, pitch, velocity = np.array(sorted(notes)).T
    return onset, length, pitch.astype(np.int64), velocity.astype(np.int64)


def performed(
    clock: Callable[[np.ndarray], np.ndarray], jitter: float = 0.008, bars: int = 12, spread: float = 0.0
) -> tuple[np.ndarray, Played]:
    """The written onsets in beats, and the piece as played: ``clock`` takes beats to seconds, chords are rolled."""
    rng = np.random.Generator(np.random.PCG64(2))
    written, length, pitch, velocity = piece(bars)
    rank = np.arange(len(written)) - np.searchsorted(written, written)
    onset = 3 + clock(written) + rng.normal(0, jitter, len(written)) + spread * rank
    offset = onset + clock(written + length) - clock(written)
    order = np.lexsort((pitch, onset))
    return written[order], Played(onset[order], offset[order], pitch[order], velocity[order])


def at_tempo(bpm: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda beat: beat * 60 / bpm


def bending(bpm: float, share: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda beat: (beat + share * np.sin(beat / 48 * 2 * np.pi) * 48 / (2 * np.pi)) * 60 / bpm


def slowing(beat: np.ndarray) -> np.ndarray:
    """A steady tempo, but for the last two bars, which grow slower and slower to half of it."""
    return (beat + np.maximum(beat - 40, 0) ** 2 / 16) * 0.55


def right(found: beats.Beats, written: np.ndarray, played: Played) -> np.ndarray:
    """Whether each beat found goes with the written ones, at their tempo, half or twice of it."""
    real = np.interp(np.arange(written[-1] + 1), written, played.onset)
    inside = (found.times[:-1] >= real[0] - 0.01) & (found.times[1:] <= real[-1] + 0.01)
    return np.asarray(agree(found.times, real)[inside])


@pytest.mark.parametrize("bpm", [66, 84, 100, 121, 140])
@pytest.mark.parametrize("share", [0.0, 0.06])
def test_the_beat_of_steady_and_of_drifting_playing_is_found(bpm: float, share: float) -> None:
    written, played = performed(bending(bpm, share))
    found = beats.find(played)
    assert found is not None
    assert found.known.mean() > 0.9
    assert right(found, written, played).mean() > 0.95


@pytest.mark.parametrize(
    ("clock", "jitter", "spread"),
    [(slowing, 0.008, 0.0), (at_tempo(92), 0.02, 0.0), (at_tempo(92), 0.008, 0.02), (bending(80, 0.15), 0.015, 0.01)],
    ids=["a ritardando", "unsteady hands", "rolled chords", "rubato"],
)
def test_the_beat_of_expressive_playing_is_found(
    clock: Callable[[np.ndarray], np.ndarray], jitter: float, spread: float
) -> None:
    written, played = performed(clock, jitter, spread=spread)
    found = beats.find(played)
    assert found is not None
    assert right(found, written, played).mean() > 0.9
    assert found.known.mean() > 0.8


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (np.arange(20) * 0.5, True),
        (np.arange(20) * 0.5 + 0.25, True),
        (np.arange(40) * 0.25, True),
        (np.arange(12) * 1.0, True),
        (np.arange(12) * 1.0 + 0.5, True),
        (np.arange(20) * 0.5 + 0.12, False),
        (np.arange(30) / 3, False),
        (np.arange(20) * 0.75, False),
    ],
    ids=[
        "the same",
        "the off-beat",
        "twice",
        "half",
        "half from the other",
        "between",
        "three for two",
        "two for three",
    ],
)
def test_chains_agree_at_half_and_double_tempo_but_at_no_other(other: np.ndarray, wanted: bool) -> None:
    ours = 1 + np.arange(10) * 0.5
    assert agree(ours, other).tolist() == [wanted] * 9
    # The other says nothing of what lies beyond it.
    assert not agree(ours + 100, other).any()


@pytest.mark.parametrize("seed", range(4))
def test_no_beat_is_made_up(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    onset = np.cumsum(rng.exponential(0.25, 300))
    pitch, velocity = rng.integers(40, 90, 300), rng.integers(40, 100, 300)
    found = beats.find(Played(onset, onset + rng.uniform(0.1, 1, 300), pitch, velocity))
    assert found is not None
    assert not found.known.any()


def test_only_the_steady_part_is_vouched_for() -> None:
    _, steady = performed(at_tempo(96), bars=16)
    rng = np.random.Generator(np.random.PCG64(3))
    onset = steady.onset[-1] + 1 + np.cumsum(rng.exponential(0.25, 200))
    pitch, velocity = rng.integers(40, 90, 200), rng.integers(40, 100, 200)
    played = Played(
        np.concatenate([steady.onset, onset]),
        np.concatenate([steady.offset, onset + 0.4]),
        np.concatenate([steady.pitch, pitch]),
        np.concatenate([steady.velocity, velocity]),
    )
    notes, spans = on_grid(played)
    assert [metre.beat_known for _, metre in spans] == [True, False]
    assert spans[1][0] % 24 == 0
    rows = Vocabulary().encode(notes, spans)
    unknown = rows[:, BEAT] == BEAT_UNKNOWN
    assert not unknown[: len(steady) - 40].any()
    assert unknown[-180:].all()
    # Where it is unknown, a second is 48 ticks, give or take what brings the next stretch onto whole beats.
    ticks = float(notes.onset[-1] - notes.onset[-150])
    assert ticks / (onset[-1] - onset[-150]) == pytest.approx(48, rel=0.05)


@pytest.mark.parametrize("count", [0, 1, 7, 8])
def test_few_notes_have_no_known_beat(count: int) -> None:
    onset = np.arange(count) * 0.5
    played = Played(onset, onset + 0.4, np.full(count, 60), np.full(count, 70))
    notes, spans = on_grid(played)
    assert notes.onset.tolist() == [24 * n for n in range(count)]
    assert [metre.beat_known for _, metre in spans] == [False]


def test_what_would_take_too_long_has_no_known_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    _, played = performed(at_tempo(96))
    monkeypatch.setattr(beats, "MOST_STRIKES", 50)
    assert beats.find(played) is None
    monkeypatch.setattr(beats, "MOST_STRIKES", 30_000)
    monkeypatch.setattr(beats, "LONGEST", 10.0)
    assert beats.find(played) is None


def test_little_at_once_gives_the_same_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    _, played = performed(at_tempo(96))
    whole = beats.find(played)
    monkeypatch.setattr(beats_chain, "AT_ONCE", 100)
    parts = beats.find(played)
    assert whole is not None
    assert parts is not None
    assert np.array_equal(whole.times, parts.times)


def test_notes_on_a_known_beat_are_as_written() -> None:
    written, played = performed(at_tempo(100), jitter=0.006)
    notes, spans = on_grid(played)
    assert [metre.beat_known for _, metre in spans] == [True]
    order = np.lexsort((played.pitch, written))
    level = float(notes.onset[-1] - notes.onset[0]) / 24 / (written[-1] - written[0])
    assert level in {0.5, 1.0, 2.0}
    assert np.array_equal(np.diff(notes.onset), np.diff(written[order]) * 24 * level)
    assert notes.pitch.tolist() == played.pitch[order].tolist()


def test_notes_without_a_known_beat_keep_their_times_and_chords_hold_together() -> None:
    onset = np.repeat(np.cumsum(np.random.Generator(np.random.PCG64(2)).uniform(0.15, 0.9, 40)), 2)
    onset[1::2] += 0.02
    played = Played(onset, onset + 0.5, np.tile([60, 64], 40), np.full(80, 70))
    notes, spans = on_grid(played)
    assert [metre.beat_known for _, metre in spans] == [False]
    assert np.abs(notes.onset / 48 - onset).max() < 0.025
    assert (np.diff(notes.onset)[::2] == 0).all()


# What no musician plays: any times, and any crowd.
anything = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 20), st.integers(0, 127), st.integers(1, 127)), min_size=1, max_size=80
)
crowds = st.lists(
    st.tuples(st.integers(0, 160).map(lambda n: n / 16), st.floats(0, 1), st.integers(30, 99), st.integers(1, 127)),
    min_size=1,
    max_size=80,
)


def _played(notes: list[tuple[float, float, int, int]]) -> Played:
    onset, length, pitch, velocity = (np.array(column) for column in zip(*sorted(notes), strict=True))
    return Played(onset.astype(np.float64), onset + length, pitch, velocity)


@settings(max_examples=30)
@given(anything | crowds)
def test_beats_ascend_and_reach_around_whatever_is_played(notes: list[tuple[float, float, int, int]]) -> None:
    played = _played(notes)
    found = beats.find(played)
    if found is not None:
        assert (np.diff(found.times) > 0).all()
        assert found.times[0] <= played.onset[0]
        assert found.times[-1] > played.onset[-1]
        assert len(found.trust) == len(found.known) == len(found.times) - 1
        assert ((found.trust >= 0) & (found.trust <= 1)).all()


@settings(max_examples=30)
@given(anything | crowds)
def test_whatever_is_played_comes_onto_the_grid(notes: list[tuple[float, float, int, int]]) -> None:
    played = _played(notes)
    laid, spans = on_grid(played)
    assert set(laid.pitch) == set(played.pitch)
    assert len(laid) <= len(played)
    assert (laid.duration >= 1).all()
    assert [tick for tick, _ in spans] == sorted({tick for tick, _ in spans})
    assert all(tick % 24 == 0 for tick, metre in spans if metre.beat_known)


def _random_network(rng: np.random.Generator) -> beats_heard.Network:
    def layer(name: str, taps: int, inputs: int, outputs: int) -> dict[str, NDArray[np.float32]]:
        return {
            f"{name}.kernel": rng.normal(0, 0.3, (taps, inputs, outputs)).astype(np.float32),
            f"{name}.bias": rng.normal(0, 0.3, outputs).astype(np.float32),
        }

    layers = layer("first", 5, 8, 4) | layer("last", 1, 4, 1)
    for depth in range(4):
        layers |= layer(f"wide{depth}", 5, 4, 4) | layer(f"narrow{depth}", 1, 4, 4)
    return beats_heard.Network(layers)


def test_the_network_hears_both_ways_and_no_farther_than_its_layers_reach() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    network = _random_network(rng)
    heard = rng.normal(0, 1, (200, 8)).astype(np.float32)
    other = heard.copy()
    other[100] += 1
    changed = np.flatnonzero(network(heard) != network(other))
    assert changed.min() == 100 - 2 * (1 + 1 + 2 + 4 + 8)
    assert changed.max() == 100 + 2 * (1 + 1 + 2 + 4 + 8)


@pytest.mark.needs("tensorflow")
@pytest.mark.filterwarnings("ignore")  # Keras 2.15 asks Python for what it will no longer give
def test_the_network_computes_what_keras_does() -> None:
    from tensorflow import keras  # noqa: PLC0415 - only where it is

    rng = np.random.Generator(np.random.PCG64(6))
    network = _random_network(rng)
    heard = rng.normal(0, 1, (1, 150, 8)).astype(np.float32)

    def convolved(name: str, now: object, apart: int = 1) -> object:
        kernel, bias = network._layers[f"{name}.kernel"], network._layers[f"{name}.bias"]
        layer = keras.layers.Conv1D(kernel.shape[2], kernel.shape[0], padding="same", dilation_rate=apart)
        layer.build(now.shape)  # type: ignore[attr-defined]  # a tensor
        layer.set_weights([kernel, bias])
        return layer(now)

    now = keras.activations.elu(convolved("first", heard))
    for depth in range(4):
        wide = keras.activations.elu(convolved(f"wide{depth}", now, 2**depth))
        now = now + convolved(f"narrow{depth}", wide)
    wanted = np.asarray(convolved("last", keras.activations.elu(now)))[0, :, 0]
    assert np.abs(network(heard[0]) - wanted).max() < 1e-4


@pytest.mark.needs("symusic")
def test_a_performance_in_a_midi_file_lies_in_beats(tmp_path: Path) -> None:
    written, played = performed(at_tempo(87), jitter=0.01)
    ticks = [
        (round(onset * 960), int(pitch), max(1, round((offset - onset) * 960)), int(velocity))
        for onset, offset, pitch, velocity in zip(
            played.onset, played.offset, played.pitch, played.velocity, strict=True
        )
    ]
    piece = read_piece(Entry(str(write_midi(tmp_path / "a.mid", ticks)), "x"))
    assert BEAT_UNKNOWN not in piece.rows[:, BEAT]
    assert set(piece.rows[:, BEAT]) <= {0, 6, 12, 18}
    assert len(piece.rows) == len(written)


@pytest.mark.needs("basic_pitch", "onnxruntime", "soundfile")
def test_a_steady_recording_lies_in_beats(tmp_path: Path) -> None:
    steps = [0.6, 0.3, 0.3, 0.6, 0.6, 0.3, 0.3, 0.3, 0.3, 0.6] * 4
    melody = [60, 64, 67, 72, 71, 67, 62, 65, 69, 60] * 4
    starts = 0.5 + np.concatenate([[0], np.cumsum(steps)[:-1]])
    notes = [(float(at), step - 0.03, pitch) for at, step, pitch in zip(starts, steps, melody, strict=True)]
    piece = read_piece(Entry(str(write_wav(tmp_path / "a.wav", plucked(notes))), "x"))
    assert piece.rows[:, PITCH].tolist() == melody
    level = int(piece.rows[1, INTERVAL]) / 24
    assert level in {0.5, 1.0, 2.0}
    assert piece.rows[1:, INTERVAL].tolist() == [round(step / 0.6 * 24 * level) for step in steps[:-1]]
    assert BEAT_UNKNOWN not in piece.rows[:, BEAT]
