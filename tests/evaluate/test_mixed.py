from __future__ import annotations

import math

import numpy as np

from improvd.evaluate import markov, mixed
from improvd.evaluate.pieces import untold
from improvd.model.network import log_probabilities
from improvd.model.tokens import INTERVAL, PITCH
from tests.evaluate.music import notes, piece, tune
from tests.model.tiny_model import tiny_bundle

CHORDS = piece(notes(*((24 * (n // 3), 48 + 4 * (n % 3) + n % 7) for n in range(40))))


def test_the_chances_are_those_that_are_scored() -> None:
    """What `log_probabilities` charges, from whole distributions."""
    network, rows = tiny_bundle().network(), untold(CHORDS.rows)
    place = np.arange(len(rows))
    charged = log_probabilities(network, rows, 1)
    tables = mixed.chances(network, rows, 1)
    wide = rows.astype(np.int64)
    tables[PITCH] = markov.possible(tables[PITCH], wide, markov.before(wide, place))
    for head, table in enumerate(tables):
        found = np.log(table[place, rows[:, head] % table.shape[1]])
        first = 1 if head == INTERVAL else 0
        assert np.allclose(found[first:], charged[first:, head], rtol=1e-6)


def test_what_the_piece_has_shown_is_foreseen() -> None:
    network = tiny_bundle().network()
    odd = piece(notes(*((12 * n, [60, 73, 51, 88, 40, 67, 95, 32][n % 8]) for n in range(48))))
    both = mixed.bits(network, untold(odd.rows), 0)
    alone = -log_probabilities(network, untold(odd.rows), 0) / math.log(2)
    assert both[0, INTERVAL] == 0.0
    assert both[-8:, PITCH].mean() < alone[-8:, PITCH].mean() / 2
    assert both[-8:, PITCH].mean() < both[:8, PITCH].mean() / 2


def test_what_comes_later_changes_nothing() -> None:
    network, rows = tiny_bundle().network(), untold(tune(3).rows)
    assert np.allclose(mixed.bits(network, rows, 0)[:20], mixed.bits(network, rows[:20], 0))


def test_a_network_that_is_sure_of_what_can_not_be_leaves_a_chance() -> None:
    network = tiny_bundle(scale=60.0).network()
    bits = mixed.bits(network, untold(CHORDS.rows), 0)
    assert np.isfinite(bits).all()
    assert (mixed.chances(network, untold(CHORDS.rows), 0)[PITCH] >= mixed.LEAST).all()
