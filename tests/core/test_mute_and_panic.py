"""Listening without answering, and silencing whatever may hang."""

from __future__ import annotations

import pytest

from improvd.core.engine import Engine
from improvd.core.events import Continuation, Effect, Generate, MidiEvent, Pace, Play, Release, Seconds, TurnEnded
from improvd.core.settings import EngineSettings, Mode
from improvd.core.turns import State
from tests.partners import Steady, scale

BEAT = 0.5


class Duet:
    """An engine with a partner that answers at once; ``effects`` are all but what was asked of the partner."""

    def __init__(self) -> None:
        self.engine = Engine(EngineSettings())
        self.partner = Steady()
        self.effects: list[Effect] = []

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Generate):
                at, answer = self.partner.answer(Seconds(effect.deadline - 0.05), effect)
                assert isinstance(answer, Continuation)
                self.do(self.engine.on_continuation(at, answer))
            else:
                self.effects.append(effect)

    def hear(self, events: list[MidiEvent]) -> None:
        for event in events:
            self.pass_time(event.at)
            self.do(self.engine.on_midi(event))

    def pass_time(self, until: float) -> None:
        while (deadline := self.engine.next_deadline()) is not None and deadline <= until:
            self.do(self.engine.on_time(deadline))

    def of(self, kind: type) -> list[Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]


def test_a_call_to_a_muted_engine_is_heard_and_not_answered() -> None:
    duet = Duet()
    assert duet.engine.on_mute(Seconds(0.0), muted=True) == []
    assert duet.engine.view.timeline is None
    duet.hear(scale(1.0, BEAT, 8))
    assert duet.engine.state is State.CALL
    duet.pass_time(30.0)
    assert [effect for effect in duet.effects if not isinstance(effect, Pace)] == []
    assert (duet.engine.state, duet.engine.view.muted) == (State.LISTENING, True)
    assert round(duet.engine.view.bpm) == 120
    assert duet.engine.view.confidence > 0
    assert duet.engine.view.timeline is not None


def test_without_a_synth_calls_are_heard_and_not_answered_until_it_is_back() -> None:
    duet = Duet()
    duet.do(duet.engine.on_ports(Seconds(0.0), hears=True, plays=False))
    duet.hear(scale(1.0, BEAT, 8))
    duet.pass_time(30.0)
    assert duet.of(Play) == []
    assert duet.engine.state is State.LISTENING
    duet.do(duet.engine.on_ports(Seconds(30.0), hears=True, plays=True))
    duet.hear(scale(31.0, BEAT, 8))
    duet.pass_time(60.0)
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.reason == "finished"


@pytest.mark.parametrize(("hears", "plays"), [(False, True), (True, False), (False, False)])
def test_a_port_that_goes_in_mid_answer_ends_it_once(hears: bool, plays: bool) -> None:
    duet = Duet()
    duet.hear(scale(1.0, BEAT, 8))
    at = 1.0 + 12 * BEAT
    duet.pass_time(at)
    assert duet.engine.state is State.ANSWERING
    for _ in range(2):  # being told again changes nothing
        duet.do(duet.engine.on_ports(Seconds(at), hears=hears, plays=plays))
    assert duet.of(Release) == [Release()]
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.reason == "interrupted"


def test_a_key_held_by_a_keyboard_that_went_keeps_no_later_call_open() -> None:
    duet = Duet()
    duet.hear([MidiEvent(Seconds(1.0), b"\x90\x30\x50")])
    duet.do(duet.engine.on_ports(Seconds(2.0), hears=False, plays=True))
    duet.do(duet.engine.on_ports(Seconds(3.0), hears=True, plays=True))
    duet.hear(scale(4.0, BEAT, 8))
    duet.pass_time(60.0)
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.reason == "finished"


def test_muting_in_mid_answer_releases_it_and_nothing_more_is_asked_for() -> None:
    duet = Duet()
    duet.hear(scale(1.0, BEAT, 8))
    duet.pass_time(6.5)
    assert duet.engine.state is State.ANSWERING
    asked = len(duet.partner.asked)
    duet.do(duet.engine.on_mute(Seconds(6.5), muted=True))
    assert len(duet.of(Release)) == 1
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert (turn.reason, turn.response_notes > 0) == ("interrupted", True)
    duet.pass_time(60.0)
    assert len(duet.partner.asked) == asked


def test_a_call_that_goes_on_when_the_mute_is_lifted_is_answered() -> None:
    duet = Duet()
    duet.do(duet.engine.on_mute(Seconds(0.0), muted=True))
    call = scale(1.0, BEAT, 8)
    duet.hear(call[:6])
    duet.do(duet.engine.on_mute(call[5].at, muted=False))
    duet.hear(call[6:])
    duet.pass_time(30.0)
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.call_notes == 8
    assert duet.of(Play)


def test_what_was_played_while_muted_is_no_part_of_the_next_call() -> None:
    duet = Duet()
    duet.do(duet.engine.on_mute(Seconds(0.0), muted=True))
    duet.hear(scale(1.0, BEAT, 8))
    duet.pass_time(20.0)
    duet.do(duet.engine.on_mute(Seconds(20.0), muted=False))
    duet.hear(scale(21.0, BEAT, 6))
    duet.pass_time(40.0)
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert (turn.call_start, turn.call_notes) == (21.0, 6)


def test_a_panic_releases_whatever_the_engine_believes() -> None:
    duet = Duet()
    assert duet.engine.on_panic(Seconds(0.0)) == [Release()]
    duet.hear(scale(1.0, BEAT, 8))
    duet.pass_time(6.5)
    duet.do(duet.engine.on_panic(Seconds(6.5)))
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.reason == "interrupted"
    assert duet.engine.state is State.LISTENING


def test_after_a_panic_no_key_counts_as_held() -> None:
    duet = Duet()
    (down, *_) = scale(1.0, BEAT, 1)
    duet.hear([down])  # and its way up gets lost
    duet.do(duet.engine.on_panic(Seconds(2.0)))
    duet.hear(scale(3.0, BEAT, 8, low=72))
    duet.pass_time(30.0)
    (turn,) = duet.of(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert turn.call_notes == 8


@pytest.mark.parametrize("quiet", ["muted", "no synth"])
def test_what_was_heard_beside_an_answer_is_judged_at_once_where_that_is_cut(quiet: str) -> None:
    """Trading, keys in our bars are the next call: no look at it is due in the past."""
    duet = Duet()
    duet.engine = Engine(EngineSettings(mode=Mode.TRADE, bars=1, bpm=60 / BEAT))
    duet.hear(scale(1.0, BEAT, 4))
    duet.hear(scale(3.1, 0.2, 7))
    assert duet.engine.state is State.ANSWERING
    now = Seconds(4.6)
    duet.pass_time(now)
    if quiet == "muted":
        duet.do(duet.engine.on_mute(now, muted=True))
    else:
        duet.do(duet.engine.on_ports(now, hears=True, plays=False))
    due = duet.engine.next_deadline()
    assert due is None or due > now
