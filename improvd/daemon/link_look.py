"""Who is in an Ableton Link session: `python -m improvd.daemon.link_look`, in a process of its own.

Joins for a moment and leaves, which changes nothing for others but how many they are. Prints JSON: ``peers``, ``bpm``.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from improvd.core.tempo import DEFAULT_BPM
from improvd.daemon.link import join

LOOKING: Final = 1.5
"""Seconds; peers tell of themselves four times in one."""


async def _look() -> dict[str, float]:
    link = join(DEFAULT_BPM, 4.0)
    await asyncio.sleep(LOOKING)
    return {"peers": link.num_peers, "bpm": round(link.tempo, 1)}


def main() -> None:
    """Look, and tell."""
    print(json.dumps(asyncio.run(_look())))  # noqa: T201  this is how it answers


if __name__ == "__main__":
    main()
