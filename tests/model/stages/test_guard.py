from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.core.events import TICKS_PER_BEAT, BeatNote, Beats, Generate, Seconds
from improvd.core.manner import Manner
from improvd.model import improviser as improvisers
from improvd.model.draft import Draft
from improvd.model.hearing import hear
from improvd.model.improviser import Improviser
from improvd.model.originality import RUN, Filter, Slice
from improvd.model.stages.guard import Guard
from improvd.model.stages.stage import Stage
from improvd.model.tokens import INTERVAL, PITCH, Metre, Vocabulary
from tests.model.asking import asked_after, request
from tests.model.parrot import LEARNT, PIECE, Parrot, melody

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 12
PLAIN = Manner(similarity=0, key_lean=0, register=None, density=None, velocity=None, ending=0, originality=MOST)
"""Nothing but the model itself."""


def heard(rows: np.ndarray, first: float = 0.0) -> tuple[BeatNote, ...]:
    """Rows as the notes of a call."""
    onset = first + np.cumsum([0, *rows[1:, INTERVAL]]) / TICKS_PER_BEAT
    return tuple(
        BeatNote(Beats(float(at)), Beats(0.2), int(pitch), 80) for at, pitch in zip(onset, rows[:, PITCH], strict=True)
    )


def asked(call: Sequence[BeatNote], beats: float = 16.0, **changes: object) -> Generate:
    start = call[-1].onset + 0.5
    times = {"start": start, "until": start + beats, "end": start + beats, "context": tuple(call), "call": len(call)}
    return request(**{**times, "manner": PLAIN, **changes})


def by_segments(bundle: Parrot, call: Sequence[BeatNote], *, seed: int, segments: int = 8) -> tuple[BeatNote, ...]:
    """An answer as the engine asks for it: two beats at a time, each with what came before as context."""
    improviser = Improviser(bundle, lambda: Seconds(0.0))  # type: ignore[arg-type]  # all of a bundle that it uses
    whole = asked(call, 2.0 * segments)
    notes: tuple[BeatNote, ...] = ()
    for number in range(segments):
        start = Beats(whole.start + 2.0 * number)
        context = (*call, *notes)[-100:]
        one = replace(
            whole,
            segment=number,
            context=context,
            call=max(0, len(context) - len(notes)),
            start=start,
            until=Beats(start + 2.0),
            seed=100 * seed + number,
            least_notes=0,
        )
        notes += improviser.answer(one).notes
    return notes


def followed(learnt: Filter, notes: Sequence[BeatNote]) -> int:
    """The longest match of notes alone, looked up all at once."""
    return learnt.longest(Vocabulary().encode(hear(notes, 0), Metre())).notes


def test_without_a_guard_it_recites() -> None:
    """Or what the guard keeps from happening would not happen anyway."""
    bundle = Parrot(PIECE, None)
    longest = [followed(LEARNT, by_segments(bundle, heard(melody(50 + seed, 20)), seed=seed)) for seed in range(10)]
    assert min(longest) > 2 * MOST


def test_with_a_guard_no_answer_follows_for_more_than_it_may() -> None:
    bundle = Parrot(PIECE, LEARNT)
    answers = [by_segments(bundle, heard(melody(50 + seed, 20)), seed=seed) for seed in range(40)]
    longest = [followed(LEARNT, notes) for notes in answers]
    assert max(longest) == MOST, "it follows as far as it may"
    assert min(map(len, answers)) > MOST


@pytest.mark.parametrize("shift", [0, 5])
def test_a_tune_that_the_player_began_goes_on_for_so_many_notes(shift: int) -> None:
    """In whatever key; the player's own notes are heard, and don't count."""
    quoted = PIECE[:30].copy()
    quoted[:, PITCH] += shift
    call = heard(quoted)
    gap = float(PIECE[30, INTERVAL]) / TICKS_PER_BEAT
    known = PIECE.copy()
    known[:, PITCH] += shift
    improviser = Improviser(Parrot(known, LEARNT), lambda: Seconds(0.0))  # type: ignore[arg-type]  # as above
    start = call[-1].onset + gap
    notes = improviser.answer(asked(call, start=start, until=start + 16, end=start + 16)).notes
    pitches = [note.pitch - shift for note in notes]
    own = PIECE[30 : 30 + len(pitches), PITCH].tolist()
    assert pitches[:MOST] == own[:MOST]
    assert pitches[MOST] != own[MOST]


def test_the_end_of_a_tune_that_the_call_only_touched_counts_from_the_answers_first_note() -> None:
    """A run that the call and the answer have in common is found out at once, by its first note of ours."""
    guard = Guard(Draft(asked(heard(PIECE[:9]))), LEARNT)
    onsets = np.cumsum([0, *PIECE[1:, INTERVAL]]).tolist()
    counted = []
    for onset, row in zip(onsets[:24], PIECE[:24].tolist(), strict=True):
        guard.hear(onset, row)
        counted.append(guard.notes)
    assert counted == [0] * 9 + list(range(1, 16))


