"""The engine's side of an Ableton Link session: the process that is in it, and what that is told.

On the engine's thread; nothing blocks.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from improvd.core.events import LinkState
from improvd.core.meter import meter_named
from improvd.core.tempo import DEFAULT_BPM
from improvd.daemon.child import module
from improvd.daemon.happenings import Renewed
from improvd.daemon.messages import OpenLink, SteerLink
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from improvd.config.options import RunOptions
    from improvd.core.events import Beats, Seconds
    from improvd.daemon.happenings import Happening
    from improvd.daemon.messages import Message

MISSING = "--sync link needs aalink, which is not installed: pip install 'improvd[link]'"


def is_there() -> bool:
    """Whether Link can be spoken here; nothing is loaded."""
    return find_spec("aalink") is not None


class Linked:
    """The process in the session, as one beside the duet, and our wishes to the session. A witness of ours.

    Unlike others beside the duet it is heard on its wire, which `steer_by` is given: a stop can't wait for a detour.
    Raises `UserError` where Link can't be spoken.
    """

    title = "Link session"
    command = module("link")
    inherited = ()
    welcome = "sharing the beat by Ableton Link"

    def __init__(self, options: RunOptions) -> None:
        if not is_there():
            raise UserError(MISSING)
        self._options = options
        self._bpm = options.bpm or DEFAULT_BPM  # of the session that a fresh process would begin
        self._send: Callable[[Message], None] = lambda _: None

    def steer_by(self, send: Callable[[Message], None]) -> None:
        """From now on ``send`` leads to the process."""
        self._send = send

    def order(self, _control: Path) -> OpenLink:
        """What it is told first: after its death, the tempo that there was."""
        return OpenLink(self._bpm, self._bar)

    @property
    def _bar(self) -> Beats:
        return meter_named(self._options.meter).bar

    def see(self, _at: Seconds, happening: Happening) -> None:
        """Go by another metre, or by another tempo where that is wished."""
        if isinstance(happening, LinkState):
            self._bpm = happening.bpm
        elif isinstance(happening, Renewed):
            before, self._options = self._options, happening.options
            if self._options.meter != before.meter:
                self._send(SteerLink(bar=self._bar))
            if self._options.bpm != before.bpm:
                self.set_tempo()

    def set_tempo(self) -> None:
        """Have all go by the tempo that is wished, if one is, whatever the others wished since."""
        if self._options.bpm is not None:
            self._send(SteerLink(bpm=self._options.bpm))

    def transport(self) -> None:
        """Stop the session where it plays, else start it: for all who share start and stop."""
        self._send(SteerLink(transport=True))

    def close(self) -> None:
        """Nothing to do."""
