"""Cables out and in, servers killed and started, again and again, while a player plays on; what that leaves behind.

Used by a test in short and by ``benchmarks/reconnects.py`` in full.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.recorder import folder, journal
from tests.daemon.running import children, command_of, is_alive, wait_until
from tests.jack.restless import Restless
from tests.jack.stage import LAST, Duet, JackServer, Piano, sounding

if TYPE_CHECKING:
    import random

NAMES = ("--in", "keyboard:keys", "--out", "module:midi", "--seed", "1")
BACK, GONE = "the ports are back", "is gone; waiting for it"
SOON = 0.5
"""Seconds within which the recording has what was played, on a busy machine too."""
ON_ITS_WAY = 0.2
"""Seconds that a message may take from one process to another on such a machine."""


def footprint(engine: int) -> dict[str, tuple[int, int, int]]:
    """By process: file descriptors, threads, and kilobytes of its own in memory. The engine's and the ports'."""
    (ports,) = (child for child in children(engine) if "daemon.ports" in command_of(child))
    return {"engine": _footprint(engine), "ports": _footprint(ports)}


def _footprint(process: int) -> tuple[int, int, int]:
    place = Path(f"/proc/{process}")
    own = re.search(r"RssAnon:\s+(\d+)", (place / "status").read_text())
    assert own
    return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir())), int(own[1])


class Cycles:
    """Keyboard and synth on ``server``, improvd between them writing ``trace``, and a player who doesn't stop."""

    def __init__(self, server: JackServer, trace: Path, lots: random.Random, *, page: bool = False) -> None:
        self._sessions = trace.with_name("sessions")
        self._options = (*NAMES, "--recordings", str(self._sessions), "--page" if page else "--no-page")
        self._played: list[tuple[float, bytes]] = []
        self._settled = time.monotonic()
        self.lost: list[float] = []
        """Of each kill, how many seconds before it the recording has a message less than was played; 0: it has all."""
        self.played = self.missing = 0
        """Messages played before kills since all was well, and those that the recording has not."""
        self._server = server
        self._lots = lots
        self._keyboard, self._synth = Piano("keyboard"), Piano("module")
        self._hung: set[tuple[int, int]] = set()
        self.hanging = 0
        """Notes that sounded on at the synth although everybody was silent."""
        self.cables = {
            "keyboard out and in": self._keyboard_out_and_in,
            "synth out and in": self._synth_out_and_in,
            "synth out for an instant": self._synth_out_for_an_instant,
            "JACK killed and started": self._server_killed_and_started,
        }
        self.processes = {
            "ports killed": lambda: self._child_killed("daemon.ports"),
            "model killed": lambda: self._child_killed("daemon.worker"),
            "page killed": lambda: self._child_killed("page.process"),
            "engine killed": self._engine_killed,
            "all killed at once": self._all_killed,
        }
        self._trace = trace
        self.running = Duet(trace, *self._options)
        self._player = Restless(self._press, lots)

    def footprint(self) -> dict[str, tuple[int, int, int]]:
        """As the function."""
        return footprint(self.running.process.pid)

    def counted(self) -> dict[str, dict[str, float]]:
        """What kills cost the recording."""
        lost = round(max(self.lost, default=0.0), 3)
        counts = {"messages_before_kills": self.played, "missing": self.missing, "most_seconds_lost": lost}
        return {"recording": counts}

    def cycle(self, kind: str) -> float:
        """One of that kind, at any moment of a call or an answer; seconds from what is done until all is back."""
        time.sleep(self._lots.uniform(0.0, 3.0))  # when a cable goes is nobody's choice
        done = (self.cables | self.processes)[kind]()
        took = time.monotonic() - done
        self._settle()
        return took

    def close(self) -> int:
        """End it all; improvd's exit status."""
        self._player.stop()
        status = self.running.end()
        self._keyboard.close()
        self._synth.close()
        return status

    # -- each does its deed and waits until all is back; the time when it was done

    def _keyboard_out_and_in(self) -> float:
        missed, back = self._said(GONE), self._said(BACK)
        self._keyboard.close()
        self.running.wait_line(GONE, missed + 1)
        self._keyboard = Piano("keyboard")
        return self._wait(BACK, back)

    def _synth_out_and_in(self) -> float:
        missed, back = self._said(GONE), self._said(BACK)
        self._synth.unplug("midi")
        self.running.wait_line(GONE, missed + 1)
        self._synth.plug("midi")
        return self._wait(BACK, back)

    def _synth_out_for_an_instant(self) -> float:
        back = self._said(BACK)
        self._synth.unplug("midi")
        self._synth.plug("midi")
        return self._wait(BACK, back)

    def _server_killed_and_started(self) -> float:
        back = self._said(BACK)
        self._server.end(signal.SIGKILL)
        self._keyboard.close()
        self._synth.close()
        assert self._server.start()
        self._keyboard, self._synth = Piano("keyboard"), Piano("module")
        self._hung.clear()
        return self._wait(BACK, back)

    def _child_killed(self, role: str) -> float:
        line = {"daemon.ports": BACK, "daemon.worker": "the model is back", "page.process": "the page is back"}[role]
        back = self._said(line)
        process, done = self.running.child(role), time.monotonic()
        os.kill(process, signal.SIGKILL)
        self._wait(line, back)
        self._count_lost(done)
        return done

    def _engine_killed(self) -> float:
        """Its children release what sounds, and end; then it is started again."""
        left = children(self.running.process.pid)
        done = time.monotonic()
        self.running.kill()
        wait_until(lambda: not any(map(is_alive, left)), "end of the children")
        self._count_lost(done)
        self._settle()
        waited = self._hear_out()
        self._start_again()
        return done + waited

    def _all_killed(self) -> float:
        """Nobody is left to release anything: the next one silences the synth before all else."""
        done = time.monotonic()
        for child in children(self.running.process.pid):
            os.kill(child, signal.SIGKILL)
        self.running.kill()
        self._count_lost(done)
        waited = self._hear_out()
        before = len(self._synth.heard.all())
        self._start_again()
        self._hung |= sounding(self._synth.heard.all()[: before + len(LAST)])  # until then
        return done + waited

    def _hear_out(self) -> float:
        """Wait until the synth has heard what was sent to it, by whom is no more; seconds that this took."""
        began, heard = time.monotonic(), self._synth.heard.all
        wait_until(lambda: time.monotonic() - max([began, *(item.at for item in heard()[-1:])]) > ON_ITS_WAY, "silence")
        return time.monotonic() - began

    def _start_again(self) -> None:
        """As a service manager does; the first that the synth hears of it is silence."""
        before = len(self._synth.heard.all())
        self.running = Duet(self._trace, *self._options)
        heard = self._synth.heard.wait(lambda items: len(items) >= before + len(LAST), "panic")
        assert [item.data for item in heard[before : before + len(LAST)]] == LAST

    def _count_lost(self, killed: float) -> None:
        """What was played since all was well, and before something was ``killed``, but isn't in the recording."""
        kept = [
            (event.at, event.data)
            for path in folder.journals(self._sessions)
            for event in journal.read(path.read_bytes()).heard
        ]
        played = [(at, data) for at, data in self._played if self._settled < at < killed]
        missing = [
            at for at, data in played if not any(data == found and 0 <= heard - at < SOON for heard, found in kept)
        ]
        self.played += len(played)
        self.missing += len(missing)
        self.lost.append(killed - min(missing) if missing else 0.0)

    def _wait(self, line: str, before: int) -> float:
        done = time.monotonic()
        self.running.wait_line(line, before + 1)
        return done

    def _said(self, part: str) -> int:
        return sum(part in line for line in self.running.lines)

    def _settle(self) -> None:
        """The player ends a phrase and pauses, and then improvd does: what sounds on hangs."""
        self._player.pause()
        with suppress(AssertionError):
            wait_until(lambda: sounding(self._synth.heard.all()) <= self._hung, "silence")
        left = sounding(self._synth.heard.all()) - self._hung
        self.hanging += len(left)
        self._hung |= left
        self._settled = time.monotonic()
        self._player.go_on()

    def _press(self, *data: int) -> None:
        self._played.append((time.monotonic(), bytes(data)))
        self._keyboard.send(*data)
