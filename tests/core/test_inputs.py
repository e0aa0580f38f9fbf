"""Several inputs as one keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import MidiEvent, Seconds
from improvd.core.hands import Hands
from improvd.core.inputs import Inputs
from improvd.core.one_clock import SILENCE, OneClock

if TYPE_CHECKING:
    from collections.abc import Iterable

ON, OFF = b"\x90\x3c\x50", b"\x80\x3c\x40"
DOWN, UP = b"\xb0\x40\x7f", b"\xb0\x40\x00"


class Merged:
    """What comes out, ten messages a second."""

    def __init__(self) -> None:
        self.inputs = Inputs()
        self.at = 0.0

    def take(self, source: str, data: bytes) -> list[bytes]:
        self.at += 0.1
        return _data(self.inputs.take(source, MidiEvent(Seconds(self.at), data)))

    def lose(self, source: str) -> list[bytes]:
        return _data(self.inputs.lose(source, Seconds(self.at)))


def _data(events: Iterable[MidiEvent]) -> list[bytes]:
    return [event.data for event in events]


def test_a_key_held_at_two_inputs_comes_up_with_the_last() -> None:
    one = Merged()
    assert [one.take("keys", ON), one.take("pads", ON)] == [[ON], [ON]]
    assert one.take("keys", OFF) == []
    assert one.take("pads", OFF) == [OFF]


def test_a_pedal_held_at_two_inputs_comes_up_with_the_last() -> None:
    one = Merged()
    assert [one.take("keys", DOWN), one.take("pads", DOWN)] == [[DOWN], [DOWN]]
    assert one.take("pads", UP) == []
    assert one.take("pads", UP) == []
    assert one.take("keys", UP) == [UP]


def test_an_input_that_goes_takes_what_it_alone_held() -> None:
    one = Merged()
    for source, data in (
        ("keys", ON),
        ("pads", ON),
        ("pads", b"\x91\x40\x50"),
        ("pads", DOWN),
        ("keys", b"\x90\x30\x50"),
    ):
        one.take(source, data)
    assert one.lose("pads") == [b"\x81\x40\x40", UP]
    assert one.lose("pads") == []
    assert one.take("keys", OFF) == [OFF]
    assert one.lose("keys") == [b"\x80\x30\x40"]


def test_all_notes_off_of_one_input_is_not_the_others() -> None:
    one, all_off = Merged(), b"\xb0\x7b\x00"
    one.take("keys", ON)
    one.take("pads", ON)
    one.take("pads", b"\x90\x40\x50")
    assert one.take("pads", all_off) == [b"\x80\x40\x40"]
    assert one.take("keys", all_off) == [all_off]


def test_what_was_held_before_goes_with_the_first_that_lets_go() -> None:
    one = Merged()
    one.inputs.take_over([(0, 60), (0, 64), (2, 64)], [0], Seconds(0.0))
    assert one.take("pads", OFF) == [OFF]
    assert one.take("keys", UP) == [UP]
    assert one.lose("pads") == [b"\x80\x40\x40", b"\x82\x40\x40"]
    assert one.lose("keys") == []


def test_after_a_panic_nothing_is_held() -> None:
    one = Merged()
    one.take("keys", ON)
    one.take("pads", ON)
    one.inputs.let_go()
    assert one.take("keys", OFF) == [OFF]
    assert one.lose("pads") == []


MESSAGES = st.sampled_from(
    [
        *(ON, OFF, b"\x90\x3c\x00", b"\x90\x40\x50", b"\x80\x40\x40", b"\x91\x3c\x50", b"\x81\x3c\x40"),
        *(DOWN, UP, b"\xb1\x40\x40", b"\xb1\x40\x3f", b"\xb0\x7b\x00", b"\xb0\x78\x00", b"\xb1\x7b\x00"),
        *(b"\xe0\x00\x40", b"\xf8"),
    ]
)
STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.none() | MESSAGES), max_size=60)


@given(STEPS)
def test_what_is_held_is_what_any_of_them_holds(steps: list[tuple[str, bytes | None]]) -> None:
    """None: that input is unplugged."""
    merged, heard = Inputs(), Hands()
    each = {source: Hands() for source in "abc"}
    for index, (source, data) in enumerate(steps):
        at = Seconds(index / 10)
        if data is None:
            each[source].let_go()
            out = merged.lose(source, at)
        else:
            each[source].hear(MidiEvent(at, data))
            out = merged.take(source, MidiEvent(at, data))
        for event in out:
            heard.hear(event)
        assert set(heard.keys) == {key for hands in each.values() for key in hands.keys}
        assert set(heard.pedals) == {pedal for hands in each.values() for pedal in hands.pedals}


@given(st.lists(MESSAGES, max_size=40))
def test_one_input_alone_passes_as_it_is(messages: list[bytes]) -> None:
    one = Merged()
    assert [one.take("keys", data) for data in messages] == [[data] for data in messages]


def takes(clock: OneClock, source: str, at: float, data: bytes) -> bool:
    return clock.takes(source, MidiEvent(Seconds(at), data))


def test_the_first_that_ticks_is_followed_until_it_falls_silent() -> None:
    clock = OneClock()
    assert takes(clock, "keys", 0.0, b"\xfa")  # a keyboard's own Start, which no ticks follow
    assert takes(clock, "drums", 0.1, b"\xfa")
    assert takes(clock, "drums", 0.2, b"\xf8")
    assert not takes(clock, "keys", 0.3, b"\xfc")
    assert not takes(clock, "keys", 0.3, b"\xf8")
    assert takes(clock, "keys", 0.3, ON)
    assert takes(clock, "drums", 0.4, b"\xfc")
    assert takes(clock, "keys", 0.2 + SILENCE, b"\xf8")
    assert not takes(clock, "drums", 0.3 + SILENCE, b"\xf8")


def test_a_clock_that_is_unplugged_makes_room_at_once() -> None:
    clock = OneClock()
    takes(clock, "drums", 0.0, b"\xf8")
    clock.lose("keys")
    assert not takes(clock, "keys", 0.1, b"\xf8")
    clock.lose("drums")
    assert takes(clock, "keys", 0.1, b"\xf8")
