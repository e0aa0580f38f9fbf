from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from improvd.evaluate import ranking, seeds
from improvd.model.tokens import BEAT, INTERVAL, PITCH, VELOCITY
from tests.evaluate.music import notes, piece, tune


def test_a_rival_fits_the_seed_and_its_place() -> None:
    pieces = [tune(seed, start=40 + seed) for seed in range(6)]
    [trial, *_] = ranking.trials(seeds.cut(pieces), pieces)
    assert len(trial.rivals) == ranking.RIVALS
    for rival in trial.rivals:
        assert rival.shape == trial.own.shape == (seeds.COMPARED, 7)
        assert rival[0, BEAT] == trial.own[0, BEAT]
        assert rival[0, INTERVAL] == trial.own[0, INTERVAL]
        assert ranking.fitting(trial.seed.heard_rows[:, PITCH], rival[:, PITCH]) == 0
        assert not np.array_equal(rival[:, PITCH], trial.own[:, PITCH])


def test_rivals_come_from_the_same_source_and_another_piece() -> None:
    here, there = tune(1), tune(2)
    there = replace(there, entry=replace(there.entry, source="elsewhere"))
    assert ranking.trials(seeds.cut([here, here, there]), [here, here, there]) == []


@pytest.mark.parametrize(
    ("heard", "pitches", "shift"),
    [
        ([60, 64, 67], [62, 66, 69], -2),
        ([60, 64, 67], [72, 76, 79], -12),  # the octave that is nearest
        ([120, 124, 127], [0, 4, 7], 120),
        ([0], [0, 127], 0),  # nowhere else to go
    ],
)
def test_what_fits_best(heard: list[int], pitches: list[int], shift: int) -> None:
    assert ranking.fitting(np.array(heard), np.array(pitches)) == shift


def test_help_is_what_hearing_the_seed_saves() -> None:
    """A scorer by hand: 7 bits for a pitch that was not heard before, 1 for one that was; 2 for each interval."""

    def bits(rows: np.ndarray) -> np.ndarray:
        out = np.zeros((len(rows), 4))
        out[:, INTERVAL] = 2.0
        for number, pitch in enumerate(rows[:, PITCH].tolist()):
            out[number, PITCH] = 1.0 if pitch in rows[:number, PITCH] else 7.0
        return out

    def rows(*pitches: int) -> np.ndarray:
        return piece(notes(*((12 * n, pitch) for n, pitch in enumerate(pitches)))).rows.astype(np.int32)

    saved = ranking.help_of(bits, rows(60, 61), rows(61, 70, 61, 60))
    assert saved.tolist() == [0.0, (6 + 0 + 0 + 6) / 4, 0.0, 0.0]


def test_who_is_helped_by_the_seed_is_ranked_first() -> None:
    pieces = [tune(seed) for seed in range(5)]
    trials = ranking.trials(seeds.cut(pieces), pieces)

    def knows_its_own(rows: np.ndarray) -> np.ndarray:
        """Charges less for pitches where the notes before are a seed and its continuation."""
        out = np.ones((len(rows), 4))
        for trial in trials:
            if len(rows) > len(trial.own) and np.array_equal(rows[-len(trial.own) :], trial.own):
                out[:, PITCH] = 0.5
        out[:, VELOCITY] = 3.0
        return out

    found = ranking.rank(knows_its_own, trials)
    assert found["seeds"] == len(pieces)
    assert found["share"] == {
        "interval": 0.0,
        "pitch": 1.0,
        "duration": 0.0,
        "velocity": 0.0,
        "total": 1.0,
        "unaccented": 1.0,
    }
    assert found["help"]["own"]["pitch"] == found["help"]["own"]["total"] == 0.5
    assert found["help"]["rival"]["total"] == 0.0
    assert found["by_source"]["folk"]["seeds"] == len(pieces)
