from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.train.intake.labels import splits
from improvd.train.intake.parts import MIDI, MOST_FILES, RECORDED, SCORES, SHARD_NOTES, buckets, kind, parts

PATHS = [f"/music/{folder}/{name}.mid" for folder in range(20) for name in range(70 * folder, 70 * folder + 70)]


def contents(paths: list[str]) -> set[frozenset[str]]:
    return {frozenset(paths[number] for number in part.files) for part in parts(paths, range(len(paths)))}


def test_every_file_is_in_one_part_of_its_kind_none_too_large() -> None:
    paths = [*PATHS, *(f"/music/{name}.wav" for name in range(9)), *(f"/music/{name}.abc" for name in range(30))]
    made = parts(paths, range(len(paths)))
    assert sorted(chain.from_iterable(part.files for part in made)) == list(range(len(paths)))
    for part in made:
        assert len(part.files) <= MOST_FILES[part.kind]
        assert {kind(paths[number]) for number in part.files} == {part.kind}
    assert Counter(part.kind for part in made)[RECORDED] == 9
    assert Counter(part.kind for part in made)[SCORES] < 15
    assert [part.kind for part in made] == sorted((part.kind for part in made), key=[RECORDED, SCORES, MIDI].index)


def test_the_order_of_files_changes_nothing() -> None:
    assert contents(PATHS) == contents(PATHS[::-1])


@given(st.text("abcdef", min_size=1, max_size=9))
def test_a_file_more_concerns_one_part(name: str) -> None:
    before, after = contents(PATHS), contents([*PATHS, f"/music/{name}.mid"])
    assert len(before - after) == 1
    assert len(after - before) in (1, 2), "two where the part has grown too large"


def test_a_folder_that_is_moved_keeps_its_parts() -> None:
    moved = [path.replace("/music/", "/elsewhere/deeper/") for path in PATHS]
    names = [
        {frozenset(path.rpartition("/")[2] for path in part) for part in contents(paths)} for paths in (PATHS, moved)
    ]
    assert names[0] == names[1]


def test_many_files_of_one_name_are_many_parts() -> None:
    paths = [f"/music/{number}/audio.mid" for number in range(1000)]
    assert max(map(len, contents(paths))) <= MOST_FILES[MIDI]


@given(st.lists(st.integers(8, SHARD_NOTES * 2), max_size=40))
def test_every_used_piece_is_in_one_bucket_none_too_large(notes: list[int]) -> None:
    used = list(range(0, len(notes), 2))
    made = buckets([f"/{number}.mid" for number in range(len(notes))], notes, used)
    assert sorted(chain.from_iterable(made)) == used
    assert all(len(one) == 1 or sum(notes[number] for number in one) <= SHARD_NOTES for one in made)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (["train", "valid", "test"], ["train", "valid", "test"]),
        ([""], ["train"]),
        (["valid", "valid"], ["valid", "train"]),
        (["test", "test"], ["test", "test"]),
        (["train", "train", "test"], ["valid", "train", "test"]),
    ],
)
def test_splits(own: list[str], found: list[str]) -> None:
    assert splits(own, [str(number) for number in range(len(own))]) == found


@given(st.lists(st.text("0123456789abcdef", min_size=40, max_size=40), unique=True))
def test_the_split_of_a_piece_goes_by_its_content(digests: list[str]) -> None:
    found = dict(zip(digests, splits([""] * len(digests), digests), strict=True))
    again = dict(zip(digests[::-1], splits([""] * len(digests), digests[::-1]), strict=True))
    assert found == again
    assert "train" in found.values() or not digests
    assert "valid" in found.values() or len(digests) < 2


def test_one_piece_in_twenty_is_watched() -> None:
    found = Counter(splits([""] * 10_000, [f"{number:040x}" for number in range(10_000)]))
    assert set(found) == {"train", "valid"}
    assert 400 < found["valid"] < 600
