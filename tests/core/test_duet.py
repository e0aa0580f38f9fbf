"""Whole performances in virtual time: what was played, and exactly what is answered when."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from improvd.core.engine import Engine
from improvd.core.events import Beats, Generate, MidiEvent, Seconds, TurnEnded
from improvd.core.listener import STILL
from improvd.core.settings import EngineSettings
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Performance, Stage
from tests.partners import Steady, hanging, keys, pedal, scale, strikes

BEAT = 0.6


def perform(events: list[MidiEvent], partner: Steady | None = None, **settings: object) -> Performance:
    stage = Stage(Player(events), partner or Steady(), EngineSettings(**settings))
    performance = stage.perform()
    assert hanging(performance.sent) == set()
    return performance


def test_a_call_is_answered_on_the_players_next_beat_for_as_long() -> None:
    performance = perform(scale(1.0, BEAT, 8))
    (turn,) = performance.turns
    assert turn.bpm == pytest.approx(100)
    assert turn.reason == "finished"
    # The eighth note fell at 5.2; a ninth would have been due at 5.8 and was missed; 6.4 is the beat after.
    assert strikes(performance.sent) == [
        (round(6.4 + i * BEAT / 2, 6), 60 + pitch)
        for i, pitch in enumerate([0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3])
    ]


def test_the_model_is_asked_in_segments_with_all_it_needs() -> None:
    partner = Steady()
    perform(scale(1.0, BEAT, 8), partner)
    assert [(ask.segment, ask.start, ask.until, ask.end) for ask in partner.asked] == [
        (0, 9, 11, 17),
        (1, 11, 15, 17),
        (2, 15, 17, 17),
    ]
    assert [(len(ask.context), ask.call) for ask in partner.asked] == [(8, 8), (12, 8), (20, 8)]
    assert partner.asked[0].context[0].onset == pytest.approx(0)
    assert len({ask.seed for ask in partner.asked}) == 3


def test_two_calls_two_answers() -> None:
    performance = perform([*scale(1.0, 0.3, 8), *scale(9.0, 0.5, 8)])
    assert [turn.turn for turn in performance.turns] == [0, 1]
    assert [round(turn.bpm) for turn in performance.turns] == [100, 120]


def test_what_the_player_plays_stops_the_answer_at_once_and_opens_the_next_call() -> None:
    barge_in = 7.15
    performance = perform([*scale(1.0, BEAT, 8), *scale(barge_in, 0.3, 4)])
    first, second = performance.turns
    assert first.reason == "interrupted"
    assert first.response_notes == 3
    assert [m.planned for m in performance.sent if m.data[0] == 0x80][2] == barge_in
    assert second.call_start == barge_in
    assert second.call_notes == 4


def test_a_key_before_the_answer_sounds_goes_on_with_the_call() -> None:
    # The call is judged to be over at 6.28; the answer would begin at 6.4.
    performance = perform([*scale(1.0, BEAT, 8), *keys((6.32, 6.6, 72))])
    (turn,) = performance.turns
    assert (turn.call_start, turn.call_notes) == (1.0, 9)


def test_a_key_on_the_very_beat_where_the_answer_begins_goes_on_with_the_call() -> None:
    # The player rests for one beat too many and comes in at 6.4, just as the answer does.
    performance = perform([*scale(1.0, BEAT, 8), *scale(6.41, BEAT, 8, low=40)])
    (turn,) = performance.turns
    assert (turn.call_notes, turn.reason) == (16, "finished")
    first_off = next(message for message in performance.sent if message.data[0] == 0x80)
    assert first_off.planned == 6.41


def test_slow_detached_notes_are_one_call() -> None:
    performance = perform(scale(1.0, 1.5, 8, held=0.55))
    assert [turn.call_notes for turn in performance.turns] == [8]


def test_what_still_sounds_when_the_model_is_given_up_can_be_stopped() -> None:
    partner = Steady()
    engine = Engine(EngineSettings())
    for event in scale(1.0, 0.25, 6):
        engine.on_midi(event)
    (ask,) = (effect for effect in engine.on_time(Seconds(3.0)) if isinstance(effect, Generate))
    _, continuation = partner.answer(Seconds(3.0), ask)
    long = tuple(replace(note, duration=Beats(40.0)) for note in continuation.notes)
    engine.on_continuation(Seconds(3.0), replace(continuation, notes=long))
    # No later segment ever comes; long after the model was given up its first notes still sound.
    engine.on_time(Seconds(15.0))
    (_, ended) = engine.on_midi(keys((15.0, 15.5, 60))[0])
    assert isinstance(ended, TurnEnded)
    assert ended.reason == "interrupted"


def test_a_key_that_nobody_lets_go_of_is_answered_at_last_and_is_in_nobodys_way_after_that() -> None:
    lost = scale(1.0, 0.3, 8)[:-1]
    struck = lost[-1].at
    first, second = perform([*lost, *scale(40.0, 0.3, 8, low=40)]).turns
    assert first.decided_at == pytest.approx(struck + STILL)
    assert first.call_notes == second.call_notes == 8
    assert second.decided_at < 43.5


def test_a_last_chord_is_the_players_for_as_long_as_anybody_holds_one() -> None:
    performance = perform([*scale(1.0, 0.3, 8), *keys(*((3.5, 3.5 + STILL - 0.5, pitch) for pitch in (48, 52, 55)))])
    (turn,) = performance.turns
    assert turn.decided_at > 3.5 + STILL - 0.5


def test_who_bends_a_note_that_they_hold_is_waited_for() -> None:
    held = keys((1.0, 41.0, 60))
    bends = [MidiEvent(Seconds(at), bytes((0xE0, 0, at % 128))) for at in range(2, 41)]
    (turn,) = perform(sorted([*held, *bends], key=_at)).turns
    assert turn.decided_at > 41.0


def test_a_lost_note_off_is_made_up_for_while_the_player_plays_on() -> None:
    lost = [*scale(1.0, 0.3, 8)[:-1], *scale(5.0, 4.0, 16, held=0.9)]
    (turn,) = perform(lost).turns
    assert 60.0 < turn.decided_at < 72.0


def test_a_brushed_key_neither_opens_a_call_nor_stops_an_answer() -> None:
    brush = (0.2, 0.24, 50, 8)
    assert perform(keys(brush)).turns == []
    performance = perform([*scale(1.0, BEAT, 8), *keys((7.15, 7.19, 50, 8))])
    assert [turn.reason for turn in performance.turns] == ["finished"]


def test_a_brush_while_the_answer_is_being_made_is_no_call_either() -> None:
    performance = perform([*scale(1.0, BEAT, 8), *keys((6.31, 6.35, 50, 8))])
    assert [(turn.call_notes, turn.reason) for turn in performance.turns] == [(8, "finished")]


def test_a_soft_key_held_down_counts_and_stops_the_answer() -> None:
    performance = perform([*scale(1.0, BEAT, 8), *keys((7.15, 7.9, 50, 8))])
    first, second = performance.turns
    assert first.reason == "interrupted"
    assert second.call_start == 7.15


def test_no_answer_while_a_key_is_held() -> None:
    performance = perform([*scale(1.0, 0.3, 8), *keys((3.1, 9.0, 48))])
    (turn,) = performance.turns
    assert turn.decided_at >= 9.0


def test_a_pedal_delays_the_answer_to_the_next_beat_unless_it_comes_up() -> None:
    without = perform(scale(1.0, 0.3, 8)).turns[0]
    lifted = perform(sorted([*scale(1.0, 0.3, 8), pedal(0.9, down=True), pedal(3.8, down=False)], key=_at)).turns[0]
    kept = perform(sorted([*scale(1.0, 0.3, 8), pedal(0.9, down=True)], key=_at)).turns[0]
    assert without.response_onset == lifted.response_onset == pytest.approx(4.0)
    assert kept.response_onset == pytest.approx(4.6)


def test_a_fixed_tempo_is_kept_and_only_its_phase_is_found() -> None:
    performance = perform(scale(1.0, 0.3, 8), bpm=100)
    (turn,) = performance.turns
    assert turn.bpm == pytest.approx(100)
    assert ((turn.response_onset or 0) - 1.0) % 0.6 == pytest.approx(0, abs=0.02)


def test_a_late_model_moves_the_answer_whole_to_the_next_beat() -> None:
    performance = perform(scale(1.0, BEAT, 8), Steady(latency=0.5))
    (turn,) = performance.turns
    assert turn.lateness == pytest.approx(BEAT)
    # Its later segments come half a second after they were asked for as well: none of them is late again.
    assert strikes(performance.sent)[0][0] == 7.0
    assert [round(at - before, 6) for (before, _), (at, _) in _pairs(strikes(performance.sent))] == [0.3] * 15


def test_a_slow_model_is_asked_sooner() -> None:
    quick, slow = Steady(), Steady(step=Seconds(0.004))
    for partner in (quick, slow):
        perform(scale(1.0, 0.3, 8), partner)
    # The call is over at 3.535; a model of 4 ms a step can't be ready for the beat at 4.0.
    assert [round(partner.asked[0].deadline, 3) for partner in (quick, slow)] == [3.995, 4.595]


def test_a_model_that_says_nothing_costs_the_turn_and_nothing_else() -> None:
    performance = perform([*scale(1.0, 0.3, 8), *scale(30.0, 0.3, 8)], Steady(latency=9.0))
    assert [turn.reason for turn in performance.turns] == ["abandoned", "abandoned"]


def test_the_channel_asked_for_is_played_and_the_channel_asked_for_is_heard() -> None:
    elsewhere = [MidiEvent(event.at, bytes((event.data[0] | 3, *event.data[1:]))) for event in scale(1.0, 0.3, 8)]
    assert perform(elsewhere, listen=(0,)).turns == []
    performance = perform(elsewhere, listen=(1, 3), channel=5)
    assert {message.data[0] & 0x0F for message in performance.sent} == {5}


def test_a_player_who_holds_waits_for_each_answer_and_comes_back_on_the_beat() -> None:
    # A rest of four beats: shorter than the answer, so that a player who plays on would interrupt it.
    events = [*scale(1.0, BEAT, 8), *scale(1.0 + 12 * BEAT, BEAT, 8)]
    performance = Stage(Player(events), Steady(), EngineSettings(), hold=True).perform()
    assert [turn.reason for turn in performance.turns] == ["finished", "finished"]
    first, second = performance.turns
    assert second.call_start >= (first.response_end or 0)
    assert (second.call_start - 1.0) / BEAT == pytest.approx(round((second.call_start - 1.0) / BEAT), abs=0.02)


def _at(event: MidiEvent) -> Seconds:
    return event.at


def _pairs(values: list[tuple[float, int]]) -> list[tuple[tuple[float, int], tuple[float, int]]]:
    return list(pairwise(values))
