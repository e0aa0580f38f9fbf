"""`improvd run` with OSC, the real model and no MIDI system: a surface steers it, and sees what goes on."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from improvd.control import place
from improvd.control.client import Connection
from improvd.osc.ear import AHEAD, wait_of
from tests.addresses import free_ports
from tests.daemon.running import Running, is_alive, wait_until
from tests.osc.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOBODY = "127.0.0.1:9"  # the port at which all is thrown away, where there is anybody


class Stage:
    """A session, a surface for it, and the session's control socket."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1, socket.SOCK_DGRAM)
        self.surface = Surface(self.port)
        words = ["--osc-in", str(self.port), "--osc-out", f"{self.surface.own_port}, {NOBODY}"]
        self.running = Running(
            ["-m", "improvd", "run", "--api", "null", "--no-page", "--no-record", *words], XDG_RUNTIME_DIR=str(folder)
        )
        self.running.wait_line("OSC: ")
        self.running.wait_line("ready: ")
        self.surface.wait("state", "listening")
        (path,) = place.alive(folder / "improvd")
        self.session = Connection(path)

    def close(self) -> None:
        self.session.close()
        self.surface.close()
        assert self.running.end() == 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("run"))
    yield stage
    stage.close()


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """One session for all that leaves it as it was, which each begins by."""
    shared.surface.send("mute", 0)
    for name, value in (("temperature", 1.0), ("mode", "call"), ("bpm", "auto")):
        shared.session.ask("set", name=name, value=value)
    shared.surface.send("refresh")
    shared.surface.wait("temperature", 1.0)
    return shared


def test_it_says_where_it_is_heard_and_who_is_told(stage: Stage) -> None:
    line = stage.running.wait_line("OSC: ")
    assert line.startswith(f"OSC: heard at 127.0.0.1:{stage.port}; told to 127.0.0.1:{stage.surface.own_port}, ")
    # Nobody elsewhere can reach it: the kernel knows of no such port there.
    bound = f"0100007F:{stage.port:04X}"
    with open("/proc/net/udp") as ports:  # noqa: PTH123  no file of anybody's
        assert [row.split()[1] for row in ports if row.split()[1].endswith(f":{stage.port:04X}")] == [bound]


def test_what_a_surface_sets_holds_and_is_told(stage: Stage) -> None:
    stage.surface.send("temperature", 0.8)
    stage.surface.wait("temperature", pytest.approx(0.8))
    assert stage.session.ask("status")["settings"]["temperature"] == 0.8
    stage.surface.send("mode", "trade")
    stage.surface.wait("mode", "trade")
    stage.surface.send("mute", True)
    stage.surface.wait("mute", 1)
    stage.surface.send("mute")
    stage.surface.wait("mute", 0)


def test_what_others_change_is_told(stage: Stage) -> None:
    stage.session.ask("set", name="bpm", value=97.5)
    stage.surface.wait("bpm", 97.5)
    stage.surface.wait("tempo", 97.5)


def test_what_stands_somewhere_can_be_asked_and_a_mistake_is_told_to_who_made_it(stage: Stage) -> None:
    assert stage.surface.ask("temperature") == ("temperature", (1.0,))
    assert stage.surface.ask("state") == ("state", ("listening",))
    for wrong, says in (
        (("temprature",), "there is no option 'temprature'; did you mean 'temperature'?"),
        (("temperature", 9.0), "temperature must be from 0.05 to 4, not 9.0"),
        (("style", "polka"), "knows no style 'polka'"),
    ):
        name, (line,) = stage.surface.ask(*wrong)
        assert name == "error"
        assert says in line


def test_of_a_fader_that_is_swept_the_last_value_holds(stage: Stage) -> None:
    for step in range(101):
        stage.surface.send("temperature", 0.5 + step / 100)
    stage.surface.wait("temperature", 1.5)  # as it was never before
    assert stage.surface.ask("temperature") == ("temperature", (1.5,))
    assert stage.session.ask("status")["settings"]["temperature"] == 1.5


