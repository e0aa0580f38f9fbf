"""What becomes of the notes that sound when systemd ends improvd, by KillMode.

    PYTHONPATH=. python benchmarks/kill_modes.py [TIMES]

Over a real JACK server of its own. For each way to end, TIMES times (10): a phrase is played,
and in the middle of the answer the processes get what systemd 252 sends them. A note that the synth still sounds once
all of them have ended hangs.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.daemon.running import children, is_alive, wait_until
from tests.jack.stage import Duet, Player, Synth, jack_server, melody, sounding, well_begun

TERM, ABRT, KILL = signal.SIGTERM, signal.SIGABRT, signal.SIGKILL
# What happens; KillMode; the engine's signal; the others' at the same time; and theirs in the moment it has ended.
WAYS = (
    ("systemctl stop", "control-group", TERM, TERM, None),
    ("systemctl stop", "mixed", TERM, None, KILL),
    ("engine killed", "control-group", KILL, None, TERM),
    ("engine killed", "mixed", KILL, None, KILL),
    ("watchdog", "control-group", ABRT, ABRT, None),
    ("watchdog", "mixed", ABRT, None, KILL),
)
LAST_PERIOD = 0.2
"""Seconds for what was sent to arrive."""


def hangs(folder: Path, engine: int, rest: int | None, afterwards: int | None) -> bool:
    """Play once, and end it so; whether a note sounds on."""
    player, synth = Player(), Synth()
    running = Duet(folder / "trace.jsonl", "--in", "player", "--out", "synth")
    try:
        others = children(running.process.pid)
        player.play(melody(60, 64, 67, 72))
        synth.heard.wait(well_begun, "answer")
        send(engine, [running.process.pid])
        if rest is not None:
            send(rest, others)
        running.process.wait()
        if afterwards is not None:
            send(afterwards, others)
        wait_until(lambda: not any(map(is_alive, others)), "end of the children")
        time.sleep(LAST_PERIOD)
        return bool(sounding(synth.heard.all()))
    finally:
        running.kill()
        player.close()
        synth.close()


def send(number: int, pids: list[int]) -> None:
    """Send a signal to those that are still there."""
    for pid in filter(is_alive, pids):
        os.kill(pid, number)


def main() -> None:
    """Print a line for each way to end."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with jack_server(), tempfile.TemporaryDirectory() as folder:
        for what, mode, *numbers in WAYS:
            hanging = sum(hangs(Path(folder), *numbers) for _ in range(times))
            print(f"| {what} | {mode} | {hanging} of {times} |", flush=True)


if __name__ == "__main__":
    main()
