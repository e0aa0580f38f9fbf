"""Controls that are bound: what is moved at the keyboard does what it stands for, as if asked for from outside.

On the engine's thread; nothing blocks.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from improvd.config import live
from improvd.core.controls import Controls
from improvd.core.cues import Cue
from improvd.core.showing import MUTE
from improvd.core.taps import Taps
from improvd.core.view import View
from improvd.daemon.happenings import Began, PortsBack, PortsChanged, Renewed
from improvd.daemon.log import Level
from improvd.daemon.messages import Aside
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.core.events import Beats, MidiEvent, Seconds
    from improvd.daemon.happenings import Happening
    from improvd.daemon.log import Say
    from improvd.daemon.messages import Message

SLOWEST, QUICKEST = 20.0, 400.0
"""Beats a minute that can be tapped: those that the option takes."""


class Handled(Protocol):
    """What of a session can be handled."""

    @property
    def view(self) -> View:
        """What the engine knows."""

    @property
    def options(self) -> RunOptions:
        """What holds by now."""

    @property
    def tap(self) -> Beats:
        """How far apart people tap."""

    def wish(self, name: str, value: object) -> None:
        """Set a live option. Raises `UserError`."""

    def panic(self) -> None:
        """Silence everything."""

    def mute(self, *, muted: bool) -> None:
        """Listen without answering, or answer again."""

    def cue(self, cue: Cue) -> None:
        """Have the engine do what the player asks for now."""

    def transport(self) -> None:
        """Stop or start a session that is shared. Raises `UserError`."""


class Handles:
    """The map of controls of a session, and the deeds of its commands, those of `improvd.core.binding.COMMANDS`.

    A witness of the session. ``send`` leads to the ports process, which tells controls that follow.
    """

    def __init__(self, duet: Handled, say: Say, send: Callable[[Message], None]) -> None:
        self._duet = duet
        self._say = say
        self._send = send
        self._on = False  # whether the ports have been told of: before, nobody may be there to be told anything
        self._controls = Controls(duet.options.controls)
        self._taps = Taps()
        self.deeds: dict[str, Callable[[Seconds], None]] = {
            MUTE: lambda _: duet.mute(muted=not duet.view.muted),
            "panic": lambda _: duet.panic(),
            "tap": self._tap,
            "transport": lambda _: duet.transport(),
            **{cue.value: partial(self._cue, cue) for cue in Cue},
        }

    def see(self, at: Seconds, happening: Happening) -> None:
        """Go by another map, where that has changed; where it stays, so does what is known of each knob."""
        if isinstance(happening, Renewed) and happening.options.controls != self._controls.bindings:
            self._controls = Controls(happening.options.controls)
        if isinstance(happening, (Began, PortsBack, PortsChanged)):
            self._on = True
            self._controls.forget()
        if isinstance(happening, (Renewed, View, Began, PortsBack, PortsChanged)):
            self._show(at)

    def close(self) -> None:
        """Nothing to do."""

    def binds(self, event: MidiEvent) -> bool:
        """Whether a message is a control's."""
        return any(binding.control.fits(event) for binding in self._controls.bindings)

    def hear(self, event: MidiEvent) -> None:
        """A control was moved. What can't be done is told in a line."""
        for target, value in self._controls.hear(event, self._present):
            try:
                if value is None:
                    self.press(target, event.at)
                else:
                    self._duet.wish(target, value)
            except UserError as error:
                self._say(str(error), Level.WARNING)
        self._show(event.at)  # what was refused, too, and a lamp that the device itself put out

    def press(self, name: str, at: Seconds) -> None:
        """Do a command, as if what is bound to it had been pressed ``at`` a time. Raises `UserError`."""
        self.deeds[live.command(name)](at)

    def _present(self, target: str) -> float | str:
        return self._duet.view.muted if target == MUTE else live.value(self._duet.options, target)

    def _show(self, at: Seconds) -> None:
        told = tuple(self._controls.show(at, self._present)) if self._on else ()
        if told:
            self._send(Aside(told, controls=True))

    def _cue(self, cue: Cue, _at: Seconds) -> None:
        self._duet.cue(cue)

    def _tap(self, at: Seconds) -> None:
        bpm = self._taps.tap(at, self._duet.tap)
        if bpm is not None:
            self._duet.wish("bpm", round(min(max(bpm, SLOWEST), QUICKEST), 1))
