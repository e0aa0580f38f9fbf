"""What stands and hangs together in a MIDI system, looked at so cheaply that it can be done twice a second.

python-rtmidi tells nothing when a port goes: its list of names, asked for again and again, is all there is. That list
misses a device that went and came back between two looks, to which nothing is connected any more. So where a system
can be asked for its connections, it is.

Used by the ports process only, on its main thread. Every call may block, as every call into a MIDI library may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Graph(Protocol):
    """One MIDI system's ports and connections. Names are those that python-rtmidi gives."""

    gone: bool
    """Whether the system ended, and all that was opened on it is dead."""
    joins: bool
    """Whether `join` can be had."""

    def stamp(self) -> Hashable:
        """Something that stays equal for as long as no port comes or goes and no connection is made or cut."""

    def named(self, port: str) -> frozenset[str]:
        """The ports that are named ``port``, whoever their client is: to tell by difference which one is ours."""

    def peers(self, port: str) -> frozenset[str] | None:
        """What is connected with ``port``, a name that `named` gave; None where that can't be seen."""

    def join(self, source: str, target: str) -> bool:
        """Connect two ports, one of which `named` gave, where it ``joins``; whether they are connected then."""


class NamesOnly:
    """A system of which nothing is seen but the names of its ports, given by ``names``."""

    gone = joins = False

    def __init__(self, names: Callable[[], Hashable]) -> None:
        self._names = names

    def stamp(self) -> Hashable:
        """All names."""
        return self._names()

    def named(self, _port: str) -> frozenset[str]:
        """Not known: which are ours can't be seen."""
        return frozenset()

    def peers(self, _port: str) -> frozenset[str] | None:
        """Not known."""
        return None

    def join(self, _source: str, _target: str) -> bool:
        """Not possible."""
        return False
