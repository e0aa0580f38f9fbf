"""Cables out and in, servers killed and started, again and again, while a player plays on; what that leaves behind.

Used by a test in short and by ``benchmarks/reconnects.py`` in full.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.daemon.running import children, command_of, wait_until
from tests.jack.stage import Duet, JackServer, Piano, melody, sounding

if TYPE_CHECKING:
    import random

NAMES = ("--in", "keyboard:keys", "--out", "module:midi", "--seed", "1")
BACK, GONE = "the ports are back", "is gone; waiting for it"
PHRASE = melody(60, 64, 67, 72, beat=0.25)


def footprint(engine: int) -> dict[str, tuple[int, int, int]]:
    """By process: file descriptors, threads, and kilobytes of its own in memory. The engine's and the ports'."""
    (ports,) = (child for child in children(engine) if "daemon.ports" in command_of(child))
    return {"engine": _footprint(engine), "ports": _footprint(ports)}


def _footprint(process: int) -> tuple[int, int, int]:
    folder = Path(f"/proc/{process}")
    own = re.search(r"RssAnon:\s+(\d+)", (folder / "status").read_text())
    assert own
    return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir())), int(own[1])


class Cycles:
    """Keyboard and synth on ``server``, improvd between them writing ``trace``, and a player who doesn't stop."""

    def __init__(self, server: JackServer, trace: Path, lots: random.Random) -> None:
        self._server = server
        self._lots = lots
        self._keyboard, self._synth = Piano("keyboard"), Piano("module")
        self._hung: set[tuple[int, int]] = set()
        self.hanging = 0
        """Notes that sounded on at the synth although everybody was silent."""
        self.kinds = {
            "keyboard out and in": self._keyboard_out_and_in,
            "synth out and in": self._synth_out_and_in,
            "synth out for an instant": self._synth_out_for_an_instant,
            "JACK killed and started": self._server_killed_and_started,
        }
        self._over = False
        self._may_play = threading.Event()
        self._may_play.set()
        self.running = Duet(trace, *NAMES)
        self._player = threading.Thread(target=self._play)
        self._player.start()

    def cycle(self, kind: str) -> float:
        """One of that kind, at any moment of a call or an answer; seconds from its return until all is back."""
        time.sleep(self._lots.uniform(0.0, 3.0))  # when a cable goes is nobody's choice
        before = self._said(BACK)
        self.kinds[kind]()
        returned = time.monotonic()
        self.running.wait_line(BACK, before + 1)
        took = time.monotonic() - returned
        self._settle()
        return took

    def close(self) -> int:
        """End it all; improvd's exit status."""
        self._over = True
        self._may_play.set()
        self._player.join()
        status = self.running.end()
        self._keyboard.close()
        self._synth.close()
        return status

    def _keyboard_out_and_in(self) -> None:
        missed = self._said(GONE)
        self._keyboard.close()
        self.running.wait_line(GONE, missed + 1)
        self._keyboard = Piano("keyboard")

    def _synth_out_and_in(self) -> None:
        missed = self._said(GONE)
        self._synth.unplug("midi")
        self.running.wait_line(GONE, missed + 1)
        self._synth.plug("midi")

    def _synth_out_for_an_instant(self) -> None:
        self._synth.unplug("midi")
        self._synth.plug("midi")

    def _server_killed_and_started(self) -> None:
        self._server.end(signal.SIGKILL)
        self._keyboard.close()
        self._synth.close()
        assert self._server.start()
        self._keyboard, self._synth = Piano("keyboard"), Piano("module")
        self._hung.clear()

    def _said(self, part: str) -> int:
        return sum(part in line for line in self.running.lines)

    def _settle(self) -> None:
        """The player pauses, and then improvd does: what sounds on hangs."""
        self._may_play.clear()
        with suppress(AssertionError):
            wait_until(lambda: sounding(self._synth.heard.all()) <= self._hung, "silence")
        left = sounding(self._synth.heard.all()) - self._hung
        self.hanging += len(left)
        self._hung |= left
        self._may_play.set()

    def _play(self) -> None:
        while not self._over:
            with suppress(OSError, ValueError):  # the keyboard is out
                self._keyboard.play(PHRASE)
            time.sleep(self._lots.uniform(0.0, 2.0))  # as a player does
            self._may_play.wait()
