"""The recipe that many music LSTMs follow, trained and scored beside a model of improvd's.

    improvd train CORPUS -o MODEL --minutes 20
    python benchmarks/recipe.py CORPUS --minutes 20 --model MODEL [--seed 1] [--words 20000] [--targets 20000]

The recipe: what begins together is one word of one vocabulary, a pitch or a chord by its pitches; the word's number,
divided by the size of the vocabulary, is the only input; windows of 100 words; LSTM 256, dropout 0.3, LSTM 256,
softmax; one target a window, batches of 64, Adam, categorical cross-entropy. It says nothing of time or loudness.

Both learn from the train split of CORPUS and are scored on its test split: of each piece what is among its first 1,000
notes and has 100 words before it; the recipe on so many such targets drawn at random, since each takes a window of its
own. Bits a note are those of all notes scored. The recipe is charged for its words; one that it does not know is
charged as a rare word and then spelt, pitch by pitch, at their frequency in the rare words of training. What it does
not say (interval, duration, velocity) is charged at its frequency in the training pieces. A model of improvd's is
charged for all that it says; it is told the beat, but neither bar nor style.

Prints a table in Markdown. Needs `improvd[train]`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

from improvd.model.bundle import load
from improvd.model.network import log_probabilities
from improvd.model.places import find
from improvd.model.tokens import ATTRIBUTES, BAR, BAR_UNKNOWN, DURATION, INTERVAL, METRE, METRE_UNKNOWN, SIZES, VELOCITY
from improvd.train.files import corpus
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from improvd.train.music.reading import Piece

WINDOW = 100
UNITS = 256
DROPOUT = 0.3
BATCH = 64
SCORED_NOTES = 1000
UNKNOWN = 0
"""The number of the word that stands for all rare ones."""


class Words(NamedTuple):
    """A piece as words: their numbers, how many notes each has, and the bits to spell those that are unknown."""

    numbers: NDArray[np.int32]
    notes: NDArray[np.int64]
    spelling: NDArray[np.float64]


def chords(piece: Piece) -> list[tuple[int, ...]]:
    """What begins together, one after the other, by its pitches."""
    starts = np.flatnonzero(np.diff(piece.notes.onset, prepend=-1))
    return [tuple(part) for part in map(np.ndarray.tolist, np.split(piece.notes.pitch, starts[1:]))]


class Vocabulary:
    """The words of the training pieces: the most frequent ones by number, and 0 for all others."""

    def __init__(self, pieces: Sequence[Piece], most: int) -> None:
        count = Counter(word for piece in pieces for word in chords(piece))
        self.number = {word: number for number, (word, _) in enumerate(count.most_common(most - 1), 1)}
        pitches = np.ones(129)  # the last one ends a word
        for word in [word for word in count if word not in self.number] or list(count):
            np.add.at(pitches, [*word, 128], 1)
        self.pitch_bits = -np.log2(pitches / pitches.sum())

    def __len__(self) -> int:
        """How many words."""
        return len(self.number) + 1

    def words(self, piece: Piece) -> Words:
        """A piece in words."""
        said = chords(piece)
        numbers = np.array([self.number.get(word, UNKNOWN) for word in said], np.int32)
        spelling = np.array([self.pitch_bits[[*word, 128]].sum() for word in said])
        return Words(numbers, np.array([len(word) for word in said]), np.where(numbers == UNKNOWN, spelling, 0.0))


def read(entries: Sequence[corpus.Entry], split: str) -> list[Piece]:
    """The pieces of a split that can be read."""
    pieces = []
    for entry in entries:
        if entry.split == split:
            try:
                pieces.append(read_piece(entry))
            except SkippedError as reason:
                print(f"skipped {entry.path}: {reason}")
    return pieces


def build(words: int) -> tf.keras.Model:
    """The recipe's network."""
    return tf.keras.Sequential(
        [
            tf.keras.layers.Input((WINDOW, 1)),
            tf.keras.layers.LSTM(UNITS, return_sequences=True),
            tf.keras.layers.Dropout(DROPOUT),
            tf.keras.layers.LSTM(UNITS),
            tf.keras.layers.Dense(words, activation="softmax"),
        ]
    )


