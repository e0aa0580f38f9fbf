"""How the session goes, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.control import prometheus
from improvd.control.link import UnreachableError

if TYPE_CHECKING:
    from improvd.control.link import Link
    from improvd.page.web import Reply


class Figures:
    """What ``link``'s daemon says of itself."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def answer(self, rest: str) -> Reply | None:
        """The figures; None while nobody is there to give them, and for everything else."""
        if rest:
            return None
        try:
            answer = await self._link.ask("status")
        except UnreachableError:
            return None
        return prometheus.CONTENT_TYPE, prometheus.text(answer["value"]).encode()
