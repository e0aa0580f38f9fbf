"""The plugs of one purpose, on a system that does as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from improvd.daemon.graph import NamesOnly
from improvd.daemon.messages import Port
from improvd.daemon.plug import Plug
from improvd.daemon.row import Row
from tests.daemon.test_plug import Client

if TYPE_CHECKING:
    from collections.abc import Callable


class There:
    """A system with ``ports``, and room for so many ``clients``."""

    def __init__(self, *ports: str) -> None:
        self.ports = list(ports)
        self.clients: dict[str, Client] = {}
        self.room = 16
        self.opened = 0

    def make(self, title: str, wanted: str, hear: Callable[..., None] | None) -> Plug:
        if len(self.clients) == self.room:
            raise OSError("no more clients")
        client = Client()
        client.there = self.ports
        self.clients[title] = client
        self.opened += 1
        graph = NamesOnly(lambda: tuple(self.ports))
        return Plug(client, graph, title=title, direction="input", wanted=wanted, hear=hear)

    def row(self, *wanted: str) -> Row:
        return Row("in", self.make, lambda source: lambda *_: source, wanted)


def fit(row: Row, *wanted: str) -> tuple[Port, ...]:
    row.wanted = wanted
    row.fit()
    row.look(())
    return row.ports


def test_each_name_has_a_plug_with_a_title_and_an_ear_of_its_own() -> None:
    there = There("keys 20:0", "pads 24:0")
    row = there.row("keys", "pads", "harp")
    assert fit(row, "keys", "pads", "harp") == (Port("keys", "keys 20:0"), Port("pads", "pads 24:0"), Port("harp", ""))
    assert list(there.clients) == ["in", "in 2", "in 3"]
    ears = [client.callback for client in there.clients.values()]
    assert [ear() for ear in ears if ear is not None] == ["keys", "pads"]


def test_what_stays_wanted_is_not_touched_and_a_plug_that_is_free_is_used_again() -> None:
    there = There("keys", "pads", "harp")
    row = there.row()
    fit(row, "keys", "pads")
    first, second = row.plugs
    assert fit(row, "harp", "keys") == (Port("harp", "harp"), Port("keys", "keys"))
    assert row.plugs == [second, first]
    ear = there.clients["in 2"].callback
    assert ear is not None
    assert ear() == "harp"
    assert there.opened == 2


def test_a_port_of_our_own_is_made_anew() -> None:
    """What others have connected with it goes with it."""
    there = There("keys")
    row = there.row()
    assert fit(row, "") == (Port("", "in"),)
    own = there.clients["in"]
    assert fit(row, "keys") == (Port("keys", "keys"),)
    assert (own.deleted, own.connected, there.opened) == (True, "", 2)
    assert fit(row, "") == (Port("", "in"),)
    assert there.opened == 3


def test_no_two_take_the_same_port() -> None:
    there = There("keys 1")
    row = there.row()
    assert fit(row, "keys", "keys 1") == (Port("keys", "keys 1"), Port("keys 1", ""))
    there.ports.append("keys 2")
    row.look(())
    assert [port.name for port in row.ports] == ["keys 1", ""]


def test_a_system_without_room_gives_what_it_has() -> None:
    there = There("keys", "pads")
    there.room = 1
    row = there.row("keys", "pads")
    with pytest.raises(OSError, match="no more clients"):
        row.fit()
    row.look(())
    assert row.ports == (Port("keys", "keys"), Port("pads", ""))
    there.room = 2
    assert fit(row, "keys", "pads") == (Port("keys", "keys"), Port("pads", "pads"))
