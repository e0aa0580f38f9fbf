"""Those who keep time over JACK: a drum machine that improvd follows, and one who follows improvd."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rtmidi

from improvd.daemon.hearing import listen
from tests.jack.stage import Gathering, Heard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.core.clocks import VirtualClock

START, CONTINUE, STOP, TICK = "fa", "fb", "fc", "f8"
AHEAD = 0.3
"""Seconds between the order to play and the first message."""


class Drums:
    """A drum machine in a process of its own, with the JACK client "drums"."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "drums.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "up\n"

    def play(self, score: Iterable[tuple[float, str]]) -> None:
        """Send messages (monotonic time, hex); once only."""
        self._process.stdin.write(json.dumps(sorted(score)) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def ticking(clock: VirtualClock, seconds: float) -> list[tuple[float, str]]:
    """The ticks of a clock from its start on, with a Start before them."""
    before = clock.start - 0.25 * 60 / clock.bpm / 24
    return [(before, START), *((at, TICK) for at in clock.ticks(clock.start + seconds))]


def soon() -> float:
    """When to begin."""
    return time.monotonic() + AHEAD


class Follower:
    """Who follows a clock: a JACK client with the input "follower:clock" that hears all of it."""

    def __init__(self) -> None:
        self.heard = Gathering()
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "follower")
        self._in.ignore_types(timing=False)
        self._in.open_virtual_port("clock")
        listen(self._in, lambda message, _: self.heard.add(Heard(time.monotonic(), bytes(message[0]))))

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


def place(beats: float) -> str:
    """Song Position, in hex."""
    return bytes((0xF2, round(beats * 4) & 0x7F, round(beats * 4) >> 7)).hex()


def followed(heard: Iterable[Heard]) -> list[tuple[float, int]]:
    """Where in the song a follower is: each tick that it heard while it played, and the tick's number in the song."""
    playing, tick, found = False, 0, []
    for item in heard:
        data = item.data.hex()
        if data == TICK and playing:
            found.append((item.at, tick))
            tick += 1
        elif data == START:
            playing, tick = True, 0
        elif data in (CONTINUE, STOP):
            playing = data == CONTINUE
        elif item.data[0] == 0xF2:
            assert not playing, "who plays may ignore a Song Position"
            tick = 6 * (item.data[1] | item.data[2] << 7)
    return found


@dataclass(frozen=True)
class Struck:
    """A note of an answer: the beat that it was meant for, counted in ticks of the clock, and when it left."""

    beat: float
    planned: float
    actual: float


def struck(trace: list[dict]) -> list[Struck]:
    """The notes of all answers in a trace that were played through; one that came late was meant for a later bar."""
    found: list[Struck] = []
    for turn in (line for line in trace if line["type"] == "turn" and line["reason"] == "finished"):
        later = round(turn["lateness"] * turn["bpm"] / 60, 6)
        meant = sorted(
            (note[0] + later, note[2])
            for line in trace
            if line["type"] == "continuation" and line["turn"] == turn["turn"]
            for note in line["notes"]
        )
        ons = sorted(
            (line["planned"], int(line["data"][2:4], 16), line["actual"])
            for line in trace
            if line["type"] == "out"
            and line["data"][0] == "9"
            and turn["response_onset"] - 0.02 <= line["planned"] <= turn["response_end"]
        )
        if [pitch for _, pitch in meant] == [pitch for _, pitch, _ in ons]:
            found += [Struck(beat, planned, actual) for (beat, _), (planned, _, actual) in zip(meant, ons, strict=True)]
    return found
