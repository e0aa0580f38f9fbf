"""Arrays from files that somebody else may have made."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.model import arrays

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


def npy(array: np.ndarray, *, version: tuple[int, int] = (1, 0)) -> bytes:
    held = io.BytesIO()
    np.lib.format.write_array(held, array, version=version, allow_pickle=True)
    return held.getvalue()


def claiming(header: str, data: bytes = b"") -> bytes:
    """An array's file with a header of one's own."""
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def pack(path: Path, *members: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)


def test_arrays_come_as_they_were_written_in_the_order_asked_for(path: Path) -> None:
    by_columns = np.asfortranarray(NUMBERS)
    np.savez(path, later=np.int64(7), one=NUMBERS, columns=by_columns, whole=NUMBERS.astype(np.float16))
    read = arrays.read(path, {"one": 48, "columns": 48, "later": 8, "whole": 24})
    assert list(read) == ["one", "columns", "later", "whole"]
    assert (read["one"] == NUMBERS).all()
    assert (read["columns"] == by_columns).all()
    assert read["later"].shape == ()
    assert read["whole"].dtype == np.float16
    pack(path, ("one.npy", npy(NUMBERS, version=(2, 0))))
    assert (arrays.read(path, {"one": 48})["one"] == NUMBERS).all()


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([], "the array one is missing"),
        ([("one.npy", npy(NUMBERS)), ("two.npy", npy(NUMBERS))], "an array 'two', which does not belong there"),
        ([("one.npy", npy(np.zeros(2000, dtype=np.float32)))], "the array one is larger than it can be"),
        ([("one.npy", npy(np.array([object()])))], "is not what its header says"),
        ([("one.npy", npy(np.array(["text"])))], "is not what its header says"),
        ([("one.npy", npy(NUMBERS)[:-1])], "is not what its header says"),
        ([("one.npy", npy(NUMBERS) + b"\0")], "is not what its header says"),
        ([("one.npy", b"no array")], "has no header that can be read"),
        ([("one.npy", claiming("{'descr': '<f4', 'fortran_order': False, 'shape': (3, "))], "has no header"),
        ([("one.npy", claiming("(" * 3000))], "has no header"),
        (
            [("one.npy", claiming("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"))],
            "not what its header says",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(path: Path, members: list[tuple[str, bytes]], says: str) -> None:
    pack(path, *members)
    with pytest.raises(ValueError, match=says) as caught:
        arrays.read(path, {"one": 48})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_array_is_there_twice(path: Path) -> None:
    pack(path, ("one.npy", npy(NUMBERS)), ("one.npy", npy(NUMBERS)))
    with pytest.raises(ValueError, match="the array one is there twice"):
        arrays.read(path, {"one": 48})


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(100000, 100000, 100000, 100000)", "(2000000000,)"])
def test_a_header_that_claims_much_gets_no_memory_for_it(path: Path, shape: str) -> None:
    pack(path, ("one.npy", claiming(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}", b"1234")))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="is not what its header says"):
            arrays.read(path, {"one": 48})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


def test_an_archive_that_lies_about_its_sizes_unpacks_no_more_than_it_says(path: Path) -> None:
    """A bomb whose directory claims a small file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.npy", bytes(50_000_000))
    small = path.read_bytes().replace((50_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(small)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="can't be unpacked"):
            arrays.read(path, {"one": 48})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000
