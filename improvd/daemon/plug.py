"""One direction of a MIDI system: a client, and the port that it is connected with while that is there.

Ports process only, on its main thread. Every call may block, for ever where a sound server is stopped or dead.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import rtmidi

from improvd.daemon.hearing import listen
from improvd.daemon.portnames import find
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from improvd.daemon.graph import Graph

DRAINING = 0.002
"""Seconds in which RtMidi's thread gets out of our callback before the port closes: closing waits for that thread, and
never lets go of the lock that it would need."""


class Plug:
    """A port of ours. ``wanted`` is the name, or part of it, of the one to connect with; "": wait to be connected.

    ``title`` is our port's own name, ``direction`` "input" or "output". ``hear``, for an input, is called on RtMidi's
    thread. ``name`` is that of the port connected with, or our own where we wait to be connected; empty while what is
    wanted isn't there, and then ``problem`` says in a line what there is instead.
    """

    def __init__(
        self,
        client: rtmidi.MidiIn | rtmidi.MidiOut,
        graph: Graph,
        *,
        title: str,
        direction: str,
        wanted: str,
        hear: Callable[..., None] | None = None,
    ) -> None:
        self.wanted = wanted
        self.name = ""
        self.problem = ""
        self.again = False
        """Whether to look again although nothing came or went: what is there could not be connected with."""
        self.ours = ""
        """Our port's full name, where it can be seen: never to be connected with by ourselves."""
        self._client = client
        self._graph = graph
        self.title = title
        self._direction = direction
        self._hear = hear
        self._last = ""
        self._stands = False  # our port, connected or not

    def look(self, not_for_us: Collection[str]) -> None:
        """Let go of what is gone, and at another look connect with what is there, but for what is ``not_for_us``.

        Two looks, so that one that went and came back meanwhile is still told as gone: it may have forgotten what
        sounds, and we what is held. Raises nothing for what another program or a cable does.
        """
        self.again = False
        if self.name and not self._holds():
            self._lose()
            self.problem = f"the MIDI {self._direction} '{self._last}' is gone"
            self.again = True
        elif not self.name:
            try:
                self._connect(not_for_us)
            except MidiError as error:
                self.problem = str(error)
            except rtmidi.RtMidiError as error:  # it went away in between
                self._fail(str(error))

    def want(self, wanted: str, hear: Callable[..., None] | None = None) -> None:
        """Let go, and connect with another at the next look; not for one that waits to be connected, nor to become one.

        An ALSA port that others have connected to would go on hearing them.
        """
        self._let_go()
        self.wanted, self._hear = wanted, hear
        self._last = self.problem = ""

    def there(self) -> list[str]:
        """The names of all ports that it could be connected with."""
        names: list[str] = self._client.get_ports()
        return names

    def send(self, data: bytes) -> None:
        """Send one message, where it is an output and connected."""
        self._client.send_message(data)

    def close(self) -> None:
        """Let go of the port and the client: nothing is heard or sent afterwards."""
        self._let_go()
        self._client.delete()

    def _holds(self) -> bool:
        if not self.wanted:
            return True  # a port of our own stays, whoever comes and goes at its other end
        peers = self._graph.peers(self.ours) if self.ours else None
        return self.name in (self.there() if peers is None else peers)

    def _connect(self, not_for_us: Collection[str]) -> None:
        before = self._graph.named(self.title)
        if not self.wanted:
            self._listen()
            self._client.open_virtual_port(self.title)
            self.name = self.title
        else:
            names = self.there()
            others = [name for name in names if name not in not_for_us]
            name = others[find(others, self.wanted, self._last, self._direction)]
            if not self._join(name):
                self._listen()
                self._client.open_port(names.index(name), self.title)
                self._stands = True
            self.name = self._last = name
        self.problem = ""
        self.ours = next(iter(self._graph.named(self.title) - before), "") or self.ours
        if not self._holds():  # connected with nothing, or with what took the other's place in the list just then
            self._fail("it is not connected afterwards")

    def _lose(self) -> None:
        """What it was connected with is gone. Where our port can be joined with it again, it stays as it is.

        To close it and to open it anew took JACK's server seconds on a busy machine, with nothing sent meanwhile.
        """
        self.name = ""
        if not (self._graph.joins and self.ours):
            self._let_go()

    def _join(self, name: str) -> bool:
        """Connect our port, where it still stands; whether it is connected then."""
        if self._stands:
            ends = (name, self.ours) if self._direction == "input" else (self.ours, name)
            if self._graph.join(*ends):
                return True
            self._let_go()
        return False

    def _fail(self, why: str) -> None:
        self._let_go()
        self.again = True
        self.problem = f"the MIDI {self._direction} '{self._last or self.wanted}' can't be opened: {why}"

    def _listen(self) -> None:
        if self._hear is not None:
            # Each time anew: after a port was closed and opened again the old callback is never called.
            listen(self._client, self._hear)

    def _let_go(self) -> None:
        if self._hear is not None:
            self._client.cancel_callback()
            time.sleep(DRAINING)
        self._client.close_port()
        self.name = ""
        self._stands = False
