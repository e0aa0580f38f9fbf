"""All that can be steered, in every way there is: by controller, key, program, request and OSC, down to the engine.

One session with fakes beside it, its MIDI by way of the control socket, as from the page; tests/jack has the cables.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from improvd.config.controls import RANGES
from improvd.control import place
from improvd.control.client import Connection
from improvd.core.binding import COMMANDS
from improvd.core.cues import Cue
from improvd.osc.bridge import Bridge
from tests.daemon.running import PATIENCE, Running, wait_until
from tests.daemon.test_session import RUN, Files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CC, NOTE, PROGRAM = 0xB0, 0x90, 0xC0
# Each option that is steered while one plays, and two values that it doesn't have by itself: for what is pressed, and
# where a knob ends up that is turned all the way.
OPTIONS: dict[str, tuple[Any, Any]] = {
    "temperature": (0.5, RANGES["temperature"].high),
    "similarity": (0.25, 1.0),
    "density": (2.0, RANGES["density"].high),
    "register": (12, RANGES["register"].high),
    "velocity": (-20, RANGES["velocity"].high),
    "swing": (0.66, 0.75),
    "bars": (8, 64),
    "bpm": (97, RANGES["bpm"].high),
    "mode": ("trade", "duet"),
    "style": ("folk", "folk"),
}
NUMBERS = {name: number for number, name in enumerate((*OPTIONS, *COMMANDS))}
CHANNEL = 15  # where nobody plays


def config() -> str:
    """Every target bound to a controller, a key and a program of the same number."""
    lines = ["max-bars = 1", "[controls]"]
    for name, number in NUMBERS.items():
        value = f", value = {json.dumps(OPTIONS[name][0])}" if name in OPTIONS else ""
        turned = value if name == "style" else ""
        ways = f"cc = {number}{turned}", f"note = {number}{value}", f"program = {number + 1}{value}"
        lines.append(f"{name} = [{', '.join(f'{{ {way}, channel = {CHANNEL + 1} }}' for way in ways)}]")
    return "\n".join(lines)


class Stage:
    """The session, what it told, and the ways to steer it."""

    def __init__(self, folder: Path) -> None:
        self.files = Files(folder)
        self.files.config_path.write_text(config())
        self.running = Running(
            [RUN, str(self.files.trace_path)],
            FAKE_PORTS="silent",
            FAKE_SYNTH=str(self.files.synth_path),
            XDG_RUNTIME_DIR=str(folder),
        )
        self.running.wait_line("ready:")
        (path,) = place.alive(folder / "improvd")
        self.session = Connection(path)
        self.watching = Connection(path)
        self.watching.ask("watch", what=["state", "turn"])
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.setblocking(False)
        self._ear.bind(("127.0.0.1", 0))
        self.osc = SimpleUDPClient("127.0.0.1", self._ear.getsockname()[1])
        self._loop, self._end = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._bridge(path),))
        self._thread.start()
        # It has found the session once it can say how things stand there.
        self.osc.send_message("/improvd/state", [])
        wait_until(self._linked, "link")

    async def _bridge(self, path: Path) -> None:
        await Bridge(path, self._ear, []).run(self._end)

    def _linked(self) -> bool:
        self.osc.send_message("/improvd/state", [])
        return b"/improvd/state" in self.osc.receive(0.05)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE)
        self._loop.close()
        for end in (self._ear, self.osc, self.session, self.watching):
            end.close()
        assert self.running.end() == 0

    def play(self, *messages: list[int], apart: float = 0.0) -> None:
        """The player's hands: ``messages`` at once, or ``apart`` by so many seconds."""
        at = self.session.ask("clock")["now"]
        self.session.ask("play", events=[[at + number * apart, data] for number, data in enumerate(messages)])

    def until(self, kind: str, **values: object) -> dict[str, Any]:
        """The first event of that kind with these values, from now on."""
        limit = time.monotonic() + PATIENCE
        for event in self.watching.events(PATIENCE):
            if event["event"] == kind and all(event[name] == value for name, value in values.items()):
                return event
            assert time.monotonic() < limit, f"no {kind} {values}"
        raise AssertionError

    def engine_has(self, field: str) -> object:
        """What the settings that the engine was given last have there."""
        return [line["settings"] for line in self.files.trace() if line["type"] in ("header", "settings")][-1][field]

    def heard_last(self) -> str:
        """The message that the engine heard last."""
        return str([line["data"] for line in self.files.trace() if line["type"] == "in"][-1])

    def happened(self, what: str) -> int:
        """How often the engine was told of something."""
        return sum(line["type"] == "event" and line["what"] == what for line in self.files.trace())


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("run"))
    yield made
    made.close()