def test_who_takes_up_what_the_player_played_quotes_the_player() -> None:
    """However long that is; and where the player's notes end, the limit begins."""
    played = 40
    guard = Guard(Draft(asked(heard(PIECE[:played]))), LEARNT)
    onsets = np.cumsum([0, *PIECE[1:, INTERVAL]]).tolist()
    for onset, row in zip(onsets[:played], PIECE[:played].tolist(), strict=True):
        guard.hear(onset, row)
    again = PIECE[: played + MOST + 1].copy()
    again[:, PITCH] += 3
    again[0, INTERVAL] = 48
    for number, row in enumerate(again.tolist()):
        logits = np.zeros(128, dtype=np.float32)
        guard.bend(logits, 0, row)
        assert np.isneginf(logits[row[PITCH]]) == (number == played + MOST), number
        guard.hear(10_000 + number, row)
        if number < played:
            assert guard.notes == 0
    assert guard.notes == MOST + 1


def test_phrases_that_the_player_played_earlier_are_the_players_too() -> None:
    phrase = heard(PIECE[:40])
    guard = Guard(Draft(asked(heard(melody(51, 20)), earlier=(phrase,))), LEARNT)
    for number, row in enumerate(PIECE[:40].tolist()):
        guard.hear(10_000 + number, row)
    assert guard.notes == 0


@pytest.mark.parametrize(("most", "longest"), [(10, 10), (20, 20), (None, 30)])
def test_the_limit_is_the_players_to_choose(most: int | None, longest: int) -> None:
    manner = replace(PLAIN, originality=most)
    improviser = Improviser(Parrot(PIECE, LEARNT), lambda: Seconds(0.0))  # type: ignore[arg-type]  # as above
    answers = [
        improviser.answer(asked(heard(melody(51, 20)), 64.0, least_notes=0, seed=seed, manner=manner)).notes
        for seed in range(5)
    ]
    found = [followed(LEARNT, notes) for notes in answers]
    assert max(found) == longest if most else min(found) >= longest


def test_the_count_goes_on_from_one_segment_to_the_next() -> None:
    """Also where the answer has become so long that the call is no longer heard."""
    own = heard(PIECE[100:140], 50.0)
    for call in ((), heard(melody(9, 20))):
        draft = Draft(request(segment=2, context=(*call, *own), call=len(call), start=90.0, until=94.0, end=94.0))
        guard = Guard(draft, LEARNT)
        rows = Vocabulary().encode(draft.context, Metre()).tolist()
        for onset, row in zip(draft.context.onset.tolist(), rows, strict=True):
            guard.hear(onset, row)
        assert guard.notes == 40


def test_less_than_a_run_is_never_ruled_out() -> None:
    guard = Guard(Draft(asked_after(60, 62)), LEARNT)
    for onset, row in enumerate(PIECE[: RUN - 1].tolist()):
        logits = np.zeros(128, dtype=np.float32)
        guard.bend(logits, onset, row)
        assert not logits.any()
        guard.hear(onset, row)
    assert guard.notes == 0


def test_where_no_pitch_may_come_another_interval_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoQuavers(Stage):
        head = PITCH

        def bend(self, logits: np.ndarray, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
            if row[INTERVAL] == 12:
                logits[:] = -np.inf

    bundle = Parrot(PIECE, None)
    call = heard(melody(51, 20))

    def intervals() -> set[int]:
        improviser = Improviser(bundle, lambda: Seconds(0.0))  # type: ignore[arg-type]  # as above
        onsets = [round(note.onset * TICKS_PER_BEAT) for note in improviser.answer(asked(call)).notes]
        return set(np.diff(onsets).tolist())

    assert 12 in intervals()
    monkeypatch.setattr(improvisers, "stages", lambda *_: [NoQuavers()])
    assert 12 not in intervals()


def test_a_filter_that_finds_everything_takes_the_music_but_not_the_answer() -> None:
    """As a damaged one might: then all is forbidden after so many notes, and what an answer promises is kept."""
    everything = Filter((Slice(np.full(64, 255, np.uint8), 1),))
    call = heard(melody(51, 20))
    improviser = Improviser(Parrot(PIECE, everything), lambda: Seconds(0.0))  # type: ignore[arg-type]  # as above
    whole = asked(call)
    notes = improviser.answer(whole).notes
    assert len(notes) > MOST
    assert all(whole.start <= note.onset < whole.until for note in notes)
    low, high = min(note.pitch for note in call), max(note.pitch for note in call)
    assert all(low - 7 <= note.pitch <= high + 7 for note in notes)


def test_where_nothing_may_come_at_all_the_answer_comes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(Stage):
        head = PITCH

        def bend(self, logits: np.ndarray, onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
            logits[:] = -np.inf

    monkeypatch.setattr(improvisers, "stages", lambda *_: [Nothing()])
    improviser = Improviser(Parrot(PIECE, None), lambda: Seconds(0.0))  # type: ignore[arg-type]  # as above
    assert len(improviser.answer(asked(heard(melody(51, 20)))).notes) >= 4
