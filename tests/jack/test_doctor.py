"""`improvd doctor` over real JACK: ports, the way there and back, and a loop where there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import rtmidi

from improvd.daemon.hearing import listen
from tests.daemon.running import PATIENCE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.jack.stage import Player, Synth

pytestmark = pytest.mark.needs("jackd")


def examined(folder: Path, source: str, target: str) -> dict[str, dict[str, str]]:
    config = folder / "config.toml"
    config.write_text(f'api = "jack"\nin = "{source}"\nout = "{target}"\n')
    command = [sys.executable, "-m", "improvd", "doctor", "--json", "--config", str(config)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=2 * PATIENCE, check=False)
    return {finding["what"]: finding for finding in json.loads(run.stdout)}


@pytest.fixture
def thru(server: None) -> Iterator[None]:  # noqa: ARG001  it stands on it
    """A synth that sends back what it gets: "thru-in:midi" and "thru-out:midi"."""
    out, into = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "thru-out"), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "thru-in")
    out.open_virtual_port("midi")
    listen(into, lambda message, _: out.send_message(message[0]))
    into.open_virtual_port("midi")
    yield
    into.cancel_callback()
    for client in (into, out):
        client.close_port()
        client.delete()


def test_ports_and_latency_are_told_and_nothing_sounds(player: Player, synth: Synth, tmp_path: Path) -> None:  # noqa: ARG001  its port is looked for
    found = examined(tmp_path, "player", "synth")
    assert [found[what]["grade"] for what in ("JACK", "keyboard", "synth", "latency")] == ["ok"] * 4
    assert found["keyboard"]["found"] == "player:keys"
    assert "ms through JACK" in found["latency"]["found"]
    assert found["loop"]["found"] == "none: what goes to the synth doesn't come back by 'player'"
    assert not synth.ons()


def test_a_loop_is_found_and_measured(thru: None, tmp_path: Path) -> None:  # noqa: ARG001  it is what is found
    found = examined(tmp_path, "thru-out", "thru-in")
    assert found["loop"]["grade"] == "advice"
    assert "comes back by 'thru-out'" in found["loop"]["found"]
