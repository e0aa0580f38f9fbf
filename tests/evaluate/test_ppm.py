from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from improvd.evaluate import ppm

SYMBOLS = 5
sequences = st.lists(st.integers(0, SYMBOLS - 1), max_size=40)


def stream(symbols: list[int]) -> tuple[np.ndarray, np.ndarray]:
    array = np.array(symbols, dtype=np.int64)
    past = [np.concatenate([np.zeros(order, np.int64), array + 1])[: len(array)] for order in range(1, ppm.ORDERS + 1)]
    return array, ppm.contexts(np.zeros_like(array), past)


def by_the_book(symbols: list[int]) -> list[list[float]]:
    """What PPM-C with exclusion says before each symbol, by counting in dictionaries."""
    counts: list[dict[tuple[int, ...], dict[int, int]]] = [{} for _ in range(ppm.ORDERS + 1)]
    out = []
    for place, symbol in enumerate(symbols):
        padded = [-1] * ppm.ORDERS + symbols[:place]
        contexts = [tuple(padded[len(padded) - order :]) for order in range(ppm.ORDERS + 1)]
        chances, rest, seen = [0.0] * SYMBOLS, 1.0, set[int]()
        for order in range(ppm.ORDERS, -1, -1):
            table = {one: count for one, count in counts[order].get(contexts[order], {}).items() if one not in seen}
            if table:
                whole = sum(table.values()) + len(table)
                for one, count in table.items():
                    chances[one] += rest * count / whole
                rest *= len(table) / whole
                seen |= set(table)
        for one in set(range(SYMBOLS)) - seen:
            chances[one] += rest / (SYMBOLS - len(seen))
        out.append([chance / sum(chances) for chance in chances])
        for order in range(ppm.ORDERS + 1):
            table = counts[order].setdefault(contexts[order], {})
            table[symbol] = table.get(symbol, 0) + 1
    return out


def test_an_escape_is_what_method_c_says() -> None:
    # "abracadabra" without its end: after "a" have come b, c and d; the longest match of "bra" is followed by c.
    text = "abracadabra"
    symbols = ["abcdr".index(letter) for letter in text]
    array, hashes = stream(symbols)
    counts = [ppm.so_far(order, array, SYMBOLS) for order in hashes]
    at = len(text) - 1  # before the last a, which follows "…cadabr"
    before_the_last = [one[at : at + 1] for one in counts]
    [[a, *_]] = ppm.predict(reversed(before_the_last), SYMBOLS)
    # "abr" was followed by a once: 1/2, and half escapes. In shorter contexts a is shut out: nothing else followed r.
    # The empty context saw b, c, d, r: they share the rest by 2, 1, 1 and 2 of 6, and 4 for what no symbol is left for.
    rest = 0.5 * (6 / 10)
    assert a == 0.5 / (0.5 + rest)


@given(sequences)
def test_all_at_once_is_as_one_by_one(symbols: list[int]) -> None:
    array, hashes = stream(symbols)
    counts = [ppm.so_far(order, array, SYMBOLS) for order in hashes]
    chances = ppm.predict(reversed(counts), SYMBOLS)
    assert np.allclose(chances, np.array(by_the_book(symbols)).reshape(-1, SYMBOLS), atol=1e-12)


@given(sequences, sequences)
def test_what_was_learnt_is_what_was_counted(taught: list[int], asked: list[int]) -> None:
    """Looked up in a corpus, a context has what it would have had after hearing that corpus."""
    array, hashes = stream(taught)
    _, wanted = stream(asked)
    for order in range(ppm.ORDERS + 1):
        counts = ppm.Counts.learn(hashes[order], array).after(wanted[order], SYMBOLS)
        for place, context in enumerate(wanted[order]):
            expected = np.bincount(array[hashes[order] == context], minlength=SYMBOLS)
            assert counts[place].tolist() == expected.tolist()


def test_nothing_is_learnt_where_there_is_no_symbol() -> None:
    hashes = ppm.contexts(np.zeros(3, np.int64), [])[0]
    symbols = np.array([ppm.NONE, 1, ppm.NONE])
    assert ppm.Counts.learn(hashes, symbols).after(hashes[:1], SYMBOLS).tolist() == [[0, 1, 0, 0, 0]]
    assert ppm.so_far(hashes, symbols, SYMBOLS).tolist() == [[0.0] * 5, [0.0] * 5, [0, 1, 0, 0, 0]]


tables = st.lists(st.integers(0, 50), min_size=SYMBOLS, max_size=SYMBOLS)


@given(st.lists(tables, min_size=1, max_size=7))
def test_chances_sum_to_one_whatever_was_counted(counts: list[list[int]]) -> None:
    chances = ppm.predict([np.array([one], dtype=np.float64) for one in counts], SYMBOLS)
    assert (chances > 0).all()
    assert np.isclose(chances.sum(), 1.0)


@given(st.lists(tables, min_size=1, max_size=4), st.floats(0, 8))
def test_together_they_sum_to_one(counts: list[list[int]], bias: float) -> None:
    predictions = [ppm.predict([np.array([one], dtype=np.float64)], SYMBOLS) for one in counts]
    together = ppm.combine(predictions, bias)
    assert (together > 0).all()
    assert np.isclose(together.sum(), 1.0)


def test_the_surer_counts_for_more() -> None:
    sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    alike = ppm.combine([sure, unsure], 0.0)[0, 0]
    leaning = ppm.combine([sure, unsure], 4.0)[0, 0]
    assert np.isclose(alike, 6 / (6 + np.sqrt(0.1 / 0.9 * 0.6 / 0.4) * 6))
    assert alike < leaning < 0.9
    assert np.allclose(ppm.combine([sure, sure], 2.0), sure)
