"""Recordings to test with: a player's calls and answers in a steady beat."""

from __future__ import annotations

from improvd.core.events import Beats, MidiEvent, Seconds
from improvd.recorder import journal
from improvd.recorder.journal import Beat

HEADER = journal.header(1_700_000_000.5, Seconds(10.0), version="1.0", model="default", meter="3/4")


def scale(begin: float, period: float, count: int = 4, low: int = 60) -> list[MidiEvent]:
    """A note on each beat, held for half of it."""
    events = []
    for index in range(count):
        events.append(MidiEvent(Seconds(begin + index * period), bytes((0x90, low + index, 80))))
        events.append(MidiEvent(Seconds(begin + (index + 0.5) * period), bytes((0x80, low + index, 64))))
    return events


def turn(begin: float, period: float, *, answer: float | None = 6.0, reason: str = "finished") -> dict[str, object]:
    """Figures of a turn of four beats, answered for four from beat ``answer`` on."""
    onset = None if answer is None else begin + answer * period
    return {
        "turn": 0,
        "call_start": begin,
        "call_end": begin + 3.5 * period,
        "response_onset": onset,
        "response_end": None if onset is None else onset + 3.5 * period,
        "response_notes": 0 if onset is None else 4,
        "bpm": 60 / period,
        "reason": reason,
    }


def take(begin: float, period: float, downbeat: float | None = None) -> list[str]:
    """The lines of a call, its beat, its answer, and the turn's end."""
    return [
        *map(journal.heard, scale(begin, period)),
        journal.beat(Beat(Seconds(begin), Seconds(period), Beats(3.0), None if downbeat is None else Beats(downbeat))),
        *(journal.sent(event.at, event.data) for event in scale(begin + 6 * period, period, low=72)),
        journal.turn(turn(begin, period)),
    ]


def written(*lines: str) -> bytes:
    """A journal."""
    return "".join(f"{line}\n" for line in (HEADER, *lines)).encode()
