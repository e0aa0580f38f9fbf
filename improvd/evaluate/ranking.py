"""The ranking test: whether hearing a seed helps with its own continuation more than with one from elsewhere.

A rival is cut from another piece of the same source at the same place in the beat, transposed to fit the seed best, and
has as many notes. *Help* is what a note costs when its continuation is heard alone, less what it costs after the
seed, in bits; so an easy piece is no easier to rank. The first interval is left out of both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.evaluate.pieces import untold
from improvd.evaluate.seeds import COMPARED, Seed, begun, chance, cuts
from improvd.model.tokens import ATTRIBUTES, BEAT, INTERVAL, PITCH, VELOCITY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from improvd.evaluate.seeds import Rows
    from improvd.train.music.reading import Piece

    Bits = Callable[[Rows], NDArray[np.float64]]

RIVALS: Final = 4
"""How many rivals each seed is tried against, each from a piece of its own where there are so many."""
OCTAVE: Final = 12
SUMS: Final = (*ATTRIBUTES, "total", "unaccented")


@dataclass(frozen=True, slots=True)
class Trial:
    """A seed, its own continuation, and those of other pieces; rows of ids, untold."""

    seed: Seed
    own: Rows
    rivals: tuple[Rows, ...]


def trials(seeds: Sequence[Seed], pieces: Sequence[Piece]) -> list[Trial]:
    """A trial for each seed that has a rival among the pieces."""
    by_source = defaultdict(list)
    for piece in pieces:
        by_source[_source(piece)].append((piece, cuts(piece)))
    out = []
    for seed in seeds:
        rivals = _rivals(seed, by_source[_source(seed.piece)])
        if rivals:
            out.append(Trial(seed, seed.compared_rows, tuple(rivals)))
    return out


def _rivals(seed: Seed, others: Sequence[tuple[Piece, NDArray[np.int64]]]) -> list[Rows]:
    own, dice = seed.compared_rows, chance(seed.piece, "rivals")
    found: list[Rows] = []
    for piece, anywhere in dice.sample(others, len(others)):
        places = anywhere[piece.rows[anywhere, BEAT] == own[0, BEAT]]
        if piece.digest == seed.piece.digest or not len(places):
            continue
        place = int(dice.choice(places))
        rows = untold(piece.rows[place : place + COMPARED])
        rows[:, PITCH] += fitting(seed.heard_rows[:, PITCH], rows[:, PITCH])
        rows[0, INTERVAL] = own[0, INTERVAL]
        found.append(rows)
        if len(found) == RIVALS:
            break
    return found


def fitting(heard: NDArray[Any], pitches: NDArray[Any]) -> int:
    """The transposition, in semitones, by which pitches fit others best.

    The one whose pitch classes overlap most, in the octave whose mean pitch is nearest; all stay within 0–127.
    """
    shifts = np.arange(-int(pitches.min()), 127 - int(pitches.max()) + 1)
    classes = np.bincount(heard % OCTAVE, minlength=OCTAVE) / len(heard)
    ours = np.bincount(pitches % OCTAVE, minlength=OCTAVE) / len(pitches)
    overlap = np.array([np.minimum(np.roll(ours, shift), classes).sum() for shift in shifts % OCTAVE])
    distance = np.abs(pitches.mean() + shifts - heard.mean())
    return int(shifts[np.lexsort((distance, -overlap.round(9)))[0]])


def help_of(bits: Bits, heard: Rows, continuation: Rows) -> NDArray[np.float64]:
    """Bits a note that hearing ``heard`` saves, by attribute: shape (4,)."""
    alone = bits(begun(continuation))
    after = bits(np.concatenate([heard, continuation]))[len(heard) :]
    saved = alone - after
    saved[0, INTERVAL] = 0.0
    return np.asarray(saved.mean(axis=0))


def rank(bits: Bits, trials: Sequence[Trial], progress: Callable[[float], None] = lambda _: None) -> dict[str, Any]:
    """How often the own continuation is helped more: `_describe`d for all seeds, and ``by_source``.

    ``bits`` scores rows heard from nothing. ``progress`` is told how many trials are done.
    """
    results: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for number, trial in enumerate(trials, 1):
        heard = trial.seed.heard_rows
        own, *rivals = (_with_sums(help_of(bits, heard, rows)) for rows in (trial.own, *trial.rivals))
        won = np.mean([own > rival for rival in rivals], axis=0)
        results[_source(trial.seed.piece)].append(np.stack([won, own, np.mean(rivals, axis=0)]))
        progress(number)
    return {
        **_describe([one for some in results.values() for one in some]),
        "by_source": {source: _describe(some) for source, some in sorted(results.items())},
    }


def _source(piece: Piece) -> str:
    return piece.entry.source or piece.entry.style


def _with_sums(saved: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([saved, [saved.sum(), saved.sum() - saved[VELOCITY]]])


def _describe(results: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Means over seeds, each counting alike: ``share`` of rivals that were beaten, and the ``help`` in bits a note.

    Each by attribute, in ``total``, and ``unaccented``: in total but for the velocity, which gives a piece away
    where each was entered at a level of its own.
    """
    won, own, rival = np.mean(results, axis=0).tolist()
    return {
        "seeds": len(results),
        "share": dict(zip(SUMS, won, strict=True)),
        "help": {"own": dict(zip(SUMS, own, strict=True)), "rival": dict(zip(SUMS, rival, strict=True))},
    }
