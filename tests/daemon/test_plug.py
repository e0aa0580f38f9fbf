"""One direction of a MIDI system, with a client that does as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rtmidi

from improvd.daemon.graph import NamesOnly
from improvd.daemon.plug import Plug

if TYPE_CHECKING:
    from collections.abc import Callable


class Client:
    """What python-rtmidi gives, as far as a plug uses it; ``there`` are the ports to connect with."""

    def __init__(self, *there: str) -> None:
        self.there = list(there)
        self.connected = ""
        self.callback: Callable[..., None] | None = None
        self.opened = 0
        self.refuses = self.deleted = False

    def get_ports(self) -> list[str]:
        return list(self.there)

    def open_port(self, index: int, _name: str) -> None:
        if self.refuses:
            raise rtmidi.SystemError("no")
        self.opened += 1
        self.connected = self.there[index]

    def open_virtual_port(self, name: str) -> None:
        self.connected = name

    def close_port(self) -> None:
        self.connected = ""

    def delete(self) -> None:
        self.deleted = True

    def set_callback(self, callback: Callable[..., None], _data: object) -> None:
        self.callback = callback

    def cancel_callback(self) -> None:
        self.callback = None


class Graph(NamesOnly):
    """One in which connections can be seen: those of ``client``."""

    def __init__(self, client: Client) -> None:
        super().__init__(lambda: ())
        self._client = client

    def named(self, port: str) -> frozenset[str]:
        return frozenset([f"improvd:{port}"] if self._client.connected else [])

    def peers(self, _port: str) -> frozenset[str]:
        return frozenset([self._client.connected])


class Joining(Graph):
    """One that can connect as well, unless it ``refuses``."""

    joins = True

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.refuses = False
        self.joined: list[tuple[str, str]] = []

    def named(self, port: str) -> frozenset[str]:
        return frozenset([f"improvd:{port}"] if self._client.opened else [])

    def join(self, source: str, target: str) -> bool:
        if not self.refuses:
            self._client.connected = source
            self.joined.append((source, target))
        return not self.refuses


def plug(client: Client, wanted: str = "keys", *, sees: bool = False) -> Plug:
    graph = Graph(client) if sees else NamesOnly(lambda: tuple(client.there))
    return Plug(client, graph, title="improvd in", direction="input", wanted=wanted, hear=print)


def test_it_waits_for_its_port_and_takes_it() -> None:
    client = Client("drums 20:0")
    one = plug(client)
    one.look(())
    assert (one.name, one.again) == ("", False)
    assert "no MIDI input named 'keys'" in one.problem
    client.there.append("keys 24:0")
    one.look(())
    assert (one.name, one.problem, client.callback) == ("keys 24:0", "", print)


def test_one_that_went_is_let_go_and_found_again_under_another_number() -> None:
    client = Client("keys 20:0")
    one = plug(client)
    one.look(())
    client.there = []
    one.look(())
    assert (one.name, one.problem, one.again) == ("", "the MIDI input 'keys 20:0' is gone", True)
    assert (client.connected, client.callback) == ("", None)
    client.there = ["more keys 24:0", "keys 28:0"]
    one.look(())
    assert one.name == "keys 28:0"
    assert client.callback is print  # set anew: the library forgets it


def test_one_that_is_there_but_no_longer_connected_is_told_as_gone_once() -> None:
    client = Client("keys")
    one = plug(client, sees=True)
    one.look(())
    client.connected = "somebody else"
    one.look(())
    assert one.name == ""
    one.look(())
    assert one.name == "keys"


def test_a_port_that_can_be_joined_again_stands_while_what_it_is_connected_with_comes_and_goes() -> None:
    client = Client("keys")
    graph = Joining(client)
    one = Plug(client, graph, title="improvd in", direction="input", wanted="keys", hear=print)
    one.look(())
    assert (one.name, one.ours, client.opened) == ("keys", "improvd:improvd in", 1)
    client.connected, client.there = "", []
    one.look(())
    assert (one.name, one.problem, client.callback) == ("", "the MIDI input 'keys' is gone", print)
    client.there = ["keys"]
    one.look(())
    assert (one.name, client.opened, graph.joined) == ("keys", 1, [("keys", "improvd:improvd in")])
    client.connected = ""
    one.look(())
    graph.refuses = True
    one.look(())
    assert (one.name, client.opened) == ("keys", 2)  # closed, and opened anew
    one.want("pads", hear=repr)
    client.there.append("pads")
    graph.refuses = False
    one.look(())
    assert (one.name, client.opened, client.callback) == ("pads", 3, repr)


def test_one_that_can_not_be_opened_is_tried_again_although_nothing_changes() -> None:
    client = Client("keys")
    client.refuses = True
    one = plug(client)
    one.look(())
    assert (one.name, one.again, one.problem) == ("", True, "the MIDI input 'keys' can't be opened: no")
    client.refuses = False
    one.look(())
    assert (one.name, one.again) == ("keys", False)


def test_ports_of_our_own_are_never_what_is_wanted() -> None:
    one = plug(Client("improvd out"), "improvd")
    one.look(("improvd out",))
    assert one.name == ""


def test_without_a_name_it_has_a_port_of_its_own_that_stays() -> None:
    client = Client()
    one = plug(client, "")
    for _ in range(2):
        one.look(())
        assert (one.name, client.connected) == ("improvd in", "improvd in")
