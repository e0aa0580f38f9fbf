"""The stages that lean on one attribute by what the call was like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from improvd.core.events import BeatNote, Beats, Niche
from improvd.core.key import Key
from improvd.core.manner import Manner
from improvd.model.draft import Draft
from improvd.model.stages import stages
from improvd.model.stages.loudness import Loudness
from improvd.model.stages.register import Register
from improvd.model.stages.stage import MOST, Stage, against
from improvd.model.stages.tonality import Tonality, clear_key
from improvd.model.tokens import PITCH, SIZES, VELOCITY, VELOCITY_BIN
from tests.model.asking import asked_after

IN_C = (60, 64, 67, 72, 65, 69, 67, 62, 71, 67, 64, 60)


def lean(stage: Stage, size: int = SIZES[PITCH]) -> np.ndarray:
    logits = np.zeros(size, dtype=np.float32)
    stage.bend(logits, 0, [0] * 7)
    return logits


def in_manner(*pitches: int, **knobs: float | None) -> Draft:
    return Draft(asked_after(*pitches, manner=Manner(**knobs)))


def test_a_knob_goes_from_nothing_to_all() -> None:
    assert [against(knob, 2.0) for knob in (0.0, 0.5, 1.0)] == [0.0, 2.0, MOST]


def test_foreign_pitches_are_leant_away_from() -> None:
    bias = lean(Tonality(in_manner(*IN_C)))
    assert (bias[[60, 62, 64, 65, 67, 69, 71, 72]] > bias[[61, 63, 66, 68, 70]].max()).all()
    assert np.allclose(bias[48:60], bias[60:72])
    assert lean(Tonality(in_manner(*IN_C, key_lean=1.0)))[66] < 4 * bias[66] < 0
    assert not lean(Tonality(in_manner(*IN_C, key_lean=0.0))).any()


def test_where_any_key_may_be_meant_none_is_leant_to() -> None:
    assert np.allclose(lean(Tonality(in_manner(*range(60, 72)))), 0.0)
    assert np.allclose(lean(Tonality(in_manner())), 0.0)


def test_a_key_that_is_asked_for_counts_instead() -> None:
    asked = replace(asked_after(*IN_C), key=Key(1))
    bias = lean(Tonality(Draft(asked)))
    assert bias[61] == bias[73] == 0.0
    assert bias[62] < -1.0


def test_the_key_is_told_that_was_asked_for_or_is_clear() -> None:
    assert clear_key(in_manner(*IN_C)) == Key(0)
    assert clear_key(Draft(replace(asked_after(*IN_C), key=Key(1)))) == Key(1)
    assert clear_key(in_manner(*range(60, 72))) is None
    assert clear_key(in_manner()) is None


def test_the_calls_middle_is_leant_to_or_what_lies_so_far_from_it() -> None:
    assert lean(Register(in_manner(60, 64, 68))).argmax() == 64
    assert lean(Register(in_manner(60, 64, 68, register=7.0))).argmax() == 71
    assert not lean(Register(in_manner())).any()


def test_a_niche_is_leant_to_and_not_left() -> None:
    beside = Draft(asked_after(60, 64, 68, niche=Niche(73, 90, 1.0, Beats(0.0))))
    assert lean(Register(beside)).argmax() in {81, 82}
    assert beside.limits.pitches == (73, 91)
    left_to_the_model = Draft(asked_after(60, 64, 68, niche=Niche(None, None, 1.0, Beats(0.0))))
    assert left_to_the_model.limits == Draft(asked_after(60, 64, 68)).limits


def test_whoever_plays_chords_is_accompanied_by_two_voices_at_most() -> None:
    chord = tuple(BeatNote(Beats(0.0), Beats(1.0), pitch, 80) for pitch in (60, 64, 67, 72))
    alone = asked_after(60, context=chord, call=4)
    assert Draft(alone).limits.chord == 4
    assert Draft(replace(alone, niche=Niche(77, 91, 1.0, Beats(0.0)))).limits.chord == 2


def test_the_calls_loudness_is_leant_to_or_what_lies_so_far_from_it() -> None:
    for louder in (0.0, 24.0, -40.0):
        bias = lean(Loudness(in_manner(60, 62, velocity=louder)), SIZES[VELOCITY])
        assert bias.argmax() in {(80 + louder) // VELOCITY_BIN, (80 + louder) // VELOCITY_BIN - 1}
    assert not lean(Loudness(in_manner()), SIZES[VELOCITY]).any()


def test_limits_move_with_what_is_asked_for() -> None:
    usual, higher = (in_manner(60, 72, register=by).limits for by in (0.0, 24.0))
    assert [one + 24 for one in usual.pitches] == list(higher.pitches)
    soft = in_manner(60, 72, velocity=-200.0).limits.velocities
    assert soft[0] == 0 < soft[1]


@pytest.mark.parametrize("by", [-200.0, 200.0])
def test_however_far_they_are_moved_something_is_left(by: float) -> None:
    limits = in_manner(60, 72, register=by, velocity=by).limits
    assert 0 <= limits.pitches[0] < limits.pitches[1] <= SIZES[PITCH]
    assert 0 <= limits.velocities[0] < limits.velocities[1] <= SIZES[VELOCITY]


def test_a_knob_that_is_off_has_no_stage() -> None:
    off = Manner(similarity=0, key_lean=0, register=None, density=None, velocity=None, ending=0)
    assert [type(stage).__name__ for stage in stages(Draft(asked_after(*IN_C, manner=off)), None)] == ["Repetition"]
    every = [type(stage).__name__ for stage in stages(Draft(asked_after(*IN_C)), None)]
    assert every == [
        *("Listening", "Similarity", "Similarity"),
        *("Tonality", "Register", "Loudness", "Density"),
        *("EndingOnset", "EndingPitch", "EndingLength", "Repetition"),
    ]


def test_an_attribute_has_a_temperature_of_its_own() -> None:
    cold = Manner(temperature_each=(None, 0.0, None, None), top_p_each=(None, None, 0.0, None))
    draft = Draft(asked_after(*IN_C, manner=cold))
    logits = np.linspace(0.0, 1.0, 20, dtype=np.float32)
    drawn = {head: {draft.draw(head, logits) for _ in range(40)} for head in range(4)}
    assert drawn[1] == drawn[2] == {19}
    assert len(drawn[0]) > 1 < len(drawn[3])


def test_what_was_played_late_does_not_make_a_call_sparse() -> None:
    call = tuple(BeatNote(Beats(n / 2), Beats(0.5), 60, 80) for n in range(8))
    assert Draft(asked_after(*[60] * 8)).call_density() == 2.0
    held = (*call[:-1], replace(call[-1], duration=Beats(50.0)))
    assert Draft(replace(asked_after(*[60] * 8), context=held)).call_density() == 2.0
    assert Draft(asked_after()).call_density() == 0.0
