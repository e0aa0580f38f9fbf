"""A recording as a MIDI file: both parts on tracks of their own, the tempo followed, a marker for each turn."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import mido

from improvd import __version__
from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Seconds
from improvd.core.meter import meter_named
from improvd.errors import UserError
from improvd.files import midi
from improvd.recorder import journal
from improvd.recorder.beats import Map, beat_map
from improvd.recorder.folder import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from improvd.recorder.journal import Recording, Turn

TICKS_PER_BEAT = 960
SUMMARY = "improvd recording "
"""How the text begins that tells what a file holds; JSON follows."""
PLAYER, IMPROVD = "player", "improvd"
"""What the tracks are called."""


def score(recording: Recording) -> mido.MidiFile | None:
    """The file, its beat 0 a downbeat no later than the first message; None where no note was played."""
    parts = {PLAYER: _whole(recording.heard), IMPROVD: _whole(recording.sent)}
    events = sorted(event.at for part in parts.values() for event in part)
    if not any(event.kind == NOTE_ON for part in parts.values() for event in part):
        return None
    beats = beat_map(recording.turns, events[0])
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_conductor(recording, beats, Seconds(events[-1] - events[0])))
    for name, part in parts.items():
        file.tracks.append(_track(name, ((beats.beat_at(event.at), _message(event)) for event in part)))
    return file


def part_of(file: mido.MidiFile, name: str) -> mido.MidiFile:
    """A recording's tempo and one of its parts alone, `PLAYER` or `IMPROVD`."""
    part = mido.MidiFile(type=1, ticks_per_beat=file.ticks_per_beat)
    part.tracks = [track for number, track in enumerate(file.tracks) if number == 0 or track.name == name]
    return part


def read(path: Path) -> mido.MidiFile:
    """A recording, be it a MIDI file or still a journal. Raises `UserError`."""
    if path.suffix != JOURNAL:
        return midi.read(path)
    try:
        music = score(journal.read(path.read_bytes()))
    except OSError as error:
        raise UserError(f"can't read {path}: {error.strerror}") from None
    except journal.DamagedError as error:
        raise UserError(f"{path}: {error}") from None
    if music is None:
        raise UserError(f"{path}: no note was played in it")
    return music


def _whole(events: Sequence[MidiEvent]) -> list[MidiEvent]:
    """Events with every note that was still on at the end, because the recording was cut off, ended there."""
    sounding: Counter[tuple[int, int]] = Counter()
    for event in events:
        if event.kind in (NOTE_ON, NOTE_OFF):
            key = (event.channel, event.data[1])
            sounding[key] = event.kind == NOTE_ON
    offs = [bytes((NOTE_OFF | channel, pitch, 64)) for (channel, pitch), on in sounding.items() if on]
    return [*events, *(MidiEvent(events[-1].at, data) for data in offs)]


def _conductor(recording: Recording, beats: Map, length: Seconds) -> mido.MidiTrack:
    began = datetime.fromtimestamp(recording.epoch).astimezone()
    summary = {
        "version": __version__,
        "model": ", ".join(dict.fromkeys([recording.model, *(name for _, name in recording.models)])),
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(length, 3),
        "turns": len(recording.turns),
        "heard": sum(event.kind == NOTE_ON for event in recording.heard),
        "played": sum(event.kind == NOTE_ON for event in recording.sent),
    }
    told = json.dumps(summary)[1:-1].replace("}", "\\u007d")  # so that the first brace is the end of it
    events: list[tuple[float, Any]] = [(0.0, mido.MetaMessage("text", text=f"{SUMMARY}{{{told}}}"))]
    meter = meter_named(recording.meter)
    events.append((0.0, mido.MetaMessage("time_signature", numerator=meter.count, denominator=meter.unit)))
    for beat, period in beats.tempi():
        tempo = min(max(round(period * 1e6), 1), 0xFFFFFF)
        events.append((beat, mido.MetaMessage("set_tempo", tempo=tempo)))
    for number, turn in enumerate(recording.turns, 1):
        at = turn.call_end if turn.response_onset is None else turn.response_onset
        events.append((beats.beat_at(at), mido.MetaMessage("marker", text=_marker(number, turn))))
    for changed, name in recording.models:
        told = json.dumps(f"model {name}")[1:-1]  # a MIDI file's texts have no other letters than ASCII's
        events.append((beats.beat_at(changed), mido.MetaMessage("marker", text=told)))
    return _track(f"improvd, {began:%Y-%m-%d %H:%M}", sorted(events, key=lambda event: event[0]))


def _marker(number: int, turn: Turn) -> str:
    if turn.response_onset is None:
        return f"turn {number}: no answer ({turn.reason})"
    return f"turn {number}: {turn.response_notes} notes at {turn.bpm:.0f} bpm ({turn.reason})"


def _message(event: MidiEvent) -> mido.Message:
    return mido.Message.from_bytes(event.data)


def _track(name: str, events: Iterable[tuple[float, Any]]) -> mido.MidiTrack:
    """Messages, in order of their beats, as a track."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    last = 0
    for beat, message in events:
        tick = max(last, round(beat * TICKS_PER_BEAT))
        track.append(message.copy(time=tick - last))
        last = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track
