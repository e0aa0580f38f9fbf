"""What can happen to ports on ALSA, each once, in mid-phrase or mid-answer, with what improvd says of it.

    python benchmarks/alsa_scenes.py [SCENE...]

Runs where `alsa_room.py` says. Exit status 1, at once, where something doesn't come or a note sounds on. Without SCENE
all of them: keyboards, exchange, restart, held, away, full, often.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import rtmidi
from alsa_room import KEYS, UsbKeyboard, clients, connected, instrument, no_more_clients

from tests.daemon.running import Running, environment
from tests.jack.cycles import footprint
from tests.jack.stage import BEAT, LAST, Gathering, Piano, melody, perform, sounding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PITCHES = (60, 64, 67, 72)
CALL = melody(*PITCHES)
HELD, LOW = 40, 36
"""Keys that somebody holds."""


def keyboards() -> None:
    """Two keyboards, the USB one unplugged in mid-phrase with a key held: the other plays on, and is answered."""
    with (
        _usb() as usb,
        _piano("pads", "keys") as pads,
        _piano("module", "midi") as module,
        _duet("--in", KEYS, "--in", "pads:keys", "--out", "module:midi", "--thru") as duet,
    ):
        perform(melody(60, 64), usb.send)
        usb.send(0x90, HELD, 80)
        pads.send(0x90, LOW, 80)
        module.heard.wait(lambda items: sounding(items) == {(0, HELD), (0, LOW)}, "both keys, passed on")
        usb.unplug()
        took = _time(lambda: module.heard.wait(lambda items: sounding(items) == {(0, LOW)}, "way up of its key"))
        print(f"(its key came up at the synth {took:.2f} s after the cable went; the other's sounds)")
        pads.send(0x80, LOW, 64)
        pads.play(melody(67, 72))
        duet.wait_line("turn 1: heard")
        usb.plug()
        print(f"(connected {connected(KEYS):.2f} s after the kernel listed it)")
        _silent(module.heard, "module")


def exchange() -> None:
    """Another synth in mid-answer, by `improvd set`: what sounds ends at the one, the rest sounds at the other."""
    with (
        _usb() as usb,
        _piano("module", "midi") as module,
        _piano("organ", "midi") as organ,
        _duet("--in", KEYS, "--out", "module:midi") as duet,
    ):
        perform(CALL, usb.send)
        _answer(module.heard)
        _improvd("set", "out", "organ")
        _silent(module.heard, "module")
        duet.wait_line("turn 1: heard")
        _silent(organ.heard, "organ")
        _hope(organ.heard.all(), "note at the other synth")


def restart() -> None:
    """The synth's process killed in mid-answer, and another started: silence first, and the next call is answered."""
    with _usb() as usb, _duet("--in", KEYS, "--out", "module:midi") as duet:
        with _piano("module", "midi") as module:
            perform(CALL, usb.send)
            _answer(module.heard)
        duet.wait_line("is gone; waiting for it")
        with _piano("module", "midi") as module:
            print(f"(connected {connected('midi'):.2f} s after the kernel listed it)")
            heard = module.heard.wait(lambda items: items and items[-1].data == LAST[-1], "all notes off")
            _hope(not any(item.is_on for item in heard), "silence before all else")
            perform(CALL, usb.send)
            _answer(module.heard)
            _silent(module.heard, "module")


def held() -> None:
    """A USB synth unplugged in mid-answer, and with a key held that comes up meanwhile: both end once it is back."""
    with _usb() as synth, _piano("pads", "keys") as pads, _duet("--in", "pads:keys", "--out", KEYS, "--thru") as duet:
        pads.play(CALL)
        _answer(synth.heard, after=len(PITCHES))
        _out_and_in(synth, duet, 1)
        pads.send(0x90, LOW, 80)
        synth.heard.wait(lambda items: (0, LOW) in sounding(items), "key, passed on")
        _out_and_in(synth, duet, 2, lambda: pads.send(0x80, LOW, 64))


def _out_and_in(synth: UsbKeyboard, duet: Running, times: int, meanwhile: Callable[[], None] = lambda: None) -> None:
    synth.unplug()
    duet.wait_line("is gone; waiting for it", times)
    meanwhile()
    print(f"(notes that sound on there, out of reach: {len(sounding(synth.heard.all()))})")
    synth.plug()
    took = connected(KEYS) + _time(lambda: synth.heard.wait(lambda items: not sounding(items), "silence"))
    print(f"(silent {took:.2f} s after the kernel listed it)")


def away() -> None:
    """The same, and exchanged for another before it is back: it is sent what it is owed although it isn't played on."""
    with (
        _usb() as synth,
        _piano("pads", "keys") as pads,
        _piano("organ", "midi") as organ,
        _duet("--in", "pads:keys", "--out", KEYS, "--thru") as duet,
    ):
        pads.send(0x90, LOW, 80)
        synth.heard.wait(lambda items: sounding(items) == {(0, LOW)}, "key, passed on")
        synth.unplug()
        duet.wait_line("is gone; waiting for it")
        pads.send(0x80, LOW, 64)
        _improvd("set", "out", "organ")
        connected("midi")
        pads.play(CALL)
        _answer(organ.heard, after=len(PITCHES))
        synth.plug()
        _silent(synth.heard, "the USB synth")
        _silent(organ.heard, "organ")


