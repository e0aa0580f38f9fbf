"""One process of a session as the engine's sees it: what it says is taken in here, and what its end means is decided.

All on the engine's thread; nothing here blocks, but for the moment that a child's exit status takes to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from improvd.daemon import status
from improvd.daemon.clock import now
from improvd.daemon.log import Level
from improvd.daemon.messages import Failed
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from improvd.core.events import Seconds
    from improvd.daemon.child import Child, Keeper
    from improvd.daemon.complaints import Complaints
    from improvd.daemon.duet import Duet
    from improvd.daemon.family import Family
    from improvd.daemon.log import Say

    Handler = Callable[[Any, Seconds], None]


class Company(NamedTuple):
    """What all members of a session have to do with.

    ``say`` takes a line for the player, ``debug`` one of detail; neither blocks.
    """

    family: Family
    duet: Duet
    complaints: Complaints
    say: Say
    debug: Callable[[str], None]


class Member:
    """The process that ``keeper`` keeps.

    ``handlers`` take in its messages, by their type, with the time; a message without one is passed over.
    """

    def __init__(self, keeper: Keeper, company: Company, handlers: Mapping[type, Handler]) -> None:
        self.keeper = keeper
        self._company = company
        self._handlers: dict[type, Handler] = {Failed: self._on_failed, **handlers}

    def receive(self) -> None:
        """Take in what it said since the last time. Raises `UserError` where it says that there can be no start."""
        for message in self.keeper.receive():
            handle = self._handlers.get(type(message))
            if handle is not None:
                handle(message, now())

    def lost(self, why: str, at: Seconds) -> None:
        """It is of no more use, or none could be started. Raises `UserError` where there can be no start without it."""
        if self.keeper.child is not None:
            self._company.family.hear_noise(self.keeper.child)
        self._company.debug(f"{self.keeper.title}: {why}")
        self._lost(why, at)

    def _lost(self, why: str, at: Seconds) -> None:
        if self.keeper.child is None:
            self._company.complaints.outside(self.keeper, f"the {self.keeper.title} {why}")
        else:
            self._ended(why, at)

    def _ended(self, why: str, at: Seconds) -> None:
        """The child is to be given up, and it is to be seen to that there is another."""
        raise NotImplementedError

    def _on_failed(self, failed: Failed, _at: Seconds) -> None:
        self._company.debug(f"{self.keeper.title}: {failed.message}")
        if failed.theirs and not self._company.duet.on and not self.keeper.ready:
            raise UserError(failed.message)
        if failed.theirs:
            self._company.complaints.outside(self.keeper, failed.message)


class Indispensable(Member):
    """One without which there is no duet: where its first process never serves, nothing starts.

    Where a later one ends, another is started, and the duet is told what is lost with it.
    """

    def _ended(self, why: str, at: Seconds) -> None:
        served, child = self.keeper.ready, self.keeper.child
        excused = self.keeper in self._company.complaints  # it said itself what ended it
        self.keeper.lose(at, at_once=served and excused)
        if not served and not self._company.duet.on:
            self._never_started(why, child)
        if served and not excused:
            self._company.say(status.ended(self.keeper.title), Level.WARNING)
        self._missed(at, served=served)

    def _never_started(self, why: str, child: Child | None) -> None:  # noqa: ARG002  the ports' looks at it
        """The first ``child`` ended before it served. Raises `UserError` unless another is waited for."""
        raise UserError(status.never_started(self.keeper.title, why))

    def _missed(self, at: Seconds, *, served: bool) -> None:
        """What the child would have done, and had done where it had ``served``, is no more."""
        raise NotImplementedError
