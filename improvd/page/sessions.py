"""The sessions that were kept, for a page: their list, each as a MIDI file, and as notes to hear again.

Files are read on threads of their own; the event loop waits for no disk. A request names a recording and never a file.
"""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import mido

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, MidiEvent, Seconds
from improvd.errors import UserError
from improvd.recorder import folder as folders
from improvd.recorder.score import IMPROVD, PLAYER, SUMMARY, read

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.page.web import Reply

MOST_LISTED = 100
PARTS = {PLAYER: "you", IMPROVD: "improvd"}


class Sessions:
    """The recordings in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def answer(self, rest: str) -> Reply | None:
        """Of nothing the list, the newest first; of NAME.mid a MIDI file, of NAME.json its notes; else None."""
        return await asyncio.to_thread(self._answer, rest)

    def _answer(self, rest: str) -> Reply | None:
        if not rest:
            return _as_json([self._entry(kept) for kept in reversed(folders.listed(self._folder)[-MOST_LISTED:])])
        name, _, kind = rest.partition(".")
        if kind not in ("mid", "json") or not folders.NAMED.fullmatch(name):
            return None
        music = self._music(name)
        if music is None:
            return None
        if kind == "json":
            return _as_json(notes(music))
        file = io.BytesIO()
        music.save(file=file)
        return "audio/midi", file.getvalue()

    def _music(self, name: str) -> mido.MidiFile | None:
        """A recording by name, one that is still being made as far as it goes."""
        try:
            return read(folders.named(self._folder, name))
        except UserError:
            return None

    def _entry(self, kept: folders.Kept) -> dict[str, Any]:
        """What the list says: the summary, or why there is none."""
        summary, problem = kept.summary, kept.problem
        if summary is None and (music := self._music(kept.name)):
            summary = _summary(music)
        return {"name": kept.name, "problem": problem, **(summary or {})}


def notes(music: mido.MidiFile) -> list[dict[str, Any]]:
    """Both parts' notes in order of onset, in seconds; one that the pedal holds lasts as long as that."""
    found: list[dict[str, Any]] = []
    tempi = music.tracks[0] if music.tracks else mido.MidiTrack()
    for track in music.tracks:
        part = PARTS.get(track.name)
        if part:
            found += [{"part": part, **note} for note in _sounded(_timed(music, tempi, track))]
    return sorted(found, key=lambda note: (note["onset"], note["pitch"]))


def _timed(music: mido.MidiFile, tempi: mido.MidiTrack, track: mido.MidiTrack) -> list[MidiEvent]:
    """A track's channel messages at their seconds."""
    alone = mido.MidiFile(type=1, ticks_per_beat=music.ticks_per_beat, tracks=[tempi, track])
    now, events = 0.0, []
    for message in alone:
        now += message.time
        if not message.is_meta and message.type != "sysex":
            events.append(MidiEvent(Seconds(now), bytes(message.bytes())))
    return events


def _sounded(events: list[MidiEvent]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    on: dict[tuple[int, int], dict[str, Any]] = {}
    held: dict[int, list[dict[str, Any]]] = {}  # by the pedal, by channel
    for event in events:
        kind, channel, key = event.kind, event.channel, (event.channel, event.data[1])
        if kind in (NOTE_ON, NOTE_OFF) and (ending := on.pop(key, None)):
            ending["offset"] = event.at
            if channel in held:
                held[channel].append(ending)
        if kind == NOTE_ON:
            on[key] = {"pitch": event.data[1], "velocity": event.data[2], "onset": event.at, "offset": event.at}
            found.append(on[key])
        elif kind == CONTROL and event.data[1] == SUSTAIN and event.data[2] >= 64:
            held.setdefault(channel, [])
        elif kind == CONTROL and event.data[1] == SUSTAIN:
            for note in held.pop(channel, []):
                note["offset"] = event.at
    return found


def _summary(music: mido.MidiFile) -> dict[str, Any] | None:
    for message in music.tracks[0] if music.tracks else ():
        if message.type == "text" and message.text.startswith(SUMMARY):
            found: dict[str, Any] = json.loads(message.text.removeprefix(SUMMARY))
            return found
    return None


def _as_json(value: object) -> Reply:
    return "application/json", json.dumps(value, separators=(",", ":")).encode()
