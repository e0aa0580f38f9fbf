"""How the ports stand: looked at again and again, and told to the sender and to the engine when it changes.

Ports process only, on its main thread; looking may block, so each look has the watchdog beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.core.keyboard import Manual
from improvd.core.metronome import Metronome
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits
from improvd.daemon import watchdog
from improvd.daemon.clock import now
from improvd.daemon.messages import PortsOpen
from improvd.daemon.sender import Sender

if TYPE_CHECKING:
    from improvd.daemon.messages import OpenPorts
    from improvd.daemon.midi import System
    from improvd.daemon.wire import Peer

OPENING = Seconds(5.0)
"""The longest that a look, with all the opening and closing that it entails, may take before the watchdog bites."""

EVERY = Seconds(0.5)
"""How often it is looked. What is back is played on again within this and its opening."""

ROOM = Seconds(0.005)
"""A look gives way to a message that is due within this: for at most another `EVERY`, so that even a stream without a
gap doesn't keep us from looking."""


class Standing:
    """Looks at ``system`` as ``order`` wants it. ``grants`` is what the system granted this process, in words."""

    def __init__(self, engine: Peer, order: OpenPorts, system: System, grants: str) -> None:
        self._engine = engine
        self._order = order
        self._system = system
        self._grants = grants
        self._had_input = self._had_output = False
        self._next = self._seen = now()

    def open(self) -> Sender:
        """Look for the first time, end what was left behind, and tell the engine how the ports stand."""
        with watchdog.within(OPENING):
            self._system.look()
        order = self._order
        limits = ScheduleLimits(late_limit=order.late_limit, longest_note=order.longest_note)
        time = order.time
        sender = Sender(
            Schedule(self._instrument(), limits),
            self._system.send,
            self._engine.send,
            now,
            metronome=Metronome(clock=time.sends, click=time.click, beat=time.beat),
            click=None if time.click_port is None else self._system.click,
            manual=Manual(order.keyboard),
            choosing=order.choosing,
        )
        sender.lose_output(self._seen)  # until it is there, if it is
        sender.adopt(order.left_behind, order.keys, order.pedals)
        self._tell(sender)
        return sender

    def wait(self, message: Seconds | None) -> Seconds:
        """Seconds until the next look, where the next message is due in ``message`` seconds or none is."""
        left = Seconds(max(0.0, self._next - now()))
        return left if message is None or message > left + ROOM else message

    def look(self, sender: Sender) -> None:
        """Look, if it is time and no message is about to be due. Raises `SystemGoneError`."""
        at, message = now(), sender.wait()
        late = at - self._next
        if late < 0 or (message is not None and message < ROOM and late < EVERY):
            return
        with watchdog.within(OPENING):
            changed = self._system.look()
        self._next = Seconds(at + EVERY)
        if not changed:
            self._seen = at
        else:
            self._tell(sender)
            self._next = at  # what went may be back already

    def _tell(self, sender: Sender) -> None:
        system, instrument = self._system, self._instrument()
        sender.know(instrument)
        if system.output and not self._had_output:
            with watchdog.within(OPENING):
                sender.gain_output(instrument, self._order.channels)
        elif self._had_output and not system.output:
            sender.lose_output(self._seen)
        if self._had_input and not system.input:
            sender.lose_input()
        self._had_input, self._had_output = bool(system.input), bool(system.output)
        self._engine.send(
            PortsOpen(system.api, system.input, system.output, instrument.value, self._grants, system.waiting)
        )

    def _instrument(self) -> Instrument:
        found = Instrument.UNKNOWN
        if self._order.instrument != "auto":
            found = Instrument(self._order.instrument)
        elif self._system.same_device is not None:
            found = Instrument.SAME if self._system.same_device else Instrument.SEPARATE
        # What the player's keys sound there through us is as much theirs as on an instrument of their own.
        through = self._order.keyboard.thru and found is Instrument.SEPARATE
        return Instrument.UNKNOWN if through else found
