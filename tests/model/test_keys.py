from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.key import Key
from improvd.model import keys

C_MAJOR = np.array([60, 64, 67, 72, 65, 69, 67, 62, 71, 67, 64, 60])


def sound(pitches: np.ndarray) -> np.ndarray:
    return keys.sounding(pitches, np.ones(len(pitches)))


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_key_moves_with_its_music(semitones: int) -> None:
    music = C_MAJOR + semitones
    assert keys.find(sound(music)) == keys.Found(Key(semitones % 12), clear=True)
    assert keys.share(Key(semitones % 12), music) == 1.0
    assert keys.share(Key(semitones % 12), np.array([61, 60]) + semitones) == 0.5
    assert keys.KEYS[int(keys.chances(sound(music)).argmax())] == Key(semitones % 12)


def test_a_minor_key_has_both_sevenths() -> None:
    minor = np.array([57, 60, 64, 68, 69, 64, 60, 62, 65, 57])
    assert keys.find(sound(minor)).key == Key(9, minor=True)
    assert keys.share(Key(9, minor=True), np.array([67, 68, 66])) == 2 / 3


def test_no_key_is_clear_where_all_sounds_alike() -> None:
    for music in (np.arange(60, 72), np.array([], dtype=np.int64)):
        assert not keys.find(sound(music)).clear
        assert np.allclose(keys.chances(sound(music)), 1 / len(keys.KEYS))
        assert keys.share(Key(0), music[:0]) == 0.0


@given(st.lists(st.floats(0, 1e6), min_size=12, max_size=12))
def test_whatever_sounds_some_key_is_likely(lengths: list[float]) -> None:
    likely = keys.chances(np.array(lengths))
    assert likely.shape == (24,)
    assert likely.sum() == pytest.approx(1)
