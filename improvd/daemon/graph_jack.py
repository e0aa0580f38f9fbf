"""JACK, seen through a client of its own that takes no part in the music.

python-rtmidi keeps its clients to itself, and they notice nothing when their server dies: they give the ports of old
from stale memory, and sending to them spins for ever after some 2,000 messages. JACK's own library tells of the end and
of connections; it is the very one that python-rtmidi is linked with. A client that is not activated has no part in
JACK's periods, so that watching costs the others nothing.

Ports process only. Every call may block, for ever where the server is stopped: call each within `watchdog.within`.
"""

from __future__ import annotations

import ctypes
import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

MIDI = b"8 bit raw midi"
NO_START_SERVER = 1

_Words = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_Ending = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_Names = ctypes.POINTER(ctypes.c_char_p)


class NoServerError(Exception):
    """No server answers."""


class JackGraph:
    """The ports and connections of the server that the environment names. Raises `NoServerError`.

    An attempt that fails costs no memory, as one by python-rtmidi would (17 kB).
    """

    joins = True

    def __init__(self) -> None:
        self._jack = _library()
        with self._in_silence():
            self._client = self._jack.jack_client_open(b"improvd-watch", NO_START_SERVER, None)
        if not self._client:
            raise NoServerError
        self.gone = False
        self._on_end = _Ending(self._end)  # kept: the library calls it from a thread of its own
        self._jack.jack_on_shutdown(self._client, self._on_end, None)

    def stamp(self) -> Hashable:
        """All MIDI ports, and with what ours are connected."""
        ports = self._ports()
        return tuple((port, self.peers(port)) for port in ports if port.startswith("improvd-")), ports

    def named(self, port: str) -> frozenset[str]:
        """See `Graph`."""
        return frozenset(full for full in self._ports() if full.partition(":")[2] == port)

    def peers(self, port: str) -> frozenset[str] | None:
        """See `Graph`."""
        found = self._jack.jack_port_by_name(self._client, port.encode())
        if not found:
            return frozenset()
        return frozenset(self._taken(self._jack.jack_port_get_all_connections(self._client, found)))

    def join(self, source: str, target: str) -> bool:
        """See `Graph`: one call to the server, where to close a port and open it anew takes three."""
        code = self._jack.jack_connect(self._client, source.encode(), target.encode())
        return code in (0, errno.EEXIST)

    def _end(self, _argument: object) -> None:
        self.gone = True

    def _ports(self) -> tuple[str, ...]:
        return self._taken(self._jack.jack_get_ports(self._client, None, MIDI, 0))

    def _taken(self, names: ctypes._Pointer[ctypes.c_char_p]) -> tuple[str, ...]:
        """The strings of a list that the library made, which is given back."""
        found: list[str] = []
        while names and (name := names[len(found)]) is not None:
            found.append(name.decode(errors="replace"))
        self._jack.jack_free(names)
        return tuple(found)

    @contextmanager
    def _in_silence(self) -> Iterator[None]:
        """Keep the library from telling at length that there is no server."""
        silence = _Words(lambda _words: None)
        self._jack.jack_set_error_function(silence)
        self._jack.jack_set_info_function(silence)
        try:
            yield
        finally:
            self._jack.jack_set_error_function(_Words())
            self._jack.jack_set_info_function(_Words())


def _library() -> ctypes.CDLL:
    """JACK's library as python-rtmidi has it: a wheel brings its own, and two kinds in one process would clash."""
    from rtmidi import _rtmidi  # noqa: PLC0415  ports process only

    jack = ctypes.CDLL(_rtmidi.__file__)  # what it is linked with is found through it
    client, text = ctypes.c_void_p, ctypes.c_char_p
    jack.jack_client_open.argtypes, jack.jack_client_open.restype = (text, ctypes.c_int, ctypes.c_void_p), client
    jack.jack_on_shutdown.argtypes, jack.jack_on_shutdown.restype = (client, _Ending, ctypes.c_void_p), None
    jack.jack_get_ports.argtypes, jack.jack_get_ports.restype = (client, text, text, ctypes.c_ulong), _Names
    jack.jack_port_by_name.argtypes, jack.jack_port_by_name.restype = (client, text), ctypes.c_void_p
    jack.jack_port_get_all_connections.argtypes = (client, ctypes.c_void_p)
    jack.jack_port_get_all_connections.restype = _Names
    jack.jack_connect.argtypes, jack.jack_connect.restype = (client, text, text), ctypes.c_int
    jack.jack_free.argtypes, jack.jack_free.restype = (_Names,), None
    for name in ("jack_set_error_function", "jack_set_info_function"):
        getattr(jack, name).argtypes, getattr(jack, name).restype = (_Words,), None
    return jack
