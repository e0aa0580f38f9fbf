"""Knobs, pads and pedals: what somebody wishes by moving them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.binding import PROGRAM, Binding, Command, Control, Curve, Encoder, Fixed, Knob, Relative, Select
from improvd.core.controls import WAY, Controls, Wish, is_bound, place, position, steps
from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, Beats, MidiEvent, Seconds
from improvd.core.learning import Learner
from improvd.core.pitch import pitch_name, pitch_named
from improvd.core.taps import Taps

CC = Control(CONTROL, 21)
KNOBS = st.one_of(
    st.builds(
        Knob, st.floats(0.01, 1), st.floats(1.5, 400), st.sampled_from(Curve), st.booleans().filter(lambda yes: not yes)
    ),
    st.builds(Knob, st.integers(-48, 0), st.integers(1, 48), st.just(Curve.LINEAR), st.booleans()),
)
POSITIONS = st.integers(0, WAY)


def cc(value: int, number: int = 21, channel: int = 0) -> MidiEvent:
    return MidiEvent(Seconds(0.0), bytes((CONTROL | channel, number, value)))


def note(velocity: int, pitch: int = 36) -> MidiEvent:
    return MidiEvent(Seconds(0.0), bytes((NOTE_ON, pitch, velocity)))


class Desk:
    """One binding, and the value that it is about."""

    def __init__(
        self, way: Knob | Encoder | Select | Fixed | Command, value: float | str, control: Control = CC
    ) -> None:
        self.controls = Controls([Binding(control, "it", way)])
        self.value = value

    def move(self, event: MidiEvent) -> list[Wish]:
        wishes = self.controls.hear(event, {"it": self.value}.__getitem__)
        for wish in wishes:
            if wish.value is not None:
                self.value = wish.value
        return wishes


@given(POSITIONS, st.sampled_from(sorted({NOTE_ON, CONTROL, PROGRAM})), st.none() | st.integers(0, 15), st.data())
def test_a_control_is_known_by_kind_number_and_channel(
    number: int, kind: int, channel: int | None, data: st.DataObject
) -> None:
    control = Control(kind, number, channel)
    on = data.draw(st.integers(0, 15))
    length = 2 if kind == PROGRAM else 3
    message = MidiEvent(Seconds(0.0), bytes((kind | on, number, 64))[:length])
    assert is_bound([control], message) == (channel in (None, on))
    assert not is_bound([control], MidiEvent(Seconds(0.0), bytes((kind | on, (number + 1) % 128, 64))[:length]))
    assert not is_bound([], message)


def test_a_key_that_is_a_control_is_one_on_its_way_up_too() -> None:
    control = Control(NOTE_ON, 36)
    assert is_bound([control], note(0))
    assert is_bound([control], MidiEvent(Seconds(0.0), bytes((NOTE_OFF, 36, 64))))
    assert not is_bound([control], cc(64, 36))


def test_a_knob_does_nothing_until_it_passes_what_holds() -> None:
    desk = Desk(Knob(0, 127), 64.0)
    assert desk.move(cc(10)) == []
    assert desk.move(cc(50)) == []
    assert desk.move(cc(70)) == [Wish("it", 70)]
    assert desk.move(cc(20)) == [Wish("it", 20)]
    desk.value = 100.0  # somebody else
    assert desk.move(cc(30)) == []
    assert desk.move(cc(99)) == [Wish("it", 99)]


@given(KNOBS, POSITIONS, st.lists(POSITIONS, max_size=30), st.floats(-60, 500))
def test_a_value_never_jumps_over_more_than_the_knob_was_moved(
    way: Knob, first: int, moves: list[int], value: float
) -> None:
    desk = Desk(way, value)
    before = first
    desk.move(cc(first))
    for at in moves:
        held = desk.value
        assert isinstance(held, (int, float))
        meant = position(way, held)
        wishes = desk.move(cc(at))
        if wishes:
            step = max(1.0, WAY / (way.high - way.low)) if way.whole else 1.0
            assert min(before, at) - step <= meant <= max(before, at) + step
            assert desk.value == place(way, at)
        before = at


@given(KNOBS, st.floats(-60, 500))
def test_whoever_turns_a_knob_all_the_way_leads(way: Knob, value: float) -> None:
    desk = Desk(way, value)
    for at in (0, WAY, 0, 5):
        desk.move(cc(at))
    assert desk.value == place(way, 5)


def test_where_a_word_holds_a_knob_leads_at_once() -> None:
    assert Desk(Knob(50, 200), "auto").move(cc(127)) == [Wish("it", 200)]


@given(KNOBS, POSITIONS)
def test_place_and_position_are_each_others_reverse(way: Knob, at: int) -> None:
    assert way.low <= place(way, at) <= way.high
    if not way.whole:
        assert position(way, place(way, at)) == pytest.approx(at, abs=0.2)
    assert place(way, 0) == pytest.approx(way.low, rel=1e-3)
    assert place(way, WAY) == pytest.approx(way.high, rel=1e-3)


@given(KNOBS, st.lists(st.integers(-20, 20), max_size=40))
def test_an_endless_encoder_goes_on_from_what_holds(way: Knob, moves: list[int]) -> None:
    desk = Desk(Encoder(way, Relative.OFFSET), way.low)
    at = 0.0
    for move in moves:
        desk.move(cc(64 + move))
        at = min(max(at + move, 0.0), WAY)
    assert desk.value == pytest.approx(place(way, at), rel=1e-3)
    desk.value = way.high  # somebody else
    desk.move(cc(63))
    assert desk.value == place(way, WAY - 1)


def test_encoders_tell_their_steps_in_three_ways() -> None:
    assert [steps(Relative.TWOS, data) for data in (1, 3, 127, 125)] == [1, 3, -1, -3]
    assert [steps(Relative.OFFSET, data) for data in (65, 67, 63, 61, 64)] == [1, 3, -1, -3, 0]
    assert [steps(Relative.SIGN, data) for data in (1, 3, 65, 67, 64)] == [1, 3, -1, -3, 0]


def test_a_pad_is_pressed_when_it_goes_down() -> None:
    desk = Desk(Command(), 0, Control(NOTE_ON, 36))
    assert desk.move(note(90)) == [Wish("it")]
    assert desk.move(note(0)) == []
    assert Desk(Fixed("folk"), "", Control(PROGRAM, 2)).move(MidiEvent(Seconds(0.0), b"\xc3\x02")) == [
        Wish("it", "folk")
    ]


def test_a_pedal_is_pressed_when_it_passes_the_middle_upwards() -> None:
    desk = Desk(Command(), 0)
    assert [bool(desk.move(cc(value))) for value in (0, 40, 64, 127, 90, 10, 127)] == [0, 0, 1, 0, 0, 0, 1]


def test_what_has_few_values_is_gone_through_or_chosen() -> None:
    desk = Desk(Select(("a", "b", "c")), "b", Control(NOTE_ON, 36))
    assert [desk.move(note(90)) for _ in range(3)] == [[Wish("it", "c")], [Wish("it", "a")], [Wish("it", "b")]]
    desk = Desk(Select(("a", "b", "c")), "b")
    assert [desk.move(cc(value)) for value in (0, 42, 43, 127)] == [
        [Wish("it", "a")],
        [],
        [Wish("it", "b")],
        [Wish("it", "c")],
    ]


def test_a_tempo_is_tapped() -> None:
    taps = Taps()
    assert taps.tap(Seconds(10.0), Beats(1.0)) is None
    assert taps.tap(Seconds(10.5), Beats(1.0)) == pytest.approx(120)
    assert taps.tap(Seconds(10.52), Beats(1.0)) is None  # bounced
    for at in (11.0, 11.5, 12.0, 12.7):
        bpm = taps.tap(Seconds(at), Beats(1.0))
    assert bpm == pytest.approx(120)  # one that was late does no harm
    assert taps.tap(Seconds(20.0), Beats(1.5)) is None  # anew
    assert taps.tap(Seconds(21.0), Beats(1.5)) == pytest.approx(90)


@given(st.integers(0, 127))
def test_keys_have_names(pitch: int) -> None:
    assert pitch_named(pitch_name(pitch)) == pitch


def test_keys_are_counted_from_the_middle_c() -> None:
    assert [pitch_named(name) for name in ("C4", "c-1", "Bb2", "F#3", "B#3", "Cb4", "G9")] == [
        60,
        0,
        46,
        54,
        60,
        59,
        127,
    ]
    for wrong in ("", "H2", "C", "G#9", "Cb-1", "C10", "60"):
        with pytest.raises(ValueError, match="must be a key"):
            pitch_named(wrong)


def test_a_knob_is_known_by_two_values_of_its() -> None:
    learner = Learner(knob=True)
    assert learner.hear(cc(64, 64, 2)) is None  # a pedal, once
    assert learner.hear(note(90)) is None
    assert learner.hear(cc(3)) is None
    assert learner.hear(cc(3)) is None
    assert learner.hear(cc(4)) == Control(CONTROL, 21, 0)


def test_what_is_pressed_is_known_at_once() -> None:
    for event, control in (
        (note(90), Control(NOTE_ON, 36, 0)),
        (cc(127, 67, 2), Control(CONTROL, 67, 2)),
        (MidiEvent(Seconds(0.0), b"\xc3\x02"), Control(PROGRAM, 2, 3)),
    ):
        learner = Learner(knob=False)
        for beside in (note(0), cc(0), cc(127, 123), MidiEvent(Seconds(0.0), b"\xe0\x00\x40")):
            assert learner.hear(beside) is None
        assert learner.hear(event) == control
