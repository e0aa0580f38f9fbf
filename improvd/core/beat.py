"""Where the beat comes from: the player, a MIDI clock, improvd itself, or an Ableton Link session (``--sync``).

One question with four answers. Whatever its source, a beat is a `Pulse`: a timeline in quarter notes, how sure it is,
and where the bars lie if that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.settings import Sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.events import Beats, LinkState, MidiEvent, Note, Seconds
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse


class BeatSource:
    """Tells the engine the beat. Pure, owned by the engine's thread; no method waits.

    Every source answers `pulse` and `known`; what else it is told, it may pass over.
    """

    first: Beats | None = None
    """The beat on which the music begins, after a count-in; None: it is on as soon as there is a beat."""
    peers: int | None = None
    """How many others share the beat; None where nobody can tell."""

    def pulse(self, call: Sequence[Note], now: Seconds) -> Pulse:
        """The beat that an answer to ``call`` (in order of onset, at least one note) goes by. May take 5 ms."""
        raise NotImplementedError

    def known(self, now: Seconds) -> Pulse | None:
        """The beat as far as it is known without asking what was played; None while nothing is."""
        raise NotImplementedError

    def begin(self, now: Seconds) -> None:
        """The duet is on."""

    def on_time(self, now: Seconds) -> None:
        """It is ``now``; at the latest when ``next_deadline`` has come."""

    def adopt(self, settings: EngineSettings, now: Seconds) -> None:
        """Go by other settings from now on; nothing of ours sounds or is planned."""

    def hear(self, at: Seconds, pitch: int, velocity: int) -> None:
        """The player struck a key that counts."""

    def hear_ticks(self, ticks: Sequence[Seconds]) -> None:
        """Ticks of a MIDI clock came at these times, in order."""

    def hear_transport(self, event: MidiEvent) -> bool:  # noqa: ARG002  only a clock's source looks at it
        """Any message came; True where a clock stops or begins anew by it: the beats that sound are no more."""
        return False

    def hear_link(self, state: LinkState) -> bool:  # noqa: ARG002  as above
        """A Link session was read; True where it has stopped by it."""
        return False

    def decided(self, pulse: Pulse) -> None:
        """An answer goes by this ``pulse``."""

    def follow(self, pulse: Pulse) -> Pulse:
        """What ``pulse`` has become: the same beats, where they fall as known by now."""
        return pulse

    def leader(self) -> Sync:
        """Whom the beat comes from now."""
        return Sync.PLAYER

    def stopped(self) -> bool:
        """Whether who leads has stopped, so that nobody plays."""
        return False

    def next_deadline(self) -> Seconds | None:
        """When `known` may change although nothing was heard."""
        return None
