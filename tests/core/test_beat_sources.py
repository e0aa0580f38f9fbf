"""Where the beat comes from without a clock: the player, across turns, and improvd itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from improvd.core.beat_ours import OurBeat
from improvd.core.beat_player import PlayerBeat
from improvd.core.engine import Engine
from improvd.core.events import NOTE_ON, Beats, MidiEvent, Note, Pace, Seconds
from improvd.core.settings import EngineSettings, Sync
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.partners import Steady, hanging, keys, scale, strikes


def phrase(start: float, step: float, count: int) -> list[Note]:
    onsets = [start + index * step for index in range(count)]
    return [Note(Seconds(onset), Seconds(onset + 0.8 * step), 60 + index, 80) for index, onset in enumerate(onsets)]


def ask(source: PlayerBeat, call: list[Note], after: float = 0.6) -> tuple[float, float, float]:
    """Let it hear a call: the beat's bpm, on which beat the call begins, and how sure that is."""
    for note in call:
        source.hear(note.onset, note.pitch, note.velocity)
    pulse = source.pulse(call, Seconds(call[-1].offset + after))
    source.decided(pulse)
    return pulse.timeline.bpm, pulse.timeline.beat_at(call[0].onset), pulse.confidence


def dance(start: float, beat: float, beats: int) -> list[Note]:
    """A bass note on each beat and a chord after it: nobody doubts where the beat is."""
    notes = []
    for index in range(beats):
        at = start + index * beat
        notes.append(Note(Seconds(at), Seconds(at + 0.4 * beat), 40, 90))
        notes += [Note(Seconds(at + beat / 2), Seconds(at + 0.8 * beat), pitch, 60) for pitch in (64, 67, 72)]
    return notes


def test_a_beat_that_was_kept_settles_what_a_call_leaves_open() -> None:
    """Two notes a beat and a half apart: alone they make a beat, after eight bars at 120 they are what they are."""
    alone, together = PlayerBeat(EngineSettings()), PlayerBeat(EngineSettings())
    bpm, _, confidence = ask(together, dance(1.0, 0.5, 32))
    assert bpm == pytest.approx(120, rel=0.01)
    assert confidence > 0.8
    call = phrase(19.0, 0.75, 2)
    bpm, _, _ = ask(together, call)
    assert bpm == pytest.approx(120, rel=0.02)
    bpm, _, _ = ask(alone, call)
    assert bpm == pytest.approx(80, rel=0.02)


def test_a_call_begins_about_beat_0_whatever_was_played_before() -> None:
    source = PlayerBeat(EngineSettings())
    for start in (1.0, 13.0, 25.0):
        bpm, place, _ = ask(source, phrase(start, 0.5, 12))
        assert bpm == pytest.approx(120, rel=0.01)
        assert abs(place) < 1


def test_a_fixed_tempo_is_not_followed() -> None:
    bpm, _, _ = ask(PlayerBeat(EngineSettings(bpm=96.0)), phrase(1.0, 0.6, 12))
    assert bpm == pytest.approx(96)


def test_in_six_eight_a_tap_is_a_dotted_quarter() -> None:
    settings = EngineSettings(beats_per_bar=Beats(3.0), tap=Beats(1.5))
    # Threes of eighths: two taps a second, so 180 quarters a minute.
    notes = [
        Note(
            Seconds(1.0 + index / 6),
            Seconds(1.0 + index / 6 + 0.1),
            48 if index % 3 == 0 else 72,
            100 if index % 3 == 0 else 60,
        )
        for index in range(36)
    ]
    source = PlayerBeat(settings)
    bpm, place, _ = ask(source, notes)
    assert bpm == pytest.approx(180, rel=0.02)
    assert place == pytest.approx(0, abs=0.05)
    known = source.known(Seconds(8.0))
    assert known is not None
    start = known.start(Seconds(8.0))
    assert (known.timeline.time_at(start) - 1.0) / 0.5 == pytest.approx(
        round((known.timeline.time_at(start) - 1.0) / 0.5), abs=0.05
    )


def test_in_another_metre_the_beat_is_found_anew() -> None:
    source = PlayerBeat(EngineSettings())
    ask(source, phrase(1.0, 0.5, 16))
    assert source.known(Seconds(9.2)) is not None
    settings = EngineSettings(beats_per_bar=Beats(3.0), tap=Beats(1.5))
    source.adopt(settings, Seconds(9.3))
    bpm, _, _ = ask(source, phrase(10.0, 0.5, 8))
    assert bpm == pytest.approx(180, rel=0.05)


def test_we_lead_from_a_count_in_on_and_answer_on_our_bars() -> None:
    settings = EngineSettings(sync=Sync.INTERNAL, bpm=120.0, count_in=1.0)
    performance = Stage(Player(scale(3.0, 0.3, 8)), Steady(), settings).perform()
    (turn,) = performance.turns
    assert turn.bpm == pytest.approx(120)
    onset = strikes(performance.sent)[0][0]
    source = OurBeat(settings)
    source.begin(Seconds(0.0))
    pulse = source.known(Seconds(0.0))
    assert pulse is not None
    assert pulse.timeline.time_at(Beats(0.0)) == pytest.approx(2.1)
    assert (onset - 2.1) / 2 == pytest.approx(round((onset - 2.1) / 2))
    assert hanging(performance.sent) == set()


def test_another_tempo_is_taken_up_without_a_jump() -> None:
    settings = EngineSettings(sync=Sync.INTERNAL, bpm=120.0)
    source = OurBeat(settings)
    source.begin(Seconds(0.0))
    before = source.known(Seconds(0.0))
    source.adopt(replace(settings, bpm=60.0), Seconds(7.3))
    after = source.known(Seconds(7.3))
    assert before is not None
    assert after is not None
    assert after.timeline.beat_at(Seconds(7.3)) == pytest.approx(before.timeline.beat_at(Seconds(7.3)))
    assert after.timeline.bpm == pytest.approx(60)


def test_the_pace_is_told_when_it_changes_and_only_then() -> None:
    engine = Engine(EngineSettings(sync=Sync.INTERNAL, bpm=100.0, output_latency=Seconds(0.03)))
    (pace,) = engine.begin(Seconds(5.0))
    assert isinstance(pace, Pace)
    assert pace.latency == 0.03
    assert (pace.period, pace.downbeat, pace.first, pace.running) == (0.6, 0.0, 0.0, True)
    assert engine.on_time(Seconds(6.0)) == []
    assert engine.on_midi(MidiEvent(Seconds(7.0), bytes((NOTE_ON, 60, 80)))) == []
    player = Engine(EngineSettings())
    assert player.begin(Seconds(5.0)) == []
    played = keys(*((note.onset + 5, note.offset + 5, note.pitch) for note in dance(1.0, 0.5, 16)))
    effects = [effect for event in played for effect in player.on_midi(event)]
    paces = [effect for effect in effects if isinstance(effect, Pace)]
    assert paces
    assert paces[-1].period == pytest.approx(0.5, abs=0.01)
    assert paces[-1].downbeat is None
