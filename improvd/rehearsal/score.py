"""A performance as a MIDI file: the player's part and improvd's on tracks of their own, a marker for each turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido

from improvd.files.midi import save

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from improvd.core.events import Seconds
    from improvd.rehearsal.performance import Performance

TICKS_PER_BEAT = 960
TEMPO = 500_000
"""Microseconds a beat: the file tells seconds, half a millisecond exactly; the beats of each turn are its markers'."""


def write_duet(performance: Performance, path: Path) -> None:
    """Write both parts to a file, whole or not at all. Raises UserError."""
    start = min([event.at for event in performance.heard] + [0.0])
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    marks = [(turn.response_onset, turn) for turn in performance.turns if turn.response_onset is not None]
    conductor = [mido.MetaMessage("marker", text=f"turn {turn.turn}: {turn.bpm:.1f} bpm") for _, turn in marks]
    file.tracks.append(
        track("improvd rehearsal", zip([at for at, _ in marks], conductor, strict=True), start, tempo=TEMPO)
    )
    heard = ((event.at, _message(event.data)) for event in performance.heard)
    file.tracks.append(track("player", heard, start))
    file.tracks.append(track("improvd", ((sent.actual, _message(sent.data)) for sent in performance.sent), start))
    save(file, path)


def _message(data: bytes) -> mido.Message:
    return mido.Message.from_bytes(data)


def track(
    name: str, events: Iterable[tuple[Seconds, mido.Message]], start: float, tempo: int | None = None
) -> mido.MidiTrack:
    """Messages, in order of time in seconds, as a track that begins at ``start``; ``tempo`` where it is the first."""
    made = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    if tempo is not None:
        made.append(mido.MetaMessage("set_tempo", tempo=tempo))
    last = 0
    for at, message in events:
        tick = max(last, round(mido.second2tick(at - start, TICKS_PER_BEAT, TEMPO)))
        made.append(message.copy(time=tick - last))
        last = tick
    made.append(mido.MetaMessage("end_of_track"))
    return made
