"""Ends this process where a call into the MIDI library never returns.

python-rtmidi never lets go of Python's lock, so no thread of ours could notice; and against a dead JACK server a
send call spins for ever. A kernel timer with the signal's default action needs neither the lock nor the
interpreter: the process is gone, the engine sees it, and starts a new one.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.core.events import Seconds


def prepare() -> None:
    """Let the timer's signal have its default action, whatever was inherited. Call from the main thread."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})


def arm(limit: Seconds) -> None:
    """From now, ``limit`` seconds are left; an earlier count is replaced. About a microsecond."""
    signal.setitimer(signal.ITIMER_REAL, limit)


def disarm() -> None:
    """Stop counting: what follows waits on purpose."""
    signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def within(limit: Seconds) -> Iterator[None]:
    """Count while the block runs."""
    arm(limit)
    try:
        yield
    finally:
        disarm()
