"""Arrays from an `.npz` file that somebody else may have made: no pickle, and no more memory than it may cost.

numpy's own loading makes room for whatever shape an array's header claims, before it sees that the file holds less.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

HEADER: Final = 4096
"""Bytes that an array's file may have beyond its numbers."""
KINDS: Final = "biuf"
"""Numbers alone: no objects, no texts, no records."""


def read(path: Path, largest: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """The arrays of ``path`` that ``largest`` names, in its order, each with the most bytes its numbers may take.

    ValueError, saying what is wrong, where one is missing, too large, not of numbers, or damaged in whatever way, and
    where there are others; OSError where the file can't be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = _held(archive, largest)
            return {name: _array(name, _unpacked(archive, held[name])) for name in largest}
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile and what unpacks for it raise of many kinds, and none is ours to go on from
        raise ValueError("its arrays can't be unpacked") from error


def _held(archive: zipfile.ZipFile, largest: Mapping[str, int]) -> dict[str, zipfile.ZipInfo]:
    """Before anything is unpacked: all arrays are there, no others, and none is larger than it may be."""
    held: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in largest:
            raise ValueError(f"it has an array {name[:40]!r}, which does not belong there")
        if name in held:
            raise ValueError(f"the array {name} is there twice")
        if info.file_size > largest[name] + HEADER:
            raise ValueError(f"the array {name} is larger than it can be")
        held[name] = info
    for name in largest:
        if name not in held:
            raise ValueError(f"the array {name} is missing")
    return held


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """What is in a member, and not more than its entry says, which may be a lie: then its sum is wrong."""
    with archive.open(info) as member:
        # Not `read` without a number: that unpacks all there is before it looks at what the entry says.
        return member.read(info.file_size) + member.read(1)


def _array(name: str, data: bytes) -> NDArray[Any]:
    """The array in the bytes of an `.npy` file."""
    file = io.BytesIO(data)
    formats: Any = np.lib.format  # its stubs know neither
    try:
        version = formats.read_magic(file)
        header = formats.read_array_header_1_0 if version == (1, 0) else formats.read_array_header_2_0
        shape, by_columns, dtype = header(file, max_header_size=HEADER)
    except Exception as error:  # a header is Python's notation, and its parsers raise of many kinds
        raise ValueError(f"the array {name} has no header that can be read") from error
    count = math.prod(shape)
    if dtype.kind not in KINDS or count * dtype.itemsize != len(data) - file.tell():
        raise ValueError(f"the array {name} is not what its header says")
    return np.frombuffer(data, dtype, count, file.tell()).reshape(shape, order="F" if by_columns else "C").copy()
