"""Chords by name, and a form that goes round."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.chords import QUALITIES, chord_named, chords_between, form_from
from improvd.core.events import Beats, ChordAt
from improvd.core.settings import Mode, Sync
from tests.core.room import Room
from tests.partners import scale

BAR = Beats(4.0)
TWO_FIVE = "Dm7 | G7 | Cmaj7 | %"


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("C", {0, 4, 7}),
        ("Dm7", {2, 5, 9, 0}),
        ("F#7", {6, 10, 1, 4}),
        ("Bbmaj7", {10, 2, 5, 9}),
        ("Bm7b5", {11, 2, 5, 9}),
        ("C/E", {0, 4, 7}),
        ("C/Bb", {0, 4, 7, 10}),
        ("Cb", {11, 3, 6}),
    ],
)
def test_a_chord_has_the_notes_of_its_name(name: str, classes: set[int]) -> None:
    assert chord_named(name) == tuple(sorted(classes))


@given(st.sampled_from("CDEFGAB"), st.sampled_from(["", "#", "b"]), st.sampled_from(sorted(QUALITIES)))
def test_any_chord_has_its_root_and_as_many_notes_as_its_kind(letter: str, sign: str, quality: str) -> None:
    assert len(chord_named(letter + sign + quality)) == len(QUALITIES[quality])
    (root,) = set(chord_named(letter + sign)) & {("C.D.EF.G.A.B".index(letter) + {"": 0, "#": 1, "b": -1}[sign]) % 12}
    assert root in chord_named(letter + sign + quality)


def test_bars_may_be_shared_and_repeated() -> None:
    dm, g, c = (chord_named(name) for name in ("Dm7", "G7", "C"))
    assert form_from("| Dm7 G7 | C | % |") == ((dm, g), (c,), (c,))
    assert form_from("") == ()


@pytest.mark.parametrize(
    ("text", "said"), [("Dm7 | H7", "'H7' in bar 2"), ("% | C", "'%' in bar 1"), ("C | | G", "no chord in bar 2")]
)
def test_what_is_no_chord_is_told_with_its_bar(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        form_from(text)


@given(st.floats(-100, 100), st.floats(0.1, 40), st.floats(-8, 8))
def test_the_form_goes_round_without_a_gap(start: float, length: float, origin: float) -> None:
    form = form_from("Dm7 G7 | C")
    chords = chords_between(form, BAR, Beats(origin), Beats(start), Beats(start + length))
    assert chords[0].onset <= start + 1e-9
    assert chords[-1].onset < start + length
    for one, other in pairwise(chords):
        assert one.classes != other.classes
        assert other.onset - one.onset == pytest.approx(4.0 if one.classes == chord_named("C") else 2.0)


def test_an_answer_is_told_the_chords_of_its_bars() -> None:
    room = Room(mode=Mode.TRADE, bars=2, sync=Sync.INTERNAL, bpm=120, chords=TWO_FIVE)
    room.play(12.0, None, *((event.at, event.data) for event in scale(2.1, 0.5, 7)))
    # The first two bars were the player's.
    first, second, *_ = room.partner.asked
    assert first.start == 8
    assert first.chords == (ChordAt(Beats(8.0), chord_named("Cmaj7")),)
    assert second.chords == (
        ChordAt(Beats(8.0), chord_named("Cmaj7")),
        ChordAt(Beats(12.0), chord_named("Cmaj7")),
    )
    room.close()
