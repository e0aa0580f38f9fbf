"""What took long to read is kept: transcriptions and parsed scores, by the content of their files.

An entry's name is the hash of the file's content, of what was made of it and of the revision of the maker, so
nothing in the cache is ever out of date, only unused; all of it may be deleted at any time. An entry is written
whole and then renamed: a reader that is killed loses the file in hand and no other.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.train.files import store, whole
from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

REASON: Final = "reason"
"""The one array of an entry for a file that was skipped."""
BLOCK: Final = 2**20


def folder(named: str = "") -> str:
    """Where entries lie, as a path or a URL that processes elsewhere can open too.

    It is the one ``named``, else ``IMPROVD_CACHE``, else ``improvd`` in the user's cache folder.
    """
    named = store.plain(named or os.environ.get("IMPROVD_CACHE", ""))
    if named:
        return str(Path(named).expanduser().absolute()) if store.is_local(named) else named.rstrip("/")
    return str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "improvd")


def remembered(path: Path, revision: str, make: Callable[[Path], Arrays]) -> Arrays:
    """What ``make`` makes of a file, or made of one with the same content at the same ``revision``.

    SkippedError, remembered too, where ``make`` raises it, and where the file can't be read. A cache that can't be
    written is done without.
    """
    entry = f"{folder()}/{_name(path, revision)}"
    found = _load(entry)
    if found is None:
        try:
            found = make(path)
        except PassingError:
            raise
        except SkippedError as reason:
            found = {REASON: np.array(str(reason))}
        with suppress(Exception):  # full, read-only or out of reach: the next run reads the file again
            _save(entry, found)
    if REASON in found:
        raise SkippedError(str(found[REASON]))
    return found


def _name(path: Path, revision: str) -> str:
    digest = hashlib.sha256(f"{path.suffix.lower()} {revision}\0".encode())
    try:
        if not path.is_file():  # a pipe or a device may never end
            raise PassingError("not a file")
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise PassingError(f"can't be read ({error.strerror})") from error
    name = digest.hexdigest()
    return f"{name[:2]}/{name[2:]}.npz"


def _load(entry: str) -> Arrays | None:
    """An entry's arrays; None where there is none, or it is damaged."""
    data = whole.read(entry)
    if data is None:
        return None
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _save(entry: str, arrays: Arrays) -> None:
    packed = io.BytesIO()
    np.savez_compressed(packed, **dict(arrays))
    with whole.writing(entry) as file:
        file.write(packed.getbuffer())
