"""A USB keyboard pulled out and put in, again and again, on ALSA, while a player plays on: for `reconnects.py`."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from alsa_room import KEYS, UsbKeyboard, clients, connected, instrument

from improvd.daemon.graph_alsa import AlsaGraph
from tests.daemon.running import Running
from tests.jack.cycles import GONE, footprint
from tests.jack.restless import Restless
from tests.jack.stage import sounding

if TYPE_CHECKING:
    import random


class UsbCycles:
    """Keyboard and synth, improvd between them with thru, and a player who doesn't stop.

    The times are the kernel's: from when it lists a port to when it lists improvd's connection with it.
    """

    def __init__(self, lots: random.Random) -> None:
        self._lots = lots
        self._keyboard, self._synth = UsbKeyboard(), instrument("module", "midi")
        self.hanging = 0
        """Notes that sounded on at the synth although everybody was silent."""
        self._heard = 0
        self._seen: set[str] = set()
        self.usb = {
            "keyboard out and in": self._out_and_in,
            "keyboard back under another number": self._back_under_another,
            "keyboard out for an instant": self._out_for_an_instant,
            "synth killed and started": self._synth_killed,
        }
        names = ["--api", "alsa", "--in", KEYS, "--out", "module:midi", "--thru", "--seed", "1"]
        self.running = Running(["-m", "improvd", "run", *names, "--no-page"])
        self.running.wait_line("ready: ")
        connected(KEYS)
        self._player = Restless(self._keyboard.send, lots)

    def footprint(self) -> dict[str, tuple[int, int, int]]:
        """As the function; and what of improvd's stands at the sequencer: clients, ports, connections."""
        return {**footprint(self.running.process.pid), "sequencer": clients()}

    def counted(self) -> dict[str, object]:
        """What the synth was sent, and under which numbers the keyboard was there."""
        return {"notes_at_the_synth": self._heard, "keyboard_seen_as": sorted(self._seen)}

    def cycle(self, kind: str) -> float:
        """One of that kind, at any moment of a call or an answer; seconds until what is back is improvd's."""
        time.sleep(self._lots.uniform(0.0, 3.0))  # when a cable goes is nobody's choice
        took = connected(self.usb[kind]())
        self._seen |= AlsaGraph().named(KEYS)
        self._settle()
        return took

    def close(self) -> int:
        """End it all; improvd's exit status."""
        self._player.stop()
        status = self.running.end()
        self._keyboard.unplug()
        self._synth.close()
        return status

    # -- each does its deed; the port that is to be improvd's again

    def _out_and_in(self) -> str:
        missed = sum(GONE in line for line in self.running.lines)
        self._keyboard.unplug()
        self.running.wait_line(GONE, missed + 1)
        self._keyboard.plug()
        return KEYS

    def _back_under_another(self) -> str:
        self._keyboard.unplug()
        self._keyboard.renumber()
        self._keyboard.plug()
        return KEYS

    def _out_for_an_instant(self) -> str:
        self._keyboard.unplug()
        self._keyboard.plug()
        return KEYS

    def _synth_killed(self) -> str:
        self._count()
        self._synth.close()
        self._synth = instrument("module", "midi")
        return "midi"

    def _settle(self) -> None:
        """The player ends a phrase and pauses, and then improvd does: what sounds on hangs."""
        self._player.pause()
        with suppress(AssertionError):
            self._synth.heard.wait(lambda items: not sounding(items), "silence")
        self.hanging += len(sounding(self._synth.heard.all()))
        self._count()
        self._player.go_on()

    def _count(self) -> None:
        self._heard += sum(item.is_on for item in self._synth.heard.all())
        self._synth.heard.clear()
