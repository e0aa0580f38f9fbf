"""The children of a session: one wait for all, and an eye on all."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

from improvd.core.events import Seconds
from improvd.daemon.clock import now
from improvd.daemon.heartbeat import Heartbeat
from improvd.daemon.messages import Close

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

    from improvd.daemon.child import Child, Keeper
    from improvd.daemon.mirror import Mirror

CLOSING = Seconds(1.0)
"""What a ports process may take to release and close; then it is stuck, and the next one does it."""


class Family:
    """The keepers of the ports process, the model's, and ``others`` that the duet can do without.

    Single-threaded; only ``wait``, ``release``, ``stop`` wait.
    ``asked_for`` are those whose children are started when they are asked for. ``awake`` is one more socket to wait
    for: whoever writes to its other end cuts a wait short. ``debug`` takes what the children and their libraries write.
    """

    def __init__(
        self,
        ports: Keeper,
        worker: Keeper,
        others: Sequence[Keeper],
        *,
        asked_for: Sequence[Keeper],
        awake: socket.socket,
        debug: Callable[[str], None],
    ) -> None:
        self.ports = ports
        self.worker = worker
        self.others = others
        self.asked_for = asked_for
        self.all = (ports, worker, *asked_for, *others)
        self.heartbeat = Heartbeat()
        self._awake = awake
        self._debug = debug

    def start(self) -> None:
        """Start all, side by side, but for those who are asked for."""
        for keeper in (self.ports, self.worker, *self.others):
            keeper.start(now())

    def deadline(self, at: Seconds) -> Seconds | None:
        """When ``look_after`` next has something to do."""
        deadlines = [keeper.deadline(at) for keeper in self.all]
        if self.ports.ready:
            deadlines.append(self.heartbeat.deadline)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def wait(
        self, patience: Seconds | None, reading: Iterable[Any] = (), writing: Iterable[Any] = ()
    ) -> tuple[set[Any], set[Any]]:
        """Wait until a child says something, or ``awake`` is written to, for at most ``patience`` seconds.

        What others want to read from and write to is waited for as well; given back is what of it can be.
        """
        children = [keeper.child for keeper in self.all if keeper.child is not None]
        peers = [child.peer for child in children if child.peer.lost is None]
        noises = {child.noise: child for child in children if child.noise >= 0}
        backlogs = [peer for peer in peers if peer.has_backlog]
        reading, writing = list(reading), list(writing)
        found, free, _ = select.select([self._awake, *peers, *noises, *reading], [*backlogs, *writing], [], patience)
        readable, writable = set(found), set(free)
        if self._awake in readable:
            self._awake.recv(4096)
        for peer in writable.intersection(backlogs):
            peer.flush()
        for noise in noises.keys() & readable:
            self.hear_noise(noises[noise])
        return readable.intersection(reading), writable.intersection(writing)

    def look_after(self, read: Seconds, lost: Callable[[Keeper, str, Seconds], None]) -> None:
        """Tell ``lost`` of each child that is of no more use and why, start those that are due, ask the ports.

        ``read`` is when all that the children have said was taken in.
        """
        at = now()
        for keeper in self.all:
            if why := keeper.why_lost(at):
                lost(keeper, why, at)
            keeper.tick(at)
        if self.ports.ready:
            if self.heartbeat.is_silent(read):
                lost(self.ports, "do not answer", at)
            elif ping := self.heartbeat.ask(at):
                self.ports.send(ping)

    def release(self, patience: Seconds, receive: Callable[[], None], mirror: Mirror) -> bool:
        """Have the ports process release and close; where it dies or sticks, have the next one do it.

        ``receive`` takes in what it says meanwhile. False where something may still sound after ``patience`` seconds.
        """
        limit = now() + patience
        asked: Seconds | None = None
        while (at := now()) < limit:
            if self.ports.ready and asked is None:
                asked = at
                self.ports.send(Close())
            if not self.ports.ready and not mirror.left_behind(at):
                return True  # one that doesn't serve yet has sent nothing
            self.wait(Seconds(0.02))
            receive()
            at = now()
            if self.ports.why_lost(at) or (asked is not None and at - asked > CLOSING):
                self.ports.lose(at, at_once=True)
                asked = None
            if mirror.left_behind(at):
                self.ports.tick(at)
        return not mirror.left_behind(now())

    def stop(self) -> None:
        """End what is left of them."""
        self.ports.stop(Seconds(1.0))
        for keeper in self.all:
            keeper.stop(Seconds(0.2))

    def hear_noise(self, child: Child) -> None:
        """Pass on what the child wrote since the last time."""
        for line in child.read_noise().splitlines():
            self._debug(f"| {line}")
