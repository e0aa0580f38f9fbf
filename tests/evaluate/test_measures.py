from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.evaluate import measures, seeds
from improvd.model import keys
from tests.evaluate.music import notes, tune

if TYPE_CHECKING:
    from improvd.model.tokens import TickNotes

C_MAJOR = notes(*((24 * n, pitch) for n, pitch in enumerate([60, 64, 67, 72, 65, 69, 67, 62, 71, 67, 64, 60])))


def key_of(music: TickNotes) -> keys.Found:
    return keys.find(keys.sounding(music.pitch, music.duration))


def shifted(semitones: int, ticks: int = 0) -> list[tuple[int, int]]:
    return [
        (int(onset) + ticks, int(pitch) + semitones) for onset, pitch in zip(C_MAJOR.onset, C_MAJOR.pitch, strict=True)
    ]


def test_overlap_is_what_both_share() -> None:
    assert measures.overlap(np.array([0, 0, 1, 1]), np.array([1, 2, 2, 2]), 4) == 0.25
    assert measures.overlap(np.array([3]), np.array([3, 3]), 4) == 1.0
    assert measures.overlap(np.array([], dtype=int), np.array([1]), 4) == 0.0


def test_patterns_are_known_again_in_another_key() -> None:
    assert measures.repeated(C_MAJOR, notes(*shifted(3, 500))) == 1.0
    assert measures.repeated(C_MAJOR, notes(*((7 * n, 60 - n) for n in range(4)))) == 0.0
    # Of five patterns of a trill, the first two are new, and then they come again.
    assert measures.repeated(C_MAJOR, notes(*((6 * n, 60 + n % 2) for n in range(8)))) == 3 / 5
    assert measures.repeated(C_MAJOR, notes((0, 60))) == 0.0


def test_the_cardinality_score_by_hand() -> None:
    true = notes((0, 60), (12, 62), (24, 64), (36, 65))
    assert measures.cardinality(true, true) == (1.0, 1.0, 1.0)
    moved = notes((100, 70), (112, 72), (124, 74))
    assert measures.cardinality(true, moved) == (1.0, 2 / 3, pytest.approx(0.8))
    # No two of them lie as any two of the true ones do.
    assert measures.cardinality(true, notes((0, 60), (5, 90))) == (0.0, 0.0, 0.0)
    assert measures.cardinality(true, notes((0, 60))) == (0.0, 0.0, 0.0)


def test_what_the_composer_wrote_is_all_that_was_wanted() -> None:
    seed = seeds.cut([tune(1)])[0]
    found = measures.measure(seed.continuation, seed, key_of(seed.heard))
    assert set(found) == set(measures.MEASURES)
    assert found["cardinality"] == found["precision"] == found["recall"] == 1.0
    assert found["density"] == pytest.approx(1.0)
    assert found["in_key"] == found["intervals"] == found["durations"] == 1.0
    assert found["stuck"] == 0.0
    assert found["notes"] == 32


def test_nothing_played_is_no_error() -> None:
    seed = seeds.cut([tune(1)])[0]
    found = measures.measure(notes(), seed, key_of(seed.heard))
    assert set(found.values()) == {0.0}


def test_one_pitch_for_ever_is_stuck() -> None:
    seed = seeds.cut([tune(1)])[0]
    for times, stuck in ((8, 0.0), (9, 1.0)):
        answer = notes(*((seed.start + 12 * n, 67) for n in range(times)))
        assert measures.measure(answer, seed, key_of(seed.heard))["stuck"] == stuck
