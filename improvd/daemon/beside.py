"""Processes beside the duet, which can do without them: the page, OSC.

Each is a client of the session's control socket, as anybody's program may be, and no note goes through it: it may be
slow, stuck or dead, and costs the music nothing. The engine opens what it is reached by, so that a port that is taken
is told at the start, and stays the same however often the process is started afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from improvd.daemon.messages import Message


class Beside(Protocol):
    """What the engine knows of one."""

    @property
    def title(self) -> str:
        """What it is called in messages."""

    @property
    def command(self) -> Sequence[str]:
        """What it is started by; the number of its socket is appended."""

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that it gets."""

    @property
    def welcome(self) -> str:
        """The line for the player once it serves."""

    def order(self, control: Path) -> Message:
        """What it is told first; ``control`` is the session's control socket."""

    def close(self) -> None:
        """Give back what it is reached by."""
