from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.model import tokens
from improvd.model.tokens import (
    BAR,
    BAR_UNKNOWN,
    BEAT,
    BEAT_UNKNOWN,
    COLUMNS,
    DURATION,
    DURATIONS,
    INTERVAL,
    INTERVALS,
    METRE,
    METRE_UNKNOWN,
    PITCH,
    SIZES,
    VELOCITY,
    Metre,
    TickNotes,
    Vocabulary,
    in_order,
    interval_id,
    vocabulary_from,
)

NOTE = st.tuples(st.integers(-500, 5000), st.integers(0, 127), st.integers(1, 900), st.integers(1, 127))
METRES = st.builds(Metre, st.none() | st.integers(-200, 200), st.integers(1, 500), st.booleans())


def notes(*ones: tuple[int, int, int, int]) -> TickNotes:
    columns = [np.array(column, dtype=np.int64) for column in zip(*ones, strict=True)] or [np.empty(0, np.int64)] * 4
    return in_order(*columns)


def plain(some: TickNotes) -> list[tuple[int, ...]]:
    return [tuple(map(int, one)) for one in zip(some.onset, some.pitch, some.duration, some.velocity, strict=True)]


def test_a_chord_ascends_and_a_unison_is_one_note() -> None:
    some = notes((24, 67, 12, 80), (0, 60, 6, 40), (24, 60, 12, 80), (24, 67, 30, 90), (24, 64, 12, 70))
    assert plain(some) == [(0, 60, 6, 40), (24, 60, 12, 80), (24, 64, 12, 70), (24, 67, 30, 90)]


def test_what_is_no_note_is_dropped_or_clipped() -> None:
    assert plain(notes((0, 128, 6, 40), (0, -1, 6, 40), (5, 60, 0, 200))) == [(5, 60, 1, 127)]


def test_ids_mean_what_the_tables_say() -> None:
    some = notes((0, 60, 24, 80), (12, 62, 55, 7), (12, 65, 3, 8), (12 + 130, 127, 9999, 127))
    rows = Vocabulary().encode(some, Metre())
    assert rows[0, INTERVAL] == SIZES[INTERVAL]
    assert INTERVALS[rows[1:, INTERVAL]].tolist() == [12, 0, 120]
    assert rows[:, PITCH].tolist() == [60, 62, 65, 127]
    assert DURATIONS[rows[:, DURATION]].tolist() == [24, 54, 3, 384]
    assert rows[:, VELOCITY].tolist() == [10, 0, 1, 15]
    assert rows[:, BEAT].tolist() == [0, 12, 12, 22]


@pytest.mark.parametrize(("tick", "place"), [(0, (0, 6, 6)), (36, (12, 3, 6)), (-12, (12, 5, 6)), (71, (23, 5, 6))])
def test_the_place_in_a_bar_of_three_after_a_pick_up_of_one(tick: int, place: tuple[int, int, int]) -> None:
    beat, bar, metre = Vocabulary().place(tick, Metre(downbeat=72, bar=72))
    assert (beat, bar % 6, metre) == (place[0], place[1] % 6, place[2])


def test_metres_hold_from_where_they_stand() -> None:
    some = notes((0, 60, 6, 80), (96, 60, 6, 80), (132, 60, 6, 80))
    rows = Vocabulary().encode(some, [(0, Metre()), (96, Metre(downbeat=96, bar=72))])
    assert rows[:, BAR].tolist() == [BAR_UNKNOWN, 0, 3]
    assert rows[:, METRE].tolist() == [METRE_UNKNOWN, 6, 6]


def test_without_a_beat_every_place_is_unknown() -> None:
    rows = Vocabulary().encode(notes((5, 60, 6, 80), (7, 61, 6, 80)), Metre(downbeat=0, beat_known=False))
    assert (rows[:, BEAT:] == [BEAT_UNKNOWN, BAR_UNKNOWN, METRE_UNKNOWN]).all()


@given(st.lists(NOTE, max_size=40), METRES)
def test_ids_stay_inside_their_tables_and_places_agree(some: list[tuple[int, int, int, int]], metre: Metre) -> None:
    vocabulary = Vocabulary(("folk",))
    given_notes = notes(*some)
    rows = vocabulary.encode(given_notes, metre)
    assert rows.shape == (len(given_notes), COLUMNS)
    assert (rows >= 0).all()
    assert (rows < np.array(vocabulary.input_sizes[:COLUMNS])).all()
    assert (rows[1:, :4] < np.array(SIZES)).all()
    for onset, row in zip(given_notes.onset.tolist(), rows.tolist(), strict=True):
        assert tuple(row[BEAT:]) == vocabulary.place(onset, metre)
    heard = vocabulary.heard(rows[None], np.array([1], np.int32))
    assert heard.shape == (1, len(given_notes), COLUMNS + 1)
    assert (heard < np.array(vocabulary.input_sizes)).all()


@given(st.lists(NOTE, min_size=1, max_size=40))
def test_notes_go_there_and_back(some: list[tuple[int, int, int, int]]) -> None:
    given_notes = notes(*some)
    rows = Vocabulary().encode(given_notes, Metre())
    back = Vocabulary().decode(rows, start=int(given_notes.onset[0]))
    assert (back.pitch == given_notes.pitch).all()
    assert (np.abs(back.velocity - given_notes.velocity) < tokens.VELOCITY_BIN).all()
    short = given_notes.duration <= 48
    assert (back.duration[short] == given_notes.duration[short]).all()
    if (np.diff(given_notes.onset) <= 48).all():
        assert (back.onset == given_notes.onset).all()
    # What came back is exactly what the ids say: going there again changes nothing.
    again = Vocabulary().encode(back, Metre())
    assert (again[:, :BEAT] == rows[:, :BEAT]).all()


@given(st.integers(-1000, 1000))
def test_every_interval_goes_to_the_nearest_value(ticks: int) -> None:
    nearest = INTERVALS[interval_id(ticks)]
    assert abs(nearest - ticks) == np.abs(INTERVALS - ticks).min()


def test_each_exact_value_belongs_to_one_id() -> None:
    assert [int(width.sum()) for width in tokens.WIDTHS] == [tokens.LONGEST + 1, 128, tokens.LONGEST, 127]
    assert all((width > 0).all() and len(width) == size for width, size in zip(tokens.WIDTHS, SIZES, strict=True))


def test_the_hash_is_stable_and_covers_the_styles() -> None:
    assert Vocabulary(("a", "b")).hash == Vocabulary(("a", "b")).hash
    assert Vocabulary(("a", "b")).hash != Vocabulary(("b", "a")).hash
    # A change here means that no bundle made before can be loaded: raise REVISION, and train the default anew.
    assert Vocabulary().hash == "c4a227a8c765b25876182ff9bd9bfe69959b66200b8ef3b311bc12e09ff55e55"


def test_a_description_comes_back_as_the_same_vocabulary() -> None:
    vocabulary = Vocabulary(("folk", "rock"))
    assert vocabulary_from(json.loads(json.dumps(vocabulary.describe()))) == vocabulary
    for key, other in (("ticks_per_beat", 12), ("styles", "folk"), ("styles", [1]), ("more", 1)):
        with pytest.raises(ValueError, match=key):
            vocabulary_from({**vocabulary.describe(), key: other})


def test_styles_are_found_by_name() -> None:
    vocabulary = Vocabulary(("Folk", "rock"))
    assert [vocabulary.style_id(name) for name in ("folk", "ROCK", "", "jazz")] == [1, 2, 0, 0]
