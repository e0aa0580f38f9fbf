"""ALSA's real sequencer to play in: a USB keyboard of the kernel's own, instruments in software, and what is there.

For scripts that run as root on a throw-away machine with the kernel's dummy_hcd, usb_f_midi and snd-virmidi (see
usb_keyboard.sh).
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.daemon.graph_alsa import DEVICE, LIST, AlsaGraph
from tests.daemon import running
from tests.daemon.running import wait_until
from tests.jack.stage import Gathering, Heard, Piano

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
KEYS = "Test Keyboard MIDI 1"
"""The USB keyboard's port."""
CARD = Path("/sys/bus/platform/drivers/snd_virmidi")
"""A sound card that comes and goes at our word: while it is there, the keyboard's client has another number."""
GADGET = Path("/proc/asound/gadget")
"""The keyboard's inside, while its cable is in."""


class UsbKeyboard:
    """A keyboard that sounds too, and that the driver for real ones sees come and go."""

    def __init__(self) -> None:
        self.heard = Gathering()
        """What it was sent; what it sounds sounds on while its cable is out."""
        self._cable("setup")
        subprocess.run(["modprobe", "snd-virmidi"], check=True)  # noqa: S607  the system's
        self._other_card = True
        self._inside: int | None = None
        self.plug()

    def plug(self) -> None:
        """Put its cable in: soon the sequencer has it."""
        self._cable("plug")
        wait_until(GADGET.exists, "inside of the keyboard", running.PATIENCE)
        card = GADGET.readlink().name.removeprefix("card")
        inside = f"/dev/snd/midiC{card}D0"
        self._inside = os.open(inside, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        threading.Thread(target=self._hear, args=(os.open(inside, os.O_RDONLY | os.O_CLOEXEC),)).start()

    def unplug(self) -> None:
        """Pull it out."""
        self._cable("unplug")
        inside, self._inside = self._inside, None
        if inside is not None:
            os.close(inside)

    def renumber(self) -> None:
        """Have it come back under another number, once it is out."""
        (CARD / ("unbind" if self._other_card else "bind")).write_text("snd_virmidi.0")
        self._other_card = not self._other_card

    def send(self, *data: int) -> None:
        """Play one message. Raises `OSError` while the cable is out."""
        if self._inside is None:
            raise OSError("the cable is out")
        os.write(self._inside, bytes(data))

    def _hear(self, inside: int) -> None:
        """Until the cable is out. All that improvd sends has three bytes."""
        with open(inside, "rb", buffering=0) as arriving, suppress(OSError):
            while data := arriving.read(3):
                self.heard.add(Heard(time.monotonic(), data))

    @staticmethod
    def _cable(what: str) -> None:
        subprocess.run(["bash", str(HERE / "usb_keyboard.sh"), what], check=True)  # noqa: S603, S607  our own script


def instrument(name: str, *ports: str) -> Piano:
    """A piano in software, with its "midi", its "keys" or both."""
    return Piano(name, *ports, script=HERE / "alsa_piano.py")


def connected(port: str) -> float:
    """Wait until a port named ``port`` is there and improvd's; seconds in between."""
    graph = AlsaGraph()
    wait_until(lambda: graph.named(port), port, running.PATIENCE)
    listed = time.monotonic()
    wait_until(lambda: _is_ours(graph, port), f"connection with {port}", running.PATIENCE)
    return time.monotonic() - listed


def _is_ours(graph: AlsaGraph, port: str) -> bool:
    ours = (one for title in ("improvd in", "improvd in 2", "improvd out") for one in graph.named(title))
    return any(graph.named(port) & (graph.peers(one) or frozenset()) for one in ours)


def clients() -> tuple[int, int, int]:
    """How many clients, ports and connections improvd has at the sequencer."""
    counts = {"Client ": 0, "  Port ": 0, "    Connect": 0}
    ours = False
    for line in LIST.read_text().splitlines():
        ours = '"improvd' in line if line.startswith("Client ") else ours
        for start in counts:
            counts[start] += ours and line.startswith(start)
    found, ports, connections = counts.values()
    return found, ports, connections


@contextmanager
def no_more_clients() -> Iterator[int]:
    """As long as it lasts, the sequencer has no client left to give; how many were taken."""
    taken: list[int] = []
    with suppress(OSError):
        while True:
            taken.append(os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    try:
        yield len(taken)
    finally:
        for one in taken:
            os.close(one)
