"""A player who plays on whatever happens to cables and servers."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.daemon.running import wait_until
from tests.jack.stage import melody, perform

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

PHRASE = melody(60, 64, 67, 72, beat=0.25)


class Restless:
    """Plays phrase after phrase, with pauses by ``lots``, on a thread of its own: ``press`` is given each message.

    Where that raises because the keyboard is out, the phrase ends there.
    """

    def __init__(self, press: Callable[..., object], lots: random.Random) -> None:
        self._press = press
        self._lots = lots
        self._over = False
        self._may_play = threading.Event()
        self._may_play.set()
        self._pauses = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def pause(self) -> None:
        """End the phrase, and play none until `go_on`; wait until it is so."""
        self._may_play.clear()
        wait_until(self._pauses.is_set, "end of the phrase")

    def go_on(self) -> None:
        """Play on."""
        self._pauses.clear()  # here, so that who has it pause again at once waits for that pause
        self._may_play.set()

    def stop(self) -> None:
        """End the phrase, and with it all."""
        self._over = True
        self._may_play.set()
        self._thread.join()

    def _play(self) -> None:
        while not self._over:
            with suppress(OSError, ValueError):  # the keyboard is out
                perform(PHRASE, self._press)
            time.sleep(self._lots.uniform(0.0, 2.0))  # as a player does
            if not self._may_play.is_set():
                self._pauses.set()
                self._may_play.wait()
