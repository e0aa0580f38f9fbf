"""The processes that a duet can do without, as the engine's sees them: the page, OSC, the Link session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import LinkState
from improvd.daemon import status
from improvd.daemon.log import Level
from improvd.daemon.member import Member
from improvd.daemon.messages import Serves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from improvd.core.events import Seconds
    from improvd.daemon.child import Keeper
    from improvd.daemon.held import Held
    from improvd.daemon.linked import Linked
    from improvd.daemon.member import Company, Handler


class BesideMember(Member):
    """One beside the duet; ``welcome`` is the line for the player once it serves."""

    def __init__(
        self, keeper: Keeper, company: Company, welcome: str, handlers: Mapping[type, Handler] | None = None
    ) -> None:
        super().__init__(keeper, company, {Serves: self._on_serves, **(handlers or {})})
        self._welcome = welcome

    def _on_serves(self, _serves: Serves, at: Seconds) -> None:
        self.keeper.serves(at)
        self._greet()

    def _greet(self) -> None:
        missed = self._company.complaints.serves(self.keeper)
        self._company.say(f"the {self.keeper.title} is back" if missed else self._welcome)

    def _ended(self, why: str, at: Seconds) -> None:  # noqa: ARG002  that it ended is enough
        """The duet goes on without it, until it is back."""
        if self.keeper not in self._company.complaints:
            self._company.complaints.ended(self.keeper)
        self.keeper.lose(at)


class LinkMember(BesideMember):
    """The Link session, which ``link`` comes and goes by."""

    def __init__(self, company: Company, held: Held, link: Linked) -> None:
        super().__init__(link.keeper, company, link.welcome, {LinkState: company.duet.hear_link})
        self._held = held
        self._link = link

    def _on_serves(self, _serves: Serves, at: Seconds) -> None:
        self._link.serves(at)
        self._greet()

    def _ended(self, why: str, at: Seconds) -> None:
        """Where the session was never joined since it is to lead, whoever led before leads again."""
        if self._link.has_served or not self._company.duet.on:
            super()._ended(why, at)
            return
        self.keeper.dismiss()
        self._company.complaints.serves(self.keeper)  # nothing is waited for any more
        self._held.give_up_link(self._link.before)
        line = f"{status.never_started(self.keeper.title, why)}; sync is {self._link.before} again"
        self._company.say(line, Level.WARNING)
        self._company.duet.settings_changed(at)
