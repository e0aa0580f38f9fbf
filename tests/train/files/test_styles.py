"""What styles are called."""

from __future__ import annotations

import pytest

from improvd.errors import CorpusError
from improvd.train.files import styles
from improvd.train.files.corpus import Entry


def entries(*found: str) -> list[Entry]:
    return [Entry(f"{number}.mid", style) for number, style in enumerate(found)]


def test_a_style_is_called_by_the_first_pattern_that_it_fits_whatever_the_case() -> None:
    names = {"ragtime*": "ragtime", "*keyboard*": "classical", "folk*": "folk"}
    found = entries("ragtime/jazz keyboard", "Keyboard (Baroque)", "folk keyboard", "art song")
    called = styles.named(found, names)
    assert [entry.style for entry in called] == ["ragtime", "classical", "classical", "art song"]
    assert [entry.path for entry in called] == [entry.path for entry in found]


def test_a_pattern_that_fits_nothing_is_a_slip_of_the_pen() -> None:
    with pytest.raises(CorpusError, match=r"no style fits 'kyeboard\*': there are folk tune, keyboard"):
        styles.named(entries("keyboard", "folk tune"), {"kyeboard*": "classical"})


def test_where_only_some_of_the_styles_are_there_the_other_names_wait() -> None:
    names = {"ragtime*": "ragtime", "keyboard*": "classical"}
    assert [entry.style for entry in styles.known_as(entries("keyboard (March)"), names)] == ["classical"]


def test_no_names_change_nothing() -> None:
    found = entries("a", "b")
    assert styles.named(found, {}) == found == styles.known_as(found, {})
