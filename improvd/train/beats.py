"""The beat of a recording, from the notes heard in it: found where playing is steady, admitted as unknown elsewhere.

Onsets make a curve of how much begins when. Its autocorrelation, eight seconds at a time, says which periods repeat;
the path of periods through the piece is the likeliest one that bends slowly; and the beats are the chain of times, a
period apart, on which most begins (Ellis 2007). A chain counts as found only where nearly all onsets lie on beats or
their plain parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curve = NDArray[np.float64]

RATE: Final = 100
"""Samples of the curve a second; a period is counted in them."""
PERIODS: Final = np.arange(RATE * 60 // 240, RATE * 60 // 40 + 1)
USUAL: Final = 60 * RATE / 100
"""Where halves and doubles of a tempo are settled: 100 beats a minute."""
TEMPO_SPREAD: Final = 0.5
REPEATS: Final = ((0.5, 0.3), (1.0, 1.0), (2.0, 0.5), (4.0, 0.25))
"""What a period is judged by: repetition after so many of it, and how much that weighs."""
WINDOW: Final = 8 * RATE
BLUR: Final = 2.5
BEND: Final = 0.03
TIGHTNESS: Final = 100.0
"""How steady a chain has to be, against how much begins on it."""
PARTS: Final = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])
NEAR: Final = 0.05
STEADY: Final = 0.9
"""Found: this share of onsets lies within so much of a beat from these parts of it. Chance alone gives 0.6."""
UNEVEN: Final = 0.05
"""And from beat to beat the period changes by no more than this share."""
FEWEST: Final = 8


def find(onset: Curve, weight: Curve) -> Curve | None:
    """Times of the beats in seconds, evenly continued to before the first onset and after the last.

    ``onset`` in seconds, in order; ``weight`` is how much each counts. None where no beat can be vouched for.
    """
    beats = track(onset, weight)
    return beats if beats is not None and vouched(beats, onset) else None


def track(onset: Curve, weight: Curve) -> Curve | None:
    """As `find`, but the likeliest beats whether or not they can be vouched for; None for too few onsets."""
    if len(onset) < FEWEST or onset[-1] - onset[0] < FEWEST * USUAL / RATE:
        return None
    first = float(onset[0])
    curve = _curve(onset - first, weight)
    chain = _chain(curve, _periods(curve))
    if len(chain) < FEWEST:
        return None
    return _continued(first + chain / RATE, first, float(onset[-1]))


def vouched(beats: Curve, onset: Curve) -> bool:
    """Whether playing is so steady that nearly all onsets lie on beats or their parts; ``beats`` reach around them."""
    place = position(beats, onset) % 1
    near = np.abs(place[:, None] - PARTS[None, :]).min(axis=1) < NEAR
    uneven = float(np.diff(np.log(np.diff(beats))).std())
    return float(near.mean()) >= STEADY and uneven <= UNEVEN


def position(beats: Curve, times: Curve) -> Curve:
    """Times in seconds as beats from the first of ``beats``, which reach around them."""
    return np.asarray(np.interp(times, beats, np.arange(len(beats))), dtype=np.float64)


def _curve(onset: Curve, weight: Curve) -> Curve:
    curve = np.zeros(int(onset[-1] * RATE) + RATE)
    np.add.at(curve, np.round(onset * RATE).astype(np.int64), weight)
    around = np.arange(-6, 7)
    curve = np.convolve(np.sqrt(curve), np.exp(-0.5 * (around / BLUR) ** 2), "same")
    return np.asarray(curve / max(float(curve.std()), 1e-9))


def _periods(curve: Curve) -> Curve:
    """The period at each sample of the curve: the likeliest path through what repeats, second by second."""
    prior = -0.5 * (np.log2(PERIODS / USUAL) / TEMPO_SPREAD) ** 2
    padded = np.pad(curve, WINDOW // 2)
    centres = np.arange(0, len(curve), RATE)
    window = np.hanning(WINDOW)
    jump = np.maximum(-np.abs(np.log2(PERIODS)[:, None] - np.log2(PERIODS)[None, :]) / BEND, -12.0)
    score = np.zeros(len(PERIODS))
    came_from = []
    for centre in centres:
        spectrum = np.fft.rfft(padded[centre : centre + WINDOW] * window, 2 * WINDOW)
        repeats = np.fft.irfft(np.abs(spectrum) ** 2)[:WINDOW]
        repeats /= max(float(repeats[0]), 1e-9)
        here = sum(share * repeats[np.round(PERIODS * times).astype(np.int64)] for times, share in REPEATS)
        ways = score[:, None] + jump
        came_from.append(ways.argmax(axis=0))
        score = ways.max(axis=0) + 6.0 * here + prior
    path = [int(score.argmax())]
    for way in came_from[:0:-1]:
        path.append(int(way[path[-1]]))
    return np.interp(np.arange(len(curve)), centres, PERIODS[path[::-1]].astype(np.float64))


def _chain(curve: Curve, period: Curve) -> Curve:
    """Samples of the beats: the best chain, by dynamic programming."""
    total = curve.copy()
    before = np.full(len(curve), -1, dtype=np.int64)
    for now in range(len(curve)):
        nearest, farthest = int(now - period[now] / 2), max(0, int(now - 2 * period[now]))
        if nearest < farthest:
            continue
        candidates = np.arange(farthest, nearest + 1)
        worth = total[candidates] - TIGHTNESS * np.log((now - candidates) / period[now]) ** 2
        best = int(worth.argmax())
        if worth[best] > 0:
            total[now] += worth[best]
            before[now] = candidates[best]
    now = int(total.argmax())
    chain = []
    while now >= 0:
        chain.append(now)
        now = int(before[now])
    return np.array(chain[::-1], dtype=np.float64)


def _continued(beats: Curve, first: float, last: float) -> Curve:
    """Beats on either side, as far apart as the outer ones, until they reach around the onsets."""
    head, tail = beats[1] - beats[0], beats[-1] - beats[-2]
    earlier = beats[0] - head * np.arange(max(0, int(np.ceil((beats[0] - first) / head))) + 1, 0, -1)
    later = beats[-1] + tail * np.arange(1, max(0, int(np.ceil((last - beats[-1]) / tail))) + 2)
    return np.concatenate([earlier, beats, later])
