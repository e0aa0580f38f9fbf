from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import TICKS_PER_BEAT, BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.key import Key
from improvd.core.manner import Manner
from improvd.model.improviser import MOST_NOTES, Improviser
from improvd.model.limits import CHORD
from improvd.model.stages.repetition import RUN, longest_run
from tests.model.asking import request
from tests.model.tiny_model import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

SLACK = 1e-6
TICK = 1 / TICKS_PER_BEAT


def never() -> Seconds:
    return Seconds(0.0)


beats = st.floats(-50, 50)
beat_notes = st.builds(BeatNote, beats, st.floats(0.001, 20), st.integers(0, 127), st.integers(1, 127))


knobs = st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])
each = st.tuples(*[st.none() | st.sampled_from([0.05, 0.7, 4.0])] * 4)
phrases = st.lists(beat_notes, max_size=8).map(lambda notes: tuple(sorted(notes, key=lambda note: note.onset)))
manners = st.builds(
    Manner,
    similarity=knobs,
    key_lean=knobs,
    register=st.none() | st.floats(-48, 48),
    density=st.none() | st.floats(0.25, 4),
    velocity=st.none() | st.floats(-100, 100),
    ending=knobs,
    originality=st.none() | st.integers(10, 20),
    temperature_each=each,
    top_p_each=st.tuples(*[st.none() | st.sampled_from([0.1, 0.9, 1.0])] * 4),
)


@st.composite
def requests(draw: Callable[..., object]) -> Generate:
    context = sorted(draw(st.lists(beat_notes, max_size=120)), key=lambda note: (note.onset, note.pitch))
    after = max([note.onset for note in context], default=0.0)
    segment = draw(st.integers(0, 2))
    # A late call's notes may fall after the answer's start; the answer's own, which segments go on from, never do.
    starts = [math.ceil(after + 0.01), after + 0.37, after + 0.02] + [after - 3.0] * (segment == 0)
    start = draw(st.sampled_from(starts))
    length = draw(st.floats(0.05, 12))
    return request(
        segment=segment,
        context=tuple(context),
        call=draw(st.integers(0, len(context))),
        start=start,
        until=start + length,
        end=start + length + draw(st.sampled_from([0.0, 0.3, 4.0])),
        least_notes=draw(st.integers(0, 12)),
        longest_gap=draw(st.floats(0.25, 4)),
        seed=draw(st.integers(0, 2**63)),
        temperature=draw(st.sampled_from([1.0, 0.7, 0.0, 5.0])),
        top_p=draw(st.sampled_from([0.95, 1.0, 0.0])),
        style=draw(st.sampled_from(["", "folk", "unheard of"])),
        beats_per_bar=draw(st.sampled_from([4.0, 3.0, 0.0, 2.5])),
        downbeat=draw(st.none() | beats),
        key=draw(st.none() | st.builds(Key, st.integers(0, 11), st.booleans())),
        manner=draw(st.just(Manner()) | manners),
        earlier=tuple(draw(st.lists(phrases, max_size=3))),
    )


