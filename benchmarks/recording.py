"""What a recording loses when its session is killed: `python benchmarks/recording.py [KILLS]`.

Each time a session with its real processes and no MIDI system is played to through its control socket, thirty notes a
second, and killed by SIGKILL at a random moment: the engine, or every one of its processes at once. What a watcher had
been told of by then is looked for in the recording.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from improvd.control import place
from improvd.control.client import Connection
from improvd.recorder import folder as folders
from improvd.recorder import journal

RATE = 30.0
"""Notes a second."""


def run(folder: Path) -> subprocess.Popen[bytes]:
    """A session that records into ``folder``, ready to be played to."""
    command = [sys.executable, "-m", "improvd", "run", "--api", "null", "--no-page", "--recordings", str(folder)]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder.parent), "XDG_CONFIG_HOME": os.devnull}
    started = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)  # noqa: S603  our own
    assert started.stdout  # noqa: S101  for the type checker
    started.stdout.readline()
    return started


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *map(int, children)]


def one(chance: random.Random) -> tuple[float, int, int]:
    """How many seconds before the kill the recording ends, and how many messages were told of and how many are kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kept"
        session = run(folder)
        (path,) = place.alive(Path(name) / "improvd")
        with closing(Connection(path)) as connection:
            connection.ask("watch", what=["heard"])
            begin = connection.ask("clock")["now"] + 0.05
            length = chance.uniform(0.3, 4.0)
            for first in range(0, int(length * RATE) + 1, 100):
                connection.ask(
                    "play",
                    events=[
                        [begin + note / RATE + late, [status, 36 + note % 80, 64]]
                        for note in range(first, first + 100)
                        for status, late in ((0x90, 0.0), (0x80, 0.5 / RATE))
                    ],
                )
            last, told = begin, 0
            for event in connection.events():
                last, told = event["at"], told + 1
                if last >= begin + length:
                    break
            for pid in family(session.pid) if chance.random() < 0.5 else [session.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        session.wait()
        assert session.stdout  # noqa: S101  for the type checker
        session.stdout.close()
        (cut_off,) = folders.journals(folder)
        kept = journal.read(cut_off.read_bytes()).heard
        return max(0.0, last - kept[-1].at), told, len(kept)


def main() -> None:
    """Kill so many sessions, and tell what each lost."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chance = random.Random(1)
    began = time.monotonic()
    found = [one(chance) for _ in range(kills)]
    lost = [max(0, told - kept) for _, told, kept in found]
    print(
        json.dumps(
            {
                "kills": kills,
                "messages": sum(told for _, told, _ in found),
                "lost": sum(lost),
                "longest loss in seconds": max(seconds for seconds, _, _ in found),
                "load": os.getloadavg()[0],
                "seconds": round(time.monotonic() - began),
            }
        )
    )


if __name__ == "__main__":
    main()
