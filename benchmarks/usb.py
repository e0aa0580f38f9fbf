"""A USB keyboard pulled out and put in, again and again, on ALSA's real sequencer: how soon it is back, and what leaks.

    python benchmarks/usb.py [--cycles 200] [--seed 1] [--patience 60]

As root on a throw-away machine, with the kernel's dummy_hcd, usb_f_midi and snd-virmidi (see usb_keyboard.sh),
alsa-utils, and the repository. The synth is `aseqdump`, improvd a session of its own with both by name; a call is
played before each cycle, so that what is pulled out may be pulled out in mid-answer. The times are the kernel's: from
the moment it lists a port to the moment it lists improvd's connection with it. First all of the sequencer's clients are
taken, and given back once improvd has said so. Exit status 1 where a note sounded on, a process grew, or improvd didn't
end as it should.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from improvd.daemon.graph_alsa import DEVICE, LIST, AlsaGraph
from tests.daemon import running
from tests.daemon.running import Running, wait_until
from tests.jack.cycles import footprint

if TYPE_CHECKING:
    from collections.abc import Callable

KEYBOARD = Path(__file__).with_name("usb_keyboard.sh")
KEYS, DUMP = "Test Keyboard MIDI 1", "aseqdump"
CALL = ("60", "64", "67", "72")
CARD = Path("/sys/bus/platform/drivers/snd_virmidi")
"""A sound card that comes and goes at our word: while it is there, the keyboard's client has another number."""

GROWTH = 1000
"""Kilobytes that a process may have more at the end: what Python keeps for itself is not quite steady."""


class Room:
    """The keyboard, the synth, and what the kernel says of them. The synth writes what it hears to ``written``."""

    def __init__(self, written: Path) -> None:
        self._written = written
        self._graph = AlsaGraph()
        self._synth = self._new_synth()
        self._keyboard("setup")
        subprocess.run(["modprobe", "snd-virmidi"], check=True)  # noqa: S607  the system's
        self._other_card = True
        self.numbers: set[str] = set()
        """Under which addresses the keyboard was seen."""
        self.hanging = 0
        """Notes that sounded on at the synth although nobody played."""
        self.kinds: dict[str, Callable[[], str]] = {
            "keyboard out and in": self._out_and_in,
            "keyboard back under another number": self._back_under_another,
            "keyboard out for an instant": self._out_for_an_instant,
            "synth killed and started": self._synth_restarted,
        }
        self._keyboard("plug")

    def cycle(self, kind: str, lots: random.Random) -> float:
        """Play, do that at any moment of the answer, and wait; seconds from the port's listing to its connection."""
        self._keyboard("play", *CALL)
        time.sleep(lots.uniform(0.0, 2.0))  # when a cable goes is nobody's choice
        back = self.connected(self.kinds[kind]())
        self._settle()
        return back

    def connected(self, port: str) -> float:
        """Wait until ``port`` is there and improvd's; seconds in between."""
        wait_until(lambda: self._graph.named(port), port, running.PATIENCE)
        listed = time.monotonic()
        wait_until(lambda: self._is_ours(port), f"connection with {port}", running.PATIENCE)
        self.numbers |= {name.rpartition(" ")[2] for name in self._graph.named(KEYS)}
        return time.monotonic() - listed

    def close(self) -> None:
        """Silence."""
        self._settle()
        self._synth.kill()
        self._synth.wait()

    def _out_and_in(self) -> str:
        self._keyboard("unplug")
        wait_until(lambda: not self._graph.named(KEYS), "end of the keyboard", running.PATIENCE)
        self._keyboard("plug")
        return KEYS

    def _back_under_another(self) -> str:
        before = self._graph.named(KEYS)
        self._keyboard("unplug")
        (CARD / ("unbind" if self._other_card else "bind")).write_text("snd_virmidi.0")
        self._other_card = not self._other_card
        self._keyboard("plug")
        wait_until(lambda: self._graph.named(KEYS) - before, "other number", running.PATIENCE)
        return KEYS

    def _out_for_an_instant(self) -> str:
        before = self._connection()
        self._keyboard("unplug")
        self._keyboard("plug")
        wait_until(lambda: self._connection() != before, "end of the connection", running.PATIENCE)
        return KEYS

    def _synth_restarted(self) -> str:
        self._settle()  # what a killed synth sounded, no one can hear
        self._synth.kill()
        self._synth.wait()
        self._synth = self._new_synth()
        return DUMP

    def _connection(self) -> frozenset[str]:
        (ours,) = self._graph.named("improvd in")
        return self._graph.peers(ours) or frozenset()

    def _is_ours(self, port: str) -> bool:
        ours = self._graph.named("improvd in") | self._graph.named("improvd out")
        return any((self._graph.peers(one) or frozenset()) & self._graph.named(port) for one in ours)

    def _settle(self) -> None:
        """Until nothing sounds any more; what sounds on after that hangs."""
        try:
            wait_until(lambda: not self._sounding(), "silence", running.PATIENCE)
        except AssertionError:
            self.hanging += len(self._sounding())

    def _sounding(self) -> set[str]:
        held: set[str] = set()
        for line in self._written.read_text().splitlines():
            if found := re.search(r"Note (on|off)\s+(\d+, note \d+)(?:, velocity (\d+))?$", line):
                (held.add if found[1] == "on" and found[3] != "0" else held.discard)(found[2])
        return held

    def _new_synth(self) -> subprocess.Popen[bytes]:
        with self._written.open("wb") as file:
            return subprocess.Popen(["aseqdump"], stdout=file)  # noqa: S607  the system's

    @staticmethod
    def _keyboard(*words: str) -> None:
        subprocess.run(["bash", str(KEYBOARD), *words], check=True)  # noqa: S603, S607  our own script


