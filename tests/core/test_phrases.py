from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import EARLIER_NOTES, BeatNote, Beats, Generate
from improvd.core.phrases import Phrases, remember
from improvd.core.settings import EngineSettings
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.partners import Steady, scale


def phrase(length: int, pitch: int = 60) -> tuple[BeatNote, ...]:
    return tuple(BeatNote(Beats(n / 2), Beats(0.5), pitch, 80) for n in range(length))


@given(st.lists(st.integers(0, 300), max_size=12))
def test_the_last_notes_are_kept(lengths: list[int]) -> None:
    phrases: Phrases = ()
    for number, length in enumerate(lengths):
        phrases = remember(phrases, phrase(length, number))
    played = [note for number, length in enumerate(lengths) for note in phrase(length, number)]
    assert [note for one in phrases for note in one] == played[-EARLIER_NOTES:]
    assert all(len({note.pitch for note in one}) == 1 for one in phrases)


def asked(*, similarity: float) -> list[Generate]:
    partner = Steady()
    events = [*scale(1.0, 0.6, 8), *scale(15.0, 0.6, 8)]
    Stage(Player(events), partner, EngineSettings(similarity=similarity)).perform()
    return partner.asked


def test_an_answer_may_take_up_the_calls_before_its_own() -> None:
    first, second = ([ask for ask in asked(similarity=0.5) if ask.turn == turn] for turn in (0, 1))
    assert {ask.earlier for ask in first} == {()}
    assert {ask.earlier for ask in second} == {(first[0].context,)}
    assert len(first[0].context) == 8


def test_what_is_not_taken_up_is_not_told() -> None:
    assert {ask.earlier for ask in asked(similarity=0.0)} == {()}
