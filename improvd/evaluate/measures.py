"""An answer beside the call that it follows, and beside what the composer wrote there.

Overlaps are of histograms that each sum to 1: the sum of the smaller of both in each bin, so 1 for the same histogram
and 0 where nothing is shared.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.core.key import OCTAVE
from improvd.evaluate.seeds import ANSWER_BEATS
from improvd.model import keys, recital
from improvd.model.stages.repetition import RUN, longest_run
from improvd.model.tokens import LONGEST, interval_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.evaluate.seeds import Seed
    from improvd.model.originality import Filter
    from improvd.model.tokens import TickNotes

PATTERN: Final = 4
"""Notes in a pattern."""
MEASURES: Final = (
    "notes",
    "pitch_classes",
    "in_key",
    "intervals",
    "durations",
    "density",
    "register",
    "repeated",
    "stuck",
    "followed",
    "precision",
    "recall",
    "cardinality",
)


def measure(answer: TickNotes, seed: Seed, key: keys.Found, learnt: Filter | None = None) -> dict[str, float]:
    """All measures of one answer, by the names in `MEASURES`.

    Against the call: overlaps of ``pitch_classes``, of ``intervals`` between onsets and of ``durations``; the ratio of
    ``density`` (notes a beat), the distance in ``register`` (semitones between mean pitches), and the share of its
    4-note patterns that are ``repeated``, from the call or itself. ``in_key`` is the share of notes in the call's key;
    ``stuck`` is 1 where a pitch comes more than 8 times in a row, and more often than in the call. Against what the
    composer wrote: `cardinality`, its ``precision`` and ``recall``. An empty answer shares nothing. ``followed`` is how
    many of its notes in a row recite what a model ``learnt``, at most; 0 where that isn't known.
    """
    call, true = seed.heard, seed.continuation
    beats = (seed.start - int(call.onset[0])) / TICKS_PER_BEAT
    precision, recall, both = cardinality(true, answer)
    return {
        "notes": float(len(answer)),
        "pitch_classes": overlap(call.pitch % OCTAVE, answer.pitch % OCTAVE, OCTAVE),
        "in_key": keys.share(key.key, answer.pitch),
        "intervals": overlap(_gaps(call), _gaps(answer), LONGEST + 1),
        "durations": overlap(_lengths(call), _lengths(answer), LONGEST + 1),
        "density": (len(answer) / ANSWER_BEATS) / (len(call) / beats),
        "register": abs(float(call.pitch.mean() - answer.pitch.mean())) if len(answer) else 0.0,
        "repeated": repeated(call, answer),
        "stuck": float(longest_run(answer.pitch.tolist()) > max(RUN, longest_run(call.pitch.tolist()))),
        "followed": float(_followed(learnt, seed, answer)) if learnt is not None else 0.0,
        "precision": precision,
        "recall": recall,
        "cardinality": both,
    }


def _followed(learnt: Filter, seed: Seed, answer: TickNotes) -> int:
    call = seed.heard
    onset, pitch = (np.concatenate([getattr(one, name) for one in (call, answer)]) for name in ("onset", "pitch"))
    rows = np.stack([interval_ids(np.diff(onset, prepend=onset[:1])), pitch], axis=1)
    return recital.longest(learnt, rows[: len(call)], rows[len(call) :])


def overlap(first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]], size: int) -> float:
    """Of the histograms of two lists of numbers below ``size``; 0 where one is empty."""
    if not len(first) or not len(second):
        return 0.0
    shares = (np.bincount(one, minlength=size) / len(one) for one in (first, second))
    return float(np.minimum(*shares).sum())


def _gaps(notes: TickNotes) -> NDArray[np.int64]:
    """Ticks between an onset and the next, at most 16 beats."""
    return np.minimum(np.diff(np.unique(notes.onset)), LONGEST)


def _lengths(notes: TickNotes) -> NDArray[np.int64]:
    """Durations in ticks, at most 16 beats."""
    return np.minimum(notes.duration, LONGEST)


def patterns(notes: TickNotes) -> list[bytes]:
    """Each four notes that follow each other, by their steps in time and pitch: transposition changes nothing."""
    steps = np.stack([np.diff(notes.onset), np.diff(notes.pitch)], axis=1).astype(np.int64)
    return [steps[n : n + PATTERN - 1].tobytes() for n in range(len(steps) - PATTERN + 2)]


def repeated(call: TickNotes, answer: TickNotes) -> float:
    """The share of an answer's patterns that the call had, or that came earlier in the answer."""
    seen = set(patterns(call))
    ours = patterns(answer)
    again = 0
    for one in ours:
        again += one in seen
        seen.add(one)
    return again / len(ours) if ours else 0.0


def cardinality(true: TickNotes, answer: TickNotes) -> tuple[float, float, float]:
    """Precision, recall and F1 of the cardinality score (MIREX, Patterns for Prediction).

    The answer is moved in time and pitch to where most of its notes meet notes of the true continuation; one of them
    always does, so it isn't counted.
    """
    if len(true) < 2 or len(answer) < 2:
        return 0.0, 0.0, 0.0
    onset = (true.onset[:, None] - answer.onset[None, :]).ravel().tolist()
    pitch = (true.pitch[:, None] - answer.pitch[None, :]).ravel().tolist()
    [(_, most)] = Counter(zip(onset, pitch, strict=True)).most_common(1)
    precision, recall = (most - 1) / (len(answer) - 1), (most - 1) / (len(true) - 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if most > 1 else 0.0
