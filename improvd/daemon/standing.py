"""How the ports stand: looked at again and again, and told to the sender and to the engine when it changes.

Ports process only, on its main thread; looking may block, so each look has the watchdog beside it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.core.keyboard import Manual
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits
from improvd.daemon import watchdog
from improvd.daemon.clock import now
from improvd.daemon.messages import Owed, Port, PortsOpen, PortsThere
from improvd.daemon.midi import LAST_PERIOD
from improvd.daemon.portnames import stable
from improvd.daemon.sender import Sender

if TYPE_CHECKING:
    from improvd.daemon.messages import OpenPorts, Repatch, TimePorts
    from improvd.daemon.midi import System
    from improvd.daemon.sender import Inbox
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
        self._sources = set(order.inputs or ("",))  # heard at last, for all that is known of the process before us
        self._output = Port(order.output, "")
        self._gone = stable(order.played)  # the output, by its name, that was played on last, and went or may have
        self._debts = {owed.name: owed for owed in order.owed}
        self._there = PortsThere()
        self._wish: Repatch | None = None
        self._time: tuple[Seconds, TimePorts] | None = None  # whose ports are wanted from a time on
        self._next = self._seen = now()

    def open(self, inbox: Inbox | None = None) -> Sender:
        """Look for the first time, end what was left behind, and tell the engine how the ports stand."""
        with watchdog.within(OPENING):
            self._system.look()
        order = self._order
        limits = ScheduleLimits(late_limit=order.late_limit, longest_note=order.longest_note)
        sender = Sender(
            Schedule(self._instrument(), limits, thru=order.keyboard.thru),
            self._system.send,
            self._engine.send,
            now,
            click=self._system.click,
            show=self._system.show,
            manual=Manual(order.keyboard),
            choosing=order.choosing,
            inbox=inbox,
        )
        sender.keep_time(order.time)
        sender.lose_output(self._seen)  # until it is there, if it is
        sender.adopt(order.left_behind, order.keys, order.pedals)
        self._tell(sender)
        self._tell_what_is_there()
        return sender

    def wait(self, message: Seconds | None) -> Seconds:
        """Seconds until the next look, where the next message is due in ``message`` seconds or none is."""
        left = Seconds(max(0.0, self._next - now()))
        return left if message is None or message > left + ROOM else message

    def want(self, wish: Repatch) -> None:
        """Go over to other ports at the next look."""
        self._wish = wish

    def keep_time(self, time: TimePorts, sender: Sender) -> None:
        """Keep time otherwise at once, and go over to other ports of a clock and a metronome at a look after that."""
        sender.keep_time(time)
        begin = Seconds(now() + LAST_PERIOD)  # what was sent until then has arrived
        self._time = begin, time
        self._next = min(self._next, begin)

    def look(self, sender: Sender) -> None:
        """Look, if it is time and no message is about to be due. Raises `SystemGoneError`."""
        if self._wish is not None:
            wish, self._wish = self._wish, None
            self._repatch(wish, sender)
            return
        at, message = now(), sender.wait()
        late = at - self._next
        if late < 0 or (message is not None and message < ROOM and late < EVERY):
            return
        with watchdog.within(OPENING):
            if self._time is not None and self._time[0] <= at:
                self._system.keep_time(self._time[1])
                self._time = None
            changed = self._system.look()
            changed |= self._settle()
        self._next = Seconds(at + EVERY) if self._time is None else self._time[0]
        if not changed:
            self._seen = at
        else:
            self._tell(sender)
            self._next = at  # what went may be back already
        self._tell_what_is_there()

    def _repatch(self, wish: Repatch, sender: Sender) -> None:
        """Go over to other ports: what sounds at a synth that is given up ends there. Raises `SystemGoneError`."""
        with watchdog.within(OPENING):
            if wish.output != self._output.wanted:
                sender.leave_output()
                time.sleep(LAST_PERIOD)
                self._seen = now()  # what was sent until then has arrived
            self._system.want(wish.inputs, wish.output)
            self._system.look()
        self._tell(sender)
        self._next = now()
        self._tell_what_is_there()

    def _tell(self, sender: Sender) -> None:
        system, instrument, output = self._system, self._instrument(), self._system.output
        sender.know(instrument)
        if output.name and output != self._output:
            self._gain(sender, instrument, stable(output.name))
        elif self._output.name and not output.name:
            sender.lose_output(self._seen)
            if output.wanted == self._output.wanted:  # one that is given up was let go of
                self._gone = stable(self._output.name)
        sources = {port.wanted for port in system.inputs if port.name}
        for source in self._sources - sources:
            sender.lose_input(source, deaf=not sources)
        self._sources, self._output = sources, output
        owed = self._owed(sender)
        self._engine.send(
            PortsOpen(system.api, system.inputs, output, instrument.value, self._grants, system.waiting, owed)
        )

    def _gain(self, sender: Sender, instrument: Instrument, name: str) -> None:
        """The output ``name`` is there, and what it is owed is sent; another that went stays owed."""
        if self._gone != name:
            self._debts = {owed.name: owed for owed in self._owed(sender)}
        self._gone = ""
        debt = self._debts.pop(name, Owed(name, ()))
        with watchdog.within(OPENING):
            sender.gain_output(instrument, self._order.channels, debt.data)

    def _owed(self, sender: Sender) -> tuple[Owed, ...]:
        """What is owed to all that are out of reach."""
        gone = (Owed(self._gone, sender.owes()),) if self._gone else ()
        return (*self._debts.values(), *gone)

    def _settle(self) -> bool:
        """Send what is owed to outputs that are back, and not the one that is played on; whether there were any."""
        settled = [
            name
            for name, owed in self._debts.items()
            if name in self._system.there.outputs
            and name != stable(self._system.output.name)
            and self._system.settle(owed)
        ]
        for name in settled:
            del self._debts[name]
        return bool(settled)

    def _tell_what_is_there(self) -> None:
        if self._system.there != self._there:
            self._there = self._system.there
            self._engine.send(self._there)

    def _instrument(self) -> Instrument:
        if self._order.instrument != "auto":
            return Instrument(self._order.instrument)
        same = self._system.same_device
        return Instrument.UNKNOWN if same is None else Instrument.SAME if same else Instrument.SEPARATE
