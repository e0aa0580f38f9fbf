from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import BundleError
from improvd.model import originality
from improvd.model.originality import RUN, Filter, Match
from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, VELOCITY

if TYPE_CHECKING:
    from pathlib import Path


def tune(*pitches: int, interval: int = 12) -> np.ndarray:
    rows = np.zeros((len(pitches), 7), dtype=np.uint8)
    rows[:, PITCH], rows[:, INTERVAL] = pitches, interval
    rows[:1, INTERVAL] = SIZES[INTERVAL]
    return rows


def random_tune(seed: int, count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = tune(*rng.integers(0, 128, count).tolist())
    rows[1:, INTERVAL] = rng.integers(0, SIZES[INTERVAL], max(0, count - 1))
    return rows


CORPUS = [random_tune(seed, 200) for seed in range(20)]
LEARNT = originality.learn(CORPUS)


@given(st.integers(0, 19), st.integers(0, 190), st.integers(RUN, 60), st.integers(-127, 127))
def test_what_was_learnt_is_always_found(number: int, first: int, count: int, shift: int) -> None:
    """In any key, as loud and as long as may be; and never told shorter than it is."""
    quoted = CORPUS[number][first : first + count].copy()
    if len(quoted) < RUN:
        return
    shift = int(np.clip(shift, -int(quoted[:, PITCH].min()), 127 - int(quoted[:, PITCH].max())))
    quoted[:, PITCH] = quoted[:, PITCH].astype(int) + shift
    quoted[:, DURATION], quoted[:, VELOCITY] = 3, 5
    assert LEARNT.longest(quoted).notes == len(quoted)


def test_a_quotation_is_found_where_it_stands() -> None:
    own, quoted = random_tune(99, 40), CORPUS[3][50:64]
    rows = np.concatenate([own[:20], quoted, own[20:]])
    assert LEARNT.longest(rows) == Match(20, 14)


def test_the_rhythm_belongs_to_it() -> None:
    slower = CORPUS[0][:50].copy()
    slower[1:, INTERVAL] = (slower[1:, INTERVAL] + 1) % SIZES[INTERVAL]
    assert LEARNT.longest(slower) == Match(0, 0)


def test_note_by_note_is_as_all_at_once() -> None:
    """A follower's count at each note is the length of the match that ends there."""
    rows = np.concatenate([random_tune(99, 30), CORPUS[3][50:64], CORPUS[7][:25], random_tune(98, 30)])
    found = LEARNT.has(originality.runs(rows))
    follower = originality.Follower(LEARNT)
    expected = 0
    for number, row in enumerate(rows.tolist()):
        would = follower.follows(row[INTERVAL])
        follower.hear(row[INTERVAL], row[PITCH])
        ends = number - RUN + 1
        expected = 0 if ends < 0 or not found[ends] else max(expected + 1, RUN)
        assert follower.notes == expected
        assert would[row[PITCH]] == (expected > 0)
    follower.reset()
    assert follower.notes == 0
    assert not follower.follows(12).any()


def test_all_that_would_follow_is_told() -> None:
    """For each next pitch, what the filter says of the run that it would end."""
    follower = originality.Follower(LEARNT)
    quoted = CORPUS[5][20 : 20 + RUN]
    for row in quoted[:-1].tolist():
        follower.hear(row[INTERVAL], row[PITCH])
    told = follower.follows(int(quoted[-1, INTERVAL]))
    for pitch in range(128):
        other = quoted.copy()
        other[-1, PITCH] = pitch
        assert told[pitch] == LEARNT.has(originality.runs(other))[0]
    assert told[quoted[-1, PITCH]]
    assert told.sum() < 5


@pytest.mark.parametrize("count", [0, 1, RUN - 1])
def test_less_than_a_run_is_nobodys(count: int) -> None:
    assert len(originality.runs(CORPUS[0][:count])) == 0
    assert LEARNT.longest(CORPUS[0][:count]) == Match(0, 0)
    nothing = originality.learn([CORPUS[0][:count]])
    assert nothing.runs == 0
    assert nothing.longest(CORPUS[0]) == Match(0, 0)


def test_errors_are_as_rare_as_promised() -> None:
    strange = np.unique(np.concatenate([originality.runs(random_tune(1000 + seed, 2000)) for seed in range(50)]))
    share = LEARNT.has(strange).mean()
    assert LEARNT.error < 1 / 200
    assert share == pytest.approx(LEARNT.error, abs=0.002)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    originality.write(tmp_path, LEARNT)
    again = originality.load(tmp_path)
    assert np.array_equal(again.bits, LEARNT.bits)
    assert again.runs == LEARNT.runs
    assert [path.name for path in tmp_path.iterdir()] == [originality.FILE]


def test_a_model_without_a_filter_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not say what it was trained on"):
        originality.load(tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"bits": LEARNT.bits},
        {"bits": LEARNT.bits.astype(np.float64), "runs": np.int64(1)},
        {"bits": LEARNT.bits[None], "runs": np.int64(1)},
        {"bits": LEARNT.bits[:0], "runs": np.int64(1)},
        {"bits": LEARNT.bits, "runs": np.int64(-1)},
        {"bits": LEARNT.bits, "runs": np.array([1, 2])},
        {"bits": LEARNT.bits, "runs": np.array("many")},
        {"bits": np.array([{}]), "runs": np.int64(1)},
    ],
)
def test_a_damaged_filter_is_refused(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    np.savez(tmp_path / originality.FILE, **arrays)
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_no_filter_at_all_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / originality.FILE).write_bytes(content)
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


def test_nothing_larger_than_a_filter_is_unpacked(tmp_path: Path) -> None:
    huge = np.zeros(originality.MOST_BYTES + 5000, np.uint8)
    np.savez_compressed(tmp_path / originality.FILE, bits=huge, runs=np.int64(1))
    assert (tmp_path / originality.FILE).stat().st_size < 100_000
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


def test_a_filter_that_is_too_small_says_how_sure_it_is() -> None:
    crowded = Filter(np.full(8, 255, np.uint8), 10_000)
    assert crowded.error == pytest.approx(1.0)
    assert crowded.longest(CORPUS[0]).notes == len(CORPUS[0])
