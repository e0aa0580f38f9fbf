"""How fast things went, kept with the cache: from that, how long they will take."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from improvd.train.files import whole
from improvd.train.intake.parts import MIDI, RECORDED, SCORES

if TYPE_CHECKING:
    from collections.abc import Mapping

FITTING: Final = "fitting"
USUAL: Final = {MIDI: 150.0, SCORES: 2.0, RECORDED: 10.0, FITTING: 3000.0}
"""What a slow machine does in a second, where nothing was measured yet: files of MIDI and scores by one worker, seconds
of sound by one worker, and notes learnt from."""
FASTEST: Final = {SCORES: 50.0, RECORDED: 200.0}
"""What goes faster was not read at all: `improvd.train.files.cache` knew it file by file."""
USUAL_SOUND: Final = 240.0
"""Seconds that a recording counts for where nobody asked it."""
NAME: Final = "rates.json"
ENOUGH: Final = {MIDI: 5.0, SCORES: 5.0, RECORDED: 5.0, FITTING: 60.0}
"""Seconds that something must have taken to tell its rate; of fitting the first are spent on building the network."""


def load(cache: str) -> dict[str, float]:
    """Each kind's rate, a second: as last measured, else the usual one."""
    try:
        held = json.loads(whole.read(f"{cache}/{NAME}") or b"{}")
        found = {kind: float(held[kind]) for kind in USUAL if kind in held}
    except (ValueError, TypeError, AttributeError):
        found = {}
    return USUAL | {kind: rate for kind, rate in found.items() if 0 < rate < math.inf}


def costs(cache: str) -> dict[str, float]:
    """About how many seconds one worker takes for a file of each kind."""
    rate = load(cache)
    return {MIDI: 1 / rate[MIDI], SCORES: 1 / rate[SCORES], RECORDED: USUAL_SOUND / rate[RECORDED]}


def learn(cache: str, measured: Mapping[str, tuple[float, float]]) -> None:
    """Remember how much of each kind was done in how many seconds, where that took long enough to tell."""
    rates = {kind: done / seconds for kind, (done, seconds) in measured.items() if seconds >= ENOUGH[kind] and done > 0}
    fresh = {kind: rate for kind, rate in rates.items() if rate <= FASTEST.get(kind, math.inf)}
    if fresh:  # without it, a plan guesses
        with suppress(Exception), whole.writing(f"{cache}/{NAME}") as file:
            file.write(json.dumps(load(cache) | fresh).encode())
