"""What the ports process has and does beside the notes: which ports, how keys are taken, the synth's sound, our state.

On the engine's thread; nothing blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.core.events import CONTROL
from improvd.core.keyboard import Keyboard
from improvd.core.program import choosing
from improvd.core.turns import State
from improvd.core.view import View
from improvd.daemon.happenings import Began, PortsBack, PortsChanged, PortsLost, Renewed
from improvd.daemon.messages import Aside, Repatch, TimePorts

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.core.events import Seconds
    from improvd.daemon.happenings import Happening
    from improvd.daemon.messages import Message

LAMPS: Final = {
    102: (State.LISTENING, State.CALL),
    103: (State.THINKING,),
    104: (State.ANSWERING,),
}
"""The controllers that tell whose turn it is: 127 while it is one of these, otherwise 0. They have no other meaning."""
LIT: Final = 127


class Fitting(NamedTuple):
    """Which ports are wanted, how the ``keyboard`` is taken, what chooses the answers' sound, and how time is kept."""

    ports: Repatch
    keyboard: Keyboard
    choosing: tuple[bytes, ...]
    time: TimePorts


def fitting_of(options: RunOptions) -> Fitting:
    """What the options have of that."""
    controls = tuple(dict.fromkeys(binding.control for binding in options.controls))
    program = None if options.program is None else options.program - 1
    return Fitting(
        Repatch(options.inputs, options.output),
        Keyboard(controls, options.transpose, options.thru),
        choosing(options.channel - 1, options.bank, program),
        TimePorts(
            hears=True,  # though nobody follows it: by and by somebody may
            source=options.clock_in or None,
            sends=options.clock_out,
            click=options.click_channel - 1 if options.click else None,
            click_port=options.click_out or None,
            beat=_channel(options),
        ),
    )


def _channel(options: RunOptions) -> int | None:
    """The one on which lamps and beats are told (0–15)."""
    return None if options.state_channel is None else options.state_channel - 1


class Outfit:
    """Tells the ports process what of this changes. A witness; ``send`` leads there."""

    def __init__(self, options: RunOptions, send: Callable[[Message], None]) -> None:
        self._send = send
        self._channel = _channel(options)
        self._fitting = self._told = fitting_of(options)
        self._lit: View | None = None  # what the lamps show; None: nobody knows
        self._view: View | None = None
        self._on = False  # whether the ports have been told of: until then, nobody may be there to be told anything

    def order(self) -> Fitting:
        """What a fresh process is told first."""
        self._told = self._fitting
        return self._told

    def see(self, _at: Seconds, happening: Happening) -> None:
        """Tell what has changed by it."""
        if isinstance(happening, Renewed):
            self._fitting = fitting_of(happening.options)
            self._fit()
            self._tell_on(_channel(happening.options))
        elif isinstance(happening, View):
            self._view = happening
            self._light()
        elif isinstance(happening, PortsLost):
            self._on = False
        elif isinstance(happening, (Began, PortsBack, PortsChanged)):
            self._on = True
            self._lit = None  # another synth may be there
            self._fit()
            self._light()

    def close(self) -> None:
        """Nothing to do."""

    def _fit(self) -> None:
        if not self._on:  # a process that has not said yet how its ports stand is told when it does
            return
        before, self._told = self._told, self._fitting
        if self._told.ports != before.ports:
            self._send(self._told.ports)
        if self._told.keyboard != before.keyboard:
            self._send(self._told.keyboard)
        if self._told.time != before.time:
            self._send(self._told.time)
        if self._told.choosing != before.choosing:
            self._send(Aside(self._told.choosing, choosing=True))

    def _tell_on(self, channel: int | None) -> None:
        """Go over to another channel; on the one before all lamps go out."""
        if channel == self._channel:
            return
        if self._channel is not None and self._lit is not None:
            self._send(Aside(tuple(bytes((CONTROL | self._channel, controller, 0)) for controller in LAMPS)))
        self._channel, self._lit = channel, None
        self._light()

    def _light(self) -> None:
        if self._channel is None or self._view is None or not self._on:
            return
        told = lamps(self._channel, self._lit, self._view)
        self._lit = self._view
        if told:
            self._send(Aside(told))


def lamps(channel: int, before: View | None, view: View) -> tuple[bytes, ...]:
    """The messages on ``channel`` (0–15) that tell what has changed since ``before``; None: since nothing was told."""
    return tuple(
        bytes((CONTROL | channel, controller, LIT if view.state in states else 0))
        for controller, states in LAMPS.items()
        if before is None or (view.state in states) != (before.state in states)
    )
