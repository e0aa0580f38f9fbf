from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import EARLIER_NOTES, BeatNote, Beats
from improvd.core.phrases import Phrases, remember


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
