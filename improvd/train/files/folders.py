"""What lies where a user points: files, folders of any depth, globs; here, or anywhere that fsspec reaches."""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import fsspec

from improvd.errors import CorpusError
from improvd.train.files import store

if TYPE_CHECKING:
    from collections.abc import Iterator


class Folder(NamedTuple):
    """A folder, the names of its files, and those of the folders in it that can't be looked into."""

    path: str
    files: list[str]
    closed: list[str]


def roots(name: str) -> list[str]:
    """The files and folders that a name, or a glob, stands for. CorpusError where there are none, or can't be asked."""
    name = store.plain(name)
    if store.is_local(name):
        path = os.path.expanduser(name)  # noqa: PTH111  pathlib would tidy what the user wrote
        if os.path.lexists(path):
            return [path]
        # pathlib's own glob takes no absolute patterns
        found = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []  # noqa: PTH207  see above
    else:
        filesystem, inside = _reached(name)
        try:
            found = [inside] if _exists(filesystem, inside) else sorted(filesystem.glob(inside))
        except Exception as error:
            raise _unreachable(name, error) from error
        found = [_url(name, filesystem, one) for one in found]
    if not found:
        raise CorpusError(f"no such file or folder: {store.shown(name)}")
    return found


def is_folder(root: str) -> bool:
    """Whether one of the roots is to be searched; the web knows folders only by a slash at their end."""
    if store.is_local(root):
        return Path(root).is_dir()
    filesystem, inside = _reached(root)
    try:
        return root.endswith("/") or filesystem.info(inside)["type"] == "directory"
    except Exception as error:
        raise _unreachable(root, error) from error


def walk(root: str) -> Iterator[Folder]:
    """A folder and all below it, to any depth, in a fixed order; links are followed, loops too.

    CorpusError where the root itself can't be looked into.
    """
    yield from _walk_here(root) if store.is_local(root) else _walk_there(root)


def _walk_here(root: str) -> Iterator[Folder]:
    seen: set[str] = set()
    closed: list[str] = []
    for folder, below, names in os.walk(root, followlinks=True, onerror=lambda error: closed.append(error.filename)):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()  # a link led back to where the walk has been
            continue
        seen.add(real)
        below.sort()
        yield Folder(folder, sorted(names), [])
    if root in closed:
        raise CorpusError(f"can't look into {store.shown(root)}: permission denied")
    for above, name in map(os.path.split, closed):
        yield Folder(above, [], [name])


def _walk_there(root: str) -> Iterator[Folder]:
    filesystem, inside = _reached(root)
    try:
        found = filesystem.find(inside)
    except Exception as error:
        raise _unreachable(root, error) from error
    names: dict[str, list[str]] = defaultdict(list)
    for one in found:
        folder, _, name = one.rpartition("/")
        names[folder].append(name)
    for folder in sorted(names):
        yield Folder(_url(root, filesystem, folder), sorted(names[folder]), [])


def _reached(url: str) -> tuple[Any, str]:
    """The filesystem of a URL, and the path in it."""
    try:
        filesystem, inside = fsspec.url_to_fs(url)
    except ImportError as error:  # fsspec says which package to install
        raise CorpusError(f"can't open {url}: {store.reason(error)}") from error
    except Exception as error:
        raise _unreachable(url, error) from error
    return filesystem, str(inside)


def _exists(filesystem: Any, inside: str) -> bool:  # noqa: ANN401  fsspec has no types
    try:
        filesystem.info(inside)  # `exists` would take an unreachable server for an empty one
    except FileNotFoundError:
        return False
    return True


def _url(given: str, filesystem: Any, inside: str) -> str:  # noqa: ANN401  fsspec has no types
    """A path in a filesystem as the URL that leads to it, by the same chain as the one given."""
    before, chained, rest = store.split(given)
    wrapper = before[: before.rfind("::", 0, before.find("://")) + 2] if "::" in before else ""
    url = inside if "://" in inside else filesystem.unstrip_protocol(inside)
    return f"{wrapper}{url}{chained}{rest}"


def _unreachable(url: str, error: Exception) -> CorpusError:
    return CorpusError(f"can't reach {url}: {store.reason(error)}")
