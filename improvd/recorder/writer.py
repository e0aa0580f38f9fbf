"""Writes what is recorded, on threads of its own: a slow disk keeps nobody waiting but them.

A recording begins with the first note and ends when nothing happened for `PAUSE`, or with the session; so a service
that runs for weeks makes one of each time somebody sat down to play. What is handed over is written at once, which
outlives the process, and told to the disk twice a second, which outlives the power.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Final

from improvd.recorder import folder as folders
from improvd.recorder.journal import LONGEST
from improvd.whole import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from improvd.recorder.folder import Limits

PAUSE: Final = 300.0
"""Seconds after which what is played next is another recording."""
EVERY: Final = 0.5
"""Seconds between two tellings of the disk, while there is something to tell."""
FINISHING: Final = 3.0
"""The longest that the end of a session waits for its journal to become a MIDI file; the next does it otherwise."""

FINISH: Final = (sys.executable, "-m", "improvd.recorder.finish")


class Journal:
    """One recording that is being made in ``folder``: locked, and beginning with ``header``. Raises `OSError`.

    One thread's, beside its own that tells the disk.
    """

    def __init__(self, folder: Path, header: str) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        self._fd, self.name = _fresh(folder)
        self.ends_at = time.monotonic() + LONGEST
        self._dirty, self._ended = threading.Event(), threading.Event()
        self._failed: OSError | None = None
        self._syncing = threading.Thread(target=self._sync, name="recorder-sync", daemon=True)
        self._syncing.start()
        self.write(f"{header}\n".encode())
        sync_folder(folder)  # so that the file has a name after a power cut

    def write(self, data: bytes) -> None:
        """Add lines; they outlive this process from now on, and the power within a second. Raises `OSError`."""
        if self._failed:
            raise self._failed
        while data:
            data = data[os.write(self._fd, data) :]
        self._dirty.set()

    def close(self) -> None:
        """Nothing more is added. Waits for the disk."""
        self._ended.set()
        self._dirty.set()
        self._syncing.join()
        os.close(self._fd)

    def _sync(self) -> None:
        """Tell the disk. `write` never waits for that: a card may take seconds."""
        while not self._ended.is_set():
            self._dirty.wait()
            self._dirty.clear()
            try:
                os.fsync(self._fd)
            except OSError as error:
                self._failed = error
            self._ended.wait(EVERY)
        with suppress(OSError):
            os.fsync(self._fd)


class Writer:
    """Takes lines from the session, and keeps ``folder`` within ``limits``. No method blocks, but for ``close``.

    ``header`` makes the first line of a recording that begins now. ``on_broken`` is told once why nothing can be
    recorded any more. Both are called on the writing thread.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        header: Callable[[], str],
        on_broken: Callable[[OSError], None],
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._header = header
        self._on_broken = on_broken
        self._lines: queue.SimpleQueue[tuple[str, bool] | None] = queue.SimpleQueue()
        self._journal: Journal | None = None
        self._broken = False
        self._finishing: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str | None:
        """What the recording that is on is called; None while there is none. From any thread."""
        journal = self._journal
        return None if journal is None else journal.name

    def write(self, line: str, *, begins: bool = False) -> None:
        """Record a line; where no recording is on, only one that ``begins`` one. From one thread."""
        self._lines.put((line, begins))

    def close(self) -> None:
        """End the recording that is on, and make it a MIDI file if that is soon done."""
        self._lines.put(None)
        self._thread.join(FINISHING + 1.0)

    def _run(self) -> None:
        self._finish()  # what a killed session left
        while (item := self._next()) is not None:
            self._record(*item)
        self._end()
        if self._finishing is not None:
            with suppress(subprocess.TimeoutExpired):
                self._finishing.wait(FINISHING)

    def _next(self) -> tuple[str, bool] | None:
        """The next line, however long it takes; a recording that has gone quiet is ended meanwhile."""
        while True:
            try:
                return self._lines.get(timeout=None if self._journal is None else PAUSE)
            except queue.Empty:
                self._end()

    def _record(self, line: str, begins: bool) -> None:
        if self._broken or not (self._journal or begins):
            return
        try:
            if begins and self._journal is not None and self._journal.ends_at <= time.monotonic():
                self._end()
            if self._journal is None:
                self._journal = Journal(self._folder, self._header())
            self._journal.write(f"{line}\n".encode())
        except OSError as error:
            self._broken = True
            self._on_broken(error)
            self._end()

    def _end(self) -> None:
        """The recording is over, if one is on: let it become a MIDI file."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
            self._finish()

    def _finish(self) -> None:
        """Make MIDI files of journals, in a process that is in nobody's way, and delete what is too much."""
        folders.prune(self._folder, self._limits)
        if not folders.journals(self._folder):
            return
        if self._finishing is not None:
            with suppress(subprocess.TimeoutExpired):
                self._finishing.wait(FINISHING)
        nothing = subprocess.DEVNULL
        with suppress(OSError):
            self._finishing = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [*FINISH, str(self._folder)], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )


def _fresh(folder: Path) -> tuple[int, str]:
    """A new journal, open for adding and locked, and its name, by the time of day. Raises `OSError`."""
    now = datetime.now().astimezone()
    for number in count(1):
        path = folder / f"{now:%Y-%m-%d_%H%M%S}{f'-{number}' if number > 1 else ''}{folders.JOURNAL}"
        if path.with_suffix(folders.MUSIC).exists():
            continue
        try:
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            continue
        if folders.take(fd, path):
            return fd, path.stem
        os.close(fd)
    raise AssertionError  # it counts for ever
