from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from improvd.daemon.graph_alsa import AlsaGraph, problem
from tests.train.users import unprivileged

if TYPE_CHECKING:
    from pathlib import Path

KEYS, OURS = "nano: KEY (2):nanoKEY2 _ KEYBOARD 20:0", "improvd-in:improvd in 129:0"
LISTING = """Client info
  cur  clients : 4
  peak clients : 5
  max  clients : 192

Client   0 : "System" [Kernel Legacy]
  Port   0 : "Timer" (Rwe-)
  Port   1 : "Announce" (R-e-)
Client  20 : "nano: KEY (2)" [Kernel Legacy]
  Port   0 : "nanoKEY2 _ KEYBOARD" (RWeX) [In/Out]
    Connecting To: 128:0, 129:0[r:0]
Client 128 : "improvd-in" [User Legacy]
  Port   0 : "improvd in" (-We-) [Out]
    Connected From: 20:0
  Output pool :
    Pool size          : 500
    Alloc success      : {messages}
Client 129 : "improvd-in" [User Legacy]
  Port   0 : "improvd in" (-We-) [Out]
    Connected From: 20:0
"""


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    path = tmp_path / "clients"
    path.write_text(LISTING.format(messages=1))
    return path


def test_ports_and_their_connections_are_seen(listing: Path) -> None:
    graph = AlsaGraph(listing)
    assert graph.named("improvd in") == {"improvd-in:improvd in 128:0", OURS}
    assert graph.peers(OURS) == {KEYS}
    assert graph.peers(KEYS) == {"improvd-in:improvd in 128:0", OURS}
    assert graph.peers("System:Timer 0:0") == frozenset()
    assert graph.peers("Somebody else:at that address 129:0") == frozenset()


def test_messages_that_go_by_change_nothing_and_a_connection_that_is_cut_does(listing: Path) -> None:
    graph = AlsaGraph(listing)
    before = graph.stamp()
    listing.write_text(LISTING.format(messages=1000))
    assert graph.stamp() == before
    listing.write_text(LISTING.format(messages=1000).replace(", 129:0[r:0]", ""))
    assert graph.stamp() != before


def test_why_the_sequencer_can_not_be_opened_is_told(tmp_path: Path) -> None:
    assert "load the kernel's module snd-seq" in str(problem(tmp_path / "seq"))
    (tmp_path / "seq").touch()
    assert problem(tmp_path / "seq") is None
    (tmp_path / "folder").mkdir()
    assert "can't be opened (Is a directory)" in str(problem(tmp_path / "folder"))


def test_one_that_belongs_to_others_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "seq").touch(mode=0)
    with unprivileged(tmp_path):
        assert "group audio" in str(problem(tmp_path / "seq"))