def batches(
    pieces: Sequence[Words], size: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """Windows drawn from all there are, each as likely as any other, and the word after each."""
    long = [piece.numbers for piece in pieces if len(piece.numbers) > WINDOW]
    room = np.cumsum([len(numbers) - WINDOW for numbers in long])
    while True:
        drawn = rng.integers(room[-1], size=BATCH)
        which = np.searchsorted(room, drawn, side="right")
        start = drawn - np.concatenate([[0], room])[which]
        spans = np.stack(
            [long[piece][at : at + WINDOW + 1] for piece, at in zip(which.tolist(), start.tolist(), strict=True)]
        )
        yield (spans[:, :-1, None] / size).astype(np.float32), spans[:, -1]


def fit(network: tf.keras.Model, pieces: Sequence[Words], size: int, minutes: float, seed: int) -> float:
    """Train for so long; targets a second."""
    # The labels are numbers, not rows of noughts and a one: the same loss, without the memory.
    network.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
    source = batches(pieces, size, np.random.Generator(np.random.PCG64(seed)))
    network.train_on_batch(*next(source))  # what compiling takes is no part of the rate
    start = now = time.monotonic()
    steps = 0
    while now < start + 60 * minutes:
        loss = network.train_on_batch(*next(source))
        steps += 1
        before, now = now, time.monotonic()
        if int((now - start) // 60) > int((before - start) // 60):
            print(f"  {(now - start) / 60:.0f} min, {steps * BATCH:,} targets, last loss {loss / np.log(2):.2f} bits")
    return steps * BATCH / (now - start)


class Scored(NamedTuple):
    """Bits, and the notes that they are of."""

    bits: float
    notes: int


def score(network: tf.keras.Model, pieces: Sequence[Words], size: int, most: int, seed: int) -> Scored:
    """The recipe's bits for pitches, on targets drawn at random."""
    targets = []
    for number, piece in enumerate(pieces):
        last = int(np.searchsorted(np.cumsum(piece.notes), SCORED_NOTES, side="right"))
        targets += [(number, at) for at in range(WINDOW, last)]
    rng = np.random.Generator(np.random.PCG64(seed))
    chosen = [targets[n] for n in rng.permutation(len(targets))[:most].tolist()]
    bits, notes = 0.0, 0
    for first in range(0, len(chosen), 4 * BATCH):
        part = chosen[first : first + 4 * BATCH]
        heard = np.stack([pieces[number].numbers[at - WINDOW : at] for number, at in part])
        said = np.array([pieces[number].numbers[at] for number, at in part])
        chance = network.predict_on_batch((heard[:, :, None] / size).astype(np.float32))
        bits -= float(np.log2(np.maximum(chance[np.arange(len(part)), said], 1e-30)).sum())
        bits += sum(float(pieces[number].spelling[at]) for number, at in part)
        notes += sum(int(pieces[number].notes[at]) for number, at in part)
    return Scored(bits, notes)


def unsaid(learnt: Sequence[Piece], heard: Sequence[Piece]) -> dict[str, float]:
    """Bits a note of the attributes the recipe says nothing of, at their frequency in what was learnt."""
    out = {}
    for attribute in (INTERVAL, DURATION, VELOCITY):
        values = np.concatenate([piece.rows[1:, attribute] for piece in learnt])
        count = np.bincount(values, minlength=SIZES[attribute]) + 1
        scored = np.concatenate([piece.rows[scored_notes(piece), attribute] for piece in heard])
        if attribute == INTERVAL:  # whether a note begins with the one before is in the recipe's words
            count[0] = 0
            scored = scored[scored != 0]
        notes = sum(int(scored_notes(piece).sum()) for piece in heard)
        chance = count / count.sum()
        out[ATTRIBUTES[attribute]] = float(-np.log2(chance[scored]).sum() / notes)
    return out


def scored_notes(piece: Piece) -> NDArray[np.bool_]:
    """Which notes are scored: with 100 words before them, among the first 1,000."""
    word = np.cumsum(np.diff(piece.notes.onset, prepend=-1) != 0) - 1
    return np.asarray((word >= WINDOW) & (np.arange(len(word)) < SCORED_NOTES))


def improvd(model: str, pieces: Sequence[Piece]) -> dict[str, float]:
    """A bundle's bits a note on the same notes."""
    network = load(find(model)).network()
    total, notes = np.zeros(len(ATTRIBUTES)), 0
    for piece in pieces:
        rows = piece.rows[:SCORED_NOTES].astype(np.int32)
        rows[:, BAR], rows[:, METRE] = BAR_UNKNOWN, METRE_UNKNOWN
        chosen = scored_notes(piece)[:SCORED_NOTES]
        total -= log_probabilities(network, rows, 0)[chosen].sum(axis=0) / np.log(2)
        notes += int(chosen.sum())
    return dict(zip(ATTRIBUTES, (total / notes).tolist(), strict=True))


def main() -> None:
    """Train the recipe, score it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--model", help="a model of improvd's to score beside it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--words", type=int, default=20_000, help="size of the vocabulary at most")
    parser.add_argument("--targets", type=int, default=20_000, help="how many targets to score the recipe on")
    asked = parser.parse_args()

    entries = corpus.find([asked.corpus])
    learnt, heard = read(entries, "train"), read(entries, "test")
    vocabulary = Vocabulary(learnt, asked.words)
    print(f"{len(learnt):,} pieces to learn from, {len(heard):,} to score by, {len(vocabulary):,} words")
    tf.keras.utils.set_random_seed(asked.seed)
    network = build(len(vocabulary))
    rate = fit(network, [vocabulary.words(piece) for piece in learnt], len(vocabulary), asked.minutes, asked.seed)
    words = [vocabulary.words(piece) for piece in heard]
    scored = score(network, words, len(vocabulary), asked.targets, asked.seed)
    spelt = np.mean(np.concatenate([piece.numbers for piece in words]) == UNKNOWN)

    rows = {"the recipe": {"pitch": scored.bits / scored.notes, **unsaid(learnt, heard)}}
    if asked.model:
        rows[asked.model] = improvd(asked.model, heard)
    print(f"\n{rate:,.0f} targets/s; {spelt:.1%} of the words scored are rare or unknown\n")
    print(f"| bits a note | {' | '.join(ATTRIBUTES)} | total |\n|---|{'---:|' * (len(ATTRIBUTES) + 1)}")
    for name, bits in rows.items():
        values = " | ".join(f"{bits[attribute]:.3f}" for attribute in ATTRIBUTES)
        print(f"| {name} | {values} | {sum(bits.values()):.3f} |")


if __name__ == "__main__":
    main()
