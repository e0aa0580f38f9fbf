"""Keys by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.key import Key, key_named


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C", Key(0)),
        ("Dm", Key(2, minor=True)),
        ("DM", Key(2)),
        ("F# minor", Key(6, minor=True)),
        ("f♯ Min", Key(6, minor=True)),
        ("Bb", Key(10)),
        ("bb", Key(10)),
        ("B♭ MAJOR", Key(10)),
        ("Ebm", Key(3, minor=True)),
        ("Cb", Key(11)),
        (" B# maj ", Key(0)),
    ],
)
def test_keys_are_written_in_many_ways(text: str, key: Key) -> None:
    assert key_named(text) == key


@pytest.mark.parametrize("text", ["", "H", "Dmm", "D dorian", "#", "Bbb", "D min or", "Dm\n7", "1"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a key"):
        key_named(text)


@given(st.integers(0, 11), st.booleans())
def test_a_keys_own_name_names_it(tonic: int, minor: bool) -> None:
    assert key_named(Key(tonic, minor).name) == Key(tonic, minor)
