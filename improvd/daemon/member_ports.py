"""The process that has the MIDI ports, as the engine's sees it: how they stand, and what their loss means."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from improvd.core.events import Sent
from improvd.daemon import status
from improvd.daemon.log import Level
from improvd.daemon.member import Indispensable
from improvd.daemon.messages import Closed, Heard, Pong, PortsOpen, PortsThere, TicksHeard, TicksSent
from improvd.daemon.orders import none_open, open_ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.events import Seconds
    from improvd.daemon.child import Child
    from improvd.daemon.held import Held
    from improvd.daemon.member import Company
    from improvd.daemon.messages import OpenPorts
    from improvd.daemon.outfit import Outfit
    from improvd.daemon.service import Service


class PortsMember(Indispensable):
    """The ports of a session. ``service`` is told that they answer; ``begin`` that the duet may, as far as they go.

    ``has_page`` tells whether there is a page, whose keys are heard beside the keyboard's.
    """

    def __init__(
        self,
        company: Company,
        held: Held,
        outfit: Outfit,
        service: Service,
        begin: Callable[[], None],
        *,
        has_page: bool,
    ) -> None:
        duet = company.duet
        super().__init__(
            company.family.ports,
            company,
            {
                Heard: duet.hear,
                TicksHeard: duet.hear_ticks,
                Sent: duet.sent,
                TicksSent: lambda sent, at: duet.see(at, sent),
                Pong: self._on_pong,
                PortsOpen: self._on_open,
                PortsThere: self._on_there,
                Closed: lambda _closed, _at: duet.mirror.cleared(),
            },
        )
        self._held = held
        self._outfit = outfit
        self._service = service
        self._begin = begin
        self._has_page = has_page
        self._api = ""  # the MIDI system that was found first
        self._played = ""  # the output, by its name, that it had at the last
        self.stand: PortsOpen | None = None
        """How they stand; None until that is known for the first time."""
        self.there = PortsThere()
        """What could be opened."""

    def order(self, at: Seconds) -> OpenPorts:
        """What a fresh process is told first."""
        return open_ports(
            self._held,
            self._company.duet,
            self._outfit,
            api=self._api,
            owed=self.stand.owed if self.stand else (),
            played=self._played,
            page=self._has_page,
            at=at,
        )

    def _on_pong(self, pong: Pong, at: Seconds) -> None:
        self._company.family.heartbeat.answered(pong)
        self._company.duet.see(at, pong)
        self._service.alive(at)
        self._company.duet.mirror.heard_of(at)

    def _on_open(self, ports: PortsOpen, at: Seconds) -> None:
        duet = self._company.duet
        before, fresh = self.stand, not self.keeper.ready
        if fresh:
            self.keeper.serves(at)
            self._company.family.heartbeat.restart(at)
            self._company.complaints.serves(self.keeper)
            duet.send_pace()
        if ports.plays and (fresh or before is None or not before.plays):
            duet.mirror.cleared()  # it was silenced when it was opened
        if not ports.hears:
            duet.hands.let_go()
        self.stand, self._api, self._played = ports, self._api or ports.api, ports.output.name
        for line in status.came_and_went(before, ports, fresh=fresh):
            self._company.say(line, Level.INFO if ports.complete else Level.WARNING)
        if duet.on:
            duet.ports_stand(ports, at, fresh=fresh)
        self._begin()

    def _on_there(self, there: PortsThere, at: Seconds) -> None:
        self.there = there
        self._company.duet.see(at, there)

    def _never_started(self, why: str, child: Child | None) -> None:
        """Raise `UserError`, but for a sound server that is stopped: it may go on, and is waited for."""
        if (child.exit_status() if child else None) != -signal.SIGALRM:  # the signal of its watchdog
            super()._never_started(why, child)
        self._company.complaints.outside(self.keeper, status.stuck(self._held.options.api))
        self.stand = self.stand or none_open(self._held.options)
        self._begin()

    def _missed(self, at: Seconds, *, served: bool) -> None:
        if served:
            self.stand = self.stand and self.stand.none_there()
            if self._company.duet.on:
                self._company.duet.ports_lost(at)
