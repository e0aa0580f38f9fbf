"""The page's process, started as the engine starts it."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from improvd.daemon.messages import Close, OpenPage, Serves
from improvd.daemon.wire import Peer
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Serving:
    """A page at ``port`` of this machine, a client of the control socket ``control``."""

    def __init__(
        self, control: Path, *, host: str = "127.0.0.1", token: str = "", cert: str = "", key: str = ""
    ) -> None:
        self._listening = socket.create_server((host, 0), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if cert else 'http'}://127.0.0.1:{self.port}"
        self._order = OpenPage(
            (self._listening.fileno(),), str(control), (), token, cert, key, str(control.with_name("recordings"))
        )

    def start(self) -> None:
        """Start the process, or start it afresh, and wait until it serves."""
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "improvd.page.process", str(theirs.fileno())],
            pass_fds=[theirs.fileno(), self._listening.fileno()],
        )
        theirs.close()
        self.engine = Peer(ours)
        self.engine.send(self._order)
        said = []
        while not said:
            assert select.select([self.engine], [], [], PATIENCE)[0], "the page does not serve"
            said = self.engine.receive()
            assert not self.engine.lost, said
        assert said == [Serves()], said

    def stop(self) -> None:
        """End the process as the engine does."""
        self.engine.send(Close())
        try:
            assert self.process.wait(PATIENCE) == 0
        finally:
            self.process.kill()
            self.process.wait()
            self.engine.close()

    def close(self) -> None:
        """End it, and give the port back."""
        self.stop()
        self._listening.close()


@contextmanager
def serving(control: Path, **more: str) -> Iterator[Serving]:
    """A page that serves for as long as the block takes."""
    page = Serving(control, **more)
    page.start()
    try:
        yield page
    finally:
        page.close()
