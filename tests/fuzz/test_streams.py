"""Whatever comes by the cable: the whole way in virtual time; `flood.py` does the same by the million."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.config.options import RunOptions
from tests.fuzz.room import Room
from tests.fuzz.streams import Hostile, play
from tests.partners import Steady


@given(seed=st.integers(0, 1 << 32))
@settings(max_examples=60)
def test_hostile_streams_leave_nothing_sounding(seed: int) -> None:
    outcome = play(Hostile(random.Random(seed)).stream(400))  # noqa: S311  no secret
    assert outcome.heard <= 100_000


def test_they_are_answered_too() -> None:
    """Else nothing of ours could hang."""
    hostile = Hostile(random.Random(3))  # noqa: S311  no secret
    outcomes = [play(hostile.stream(400)) for _ in range(20)]
    assert sum(outcome.heard for outcome in outcomes) > 5000
    assert sum(outcome.answered for outcome in outcomes) > 100


def through() -> Room:
    """A room in which what is played is passed on to the synth."""
    return Room(
        replace(RunOptions(), inputs=("keyboard",), output="module", thru=True, instrument="separate", seed=1), Steady()
    )


def hear(room: Room, *messages: bytes) -> None:
    for message in messages:
        room.hear(message)
    room.listen()


def test_what_is_no_message_is_passed_over() -> None:
    """A program on JACK may write any bytes: a pitch of 255 once ended the model's process."""
    nonsense = (b"", b"\x90\xff\x50", b"\x90\x3c\xff", b"\x90\x3c", b"\x90\x3c\x50\x3e\x50", b"\x3c\x50", b"\xf0\x01")
    with through() as room:
        hear(room, *nonsense, b"\xf0\x01\xf7", b"\xf7")
        assert room.rig.sounding == set()
        assert room.duet.hands.keys == ()
        hear(room, b"\x90\x3c\x50")
        assert room.rig.sounding == {("module", 0, 60)}
        room.close()


def test_what_was_passed_and_came_up_while_the_synth_was_away_ends_when_it_is_back() -> None:
    with through() as room:
        hear(room, b"\x93\x3c\x50", b"\x93\x40\x50")
        room.rig.plug(keys=True, sound=False)
        hear(room, b"\x83\x3c\x40")  # before anybody missed it
        room.pass_by(2.0)
        hear(room, b"\x83\x40\x40")
        assert room.rig.sounding == {("module", 3, 60), ("module", 3, 64)}
        room.rig.plug(keys=True, sound=True)
        room.pass_by(2.0)
        assert room.rig.sounding == set()
        room.close()


def test_what_was_passed_ends_with_the_session_however_long_it_was_held() -> None:
    with through() as room:
        hear(room, b"\x90\x30\x50")
        room.pass_by(100.0)
        hear(room, b"\x90\x40\x50", b"\x80\x40\x40")  # by now the first counts as lost
        assert room.rig.sounding >= {("module", 0, 48)}
        room.close()
        assert room.rig.sounding == set()


def test_what_was_passed_and_came_up_while_nobody_heard_it_ends_too() -> None:
    with through() as room:
        hear(room, b"\x92\x3c\x50")
        room.kill_ports()
        hear(room, b"\x82\x3c\x40")
        room.pass_by(1.0)
        assert room.rig.sounding == set()
        room.close()
