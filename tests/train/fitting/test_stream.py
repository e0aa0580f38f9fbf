from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import CorpusError
from improvd.model.tokens import DURATION, in_order
from improvd.train.fitting import data, stream
from improvd.train.fitting.stream import Stream
from tests.train.tunes import climbing, piece, shard

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.train.fitting.data import Data
    from improvd.train.fitting.windows import Batch


def corpus(folder: Path, pieces: int = 12) -> Data:
    """Pieces of three styles in two shards."""
    some = [piece(number, climbing(40 + number), style="abc"[number % 3]) for number in range(pieces)]
    return data.index([shard(folder, *some[: pieces // 2]), shard(folder, *some[pieces // 2 :])])


def opened(found: Data, weights: dict[str, float] | None = None, *, seed: int = 1, size: int = 4) -> closing[Stream]:
    return closing(Stream(found, found.chances(weights or {}), size=size, window=16, seed=seed))


def same(one: Batch, other: Batch) -> bool:
    return all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_batch_is_a_function_of_seed_and_step_whatever_came_before(tmp_path: Path) -> None:
    found = corpus(tmp_path)
    with opened(found) as first:
        steps = [0, 1, 5, first.per_round - 1, first.per_round, 7 * first.per_round + 3]
        batches = [first.batch(step) for step in steps]
    with opened(found) as again:
        assert all(same(again.batch(step), batch) for step, batch in [*zip(steps, batches, strict=True)][::-1])
    with opened(found, seed=2) as other:
        assert not any(same(other.batch(step), batch) for step, batch in zip(steps, batches, strict=True))
    assert not any(same(one, other) for one, other in pairwise(batches))


def test_batches_are_the_same_however_much_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = corpus(tmp_path)
    with opened(found) as roomy:
        batches = [roomy.batch(step) for step in range(0, 3 * roomy.per_round, 500)]
        assert sum(map(len, roomy._held.values())) == found.counts["train"].notes
    monkeypatch.setattr(stream, "MOST_NOTES", 100)
    with opened(found) as tight:
        for number, batch in enumerate(batches):
            assert same(tight.batch(500 * number), batch)
            assert sum(map(len, tight._held.values())) <= 100


def test_windows_are_drawn_by_weight(tmp_path: Path) -> None:
    with opened(corpus(tmp_path), {"a": 1, "b": 3}, size=64) as some:
        seen = Counter(style for step in range(64) for style in some.batch(step).style.tolist())
    assert seen[3] == 0
    # A quarter of the windows does not say its style.
    assert seen[2] / seen[1] == pytest.approx(3, rel=0.1)
    assert seen[0] / 4096 == pytest.approx(0.25, abs=0.03)


def test_beginnings_and_endings_are_seen_often(tmp_path: Path) -> None:
    number = np.arange(48, dtype=np.int64)
    told = in_order(12 * number, 60 + 0 * number, 1 + number, 70 + 0 * number)  # its duration says where a note stands
    found = data.index([shard(tmp_path, *(piece(digest, told) for digest in range(5)))])
    with opened(found, size=2048) as some:
        first = Counter(some.batch(0).rows[:, 0, DURATION].tolist())
    # A window of 16 reaches from half of it before the place drawn.
    assert first[0] / 2048 == pytest.approx(9 / 48, abs=0.04)
    assert first[32] / 2048 == pytest.approx(8 / 48, abs=0.04)
    assert set(first) == set(range(33))


def test_a_shard_that_goes_away_is_named(tmp_path: Path) -> None:
    found = corpus(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    with opened(found) as some, pytest.raises(CorpusError, match="can't read the shard"):
        some.batch(0)
