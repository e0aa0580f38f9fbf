"""What a memory of the notes so far is worth, and how far its matches can be trusted.

    python benchmarks/similarity.py CORPUS [--model default] [--split valid] [--pieces 60] [--first 400]

CORPUS is a folder with a MANIFEST.csv (path, source, split). Each piece is heard from its start by the network and by
`improvd.model.memory.Memory`. For each attribute and each length of the longest match, the memory's share in the
mixture of both is fitted by expectation and maximisation: those are `improvd.model.stages.similarity.SHARES`. Told are
the bits a note by the network alone, and by the mixture. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from improvd.evaluate import markov, mixed, pieces
from improvd.model import bundle, places
from improvd.model.memory import LONGEST, Memory
from improvd.model.tokens import ATTRIBUTES, INTERVAL, PITCH
from improvd.train.files import corpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.network import Network

ROUNDS = 50
LENGTHS = LONGEST + 2


def foreseen(network: Network, rows: NDArray[np.int32]) -> list[NDArray[np.float64]]:
    """Of each note but the first, by attribute: the match's length, and what network and memory gave to what came."""
    wide, place = rows.astype(np.int64), np.arange(len(rows))
    memory = Memory(len(rows))
    out: list[list[tuple[int, float, float]]] = [[] for _ in ATTRIBUTES]
    chances = mixed.chances(network, rows, 0)
    chances[PITCH] = markov.possible(chances[PITCH], wide, markov.before(wide, place))
    for number, row in enumerate(rows.tolist()):
        for head in range(len(ATTRIBUTES)) if number else ():
            memory.narrow(head, row)
            remembered = memory.weights(head)
            if head == PITCH and row[INTERVAL] == 0:
                remembered[: rows[number - 1, PITCH] + 1] = 0.0  # a chord's notes ascend
            remembered /= max(remembered.sum(), 1e-9)
            out[head].append((memory.longest, chances[head][number, row[head]], remembered[row[head]]))
        memory.hear(row)
    return [np.array(one) for one in out]


def fit(alone: NDArray[np.float64], remembered: NDArray[np.float64]) -> float:
    """The share of the second, for which their mixture makes what came likeliest."""
    share = 0.5
    for _ in range(ROUNDS):
        share = float(np.mean(share * remembered / (share * remembered + (1 - share) * alone)))
    return share


def main() -> None:
    """Print a line for each attribute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--pieces", type=int, default=60)
    parser.add_argument("--first", type=int, default=400)
    chosen = parser.parse_args()
    network = bundle.load(places.find(chosen.model)).network()
    read, _ = pieces.read(pieces.choose(corpus.find([chosen.corpus]), chosen.split), chosen.first)
    heard = sorted(read, key=lambda piece: piece.digest)[: chosen.pieces]
    found = [foreseen(network, pieces.untold(piece.rows)) for piece in heard if len(piece.rows) > 1]
    for head, name in enumerate(ATTRIBUTES):
        length, alone, remembered = np.concatenate([one[head] for one in found]).T
        together, shares = alone.copy(), []
        for longest in range(LENGTHS):
            here = length == longest
            shares.append(fit(alone[here], remembered[here]) if here.any() else 0.0)
            together[here] = (1 - shares[-1]) * alone[here] + shares[-1] * remembered[here]
        bits = [-np.log2(one).mean() for one in (alone, together)]
        print(f"{name}: {bits[0]:.3f} bits alone, {bits[1]:.3f} with the memory; shares", end=" ")
        print(", ".join(f"{share:.2f}" for share in shares))


if __name__ == "__main__":
    main()
