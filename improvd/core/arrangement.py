"""What a duet is played by: the settings that hold, the beat that leads, the way the music is shared.

Other settings never change what is under way: they wait until whoever has the turns says that nothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.beat_clock import ClockBeat
from improvd.core.beat_link import LinkBeat
from improvd.core.beat_ours import OurBeat
from improvd.core.beat_player import PlayerBeat
from improvd.core.listener import Listener
from improvd.core.mode_call import CallTurns, ContinueTurns
from improvd.core.mode_duet import DuetTurns
from improvd.core.mode_trade import TradeTurns
from improvd.core.settings import Mode, Sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.beat import BeatSource
    from improvd.core.ear import MakeEar
    from improvd.core.events import LinkState, Seconds
    from improvd.core.modes import Turns
    from improvd.core.settings import EngineSettings

SOURCES: dict[Sync, Callable[[EngineSettings, MakeEar | None], BeatSource]] = {
    Sync.PLAYER: PlayerBeat,
    Sync.CLOCK: ClockBeat,
    Sync.INTERNAL: OurBeat,
    Sync.LINK: LinkBeat,
}
MODES: dict[Mode, type[Turns]] = {
    Mode.CALL: CallTurns,
    Mode.TRADE: TradeTurns,
    Mode.CONTINUE: ContinueTurns,
    Mode.DUET: DuetTurns,
}


class Arrangement:
    """The settings of a duet, and all that goes by them. One thread owns it, the engine's; nothing here blocks.

    ``ear`` makes what judges a player's beat.
    """

    def __init__(self, settings: EngineSettings, ear: MakeEar | None) -> None:
        self.settings = settings
        """Those that hold."""
        self.listener = Listener(settings)
        """What the player plays, and what of it counts."""
        self._ear = ear
        self.source = SOURCES[Sync(settings.sync)](settings, ear)
        """Where the beat comes from."""
        self.mode = MODES[Mode(settings.mode)](settings, self.listener, self.source)
        """How the music is shared."""
        self._coming: EngineSettings | None = None
        self._session: LinkState | None = None  # as read at last, while Link leads or is to lead

    def wish(self, settings: EngineSettings) -> None:
        """Have these settings hold at the next `renew`."""
        self._coming = settings
        if settings.sync != Sync.LINK:
            self._session = None

    def hear_link(self, state: LinkState) -> bool:
        """A Link session was read; True where it leads, and has stopped by it.

        Only news are told of it: what was told before it leads holds when it comes to lead.
        """
        if (self._coming or self.settings).sync == Sync.LINK:
            self._session = state
        return self.source.hear_link(state)

    def renew(self, now: Seconds) -> bool:
        """Let the settings that were wished for last hold, unless a key is held; whether others hold by it.

        To be called only while nothing of ours sounds or is planned.
        """
        if self._coming is None or self.listener.held:
            return False
        before, self.settings, self._coming = self.settings, self._coming, None
        self.listener.adopt(self.settings)
        if self.settings.sync == before.sync:
            self.source.adopt(self.settings, now)
        else:  # the beat that is known goes on until the new source knows its own
            self.source = SOURCES[Sync(self.settings.sync)](self.settings, self._ear)
            self.source.begin(now)
            if self._session is not None:
                self.source.hear_link(self._session)
        if (self.settings.mode, self.settings.sync) == (before.mode, before.sync):
            self.mode.adopt(self.settings)
        else:
            self.mode = MODES[Mode(self.settings.mode)](self.settings, self.listener, self.source)
        return True
