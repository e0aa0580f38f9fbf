"""Files wherever they lie: on this machine, or anywhere that fsspec reaches.

A path is a str: a local path as the system knows it, or a URL such as ``s3://bucket/tunes/a.mid``; what fsspec chains
by ``::`` is one too. Local files are never copied and never go through fsspec.
"""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
import re
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import fsspec

from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator

URL: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
HERE: Final = re.compile(r"^(?:file|local)://", re.IGNORECASE)
MOST_BYTES: Final = 4 * 2**30
"""Of any file: no more fits into a WAV, and a file without an end is never read to it."""
BLOCK: Final = 2**20
COPIES: Final = "improvd-fetched-"
FORGOTTEN_AFTER: Final = 86_400.0
"""Seconds after which the copy of a reader that was killed is taken away."""


def is_local(path: str) -> bool:
    """Whether a path is one of this machine's; else it's a URL."""
    return URL.match(path) is None


def plain(path: str) -> str:
    """The same path, local ones without the ``file://`` that they may be given with."""
    return HERE.sub("", path, count=1)


def join(folder: str, name: str) -> str:
    """What ``name``, which may go through ``..``, means in a folder."""
    if is_local(folder):
        return os.path.join(folder, name)  # noqa: PTH118  pathlib can't keep a trailing dot as it is written
    before, chained, rest = split(folder)
    scheme, _, inside = before.partition("://")
    return f"{scheme}://{posixpath.normpath(posixpath.join(inside, name))}{chained}{rest}"


def parent(path: str) -> str:
    """The folder that a file or folder lies in; that of the topmost is itself."""
    if is_local(path):
        return os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120  links stay as they are named
    before, chained, rest = split(path)
    scheme, _, inside = before.partition("://")
    return f"{scheme}://{posixpath.dirname(inside.rstrip('/'))}{chained}{rest}"


def identity(path: str) -> str:
    """The one name of a file, however it was come by."""
    return os.path.realpath(path) if is_local(path) else path


def name(path: str) -> str:
    """The last part of a path, as it can be shown and written: what is no text in it stands as �."""
    if is_local(path):
        return shown(os.path.basename(path.rstrip("/")))  # noqa: PTH119  pathlib makes "" a dot
    before, _, rest = split(path)
    scheme, _, inside = before.partition("://")
    if scheme.lower().startswith("http"):
        inside = re.sub(r"[?#].*", "", inside)
    # What lies at the top of an archive is named by the archive.
    return posixpath.basename(inside.rstrip("/")) or (name(rest) if rest else "")


def suffix(path: str) -> str:
    """What kind of file it says it is: ".mid", in small letters; "" where it says nothing."""
    return posixpath.splitext(name(path))[1].lower()


def shown(path: str) -> str:
    """A path as text: Linux allows bytes in names that are none, and these can't be printed."""
    return os.fsencode(path).decode("utf-8", "replace")


def exists(path: str) -> bool:
    """Whether a file is there to be read; what can't be asked about isn't."""
    if is_local(path):
        return os.path.isfile(path) and os.access(path, os.R_OK)  # noqa: PTH113  many are asked about for each corpus
    try:
        filesystem, inside = fsspec.url_to_fs(path)
        return bool(filesystem.isfile(inside))
    except Exception:  # noqa: BLE001  each of fsspec's many libraries has errors of its own
        return False


@contextmanager
def local(path: str, most: int = MOST_BYTES) -> Iterator[Path]:
    """A file as a reader wants it: itself where it is local, else a copy that is gone afterwards.

    SkippedError where it isn't there, is no plain file, can't be read, or is larger than ``most`` bytes.
    """
    if is_local(path):
        yield _checked(path, most)
        return
    _forget()
    with tempfile.TemporaryDirectory(prefix=COPIES, ignore_cleanup_errors=True) as folder:
        # The reader goes by the suffix alone; the rest of a name may be too long or strange for this machine.
        copy = Path(folder, f"fetched{suffix(path)}")
        _fetch(path, copy, most)
        yield copy


def stamp(path: str) -> str:
    """A mark that changes when the file does, without reading it: size and time, or what its server tells of it.

    SkippedError where the file isn't there or can't be asked about.
    """
    if is_local(path):
        state = _checked(path, None).stat()
        return f"{state.st_size} {state.st_mtime_ns}"
    with _reaching():
        filesystem, inside = fsspec.url_to_fs(path)
        info = filesystem.info(inside)
    return hashlib.sha256(repr(sorted(info.items(), key=lambda item: str(item[0]))).encode()).hexdigest()


def digest(path: str, most: int = MOST_BYTES) -> str:
    """The SHA-256 of a file's content, in hexadecimal. SkippedError as by `local`, which see for ``most``."""
    total = hashlib.sha256()
    for block in _blocks(path, most):
        total.update(block)
    return total.hexdigest()


def reason(error: BaseException) -> str:
    """What a library far below says went wrong, in one line."""
    said = " ".join(str(error).split())
    return (said or type(error).__name__)[:200]


def split(path: str) -> tuple[str, str, str]:
    """A URL as the part that names the file, "::" or "", and what that lies in."""
    wrapper, inside = "", path
    while "://" not in inside.partition("::")[0]:  # as in simplecache::s3://…
        first, _, inside = inside.partition("::")
        wrapper += f"{first}::"
    before, chained, rest = inside.partition("::")
    return wrapper + before, chained, rest


def _checked(path: str, most: int | None) -> Path:
    """A local file that a reader comes to the end of: a pipe or a device may have none."""
    file = Path(path)
    try:
        state = file.stat()
    except FileNotFoundError as error:
        raise PassingError("a link that leads nowhere" if file.is_symlink() else "not there") from error
    except (OSError, ValueError) as error:
        raise PassingError(f"can't be read ({getattr(error, 'strerror', None) or error})") from error
    if not os.access(file, os.R_OK):
        raise PassingError("can't be read (permission denied)")
    if not stat.S_ISREG(state.st_mode):
        raise PassingError("a folder" if stat.S_ISDIR(state.st_mode) else "not a file, but a pipe or a device")
    if most is not None and state.st_size > most:
        raise _too_large(most)
    return file


def _blocks(path: str, most: int) -> Iterator[bytes]:
    """The content of a file piece by piece, if it isn't too large."""
    with _reaching(), _checked(path, most).open("rb") if is_local(path) else fsspec.open(path, "rb") as file:
        left = most
        while block := file.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise _too_large(most)
            yield block


def _too_large(most: int) -> SkippedError:
    return SkippedError(f"larger than {most / 2**20:g} MiB")


def _fetch(path: str, copy: Path, most: int) -> None:
    with copy.open("wb") as file:
        for block in _blocks(path, most):
            file.write(block)


@contextmanager
def _reaching() -> Iterator[None]:
    """Whatever a server and the library that talks to it can fail by, as the reason to skip a file."""
    try:
        yield
    except (SkippedError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise PassingError("not there") from error
    except Exception as error:  # each of fsspec's many libraries has errors of its own
        raise PassingError(f"can't be read ({reason(error)})") from error


@functools.cache
def _forget() -> None:
    """Take away the copies that killed readers left; once a process."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{COPIES}*"):
            if time.time() - folder.stat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(folder, ignore_errors=True)
