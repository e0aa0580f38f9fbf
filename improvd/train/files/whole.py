"""Files that appear whole or not at all, wherever fsspec reaches: what a killed process leaves is no half of one."""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import fsspec

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """A file to write to, which stands at ``path``, a path or a URL, once the block has ended without an error."""
    filesystem, inside = _reached(path)
    filesystem.makedirs(filesystem._parent(inside), exist_ok=True)  # noqa: SLF001  fsspec has no public name for it
    fresh = f"{inside}.{uuid.uuid4().hex}.part"
    try:
        with filesystem.open(fresh, "wb") as file:
            yield file
        filesystem.mv(fresh, inside)
    except BaseException:
        with suppress(Exception):  # it may not even have begun
            filesystem.rm(fresh)
        raise


def read(path: str) -> bytes | None:
    """The content of a file; None where there is none, or it can't be read."""
    try:
        filesystem, inside = _reached(path)
        return bytes(filesystem.cat_file(inside))
    except Exception:  # noqa: BLE001  each of fsspec's many libraries has errors of its own
        return None


def size(path: str) -> int | None:
    """How many bytes a file has; None where there is none, or it can't be asked about."""
    try:
        filesystem, inside = _reached(path)
        return int(filesystem.info(inside)["size"])
    except Exception:  # noqa: BLE001  as above
        return None


def remove(path: str) -> None:
    """Take a file away, if it is there."""
    with suppress(Exception):
        filesystem, inside = _reached(path)
        filesystem.rm_file(inside)


def _reached(path: str) -> tuple[Any, str]:
    filesystem, inside = fsspec.url_to_fs(path)
    filesystem.invalidate_cache()  # other machines write here as well
    return filesystem, str(inside)
