"""What a power cut could cost of a recording, at any moment: `python benchmarks/power.py [SECONDS]`, with strace.

A session with its real processes and no MIDI system is played to through its control socket for so long (60), and ends
as it should, while strace writes down what its processes ask of the disk. Of each message written to the journal it is
reckoned when the disk had been told of it: a power cut before costs it. At the end the MIDI file must be on the disk
with its name before the journal goes. Prints figures in JSON; exit status 1 where a message was in danger for longer
than a second, or the order is another.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from improvd.control import place
from improvd.control.client import Connection
from improvd.recorder import folder as folders

PROMISED = 1.0
"""Seconds of music that a power cut may cost."""
RATE = 12.0
"""Messages a second, on average."""
CALLS = "write,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
LINE = re.compile(
    r"(?P<pid>\d+)\s+(?P<at>[\d.]+) (?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\((?P<told>.*?))"
    r"(?P<waits> <unfinished \.\.\.>)?(?:\) += (?P<result>-?\d+).*? <(?P<took>[\d.]+)>)?$"
)


class Call(NamedTuple):
    """One call of the system that is over: when it began and ended, what it was told, and what came of it."""

    began: float
    ended: float
    name: str
    told: str
    result: int


def calls(trace: str) -> list[Call]:
    """What strace wrote down, in the order in which it ended."""
    found, waiting = [], {}
    for line in trace.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        pid, at = match["pid"], float(match["at"])
        if match["waits"]:
            waiting[pid] = at, match["name"], match["told"]
        elif match["result"] is not None:
            began, name, told = waiting.pop(pid) if match["resumed"] else (at, match["name"], match["told"])
            found.append(Call(began, began + float(match["took"]), name, told, int(match["result"])))
    return sorted(found, key=lambda call: call.ended)


def endangered(found: list[Call]) -> list[float]:
    """Of each write to the journal, the seconds until the disk had been told of it."""
    journal = [call for call in found if f"{folders.JOURNAL}>" in call.told]
    written = [call for call in journal if call.name == "write"]
    told = [call for call in journal if call.name in ("fsync", "fdatasync")]
    # Told is what was written before the telling began, and only once that is over.
    return [
        min((sync.ended for sync in told if sync.began >= write.ended), default=float("inf")) - write.began
        for write in written
    ]


def end(found: list[Call]) -> list[str]:
    """What was done, in order, from the first word of the MIDI file on."""
    did = []
    for call in found:
        if call.name == "fsync" and f"{folders.MUSIC}." in call.told:
            did.append("music told")
        elif call.name.startswith("rename") and folders.MUSIC in call.told:
            did.append("music named")
        elif did and call.name == "fsync" and "kept>" in call.told:
            did.append("folder told")
        elif call.name.startswith("unlink") and folders.JOURNAL in call.told:
            did.append("journal gone")
    return did


def play(connection: Connection, seconds: float) -> None:
    """Random keys, now many and now few, for so long."""
    chance = random.Random(1)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        key = 36 + chance.randrange(60)
        for status in (0x90, 0x80):
            connection.ask("play", events=[[None, [status, key, 64]]])
            time.sleep(chance.expovariate(RATE))


def traced(seconds: float, name: str) -> str:
    """Play to a session under strace, and end it; what strace wrote down."""
    folder, output = Path(name) / "kept", Path(name) / "trace"
    strace = ["strace", "-f", "-ttt", "-T", "-y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(output)]
    command = [sys.executable, "-m", "improvd", "run", "--api", "null", "--no-page", "--recordings", str(folder)]
    environment = {**os.environ, "XDG_RUNTIME_DIR": name, "XDG_CONFIG_HOME": os.devnull}
    with subprocess.Popen([*strace, *command], env=environment, stdout=subprocess.PIPE) as session:  # noqa: S603  our own
        assert session.stdout  # noqa: S101  for the type checker
        session.stdout.readline()
        (path,) = place.alive(Path(name) / "improvd")
        with closing(Connection(path)) as connection:
            play(connection, seconds)
            engine = connection.ask("status")["pid"]
            os.kill(engine, signal.SIGTERM)
        session.stdout.read()
    return output.read_text()


def main() -> int:
    """Measure once; whether what is promised was not kept."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as name:
        found = calls(traced(seconds, name))
    danger, did = sorted(endangered(found)), end(found)
    figures = {
        "writes": len(danger),
        "fsyncs": sum(call.name == "fsync" for call in found),
        "seconds_until_on_disk": {"median": round(danger[len(danger) // 2], 3), "most": round(danger[-1], 3)},
        "end": did,
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures, indent=1))
    return int(danger[-1] > PROMISED or did != ["music told", "music named", "folder told", "journal gone"])


if __name__ == "__main__":
    sys.exit(main())
