from __future__ import annotations

import numpy as np
import pytest

from improvd.model.network import Network, log_probabilities
from improvd.model.tokens import ATTRIBUTES, COLUMNS, INTERVAL, NOTHING_HEARD, PITCH, SIZES, VELOCITY, Vocabulary
from tests.model.tiny_model import STYLES, TINY, tiny_bundle

VOCABULARY = Vocabulary(STYLES)
NOTES = 12


def rows(seed: int = 0, count: int = NOTES) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    limits = (*SIZES, *VOCABULARY.input_sizes[len(SIZES) : COLUMNS])
    return np.stack([rng.integers(0, size, count) for size in limits], axis=1).astype(np.int32)


def all_logits(network: Network, row: list[int]) -> np.ndarray:
    return np.concatenate([network.logits(head, row) for head in range(len(ATTRIBUTES))])


def primed(some: np.ndarray, style: int, network: Network | None = None) -> Network:
    network = network or tiny_bundle().network()
    network.begin(style)
    for row in some.tolist():
        network.hear((*row, style))
    return network


def by_the_book(some: np.ndarray, style: int) -> np.ndarray:
    """The same network as a textbook writes it, in double precision: shape (notes, all logits)."""
    get = {name: array.astype(np.float64) for name, array in tiny_bundle().weights.items()}

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    outputs = [np.zeros(TINY.width) for _ in range(TINY.layers)]
    cells = [np.zeros(TINY.units) for _ in range(TINY.layers)]
    heard = VOCABULARY.heard(some[None], np.array([style], np.int32))[0]
    found = []
    for ids, row in zip(heard, some, strict=True):
        flow = np.concatenate([get[f"heard.{number}"][one] for number, one in enumerate(ids)])
        for layer in range(TINY.layers):
            gates = flow @ get[f"lstm.{layer}.kernel"] + outputs[layer] @ get[f"lstm.{layer}.recurrent"]
            gate_in, forget, new, out = np.split(gates + get[f"lstm.{layer}.bias"], 4)
            cells[layer] = sigmoid(forget) * cells[layer] + sigmoid(gate_in) * np.tanh(new)
            flow = outputs[layer] = (sigmoid(out) * np.tanh(cells[layer])) @ get[f"lstm.{layer}.project"]
        hidden = np.split(flow @ get["project.kernel"] + get["project.bias"], len(ATTRIBUTES))
        logits = []
        for head, start in enumerate(hidden):
            seen = start + sum(
                array[row[int(name.rsplit(".", 1)[1])]]
                for name, array in get.items()
                if name.startswith(f"chosen.{head}.")
            )
            logits.append(np.maximum(seen, 0) @ get[f"head.{head}.kernel"] + get[f"head.{head}.bias"])
        found.append(np.concatenate(logits))
    return np.stack(found)


def test_a_step_is_what_the_textbook_says() -> None:
    network, some = tiny_bundle().network(), rows()
    book = by_the_book(some, style=2)
    before = list(NOTHING_HEARD)
    for row, expected in zip(some.tolist(), book, strict=True):
        network.hear((*before, 2))
        np.testing.assert_allclose(all_logits(network, row), expected, atol=1e-4)
        before = row


def test_a_piece_begins_from_nothing() -> None:
    some, row = rows(), rows(seed=1)[0].tolist()
    once = all_logits(primed(some, 1), row)
    assert (all_logits(primed(some, 1, primed(rows(seed=3), 2)), row) == once).all()
    assert not np.allclose(all_logits(primed(some, 2), row), once)


def test_heads_may_be_asked_again_and_out_of_order() -> None:
    network, row = primed(rows(), 1), rows()[0].tolist()
    pitch = network.logits(PITCH, row).copy()
    velocity = network.logits(VELOCITY, row).copy()
    assert (network.logits(PITCH, row) == pitch).all()
    assert (network.logits(VELOCITY, row) == velocity).all()
    other = [*row]
    other[INTERVAL] = (row[INTERVAL] + 1) % SIZES[INTERVAL]
    network.logits(INTERVAL, other)
    assert not np.allclose(network.logits(PITCH, other), pitch)


def test_likelihoods_are_those_of_each_head() -> None:
    bundle, some = tiny_bundle(), rows()
    some[0, INTERVAL] = SIZES[INTERVAL]
    found = log_probabilities(bundle.network(), some, 1, chords=False)
    heads = np.split(by_the_book(some, style=1), np.cumsum(SIZES)[:-1], axis=1)
    for head, logits in enumerate(heads):
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        for note in range(head == INTERVAL, NOTES):
            assert found[note, head] == pytest.approx(np.log(chances[note, some[note, head]]), abs=1e-3)
    assert found[0, INTERVAL] == 0


def test_in_a_chord_only_higher_pitches_count() -> None:
    some = rows()
    some[:, PITCH] = np.arange(40, 40 + NOTES)
    some[1:, INTERVAL] = 0
    plain, chords = (log_probabilities(tiny_bundle().network(), some, 0, chords=flag) for flag in (False, True))
    assert (chords[1:, PITCH] > plain[1:, PITCH]).all()
    assert (chords[0] == plain[0]).all()
    others = [INTERVAL, 2, VELOCITY]
    assert (chords[:, others] == plain[:, others]).all()
