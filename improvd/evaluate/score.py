"""A model's bits for pieces: heard note by note by the very network that the daemon plays with.

Each piece is heard from its own start, its state carried through to its end. Every piece is scored twice. *Untold*,
as a player is heard live: the beat is known, but not the bar, the metre or the style. *Told*: these too, the bar as
the file has it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from improvd.evaluate.accounts import Tally, outside, total
from improvd.evaluate.pieces import read, untold
from improvd.model.network import log_probabilities
from improvd.train.events import Note
from improvd.train.files import store
from improvd.train.progress import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from improvd.evaluate.pieces import Skipped
    from improvd.model.bundle import Bundle
    from improvd.model.network import Network
    from improvd.model.tokens import Vocabulary
    from improvd.train.events import Tell
    from improvd.train.files.corpus import Entry
    from improvd.train.music.reading import Piece


@dataclass(frozen=True, slots=True)
class Score:
    """What one piece costs, untold and told."""

    entry: Entry
    untold: Tally
    told: Tally

    def describe(self) -> dict[str, Any]:
        """As `describe_all`, of one."""
        return describe_all([self])


def bits(network: Network, rows: NDArray[np.int32], style: int) -> NDArray[np.float64]:
    """Bits of each attribute of a piece's notes, heard from nothing; shape (notes, 4)."""
    return -log_probabilities(network, rows, style) / math.log(2)


def measure(bundle: Bundle, entries: Sequence[Entry], tell: Tell, *, first: int | None, style: str) -> dict[str, Any]:
    """The `report` of some files, of each piece only its ``first`` notes. CorpusError where none can be read."""
    with stage(tell, "reading", unit="files", total=len(entries)) as progress:
        pieces, skipped = read(entries, first, progress.update)
    for one in skipped:
        tell(Note(f"skipped {store.shown(one.path)}: {one.reason}"))
    with stage(tell, "scoring", unit="notes", total=sum(len(piece.rows) for piece in pieces)) as progress:
        scores = score(bundle, pieces, style, progress.update)
    return report(bundle, pieces, scores, skipped)


def style_of(vocabulary: Vocabulary, entry: Entry) -> int:
    """The id of a piece's style, as the manifest names it or as its folder does; 0 where the model knows neither."""
    return vocabulary.style_id(entry.style) or vocabulary.style_id(store.name(store.parent(entry.path)))


def score(
    bundle: Bundle, pieces: Sequence[Piece], style: str = "", progress: Callable[[float], None] = lambda _: None
) -> list[Score]:
    """Each piece's costs. ``style`` is told for all pieces; without, each piece's own (`style_of`).

    ``progress`` is told how many notes are done.
    """
    network, vocabulary = bundle.network(), bundle.vocabulary
    scores = []
    done = 0
    for piece in pieces:
        bare, full = untold(piece.rows), piece.rows.astype("int32")
        known = vocabulary.style_id(style) if style else style_of(vocabulary, piece.entry)
        scores.append(
            Score(
                piece.entry,
                Tally.of(bare, bits(network, bare, 0)),
                Tally.of(full, bits(network, full, known)),
            )
        )
        done += len(piece.rows)
        progress(done)
    return scores


def describe_all(scores: Iterable[Score]) -> dict[str, Any]:
    """Of several pieces: what is `Tally.describe`d untold, and under ``told`` the same told."""
    scores = list(scores)
    told = total(score.told for score in scores).describe()
    del told["notes"]
    return {**total(score.untold for score in scores).describe(), "told": told}


def report(
    bundle: Bundle, pieces: Sequence[Piece], scores: Sequence[Score], skipped: Sequence[Skipped]
) -> dict[str, Any]:
    """All that `improvd eval --json` prints; docs/quality/README.md explains each key."""
    groups: dict[str, dict[str, list[Score]]] = {"by_source": defaultdict(list), "by_style": defaultdict(list)}
    for one in scores:
        groups["by_source"][one.entry.source or store.name(store.parent(one.entry.path))].append(one)
        groups["by_style"][one.entry.style].append(one)
    return {
        "model": bundle.name,
        **describe_all(scores),
        "outside": outside([piece.notes for piece in pieces]),
        **{
            by: {name: describe_all(members) for name, members in sorted(group.items())} for by, group in groups.items()
        },
        "files": [{"path": store.shown(one.entry.path), **one.describe()} for one in scores],
        "skipped": [{"path": store.shown(one.path), "reason": one.reason} for one in skipped],
    }
