"""Settings that change while the duet is on: what holds when, and that no note is cut or left for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import CONTROL, Beats, Seconds
from improvd.core.settings import EngineSettings
from improvd.core.turns import State
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.partners import Steady, hanging, keys, pedal, scale

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent, Sent
    from improvd.rehearsal.performance import Performance

BEAT = 0.6
CALLS = [*scale(1.0, BEAT, 8), *scale(15.0, BEAT, 8)]


class Changing(Stage):
    """A stage on which settings change at a time."""

    def __init__(self, events: list[MidiEvent], at: float, settings: EngineSettings, partner: Steady) -> None:
        super().__init__(Player(events), partner, EngineSettings())
        self._change_at: Seconds | None = Seconds(at)
        self._change = settings

    def _next(self, now: Seconds) -> Seconds:
        at = super()._next(now)
        return at if self._change_at is None else Seconds(max(now, min(at, self._change_at)))

    def _step(self, now: Seconds) -> None:
        if self._change_at is not None and self._change_at <= now:
            self._change_at = None
            self._do(now, self._engine.on_settings(now, self._change))
        super()._step(now)


def perform(
    at: float, partner: Steady | None = None, events: list[MidiEvent] = CALLS, **settings: object
) -> Performance:
    performance = Changing(events, at, EngineSettings(**settings), partner or Steady()).perform()
    assert hanging(performance.sent) == set()
    return performance


def notes(performance: Performance, since: float, until: float) -> list[Sent]:
    """The note-ons and note-offs of those seconds."""
    return [sent for sent in performance.sent if sent.data[0] < CONTROL and since <= sent.planned <= until]


def channels(performance: Performance) -> list[set[int]]:
    """The channels that each answer sounded on."""
    return [
        {sent.data[0] & 0x0F for sent in notes(performance, turn.response_onset or 0, turn.response_end or 0)}
        for turn in performance.turns
    ]


def test_how_daring_it_is_and_the_style_change_in_the_middle_of_an_answer() -> None:
    partner = Steady()
    perform(7.0, partner, temperature=0.5, top_p=0.8, style="folk")
    first = [(ask.segment, ask.temperature, ask.top_p, ask.style) for ask in partner.asked if ask.turn == 0]
    assert first == [(0, 1.0, 0.95, ""), (1, 1.0, 0.95, ""), (2, 1.0, 0.95, "")]  # all asked for ahead
    slow = Steady(latency=0.5)
    perform(7.0, slow, temperature=0.5, top_p=0.8, style="folk")
    first = [(ask.segment, ask.temperature, ask.top_p, ask.style) for ask in slow.asked if ask.turn == 0]
    assert first[0] == (0, 1.0, 0.95, "")
    assert first[-1] == (2, 0.5, 0.8, "folk")


@pytest.mark.parametrize("at", [1.1, 5.5, 5.95, 6.3, 6.5, 9.0, 11.1])
def test_an_answer_that_is_on_its_way_ends_as_it_began(at: float) -> None:
    performance = perform(at, channel=4, beats_per_bar=Beats(3.0), max_bars=1.0)
    # Changed while the call is played, its answer goes by it; later, the next one.
    decided = performance.turns[0].decided_at
    assert channels(performance) == ([{4}, {4}] if at < decided else [{0}, {4}])
    assert [turn.response_beats for turn in performance.turns] == [
        pytest.approx(2.95 if at < decided else 7.95),
        pytest.approx(2.95),
    ]


@given(at=st.floats(0.0, 26.0), bpm=st.none() | st.floats(20, 400), listen=st.sampled_from([(), (0,), (1,), (0, 1)]))
def test_an_answer_sounds_the_same_whatever_changes_meanwhile(
    at: float, bpm: float | None, listen: tuple[int, ...]
) -> None:
    """Note for note, for whatever is not asked of the model."""
    usual = perform(99.0)
    changed = perform(at, bpm=bpm, listen=listen, channel=3, min_bars=4.0, brush_velocity=127)
    for turn in usual.turns:
        if turn.decided_at < at:
            until = turn.response_end or 0.0
            assert notes(changed, 0, until) == notes(usual, 0, until) != []


def test_a_fixed_tempo_holds_from_the_next_call() -> None:
    assert [round(turn.bpm) for turn in perform(7.0, bpm=50.0).turns] == [100, 50]
    assert [round(turn.bpm) for turn in perform(2.0, bpm=50.0).turns] == [50, 50]


def test_the_channel_that_is_heard_changes_when_all_keys_are_up() -> None:
    """Else the way up of the keys that are held would never be heard, and the call never be over."""
    performance = perform(3.0, listen=(5,))
    assert performance.turns[0].call_notes == 4  # what was heard until then, the key that was down too
    assert len(performance.turns) == 1


def test_a_pedal_of_a_channel_that_is_heard_no_more_is_up() -> None:
    elsewhere = [replace(event, data=bytes((event.data[0] | 1, *event.data[1:]))) for event in scale(15.0, BEAT, 8)]
    usual = perform(12.0, events=[*scale(1.0, BEAT, 8), *elsewhere], listen=(1,))
    pedalled = perform(12.0, events=[*scale(1.0, BEAT, 8), pedal(11.5, down=True), *elsewhere], listen=(1,))
    assert pedalled.turns == usual.turns
    assert len(usual.turns) == 2


def test_settings_wait_for_a_key_that_is_held_and_the_last_ones_count() -> None:
    stage = Changing(keys((1.0, 5.0, 60)), 2.0, EngineSettings(channel=3), Steady())
    engine = stage._engine
    assert engine.state is State.LISTENING
    for event in keys((1.0, 5.0, 60))[:1]:
        engine.on_midi(event)
    engine.on_settings(Seconds(2.0), EngineSettings(channel=3))
    engine.on_settings(Seconds(3.0), EngineSettings(channel=5))
    assert engine._arrangement.settings.channel == 0
    engine.on_midi(keys((1.0, 5.0, 60))[1])
    assert engine._arrangement.settings.channel == 5
