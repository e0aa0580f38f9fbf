"""Shards: Parquet files of notes, one row a note, which pandas or DuckDB read as well as the trainer.

A shard is never changed: its name is the hash of what it holds, so the same music gives the same file wherever and
in whatever order it was made. Its pieces stand in order of split, style and digest, each whole within one row group,
and a row group holds pieces of one split and one style: the trainer reads a group at a time and never a whole shard.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import fsspec
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from improvd.model.tokens import BEAT
from improvd.train.files import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from improvd.train.music.reading import Piece

REVISION: Final = 1
GROUP_NOTES: Final = 16_384
"""A row group is closed once it has so many notes: a second of reading gives the trainer hundreds of them."""
NAME: Final = pa.dictionary(pa.int32(), pa.string())
SCHEMA: Final = pa.schema(
    {
        "piece": NAME,
        "source": NAME,
        "style": NAME,
        "split": NAME,
        "onset": pa.int32(),
        "duration": pa.int32(),
        "pitch": pa.uint8(),
        "velocity": pa.uint8(),
        "beat": pa.uint8(),
        "bar": pa.uint8(),
        "metre": pa.uint8(),
    }
)
"""``piece`` is the piece's digest; ``onset`` and ``duration`` are in ticks, 24 a beat; ``beat``, ``bar`` and ``metre``
are ids of the onset's place as in `improvd.model.tokens`."""
GROUPS: Final = b"improvd.groups"
"""Where a shard's footer says, as JSON, what its row groups hold."""
PLACES: Final = ("beat", "bar", "metre")


@dataclass(frozen=True)
class Notes:
    """The notes of one or more pieces, end to end; ``starts`` has one more entry than there are pieces.

    ``onset`` and ``duration`` in ticks; ``places`` (notes, 3) are the ids of the onset's place.
    """

    onset: NDArray[np.int32]
    duration: NDArray[np.int32]
    pitch: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    places: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        """How many notes."""
        return len(self.onset)

    def piece(self, number: int) -> Notes:
        """The notes of one of the pieces; a view."""
        start, end = self.starts[number : number + 2].tolist()
        return Notes(
            self.onset[start:end],
            self.duration[start:end],
            self.pitch[start:end],
            self.velocity[start:end],
            self.places[start:end],
            np.array([0, end - start]),
        )


@dataclass(frozen=True, slots=True)
class Labelled:
    """A piece and what it goes by: ``split`` is "train", "valid" or "test".

    ``digest`` is the same for pieces of the same ids, pitches and places.
    """

    digest: str
    notes: Notes
    source: str = ""
    style: str = ""
    split: str = ""


@dataclass(frozen=True)
class Group:
    """A row group: ``pieces`` of one split and style, by digest; their ``sources``, and ``lengths`` in notes."""

    shard: str
    number: int
    split: str
    style: str
    pieces: tuple[str, ...]
    sources: tuple[str, ...]
    lengths: NDArray[np.int64]


def packed(piece: Piece) -> Notes:
    """A piece as a shard has it."""
    notes = piece.notes
    return Notes(
        notes.onset.astype(np.int32),
        notes.duration.astype(np.int32),
        notes.pitch.astype(np.uint8),
        notes.velocity.astype(np.uint8),
        piece.rows[:, BEAT:],
        np.array([0, len(notes)]),
    )


def write(folder: str, pieces: Sequence[Labelled]) -> str:
    """Write pieces as one shard into a folder (a path or a URL that fsspec opens) and give its path there.

    The file appears whole or not at all. One that is there already is written again, since it may be damaged.
    """
    ordered = sorted(pieces, key=lambda one: (one.split, one.style, one.digest, one.source))
    parts = list(_parts(ordered))
    shard = f"{folder.rstrip('/')}/{_digest(ordered)}.parquet"
    about = SCHEMA.with_metadata({GROUPS: json.dumps([_about(part) for part in parts]).encode()})
    with (
        whole.writing(shard) as file,
        parquet.ParquetWriter(file, about, compression="zstd", write_page_checksum=True) as writer,
    ):
        for part in parts:
            writer.write_table(_table(part), row_group_size=sum(len(one.notes) for one in part))
    return shard


def groups(shard: str) -> list[Group]:
    """What a shard's row groups hold, from its footer alone."""
    with fsspec.open(shard, "rb") as file:
        about = json.loads(parquet.read_schema(file).metadata[GROUPS])
    return [
        Group(
            shard,
            number,
            one["split"],
            one["style"],
            tuple(one["pieces"]),
            tuple(one["sources"]),
            np.array(one["lengths"], np.int64),
        )
        for number, one in enumerate(about)
    ]


def load(group: Group) -> Notes:
    """The notes of a row group."""
    columns = [name for name in SCHEMA.names if name not in ("piece", "source", "style", "split")]
    with (
        fsspec.open(group.shard, "rb") as file,
        parquet.ParquetFile(file, page_checksum_verification=True) as shard,
    ):
        table = shard.read_row_group(group.number, columns=columns)
    arrays = {name: table.column(name).to_numpy() for name in columns}
    return Notes(
        arrays["onset"],
        arrays["duration"],
        arrays["pitch"],
        arrays["velocity"],
        np.stack([arrays[name] for name in PLACES], axis=1),
        np.concatenate([[0], np.cumsum(group.lengths)]).astype(np.int64),
    )


def _parts(ordered: Sequence[Labelled]) -> Iterator[list[Labelled]]:
    """Pieces as row groups."""
    for _, alike in groupby(ordered, key=lambda one: (one.split, one.style)):
        part: list[Labelled] = []
        count = 0
        for one in alike:
            part.append(one)
            count += len(one.notes)
            if count >= GROUP_NOTES:
                yield part
                part, count = [], 0
        if part:
            yield part


def _about(part: Sequence[Labelled]) -> dict[str, Any]:
    return {
        "split": part[0].split,
        "style": part[0].style,
        "pieces": [one.digest for one in part],
        "sources": [one.source for one in part],
        "lengths": [len(one.notes) for one in part],
    }


def _digest(ordered: Sequence[Labelled]) -> str:
    digest = hashlib.sha256(f"{REVISION}\0".encode())
    for one in ordered:
        notes = one.notes
        digest.update(json.dumps([one.digest, one.source, one.style, one.split, len(notes)]).encode())
        for column in (notes.onset, notes.duration, notes.velocity):  # the rest is in the piece's own digest
            digest.update(column.astype("<i4").tobytes())
    return digest.hexdigest()[:32]


def _table(part: Sequence[Labelled]) -> pa.Table:
    lengths = [len(one.notes) for one in part]

    def names(of: Sequence[str]) -> pa.DictionaryArray:
        known = sorted(set(of))
        number = {name: where for where, name in enumerate(known)}
        return pa.DictionaryArray.from_arrays(
            np.repeat(np.array([number[name] for name in of], np.int32), lengths), pa.array(known, pa.string())
        )

    def joined(what: str, kind: type[np.generic]) -> NDArray[np.generic]:
        return np.asarray(np.concatenate([getattr(one.notes, what) for one in part]), dtype=kind)

    places = np.concatenate([one.notes.places for one in part])
    return pa.table(
        [
            names([one.digest for one in part]),
            names([one.source for one in part]),
            names([one.style for one in part]),
            names([one.split for one in part]),
            joined("onset", np.int32),
            joined("duration", np.int32),
            joined("pitch", np.uint8),
            joined("velocity", np.uint8),
            *(places[:, number] for number in range(len(PLACES))),
        ],
        schema=SCHEMA,
    )
