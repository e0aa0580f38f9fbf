"""Others in an Ableton Link session, and a network in which nobody else is."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from bisect import bisect
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.daemon.running import PATIENCE
from tests.jack.stage import Gathering

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_NETWORK = 0x40000000
SET_FLAGS, UP_AND_MULTICAST = 0x8914, 0x1 | 0x1000


class Seen(NamedTuple):
    """What a peer saw at a time."""

    at: float
    beat: float
    bpm: float
    playing: bool
    others: int


OLDER = 2.0
"""Of two sessions that meet, the one begun earlier goes on; by half a second or little more, chance decides."""


class LinkPeer:
    """A peer in a process of its own, which joins ``late`` seconds after it is there."""

    def __init__(self, bpm: float, late: float = 0.0) -> None:
        self.seen = Gathering()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "peer.py"), str(bpm), str(late)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            at, beat, bpm, playing, others = map(float, line.split())
            self.seen.add(Seen(at, beat, bpm, bool(playing), int(others)))
        self._process.stdout.close()

    def tell(self, line: str) -> float:
        """Have it do something; when."""
        at = time.monotonic()
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return at

    def wait(self, **hoped: object) -> None:
        """Until it sees this."""
        self.seen.wait(lambda all_: all_ and all_[-1]._asdict().items() >= hoped.items(), str(hoped))

    def grow_older(self) -> None:
        """Until its session is older than any that begins now."""
        self.seen.wait(lambda all_: all_ and all_[-1].at - all_[0].at > OLDER, "session that lasts")

    def beat_at(self, at: float) -> float:
        """The beat that fell at a time, as it saw it about then."""
        seen = self.seen.all()
        nearest = seen[max(bisect(seen, (at,)) - 1, 0)]
        return nearest.beat + (at - nearest.at) * nearest.bpm / 60

    def vanish(self) -> None:
        """Go without a word, as a computer does whose battery is empty."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()

    def close(self) -> None:
        """Leave."""
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(PATIENCE)
            self._reader.join()


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and what it starts meanwhile, on a network of nothing but a loopback, where that is allowed.

    Elsewhere it is the machine's own, on which others may be in a session.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(NEW_NETWORK) == 0:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH22x", b"lo", UP_AND_MULTICAST))
        yield
    finally:
        libc.setns(before, NEW_NETWORK)
        os.close(before)


@contextmanager
def network_of_peers() -> Iterator[None]:
    """The same where peers find each other; where they don't a skip, or a failure where all is required."""
    with own_network():
        one, other = LinkPeer(120.0), LinkPeer(90.0)
        limit = time.monotonic() + PATIENCE
        while not any(seen.others for seen in one.seen.all()[-1:]) and time.monotonic() < limit:
            time.sleep(0.05)  # nobody tells that peers don't find each other
        found = any(seen.others for seen in one.seen.all()[-1:])
        one.close()
        other.close()
        if not found:
            line = "peers of Ableton Link don't find each other here: it takes a network with multicast"
            (pytest.fail if os.environ.get("IMPROVD_REQUIRE") == "all" else pytest.skip)(line)
        yield
