"""Answers to seeds, by whoever gives them, and how they compare with what the composer wrote."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT, BeatNote, Beats, Generate, Seconds
from improvd.core.manner import AS_MEASURED
from improvd.evaluate.measures import MEASURES, measure
from improvd.evaluate.seeds import ANSWER_BEATS
from improvd.model import keys
from improvd.model.improviser import Improviser
from improvd.model.tokens import TickNotes, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.manner import Manner
    from improvd.evaluate.seeds import Seed
    from improvd.model.bundle import Bundle
    from improvd.model.originality import Filter

EACH: Final = 8
"""Answers to each seed."""
LEAST_NOTES: Final = 4
LONGEST_GAP: Final = Beats(4.0)
NEAR_DENSITY: Final = 1.5
"""A density within this factor of the call's is near it."""


def by_network(
    bundle: Bundle,
    seeds: Sequence[Seed],
    progress: Callable[[float], None] = lambda _: None,
    manner: Manner = AS_MEASURED,
) -> list[list[TickNotes]]:
    """The improviser's answers to each seed, as the daemon would ask for them, told neither bar nor style.

    ``progress`` is told how many seeds are done.
    """
    improviser = Improviser(bundle, lambda: Seconds(0.0))
    out = []
    for number, seed in enumerate(seeds, 1):
        out.append([_answer(improviser, seed, chance, manner) for chance in range(EACH)])
        progress(number)
    return out


def _answer(improviser: Improviser, seed: Seed, chance: int, manner: Manner) -> TickNotes:
    heard = seed.heard
    context = tuple(
        BeatNote(Beats(onset / TICKS_PER_BEAT), Beats(duration / TICKS_PER_BEAT), pitch, velocity)
        for onset, duration, pitch, velocity in zip(
            heard.onset.tolist(), heard.duration.tolist(), heard.pitch.tolist(), heard.velocity.tolist(), strict=True
        )
    )
    start = Beats(seed.start / TICKS_PER_BEAT)
    end = Beats(start + ANSWER_BEATS)
    request = Generate(
        turn=0,
        segment=0,
        context=context,
        call=len(context),
        start=start,
        until=end,
        end=end,
        least_notes=LEAST_NOTES,
        longest_gap=LONGEST_GAP,
        deadline=Seconds(np.inf),
        seed=chance,
        manner=manner,
    )
    notes = improviser.answer(request).notes
    return in_order(
        np.array([round(note.onset * TICKS_PER_BEAT) for note in notes], dtype=np.int64),
        np.array([note.pitch for note in notes], dtype=np.int64),
        np.array([round(note.duration * TICKS_PER_BEAT) for note in notes], dtype=np.int64),
        np.array([note.velocity for note in notes], dtype=np.int64),
    )


def by_composer(seeds: Sequence[Seed]) -> list[list[TickNotes]]:
    """What stands in the pieces."""
    return [[seed.continuation] for seed in seeds]


def compare(
    seeds: Sequence[Seed], answers: Sequence[Sequence[TickNotes]], learnt: Filter | None = None
) -> dict[str, Any]:
    """Means over answers, each seed counting alike: `_describe`d for all seeds, and ``by_style``.

    ``learnt`` is what they might recite.
    """
    by_style: dict[str, list[tuple[keys.Found, list[dict[str, float]]]]] = defaultdict(list)
    for seed, some in zip(seeds, answers, strict=True):
        key = keys.find(keys.sounding(seed.heard.pitch, seed.heard.duration))
        by_style[seed.piece.entry.style].append((key, [measure(answer, seed, key, learnt) for answer in some]))
    return {
        **_describe([one for some in by_style.values() for one in some]),
        "by_style": {style: _describe(some) for style, some in sorted(by_style.items())},
    }


def _describe(measured: Sequence[tuple[keys.Found, list[dict[str, float]]]]) -> dict[str, Any]:
    """The mean of each measure; of ``density`` the median. ``clear_seeds``: how many seeds have a clear key.

    ``in_clear_key``: the share in key for these; ``near_density``: the share of answers within a factor of 1.5 of the
    call's density. Of ``followed``: its mean, the ``longest``, and the share that goes ``beyond`` what an answer may.
    """
    means = {name: float(np.mean([np.mean([one[name] for one in some]) for _, some in measured])) for name in MEASURES}
    density = np.array([one["density"] for _, some in measured for one in some])
    followed = np.array([one["followed"] for _, some in measured for one in some])
    clear = [np.mean([one["in_key"] for one in some]) for key, some in measured if key.clear]
    return {
        "seeds": len(measured),
        "answers": len(density),
        **means,
        "density": float(np.median(density)),
        "near_density": float(((density >= 1 / NEAR_DENSITY) & (density <= NEAR_DENSITY)).mean()),
        "longest": float(followed.max()),
        "beyond": float((followed > (AS_MEASURED.originality or np.inf)).mean()),
        "clear_seeds": len(clear),
        "in_clear_key": float(np.mean(clear)) if clear else 0.0,
    }
