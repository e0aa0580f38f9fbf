"""What is played from outside is heard in time, and nobody's keys stay down for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.control.requests import RequestError
from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Seconds
from improvd.core.hands import Hands
from improvd.daemon.played import MOST_AT_ONCE, MOST_WAITING, Played

ON, OFF, PEDAL = b"\x90\x3c\x50", b"\x80\x3c\x40", b"\xb0\x40\x7f"


def test_messages_are_heard_in_order_of_time_and_no_earlier() -> None:
    played = Played()
    played.add("me", [(Seconds(12.0), OFF), (Seconds(11.0), ON)], Seconds(10.0))
    assert played.next_deadline() == 11.0
    assert played.due(Seconds(10.9)) == []
    assert played.due(Seconds(11.5)) == [MidiEvent(Seconds(11.0), ON)]
    assert played.due(Seconds(12.0)) == [MidiEvent(Seconds(12.0), OFF)]
    assert played.next_deadline() is None


def test_now_is_now_and_long_ago_was_a_moment_ago() -> None:
    played = Played()
    played.add("me", [(None, ON), (Seconds(9.95), ON), (Seconds(2.0), ON)], Seconds(10.0))
    assert [event.at for event in played.due(Seconds(10.0))] == [9.8, 9.95, 10.0]


def test_what_is_too_far_or_too_much_is_refused_whole() -> None:
    played = Played()
    with pytest.raises(RequestError, match="more than 60 s ahead"):
        played.add("me", [(None, ON), (Seconds(71.0), OFF)], Seconds(10.0))
    assert played.next_deadline() is None
    for _ in range(MOST_WAITING // 256):
        played.add("me", [(Seconds(20.0), ON)] * 256, Seconds(10.0))
    with pytest.raises(RequestError, match="wait to be played"):
        played.add("me", [(None, ON)], Seconds(10.0))


def test_no_round_is_held_up_by_much() -> None:
    played = Played()
    played.add("me", [(None, ON)] * 100, Seconds(10.0))
    assert len(played.due(Seconds(10.0))) == MOST_AT_ONCE
    assert played.next_deadline() == 10.0


def test_who_leaves_lets_go_of_keys_and_pedals_and_of_what_was_to_come() -> None:
    played = Played()
    played.add("me", [(None, ON), (None, PEDAL), (Seconds(15.0), OFF)], Seconds(10.0))
    played.add("you", [(None, b"\x91\x40\x50")], Seconds(10.0))
    played.due(Seconds(10.0))
    played.leave("me", Seconds(11.0))
    assert [event.data for event in played.due(Seconds(11.0))] == [OFF, b"\xb0\x40\x00"]
    assert played.next_deadline() is None
    played.leave("me", Seconds(12.0))
    assert played.next_deadline() is None


@given(
    moves=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.booleans(), st.floats(0, 2), st.booleans()), max_size=60
    )
)
def test_when_all_have_left_no_key_is_held(moves: list[tuple[str, int, bool, float, bool]]) -> None:
    played, hands, now = Played(), Hands(), Seconds(0.0)

    def hear() -> None:
        for event in played.due(now):
            hands.hear(event)

    for client, pitch, down, ahead, leaves in moves:
        now = Seconds(now + 0.25)
        if leaves:
            played.leave(client, now)
        # Each on a channel of its own: one client's key is not another's.
        status = (NOTE_ON if down else NOTE_OFF) | ord(client) % 16
        played.add(client, [(Seconds(now + ahead), bytes((status, pitch, 64)))], now)
        hear()
    for client in "abc":
        played.leave(client, now)
    hear()
    assert hands.keys == ()
    assert played.next_deadline() is None
