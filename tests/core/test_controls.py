"""Knobs, pads and pedals: what somebody wishes by moving them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.binding import PROGRAM, Binding, Command, Control, Curve, Encoder, Fixed, Knob, Relative, Select
from improvd.core.controls import Controls, Wish, is_bound
from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, Beats, MidiEvent, Seconds
from improvd.core.learning import Learner
from improvd.core.pitch import pitch_name, pitch_named
from improvd.core.taps import Taps
from improvd.core.turning import WAY, place, position, steps

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
        self,
        way: Knob | Encoder | Select | Fixed | Command,
        value: float | str,
        control: Control = CC,
        *,
        target: str = "it",
        follows: bool = False,
    ) -> None:
        self.controls = Controls([Binding(control, target, way, follows)])
        self.value = value
        self.now = Seconds(0.0)

    def move(self, event: MidiEvent) -> list[Wish]:
        wishes = self.controls.hear(event, lambda _target: self.value)
        for wish in wishes:
            if wish.value is not None:
                self.value = wish.value
        return wishes

    def show(self) -> list[bytes]:
        """What the control is told by now, a while after everything else."""
        self.now = Seconds(self.now + 1.0)
        return self.controls.show(self.now, lambda _target: self.value)


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


def test_a_pad_gets_past_a_value_that_is_refused() -> None:
    desk = Desk(Select(("a", "b", "c")), "a", Control(NOTE_ON, 36))
    assert desk.move(note(90)) == [Wish("it", "b")]
    desk.value = "a"  # there is no such thing here
    assert desk.move(note(90)) == [Wish("it", "c")]
    assert desk.move(note(90)) == [Wish("it", "a")]
    assert desk.move(note(90)) == [Wish("it", "b")]
    desk = Desk(Select((False, True)), False, Control(NOTE_ON, 36))
    for _ in range(2):
        assert desk.move(note(90)) == [Wish("it", True)]
        desk.value = False  # somebody else's doing


def at(now: float, event: MidiEvent) -> MidiEvent:
    return MidiEvent(Seconds(now), event.data)


def test_a_fader_with_a_motor_goes_where_others_set_it_and_leads_from_there() -> None:
    desk = Desk(Knob(0, 127), 64.0, follows=True)
    assert desk.show() == [cc(64).data]
    assert desk.show() == []
    assert desk.move(at(5.0, cc(70))) == [Wish("it", 70)]  # quickly, and past nothing
    assert desk.show() == []  # its own hand's doing
    desk.value = 20.0  # somebody else
    assert desk.show() == [cc(20).data]
    desk.value = 70.0
    assert desk.show() == [cc(70).data]
    desk.controls.forget()
    assert desk.show() == [cc(70).data]


def test_a_fader_whose_wish_was_refused_goes_back() -> None:
    desk = Desk(Knob(0, 127), 64.0, follows=True)
    desk.show()
    held = desk.value
    desk.move(at(5.0, cc(70)))
    desk.value = held
    assert desk.show() == [cc(64).data]


def test_a_knob_that_does_not_follow_is_told_nothing() -> None:
    desk = Desk(Knob(0, 127), 64.0)
    assert desk.show() == []
    assert Desk(Fixed(2.0), 2.0, Control(PROGRAM, 1), follows=True).show() == []
    assert Desk(Knob(0, 127), "auto", follows=True).show() == []


def test_a_ring_of_lamps_is_told_what_its_own_steps_did_too() -> None:
    desk = Desk(Encoder(Knob(0, 127), Relative.TWOS), 64.0, follows=True)
    assert desk.show() == [cc(64).data]
    desk.move(at(5.0, cc(3)))
    assert desk.show() == [cc(67).data]


def test_many_small_steps_of_a_ring_get_somewhere() -> None:
    desk = Desk(Encoder(Knob(1, 5, whole=True), Relative.TWOS), 1, follows=True)
    for step in range(40):
        desk.move(at(float(step), cc(1)))
        desk.show()
    assert desk.value == 2


def test_a_lamp_is_lit_while_its_value_holds() -> None:
    pad = Control(NOTE_ON, 36, 9)
    desk = Desk(Fixed("folk"), "", pad, follows=True)
    assert desk.show() == [b"\x99\x24\x00"]
    desk.value = "folk"
    assert desk.show() == [b"\x99\x24\x7f"]
    desk.move(at(9.0, MidiEvent(Seconds(0.0), b"\x89\x24\x40")))  # some pads put their lamp out when let go of
    assert desk.show() == [b"\x99\x24\x7f"]
    mute = Desk(Command(), False, target="mute", follows=True)
    assert mute.show() == [cc(0).data]
    mute.value = True
    assert mute.show() == [cc(127).data]
    assert Desk(Command(), 0, follows=True).show() == []  # over at once


def test_of_few_values_a_fader_goes_to_where_it_would_choose_it_and_a_pad_is_as_bright_as_it_comes_late() -> None:
    for value, position_, brightness in (("a", 21, 0), ("b", 64, 64), ("c", 106, 127)):
        desk = Desk(Select(("a", "b", "c")), value, follows=True)
        assert desk.show() == [cc(position_).data]
        assert desk.move(at(9.0, cc(position_))) == []
        assert Desk(Select(("a", "b", "c")), value, Control(NOTE_ON, 36), follows=True).show() == [
            note(brightness).data
        ]


@given(
    st.builds(lambda way: way, KNOBS) | st.just(Select(("a", "b", "c"))) | st.just(Command()),
    st.lists(st.floats(-60, 500) | POSITIONS, max_size=12),
    st.booleans(),
)
def test_a_device_that_sends_back_what_it_is_told_makes_no_loop(
    way: Knob | Select | Command, doings: list[float], is_key: bool
) -> None:
    """Others set values, and hands move the control; whatever it is told comes back at once."""
    control = Control(NOTE_ON, 21) if is_key and not isinstance(way, Knob) else CC
    desk = Desk(way, "b" if isinstance(way, Select) else 0, control, target="mute", follows=True)
    for doing in doings:
        if isinstance(doing, int):
            wishes = desk.move(at(desk.now + 0.9, MidiEvent(Seconds(0.0), bytes((control.kind, 21, doing)))))
            if isinstance(way, Command) and wishes:
                desk.value = not desk.value
        elif isinstance(way, Knob):
            desk.value = doing
        held = desk.value
        for told in desk.show():
            assert desk.move(MidiEvent(Seconds(desk.now + 0.01), told)) == []
        assert desk.value == held
        assert desk.show() == []


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
