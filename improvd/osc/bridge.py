"""Between OSC and the session: what is asked for is asked there, what happens there is told.

Runs on the event loop of OSC's process; nothing blocks, and who doesn't listen is not waited for.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from improvd.config.live import live_option
from improvd.control.link import Link
from improvd.errors import UserError
from improvd.osc.asking import NOBODY, Asking
from improvd.osc.beats import BeatTeller
from improvd.osc.ear import Ear
from improvd.osc.news import BEAT, ERROR, STANDING, WATCHED, News
from improvd.osc.packets import Message, write
from improvd.osc.questions import Questions
from improvd.osc.wishes import ROOT, Mute, Press, Refresh, Set, Tell, wish_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from improvd.osc.ear import Sender
    from improvd.osc.packets import Said


class Bridge:
    """``control`` is the path of the session's control socket.

    ``ear`` is the socket at which others are heard, None: nobody is; ``mouths`` lead each to one who is told.
    """

    def __init__(self, control: Path, ear: socket.socket | None, mouths: Sequence[socket.socket]) -> None:
        self._link = Link(control, self._on_event, self._on_link, WATCHED)
        self._socket = ear
        self._mouths = mouths
        self._ear = None if ear is None else Ear(ear, self._hear)
        self._news = News()
        self._beats = BeatTeller(lambda number: self._tell([Message(BEAT, (number,))]))
        self._asking = Asking(self._link, self._refuse)
        self._questions = Questions(self._answer, lambda sender: self._refuse(sender, NOBODY))

    async def run(self, end: asyncio.Event) -> None:
        """Until ``end`` is set."""
        linked = asyncio.ensure_future(self._link.run())
        if self._ear is not None:
            self._ear.open()
        try:
            await end.wait()
        finally:
            if self._ear is not None:
                self._ear.close()
            self._questions.close()
            await self._asking.close()
            linked.cancel()
            await asyncio.gather(linked, return_exceptions=True)
            self._beats.rest()
            self._tell(self._news.lost())

    # -- from OSC to the session

    def _hear(self, said: Said, sender: Sender) -> None:
        try:
            self._do(said, sender)
        except UserError as error:
            self._refuse(sender, str(error))

    def _do(self, said: Said, sender: Sender) -> None:
        """Raises `UserError` for what can't be done."""
        wish = wish_of(said)
        if isinstance(wish, Set):
            self._asking.set(wish.name, wish.value, sender)
        elif isinstance(wish, Press):
            self._asking.do(sender, "press", name=wish.name)
        elif isinstance(wish, Mute):
            self._asking.do(sender, "mute", on=wish.on)
        elif isinstance(wish, Tell):
            self._inform(sender, wish.address)
        elif isinstance(wish, Refresh):
            self._tell(self._news.all())

    def _inform(self, sender: Sender, address: str) -> None:
        """Say what stands at an address, as soon as that is known. Raises `UserError` where nothing ever does."""
        if address in self._news.told:
            self._answer(sender, Message(address, self._news.told[address]))
            return
        if address not in STANDING:
            live_option(address.removeprefix(ROOT))
        self._questions.ask(address, sender)

    # -- from the session to OSC

    def _on_event(self, event: Mapping[str, Any], _line: str) -> None:
        if event["event"] == "pace":
            self._beats.hear(event)
        else:
            self._tell(self._news.hear(event))
            self._questions.settle(self._news.told)

    def _on_link(self, is_up: bool) -> None:
        if not is_up:
            self._beats.rest()
            self._tell(self._news.lost())

    def _tell(self, messages: Iterable[Message]) -> None:
        """Tell all who are told."""
        for packet in map(write, messages):
            for mouth in self._mouths:
                with suppress(OSError):  # nobody is there, or too much is on its way
                    mouth.send(packet)

    def _refuse(self, sender: Sender, why: str) -> None:
        self._answer(sender, Message(ERROR, (why,)))

    def _answer(self, sender: Sender, message: Message) -> None:
        if self._socket is not None:
            with suppress(OSError):  # as above
                self._socket.sendto(write(message), sender)
