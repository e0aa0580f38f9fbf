"""Finding the files of a corpus and what is known of each: nothing is opened here but manifests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from improvd.errors import CorpusError
from improvd.train.files import folders, manifest, store
from improvd.train.music import midi, scores
from improvd.train.music.audio import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MUSIC: Final = (*midi.SUFFIXES, *RECORDINGS, *scores.FORMATS)
SPLITS: Final = ("train", "valid", "test")
MOST_FILES: Final = 2_000_000
AS_NAMED: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read and what is known of it; an empty string where a manifest says nothing.

    ``path`` is a local path or a URL, for `improvd.train.files.store`. ``split`` is "train", "valid", "test" or empty.
    """

    path: str
    style: str
    title: str = ""
    composer: str = ""
    source: str = ""
    licence: str = ""
    split: str = ""
    reference: str = ""


def find(corpus: Sequence[str], columns: Mapping[str, str] = AS_NAMED) -> list[Entry]:
    """Every music file of a corpus once, in a fixed order; then those that a manifest names and that aren't there.

    ``corpus`` names files, folders (searched to any depth, links followed, loops too), globs, all of them here or by
    URL, and as music21:NAME what the music21 package carries. ``columns``: which column of a manifest tells a field,
    by its name. CorpusError where one of them isn't there, or all together hold no music file.
    """
    manifest.check(columns)
    found: dict[str, Entry] = {}
    searched: set[str] = set()
    tables: dict[str, None] = {}
    looked: set[str] = set()
    for name in corpus:
        source = name if name.startswith(scores.CORPUS) else ""
        for root in [str(scores.carried(name))] if source else folders.roots(name):
            tables.update(dict.fromkeys(_above(root, looked)))
            if folders.is_folder(root):
                searched.add(store.identity(root).rstrip("/") + "/")
            for entry in _entries(root, tables):
                found.setdefault(store.identity(entry.path), replace(entry, source=source) if source else entry)
                if len(found) > MOST_FILES:
                    raise CorpusError(f"{name} holds more than {MOST_FILES} files: give fewer folders")
    # What stands nearest to a file knows best, so it comes last.
    nearest_last = sorted(tables, key=lambda path: store.parent(path).count("/"))
    entries = _told(found, tuple(searched), manifest.read(nearest_last, columns))
    if not entries:
        kinds = " ".join(MUSIC)
        raise CorpusError(f"no music files ({kinds}) in {', '.join(corpus) or 'an empty corpus'}")
    return entries


def _above(root: str, looked: set[str]) -> Iterator[str]:
    """The manifests in the folders that a root lies in, but for those folders that were ``looked`` into already."""
    folder = store.parent(root)
    while folder not in looked:
        looked.add(folder)
        for name in manifest.NAMES:
            if store.exists(path := store.join(folder, name)):
                yield path
        folder = store.parent(folder)


def _entries(root: str, tables: dict[str, None]) -> Iterator[Entry]:
    """The files below a root, or itself, with what can be told without manifests; these are added to ``tables``."""
    if not folders.is_folder(root):
        # A file named outright is tried whatever it is called, so that the user learns what is wrong with it.
        yield Entry(root, style=store.name(store.parent(store.identity(root))))
        return
    for folder in folders.walk(root):
        style = store.name(store.identity(folder.path))
        tables.update(dict.fromkeys(store.join(folder.path, name) for name in manifest.NAMES if name in folder.files))
        for name in [name for name in folder.files if store.suffix(name) in MUSIC] + folder.closed:
            yield Entry(store.join(folder.path, name), style)


def _told(found: Mapping[str, Entry], searched: tuple[str, ...], rows: Iterator[manifest.Row]) -> list[Entry]:
    """What was found, with what manifests say of it, and without what is only another file of the same piece."""
    told: dict[str, Entry] = {}
    twins: set[str] = set()
    for row in rows:
        files = {store.identity(path): path for path in row.files}
        here = [one for one in files if one in found] or [one for one in files if one.startswith(searched)][:1]
        for one in here[:1]:
            plain = found.get(one) or Entry(files[one], style=store.name(store.parent(files[one])))
            told[one] = replace(plain, **row.facts)
        twins.update(here[1:])
    kept = {one: told.get(one, entry) for one, entry in found.items() if one in told or one not in twins}
    return list({**kept, **told}.values())
