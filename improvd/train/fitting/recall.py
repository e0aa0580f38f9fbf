"""What a model must not recite: the filter of the music that it learns from, for its bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from improvd.model import originality
from improvd.model.tokens import interval_ids
from improvd.train.fitting import data
from improvd.train.intake.labels import TEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from improvd.model.originality import Filter


def remember(
    shards: Sequence[str], known: Filter | None = None, progress: Callable[[float], None] = lambda _: None
) -> Filter:
    """The filter of all pieces of shards but those of the test split, and of what is ``known`` besides.

    A row group is held in memory at a time. ``progress`` is told how many notes are done. CorpusError where a shard
    can't be read.
    """
    return originality.learn(_pieces(shards, progress), known)


def _pieces(shards: Sequence[str], progress: Callable[[float], None]) -> Iterator[NDArray[Any]]:
    """Each piece as rows of intervals and pitches, (notes, 2)."""
    done = 0
    for shard in sorted(shards):
        for group in data.groups(shard):
            if group.split == TEST:
                continue
            held = data.load(group)
            for number in range(len(group.lengths)):
                piece = held.piece(number)
                intervals = interval_ids(np.diff(piece.onset, prepend=piece.onset[:1]))
                yield np.stack([intervals, piece.pitch], axis=1)
            done += len(held)
            progress(done)
