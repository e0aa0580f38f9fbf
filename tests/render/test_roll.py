"""The piano roll in text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import BeatNote, Beats
from improvd.render.roll import Look, Part, name_of, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = Look(width=80, blocks=False)


def notes(*played: tuple[float, float, int]) -> list[BeatNote]:
    """(onset, duration, pitch) in beats."""
    return [BeatNote(Beats(onset), Beats(duration), pitch, 80) for onset, duration, pitch in played]


def rows(page: str) -> dict[str, str]:
    """What stands beside each pitch's name, from the first bar line on."""
    _, *lines = page.splitlines()
    return {line.split()[0]: line[5:] for line in lines}


def drawn(*parts: Part, bar: float = 4.0, look: Look = PLAIN, downbeat: float = 0.0) -> list[str]:
    return list(pages(parts, bar, look, downbeat))


def test_without_blocks_a_note_is_an_onset_and_what_it_holds() -> None:
    (page,) = drawn(
        Part("seed", notes((0, 1, 60), (1, 0.5, 64))), Part("improvd", notes((4, 2, 60), (6, 1, 60))), bar=4
    )
    shown = rows(page)
    assert page.splitlines()[0] == "      1 seed           2 improvd"
    assert shown["C4"] == "|O---.   .   .   |#=======#===.   |"
    assert shown["E4"] == "|.   O-  .   .   |.   .   .   .   |"
    assert len(shown) >= 12


def test_with_blocks_a_character_holds_two_pitches() -> None:
    (page,) = drawn(Part("", notes((0, 1, 60), (0.5, 1, 61), (2, 0.25, 61))), look=Look(80, blocks=True))
    assert rows(page)["C4"] == "│▄▄██▀▀  ▀   ·   │"


def test_two_notes_of_one_pitch_do_not_look_like_one() -> None:
    (page,) = drawn(Part("", notes((0, 1, 60), (1, 1, 60))), look=Look(80, blocks=True))
    assert rows(page)["C4"] == "│▄▄▄ ▄▄▄▄·   ·   │"


def test_a_page_has_as_many_bars_as_fit() -> None:
    tune = Part("", notes(*((number, 1, 60 + number % 7) for number in range(40))))
    narrow, wide = (drawn(tune, look=Look(width, blocks=False)) for width in (40, 180))
    assert [len(narrow), len(wide)] == [5, 1]
    assert [page.split(maxsplit=1)[0] for page in narrow] == ["1", "3", "5", "7", "9"]
    assert max(len(line) for page in narrow for line in page.splitlines()) <= 40


def test_where_no_bar_fits_its_characters_stand_for_more() -> None:
    tune = Part("", notes((0, 1, 60), (6, 2, 60)))
    (page,) = drawn(tune, bar=8, look=Look(24, blocks=False))
    assert rows(page)["C4"] == "|O-. . . . . O---|"


def test_bars_are_counted_from_the_downbeat_and_those_before_it_too() -> None:
    (page,) = drawn(Part("", notes((0, 1, 60), (1, 3, 62))), bar=3, downbeat=1.0)
    assert page.splitlines()[0].split() == ["0", "1"]
    assert rows(page)["C4"] == "|.   .   O---|.   .   .   |"


def test_dots_stand_where_people_tap() -> None:
    (page,) = pages([Part("", notes((0, 1, 60)))], 3.0, PLAIN, tap=1.5)
    assert rows(page)["D4"] == "|.     .     |"


def test_each_part_has_a_colour_and_without_colour_the_same_shapes() -> None:
    parts = (Part("seed", notes((0, 1, 60))), Part("improvd", notes((2, 1, 60))))
    for blocks in (False, True):
        (coloured,), (plain,) = (drawn(*parts, look=Look(80, blocks, colour)) for colour in (True, False))
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
        assert "\x1b[33m" in coloured
        assert "\x1b[36m" in coloured


def test_two_parts_in_one_character_keep_their_colours() -> None:
    parts = (Part("seed", notes((0, 1, 60))), Part("improvd", notes((0, 1, 61))))
    (page,) = drawn(*parts, look=Look(80, blocks=True, colour=True))
    assert "\x1b[36;43m▀▀▀▀\x1b[0m" in page


def test_nothing_is_no_page() -> None:
    assert drawn(Part("improvd", [])) == []


def test_a_rest_of_a_page_is_a_page() -> None:
    first, silent, last = drawn(Part("", notes((0, 1, 60), (20, 1, 60))), look=Look(40, blocks=False))
    assert "O" in first
    assert "O" in last
    assert set(silent) <= set(" \n34|.CDEFGAB#-5")


@pytest.mark.parametrize(("pitch", "name"), [(0, "C-1"), (60, "C4"), (61, "C#4"), (127, "G9")])
def test_pitches_have_their_usual_names(pitch: int, name: str) -> None:
    assert name_of(pitch) == name


class Stream(io.StringIO):
    """A stream of some encoding that may be a terminal."""

    def __init__(self, encoding: str | None, *, terminal: bool) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str | None:  # type: ignore[override]  # Python's own may have none as well
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("encoding", "terminal", "environment", "look"),
    [
        ("utf-8", True, {}, Look(100, blocks=True, colour=True)),
        ("utf-8", False, {}, Look(100, blocks=True, colour=False)),
        ("utf-8", True, {"NO_COLOR": "1"}, Look(100, blocks=True, colour=False)),
        ("utf-8", True, {"TERM": "dumb"}, Look(100, blocks=True, colour=False)),
        ("ascii", True, {}, Look(100, blocks=False, colour=True)),
        ("latin-1", False, {}, Look(100, blocks=False, colour=False)),
        ("cp437", False, {}, Look(100, blocks=True, colour=False)),
        ("nonesuch", False, {}, Look(100, blocks=False, colour=False)),
        (None, False, {}, Look(100, blocks=False, colour=False)),
    ],
)
def test_a_stream_is_given_what_it_can_show(
    encoding: str | None, terminal: bool, environment: dict[str, str], look: Look
) -> None:
    assert Look.of(Stream(encoding, terminal=terminal), 100, environment) == look


@given(
    played=st.lists(
        st.tuples(
            st.integers(-40, 400).map(lambda tick: tick / 24), st.integers(1, 200).map(lambda tick: tick / 24),
            st.integers(0, 127),
        ),
        min_size=1, max_size=30,
    ),
    bar=st.sampled_from([0.5, 1.5, 2.0, 2.5, 3.0, 4.0, 7.0, 16.0]),
    look=st.builds(Look, st.integers(25, 200), st.booleans(), st.just(value=False)),
    downbeat=st.integers(0, 24).map(lambda tick: tick / 24),
)  # fmt: skip
def test_whatever_is_played_fits_and_each_onset_is_seen(
    played: Sequence[tuple[float, float, int]], bar: float, look: Look, downbeat: float
) -> None:
    found = drawn(Part("", notes(*played)), bar=bar, look=look, downbeat=downbeat)
    assert all(len(line) <= look.width for page in found for line in page.splitlines())
    if not look.blocks:
        struck = {row for page in found for row, line in rows(page).items() if "O" in line}
        assert struck == {name_of(pitch) for _, _, pitch in played}
