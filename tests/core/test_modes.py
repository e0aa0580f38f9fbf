"""Whole performances in each mode, in virtual time: who plays on which beat."""

from __future__ import annotations

import pytest

from improvd.core.beat_ours import BREATH
from improvd.core.cues import Cue
from improvd.core.events import Beats, MidiEvent, Seconds
from improvd.core.mode_duet import locked
from improvd.core.settings import Mode, Sync
from improvd.core.tempo import Pulse
from improvd.core.timeline import Timeline
from improvd.core.turns import State
from tests.core.clocks import VirtualClock
from tests.core.room import Room
from tests.partners import keys, scale, strikes

BEAT = 0.6
CALL = scale(1.0, BEAT, 8)
"""Answered from 6.4 on, for eight beats."""


def messages(*phrases: list[MidiEvent]) -> list[tuple[float, bytes]]:
    return sorted((event.at, event.data) for phrase in phrases for event in phrase)


def beats(room: Room, origin: float, period: float = BEAT) -> list[float]:
    """The beats on which notes of ours began."""
    return [round((at - origin) / period, 3) for at, _ in strikes(room.sent)]


def halves(start: float, length: float) -> list[float]:
    return [start + index / 2 for index in range(round(2 * length))]


# -- trade


def test_bars_are_traded_after_a_count_in_where_we_lead() -> None:
    origin = (BREATH + 4) * BEAT
    room = Room(mode=Mode.TRADE, bars=1, sync=Sync.INTERNAL, bpm=100)
    # The player fills a bar, and plays on into ours; then it is theirs again, with a pick-up of half a beat.
    theirs = [scale(origin, BEAT / 2, 10), scale(origin + 7.5 * BEAT, BEAT / 2, 6)]
    room.play(origin + 20 * BEAT, None, *messages(*theirs))
    assert beats(room, origin) == [*halves(4, 4), *halves(12, 4)]
    first, second = room.turns
    assert [turn.reason for turn in room.turns] == ["finished", "finished"]
    assert second.call_start == pytest.approx(origin + 7.5 * BEAT)
    assert first.call_notes == 8
    assert room.engine.state is State.LISTENING
    room.close()


def test_bars_are_traded_by_the_phrase_where_nobody_knows_of_bars() -> None:
    room = Room(mode=Mode.TRADE, bars=2)
    room.play(30.0, None, *messages(scale(1.0, BEAT, 8), scale(1.0 + 16 * BEAT, BEAT, 8)))
    assert beats(room, 1.0) == [*halves(8, 8), *halves(24, 8)]
    room.close()


def test_bars_are_traded_by_a_clock() -> None:
    room, clock = Room(mode=Mode.TRADE, bars=1, sync=Sync.CLOCK), VirtualClock(100.0, start=1.0)
    # They begin in the second bar of the song.
    room.play(1.0 + 16 * BEAT, clock, (0.99, b"\xfa"), *messages(scale(1.0 + 5 * BEAT, BEAT, 3)))
    assert [round(beat, 1) for beat in beats(room, 1.0)] == halves(8, 4)
    room.close()


def test_what_is_played_in_our_bars_stops_nothing_and_is_heard() -> None:
    origin = (BREATH + 4) * BEAT
    room = Room(mode=Mode.TRADE, bars=2, sync=Sync.INTERNAL, bpm=100)
    room.play(origin + 20 * BEAT, None, *messages(scale(origin, BEAT, 7), scale(origin + 8 * BEAT, BEAT, 4, low=40)))
    assert beats(room, origin) == halves(8, 8)
    assert len(room.turns) == 1
    assert room.partner.asked[0].beside == ()
    assert all(note.pitch < 50 for asked in room.partner.asked for note in asked.beside)
    room.close()


def test_who_leaves_their_bars_empty_is_waited_for() -> None:
    origin = (BREATH + 4) * BEAT
    room = Room(mode=Mode.TRADE, bars=1, sync=Sync.INTERNAL, bpm=100)
    room.play(origin + 40 * BEAT, None, *messages(scale(origin, BEAT, 3), scale(origin + 25 * BEAT, BEAT, 3)))
    assert beats(room, origin) == [*halves(4, 4), *halves(28, 4)]
    room.close()


