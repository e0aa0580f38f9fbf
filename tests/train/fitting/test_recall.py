from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import CorpusError
from improvd.model import originality
from improvd.model.tokens import Metre, TickNotes, Vocabulary
from improvd.train.fitting.recall import remember
from improvd.train.intake import shards
from improvd.train.intake.shards import Labelled, Notes
from tests.model.random_tunes import CORPUS, LEARNT

if TYPE_CHECKING:
    from pathlib import Path


def music(seed: int) -> TickNotes:
    rng = np.random.Generator(np.random.PCG64(seed))
    times = np.cumsum(rng.choice([6, 12, 24, 1000], 100))
    return TickNotes(times, rng.integers(40, 90, 100), np.full(100, 12), np.full(100, 80))


def rows(seed: int) -> np.ndarray:
    return Vocabulary().encode(music(seed), Metre())


def packed(seed: int) -> Notes:
    notes = music(seed)
    return Notes(
        notes.onset.astype(np.int32),
        notes.duration.astype(np.int32),
        notes.pitch.astype(np.uint8),
        notes.velocity.astype(np.uint8),
        np.zeros((100, 3), np.uint8),
        np.array([0, 100]),
    )


def written(folder: Path) -> list[str]:
    """Two shards of six pieces, of which the last two of each are for testing."""
    splits = ["train", "train", "train", "valid", "test", "test"]
    return [
        shards.write(
            str(folder),
            [Labelled(f"{seed:02}", packed(seed), "", "folk", split) for seed, split in enumerate(splits, first)],
        )
        for first in (0, 6)
    ]


def test_what_is_learnt_from_is_remembered_and_what_is_tested_by_is_not(tmp_path: Path) -> None:
    paths = written(tmp_path)
    told: list[float] = []
    found = remember(paths, None, told.append)
    longest = [found.longest(rows(seed)).notes for seed in range(12)]
    assert [length == 100 for length in longest] == [True, True, True, True, False, False] * 2
    assert found.runs == 8 * (100 - originality.RUN + 1)
    assert told[-1] == 800
    again = remember(paths[::-1])
    assert np.array_equal(again.slices[0].bits, found.slices[0].bits), "in whatever order the shards come"


def test_what_the_parent_learnt_is_remembered_too(tmp_path: Path) -> None:
    found = remember(written(tmp_path), LEARNT)
    assert all(found.longest(piece).notes == len(piece) for piece in CORPUS)
    assert found.longest(rows(0)).notes == 100


def test_a_shard_that_is_gone_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"can't read the shard .*gone.parquet"):
        remember([str(tmp_path / "gone.parquet")])