def test_notes_states_and_beats_are_told_as_they_come(stage: Stage) -> None:
    stage.session.ask("set", name="bpm", value=240)
    at = stage.session.ask("clock")["now"]
    stage.session.ask("play", events=[[at, [0x90, 60, 80]], [at, [0x80, 60, 64]]])
    stage.surface.wait("note/player", 60, 80, 1)
    stage.surface.wait("note/player", 60, 0, 1)
    stage.surface.wait("state", "answering")
    stage.surface.wait_for(lambda told: told[0] == "note/improvd" and told[1][1] > 0, "note of an answer")
    stage.surface.wait_for(lambda told: told[0] == "beat", "beat")
    stage.surface.wait("state", "listening")
    states = [values[0] for name, values in stage.surface.told if name == "state"]
    assert states[-4:] == ["call", "thinking", "answering", "listening"]
    ons = {values[0] for name, values in stage.surface.told if name == "note/improvd" and values[1]}
    offs = {values[0] for name, values in stage.surface.told if name == "note/improvd" and not values[1]}
    assert ons == offs


def test_a_bundle_counts_at_its_time_if_that_is_near(stage: Stage) -> None:
    late, begin = 0.4, time.time()
    outer = OscBundleBuilder(begin + late)  # type: ignore[arg-type]  a date it takes too
    message = OscMessageBuilder("/improvd/temperature")
    message.add_arg(0.7)
    outer.add_content(message.build())
    stage.surface.send_packet(outer.build().dgram)
    stage.surface.wait("temperature", pytest.approx(0.7))
    assert time.time() - begin >= late - 0.01
    assert [wait_of(at, 100.0) for at in (None, 99.0, 100.0, 102.5, 100.0 + AHEAD + 0.1, 1e12)] == [0, 0, 0, 2.5, 0, 0]


def test_what_strangers_send_does_no_harm(stage: Stage) -> None:
    for packet in (
        b"",
        b"\0" * 4,
        b"/",
        b"/improvd/mute",
        os.urandom(9000),
        b"#bundle\0" + b"\0" * 7 + b"\1\xff\xff\xff\xfc",
    ):
        stage.surface.send_packet(packet)
    stage.surface._client.send_message("/1/fader1", 0.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        for _ in range(20_000):
            flood.sendto(struct.pack(">8sQ", b"#bundle", 1), ("127.0.0.1", stage.port))
    # What comes too thick is not heard; a moment later everything is.

    def heard() -> bool:
        stage.surface.send("temperature", 0.6)
        return bool(stage.session.ask("status")["settings"]["temperature"] == 0.6)

    wait_until(heard, "message that is heard")
    assert stage.surface.ask("temperature")[1] == (pytest.approx(0.6),)
    assert is_alive(stage.running.child("improvd.osc"))


def test_its_process_may_die_and_is_heard_again_at_its_port(stage: Stage) -> None:
    first = stage.running.child("improvd.osc")
    stage.session.ask("set", name="temperature", value=2.0)
    stage.surface.wait("temperature", 2.0)  # told once: what tells it again is another process
    os.kill(first, signal.SIGKILL)
    stage.running.wait_line("the OSC link ended unexpectedly")
    stage.running.wait_line("the OSC link is back")
    stage.surface.wait("temperature", 2.0)
    assert stage.surface.ask("temperature") == ("temperature", (2.0,))
    assert stage.running.child("improvd.osc") != first


def test_the_end_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.session.ask("stop")
    stage.surface.wait("state", "away")
    assert stage.running.wait() == 0
    stage.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--osc-in", "{taken}"], "OSC can't be heard at 127.0.0.1:{taken}: Address already in use; name another"),
        (["--osc-in", "no.such.host.invalid:9000"], "osc-in: there is no host 'no.such.host.invalid' ("),
        (["--osc-out", "9001, x..y:1"], "osc-out: there is no host 'x..y' ("),
        (["--osc-out", "piano"], "--osc-out must be addresses, such as 9001 or '9001, 192.168.1.5:9000', not 'piano'"),
    ],
)
def test_what_can_not_be_is_told_in_a_line(words: list[str], says: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        running = Running(
            ["-m", "improvd", "run", "--api", "null", "--no-page", *(word.format(taken=port) for word in words)]
        )
        assert running.wait() == 2
    (line,) = running.lines
    assert says.format(taken=port) in line