def test_a_late_model_ends_on_the_bar_line_all_the_same() -> None:
    origin = (BREATH + 4) * BEAT
    room = Room(mode=Mode.TRADE, bars=1, sync=Sync.INTERNAL, bpm=100)
    room.partner.latency = 0.5
    room.play(origin + 20 * BEAT, None, *messages(scale(origin, BEAT, 3)))
    played = beats(room, origin)
    assert played == halves(5, 3)
    room.close()


def test_bars_of_ours_that_went_by_before_we_traded_are_nobodys() -> None:
    room = Room(patience=3.0, bpm=200.0)
    room.play(3.2, None, *messages(scale(1.0, 0.3, 4)))
    assert room.engine.state is State.CALL
    room.set(mode=Mode.TRADE, bars=1, bpm=200.0, beats_per_bar=Beats(3.0))
    assert room.engine.state is State.LISTENING
    assert (room.turns, room.partner.asked) == ([], [])
    room.close()


# -- continue


def test_it_goes_on_until_the_player_returns() -> None:
    room = Room(mode=Mode.CONTINUE)
    room.play(31.0, None, *messages(CALL, scale(25.0, BEAT, 4)))
    (turn,) = room.turns
    assert (turn.reason, turn.response_end) == ("interrupted", 25.0)
    until_then = [at for at, _ in strikes(room.sent) if at <= 25.0]
    assert [round((at - 1.0) / BEAT, 3) for at in until_then] == halves(9, 31.5)[: len(until_then)]
    assert len(until_then) == turn.response_notes == 63
    assert room.engine.state is State.ANSWERING
    room.close()


def test_it_has_only_some_beats_in_hand() -> None:
    room = Room(mode=Mode.CONTINUE)
    room.play(15.0, None, *messages(CALL))
    assert max(asked.until for asked in room.partner.asked) * BEAT + 1.0 < 15.0 + 9 * BEAT
    room.close()


def test_it_does_not_play_to_an_empty_room_for_ever() -> None:
    room = Room(mode=Mode.CONTINUE)
    room.play(400.0, None, *messages(CALL))
    (turn,) = room.turns
    assert turn.reason == "finished"
    assert 64 * 4 * BEAT < (turn.response_end or 0) - 5.2 < 72 * 4 * BEAT
    room.close()


# -- duet


def test_a_duet_begins_once_there_is_a_beat_and_ends_after_the_player() -> None:
    room = Room(mode=Mode.DUET)
    room.play(60.0, None, *messages(scale(1.0, BEAT, 40)))
    (turn,) = room.turns
    played = beats(room, 1.0)
    assert played == halves(played[0], len(played) / 2)
    assert 5 <= played[0] <= 8
    assert turn.reason == "finished"
    # The last onset fell at 24.4; four bars later they are gone.
    assert 24.4 + 16 * BEAT <= (turn.response_end or 0) <= 24.4 + 20 * BEAT
    room.close()


def test_a_duet_is_asked_for_piece_by_piece_with_what_the_player_does_meanwhile() -> None:
    room = Room(mode=Mode.DUET)
    room.play(18.0, None, *messages(scale(1.0, BEAT, 28)))
    for asked in room.partner.asked:
        last = asked.context[asked.call - 1]
        assert 0 < asked.start - last.onset < 1.7
        assert asked.until - asked.start <= 1
        assert asked.niche is not None
        assert last.pitch not in range(asked.niche.lowest or 0, (asked.niche.highest or 0) + 1)
    room.close()


def test_a_duet_follows_the_players_beat() -> None:
    steady, faster = Timeline(Seconds(1.0), Seconds(0.6)), Timeline(Seconds(7.02), Seconds(0.58))
    followed = locked(Pulse(steady, 0.9), Pulse(faster, 0.9)).timeline
    assert followed.time_at(Beats(10.0)) == pytest.approx(7.02)
    assert followed.period == 0.58
    double = Pulse(Timeline(Seconds(7.0), Seconds(0.3)), 0.9)
    assert locked(Pulse(steady, 0.9), double).timeline is steady
    led = Pulse(steady, 0.9, sync=Sync.INTERNAL)
    assert locked(led, Pulse(faster, 0.9)) is led


# -- switching


@pytest.mark.parametrize("before", Mode)
@pytest.mark.parametrize("after", Mode)
def test_another_mode_holds_as_soon_as_nothing_sounds_and_leaves_no_note(before: Mode, after: Mode) -> None:
    room = Room(mode=before, bars=1)
    room.play(9.0, None, *messages(CALL))
    room.set(mode=after, bars=1)
    room.play(60.0, None, *messages(scale(40.0, BEAT, 8)))
    assert len(room.turns) >= 1 + (after is not Mode.CONTINUE)
    assert room.turns[0].reason == "finished" or after is before
    room.close()