def by_controller(stage: Stage, name: str) -> None:
    for value in (0, 127):
        stage.play([CC | CHANNEL, NUMBERS[name], value])


def by_key(stage: Stage, name: str) -> None:
    for velocity in (90, 0):
        stage.play([NOTE | CHANNEL, NUMBERS[name], velocity])


def by_program(stage: Stage, name: str) -> None:
    stage.play([PROGRAM | CHANNEL, NUMBERS[name]])


def by_request(stage: Stage, name: str) -> None:
    if name in OPTIONS:
        stage.session.ask("set", name=name, value=OPTIONS[name][0])
    else:
        stage.session.ask("press", name=name)


def by_osc(stage: Stage, name: str) -> None:
    stage.osc.send_message(f"/improvd/{name}", OPTIONS[name][0] if name in OPTIONS else [])


WAYS = {"controller": by_controller, "key": by_key, "program": by_program, "request": by_request, "osc": by_osc}
each_way = pytest.mark.parametrize("way", WAYS)


@each_way
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_reaches_the_engine(stage: Stage, name: str, way: str) -> None:
    (default,) = (option["default"] for option in stage.session.ask("settings") if option["name"] == name)
    stage.session.ask("set", name=name, value=default)
    pressed, turned = OPTIONS[name]
    wait_until(lambda: stage.engine_has(name) != pressed, "default")
    WAYS[way](stage, name)
    wished = turned if way == "controller" else pressed
    wait_until(lambda: stage.engine_has(name) == wished, f"{name} {wished}")


@each_way
def test_a_mute_comes_and_goes(stage: Stage, way: str) -> None:
    for muted in (True, False):
        WAYS[way](stage, "mute")
        stage.until("state", muted=muted)


@each_way
def test_a_panic_silences_the_synth(stage: Stage, way: str) -> None:
    before = len(stage.files.synth())
    WAYS[way](stage, "panic")
    wait_until(lambda: stage.files.synth()[before:].count("b07800") == 1, "all sound off")


@each_way
def test_a_tempo_is_tapped(stage: Stage, way: str) -> None:
    stage.session.ask("set", name="bpm", value="auto")
    for tap in range(3):
        time.sleep(0.25 if tap else 0.0)  # a foot's way
        WAYS[way](stage, "tap")
    wait_until(lambda: stage.engine_has("bpm"), "tempo")
    wait_until(lambda: stage.session.ask("status")["tempo"]["bpm"] == stage.engine_has("bpm"), "beat in that tempo")
    assert 20 < stage.engine_has("bpm") < 260  # on a busy machine a foot is slow
    stage.session.ask("set", name="bpm", value="auto")


@pytest.fixture
def shared(stage: Stage) -> Iterator[Stage]:
    """In a session with others, in which the music is on."""
    stage.session.ask("set", name="sync", value="link")
    stage.until("state", leader="link")
    yield stage
    stage.session.ask("set", name="sync", value="player")
    stage.until("state", leader="player")


@each_way
def test_a_session_with_others_is_stopped_and_started(shared: Stage, way: str) -> None:
    for stopped in (True, False):
        WAYS[way](shared, "transport")
        shared.until("state", stopped=stopped)


@pytest.fixture
def answered(stage: Stage) -> Stage:
    """There was an answer, so that it can be asked for again."""
    if not stage.happened("cue"):
        for option in stage.session.ask("settings"):  # not in turns of eight bars, as the last one may have left it
            if option["name"] in OPTIONS:
                stage.session.ask("set", name=option["name"], value=option["default"])
        stage.play(*([status, pitch, 80] for pitch in (60, 62, 64, 65) for status in (0x90, 0x80)), apart=0.1)
        stage.until("turn", cue="", reason="finished")
    return stage


@each_way
@pytest.mark.parametrize("name", [Cue.REPEAT.value, Cue.VARY.value, Cue.AGAIN.value])
def test_an_answer_is_asked_for_once_more_and_stopped(answered: Stage, name: str, way: str) -> None:
    WAYS[way](answered, name)
    answered.until("state", state="answering")
    WAYS[way](answered, "stop")
    assert answered.until("turn")["cue"] == name
    answered.until("state", state="listening")


@each_way
def test_a_call_is_over_when_that_is_asked_for(stage: Stage, way: str) -> None:
    stage.play([0x90, 60, 80], [0x80, 60, 0], [0x90, 64, 80], apart=0.05)  # the last key is held
    stage.until("state", state="call")
    wait_until(lambda: stage.heard_last() == "904050", "key that is held")
    WAYS[way](stage, "take-over")
    stage.until("state", state="answering")
    WAYS[way](stage, "stop")
    assert stage.until("turn")["call_notes"] == 2
    stage.play([0x80, 64, 0])
    stage.until("state", state="listening")
