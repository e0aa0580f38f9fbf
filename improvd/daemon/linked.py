"""The engine's side of an Ableton Link session: the process that is in it, and what that is told.

On the engine's thread; nothing blocks.

    there is no process    Link is to lead                                          one is started
    there is one           it ends unasked                                          another is started, soon
                           another is to lead, and the engine goes by Link no more  it leaves the session, and ends
                           it ends before it ever served                            whoever led before leads again
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from improvd.core.events import Beats, LinkState
from improvd.core.meter import meter_named
from improvd.core.settings import Sync
from improvd.core.tempo import DEFAULT_BPM
from improvd.core.view import View
from improvd.daemon.child import Keeper
from improvd.daemon.happenings import Renewed
from improvd.daemon.messages import OpenLink, SteerLink
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.config.options import RunOptions
    from improvd.core.events import Seconds
    from improvd.daemon.happenings import Happening

MISSING = "--sync link needs aalink, which is not installed: pip install 'improvd[link]'"


def is_there() -> bool:
    """Whether Link can be spoken here; nothing is loaded."""
    return find_spec("aalink") is not None


def check(options: RunOptions) -> None:
    """Raise `UserError` where these want Link to lead, and it can't be spoken here."""
    if options.sync == Sync.LINK.value and not is_there():
        raise UserError(MISSING)


class Linked:
    """The process in the session while Link leads or is to lead, and our wishes to the session. A witness of ours.

    ``keeper`` has that process, which ``command`` starts.
    """

    welcome = "sharing the beat by Ableton Link"

    def __init__(self, options: RunOptions, command: Sequence[str]) -> None:
        self.keeper = Keeper("Link session", command, self.order)
        self.before = Sync.PLAYER.value
        """Who led, or was to lead, before Link was."""
        self.has_served = False
        """Whether the session was ever joined since Link is to lead."""
        self._options = options
        self._view: View | None = None
        self._read: LinkState | None = None  # the session, as it was at last

    @property
    def is_wanted(self) -> bool:
        """Whether Link is to lead."""
        return self._options.sync == Sync.LINK.value

    def begin(self, at: Seconds) -> None:
        """Have the process started, if Link is to lead from the start."""
        if self.is_wanted:
            self.keeper.start_when_free(at)

    def order(self) -> OpenLink:
        """What the process is told first: after another's death, the session as it was."""
        kept = self._read or self._present()
        bpm = self._read.bpm if self._read else self._options.bpm or (kept.bpm if kept else DEFAULT_BPM)
        return OpenLink(bpm, self._bar, kept)

    def serves(self, at: Seconds) -> None:
        """The process is in the session."""
        self.keeper.serves(at)
        self.has_served = True

    def see(self, at: Seconds, happening: Happening) -> None:
        """Come and go as is wished; go by another metre, or by another tempo where that is wished."""
        if isinstance(happening, LinkState):
            self._read = happening
        elif isinstance(happening, View):
            self._view = happening
            self._leave(at)
        elif isinstance(happening, Renewed):
            before, self._options = self._options, happening.options
            if self.is_wanted and before.sync != Sync.LINK.value:
                self.before = before.sync
                self._come(at)
            elif self.is_wanted and self._options.meter != before.meter:
                self.keeper.send(SteerLink(bar=self._bar))
            if self._options.bpm != before.bpm:
                self.set_tempo()
            self._leave(at)

    def set_tempo(self) -> None:
        """Have all in the session go by the tempo that is wished, if one is, whatever the others wished since."""
        if self.is_wanted and self._options.bpm is not None:
            self.keeper.send(SteerLink(bpm=self._options.bpm))

    def transport(self) -> None:
        """Stop the session where it plays, else start it: for all who share start and stop.

        Raises `UserError` where we are in none.
        """
        if not self.is_wanted:
            raise UserError("there is no Link session to stop or start: that takes --sync link")
        self.keeper.send(SteerLink(transport=True))

    def close(self) -> None:
        """Nothing to do."""

    def _come(self, at: Seconds) -> None:
        """Unless the process is there still: for an answer that goes by the session to its end."""
        if not self.keeper.is_wanted:
            self.has_served = False
            self.keeper.start_when_free(at)

    def _leave(self, at: Seconds) -> None:
        """Once nothing goes by the session any more, if that is wished."""
        leads = self._view is not None and self._view.leader is Sync.LINK
        if not self.is_wanted and not leads and self.keeper.is_wanted:
            self.keeper.let_go(at)
            self._read = None

    def _present(self) -> LinkState | None:
        """The beat that there is, whoever leads, as a session would have it that nobody else is in."""
        view = self._view
        if view is None or view.timeline is None:
            return None
        beat = Beats(-(view.downbeat or 0.0))
        return LinkState(view.timeline.origin, beat, view.timeline.bpm, playing=None, peers=0)

    @property
    def _bar(self) -> Beats:
        return meter_named(self._options.meter).bar
