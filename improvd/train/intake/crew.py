"""Many processes for one run: a Dask cluster of this machine's, or any that has a scheduler.

Both are one code path. A task whose process dies is done again by another one; one that takes three processes with
it is given up, and the rest goes on.
"""

from __future__ import annotations

import logging
import signal
import time
import uuid
import warnings
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from improvd.errors import CorpusError
from improvd.train.files import store
from improvd.train.intake import tasks
from improvd.train.intake.pool import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

Job = TypeVar("Job")
Result = TypeVar("Result")

CONNECTING: Final = 10.0
"""Seconds that a scheduler may take to answer."""
HIRING: Final = 10.0
"""Seconds that it may then be without a worker."""
LONELY: Final = 60.0
"""Seconds without any worker after which a run gives up: time enough to start others."""
LOOKING: Final = 2.0
"""Seconds between two looks at who is there."""
AHEAD: Final = 2
"""Tasks that each worker has, the one in hand included: the next is there when it is done."""
SILENT: Final = logging.CRITICAL + 1
TALKERS: Final = ("distributed", "distributed.client", "tornado", "tornado.application")
"""Loggers that write to the user's terminal, of workers that come and go; what matters is told otherwise."""


@dataclass(frozen=True, slots=True)
class Lost:
    """In place of a result: the processes that tried died."""

    reason: str


class Crew:
    """Processes that do tasks, started or reached when there is first something to do; to be used with ``with``.

    ``address`` is a scheduler's; empty: a cluster of ``workers`` processes on this machine (None: one a core), or of as
    many threads where not ``processes``. CorpusError, with one clear line, whatever is wrong with a cluster.
    """

    def __init__(self, address: str, workers: int | None, *, processes: bool) -> None:
        self.run = uuid.uuid4().hex
        self._address, self._workers, self._processes = address, workers or cores(), processes
        self._closing = ExitStack()
        self._client: Any = None

    def __enter__(self) -> Crew:  # noqa: PYI034  Self is not in Python 3.10
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all that was started, and every task."""
        self._closing.close()

    def each(
        self, work: Callable[[Job], Result], jobs: Iterable[tuple[int, Job]]
    ) -> Iterator[tuple[int, Result | Lost]]:
        """Do ``work`` on numbered jobs, and give (the job's number, its result) in the order in which they are done.

        No more jobs are taken than there is somebody to do them. ``work`` is a function at the top of a module.
        """
        waiting = iter(jobs)
        first = next(waiting, None)
        if first is None:
            return
        waiting = chain([first], waiting)
        client = self._connected()
        done: SimpleQueue[Any] = SimpleQueue()
        flying: dict[Any, int] = {}
        try:
            while True:
                for number, job in islice(waiting, max(0, AHEAD * max(1, self._hands()) - len(flying))):
                    future = client.submit(work, job, pure=False)
                    flying[future] = number
                    future.add_done_callback(done.put)
                if not flying:
                    return
                future = self._first(done)
                yield flying.pop(future), self._result(future)
        finally:
            if flying:
                with suppress(Exception):  # the cluster may be gone
                    client.cancel(list(flying))

    def _connected(self) -> Any:  # noqa: ANN401  Dask has no types
        """The client of the cluster, which is there from now on."""
        if self._client is None:
            with self._closing.pop_all() as opening:
                opening.enter_context(_quiet())
                self._client = self._reached(opening) if self._address else self._started(opening)
                opening.callback(self._dismiss)
                self._closing = opening.pop_all()
        return self._client

    def _started(self, opening: ExitStack) -> Any:  # noqa: ANN401  as above
        try:
            with _sigint_blocked():  # Ctrl-C is for this process, which then ends the others; the mask is inherited
                cluster = _dask().LocalCluster(
                    n_workers=self._workers,
                    threads_per_worker=1,
                    processes=self._processes,
                    host="127.0.0.1" if self._processes else None,
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=SILENT,
                    memory_limit=0,  # what is large is held by readers, which have their own
                )
                opening.callback(cluster.close, timeout=CONNECTING)
                return opening.enter_context(_dask().Client(cluster, set_as_default=False))
        except (OSError, RuntimeError, TimeoutError) as error:
            raise CorpusError(f"can't start {self._workers} workers: {store.reason(error)}") from error

    def _reached(self, opening: ExitStack) -> Any:  # noqa: ANN401  as above
        try:
            client = opening.enter_context(_dask().Client(self._address, timeout=CONNECTING, set_as_default=False))
        except (OSError, TimeoutError, ValueError, ImportError, AssertionError) as error:
            # AssertionError: Dask's own thread had no time to start, on a machine that has far too much to do.
            raise CorpusError(f"no Dask scheduler answers at {self._address}: {store.reason(error)}") from error
        try:
            client.wait_for_workers(1, timeout=HIRING)
        except TimeoutError as error:
            raise CorpusError(
                f"the scheduler at {self._address} has no workers: start some with `dask worker {self._address}`"
            ) from error
        return client

    def _dismiss(self) -> None:
        with suppress(Exception):  # workers that are gone have no readers any more
            self._client.run(tasks.dismiss, self.run, on_error="ignore")

    def _hands(self) -> int:
        """How many tasks the workers can do at once, just now."""
        try:
            return sum(self._client.nthreads().values())
        except Exception as error:
            raise self._gone(error) from error

    def _first(self, done: SimpleQueue[Any]) -> Any:  # noqa: ANN401  as above
        """Wait for the next future that is done, as long as there is somebody to do it."""
        alone = time.monotonic()
        while True:
            try:
                return done.get(timeout=LOOKING)
            except Empty:
                if self._hands():
                    alone = time.monotonic()
                elif time.monotonic() - alone > LONELY:
                    raise CorpusError("all workers are gone; the same command goes on from here") from None

    def _result(self, future: Any) -> Any:  # noqa: ANN401  whatever the work gives
        try:
            return future.result()
        except _dask().KilledWorker:
            return Lost("its worker died again and again")
        except CorpusError:
            raise
        except (CancelledError, OSError) as error:
            raise self._gone(error) from error
        except Exception as error:
            raise CorpusError(
                f"a worker failed ({type(error).__name__}: {store.reason(error)}); all need the same improvd[train]"
            ) from error

    def _gone(self, error: BaseException) -> CorpusError:
        where = f"the scheduler at {self._address}" if self._address else "the workers of this machine"
        return CorpusError(f"lost {where} ({store.reason(error)}); the same command goes on from here")


def _dask() -> Any:  # noqa: ANN401  it has no types
    """Dask's package."""
    import distributed  # noqa: PLC0415  takes a second to load

    return distributed


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own talk from the terminal while a cluster is there."""
    versions = _dask().versions  # these loggers are set up as it is loaded
    before = {name: logging.getLogger(name).level for name in TALKERS}
    try:
        for name in TALKERS:
            logging.getLogger(name).setLevel(SILENT)
        with warnings.catch_warnings():
            # Between a client and workers a little older or newer; where it matters, a task fails and says so.
            warnings.simplefilter("ignore", versions.VersionMismatchWarning)
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    resource_tracker.ensure_running()  # once it is, nothing else unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
