"""A room to play in: a JACK server of its own, a player and a synth on it, and improvd between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rtmidi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PATIENCE = 15.0  # seconds; nothing here takes a third of it on a busy machine
BEAT = 0.6  # 100 bpm


@dataclass(frozen=True)
class Heard:
    at: float
    data: bytes

    @property
    def is_on(self) -> bool:
        return self.data[0] & 0xF0 == 0x90 and self.data[2] > 0

    @property
    def is_off(self) -> bool:
        return self.data[0] & 0xF0 == 0x80 or (self.data[0] & 0xF0 == 0x90 and self.data[2] == 0)


def sounding(messages: Iterable[Heard]) -> set[tuple[int, int]]:
    """What a synth would still sound after ``messages``, going by notes alone."""
    held: set[tuple[int, int]] = set()
    for message in messages:
        place = (message.data[0] & 0x0F, message.data[1])
        if message.is_on:
            held.add(place)
        elif message.is_off:
            held.discard(place)
    return held


class Gathering:
    """Things that arrive on another thread, and a bounded wait for what is hoped for among them."""

    def __init__(self) -> None:
        self._items: list = []
        self._changed = threading.Condition()

    def add(self, item: object) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def all(self) -> list:
        with self._changed:
            return list(self._items)

    def wait(self, hoped: Callable[[list], object], what: str, patience: float = PATIENCE) -> list:
        with self._changed:
            assert self._changed.wait_for(lambda: hoped(self._items), patience), f"no {what} in {self._items}"
            return list(self._items)


@contextmanager
def jack_server() -> Iterator[None]:
    """A server on a dummy device, under a name that nobody else uses; the environment is set for its clients."""
    name = f"improvd-test-{os.getpid()}"
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_AUDIO_RESERVATION="1", JACK_NO_START_SERVER="1")
    server = subprocess.Popen(
        ["jackd", "-r", "-d", "dummy", "-r", "48000", "-p", "64"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        done = subprocess.run(["jack_wait", "-w", "-t", "10"], stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, "jackd did not start"
        yield
    finally:
        server.terminate()
        server.wait(10)


class Player:
    """A keyboard: a JACK client with the output "player:keys"."""

    def __init__(self) -> None:
        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "player")
        self._out.open_virtual_port("keys")

    def send(self, *data: int) -> float:
        at = time.monotonic()
        self._out.send_message(data)
        return at

    def play(self, score: Iterable[tuple[float, tuple[int, ...]]], start: float | None = None) -> float:
        """Perform (seconds, message) pairs in time from ``start``; returns when it began."""
        start = time.monotonic() + 0.05 if start is None else start
        for offset, data in score:
            time.sleep(max(0.0, start + offset - time.monotonic()))
            self.send(*data)
        return start

    def close(self) -> None:
        self._out.close_port()
        self._out.delete()


class Synth:
    """What the answers go to: a JACK client with the input "synth:midi", remembering what came and when."""

    def __init__(self) -> None:
        self.heard = Gathering()
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, "synth")
        self._in.open_virtual_port("midi")
        self._in.set_callback(lambda message, _: self.heard.add(Heard(time.monotonic(), bytes(message[0]))))

    def ons(self) -> list[Heard]:
        return [message for message in self.heard.all() if message.is_on]

    def wait_ons(self, count: int) -> list[Heard]:
        self.heard.wait(lambda items: sum(item.is_on for item in items) >= count, f"{count} notes")
        return self.ons()

    def wait_silence(self) -> None:
        self.heard.wait(lambda items: not sounding(items), "silence")

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


class Duet:
    """A running `improvd run`, from its "ready" line on."""

    def __init__(self, trace: Path, *options: str, command: tuple[str, ...] = ("-m", "improvd")) -> None:
        self._trace = trace
        self.lines = Gathering()
        self.process = subprocess.Popen(
            [sys.executable, *command, "run", "--api", "jack", "--trace", str(trace), "--debug", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.wait_line("ready: ")

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.add(line.rstrip())
        self.process.stdout.close()

    def wait_line(self, start: str, patience: float = PATIENCE) -> None:
        self.lines.wait(lambda lines: any(line.startswith(start) for line in lines), f"line '{start}…'", patience)

    def children(self) -> dict[str, int]:
        """The process ids by role, of children that are not ending."""
        found = {}
        for line in subprocess.run(
            ["ps", "-o", "pid=,stat=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines():
            pid, state, *arguments = line.split()
            if not state.startswith("Z"):
                found.update({role: int(pid) for role in ("ports", "worker") if f"improvd.daemon.{role}" in arguments})
        return found

    def trace(self) -> list[dict]:
        return [json.loads(line) for line in self._trace.read_text().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self._reader.join(PATIENCE)


def phrase(beats: int = 8, pitches: tuple[int, ...] = (60, 62, 64, 65, 67, 69, 71, 72)) -> list:
    """One note a beat at 100 bpm."""
    score = []
    for beat in range(beats):
        pitch = pitches[beat % len(pitches)]
        score += [(beat * BEAT, (0x90, pitch, 80)), ((beat + 0.8) * BEAT, (0x80, pitch, 64))]
    return score
