"""How large the filter of a corpus is, how often it errs, and how much longer than true the matches are that it tells.

    python benchmarks/originality.py CORPUS

Learns the filter of a corpus's training split and looks for the longest match of each piece of its test split (of its
first 1,000 notes); the true ones come from all runs of each length, held in memory. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.evaluate import pieces
from improvd.model import originality
from improvd.model.follower import Follower
from improvd.model.tokens import INTERVAL, PITCH
from improvd.train.files import corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LENGTHS = (10, 11, 12, 13, 14, 16, 20, 24, 32, 48)
FIRST = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus")
    entries = corpus.find([parser.parse_args().corpus])
    learnt, asked = ([one.rows for one in pieces.read(pieces.choose(entries, split))[0]] for split in ("train", "test"))
    asked = [rows[:FIRST] for rows in asked]
    begin = time.perf_counter()
    found = originality.learn(learnt)
    print(f"learning {sum(map(len, learnt)):,} notes: {time.perf_counter() - begin:.1f} s")
    print(f"{found.runs:,} runs in {found.size:,} bytes; wrong for 1 in {1 / found.error:.0f} runs, it says")
    begin = time.perf_counter()
    told = np.array([found.longest(rows).notes for rows in asked])
    each = (time.perf_counter() - begin) / sum(map(len, asked))
    print(f"looking up: {1e6 * each:.2f} µs a note, all notes of a piece at once")
    _time_follower(found, asked)
    runs = np.unique(np.concatenate([originality.runs(rows) for rows in asked]))
    strange = runs[~_within(runs, [originality.runs(rows) for rows in learnt])]
    print(f"wrong for 1 in {1 / found.has(strange).mean():.0f} of {len(strange):,} runs that the training split lacks")
    print("| notes in a row | pieces that follow so far | pieces said to |\n|---:|---:|---:|")
    for length in LENGTHS:
        true = _follow(length, learnt, asked)
        print(f"| {length} | {true:.1%} | {(told >= length).mean():.1%} |")


def _time_follower(found: originality.Filter, asked: Sequence[NDArray[Any]]) -> None:
    follower = Follower(found)
    notes = [(row[INTERVAL], row[PITCH]) for rows in asked for row in rows.tolist()]
    begin = time.perf_counter()
    for interval, pitch in notes:
        follower.hear(interval, pitch)
    heard = time.perf_counter()
    for interval, _ in notes[:FIRST]:
        following = follower.next_runs(interval)
        if following is not None:
            found.has(following)
    each = (heard - begin) / len(notes), (time.perf_counter() - heard) / FIRST
    print(f"note by note: {1e6 * each[0]:.1f} µs; which pitches would follow: {1e6 * each[1]:.1f} µs")


def _follow(length: int, learnt: Sequence[NDArray[Any]], asked: Sequence[NDArray[Any]]) -> float:
    """The share of pieces that have a run of a length in common with what was learnt."""
    wanted = [originality.runs(rows, length) for rows in asked]
    there = _within(np.concatenate(wanted), [originality.runs(rows, length) for rows in learnt])
    places = np.cumsum([0, *map(len, wanted)])
    return float(np.mean([there[begin:end].any() for begin, end in pairwise(places)]))


def _within(some: NDArray[np.uint64], known: Sequence[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    table = np.unique(np.concatenate(known))
    return table[np.minimum(np.searchsorted(table, some), len(table) - 1)] == some


if __name__ == "__main__":
    main()
