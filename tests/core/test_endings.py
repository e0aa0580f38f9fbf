"""What is left as the end of the music, unanswered, and what isn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.endings import is_the_end, is_triad, last_chord
from improvd.core.events import MidiEvent, Note, Seconds
from improvd.core.settings import EngineSettings
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Performance, Stage
from tests.partners import Steady, hanging, keys

G, C = (55, 59, 62), (48, 55, 64)
EIGHTHS = [0.3] * 9
RITARDANDO = [0.3, 0.3, 0.3, 0.3, 0.33, 0.38, 0.46, 0.55, 0.75]
WRITTEN = [0.6, 0.3, 0.3, 0.6, 0.6, 0.3, 0.3, 0.6, 0.6]
"""In time: the last quarters are no slower than those before."""


def cadence(gaps: list[float], chord: tuple[int, ...] = C, held: float = 3.0, roll: float = 0.0) -> list[Note]:
    """A line whose onsets lie ``gaps`` apart and that ends on a ``chord``, its notes ``roll`` apart."""
    at, notes = 1.0, []
    for index, gap in enumerate(gaps):
        notes.append(Note(Seconds(at), Seconds(at + 0.8 * gap), G[index % 3], 80))
        at += gap
    last = at + roll * (len(chord) - 1)
    return notes + [
        Note(Seconds(at + roll * index), Seconds(last + held), pitch, 80) for index, pitch in enumerate(chord)
    ]


def messages(notes: list[Note]) -> list[MidiEvent]:
    return keys(*((note.onset, note.offset, note.pitch, note.velocity) for note in notes))


def perform(notes: list[Note], **settings: object) -> Performance:
    performance = Stage(Player(messages(notes)), Steady(), EngineSettings(**settings)).perform()
    assert hanging(performance.sent) == set()
    return performance


@pytest.mark.parametrize("chord", [C, (45, 52, 60), (48, 52), (36, 48, 55, 60, 64)])
@pytest.mark.parametrize("roll", [0.0, 0.02, 0.12])
def test_a_long_chord_after_a_ritardando_is_the_end(chord: tuple[int, ...], roll: float) -> None:
    notes = cadence(RITARDANDO, chord, roll=roll)
    assert is_the_end(notes)
    assert [note.pitch for note in last_chord(notes)] == list(chord)


@pytest.mark.parametrize(
    "notes",
    [
        pytest.param(cadence(EIGHTHS), id="in time"),
        pytest.param(cadence(WRITTEN), id="in time, in notes as long as before"),
        pytest.param(cadence(RITARDANDO, held=0.8), id="a short chord"),
        pytest.param(cadence(RITARDANDO, (48,)), id="a single note"),
        pytest.param(cadence(RITARDANDO, (48, 60)), id="an octave"),
        pytest.param(cadence(RITARDANDO, (55, 59, 62, 65)), id="a chord that wants to go on"),
        pytest.param(cadence(RITARDANDO[-4:]), id="hardly anything before"),
        pytest.param(cadence([*RITARDANDO[:-2], 0.3, 0.3]), id="a ritardando that was taken back"),
    ],
)
def test_what_is_no_end(notes: list[Note]) -> None:
    assert not is_the_end(notes)


def test_triads() -> None:
    assert is_triad([48, 64])
    assert is_triad([57, 60, 64, 81])
    assert not is_triad([48, 60])
    assert not is_triad([48, 54])
    assert not is_triad([48, 52, 56])


@pytest.mark.parametrize("mode", ["call", "continue"])
def test_the_end_is_not_answered(mode: str) -> None:
    notes = cadence(RITARDANDO)
    assert perform(notes, mode=mode, max_bars=1.0).turns == []
    assert len(perform(notes, mode="call", leave_endings=False).turns) == 1


def test_who_plays_on_after_the_end_opens_another_call() -> None:
    notes = cadence(RITARDANDO)
    over = notes[-1].offset
    later = [
        Note(Seconds(over + 4 + 0.3 * index), Seconds(over + 4.2 + 0.3 * index), 60 + index, 80) for index in range(8)
    ]
    (turn,) = perform([*notes, *later]).turns
    assert (turn.call_notes, turn.reason) == (8, "finished")


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 9), st.integers(0, 127)), min_size=1),
    st.floats(0.25, 4),
)
def test_an_end_is_one_in_any_octave_and_transposition(keys_: list[tuple[float, float, int]], rate: float) -> None:
    """No notes are too strange to be judged, and where they lie changes nothing."""
    notes = sorted(
        (Note(Seconds(at), Seconds(at + held), 60, 80) for at, held, _ in keys_), key=lambda note: note.onset
    )
    assert not is_the_end(notes)  # all on one pitch
    lines = cadence([gap * rate for gap in RITARDANDO], held=3.0 * max(1.0, rate))
    for up in (-24, -1, 12):
        moved = [Note(note.onset, note.offset, note.pitch + up, note.velocity) for note in lines]
        assert is_the_end(moved)
