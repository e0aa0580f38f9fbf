"""Pieces: asked for a bar at a time, within what their beginning sets, the same for the same request."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from improvd.compose.piece import LONGEST_REST, OPEN, limits, whole
from improvd.core.events import CONTEXT_NOTES, BeatNote, Beats, Continuation, Generate, Seconds
from improvd.core.meter import Meter
from improvd.model.improviser import Improviser
from improvd.model.limits import ABOVE, BELOW, Limits
from tests.model.tiny_model import tiny_bundle


def asked(meter: Meter, bars: int, *heard: BeatNote, start: float = 0.0, seed: int = 1) -> Generate:
    return Generate(
        turn=1,
        segment=0,
        context=heard,
        call=len(heard),
        start=Beats(start),
        until=Beats(start),
        end=Beats(start + bars * meter.bar),
        least_notes=0,
        longest_gap=Beats(LONGEST_REST * meter.bar),
        deadline=Seconds(math.inf),
        seed=seed,
        beats_per_bar=meter.bar,
        downbeat=Beats(start),
    )


def player(bounds: Limits) -> Improviser:
    return Improviser(tiny_bundle(), lambda: Seconds(0.0), bounds)


class Listening:
    """Answers each request with a note on its start, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Generate] = []

    def answer(self, request: Generate) -> Continuation:
        self.requests.append(request)
        return Continuation(1, request.segment, (BeatNote(request.start, Beats(1.0), 60, 80),))


TUNE = tuple(BeatNote(Beats(number / 2), Beats(0.5), 60 + number % 5, 70 + number % 20) for number in range(120))


@given(
    meter=st.builds(Meter, st.integers(1, 12), st.sampled_from([2, 4, 8])),
    bars=st.integers(1, 6),
    seed=st.integers(0, 2**63 - 1),
    heard=st.integers(0, len(TUNE)),
)
@settings(max_examples=40)
def test_a_piece_lies_in_its_bars_and_its_bounds(meter: Meter, bars: int, seed: int, heard: int) -> None:
    bounds = limits(TUNE[:heard])
    request = asked(meter, bars, *TUNE[:heard], start=60.0, seed=seed)
    notes = whole(player(bounds), request, meter)
    assert notes[0].onset == request.start
    assert list(notes) == sorted(notes, key=lambda note: (note.onset, note.pitch))
    onsets = [note.onset for note in notes]
    assert max((later - earlier for earlier, later in pairwise(onsets)), default=0.0) <= LONGEST_REST * meter.bar + 1e-6
    for note in notes:
        assert request.start <= note.onset < note.onset + note.duration <= request.end
        assert bounds.pitches[0] <= note.pitch < bounds.pitches[1]
    assert max(onsets.count(onset) for onset in set(onsets)) <= bounds.chord


def test_the_same_request_gives_the_same_piece_and_another_seed_another() -> None:
    one, same, other = (whole(player(OPEN), asked(Meter(), 4, seed=seed), Meter()) for seed in (3, 3, 4))
    assert one == same != other


def test_each_bar_is_asked_for_from_the_last_notes_before_it() -> None:
    listening = Listening()
    request = asked(Meter(3, 4), 30, *TUNE, start=60.0)
    notes = whole(listening, request, Meter(3, 4))  # type: ignore[arg-type]  # it answers as an improviser does
    assert [one.start for one in listening.requests] == [60 + 3 * bar for bar in range(29)]
    assert [one.until for one in listening.requests] == [*(63 + 3 * bar for bar in range(28)), 150]
    assert {one.end for one in listening.requests} == {request.end}
    assert len({one.seed for one in listening.requests}) == 29
    for bar, one in enumerate(listening.requests):
        assert one.context == (*TUNE, *notes[:bar])[-CONTEXT_NOTES:]
        assert one.earlier == ((*TUNE, *notes[:bar])[:-CONTEXT_NOTES],)
        assert one.call == CONTEXT_NOTES - bar


def test_a_last_bar_that_is_not_whole_is_asked_for_as_far_as_it_goes() -> None:
    listening = Listening()
    request = replace(asked(Meter(), 3), end=Beats(9.0))
    whole(listening, request, Meter())  # type: ignore[arg-type]  # as above
    assert [(one.start, one.until) for one in listening.requests] == [(0.0, 4.0), (4.0, 9.0)]


def test_a_piece_keeps_to_what_its_beginning_sets() -> None:
    chord = [BeatNote(Beats(0.0), Beats(1.0), pitch, 64) for pitch in (60, 64, 67)]
    line = [BeatNote(Beats(number + 1.0), Beats(1.0), 72, 96) for number in range(3)]
    bounds = limits([*chord, *line])
    assert bounds.chord == 3
    assert bounds.pitches == (60 - BELOW, 72 + ABOVE + 1)


def test_a_long_piece_from_nothing_wanders_nowhere() -> None:
    notes = whole(player(OPEN), asked(Meter(), 80), Meter())
    assert len(notes) > CONTEXT_NOTES
    assert {note.pitch for note in notes} <= set(range(*OPEN.pitches))
    assert {note.velocity // 8 for note in notes} <= set(range(*OPEN.velocities))
