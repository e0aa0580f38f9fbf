"""What a message asks for."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.live import LIVE, changed
from improvd.config.options import RunOptions
from improvd.control.requests import decode, encode
from improvd.core.binding import COMMANDS
from improvd.errors import UserError
from improvd.osc.packets import Said
from improvd.osc.wishes import Mute, Press, Refresh, Set, Tell, Wish, wish_of

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from([*LIVE, *COMMANDS, "refresh", "state", "", "a/b"]) | st.text(max_size=200)


def wish(name: str, *values: object) -> Wish | None:
    return wish_of(Said(f"/improvd/{name}", values))


def complaint(name: str, *values: object) -> str:
    with pytest.raises(UserError) as caught:
        wish(name, *values)
    return str(caught.value)


def test_an_option_is_set_by_its_name() -> None:
    assert wish("temperature", 0.800000011920929) == Set("temperature", 0.8)
    assert wish("temperature", 1) == Set("temperature", 1)
    assert wish("temperature", "0.8") == Set("temperature", 0.8)
    assert wish("bpm", "auto") == Set("bpm", "auto")
    assert wish("mode", "trade") == Set("mode", "trade")
    assert wish("meter", 3) == Set("meter", "3/4")


def test_a_fader_sets_a_whole_number() -> None:
    assert wish("bars", 2.0) == Set("bars", 2)
    assert complaint("bars", 2.5) == "bars must be a whole number from 1 to 64, not 2.5"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "mute"])
def test_a_command_is_done_at_a_buttons_way_down(name: str) -> None:
    for pressed in ((), (1,), (1.0,), (True,), ("now",), (None,)):
        assert wish(name, *pressed) == Press(name)
    for let_go in (0, 0.0, False):
        assert wish(name, let_go) is None


def test_mute_is_toggled_by_its_name_alone_and_set_by_a_value() -> None:
    assert wish("mute") == Press("mute")
    assert [wish("mute", value) for value in (1, 1.0, True, 0, 0.0, False)] == [Mute(on=True)] * 3 + [
        Mute(on=False)
    ] * 3


def test_what_stands_somewhere_is_asked_by_its_address_alone() -> None:
    assert wish("temperature") == Tell("/improvd/temperature")
    assert wish("state") == Tell("/improvd/state")
    assert wish("refresh") == Refresh()
    assert wish("refresh", 0.0) is None


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("temprature", (1,), "there is no option 'temprature'; did you mean 'temperature'?"),
        ("temperature", (9.0,), "temperature must be from 0.05 to 4, not 9.0"),
        ("temperature", (math.nan,), "temperature must be from 0.05 to 4, not nan"),
        ("temperature", (True,), "temperature must be from 0.05 to 4, not true"),
        ("temperature", (1.0, 2.0), "temperature takes one value, a number or a text"),
        ("temperature", (b"x",), "temperature takes one value, a number or a text"),
        ("bpm", (math.inf,), "bpm must be from 20 to 400 beats a minute or 'auto', not inf"),
        ("model", ("../stranger",), "by OSC a model goes by its name, and not by a path"),
        ("api", ("jack",), "api only changes after a restart"),
        ("state", ("x",), "there is no option 'state'; "),
    ],
)
def test_a_mistake_is_told_in_a_line(name: str, values: tuple[object, ...], says: str) -> None:
    assert complaint(name, *values).startswith(says)


def test_what_is_not_for_us_is_nothing() -> None:
    assert wish_of(Said("/1/fader1", (0.5,))) is None
    assert wish_of(Said("/improvd", (0.5,))) is None


@given(NAMES, st.lists(ANYTHING, max_size=3))
def test_whatever_comes_can_be_asked_of_the_session_or_is_refused_in_a_line(name: str, values: list[object]) -> None:
    try:
        wished = wish(name, *values)
    except UserError as error:
        assert len(str(error)) < 300  # noqa: PT017  not every message is refused
        return
    if isinstance(wished, Set):
        request = decode(encode(1, "set", name=wished.name, value=wished.value))
        assert json.loads(json.dumps(wished.value)) == request.more["value"]
        if not wished.name.endswith("-bars"):  # of which one may not be more than the other
            changed(RunOptions(), wished.name, wished.value)
