"""How soon one hears oneself: `python benchmarks/first_sound.py [--empty] [RUNS]`, with Debian's Chromium.

From the command to the address it prints, to a page that is connected, to the line "ready", and to the first note that
the page sounds: a key is struck until it is heard, the page's own output being listened to. Without ``--empty``,
improvd is installed and `improvd run` is the command; with it that is `make run` in a fresh clone, which sets up its
virtual environment first, pip's cache being as warm as it is. There is no display and no MIDI system either time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.daemon.running import environment  # noqa: E402  found by the line above
from tests.page.browser import browser, seeing  # noqa: E402  as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PATIENCE = 300.0
ALONE = ["--api", "null", "--no-record", "--page-port", "8499"]


class Command:
    """What was typed, and when each of its lines came, in seconds since."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self.began = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603  our own commands
            arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
        )
        self._lines: list[tuple[float, str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def since(self) -> float:
        """Seconds since it was typed."""
        return time.monotonic() - self.began

    def line(self, part: str) -> tuple[float, str]:
        """When the first line with that in it came, and the line; waits for it."""
        while not (found := [one for one in self._lines if part in one[1]]):
            if self.since() > PATIENCE or not self._reader.is_alive():
                raise SystemExit(f"no '{part}': {[line for _, line in self._lines]}")
            time.sleep(0.005)
        return found[0]

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append((self.since(), line.rstrip()))


@contextmanager
def typed(*, empty: bool) -> Iterator[Command]:
    """The command, and its end."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [sys.executable, "-m", "improvd", "run", *ALONE]
        if empty:
            subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)  # noqa: S603, S607  as above
            arguments = ["make", "--silent", "run", f"ARGS={' '.join(ALONE)}"]
        command = Command(arguments, Path(folder))
        try:
            yield command
        finally:
            command.end()


def measure(chromium: Browser, *, empty: bool) -> str:
    """A line of the table."""
    with typed(empty=empty) as command:
        printed, address = command.line("the page: ")
        with seeing(chromium, address.rpartition(" ")[2]) as seen:
            connected = command.since()
            seen.sounds()
            heard = command.since()
        ready, _ = command.line("ready: ")
    return f"| {printed:.2f} | {ready:.2f} | {connected:.2f} | {heard:.2f} | {os.getloadavg()[0]:.0f} |"


if __name__ == "__main__":
    options = sys.argv[1:]
    is_empty = "--empty" in options
    runs = [int(option) for option in options if option.isdigit()]
    print("| address, s | ready | page connected | first sound | load |\n|---|---|---|---|---|")
    with browser() as opened:
        for _ in range(runs[0] if runs else 3):
            print(measure(opened, empty=is_empty), flush=True)
