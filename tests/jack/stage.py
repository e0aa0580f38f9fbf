"""A room to play in: a JACK server of its own, a player and a synth on it, and improvd between them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import rtmidi

from improvd.core.turns import TOO_SOON
from improvd.daemon.hearing import listen
from tests.daemon.running import PATIENCE, Running, traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BEAT = 0.6  # 100 bpm
PIANO = Path(__file__).with_name("piano.py")
LAST = [b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"]  # pedal up, all sound off, all notes off


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
        if message.is_on:
            held.add((message.data[0] & 0x0F, message.data[1]))
        elif message.is_off:
            held.discard((message.data[0] & 0x0F, message.data[1]))
    return held


def well_begun(messages: list[Heard]) -> bool:
    """Whether an answer sounds that began long enough ago to be heard and replied to."""
    begun = [message.at for message in messages if message.is_on]
    return bool(sounding(messages)) and time.monotonic() - begun[0] > 2 * TOO_SOON


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

    def clear(self) -> None:
        with self._changed:
            self._items.clear()

    def wait(self, hoped: Callable[[list], object], what: str) -> list:
        with self._changed:
            assert self._changed.wait_for(lambda: hoped(self._items), PATIENCE), (
                f"no {what}; the last: {self._items[-8:]}"
            )
            return list(self._items)


@contextmanager
def jack_server() -> Iterator[JackServer]:
    """A server on a dummy device, under a name that nobody else uses; meanwhile its clients find it."""
    # Few names, used again and again: JACK keeps a register of at most eight, those of servers that were killed too.
    servers = [JackServer(f"improvd-test-{number}") for number in range(4)]
    with mock.patch.dict(os.environ, JACK_NO_AUDIO_RESERVATION="1", JACK_NO_START_SERVER="1"):
        server = next((server for server in servers if server.start()), None)
        assert server, f"no JACK server would start: {[server.why for server in servers]}"
        try:
            yield server
        finally:
            server.end()


class JackServer:
    """A server under a name of its own, on which what this process starts afterwards looks for its ports.

    ``why`` is what it said where it would not start.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.why = ""

    def start(self) -> bool:
        """Whether it serves now; one that does not is gone afterwards."""
        os.environ["JACK_DEFAULT_SERVER"] = self._name
        if _serves():
            self.why = "somebody else's"
            return False
        # Synchronous, and with real-time priority where that is allowed: otherwise, on a busy machine, the server
        # goes on without a client that is late, and messages get lost (24 of 500 with two busy loops beside it).
        realtime = "-R" if _may_have_priority() else "-r"
        command = ["jackd", realtime, "-S", "-d", "dummy", "-r", "48000", "-p", "64"]
        with tempfile.TemporaryFile("w+") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said)
            limit = time.monotonic() + PATIENCE
            while self._process.poll() is None and time.monotonic() < limit:
                if _serves() and self._process.poll() is None:
                    return True
                time.sleep(0.02)  # it tells nobody when it is up
            self.end()
            said.seek(0)
            self.why = said.read()
        return False

    def strike(self, number: int) -> None:
        """SIGKILL ends it as a crash does, SIGSTOP makes it block whoever asks it for anything."""
        self._process.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait for that."""
        for each in (number, signal.SIGCONT):
            self._process.send_signal(each)
        self._process.wait(PATIENCE)


def _serves() -> bool:
    """Whether a server of the name in the environment answers."""
    checked = subprocess.run(["jack_wait", "-c"], capture_output=True, text=True, check=False)
    return checked.stdout.splitlines()[-1:] == ["running"]


def _may_have_priority() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


Score = list[tuple[float, tuple[int, ...]]]  # seconds from the beginning and message, in order


def perform(score: Score, send: Callable[..., object]) -> float:
    """Play in time, as a person does; returns when it began."""
    start = time.monotonic() + 0.05
    for offset, data in score:
        time.sleep(max(0.0, start + offset - time.monotonic()))
        send(*data)
    return start


class Player:
    """A keyboard: a JACK client with the output "player:keys"."""

    def __init__(self) -> None:
        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "player")
        self._out.open_virtual_port("keys")

    def send(self, *data: int) -> float:
        at = time.monotonic()
        self._out.send_message(data)
        return at

    def play(self, score: Score) -> float:
        return perform(score, self.send)

    def close(self) -> None:
        self._out.close_port()
        self._out.delete()


class Synth:
    """What the answers go to: a JACK client with the input "synth:midi", remembering what came and when."""

    def __init__(self, name: str = "synth") -> None:
        self.heard = Gathering()
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name)
        self._in.open_virtual_port("midi")
        listen(self._in, lambda message, _: self.heard.add(Heard(time.monotonic(), bytes(message[0]))))

    def ons(self) -> list[Heard]:
        return [message for message in self.heard.all() if message.is_on]

    def wait_silence(self) -> None:
        self.heard.wait(lambda items: not sounding(items), "silence")

    def wait_last(self) -> list[Heard]:
        """All that was heard, once the messages that end a session are there."""
        return self.heard.wait(lambda items: [item.data for item in items[-3:]] == LAST, "last messages")

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


class Piano:
    """One instrument that is keyboard and synth: a process of its own, ``script``, with the client ``name``."""

    def __init__(self, name: str = "piano", *more: str, script: Path = PIANO) -> None:
        self.heard = Gathering()
        self._process = subprocess.Popen(
            [sys.executable, str(script), name, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout.readline() == "up\n"
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            at, data = line.split()
            self.heard.add(Heard(float(at), bytes.fromhex(data)))
        self._process.stdout.close()

    def send(self, *data: int) -> None:
        self._process.stdin.write(bytes(data).hex() + "\n")
        self._process.stdin.flush()

    def play(self, score: Score) -> float:
        return perform(score, self.send)

    def unplug(self, port: str) -> None:
        """Take "keys" or "midi" away; what it sounds sounds on."""
        self._process.stdin.write(f"unplug {port}\n")
        self._process.stdin.flush()

    def plug(self, port: str) -> None:
        """Bring it back."""
        self._process.stdin.write(f"plug {port}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._reader.join()


class Duet(Running):
    """A running `improvd run`, from its "ready" line on."""

    def __init__(self, trace: Path, *options: str) -> None:
        plain = ["--trace", str(trace), "--debug", "--no-page"]
        super().__init__(["-m", "improvd", "run", "--api", "jack", *plain, *options])
        self._trace = trace
        self.wait_line("ready: ")

    def trace(self, kind: str | None = None) -> list[dict]:
        return [line for line in traced(self._trace) if kind in (None, line["type"])]


def melody(*pitches: int, beat: float = BEAT, velocity: int = 80) -> Score:
    """One note a beat."""
    score: Score = []
    for index, pitch in enumerate(pitches):
        score += [(index * beat, (0x90, pitch, velocity)), ((index + 0.8) * beat, (0x80, pitch, 64))]
    return score


def chords_with_pedal(*chords: tuple[int, ...]) -> Score:
    """A chord every two beats, its notes a few milliseconds apart as fingers are, each caught by the pedal."""
    score: Score = []
    for index, chord in enumerate(chords):
        at = index * 2 * BEAT
        score += [(at - 0.02, (0xB0, 64, 0))] if index else []
        score += [(at + finger * 0.006, (0x90, pitch, 70)) for finger, pitch in enumerate(chord)]
        score += [(at + 0.15, (0xB0, 64, 127))]
        score += [(at + 0.9 * BEAT + finger * 0.004, (0x80, pitch, 64)) for finger, pitch in enumerate(chord)]
    score.append((len(chords) * 2 * BEAT - 0.3, (0xB0, 64, 0)))
    return score
