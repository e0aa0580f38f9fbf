"""The ports process: `python -m improvd.daemon.ports FD`, FD being its end of the engine's socket pair.

The only process that loads python-rtmidi. It stamps what comes in, sends what is due, and does nothing else: no
model, no files, no log. RtMidi's own thread runs `_Ear.__call__` and nothing else of ours; all the rest runs on
the main thread, whose one wait is a select with the next deadline as its limit. It ends, with everything of ours
released, when the engine asks, when the engine is gone, and on SIGTERM or SIGABRT; and it is ended by the kernel
where a MIDI call never returns.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.core.metronome import TICK
from improvd.core.one_clock import TIMING
from improvd.daemon import realtime, watchdog
from improvd.daemon.clock import now
from improvd.daemon.messages import Closed, Failed, OpenPorts, Repatch, TimePorts
from improvd.daemon.midi import LAST_PERIOD, SystemGoneError
from improvd.daemon.midi_system import make_system
from improvd.daemon.standing import Standing
from improvd.daemon.wire import Peer, last_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.daemon.messages import Message
    from improvd.daemon.sender import Inbox, Sender

SENDING, CLOSING = Seconds(1.0), Seconds(3.0)
"""The longest that one round of sending, and closing, may take before the watchdog bites."""

ALMOST = Seconds(0.0004)
"""How long before a deadline the loop turns once for nothing: the core is awake then, and the caches are warm. At the
pace of music, deadlines 0.1 s apart, this halves the lateness (median 0.20 to 0.10 ms)."""

TICKS_A_WAKE = 6
"""Only each sixth tick of a clock wakes the loop, which then takes all six in: four times a beat is often enough to
follow it, as each has its own stamp."""


class _Ear:
    """RtMidi's callback for one input: stamps, enqueues and wakes the main loop; never blocks.

    ``source`` is the input, ``takes`` says by its first byte whether a message is for us.
    """

    def __init__(self, source: str, inbox: Inbox, wake: socket.socket, takes: Callable[[int], bool]) -> None:
        self._source = source
        self._inbox = inbox
        self._wake = wake
        self._takes = takes
        self._ticks = 0

    def __call__(self, message: tuple[list[int], float], _data: object = None) -> None:
        at, data = now(), message[0]
        if not data or not self._takes(data[0]):
            return
        self._inbox.append((at, self._source, data))
        if data[0] == TICK[0]:
            self._ticks += 1
            if self._ticks % TICKS_A_WAKE:
                return
        with suppress(BlockingIOError):  # full of wake-ups already
            self._wake.send(b"\0")


class _Process:
    """The main thread's wait and what it waits for."""

    def __init__(self, engine: Peer, time: TimePorts) -> None:
        self.inbox: Inbox = deque()
        self._engine = engine
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        self._clock_apart = False
        self._heed(time)
        self._terminated = False
        # SIGABRT is what all processes of a service get when its watchdog starved: the engine dies of it, we release.
        for number in (signal.SIGTERM, signal.SIGABRT):
            signal.signal(number, self._terminate)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def _heed(self, time: TimePorts) -> None:
        """Where a clock is heard; RtMidi's threads read it at each message."""
        self._clock_apart = time.hears and time.source is not None

    def ear(self, source: str) -> _Ear:
        """One for an input. Where a clock has a port of its own, it is heard there alone."""
        return _Ear(source, self.inbox, self._wake, lambda status: not (self._clock_apart and status in TIMING))

    def clock_ear(self, source: str) -> _Ear:
        """One for a port on which nothing but a clock is heard."""
        return _Ear(source, self.inbox, self._wake, lambda status: status in TIMING)

    def _terminate(self, _number: int, _frame: object) -> None:
        self._terminated = True

    def run(self, sender: Sender, standing: Standing) -> None:
        """Hear and send until the engine asks for the end, is gone, or SIGTERM comes. Raises `SystemGoneError`."""
        while not (sender.closing or self._engine.lost or self._terminated):
            writing = [self._engine] if self._engine.has_backlog else []
            waiting: list[socket.socket | Peer] = [self._awake, self._engine]
            readable, _, _ = select.select(waiting, writing, [], self._patience(sender.wait(), standing))
            watchdog.arm(SENDING)
            sender.send_due()
            if self._awake in readable:
                self._awake.recv(4096)
                sender.hear()
            if self._engine in readable:
                for message in self._engine.receive():
                    if isinstance(message, Repatch):
                        standing.want(message)
                    elif isinstance(message, TimePorts):
                        self._heed(message)
                        standing.keep_time(message, sender)
                    else:
                        sender.obey(message)
            self._engine.flush()
            watchdog.disarm()
            standing.look(sender)

    @staticmethod
    def _patience(wait: Seconds | None, standing: Standing) -> float:
        look = standing.wait(wait)
        if wait is None:
            return look
        return min(look, wait - ALMOST if wait > ALMOST else wait)


def _first(engine: Peer) -> tuple[OpenPorts, list[Message]]:
    """What to open, and what the engine has said since."""
    while not engine.lost:
        select.select([engine], [], [])
        messages = engine.receive()
        if messages and isinstance(messages[0], OpenPorts):
            return messages[0], messages[1:]
    raise SystemExit(0)  # the engine ended before it began


def _serve(engine: Peer, order: OpenPorts, rest: list[Message]) -> None:
    process = _Process(engine, order.time)
    grants = realtime.ask()
    system = make_system(order, process.ear, process.clock_ear)
    standing = Standing(engine, order, system, str(grants))
    sender = standing.open(process.inbox)
    try:
        for message in rest:
            sender.obey(message)
        process.run(sender, standing)
    except SystemGoneError as error:
        engine.send(Failed(str(error), theirs=True))
        os._exit(0)  # nothing can be released where all is dead, and closing that takes a second
    finally:
        with watchdog.within(CLOSING):
            sender.close()
            time.sleep(LAST_PERIOD)
            engine.send(Closed())
            system.close()


def main() -> None:
    """Serve the engine at the other end of the socket whose number is the one argument."""
    # A session of its own keeps a terminal's Ctrl-C and hang-up from us; the engine hears them and asks.
    os.environ["JACK_NO_START_SERVER"] = "1"
    watchdog.prepare()
    engine = Peer(socket.socket(fileno=int(sys.argv[1])))
    with last_words(engine):
        _serve(engine, *_first(engine))


if __name__ == "__main__":
    main()
