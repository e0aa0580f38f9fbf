"""A child process, the wire to it, and when it is started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.daemon.wire import Peer
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.daemon.messages import Message

PAUSES = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Seconds before each start that follows a death; the last holds from then on."""

GOOD_HEALTH = Seconds(5.0)
"""A child that served this long starts the pauses anew when it dies."""

STARTING = Seconds(60.0)
"""A child that does not serve by then is given up. Far more than it takes, but two busy cores with twenty processes in
line made a model's start of half a second one of more than 20: that is no fault of its."""

NO_ROOM = Seconds(0.5)
"""How long until another try where the system gives no process, or no files for it."""

REAPING = Seconds(0.02)
"""How often a child that is to end is looked for."""

PARTING = Seconds(1.0)
"""How long a child that is let go may take to end by itself, before it is killed."""


def module(name: str) -> tuple[str, ...]:
    """The command that runs ``name`` of this package as a child; the number of its socket is appended."""
    return (sys.executable, "-m", f"improvd.daemon.{name}")


class Child:
    """A running child in a session of its own, so that a terminal's Ctrl-C and hang-up don't reach it.

    Raises OSError where the system has no room for it, and leaves nothing behind then.
    ``inherited`` are descriptors of ours that it gets, under the same numbers.
    ``peer`` is the wire to it. ``noise`` is what it and its libraries write on stdout and stderr, never the user's
    to see as it is; a child never waits to get rid of it.
    """

    def __init__(self, command: Sequence[str], inherited: Sequence[int] = ()) -> None:
        with ExitStack() as theirs_alone, ExitStack() as all_ours:
            ours, theirs = socket.socketpair()
            all_ours.enter_context(ours)
            theirs_alone.enter_context(theirs)
            self.noise, noisy = os.pipe()
            all_ours.callback(os.close, self.noise)
            theirs_alone.callback(os.close, noisy)
            os.set_blocking(self.noise, False)
            os.set_blocking(noisy, False)
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and modules
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno(), *inherited],
                stdin=subprocess.DEVNULL,
                stdout=noisy,
                stderr=noisy,
                start_new_session=True,
            )
            all_ours.pop_all()  # it lives
        self.peer = Peer(ours)

    def read_noise(self) -> str:
        """What it wrote since the last time; nothing if nothing. Never blocks."""
        try:
            return os.read(self.noise, 1 << 16).decode(errors="replace")
        except BlockingIOError:
            return ""

    def kill(self) -> None:
        """End it at once. It may take a moment to be gone: see ``gone``."""
        self.process.poll()  # one that ended by itself keeps its own exit status
        self.process.kill()
        self.peer.close()

    def exit_status(self) -> int | None:
        """Its exit status, below 0 for the signal that ended it; waits a moment for one that is just ending."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(0.5)
        return None

    def gone(self) -> bool:
        """Whether it has ended; never blocks."""
        if self.process.poll() is None:
            return False
        if self.noise >= 0:
            with suppress(OSError):
                os.close(self.noise)
            self.noise = -1
        return True


class Keeper:
    """Keeps one child running. ``title`` is for messages, ``first`` makes what a fresh child is told first.

    ``inherited`` are descriptors of ours that each gets.

    Single-threaded; nothing blocks. The owner selects on ``sockets``, calls ``receive`` and ``tick``, and asks
    ``deadline`` how long it may wait.
    """

    def __init__(
        self, title: str, command: Sequence[str], first: Callable[[], Message], inherited: Sequence[int] = ()
    ) -> None:
        self.title = title
        self.child: Child | None = None
        self.ready = False
        """Whether the child has said that it serves; the owner says so, with ``serves``."""
        self._command = command
        self._first = first
        self._inherited = inherited
        self._dying: Child | None = None
        self._kill_at: Seconds | None = None  # that one, where it was let go and not killed
        self._start_at: Seconds | None = None
        self._served_since: Seconds | None = None
        self._gives_up_at: Seconds | None = None
        self._deaths = 0
        self._refusal: str | None = None  # why none could be started, until that is asked for

    @property
    def is_wanted(self) -> bool:
        """Whether there is a child, or is to be one again."""
        return self.child is not None or self._start_at is not None

    def start(self, now: Seconds) -> None:
        """Start a child now. Raises `UserError` where the system has no room for it."""
        try:
            self.child = Child(self._command, self._inherited)
        except OSError as error:
            raise UserError(f"the process of the {self.title} {_refused(error)}") from error
        self._start_at = None
        self._gives_up_at = Seconds(now + STARTING)
        self.child.peer.send(self._first())

    def serves(self, now: Seconds) -> None:
        """The child is up."""
        self.ready = True
        self._gives_up_at = None
        self._served_since = now

    def send(self, message: Message) -> None:
        """Tell the child, if there is one that serves; otherwise it is lost, and the owner tells the next one."""
        if self.child is not None and self.ready:
            self.child.peer.send(message)

    def receive(self) -> list[Message]:
        """What the child said since the last time."""
        return [] if self.child is None else self.child.peer.receive()

    def why_lost(self, now: Seconds) -> str | None:
        """Why the child is of no more use, or none could be started, which is told once; None where all is well."""
        if self.child is None:
            why, self._refusal = self._refusal, None
            return why
        if self._gives_up_at is not None and self._gives_up_at <= now:
            return f"did not start within {STARTING:g} s"
        return self.child.peer.lost

    def lose(self, now: Seconds, *, at_once: bool = False) -> None:
        """Give the child up: kill it, and start another after the pause that its record deserves, or ``at_once``."""
        if self.child is None:
            return
        if self._served_since is not None and now - self._served_since >= GOOD_HEALTH:
            self._deaths = 0
        self.child.kill()
        self._dying, self.child = self.child, None
        self.ready = False
        self._served_since = None
        self._start_at = now if at_once else Seconds(now + PAUSES[min(self._deaths, len(PAUSES) - 1)])
        self._deaths += 1

    def dismiss(self) -> None:
        """Kill the child, if there is one, and start no other until that is asked for."""
        if self.child is not None:
            self.child.kill()
            self._dying, self.child = self.child, None
        self._forget()

    def let_go(self, now: Seconds) -> None:
        """Have the child, if there is one, end in its own way, and start no other until that is asked for."""
        if self.child is not None:
            self.child.peer.close()  # which every child takes for the end
            self._dying, self.child = self.child, None
            self._kill_at = Seconds(now + PARTING)
        self._forget()

    def _forget(self) -> None:
        """There is no child, and none is to come."""
        self.ready = False
        self._served_since = self._gives_up_at = self._start_at = None

    def start_when_free(self, now: Seconds) -> None:
        """Start a child at the next ``tick`` at which the one before is gone; ``now`` is the time."""
        self._start_at = now

    def take_over(self, other: Keeper, now: Seconds) -> None:
        """Go on with the child of ``other``, which serves, in place of our own; ``other`` is left without any."""
        self.dismiss()
        self.child, other.child = other.child, None
        other.dismiss()
        self.serves(now)

    def tick(self, now: Seconds) -> None:
        """Start a child where one is due, or try again later where the system has no room for it.

        The one before must be gone: two MIDI clients of one name would clash.
        """
        if self._kill_at is not None and self._kill_at <= now and self._dying is not None:
            self._dying.kill()
            self._kill_at = None
        if self._dying is not None and self._dying.gone():
            self._dying = self._kill_at = None
        if self._dying is None and self._start_at is not None and self._start_at <= now:
            try:
                self.start(now)
            except UserError as error:
                self._refusal = _refused(error.__cause__)
                self._start_at = Seconds(now + NO_ROOM)

    def deadline(self, now: Seconds) -> Seconds | None:
        """When ``tick`` next has something to do."""
        if self._dying is not None:
            return Seconds(now + REAPING)
        return self._start_at if self.child is None else self._gives_up_at

    def stop(self, patience: Seconds) -> None:
        """End the child: it may take ``patience`` seconds to end by itself. The only call here that waits."""
        self._start_at = None
        for child in (self.child, self._dying):
            if child is not None:
                child.peer.close()  # as above
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(patience)
                child.kill()
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(1.0)
                child.gone()
        self.child = self._dying = None
        self.ready = False


def _refused(error: BaseException | None) -> str:
    """Why no child could be started."""
    return f"can't be started: {error.strerror if isinstance(error, OSError) else error}"
