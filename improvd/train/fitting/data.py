"""What there is to learn from: an index of shards, made from their footers alone.

A piece costs the index a few bytes, whatever its length; notes are read when they are needed (`stream.py`), but for a
bounded number of pieces that watch the fitting and are scored at its end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from improvd.errors import CorpusError
from improvd.model.tokens import Vocabulary
from improvd.train.files import whole
from improvd.train.fitting.windows import Cut
from improvd.train.intake import shards
from improvd.train.intake.shards import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from improvd.train.intake.shards import Group

FEWEST_NOTES: Final = 200
MOST_STYLES: Final = 255
MOST_SAMPLED: Final = 1000
"""Of each split so many pieces at most can be sampled, those with the smallest digests: a fair and lasting choice."""
WATCHED_PIECES: Final = 500
WATCHED_NOTES: Final = 500
"""So many pieces at most watch the fitting, each by so many first notes."""
SCORED_NOTES: Final = 1000
"""By so many first notes a piece is scored in the end."""
SPLITS: Final = ("train", "valid", "test")
UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, pa.ArrowException)
"""What reading a shard that is damaged, gone or no shard may raise."""
TOLD: Final = 12
"""How many names a message lists."""


class RowGroup(NamedTuple):
    """A row group without the names of its pieces, and for each of them an index into the data's ``kinds``."""

    group: Group
    kinds: NDArray[np.int32]


class Chosen(NamedTuple):
    """A piece that may be sampled: by its digest, and where it lies in its row group."""

    digest: str
    part: RowGroup
    place: int


class Count(NamedTuple):
    """How much a split holds."""

    pieces: int
    notes: int


@dataclass(frozen=True)
class Data:
    """An index of shards. Style id 0 is "none", the n-th of ``styles`` has id n + 1.

    ``parts`` are the row groups to fit. ``kinds`` are the (style, source) that their pieces have. ``counts`` tell how
    much each split holds, and ``chosen`` which of its pieces may be sampled, in order of preference. ``digest`` is the
    same for the same music in the same shards.
    """

    styles: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    parts: tuple[RowGroup, ...]
    counts: Mapping[str, Count]
    chosen: Mapping[str, tuple[Chosen, ...]]
    digest: str

    def chances(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """How likely a window is to be drawn at a note of each kind, up to a common factor.

        ``weights`` are by the name of a style or a source; among all that goes by a name every note counts alike.
        Where there are none, a style counts by the square root of its notes. CorpusError where the weights name what
        the corpus doesn't have, or leave nothing.
        """
        notes = np.zeros(len(self.kinds))
        for part in self.parts:
            np.add.at(notes, part.kinds, part.group.lengths)
        chances = np.zeros(len(self.kinds))
        for name, weight in weights.items():
            named = np.array([name in kind for kind in self.kinds])
            if not notes[named].sum():
                there = sorted({name for kind, count in zip(self.kinds, notes, strict=True) if count for name in kind})
                raise CorpusError(f"no style or source {name!r} to learn from: there are {_listed(there)}")
            chances[named] += weight / notes[named].sum()
        if not weights:
            for style in {style for style, _ in self.kinds}:
                alike = np.array([kind[0] == style for kind in self.kinds])
                chances[alike] = 1 / np.sqrt(max(1.0, notes[alike].sum()))
        if not (chances * notes).sum() > 0:
            raise CorpusError("the weights leave nothing to learn from")
        return chances

    def style(self, part: RowGroup) -> int:
        """The id of the style that the pieces of a row group have."""
        return Vocabulary(self.styles).style_id(part.group.style)

    def sample(self, split: str, *, pieces: int, notes: int) -> list[Cut]:
        """The first ``notes`` of each of at most ``pieces`` pieces of a split, in memory; always the same ones."""
        out: list[Cut] = []
        chosen = sorted(self.chosen[split][:pieces], key=_where)
        for _, ones in groupby(chosen, key=_where):
            alike = list(ones)
            held = load(alike[0].part.group)
            for one in alike:
                piece = _copied(held.piece(one.place), notes)
                out.append(Cut(piece, 0, len(piece), self.style(one.part)))
        return out


def index(paths: Iterable[str], known: Sequence[str] = ()) -> Data:
    """The index of shards. ``known`` styles keep their ids; new ones follow, in alphabetical order.

    CorpusError where too little is left to learn from, or a shard can't be read.
    """
    kinds: dict[tuple[str, str], int] = {}
    parts: list[RowGroup] = []
    counts = dict.fromkeys(SPLITS, Count(0, 0))
    chosen: dict[str, list[Chosen]] = {split: [] for split in SPLITS}
    # In order of names, which are by content: the same music is the same data wherever its shards lie.
    names = {path.rpartition("/")[2]: path for path in paths}
    for group in chain.from_iterable(groups(names[name]) for name in sorted(names)):
        which = [kinds.setdefault((group.style, source), len(kinds)) for source in group.sources]
        part = RowGroup(replace(group, pieces=(), sources=()), np.array(which, np.int32))
        if group.split == "train":
            parts.append(part)
        pieces, notes = counts[group.split]
        counts[group.split] = Count(pieces + len(group.pieces), notes + int(group.lengths.sum()))
        some = chosen[group.split] + [Chosen(digest, part, place) for place, digest in enumerate(group.pieces)]
        chosen[group.split] = nsmallest(MOST_SAMPLED, some, key=lambda one: one.digest)
    styles = _styles(known, sorted({part.group.style for part in parts}))
    if counts["train"].notes < FEWEST_NOTES:
        raise CorpusError(
            f"too little music: {counts['train'].notes} notes to learn from, at least {FEWEST_NOTES} are needed"
        )
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    best = {split: tuple(ones) for split, ones in chosen.items()}
    return Data(styles, tuple(kinds), tuple(parts), counts, best, digest)


def _styles(known: Sequence[str], met: Sequence[str]) -> tuple[str, ...]:
    """``known`` styles and new ones, which differ by more than case, as many as a model can know."""
    styles = {style.casefold(): style for style in known}
    for style in met:
        styles.setdefault(style.casefold(), style)
    return tuple(style for style in styles.values() if style)[:MOST_STYLES]


def groups(path: str) -> list[Group]:
    """What a shard's row groups hold; CorpusError where it can't be read."""
    try:
        return shards.groups(path)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def load(group: Group) -> Notes:
    """The notes of a row group; CorpusError where its shard can't be read."""
    try:
        return shards.load(group)
    except UNREADABLE as error:
        raise _unreadable(group.shard, error) from error


def _where(one: Chosen) -> tuple[str, int]:
    return one.part.group.shard, one.part.group.number


def _unreadable(path: str, error: Exception) -> CorpusError:
    """The error to raise; the shard is taken away, since it may look whole to those that only ask how long it is."""
    whole.remove(path)
    return CorpusError(f"can't read the shard {path} ({type(error).__name__}): the same command makes it again")


def _listed(names: Sequence[str]) -> str:
    told = [name for name in names if name]
    more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
    return ", ".join(told[:TOLD]) + more if told else "none"


def _copied(notes: Notes, most: int) -> Notes:
    """The first notes of a piece, in memory of their own: what they were read with can go."""
    return Notes(
        notes.onset[:most].copy(),
        notes.duration[:most].copy(),
        notes.pitch[:most].copy(),
        notes.velocity[:most].copy(),
        notes.places[:most].copy(),
        np.minimum(notes.starts, most),
    )
