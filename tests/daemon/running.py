"""Processes under test: what they print, when, and which are left."""

from __future__ import annotations

import atexit
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; only what never comes takes so long, however busy a machine is
PLACES = tempfile.mkdtemp(prefix="improvd-")  # what a session leaves in its user's folders
atexit.register(shutil.rmtree, PLACES, ignore_errors=True)


def environment(**more: str) -> dict[str, str]:
    """Ours, with this package importable from anywhere, and without the user's folders of whoever runs the tests."""
    folders = {"XDG_CONFIG_HOME": os.devnull, "XDG_RUNTIME_DIR": PLACES, "XDG_DATA_HOME": PLACES}
    return {**os.environ, "PYTHONPATH": str(ROOT), **folders, **more}


def wait_until(hoped: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Look again and again for something that no one tells us of."""
    limit = time.monotonic() + patience
    while not hoped():
        assert time.monotonic() < limit, f"no {what}"
        time.sleep(0.005)


def traced(path: Path) -> list[dict[str, Any]]:
    """What a trace holds by now: a thread writes it that tells nobody how far it is, and the last line may be half."""
    return [json.loads(line) for line in path.read_text().rpartition("\n")[0].splitlines()]


class Running:
    """A process whose lines, stdout and stderr alike, are kept as they come."""

    def __init__(self, arguments: Sequence[str], **more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(**more),
        )
        self.lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip())
                self._changed.notify_all()
        self.process.stdout.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_line(self, part: str, count: int = 1) -> str:
        """The first line with ``part`` in it, once there are ``count`` of them."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._with(part)) >= count, PATIENCE)
            assert len(self._with(part)) >= count, f"no '{part}' in {self.lines}"
            return self._with(part)[0]

    def _with(self, part: str) -> list[str]:
        return [line for line in self.lines if part in line]

    def child(self, role: str) -> int:
        """The process id of the child whose command names ``role``, once there is one."""
        found: list[int] = []

        def look() -> bool:
            found[:] = [pid for pid in children(self.process.pid) if role in command_of(pid)]
            return bool(found)

        wait_until(look, f"{role} process")
        return found[0]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Its exit status once it has ended by itself; it is gone afterwards whatever happened."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)


@contextmanager
def without_room(pid: int) -> Iterator[None]:
    """As long as it lasts, that process can open no more files."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    taken = [entry for entry in list(Path(f"/proc/{pid}/fd").iterdir()) if entry.is_symlink()]  # but for the list's own
    free = next(number for number in count() if str(number) not in {entry.name for entry in taken})
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


def children(pid: int) -> list[int]:
    """The process ids of its children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_of(pid: int) -> str:
    """What a process was started with; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal."""
    caught = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
