"""How much memory a process takes."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int | None:
    """Bytes of a process that are in memory, those that it shares with others too; None where that can't be seen.

    Read from Linux's /proc, which never waits for a disk.
    """
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return None
