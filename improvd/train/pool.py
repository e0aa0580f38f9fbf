"""Slow and doubtful files, read by processes of their own: one a core, each expendable.

What a hostile file can do to its reader (use up memory, never end, kill it) ends with that process: the file is
skipped, another process takes its place, and the run goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from improvd.train.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_MEMORY: Final = 4 * 2**30
"""Bytes that one reader may hold."""


@dataclass(slots=True)
class _Worker(Generic[Job, Result]):
    """A process that reads; ``job`` is what it has in hand, by number, None when it has nothing to do."""

    process: BaseProcess
    connection: Connection[tuple[int, Job], Result | SkippedError]
    job: int | None = None
    until: float = 0.0


def each(
    work: Callable[[Job], Result], jobs: Sequence[Job], seconds: float, workers: int | None = None
) -> Iterator[tuple[int, Result | SkippedError]]:
    """Do ``work`` on every job, and give (the job's number, its result) in the order in which they are done.

    ``work`` is a function at the top of a module; what it takes and gives is sent between processes. In place of a
    result stands the SkippedError that it raised, or one that says that it took more than ``seconds`` or too much
    memory. ``workers``: how many processes; None: one a core.
    """
    waiting = list(range(len(jobs)))[::-1]
    crew: list[_Worker[Job, Result]] = []
    try:
        crew.extend(_start(work) for _ in range(min(len(jobs), workers or _cores())))
        for _ in jobs:
            for worker in crew:
                if worker.job is None and waiting:
                    worker.job, worker.until = waiting.pop(), time.monotonic() + seconds
                    with suppress(OSError):  # it has died; the wait tells
                        worker.connection.send((worker.job, jobs[worker.job]))
            worker, number = _first_done(crew)
            worker.job = None
            try:
                if not worker.connection.poll():
                    raise TimeoutError
                result = worker.connection.recv()
            except (EOFError, OSError) as error:
                late = isinstance(error, TimeoutError)
                result = SkippedError(f"took longer than {seconds:.0f} s" if late else "too large, or damaged")
                _stop(worker)
                crew[crew.index(worker)] = _start(work)
            yield number, result
    finally:
        for worker in crew:
            _stop(worker)


def _first_done(crew: list[_Worker[Any, Any]]) -> tuple[_Worker[Any, Any], int]:
    """Wait for the first worker whose connection has something to tell, or who is out of time; and what it did."""
    busy = {worker.connection: (worker, worker.job) for worker in crew if worker.job is not None}
    soonest = min(busy, key=lambda connection: busy[connection][0].until)
    ready = wait(list(busy), max(0.0, busy[soonest][0].until - time.monotonic()))
    return next((busy[connection] for connection in busy if connection in ready), busy[soonest])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(work: Callable[[Job], Result]) -> _Worker[Job, Result]:
    context = multiprocessing.get_context("spawn")  # a fork would copy whatever threads this process has, stopped
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    # Ctrl-C is for this process, which then ends the others: the mask is inherited.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return _Worker(process, ours)


def _stop(worker: _Worker[Any, Any]) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()


def _serve(connection: Connection[Any, Any], work: Callable[[Any], Any]) -> None:
    """Work off jobs until the other side is gone."""
    with suppress(OSError, ValueError):  # a lower limit may be set already
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    # Decoders complain of damaged files on stderr; the reason for the user travels by the connection.
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - devnull is no path of ours
        os.dup2(nowhere.fileno(), 2)
    with suppress(EOFError, OSError):
        while True:
            _, job = connection.recv()
            connection.send(_try(work, job))


def _try(work: Callable[[Any], Any], job: Any) -> Any:  # noqa: ANN401 - whatever the work takes and gives
    try:
        return work(job)
    except SkippedError as reason:
        return reason
    except MemoryError:
        return SkippedError("takes too much memory")
    except Exception as error:  # noqa: BLE001 - one broken file never stops a run, in whatever way it breaks
        return SkippedError(f"can't be read ({type(error).__name__}: {error})")