@given(requests(), st.integers(0, 3), st.sampled_from([0.3, 1.5]))
def test_every_promise_is_kept(asked: Generate, model: int, scale: float) -> None:
    improviser = Improviser(tiny_bundle(model, scale), never)
    answer = improviser.answer(asked)
    assert (answer.turn, answer.segment, answer.complete) == (asked.turn, asked.segment, True)
    notes = answer.notes

    assert all(asked.start <= note.onset < asked.until for note in notes)
    if asked.segment == 0:
        assert notes[0].onset == asked.start
    assert list(notes) == sorted(notes, key=lambda note: (note.onset, note.pitch))
    at_one_onset = Counter(note.onset for note in notes)
    assert len({(note.onset, note.pitch) for note in notes}) == len(notes), "two notes of one pitch at one onset"
    assert max(at_one_onset.values(), default=0) <= CHORD

    assert all(note.duration > 0 for note in notes)
    assert all(note.onset + note.duration <= asked.end + SLACK for note in notes)
    # As many as are wanted fit, one a tick, if there are so many ticks.
    room = math.floor((min(asked.until, asked.end) - asked.start) * TICKS_PER_BEAT) - 1
    if room >= asked.least_notes:
        assert len(notes) >= asked.least_notes

    gaps = [later.onset - sooner.onset for sooner, later in itertools.pairwise(notes)]
    assert all(gap <= asked.longest_gap + TICK for gap in gaps)
    if notes:
        left = min(asked.until, asked.end) - notes[-1].onset
        assert left <= asked.longest_gap + TICK, "room for one more was left unused"

    heard = asked.context[-100:]
    call = heard[: max(0, asked.call - (len(asked.context) - len(heard)))] or heard
    if call:
        up, louder = round(asked.manner.register or 0.0), round(asked.manner.velocity or 0.0)
        low, high = min(note.pitch for note in call) + up, max(note.pitch for note in call) + up
        assert all(min(low - 7, 115) <= note.pitch <= max(high + 7, 12) for note in notes)
        soft, loud = min(note.velocity for note in call) + louder, max(note.velocity for note in call) + louder
        assert all(min(soft - 16, 112) <= note.velocity <= max(loud + 16, 16) for note in notes)
    assert all(0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 for note in notes)
    assert longest_run([note.pitch for note in notes]) <= max(RUN, longest_run([note.pitch for note in call]))


@given(requests())
def test_the_same_request_is_answered_alike(asked: Generate) -> None:
    bundle = tiny_bundle()
    used = Improviser(bundle, never)
    used.answer(request(seed=99))
    assert used.answer(asked) == Improviser(bundle, never).answer(asked)


def test_another_seed_is_another_answer() -> None:
    improviser = Improviser(tiny_bundle(), never)
    assert len({improviser.answer(request(seed=seed)).notes for seed in range(8)}) > 1


@given(st.lists(st.builds(BeatNote, st.floats(), st.floats(), st.integers(0, 127), st.integers(1, 127)), max_size=20))
def test_absurd_times_are_survived(context: list[BeatNote]) -> None:
    answer = Improviser(tiny_bundle(), never).answer(request(context=tuple(context), call=len(context)))
    assert answer.notes[0].onset == 4.0
    assert len(answer.notes) >= 4


@pytest.mark.parametrize("start", [math.inf, math.nan, -1e300])
def test_a_request_beyond_all_music_is_answered_with_nothing(start: float) -> None:
    answer = Improviser(tiny_bundle(), never).answer(request(start=start))
    assert answer == Continuation(3, 0, ())


def test_an_endless_request_ends() -> None:
    answer = Improviser(tiny_bundle(), never).answer(request(until=Beats(1e6), end=Beats(1e6)))
    assert (len(answer.notes), answer.complete) == (MOST_NOTES, False)


@pytest.mark.parametrize("steps", [0, 3, 9, 12, 15, 20])
def test_at_the_deadline_whole_notes_are_all_there_is(steps: int) -> None:
    clock = itertools.count()
    # This clock ticks once for each of the eight notes to hear, once between, and once for each note made.
    asked = request(deadline=Seconds(float(steps)))
    answer = Improviser(tiny_bundle(), lambda: Seconds(float(next(clock)))).answer(asked)
    full = Improviser(tiny_bundle(), never).answer(request())
    assert not answer.complete or len(answer.notes) == len(full.notes)
    assert len(answer.notes) == min(len(full.notes), max(0, steps - 10))
    for made, whole in zip(answer.notes, full.notes, strict=False):
        assert (made.onset, made.pitch, made.velocity) == (whole.onset, whole.pitch, whole.velocity)


def test_a_segment_goes_on_where_the_last_one_ended() -> None:
    improviser = Improviser(tiny_bundle(), never)
    first = improviser.answer(request(until=Beats(6.0)))
    context = request().context + first.notes
    second = improviser.answer(request(segment=1, context=context, start=Beats(6.0), until=Beats(8.0), seed=2))
    assert second.notes
    assert 6.0 <= second.notes[0].onset <= first.notes[-1].onset + 2.0 + SLACK


