"""Each kind of value: whatever is given, it is read rightly or refused in one line."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.kinds import Choice, File, Kind, Metre, Number, Switch, Text, shown

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPO = Number(20, 400, " beats a minute", "auto")
COUNT = Number(1, 16, whole=True)
KINDS: tuple[Kind, ...] = (TEMPO, COUNT, Metre(), Choice(("auto", "same")), Text("NAME"), File(), Switch())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def refusal(read: Callable[[Any], object], given: Any) -> str:  # noqa: ANN401  anything at all
    with pytest.raises(ValueError, match="must be") as caught:
        read(given)
    return str(caught.value)


def is_one_line(text: str) -> bool:
    return text.splitlines() == [text] and "\x1b" not in text and len(text) < 300


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (TEMPO, "96", 96.0),
        (TEMPO, " 96.5 ", 96.5),
        (TEMPO, "auto", None),
        (COUNT, "16", 16),
        (Metre(), "6/8", "6/8"),
        (Metre(), " 5 ", "5/4"),
        (Text("NAME"), "Flügel", "Flügel"),
        (Text("NAME"), "", ""),
        (File(), "", None),
        (File(), "~/a", Path.home() / "a"),
        (Switch(), "Yes", True),
        (Switch(), "0", False),
    ],
)
def test_texts_are_read(kind: Kind, text: str, value: object) -> None:
    found = kind.parse(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        (TEMPO, 19.9, "must be from 20 to 400 beats a minute or 'auto', not 19.9"),
        (TEMPO, math.nan, "must be from 20 to 400 beats a minute or 'auto', not nan"),
        (TEMPO, True, "must be from 20 to 400 beats a minute or 'auto', not true"),
        (TEMPO, "96", "must be from 20 to 400 beats a minute or 'auto', not '96'"),
        pytest.param(
            TEMPO, 16**20000, "must be from 20 to 400 beats a minute or 'auto', not a number that large", id="huge"
        ),
        (COUNT, 4.0, "must be a whole number from 1 to 16, not 4.0"),
        (COUNT, [4], "must be a whole number from 1 to 16, not a list"),
        (Metre(), 3.5, "must be a metre of 1 to 16 notes in a bar, such as 3/4, 6/8 or 4, not 3.5"),
        (Choice(("auto", "same")), "both", "must be one of auto, same, not 'both'"),
        (Text("NAME"), {}, "must be a line of text, not a table"),
        (Text("NAME"), "two\nlines", "must be a line of text, not 'two�lines'"),
        (File(), date(2026, 1, 1), "must be the path of a file, not a date or time"),
        (
            File(),
            "~nobody-of-that-name/a",
            "must be the path of a file; '~nobody-of-that-name/a' begins with no user's home",
        ),
        (Switch(), 1, "must be true or false, not 1"),
    ],
)
def test_what_is_refused_says_what_is_allowed(kind: Kind, value: object, complaint: str) -> None:
    assert refusal(kind.check, value) == complaint


@pytest.mark.parametrize("kind", KINDS, ids=repr)
@given(value=ANYTHING)
def test_whatever_a_file_says_is_a_value_or_one_line(kind: Kind, value: object) -> None:
    try:
        found = kind.check(value)
    except ValueError:
        assert is_one_line(refusal(kind.check, value))
    else:
        assert kind.check(kind.plain(found)) == found


@pytest.mark.parametrize("kind", KINDS, ids=repr)
@given(text=st.text() | st.floats().map(str) | st.integers().map(str))
def test_whatever_is_typed_is_a_value_or_one_line(kind: Kind, text: str) -> None:
    try:
        found = kind.parse(text)
    except ValueError:
        assert is_one_line(refusal(kind.parse, text))
    else:
        assert kind.check(kind.plain(found)) == found


@given(value=ANYTHING)
def test_anything_can_be_shown(value: object) -> None:
    assert len(shown(value)) <= 70
