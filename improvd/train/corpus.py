"""Finding the files of a corpus and what is known of each: nothing is opened here but manifests."""

from __future__ import annotations

import csv
import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from improvd.errors import CorpusError
from improvd.train import midi, scores
from improvd.train.audio import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MUSIC: Final = (*midi.SUFFIXES, *RECORDINGS, *scores.FORMATS)
MANIFESTS: Final = ("manifest.csv", "MANIFEST.csv")
SPLITS: Final = ("train", "valid", "test")
MOST_FILES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read and what is known of it; an empty string where a manifest says nothing.

    ``split`` is "train", "valid", "test" or empty.
    """

    path: Path
    style: str
    title: str = ""
    composer: str = ""
    source: str = ""
    licence: str = ""
    split: str = ""
    reference: str = ""


def find(corpus: Sequence[str]) -> list[Entry]:
    """Every music file of a corpus once, in a fixed order.

    ``corpus`` names files, folders (searched to any depth, links followed, loops too), globs, and as music21:NAME
    what the music21 package carries. CorpusError where one of them isn't there, or all together hold no music file.
    """
    entries: dict[str, Entry] = {}
    for name in corpus:
        source = name if name.startswith(scores.CORPUS) else ""
        for root in [scores.carried(name)] if source else _roots(name):
            for entry in _entries(root, source):
                entries.setdefault(os.path.realpath(entry.path), entry)
                if len(entries) > MOST_FILES:
                    raise CorpusError(f"{name} holds more than {MOST_FILES} files: give fewer folders")
    if not entries:
        kinds = " ".join(MUSIC)
        raise CorpusError(f"no music files ({kinds}) in {', '.join(corpus) or 'an empty corpus'}")
    return list(entries.values())


def _roots(name: str) -> list[Path]:
    path = Path(name).expanduser()
    if path.exists():
        return [path]
    # pathlib's own glob takes no absolute patterns
    found = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(name) else []  # noqa: PTH207 - see above
    if not found:
        raise CorpusError(f"no such file or folder: {name}")
    return [Path(one) for one in found]


def _entries(root: Path, source: str = "") -> Iterator[Entry]:
    if root.is_file():
        # A file named outright is tried whatever it is called, so that the user learns what is wrong with it.
        yield Entry(root, style=root.resolve().parent.name, source=source)
        return
    known: dict[str, Entry | None] = {}
    for folder, names in _walk(root):
        for name in MANIFESTS:
            if name in names:
                known.update(_manifest(folder / name))
        for name in names:
            path = folder / name
            if path.suffix.lower() in MUSIC:
                entry = known.get(os.path.realpath(path), Entry(path, style=folder.resolve().name, source=source))
                if entry is not None:
                    yield entry


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()  # a link led back to where the walk has been
            continue
        seen.add(real)
        below.sort()
        yield Path(folder), sorted(names)


def _manifest(path: Path) -> dict[str, Entry | None]:
    """What a manifest says, by the real path of each file; None for what only annotates another, being the same music.

    Learnt from as well, it could be in training while its recording is in validation.
    """
    found: dict[str, Entry | None] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            for row in csv.DictReader(file):
                fields = {
                    key.strip().lower(): (value or "").strip()
                    for key, value in row.items()
                    if isinstance(key, str) and not isinstance(value, list)
                }
                name = fields.get("path", "")
                if not name or "\0" in name:
                    continue
                where = path.parent / name
                annotation = fields.get("annotation", "")
                if annotation and "\0" not in annotation:
                    found.setdefault(os.path.realpath(path.parent / annotation), None)
                split = fields.get("split", "").lower()
                found[os.path.realpath(where)] = Entry(
                    where,
                    style=fields.get("style") or where.parent.name or path.parent.name,
                    title=fields.get("title", ""),
                    composer=fields.get("composer", ""),
                    source=fields.get("source", ""),
                    licence=fields.get("licence", "") or fields.get("license", ""),
                    split=split if split in SPLITS else "",
                    reference=fields.get("source_ref", "") or fields.get("reference", ""),
                )
    except (OSError, csv.Error) as error:
        raise CorpusError(f"can't read the manifest {path}: {error}") from error
    return found
