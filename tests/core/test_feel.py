"""Swing, quantise, humanise: where onsets go, and that nothing else happens."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import Beats, Seconds
from improvd.core.feel import Feel
from improvd.core.settings import EngineSettings
from improvd.rehearsal.player import Player
from improvd.rehearsal.stage import Stage
from tests.partners import Steady, hanging, scale, strikes

FEELS = st.builds(Feel, swing=st.floats(0.5, 0.75), quantise=st.floats(0, 1), humanise=st.floats(0, 0.05).map(Seconds))


@pytest.mark.parametrize(
    ("feel", "onset", "place"),
    [
        (Feel(), 3.3, 3.3),
        (Feel(swing=2 / 3), 5.5, 5 + 2 / 3),
        (Feel(swing=2 / 3), 5.0, 5.0),
        (Feel(swing=2 / 3), 5.25, 5 + 1 / 3),
        (Feel(swing=0.6), -0.5, -0.4),
        (Feel(quantise=1.0), 2.27, 2.25),
        (Feel(quantise=1.0), 2.96, 3.0),
        (Feel(quantise=0.5), 2.27, 2.26),
    ],
)
def test_where_onsets_go(feel: Feel, onset: float, place: float) -> None:
    assert feel.place(Beats(onset)) == pytest.approx(place)


@given(FEELS, st.lists(st.floats(-100, 1e4).map(Beats), min_size=2))
def test_order_is_kept(feel: Feel, onsets: list[Beats]) -> None:
    places = [feel.place(onset) for onset in sorted(onsets)]
    assert all(earlier <= later + 1e-9 for earlier, later in pairwise(places))
    assert all(abs(place - onset) < 0.4 for place, onset in zip(places, sorted(onsets), strict=True))


def test_chance_is_as_wide_as_told_and_always_the_same() -> None:
    feel = Feel(humanise=Seconds(0.010))
    astray = [feel.astray(seed) for seed in range(2000)]
    assert astray == [feel.astray(seed) for seed in range(2000)]
    assert mean(astray) == pytest.approx(0, abs=0.001)
    assert stdev(astray) == pytest.approx(0.010, rel=0.1)
    assert max(map(abs, astray)) <= 0.020


def played(**settings: float) -> list[float]:
    performance = Stage(Player(scale(1.0, 0.6, 8)), Steady(), EngineSettings(**settings)).perform()
    assert hanging(performance.sent) == set()
    return [at for at, _ in strikes(performance.sent)]


def test_an_answer_is_swung() -> None:
    straight, swung = played(), played(swing=2 / 3)
    assert [later - earlier for earlier, later in zip(straight, swung, strict=True)] == pytest.approx(
        [0.0, 0.1] * 8, abs=1e-5
    )


def test_an_answer_is_loose_within_bounds() -> None:
    straight, loose = played(), played(humanise=0.008)
    astray = [later - earlier for earlier, later in zip(straight, loose, strict=True)]
    assert max(map(abs, astray)) <= 0.016 + 1e-6
    assert len({round(one, 5) for one in astray}) > 10


def test_a_slow_synth_is_played_early() -> None:
    # An impatient partner, so that the same beat can be met in spite of the synth.
    on_time, early = played(patience=0.7), played(patience=0.7, output_latency=0.120)
    assert [before - now for before, now in zip(on_time, early, strict=True)] == pytest.approx([0.120] * 16, abs=1e-5)
