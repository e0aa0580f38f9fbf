"""The beat of a player who plays on: told in time, found, followed, kept through silence, and never by hindsight."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from improvd.core.events import Seconds
from improvd.core.tracker import PATIENCE, Tracker
from improvd.core.tracker_filter import CHORD_SPREAD, FASTEST_BPM, SLOWEST_BPM
from tests.performances import Played, performances

if TYPE_CHECKING:
    from improvd.core.tracker import Beat

NEAR = 0.05


def heard(
    played: Played, until: float | None = None, *, bpm: float | None = None, bar: int | None = None
) -> list[Beat]:
    """The beats told by ``until`` (left out: the last onset), each asked for as soon as may be."""
    tracker = Tracker(bpm, bar)
    beats = []
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
        beats += tracker.beats(Seconds(at))
    return beats + tracker.beats(Seconds(played[-1][0] if until is None else until))


def metronome(bpm: float, beats: int, start: float = 1.0, jitter: float = 0.0, parts: int = 1) -> Played:
    rng = random.Random(1)  # noqa: S311 - jitter, not a secret
    return [
        (start + step * 60 / bpm / parts + rng.uniform(-jitter, jitter), 60 if step % parts else 48, 80)
        for step in range(beats * parts)
    ]


def waltz(beats: int, period: float = 0.6) -> Played:
    """A low note on each first beat of three, and a chord on the others."""
    return [
        (1.0 + beat * period, pitch, 70)
        for beat in range(beats)
        for pitch in ((41,) if beat % 3 == 0 else (60, 64, 67))
    ]


performed = performances(400.0, 60)


@given(performed, st.floats(0.0, 200.0))
def test_beats_are_told_in_order_and_in_time(played: Played, after: float) -> None:
    beats = heard(played, played[-1][0] + after)
    assert all(beat.decided_at <= beat.time for beat in beats)
    assert all(one.time < other.time for one, other in pairwise(beats))
    assert all(one.decided_at <= other.decided_at for one, other in pairwise(beats))
    for beat in beats:
        assert SLOWEST_BPM <= beat.bpm <= FASTEST_BPM
        assert 0.0 <= beat.confidence <= 1.0
        assert beat.bar_position in {None, 0, 1, 2, 3}


@given(performed, st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_what_is_played_later_changes_no_beat_told_before(played: Played, share: float, seed: int) -> None:
    """Cut anywhere, and gone on with otherwise, the beats decided until then are the same."""
    cut = played[0][0] + share * (played[-1][0] - played[0][0])
    rng = random.Random(seed)  # noqa: S311 - music, not a secret
    before = [note for note in played if note[0] <= cut]
    other = [(cut + rng.random(), rng.randrange(128), rng.randrange(1, 128)) for _ in range(4)]
    whole = heard(played)
    for rest in ([], sorted(other)):
        again = heard(before + rest, until=max(cut, rest[-1][0] if rest else cut))
        assert [beat for beat in again if beat.decided_at < cut] == [beat for beat in whole if beat.decided_at < cut]


@given(performed)
def test_beats_do_not_depend_on_how_often_they_are_asked_for(played: Played) -> None:
    tracker = Tracker()
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
    assert tracker.beats(Seconds(played[-1][0])) == heard(played)


@given(
    st.lists(st.tuples(st.floats(), st.integers(-300, 300), st.integers(-300, 300)), max_size=40),
    st.lists(st.floats(), max_size=5),
    st.none() | st.floats(20, 400),
)
@example([(math.nan, 60, 80), (math.inf, 60, 80), (-math.inf, 60, 80)], [math.nan, math.inf], None)
@example([(2e17 + 64.0 * i, 60, 80) for i in range(9)], [3e17], None)
def test_nothing_that_is_played_raises(played: Played, asked: list[float], bpm: float | None) -> None:
    """Backwards, beyond all ranges, in no time at all or at no time: it may be no beat, but it is no error."""
    tracker = Tracker(bpm)
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
    beats = [beat for now in asked for beat in tracker.beats(Seconds(now))]
    assert all(one.time < other.time for one, other in pairwise(beats))


def test_thousands_of_notes_at_once_are_one_onset() -> None:
    played = [(1.0 + beat * 0.6, pitch, 80) for beat in range(8) for pitch in list(range(128)) * 4]
    assert [beat.bpm for beat in heard(played)][-1] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("bpm", [60, 72, 84, 96, 108, 120, 132, 144, 160, 180])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_steady_pulse_is_found_within_eight_beats(bpm: float, parts: int) -> None:
    """In tempo and phase: at its own tempo, or at the half or double of it that people might tap to."""
    beats = [beat for beat in heard(metronome(bpm, 24, jitter=0.005, parts=parts)) if beat.time > 1 + 8 * 60 / bpm]
    times = min((1.0, 0.5, 2.0), key=lambda times: abs(math.log(beats[0].bpm / bpm / times)))
    assert times == 1.0 or 60 <= bpm * times <= 140
    assert len(beats) == pytest.approx(15 * times, abs=1)
    for beat in beats:
        assert beat.bpm == pytest.approx(bpm * times, rel=0.04)
        turns = (beat.time - 1.0) / (60 / bpm / max(times, 1.0))
        assert abs(turns - round(turns)) * 60 / bpm < NEAR


@pytest.mark.parametrize("bpm", [45, 50, 100, 112, 190, 200])
def test_a_tempo_that_was_told_settles_halves_and_doubles(bpm: float) -> None:
    played = metronome(100, 24, parts=4)
    nearest = min((50, 100, 200), key=lambda one: abs(math.log(bpm / one)))
    assert heard(played, bpm=bpm)[-1].bpm == pytest.approx(nearest, rel=0.04)


def test_a_ritardando_is_followed() -> None:
    at, played, due = 1.0, [], []
    for beat in range(24):
        period = 0.5 * 1.02 ** max(0, beat - 10)
        played += [(at, 48, 80), (at, 64, 80), (at + period / 2, 67, 70)]
        due.append(at)
        at += period
    beats = heard(played)
    for one in due[6:]:
        assert min(abs(beat.time - one) for beat in beats) < NEAR
    assert beats[-1].bpm == pytest.approx(60 / period, rel=0.06)


def test_the_beat_goes_on_through_silence_with_falling_confidence() -> None:
    end = 1.0 + 31 * 0.5
    beats = [beat for beat in heard(metronome(120, 32, parts=2), until=end + 20) if beat.time > end + 0.4]
    assert len(beats) == pytest.approx(39, abs=1)
    for beat in beats:
        turns = (beat.time - 1.0) / 0.5
        assert abs(turns - round(turns)) * 0.5 < NEAR
        assert beat.bpm == pytest.approx(120, rel=0.02)
    assert all(later.confidence <= sooner.confidence for sooner, later in pairwise(beats))
    assert beats[-1].confidence < 0.3 * beats[0].confidence


def test_nobody_keeps_the_beat_for_ever() -> None:
    beats = heard(metronome(120, 16), until=1e8)
    assert beats[-1].time == pytest.approx(1.0 + 15 * 0.5 + PATIENCE, abs=0.6)


def test_a_player_who_returns_on_the_beat_is_met_there() -> None:
    """After eight beats of rest, each a little late, the beat is theirs at once and not torn apart."""
    away = [(at + 23 * 0.5 + 0.02, pitch, loud) for at, pitch, loud in metronome(120, 12, parts=2)]
    beats = heard(metronome(120, 16, parts=2) + away)
    back = [beat for beat in beats if beat.time > away[0][0] - 0.1]
    for beat in back:
        turns = (beat.time - away[0][0]) / 0.5
        assert abs(turns - round(turns)) * 0.5 < NEAR
    assert all(0.4 < later.time - sooner.time < 0.6 for sooner, later in pairwise(beats[8:]))


def test_a_player_who_returns_elsewhere_is_followed_there() -> None:
    away = [(12.17 + beat * 60 / 97, pitch, 80) for beat in range(24) for pitch in (48, 64)]
    away = sorted(away + [(at + 30 / 97, 67, 70) for at, pitch, _ in away if pitch == 48])
    beats = heard(metronome(120, 16, parts=2) + away)
    late = [beat for beat in beats if beat.time > away[-1][0] - 4]
    assert late
    for beat in late:
        turns = (beat.time - away[0][0]) / (60 / 97)
        assert abs(turns - round(turns)) * 60 / 97 < NEAR


def test_nothing_is_told_before_there_is_a_beat() -> None:
    assert heard([(1.0, 60, 80)], until=60) == []
    assert heard([(1.0, 60, 80), (1.0 + CHORD_SPREAD / 2, 64, 80)], until=60) == []
    tracker = Tracker()
    assert (tracker.period, tracker.next_beat, tracker.confidence) == (None, None, 0.0)


def test_a_waltz_is_counted_in_three() -> None:
    beats = heard(waltz(48))
    late = [beat for beat in beats if beat.time > 15]
    assert len(late) > 15
    assert [beat.bar_position for beat in late] == [round((beat.time - 1.0) / 0.6) % 3 for beat in late]


def test_a_bar_that_was_told_is_not_looked_for() -> None:
    places = {beat.bar_position for beat in heard(waltz(48), bar=4)}
    assert places <= {None, 0, 1, 2, 3}
    assert [beat.bar_position for beat in heard(waltz(48), bar=3)][-6:] == [
        round((beat.time - 1.0) / 0.6) % 3 for beat in heard(waltz(48), bar=3)
    ][-6:]


def test_the_next_beat_is_foretold() -> None:
    tracker = Tracker()
    played = metronome(100, 16, parts=2)
    for at, pitch, velocity in played:
        tracker.hear(Seconds(at), pitch, velocity)
    tracker.beats(Seconds(played[-1][0]))
    assert tracker.period == pytest.approx(0.6, rel=0.02)
    assert tracker.next_beat == pytest.approx(1.0 + 16 * 0.6, abs=0.03)
    assert tracker.confidence > 0.5
