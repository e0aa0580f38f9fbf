from __future__ import annotations

import numpy as np
import pytest

from improvd.core.chords import chord_named
from improvd.core.events import Beats, ChordAt
from improvd.model.draft import Draft
from improvd.model.stages import stages
from improvd.model.stages.harmony import BETWEEN, ON_THE_BEAT, Harmony
from tests.model.asking import request

TWO = (ChordAt(Beats(4.0), chord_named("Dm7")), ChordAt(Beats(6.0), chord_named("G7")))


def lean(tick: int) -> dict[int, float]:
    logits = np.zeros(128, dtype=np.float32)
    Harmony(Draft(request(chords=TWO))).bend(logits, tick, [0] * 7)
    return {pitch: float(logits[pitch]) for pitch in range(60, 72) if logits[pitch]}


@pytest.mark.parametrize(("beat", "chord"), [(4.0, "Dm7"), (5.0, "Dm7"), (6.0, "G7"), (7.0, "G7"), (5.9, "G7")])
def test_notes_of_the_chord_that_sounds_are_likelier(beat: float, chord: str) -> None:
    assert {pitch % 12 for pitch in lean(round(beat * 24))} == set(chord_named(chord))


def test_between_beats_notes_may_pass() -> None:
    assert list(lean(4 * 24).values()) == pytest.approx([ON_THE_BEAT] * 4)
    assert list(lean(4 * 24 + 12).values()) == pytest.approx([BETWEEN] * 4)


def test_before_the_first_chord_nothing_leans() -> None:
    assert lean(3 * 24) == {}


def test_there_is_no_such_stage_where_no_chords_were_asked_for() -> None:
    assert not any(isinstance(stage, Harmony) for stage in stages(Draft(request()), None))
    assert any(isinstance(stage, Harmony) for stage in stages(Draft(request(chords=TWO)), None))
