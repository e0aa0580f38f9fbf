"""Requests to answer, for the tests of what answers them."""

from __future__ import annotations

import dataclasses

from improvd.core.events import BeatNote, Beats, Generate, Seconds


def request(**changes: object) -> Generate:
    """Four beats after a call of eight rising quavers."""
    plain = Generate(
        turn=3,
        segment=0,
        context=tuple(BeatNote(Beats(n * 0.5), Beats(0.5), 60 + n, 80) for n in range(8)),
        call=8,
        start=Beats(4.0),
        until=Beats(8.0),
        end=Beats(8.0),
        least_notes=4,
        longest_gap=Beats(2.0),
        deadline=Seconds(1.0),
        seed=1,
    )
    return dataclasses.replace(plain, **changes)


def asked_after(*pitches: int, **changes: object) -> Generate:
    """The same after a call of these pitches, a quaver each."""
    call = tuple(BeatNote(Beats(n * 0.5), Beats(0.5), pitch, 80) for n, pitch in enumerate(pitches))
    length = len(call) / 2
    after = {"start": Beats(length), "until": Beats(length + 4), "end": Beats(length + 4)}
    return request(**{"context": call, "call": len(call), **after, **changes})
