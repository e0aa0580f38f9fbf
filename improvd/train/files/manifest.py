"""What a table beside the music says of it: ``manifest.csv``, and those that come with well-known corpora.

One row is one piece. Where it names several files of it (MAESTRO: a MIDI file and the recording), MIDI goes before a
recording, and that before an annotation: learnt from twice, a piece could be in training and in validation.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.errors import CorpusError
from improvd.train.files import store
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import TextIOBase

NAMES: Final = (
    "manifest.csv",
    "MANIFEST.csv",
    "Manifest.csv",
    "metadata.csv",
    *(f"maestro-v{version}.0.0.csv" for version in (1, 2, 3)),
)
"""Files that are manifests, if they have a column for paths."""
MOST_BYTES: Final = 2**30
MIDI: Final = ("midi_filename", "midi_file", "midi_path", "midi", "midi_performance")
PATH: Final = ("path", "file", "filename", "file_name", "filepath", "file_path")
RECORDING: Final = ("audio_filename", "audio_file", "audio_path", "audio", "audio_performance")
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": (*MIDI, *PATH, *RECORDING),
    "annotation": ("annotation", "annotations"),
    "title": ("title", "canonical_title", "piece", "name", "music_name"),
    "composer": ("composer", "canonical_composer", "artist"),
    "style": ("style", "genre", "category"),
    "source": ("source", "dataset", "collection"),
    "licence": ("licence", "license", "rights"),
    "split": ("split", "subset", "partition"),
    "reference": ("reference", "source_ref", "url"),
}
"""What can be said of a piece, and how columns that say it are called; the first one that isn't empty counts."""
SPLITS: Final = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A piece: its ``files``, the one to read first, and what is known of it by the fields of `SYNONYMS`.

    ``facts`` has no empty strings, and no "path" or "annotation".
    """

    files: tuple[str, ...]
    facts: Mapping[str, str]


def check(columns: Mapping[str, str]) -> None:
    """CorpusError where columns are named for something that no manifest tells."""
    for field in columns:
        if field not in SYNONYMS:
            raise CorpusError(f"a column can't be for {field!r}, but for one of {', '.join(SYNONYMS)}")


def read(paths: Sequence[str], columns: Mapping[str, str]) -> Iterator[Row]:
    """The rows of manifests, one after the other; rows that make no sense are left out.

    ``columns`` names the column for a field, or none by an empty string, in place of `SYNONYMS`. CorpusError where a
    manifest can't be read, or none of them has a column that was named.
    """
    wanted = {_plain(column): column for column in columns.values() if column}
    headings: set[str] = set()
    for path in paths:
        try:
            with (
                store.local(path, MOST_BYTES) as copy,
                # Surrogates lead to files whose names are no text.
                copy.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file,
            ):
                table = _table(file)
                heading = [_plain(cell) for cell in next(table, [])]
                headings.update(heading)
                yield from _rows(table, heading, store.parent(path), columns)
        except (OSError, SkippedError) as error:
            raise CorpusError(f"can't read the manifest {store.shown(path)}: {error}") from error
    missing = [column for plain, column in wanted.items() if plain not in headings]
    if missing:
        told = f"the manifest has {', '.join(sorted(headings - {''}))}" if headings else "there is no manifest"
        raise CorpusError(f"no column {missing[0]!r}: {told}")


def _rows(table: Iterator[list[str]], heading: Sequence[str], folder: str, columns: Mapping[str, str]) -> Iterator[Row]:
    def places(field: str) -> list[int]:
        names = SYNONYMS[field] if field not in columns else (_plain(columns[field]),)
        if field == "path" and field in columns:
            names += SYNONYMS[field]
        return [heading.index(name) for name in names if name and name in heading]

    where = {field: places(field) for field in SYNONYMS}
    for cells in table if where["path"] else ():
        said = {
            field: [cells[place].strip() for place in columns if place < len(cells) and cells[place].strip()]
            for field, columns in where.items()
        }
        files = [name for name in (*said.pop("path"), *said.pop("annotation")) if "\0" not in name]
        facts = {field: store.shown(told[0]) for field, told in said.items() if told}
        if "split" in facts:
            facts["split"] = SPLITS.get(facts["split"].lower(), "")
        if files:
            paths = dict.fromkeys(store.join(folder, name) for name in files)
            yield Row(tuple(paths), {field: fact for field, fact in facts.items() if fact})


def _table(file: TextIOBase) -> Iterator[list[str]]:
    """Rows of cells, whatever they are divided by; one that is no CSV is left out."""
    first = file.readline()
    file.seek(0)
    table = csv.reader(file, delimiter=max(",;\t", key=first.count))
    while True:
        try:
            yield next(table)
        except StopIteration:
            return
        except csv.Error:
            continue


def _plain(heading: str) -> str:
    return re.sub(r"\W+", "_", heading.strip().lower())
