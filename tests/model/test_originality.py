from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import BundleError
from improvd.model import originality
from improvd.model.originality import LEAST_BYTES, MOST_BYTES, PER_RUN, RUN, Filter, Match, Slice
from improvd.model.tokens import DURATION, INTERVAL, PITCH, SIZES, VELOCITY
from tests.model.random_tunes import CORPUS, LEARNT, random_tune

if TYPE_CHECKING:
    from pathlib import Path


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
    more = originality.learn([random_tune(seed, 200) for seed in range(100, 200)], LEARNT)
    for one in (LEARNT, more, Filter()):
        originality.write(tmp_path, one)
        again = originality.load(tmp_path)
        assert again is not None
        assert [held.runs for held in again.slices] == [held.runs for held in one.slices]
        assert all(np.array_equal(held.bits, wrote.bits) for held, wrote in zip(again.slices, one.slices, strict=True))
        assert again.left_out == one.left_out
    assert [path.name for path in tmp_path.iterdir()] == [originality.FILE]


def test_a_model_without_a_filter_has_none(tmp_path: Path) -> None:
    assert originality.load(tmp_path) is None


def test_a_filter_is_no_larger_than_it_must_be() -> None:
    (one,) = LEARNT.slices
    assert 8 * len(one.bits) // PER_RUN >= one.runs > 8 * (len(one.bits) // 2) // PER_RUN
    assert one.error < 1 / 200


def test_few_pieces_more_go_where_there_is_room() -> None:
    """What a model learnt on top of another is known, and so is all that the other learnt."""
    fresh = [random_tune(500, 30)]
    more = originality.learn(fresh, LEARNT)
    assert len(more.slices) == 1
    assert more.size == LEARNT.size
    assert more.runs == LEARNT.runs + 30 - RUN + 1
    assert all(more.longest(rows).notes == len(rows) for rows in (*CORPUS, *fresh))
    assert LEARNT.longest(fresh[0]).notes < 30, "the parent's own filter stays as it was"


def test_many_pieces_more_go_into_a_slice_of_their_own() -> None:
    fresh = [random_tune(seed, 200) for seed in range(500, 540)]
    more = originality.learn(fresh, LEARNT)
    first, second = (one.runs for one in more.slices)
    assert first == LEARNT.runs
    assert second == pytest.approx(40 * (200 - RUN + 1), rel=0.01), "all but what is found by mistake already"
    assert all(more.longest(rows).notes == len(rows) for rows in (*CORPUS, *fresh))
    assert more.error < 2 / 200


def test_the_same_again_changes_nothing() -> None:
    again = originality.learn(CORPUS, LEARNT)
    assert again.runs == LEARNT.runs
    assert np.array_equal(again.slices[0].bits, LEARNT.slices[0].bits)


def test_what_has_no_room_is_left_out_and_counted() -> None:
    """So that what is told of other music stays as rarely wrong as it was."""
    full = Filter((Slice(np.zeros(MOST_BYTES, np.uint8), 8 * MOST_BYTES // PER_RUN - 50),))
    more = originality.learn([CORPUS[0]], full)
    assert more.size == MOST_BYTES
    assert more.slices[0].room == 0
    assert more.left_out == 200 - RUN + 1 - 50


def good() -> dict[str, np.ndarray]:
    (one,) = LEARNT.slices
    sizes, counts = np.array([len(one.bits)]), np.array([one.runs])
    return {"bits": one.bits, "sizes": sizes, "runs": counts, "left_out": np.int64(0)}


@pytest.mark.parametrize(
    "changes",
    [
        {"bits": None},
        {"sizes": None},
        {"left_out": None},
        {"bits": good()["bits"].astype(np.float64)},
        {"bits": good()["bits"][None]},
        {"bits": good()["bits"][:-1]},
        {"bits": np.array([{}])},
        {"sizes": good()["sizes"] - 1},
        {"sizes": good()["sizes"][None]},
        {"sizes": np.array(["many"])},
        {"sizes": np.array([-64])},
        {"sizes": np.array([], np.int64)},
        {"bits": np.zeros(0, np.uint8), "sizes": np.array([0]), "runs": np.array([0])},
        {"bits": np.zeros(65 * LEAST_BYTES, np.uint8), "sizes": np.full(65, LEAST_BYTES), "runs": np.zeros(65, int)},
        {"runs": np.array([-1])},
        {"runs": np.array([1, 2])},
        {"runs": np.int64(1)},
        {"left_out": np.array([1])},
        {"left_out": np.float64(0.5)},
    ],
)
def test_a_damaged_filter_is_refused(changes: dict[str, np.ndarray | None], tmp_path: Path) -> None:
    arrays = {name: array for name, array in {**good(), **changes}.items() if array is not None}
    np.savez(tmp_path / originality.FILE, **arrays)
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_no_filter_at_all_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / originality.FILE).write_bytes(content)
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


def test_nothing_larger_than_a_filter_is_unpacked(tmp_path: Path) -> None:
    huge = {**good(), "bits": np.zeros(originality.MOST_BYTES + 10_000, np.uint8)}
    np.savez_compressed(tmp_path / originality.FILE, **huge)
    assert (tmp_path / originality.FILE).stat().st_size < 100_000
    with pytest.raises(BundleError, match="is damaged"):
        originality.load(tmp_path)


def test_a_filter_that_is_too_full_says_so() -> None:
    crowded = Filter((Slice(np.full(64, 255, np.uint8), 10_000),))
    assert crowded.error == pytest.approx(1.0)
    assert crowded.longest(CORPUS[0]).notes == len(CORPUS[0])
