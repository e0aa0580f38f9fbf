"""Damaged files of every kind that somebody else may have made, some of each; tests/fuzz/by_hand.py tries millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.config import live
from improvd.config.options import RunOptions
from improvd.config.settings import engine_settings
from improvd.errors import UserError
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from random import Random

NEEDED = {"corpus-midi": "symusic", "osc": "pythonosc"}
KINDS = [
    pytest.param(kind, marks=pytest.mark.needs(NEEDED[kind])) if kind in NEEDED else pytest.param(kind)
    for kind in TARGETS
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_itself_is_taken(kind: str) -> None:
    """Else all that follows would be refused at the door."""
    target, seed = TARGETS[kind]
    assert target(seed)


@pytest.mark.parametrize("kind", KINDS)
@given(rng=st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_damage_is_taken_or_refused_in_a_line(kind: str, rng: Random) -> None:
    target, seed = TARGETS[kind]
    target(mutated(seed, rng))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=2000))
@settings(max_examples=50)
def test_bytes_of_no_meaning_too(kind: str, data: bytes) -> None:
    TARGETS[kind][0](data)


@given(
    name=st.sampled_from(sorted(live.LIVE)),
    value=st.booleans() | st.integers() | st.floats() | st.text() | st.text("0123456789.,-+| %#ABCDEFGbe", max_size=12),
)
@settings(max_examples=500)
def test_any_value_for_any_setting_is_taken_or_refused_in_a_line(name: str, value: object) -> None:
    refused = ""
    try:
        options = live.changed(RunOptions(), name, value)
        engine_settings(options)
        assert live.changed(options, name, live.value(options, name)) == options
    except UserError as error:
        refused = str(error)
    assert len(refused.splitlines()) <= 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"type": "settings", "at": 1.0, "settings": 1.0}',
        b'{"type": "continuation", "at": 1.0, "turn": 1, "segment": 0, "complete": true, "notes": [[1, 2]]}',
        b'{"type": "in", "at": 1e999, "data": "903c50", "echo": false}',
        b'{"type": "in", "at": 1.0, "data": "zz", "echo": false}',
        b'{"type": "event", "at": 1.0, "what": "model ready", "step": {}}',
    ],
)
def test_a_line_that_improvd_never_wrote_is_told(line: bytes) -> None:
    """What the fuzzer found once, and its like."""
    trace, seed = TARGETS["trace"]
    header = seed.splitlines(keepends=True)[0]
    assert not trace(header + line + b"\n")
    assert not trace(header.replace(b'"limits": {', b'"limits": 5, "was": {') + line + b"\n")
