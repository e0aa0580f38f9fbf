"""A process that reads files for another: ``python -m improvd.train.intake.reader FD``, FD being its end of a socket.

What comes in is a function and what to call it with; what goes out is what it gave, or the SkippedError with the
reason why there is nothing. The process ends when the other end of the socket is gone, whatever it is doing then.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from typing import NoReturn

MOST_MEMORY: Final = 4 * 2**30
"""Bytes that a reader may hold."""


def serve(connection: Connection[Any, Any]) -> NoReturn:
    """Work off what comes in, until the other end is gone."""
    with suppress(OSError, ValueError):  # a lower limit may be set already
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    waiting: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_receive, args=(connection, waiting), daemon=True).start()
    while True:
        done = _try(waiting.get())
        try:
            connection.send(done)
        except OSError:
            os._exit(0)


def _receive(connection: Connection[Any, Any], waiting: SimpleQueue[bytes]) -> None:
    """On a thread of its own, so that a reader whose asker was killed doesn't go on for half an hour."""
    try:
        while True:
            waiting.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)


def _try(asked: bytes) -> Any:  # noqa: ANN401  whatever the work gives
    try:
        work, job = pickle.loads(asked)  # noqa: S301  from the process that started this one
        return work(job)
    except SkippedError as reason:
        return reason
    except MemoryError:
        return SkippedError("takes too much memory")
    except ImportError as error:
        return PassingError(f"needs a package that is not there ({error.name})")
    except Exception as error:  # noqa: BLE001  one broken file never stops a run, in whatever way it breaks
        return SkippedError(f"can't be read ({type(error).__name__}: {error})")


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
