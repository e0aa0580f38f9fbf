"""Whatever reads a file that somebody else may have made: each as a call that takes any bytes and raises nothing.

What is wrong with a file must come out as the one error that its reader promises, in one line. A call says whether the
bytes were taken. `TARGETS` holds each with a whole file to begin from.
"""

from __future__ import annotations

import atexit
import io
import random
import shutil
import struct
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import numpy as np

from improvd.config import file as config
from improvd.config import live
from improvd.config.option import options_of
from improvd.config.options import RunOptions
from improvd.config.settings import engine_settings
from improvd.config.text import toml
from improvd.control import requests
from improvd.errors import UserError
from improvd.model import bundle, originality
from improvd.model.golden import verify
from improvd.page import hub
from improvd.recorder import journal
from improvd.recorder.score import score
from improvd.rehearsal import player, replay
from tests.fuzz import streams
from tests.model.tiny_model import write_tiny

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def folder() -> Path:
    """Where the files are written; memory, where there is a disk of it."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
    made = Path(tempfile.mkdtemp(prefix="improvd-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def taken(
    read: Callable[[Path], object],
    name: str,
    data: bytes,
    promised: type[Exception] | tuple[type[Exception], ...] = UserError,
) -> bool:
    """Have ``data`` read as a file of that name: whether it was taken, and not refused in one line as promised."""
    path = folder() / name
    path.write_bytes(data)
    try:
        read(path)
    except promised as error:
        lines = str(error).splitlines()
        assert len(lines) == 1, lines
        return False
    return True


def played_midi(data: bytes) -> bool:
    """`improvd rehearse FILE.mid`."""
    return taken(player.read_midi, "played.mid", data)


def corpus_midi(data: bytes) -> bool:
    """A MIDI file of a corpus, as `improvd train` reads it."""
    from improvd.train.music import midi  # noqa: PLC0415  wants symusic, which the daemon goes without
    from improvd.train.music.skipped import SkippedError  # noqa: PLC0415  as above

    return taken(midi.read, "corpus.mid", data, SkippedError)


def trace(data: bytes) -> bool:
    """`improvd rehearse FILE.jsonl`."""
    return taken(lambda path: replay.Replay(replay.read_trace(path)).perform(), "trace.jsonl", data)


def configuration(data: bytes) -> bool:
    """The configuration file."""
    return taken(config.read, "config.toml", data)


def request(data: bytes) -> bool:
    """A line that a client of the control socket sends."""
    return taken(lambda path: requests.decode(path.read_bytes()), "request", data, requests.RequestError)


def setting(data: bytes) -> bool:
    """A line by which a client or a page sets an option, and what the session would go by then."""

    def wish(path: Path) -> None:
        asked = hub.read(path.read_bytes().decode(errors="replace"))
        if asked.do == "set":
            engine_settings(live.changed(RunOptions(), **asked.more))

    return taken(wish, "setting", data, (UserError, requests.RequestError))


def recording(data: bytes) -> bool:
    """The journal of a session that was cut off, and the MIDI file that is made of it."""

    def finish(path: Path) -> None:
        music = score(journal.read(path.read_bytes()))
        if music is not None:
            music.save(file=io.BytesIO())

    return taken(finish, "2026-01-01_120000.journal", data, journal.DamagedError)


@cache
def _bundle() -> Path:
    return write_tiny(folder() / "bundle", card="", originality=originality.learn([np.arange(80).reshape(40, 2) % 7]))


def _with(name: str, data: bytes) -> Callable[[Path], object]:
    """Load and prove the tiny bundle with one file's contents changed."""

    def read(_path: Path) -> object:
        path = _bundle() / name
        whole = SEEDS[name]
        path.write_bytes(data)
        try:
            return verify(bundle.load(_bundle()), rounds=1)
        finally:
            path.write_bytes(whole)

    return read


def bundle_facts(data: bytes) -> bool:
    """A model's ``model.json``."""
    return taken(_with("model.json", data), "unused", b"")


def bundle_weights(data: bytes) -> bool:
    """A model's ``weights.npz``."""
    return taken(_with("weights.npz", data), "unused", b"")


def bundle_filter(data: bytes) -> bool:
    """A model's ``originality.npz``."""
    return taken(_with("originality.npz", data), "unused", b"")


def stream(data: bytes) -> bool:
    """Raw MIDI from whatever there is at the other end of a cable, all the way to the synth."""
    return streams.play(data).heard > 0


def osc(data: bytes) -> bool:
    """A packet of OSC, and what its messages ask for."""
    from improvd.osc.packets import PacketError, read  # noqa: PLC0415  wants python-osc, which the daemon goes without
    from improvd.osc.wishes import wish_of  # noqa: PLC0415  as above

    def ask(path: Path) -> None:
        for said in read(path.read_bytes()):
            with suppress(UserError):
                wish_of(said)

    return taken(ask, "packet", data, PacketError)