def full() -> None:
    """All of the sequencer's clients taken at the start, and again as a cable goes and comes while improvd plays."""
    with _usb() as usb, _piano("module", "midi") as module:
        with no_more_clients() as taken:
            print(f"({taken} clients taken, the last of all that there are)")
            _improvd("ports", status=None)
            duet = Running(["-m", "improvd", "run", "--api", "alsa", "--in", KEYS, "--out", "module:midi", "--no-page"])
            duet.wait_line("as many clients as it takes")
            duet.wait_line("ready: ")
        given = time.monotonic()
        connected("midi")
        print(f"(connected {time.monotonic() - given:.2f} s after they were given back)")
        with no_more_clients():
            usb.unplug()
            duet.wait_line("is gone; waiting for it")
            usb.plug()
            print(f"(connected {connected(KEYS):.2f} s after the kernel listed it, with no client left to be had)")
            perform(CALL, usb.send)
            _answer(module.heard)
        _end(duet)
        _silent(module.heard, "module")


def often() -> None:
    """A keyboard in software that comes and goes three hundred times, a key held each time; what grows by it."""
    with _piano("module", "midi") as module, _duet("--in", "pads:keys", "--out", "module:midi", "--thru") as duet:
        took = []
        for number in range(300):
            pads = rtmidi.MidiOut(rtmidi.API_LINUX_ALSA, "pads")
            pads.open_virtual_port("keys")
            took.append(connected("keys"))
            pads.send_message([0x90, LOW, 80])
            module.heard.wait(lambda items: sounding(items) == {(0, LOW)}, "key, passed on")
            pads.delete()
            module.heard.wait(lambda items: not sounding(items), "its way up")
            module.heard.clear()
            if number in (9, 299):
                print(f"(after {number + 1}: {footprint(duet.process.pid)}, {clients()} at the sequencer)", flush=True)
        took.sort()
        print(f"(connected after {took[len(took) // 2]:.2f} s, {took[-1]:.2f} at most)")


SCENES: dict[str, Callable[[], None]] = {
    scene.__name__: scene for scene in (keyboards, exchange, restart, held, away, full, often)
}


@contextmanager
def _usb() -> Iterator[UsbKeyboard]:
    keyboard = UsbKeyboard()
    try:
        yield keyboard
    finally:
        keyboard.unplug()


@contextmanager
def _piano(name: str, *ports: str) -> Iterator[Piano]:
    piano = instrument(name, *ports)
    try:
        yield piano
    finally:
        piano.close()


@contextmanager
def _duet(*options: str) -> Iterator[Running]:
    """An improvd from when it is ready to its end, and what it printed."""
    print("$ improvd run", *(f"'{option}'" if " " in option else option for option in options), flush=True)
    duet = Running(["-m", "improvd", "run", "--api", "alsa", "--seed", "1", "--no-page", "--no-record", *options])
    try:
        duet.wait_line("ready: ")
        time.sleep(BEAT)  # a player looks before they play
        yield duet
        _end(duet)
    finally:
        duet.kill()


def _end(duet: Running) -> None:
    status = duet.end()
    print("\n".join(duet.lines), flush=True)
    _hope(status == 0, f"end as it should be: {status}")


def _improvd(*words: str, status: int | None = 0) -> None:
    """A command of the player's, at another terminal."""
    command = [sys.executable, "-m", "improvd", *words]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603  ours
    print("$ improvd", *words)
    print(done.stdout + done.stderr, end="", flush=True)
    _hope(status in (None, done.returncode), f"end as it should be: {done.returncode}")


def _hope(found: object, what: str) -> None:
    if not found:
        raise AssertionError(f"no {what}")


def _answer(heard: Gathering, *, after: int = 0) -> None:
    """Wait until one sounds, and is not at its first note; ``after`` so many that were passed on."""
    heard.wait(lambda items: sum(item.is_on for item in items) > after + 1 and sounding(items), "answer")


def _silent(heard: Gathering, name: str) -> None:
    notes = sum(item.is_on for item in heard.wait(lambda items: not sounding(items), f"silence at {name}"))
    print(f"({name}: {notes} notes, none of them sounding)", flush=True)


def _time(what: Callable[[], object]) -> float:
    begun = time.monotonic()
    what()
    return time.monotonic() - begun


def main() -> None:
    """Play the scenes that are asked for."""
    for name in sys.argv[1:] or SCENES:
        print(f"\n## {SCENES[name].__doc__}\n", flush=True)
        SCENES[name]()


if __name__ == "__main__":
    main()
