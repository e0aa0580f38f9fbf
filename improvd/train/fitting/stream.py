"""What is learnt from, streamed from shards: memory does not grow with the corpus.

Of the shards only the footers are read beforehand. Steps come in rounds of some thousand windows; each round draws
some row groups by their share, and its windows are drawn from these. While a round is learnt from, a thread reads the
row groups of the next. What was read stays in memory up to a bound, which a small corpus never reaches.

Every batch is a function of the seed and the number of its step alone, so a training that was killed goes on with the
very batches it would have had.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from improvd.train.fitting.data import load
from improvd.train.fitting.windows import Cut, encode, gather, vary

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from improvd.train.fitting.data import Data
    from improvd.train.fitting.windows import Batch
    from improvd.train.intake.shards import Notes

ROUND_WINDOWS: Final = 4096
SLOTS: Final = 64
"""A round draws so many row groups; each gives as many of its windows as the others, whatever their sizes."""
MOST_NOTES: Final = 4_000_000
"""Row groups stay in memory up to so many notes together, 13 bytes each; a round's own may come on top."""
ROUND, STEP = 0, 1
"""What chance is for: each has a stream of its own."""


class Slot(NamedTuple):
    """A row group that a round draws from; ``cumulative`` is the running sum of its pieces' chances, the last 1."""

    notes: Notes
    style: int
    cumulative: NDArray[np.float64]


class Stream:
    """Batches of ``size`` windows of ``window`` notes, by step; ``chances`` as `Data.chances` gives them.

    Close it when done: it reads ahead.
    """

    def __init__(self, data: Data, chances: NDArray[np.float64], *, size: int, window: int, seed: int) -> None:
        self.size, self.window, self.seed = size, window, seed
        self.per_round = max(1, ROUND_WINDOWS // size)
        shares = np.array([(part.group.lengths * chances[part.kinds]).sum() for part in data.parts])
        self._data = data
        self._parts = [part for part, share in zip(data.parts, shares, strict=True) if share > 0]
        self._cumulative = np.cumsum(shares[shares > 0])
        self._chances = chances
        self._held: OrderedDict[int, Notes] = OrderedDict()
        self._rounds: dict[int, Future[list[Slot]]] = {}
        # One thread reads everything, so that what is held needs no lock.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="shards")

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.shutdown(wait=True, cancel_futures=True)

    def batch(self, step: int) -> Batch:
        """The batch of one step. CorpusError where a shard can't be read."""
        number, within = divmod(step, self.per_round)
        slots = self._round(number)
        rng = self._chance(STEP, step)
        cuts = []
        for which, (piece, place) in enumerate(rng.random((self.size, 2)).tolist(), start=within * self.size):
            slot = slots[which % SLOTS]
            one = int(np.searchsorted(slot.cumulative, piece, side="right"))
            first, end = slot.notes.starts[one : one + 2].tolist()
            # Half a window of room at either side, so that beginnings and endings are seen as often as middles.
            start = int(place * (end - first)) - self.window // 2
            start = first + max(0, min(start, end - first - self.window))
            cuts.append(Cut(slot.notes, start, min(self.window, end - start), slot.style))
        return encode(vary(gather(cuts, self.window), rng))

    def _chance(self, what: int, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=(what, number))))

    def _round(self, number: int) -> list[Slot]:
        wanted = {one: self._rounds.get(one) or self._reader.submit(self._read, one) for one in (number, number + 1)}
        self._rounds = wanted
        return wanted[number].result()

    def _read(self, number: int) -> list[Slot]:
        """A round's row groups: one from each of as many equal shares of the corpus, in any order."""
        rng = self._chance(ROUND, number)
        places = rng.permutation((np.arange(SLOTS) + rng.random(SLOTS)) / SLOTS) * self._cumulative[-1]
        drawn = np.minimum(np.searchsorted(self._cumulative, places, side="right"), len(self._parts) - 1)
        return [self._slot(one) for one in drawn.tolist()]

    def _slot(self, number: int) -> Slot:
        part = self._parts[number]
        notes = self._held.pop(number, None) or load(part.group)
        self._held[number] = notes
        while sum(map(len, self._held.values())) > MOST_NOTES:
            self._held.popitem(last=False)
        cumulative = np.cumsum(part.group.lengths * self._chances[part.kinds])
        return Slot(notes, self._data.style(part), cumulative / cumulative[-1])
