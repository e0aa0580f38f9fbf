"""Which keys are down, and which only seem to be."""

from __future__ import annotations

from improvd.core.events import MidiEvent, Seconds
from improvd.core.hands import LOST, Hands
from tests.partners import pedal


def message(at: float, *data: int) -> MidiEvent:
    return MidiEvent(Seconds(at), bytes(data))


def test_keys_go_down_and_come_up_on_their_own_channel() -> None:
    hands = Hands()
    hands.hear(message(0, 0x90, 60, 80))
    hands.hear(message(1, 0x91, 60, 80))
    hands.hear(message(2, 0x90, 60, 0))
    assert hands.keys == ((1, 60),)
    assert hands.holds(60)


def test_all_notes_off_lifts_the_keys_of_its_channel() -> None:
    hands = Hands()
    hands.hear(message(0, 0x90, 60, 80))
    hands.hear(message(0, 0x91, 62, 80))
    hands.hear(message(1, 0xB0, 123, 0))
    assert hands.keys == ((1, 62),)


def test_a_pedal_is_down_from_64() -> None:
    hands = Hands()
    hands.hear(message(0, 0xB0, 64, 63))
    assert not hands.pedal
    hands.hear(pedal(1, down=True))
    assert hands.pedal


def test_a_key_whose_way_up_got_lost_is_not_held_for_ever() -> None:
    hands = Hands()
    hands.hear(message(0, 0x90, 60, 80))
    hands.hear(message(LOST - 1, 0x90, 62, 80))
    hands.hear(message(LOST - 0.5, 0x80, 62, 0))
    assert hands.holds(60)
    hands.hear(message(LOST + 1, 0x90, 64, 80))
    assert hands.keys == ((0, 64),)


def test_a_drone_that_nothing_is_played_over_is_held_as_long_as_it_lasts() -> None:
    hands = Hands()
    hands.hear(message(0, 0x90, 60, 80))
    hands.hear(pedal(1000, down=True))
    assert hands.holds(60)
