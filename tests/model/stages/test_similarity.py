from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from improvd.core.events import BeatNote, Beats, Generate, Seconds
from improvd.core.manner import Manner
from improvd.evaluate.measures import repeated
from improvd.model.draft import Draft
from improvd.model.hearing import hear
from improvd.model.improviser import Improviser
from improvd.model.stages.similarity import SHARES, similarity
from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, Metre, Vocabulary
from tests.model.asking import asked_after
from tests.model.tiny_model import tiny_bundle

TUNE = (60, 64, 62, 65, 64, 67, 65, 69, 72)


def phrase(*pitches: int) -> tuple[BeatNote, ...]:
    return tuple(BeatNote(Beats(n / 2), Beats(0.5), pitch, 80) for n, pitch in enumerate(pitches))


def pitch_logits(asked: Generate) -> np.ndarray:
    """After the whole call: what would come next, a quaver later, to a network that finds all alike."""
    draft = Draft(asked)
    stages = similarity(draft)
    for onset, row in zip(
        draft.context.onset.tolist(), Vocabulary().encode(draft.context, Metre()).tolist(), strict=True
    ):
        for stage in stages:
            stage.hear(onset, row)
    logits = np.zeros(SIZES[PITCH], dtype=np.float32)
    stages[PITCH].bend(logits, 0, [12, 0, 0, 0, 0, 0, 0])
    return logits


@pytest.mark.parametrize("knob", [0.3, 0.5, 1.0])
def test_what_the_call_did_before_is_likely_again(knob: float) -> None:
    logits = pitch_logits(asked_after(*TUNE, *TUNE[:4], manner=Manner(similarity=knob)))
    assert logits.argmax() == TUNE[4]


def test_what_was_played_in_earlier_calls_is_likely_again() -> None:
    asked = replace(asked_after(*TUNE[:4]), earlier=(phrase(*TUNE), phrase(50, 51)))
    assert pitch_logits(asked).argmax() == TUNE[4]
    assert pitch_logits(replace(asked, earlier=())).argmax() != TUNE[4]


def test_a_phrase_does_not_go_on_with_the_next() -> None:
    asked = replace(asked_after(*TUNE[:4]), earlier=(phrase(*TUNE[:4]), phrase(50, 51)))
    assert pitch_logits(asked)[50] <= pitch_logits(replace(asked, earlier=()))[50]


def test_the_knob_goes_from_the_network_to_the_memory() -> None:
    assert similarity(Draft(asked_after(*TUNE, manner=Manner(similarity=0.0)))) == []
    shares = []
    for knob in (0.1, 0.5, 0.9, 1.0):
        logits = pitch_logits(asked_after(*TUNE, *TUNE[:4], manner=Manner(similarity=knob))).astype(np.float64)
        shares.append(float(np.exp(logits[TUNE[4]]) / np.exp(logits).sum()))
    assert shares == sorted(shares)
    assert shares[0] < 0.9
    assert shares[-1] > 0.99


def test_shares_are_shares() -> None:
    assert all(0 <= share < 1 for shares in SHARES.values() for share in shares)
    assert set(SHARES) == {INTERVAL, PITCH, DURATION}
    assert SHARES[PITCH][-1] > SHARES[PITCH][0] > 0
    assert len(SHARES[INTERVAL]) == len(SHARES[PITCH])


def test_the_more_similar_the_more_comes_again() -> None:
    improviser = Improviser(tiny_bundle(), lambda: Seconds(0.0))
    shares = []
    for knob in (0.0, 0.5, 1.0):
        asked = asked_after(*TUNE * 4, manner=Manner(similarity=knob), until=Beats(34.0), end=Beats(34.0))
        asked = replace(asked, longest_gap=Beats(1.0))
        call = hear(asked.context, len(asked.context))
        given = [improviser.answer(replace(asked, seed=seed)).notes for seed in range(6)]
        shares.append(np.mean([repeated(call, hear(notes, 0)) for notes in given]))
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.5


def test_what_is_remembered_of_earlier_calls_is_part_of_the_request() -> None:
    """So that a model started afresh answers alike."""
    asked = replace(asked_after(*TUNE[:4]), earlier=(phrase(*TUNE),))
    used = Improviser(tiny_bundle(), lambda: Seconds(0.0))
    used.answer(replace(asked, earlier=(phrase(*reversed(TUNE)),)))
    assert used.answer(asked) == Improviser(tiny_bundle(), lambda: Seconds(0.0)).answer(asked)
