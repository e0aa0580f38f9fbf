"""Where the foot goes: it catches what rings together and lets go of what would blur."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import BeatNote, Beats, Note, Seconds
from improvd.core.pedalling import is_pedalled, pedalling

BAR = Beats(4.0)


def line(*pitches: int) -> list[BeatNote]:
    """Eighths."""
    return [BeatNote(Beats(number / 2), Beats(0.5), pitch, 80) for number, pitch in enumerate(pitches)]


def test_an_arpeggio_is_caught_and_a_new_harmony_renews() -> None:
    assert pedalling(line(48, 55, 64, 60, 50, 57, 65, 62), BAR) == [True, None, None, None, True, None, None, None]


def test_steps_of_a_scale_are_left_dry() -> None:
    assert pedalling(line(60, 62, 64, 65, 67), BAR) == [False] * 5


def test_steps_high_up_don_t_hurry_the_foot() -> None:
    assert pedalling(line(48, 76, 74, 76), BAR) == [True, None, None, None]


def test_a_pedal_is_renewed_after_a_bar_at_the_latest() -> None:
    told = pedalling(line(*[48, 55, 60, 64] * 4), BAR)
    assert [number for number, pedal in enumerate(told) if pedal] == [0, 8]


def test_a_lone_chord_needs_no_pedal() -> None:
    chord = [BeatNote(Beats(0.0), Beats(2.0), pitch, 80) for pitch in (48, 52, 55)]
    assert pedalling(chord, BAR) == [False, None, None]


@given(
    st.lists(st.builds(BeatNote, st.floats(0, 64), st.floats(0, 4), st.integers(0, 127), st.integers(1, 127))),
    st.floats(0.25, 16),
)
def test_whatever_the_notes_each_is_told_and_the_first_begins_anew(notes: list[BeatNote], longest: float) -> None:
    notes.sort(key=lambda note: (note.onset, note.pitch))
    told = pedalling(notes, Beats(longest))
    assert len(told) == len(notes)
    assert not told or told[0] is not None
    for before, pedal, note in zip([None, *notes], told, notes, strict=False):
        assert pedal is None or before is None or before.onset < note.onset


@pytest.mark.parametrize(("held", "pedalled"), [(0, False), (1, False), (2, True), (4, True)])
def test_a_call_counts_as_pedalled_from_half_of_its_notes_on(held: int, pedalled: bool) -> None:
    call = [
        Note(Seconds(number), Seconds(number + 0.5), 60 + number, 80, pedalled=number < held) for number in range(4)
    ]
    assert is_pedalled(call) is pedalled


def test_nothing_played_is_not_pedalled() -> None:
    assert not is_pedalled([])
