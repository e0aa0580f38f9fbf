"""Keys whose way up got lost: whatever was played, who falls silent is answered at last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, MidiEvent, Seconds
from improvd.core.listener import RINGS, STILL, Listener
from improvd.core.settings import EngineSettings
from improvd.core.turns import State
from tests.core.room import Room
from tests.partners import keys
from tests.performances import Played, performances

LENGTH = 0.3
AT_LAST = STILL + 4.0
"""So long after the last that was done the answer has begun: it is due on the next beat but one."""


@given(
    played=performances(longest_rest=3.0, most=16),
    lost=st.sets(st.integers(0, 15), min_size=1),
    pedal=st.booleans(),
    comp_below=st.none() | st.just(40),
)
def test_whoever_falls_silent_is_answered_at_last(
    played: Played, lost: set[int], pedal: bool, comp_below: int | None
) -> None:
    heard = [(1.0 + at, bytes((NOTE_ON, pitch, max(velocity, 30)))) for at, pitch, velocity in played]
    heard += [
        (1.0 + at + LENGTH, bytes((NOTE_OFF, pitch, 0)))
        for index, (at, pitch, _) in enumerate(played)
        if index not in lost
    ]
    heard += [(0.5, bytes((CONTROL, 64, 127)))] if pedal else []
    room = Room(comp_below=comp_below, leave_endings=False)
    counts = any(comp_below is None or pitch >= comp_below for _, pitch, _ in played)
    end = max(at for at, _ in heard)
    room.play(end + AT_LAST, None, *heard)
    assert room.engine.state is not State.CALL
    assert bool(room.partner.asked) == counts
    room.close()


def test_a_key_given_up_is_no_longer_than_what_was_played() -> None:
    listener = Listener(EngineSettings())
    for event in keys((1.0, 99.0, 60), (1.5, 2.0, 64))[:-1]:
        listener.hear(event, in_call=True)
    assert listener.next_deadline() == 2.0 + STILL
    assert not listener.on_time(Seconds(2.0 + STILL))
    assert not listener.held
    assert [(note.pitch, note.offset) for note in listener.notes(Seconds(20.0))] == [(60, 2.0 + RINGS), (64, 2.0)]


def test_its_way_up_comes_too_late_to_mean_anything() -> None:
    listener = Listener(EngineSettings())
    down, up = keys((1.0, 30.0, 60))
    listener.hear(down, in_call=True)
    listener.on_time(Seconds(1.0 + STILL))
    changes = listener.changes
    listener.hear(up, in_call=False)
    assert listener.changes == changes


def test_a_clock_that_ticks_is_nothing_that_the_player_does() -> None:
    listener = Listener(EngineSettings())
    listener.hear(keys((1.0, 30.0, 60))[0], in_call=True)
    listener.hear(MidiEvent(Seconds(5.0), b"\xfe"), in_call=True)
    assert listener.next_deadline() == 1.0 + STILL


def test_a_left_hand_that_rests_on_its_chord_holds_nothing_up() -> None:
    listener = Listener(EngineSettings(comp_below=48))
    listener.hear(keys((1.0, 30.0, 40))[0], in_call=False)
    assert listener.next_deadline() is None
    listener.on_time(Seconds(100.0))
    assert [note.offset for note in listener.accompaniment(Seconds(100.0))] == [100.0]