# -- keys that accompany


def test_keys_below_the_split_stop_no_answer_and_are_heard_as_harmony() -> None:
    chords = keys(
        *((1.0 + 2 * bar * BEAT, 1.0 + (2 * bar + 1.9) * BEAT, pitch) for bar in range(9) for pitch in (45, 40))
    )
    room = Room(comp_below=48)
    room.play(20.0, None, *messages(CALL, chords))
    alone = Room()
    alone.play(20.0, None, *messages(CALL))
    (turn,) = room.turns
    assert (turn.call_notes, turn.reason) == (8, "finished")
    assert strikes(room.sent) == strikes(alone.sent)
    assert all({note.pitch for note in asked.beside} == {45, 40} for asked in room.partner.asked)
    assert all(note.pitch >= 48 for asked in room.partner.asked for note in asked.context)
    room.close()


def test_keys_below_the_split_open_no_call() -> None:
    room = Room(comp_below=48)
    room.play(10.0, None, *messages(scale(1.0, BEAT, 8, low=30)))
    assert room.turns == []
    assert room.engine.state is State.LISTENING
    room.close()


# -- cues


def test_taking_over_waits_for_no_key_to_come_up() -> None:
    room = Room()
    room.play(4.0, None, *messages(scale(1.0, BEAT, 4), keys((3.4, 30.0, 60))[:1]))
    room.cue(Cue.TAKE_OVER)
    room.play(12.0)
    assert strikes(room.sent)[0][0] == pytest.approx(4.6)
    room.close()


def test_stop_ends_the_answer_at_once() -> None:
    room = Room()
    room.play(8.0, None, *messages(CALL))
    room.cue(Cue.STOP)
    assert not room.schedule.sounding
    assert [turn.reason for turn in room.turns] == ["interrupted"]
    room.play(20.0)
    assert len(room.turns) == 1
    room.close()


def test_stop_lets_a_call_go_unanswered() -> None:
    room = Room()
    room.play(5.5, None, *messages(CALL))
    room.cue(Cue.STOP)
    room.play(20.0)
    assert room.turns == []
    room.close()


def test_an_answer_is_repeated_note_for_note() -> None:
    room = Room()
    room.play(13.0, None, *messages(CALL))
    before = strikes(room.sent)
    asked = len(room.partner.asked)
    room.cue(Cue.REPEAT)
    room.play(25.0)
    again = strikes(room.sent)[len(before) :]
    assert len(room.partner.asked) == asked
    late = again[0][0] - before[0][0]
    assert late / BEAT == pytest.approx(round(late / BEAT))
    assert [(round(at - late, 5), pitch) for at, pitch in again] == [(round(at, 5), pitch) for at, pitch in before]
    assert [(turn.cue, turn.call_notes, turn.reason) for turn in room.turns] == [
        ("", 8, "finished"),
        ("repeat", 0, "finished"),
    ]
    room.close()


@pytest.mark.parametrize(("cue", "heard"), [(Cue.AGAIN, 8), (Cue.TAKE_OVER, 8), (Cue.VARY, 24)])
def test_the_last_call_or_its_answer_is_answered_once_more(cue: Cue, heard: int) -> None:
    room = Room()
    room.play(13.0, None, *messages(CALL))
    (first, *_), asked = room.partner.asked, len(room.partner.asked)
    room.cue(cue)
    room.play(30.0)
    second = room.partner.asked[asked]
    assert (second.turn, second.call) == (1, heard)
    assert second.seed != first.seed
    assert second.context[-1].onset < second.start
    assert (second.start - second.context[0].onset) % 1 == pytest.approx((first.start - first.context[0].onset) % 1)
    assert (second.manner.similarity > first.manner.similarity) == (cue is Cue.VARY)
    assert [turn.reason for turn in room.turns] == ["finished", "finished"]
    room.close()


@pytest.mark.parametrize("cue", Cue)
def test_a_cue_with_nothing_to_go_by_does_nothing(cue: Cue) -> None:
    room = Room()
    room.play(1.0)
    room.cue(cue)
    room.play(5.0)
    assert (room.turns, room.sent, room.partner.asked) == ([], [], [])
    room.close()