def _midi() -> bytes:
    song = mido.MidiFile(type=1)
    tempi, notes = mido.MidiTrack(), mido.MidiTrack()
    tempi += [
        mido.MetaMessage("track_name", name="tempi"),
        mido.MetaMessage("time_signature", numerator=6, denominator=8),
        mido.MetaMessage("set_tempo", tempo=400_000),
        mido.MetaMessage("set_tempo", tempo=600_000, time=480),
    ]
    for pitch in range(60, 72):
        notes += [
            mido.Message("note_on", note=pitch, velocity=80, time=10),
            mido.Message("control_change", control=64, value=127, time=100),
            mido.Message("pitchwheel", pitch=-300),
            mido.Message("note_off", note=pitch, time=130),
        ]
    notes.append(mido.Message("sysex", data=(1, 2, 3)))
    song.tracks += [tempi, notes]
    held = io.BytesIO()
    song.save(file=held)
    return held.getvalue()


TRACE = b"""\
{"type": "header", "format": 1, "version": "0.1.0", "clock": {"monotonic": 1.0, "epoch": 2.0}, "settings": {"seed": 1, \
"temperature": 1.0, "bpm": null}, "limits": {"late_limit": 0.05, "longest_note": 12.0}, "instrument": "separate", \
"model": {"name": "default", "sha": "0", "step": 0.0001}}
{"type": "in", "at": 1.5, "data": "903c50", "echo": false}
{"type": "time", "at": 1.6}
{"type": "link", "at": 1.7, "read": 1.69, "beat": 3.5, "bpm": 120.0, "playing": null, "peers": 1}
{"type": "in", "at": 2.0, "data": "803c40", "echo": false}
{"type": "continuation", "at": 2.5, "turn": 1, "segment": 0, "complete": true, "notes": [[4.0, 1.0, 60, 80]]}
{"type": "settings", "at": 2.6, "settings": {"temperature": 0.5}}
{"type": "event", "at": 3.0, "what": "ports lost"}
{"type": "event", "at": 4.0, "what": "close"}
"""

JOURNAL = b"""\
{"improvd": "0.1.0", "format": 1, "epoch": 1700000000.5, "at": 10.0, "model": "default", "meter": "3/4"}
["h", 11.0, "903c50"]
["h", 11.5, "803c40"]
["h", 12.0, "c005"]
["b", 11.0, 0.5, 3.0, -1.0]
["s", 13.0, "904050"]
["s", 13.5, "804040"]
["t", {"call_start": 11.0, "call_end": 12.0, "response_onset": 13.0, "response_end": 13.5, "response_notes": 1, \
"bpm": 120.0, "reason": "finished"}]
["h", 20.0, "903c50"]
["b", 20.0, 0.4, 3.0, null]
["t", {"call_start": 20.0, "call_end": 22.0, "response_onset": null, "response_end": null, "response_notes": 0, \
"bpm": 150.0, "reason": "abandoned"}]
"""

OSC_MESSAGES = (
    b"/improvd/temperature\0\0\0\0,f\0\0" + struct.pack(">f", 0.8),
    b"/improvd/mode\0\0\0,s\0\0trade\0\0\0",
    b"/improvd/panic\0\0,[iThd]\0" + struct.pack(">iqd", 1, 2, 3.0),
)

SEEDS: dict[str, bytes] = {
    "osc": struct.pack(">8sQ", b"#bundle", 1) + b"".join(struct.pack(">i", len(one)) + one for one in OSC_MESSAGES),
    "midi": _midi(),
    "stream": streams.Hostile(random.Random(7)).stream(150),  # noqa: S311  no secret
    "request": b'{"id": 7, "do": "play", "events": [[11.5, [144, 60, 80]], [null, [192, 5]]]}',
    "setting": b'{"id": 8, "do": "set", "name": "temperature-each", "value": "pitch 0.8, duration 1.1"}',
    "recording": JOURNAL,
    "trace": TRACE,
    "config": "\n".join(
        [toml(option, option.default) for option in options_of(RunOptions)]
        + ["[profile.jazz]", "temperature = 1.2", 'in = "Keys"', 'bpm = "auto"']
    ).encode(),
    **{name: (_bundle() / name).read_bytes() for name in ("model.json", "weights.npz", "originality.npz")},
}
TARGETS: dict[str, tuple[Callable[[bytes], bool], bytes]] = {
    "played-midi": (played_midi, SEEDS["midi"]),
    "corpus-midi": (corpus_midi, SEEDS["midi"]),
    "stream": (stream, SEEDS["stream"]),
    "trace": (trace, SEEDS["trace"]),
    "request": (request, SEEDS["request"]),
    "setting": (setting, SEEDS["setting"]),
    "recording": (recording, SEEDS["recording"]),
    "osc": (osc, SEEDS["osc"]),
    "config": (configuration, SEEDS["config"]),
    "bundle-facts": (bundle_facts, SEEDS["model.json"]),
    "bundle-weights": (bundle_weights, SEEDS["weights.npz"]),
    "bundle-filter": (bundle_filter, SEEDS["originality.npz"]),
}
