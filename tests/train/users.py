"""What a test of permissions needs: root is refused nothing, and CI runs as root."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODY: Final = 65534


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """For the time of the block this process isn't root, but somebody who owns ``folder`` and all below it.

    To start a process or to load a module there may fail: what lies elsewhere may be for root alone.
    """
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, -1, follow_symlinks=False)
    # pytest's own folders are for its user alone, and whoever owns something in them must get there, by group or not.
    closed = {path: mode for path in folder.parents if (mode := path.stat().st_mode) | 0o011 != mode}
    for path, mode in closed.items():
        path.chmod(mode | 0o011)
    os.setresuid(NOBODY, NOBODY, 0)  # the real user too, whom `os.access` asks about
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        for path, mode in closed.items():
            path.chmod(mode)
