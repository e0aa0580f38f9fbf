"""What the process that sends MIDI asks of the system so as to be on time; each is done without where refused."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass

PRIORITY = 4
"""Below JACK's own threads (5 and more): what we do must never make its server miss a period."""

ENGINE_NICENESS, PAGE_NICENESS, MODEL_NICENESS = -10, 0, 5
"""Where allowed, the engine goes before ordinary processes, so that who plays into an answer is heard on a busy
machine too; the page, on which some play, goes as those do, and the model behind them. All in absolute terms: a child
would otherwise begin where we are."""

LONGEST_BURST = 500_000
"""Microseconds of CPU at real-time priority without once waiting, after which the kernel ends the process."""

ENOUGH_TO_LOCK = 512 << 20
"""With a smaller limit on locked memory a thread's stack or a buffer would later be refused: worse than not locking."""

_PR_SET_TIMERSLACK = 29
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Grants:
    """What was granted, or why not."""

    fifo: str
    memory: str
    garbage: str

    def __str__(self) -> str:
        return f"real-time: {self.fifo}, {self.memory}, {self.garbage}"


def ask() -> Grants:
    """Ask for all of it, for the calling thread and those it starts later. Call it before ports are opened.

    The threads that the MIDI library starts inherit the priority, which is why it does not drop on fork; this
    process starts no other. Never raises.
    """
    return Grants(_ask_for_priority(), _ask_to_lock_memory(), _freeze_garbage())


def main() -> None:
    """`python -m improvd.daemon.realtime`: ask, and print as JSON what was granted."""
    print(json.dumps(asdict(ask())))  # noqa: T201  this is how it answers


def be_nice(niceness: int) -> None:
    """Take that niceness where allowed. Never raises."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _ask_for_priority() -> str:
    # Without real-time priority Linux rounds a sleep up by 50 µs; with it, not at all.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    if sys.platform != "linux":
        return "no FIFO on this system"
    import resource  # noqa: PLC0415  not on Windows

    try:
        _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
        limit = LONGEST_BURST if most == resource.RLIM_INFINITY else min(LONGEST_BURST, most)
        resource.setrlimit(resource.RLIMIT_RTTIME, (limit, limit))
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except (OSError, ValueError):
        return "no FIFO (not permitted)"
    return f"FIFO {PRIORITY}"


def _ask_to_lock_memory() -> str:
    if sys.platform != "linux":
        return "memory not locked"
    import resource  # noqa: PLC0415  not on Windows

    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if os.geteuid() != 0 and limit != resource.RLIM_INFINITY and limit < ENOUGH_TO_LOCK:
        return "memory not locked (limit too small)"
    # On fault: locked are the pages that are used, not all that is mapped (19 against 49 MB).
    if ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        return "memory not locked (not permitted)"
    return "memory locked"


def _freeze_garbage() -> str:
    gc.collect()
    gc.freeze()
    gc.disable()
    return "garbage collection frozen"


if __name__ == "__main__":
    main()
