from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.core.events import TICKS_PER_BEAT
from improvd.model.tokens import TickNotes, in_order
from improvd.train.music import keys
from improvd.train.music.keys import key_of

pytestmark = pytest.mark.needs("music21")

MAJOR = [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0]
MINOR = [0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 0]


def notes(pitch: list[int], duration: int = 12) -> TickNotes:
    pitches = np.array(pitch, np.int64)
    return in_order(12 * np.arange(len(pitches)), pitches, np.full(len(pitches), duration), np.full(len(pitches), 70))


@pytest.mark.parametrize(
    ("tonic", "scale", "name"),
    [(60, MAJOR, "C major"), (62, MINOR, "D minor"), (63, MAJOR, "Eb major"), (66, MINOR, "F# minor")],
)
def test_a_scale_has_its_key(tonic: int, scale: list[int], name: str) -> None:
    assert key_of(notes([tonic + step for step in scale])) == name


def test_what_is_in_no_key_has_none() -> None:
    assert key_of(notes([])) == ""
    assert key_of(notes(list(range(48, 84)))) == ""
    assert key_of(notes(list(range(48, 84, 2)))) == ""
    assert key_of(notes([60 + step for step in MAJOR])) == "C major"  # nothing is left of what came before


@given(st.lists(st.tuples(st.integers(0, 127), st.integers(1, 500)), min_size=1, max_size=60))
@settings(max_examples=25, deadline=None)
def test_it_is_what_music21_finds_in_the_whole_piece(music: list[tuple[int, int]]) -> None:
    from music21 import note, stream  # noqa: PLC0415  only this test needs it

    pitch, duration = (np.array(one, np.int64) for one in zip(*music, strict=True))
    piece = in_order(np.arange(len(pitch)) * 12, pitch, duration, np.full(len(pitch), 70))
    whole = stream.Stream()
    for onset, one, length in zip(piece.onset, piece.pitch, piece.duration, strict=True):
        whole.insert(onset / TICKS_PER_BEAT, note.Note(int(one), quarterLength=length / TICKS_PER_BEAT))
    found = whole.analyze("key")
    name = f"{found.tonic.name.replace('-', 'b')} {found.mode}"
    near = abs(found.correlationCoefficient - found.alternateInterpretations[0].correlationCoefficient) < 1e-9
    assert key_of(piece) == (name if found.correlationCoefficient >= keys.CLEAR else "") or near


def test_without_music21_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "find_spec", lambda _: None)
    assert key_of(notes([60 + step for step in MAJOR])) == ""


def test_music21_is_loaded_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "music21"]:
        monkeypatch.delitem(sys.modules, name)
    spec = importlib.util.find_spec("improvd.train.music.keys")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert "music21" not in sys.modules
