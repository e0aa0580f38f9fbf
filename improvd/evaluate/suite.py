"""All measurements of some models, beside the baseline and what the composers wrote, as one tree of figures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.errors import BundleError, CorpusError
from improvd.evaluate import answers, mixed, ranking, score, wander
from improvd.evaluate import pieces as reading
from improvd.evaluate import seeds as cutting
from improvd.evaluate.accounts import Tally, total
from improvd.evaluate.markov import Markov
from improvd.evaluate.pieces import Skipped, untold
from improvd.evaluate.views import VIEWS
from improvd.train.progress import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from improvd.evaluate.ranking import Bits
    from improvd.evaluate.seeds import Seed
    from improvd.model.bundle import Bundle
    from improvd.model.originality import Filter
    from improvd.model.tokens import TickNotes
    from improvd.train.events import Tell
    from improvd.train.files.corpus import Entry
    from improvd.train.music.reading import Piece

MARKOV: Final = "Markov"
"""The baseline's name among the players."""
ALONG: Final = (0, 10, 20, 50, 100, 200, 500, 1000)
"""Notes from a piece's start between which bits are told apart."""


@dataclass(frozen=True)
class Player:
    """Who is measured: by what it ``foresees``, untold, and how it ``answers`` seeds, if it does.

    ``told`` scores a piece with bar and style known, where the player can know them.
    """

    name: str
    foresees: Bits
    answers: Callable[[Sequence[Seed], Callable[[float], None]], list[list[TickNotes]]] | None = None
    told: Callable[[Piece], np.ndarray[Any, np.dtype[np.float64]]] | None = None


def by_bundle(bundle: Bundle) -> Player:
    """The network of a bundle, in the hands of the improviser."""
    network, vocabulary = bundle.network(), bundle.vocabulary
    return Player(
        bundle.name,
        lambda rows: score.bits(network, rows, 0),
        lambda seeds, progress: answers.by_network(bundle, seeds, progress),
        lambda piece: score.bits(network, piece.rows.astype("int32"), score.style_of(vocabulary, piece.entry)),
    )


def by_both(bundle: Bundle) -> Player:
    """The network of a bundle, and beside it what the piece itself has shown."""
    network = bundle.network()
    return Player(f"{bundle.name} + piece", lambda rows: mixed.bits(network, rows, 0))


def by_markov(model: Markov) -> Player:
    """The baseline."""
    return Player(
        MARKOV,
        model.bits,
        lambda seeds, progress: wander.answers(model, seeds, answers.EACH, progress),
    )


def measure(
    bundles: Sequence[Bundle], entries: Sequence[Entry], tell: Tell, *, split: str, first: int, seeds: int | None
) -> dict[str, Any]:
    """Everything, on what of a corpus a manifest puts into ``split``; the baseline learns from its training split.

    ``first``: how many notes of each piece are scored; ``seeds``: how many pieces are answered at most. CorpusError
    where there is nothing to learn from, to score or to answer, BundleError where two bundles have one name.
    """
    if len({bundle.name for bundle in bundles}) < len(bundles):
        raise BundleError("two of the bundles have one name: the page could not tell them apart")
    chosen = reading.choose(entries, split)
    model, learnt = _learn(reading.choose(entries, "train"), tell)
    with stage(tell, "reading", unit="files", total=len(chosen)) as progress:
        pieces, skipped = reading.read(chosen, None, progress.update)
    cut = cutting.cut(pieces, seeds)
    trials = ranking.trials(cut, pieces)
    if not trials:
        raise CorpusError(f"the split {split!r} has no two pieces of one source that are long enough to be cut")
    recall = bundles[0].originality  # one for all players, so that they can be compared
    beginnings = [reading.beginning(piece, first) for piece in pieces]
    players = {
        player.name: _measure(player, beginnings, cut, trials, tell, recall=recall)
        for player in (*map(by_bundle, bundles), by_markov(model), *map(by_both, bundles))
    }
    return {
        "corpus": {"split": split, "files": len(pieces), "skipped": len(skipped), "first": first, **learnt},
        "recall": None if recall is None else {"model": bundles[0].name, "runs": recall.runs, "error": recall.error},
        "players": players,
        "composer": {"answers": answers.compare(cut, answers.by_composer(cut), recall)},
    }


def _learn(entries: Sequence[Entry], tell: Tell) -> tuple[Markov, dict[str, int]]:
    with stage(tell, "reading to learn", unit="files", total=len(entries)) as progress:
        rows = [one.rows for one in reading.each(entries, progress.update) if not isinstance(one, Skipped)]
    if not rows:
        raise CorpusError("the baseline has nothing to learn from: no file of the split 'train' can be read")
    starts = np.cumsum([0, *map(len, rows[:-1])])
    with stage(tell, "learning the baseline", unit="views", total=len(VIEWS)) as progress:
        model = Markov.learn(np.concatenate(rows), starts, progress.update)
    return model, {"learnt_files": len(rows), "learnt_notes": sum(map(len, rows)), "learnt_entries": model.entries}


def _measure(
    player: Player,
    pieces: Sequence[Piece],
    seeds: Sequence[Seed],
    trials: Sequence[ranking.Trial],
    tell: Tell,
    *,
    recall: Filter | None,
) -> dict[str, Any]:
    with stage(tell, f"{player.name}: scoring", unit="pieces", total=len(pieces)) as progress:
        bits = foresee(player, pieces, progress.update)
    with stage(tell, f"{player.name}: ranking", unit="seeds", total=len(trials)) as progress:
        ranked = ranking.rank(player.foresees, trials, progress.update)
    if player.answers is None:
        return {"foresight": bits, "ranking": ranked}
    with stage(tell, f"{player.name}: answering", unit="seeds", total=len(seeds)) as progress:
        given = player.answers(seeds, progress.update)
    return {"foresight": bits, "ranking": ranked, "answers": answers.compare(seeds, given, recall)}


def foresee(player: Player, pieces: Sequence[Piece], progress: Callable[[float], None]) -> dict[str, Any]:
    """What pieces cost: as `Tally.describe`s, ``by_style``, ``told`` where the player can be, and ``along`` the pieces.

    ``along``: the mean total of the notes from each of `ALONG` to the next, None where there are none.
    """
    tallies: dict[str, list[Tally]] = defaultdict(list)
    told: list[Tally] = []
    sums, counts = np.zeros(len(ALONG) - 1), np.zeros(len(ALONG) - 1)
    for number, piece in enumerate(pieces, 1):
        rows = untold(piece.rows)
        bits = player.foresees(rows)
        tallies[piece.entry.style].append(Tally.of(rows, bits))
        if player.told is not None:
            told.append(Tally.of(rows, player.told(piece)))
        for part, (begin, end) in enumerate(pairwise(ALONG)):
            sums[part] += bits[begin:end].sum()
            counts[part] += len(bits[begin:end])
        progress(number)
    everything = total(one for some in tallies.values() for one in some)
    return {
        **everything.describe(),
        **({"told": total(told).describe()} if told else {}),
        "by_style": {style: total(some).describe() for style, some in sorted(tallies.items())},
        "along": [float(bits / count) if count else None for bits, count in zip(sums, counts, strict=True)],
    }


def shown(figures: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The figures of each player's answers, by name, the composer's first."""
    everyone = {"composer": figures["composer"], **figures["players"]}
    return {name: one["answers"] for name, one in everyone.items() if "answers" in one}
