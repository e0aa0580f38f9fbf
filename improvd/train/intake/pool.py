"""Readers: processes of their own that read slow and doubtful files, each expendable.

What a hostile file can do to its reader (use up memory, never end, kill it) ends with that process: the file is
skipped, another process takes its place, and the run goes on.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Job = TypeVar("Job")
Result = TypeVar("Result")

COMMAND: Final = (sys.executable, "-m", "improvd.train.intake.reader")


class Reader:
    """One process, started when it is first needed and again when it has died, warm in between.

    For one thread, but for `kill`.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.connection: Connection[bytes, Any] | None = None
        """To wait for what was asked by `begin`."""

    def ask(self, work: Callable[[Job], Result], job: Job, seconds: float) -> Result | SkippedError:
        """What ``work`` gives for a job, or why there is nothing: its SkippedError, or that of a limit.

        ``work`` is a function at the top of a module; what it takes and gives is sent between processes.
        """
        self.begin(work, job)
        if self.connection is not None:
            self.connection.poll(seconds)
        result: Result | SkippedError = self.end(seconds)
        return result

    def begin(self, work: Callable[[Job], Any], job: Job) -> None:
        """Ask without waiting."""
        if self.connection is None:
            self._start()
        with suppress(OSError):  # it has died; the end tells
            assert self.connection is not None  # noqa: S101  for mypy: it was just started
            self.connection.send_bytes(pickle.dumps((work, job)))

    def end(self, seconds: float) -> Any:  # noqa: ANN401  whatever the work gives
        """What was asked by `begin`, of a reader that has it ready, has died, or has had its ``seconds``."""
        reason = "too large, or damaged"
        if self.connection is not None:
            with suppress(EOFError, OSError):
                if self.connection.poll():
                    return self.connection.recv()
                reason = f"took longer than {seconds:.0f} s"
        self.close()
        return PassingError(reason)

    def kill(self) -> None:
        """End the process, whatever it is doing; from any thread. What is being asked then ends as skipped."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End the process, and let go of it."""
        self.kill()
        self._process = None
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [*COMMAND, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                # Decoders complain of damaged files; the reason for the user travels by the socket.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the process that asks, which then ends this one
            )
        self.connection = Connection(ours.detach())


def _environment() -> dict[str, str]:
    """One thread a reader, as there is one reader a core.

    What Dask sets for the memory of its own processes makes each array that comes and goes cost a call to the system.
    """
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_TRIM_THRESHOLD_"}
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return kept | alone | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def each(
    work: Callable[[Job], Result], jobs: Sequence[Job], seconds: float, workers: int | None = None
) -> Iterator[tuple[int, Result | SkippedError]]:
    """Do ``work`` on every job, and give (the job's number, its result) in the order in which they are done.

    As `Reader.ask`, by so many ``workers`` at once; None: one a core.
    """
    idle = [Reader() for _ in range(min(len(jobs), workers or cores()))]
    busy: dict[Reader, tuple[int, float]] = {}
    waiting = list(range(len(jobs)))[::-1]
    try:
        while waiting or busy:
            while waiting and idle:
                reader, number = idle.pop(), waiting.pop()
                reader.begin(work, jobs[number])
                busy[reader] = number, time.monotonic() + seconds
            reader = _first_done(busy)
            number, _ = busy[reader]
            result = reader.end(seconds)
            del busy[reader]
            idle.append(reader)
            yield number, result
    finally:
        for reader in (*idle, *busy):
            reader.close()


def _first_done(busy: dict[Reader, tuple[int, float]]) -> Reader:
    """Wait for the first reader that has something to tell, or is out of time."""
    late = min(busy, key=lambda reader: busy[reader][1])
    connections = {reader.connection: reader for reader in busy if reader.connection is not None}
    ready = wait(list(connections), max(0.0, busy[late][1] - time.monotonic()))
    return next((reader for connection, reader in connections.items() if connection in ready), late)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
