"""A JACK server for the tests of a module; for each test a player, a synth and what improvd it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jack.stage import Duet, JackServer, Piano, Player, Synth, jack_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[JackServer]:
    with jack_server() as server:
        yield server


@pytest.fixture
def fragile() -> Iterator[JackServer]:
    """A server that no other test needs, and no client of which is in this process."""
    with jack_server() as server:
        yield server


@pytest.fixture
def player(server: JackServer) -> Iterator[Player]:  # noqa: ARG001  it plays on it
    player = Player()
    yield player
    player.close()


@pytest.fixture
def synth(server: JackServer) -> Iterator[Synth]:  # noqa: ARG001  it sounds on it
    synth = Synth()
    yield synth
    synth.close()


@pytest.fixture
def piano(server: JackServer) -> Iterator[Piano]:  # noqa: ARG001  it stands on it
    piano = Piano()
    yield piano
    piano.close()


@pytest.fixture
def duet(server: JackServer, tmp_path: Path) -> Iterator[Callable[..., Duet]]:  # noqa: ARG001  it plays on it
    started: list[Duet] = []

    def start(*options: str) -> Duet:
        started.append(Duet(tmp_path / "trace.jsonl", *options))
        return started[-1]

    yield start
    for running in started:
        running.kill()