def full() -> list[int]:
    """Every client that the sequencer still has to give, as descriptors to be closed."""
    taken = []
    while True:
        try:
            taken.append(os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError:
            return taken


def ours() -> int:
    """How many clients improvd has at the sequencer."""
    return sum('"improvd' in line for line in LIST.read_text().splitlines() if line.startswith("Client "))


def main() -> int:
    """Print the figures; whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=60.0)
    asked = parser.parse_args()
    running.PATIENCE = asked.patience
    lots, took = random.Random(asked.seed), defaultdict(list)
    prints, clients = [], []
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder) / "heard.txt")
        taken = full()
        duet = Running(
            ["-m", "improvd", "run", "--api", "alsa", "--in", KEYS, "--out", DUMP, "--no-page", "--no-record"]
        )
        try:
            said = duet.wait_line("as many clients as it takes")
            for one in taken:
                os.close(one)
            given = time.monotonic()
            room.connected(DUMP)
            after_full = time.monotonic() - given
            duet.wait_line("ready:")
            for number, kind in enumerate(islice(cycle(room.kinds), asked.cycles), 1):
                took[kind].append(room.cycle(kind, lots))
                prints.append(footprint(duet.process.pid))
                clients.append(ours())
                print(
                    f"{number}: {kind}, {took[kind][-1]:.2f} s; {clients[-1]} clients, {prints[-1]}",
                    file=sys.stderr,
                    flush=True,
                )
        finally:
            room.close()
            duet.process.send_signal(signal.SIGTERM)
            status = duet.process.wait(asked.patience)
    once = min(len(room.kinds), len(prints)) - 1  # until then each is something new
    first, last = prints[once], prints[-1]
    figures = {
        "cycles": len(prints),
        "load": round(os.getloadavg()[0], 1),
        "all_clients_taken": {"by_us": len(taken), "said": said, "seconds_until_back": round(after_full, 2)},
        "seconds_from_listed_to_connected": {kind: spread(values) for kind, values in took.items()},
        "keyboard_seen_as": sorted(room.numbers),
        "hanging_notes": room.hanging,
        "exit_status": status,
        "clients": {"after each kind once": clients[once], "at the end": clients[-1]},
        "files_threads_kilobytes": {"after each kind once": first, "at the end": last},
    }
    print(json.dumps(figures, indent=2))
    grew = clients[-1] != clients[once] or any(
        last[process][:2] != first[process][:2] or last[process][2] - first[process][2] > GROWTH for process in first
    )
    return int(grew or status != 0 or room.hanging > 0)


def spread(values: list[float]) -> dict[str, float]:
    """What is usual, and the worst."""
    ordered = sorted(values)
    return {"median": round(ordered[len(ordered) // 2], 2), "most": round(ordered[-1], 2)}


if __name__ == "__main__":
    sys.exit(main())