@pytest.mark.parametrize("size", [1, 3])
def test_a_chord_has_no_more_notes_than_the_calls_own(size: int) -> None:
    context = tuple(
        BeatNote(Beats(n * 0.5), Beats(0.5), 60 + n + 4 * voice, 80) for n in range(8) for voice in range(size)
    )
    improviser = Improviser(tiny_bundle(), never)
    largest = 0
    for seed in range(12):
        asked = request(context=context, call=len(context), seed=seed, until=Beats(20.0), end=Beats(20.0))
        notes = improviser.answer(asked).notes
        largest = max(largest, *Counter(note.onset for note in notes).values())
    assert largest == size


def test_a_pitch_is_not_repeated_without_end() -> None:
    # A model that is sure of one pitch for ever, or would be.
    bundle = tiny_bundle()
    stuck = dict(bundle.weights)
    stuck["head.1.bias"] = stuck["head.1.bias"].copy()
    stuck["head.1.bias"][64] = 50.0
    improviser = Improviser(dataclasses.replace(bundle, weights=stuck), never)
    asked = request(until=Beats(20.0), end=Beats(20.0), least_notes=40, longest_gap=Beats(0.5))
    pitches = [note.pitch for note in improviser.answer(asked).notes]
    assert longest_run(pitches) == RUN
    same = tuple(BeatNote(Beats(n * 0.25), Beats(0.25), 64, 80) for n in range(12))
    pitches = [note.pitch for note in improviser.answer(dataclasses.replace(asked, context=same, call=12)).notes]
    assert longest_run(pitches) <= 12


def test_a_key_struck_again_ends_its_note_before() -> None:
    improviser = Improviser(tiny_bundle(), never)
    for seed in range(20):
        notes = improviser.answer(request(seed=seed, until=Beats(16.0), end=Beats(16.0))).notes
        last: dict[int, BeatNote] = {}
        for note in notes:
            if note.pitch in last:
                assert last[note.pitch].onset + last[note.pitch].duration <= note.onset + SLACK
            last[note.pitch] = note


def test_nothing_heard_still_gives_an_answer() -> None:
    answer = Improviser(tiny_bundle(), never).answer(request(context=(), call=0))
    assert answer.notes[0].onset == 4.0
    assert all(48 <= note.pitch <= 84 for note in answer.notes)


def test_a_call_that_is_no_longer_in_the_context_is_not_counted_in_it() -> None:
    # 110 notes, the first 20 the player's: ten of these have left the window.
    context = tuple(BeatNote(Beats(n * 0.25), Beats(0.25), 100 if n < 20 else 50, 80) for n in range(110))
    answer = Improviser(tiny_bundle(), never).answer(
        request(context=context, call=20, start=Beats(28.0), until=Beats(32.0), end=Beats(32.0))
    )
    assert all(93 <= note.pitch <= 107 for note in answer.notes)


def test_an_answer_of_less_than_a_tick_keeps_to_its_place() -> None:
    asked = request(start=Beats(4.999), until=Beats(5.0), end=Beats(5.0))
    (note, *more) = Improviser(tiny_bundle(), never).answer(asked).notes
    assert note.onset == 4.999
    assert note.onset + note.duration <= 5.0
    assert all(one.onset == 4.999 for one in more)


def test_a_request_without_time_is_answered_with_nothing() -> None:
    nothing = request(until=Beats(4.0), end=Beats(4.0))
    assert Improviser(tiny_bundle(), never).answer(nothing).notes == ()


@pytest.mark.parametrize(("told", "pedalled"), [({"rock": 0.5}, True), ({"rock": 0.2}, False), ("much", False)])
def test_a_style_that_is_mostly_pedalled_says_so(told: object, *, pedalled: bool) -> None:
    bundle = dataclasses.replace(tiny_bundle(), facts={"pedalled": told})
    answers = [Improviser(bundle, never).answer(request(style=style)) for style in ("rock", "folk", "")]
    assert [answer.pedalled for answer in answers] == [pedalled, False, False]
