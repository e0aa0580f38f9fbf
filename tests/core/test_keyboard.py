"""What becomes of what a keyboard sends: controls, transposition, thru."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.binding import PROGRAM, Control
from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, MidiEvent, Seconds
from improvd.core.hands import Hands
from improvd.core.keyboard import KEY_PRESSURE, Keyboard, Manual
from improvd.core.program import choosing

PAD = Control(NOTE_ON, 36)
MESSAGES = st.builds(
    lambda kind, channel, number, value: bytes((kind | channel, number, value)),
    st.sampled_from([NOTE_ON, NOTE_OFF, CONTROL, KEY_PRESSURE]),
    st.integers(0, 1),
    st.integers(0, 127) | st.sampled_from([36, SUSTAIN]),
    st.sampled_from([0, 64, 127]),
)


def message(*data: int) -> MidiEvent:
    return MidiEvent(Seconds(0.0), bytes(data))


def test_what_is_bound_is_neither_heard_as_music_nor_passed_on() -> None:
    manual = Manual(Keyboard((PAD,), thru=True))
    for bound in (message(NOTE_ON, 36, 90), message(NOTE_OFF, 36, 64)):
        taken = manual.take(bound)
        assert taken.is_control
        assert taken.passes is None
    assert manual.take(message(NOTE_ON, 38, 90)).passes == bytes((NOTE_ON, 38, 90))


def test_a_key_that_is_bound_while_it_is_down_still_comes_up() -> None:
    manual = Manual(Keyboard(thru=True))
    manual.take(message(NOTE_ON, 36, 90))
    manual.adopt(Keyboard((PAD,), thru=True))
    assert manual.take(message(NOTE_OFF, 36, 64)).passes == bytes((NOTE_OFF, 36, 64))
    assert manual.take(message(NOTE_ON, 36, 90)).is_control


def test_transposed_keys_come_up_as_they_went_down_whatever_changed_meanwhile() -> None:
    manual = Manual(Keyboard(transpose=12))
    assert manual.take(message(NOTE_ON, 60, 90)).event == message(NOTE_ON, 72, 90)
    manual.adopt(Keyboard(transpose=-12))
    assert manual.take(message(KEY_PRESSURE, 60, 5)).event == message(KEY_PRESSURE, 72, 5)
    assert manual.take(message(NOTE_OFF, 60, 64)).event == message(NOTE_OFF, 72, 64)
    assert manual.take(message(NOTE_ON, 5, 90)).event is None
    assert manual.take(message(CONTROL, 5, 90)).event == message(CONTROL, 5, 90)


def test_without_thru_nothing_is_passed_on() -> None:
    manual = Manual()
    assert manual.take(message(NOTE_ON, 60, 90)).passes is None
    assert manual.release() == []


def test_what_is_no_channels_message_is_not_passed_on() -> None:
    taken = Manual(Keyboard(thru=True)).take(message(0xFA))
    assert taken.event == message(0xFA)
    assert taken.passes is None


def test_what_was_held_when_another_process_had_the_ports_is_let_go_of_at_the_end() -> None:
    manual = Manual(Keyboard(thru=True))
    manual.take_over([(0, 60)], [0], Seconds(0.0))
    assert manual.release() == [bytes((NOTE_OFF, 60, 64)), bytes((CONTROL, SUSTAIN, 0))]


@given(st.lists(MESSAGES, max_size=60), st.integers(-48, 48), st.booleans())
def test_nothing_that_was_passed_on_hangs_at_the_end(messages: list[bytes], transpose: int, bound: bool) -> None:
    manual = Manual(Keyboard((PAD,) if bound else (), transpose, thru=True))
    synth, keys = Hands(), Hands()
    for data in messages:
        taken = manual.take(message(*data))
        if taken.passes is not None:
            synth.hear(message(*taken.passes))
            assert taken.event is not None
            assert taken.event.data == taken.passes
            keys.hear(taken.event)
    assert synth.keys == keys.keys
    for data in manual.release():
        synth.hear(message(*data))
    assert synth.keys == synth.pedals == ()


def test_a_sound_is_chosen_by_bank_and_program() -> None:
    assert choosing(2, None, None) == choosing(2, 5, None) == ()
    assert choosing(2, None, 7) == (bytes((PROGRAM | 2, 7)),)
    assert choosing(2, 130, 7) == (bytes((0xB2, 0, 1)), bytes((0xB2, 32, 2)), bytes((PROGRAM | 2, 7)))
