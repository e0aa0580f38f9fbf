"""How an answer is to be played: the knobs that bend what the model would do by itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

ATTRIBUTES = ("interval", "pitch", "duration", "velocity")
"""What a note is made of, in the order in which it is chosen."""

Each = tuple[float | None, float | None, float | None, float | None]
"""A number for each attribute, None where it has none of its own."""

NONE_OF_ITS_OWN: Each = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Manner:
    """The knobs. Their defaults were chosen by measurement: docs/quality/manner.md.

    ``register``, ``density`` and ``velocity`` are told by the call: so many semitones above its, so many times as many
    notes a beat, so much louder; None lets the model play as it would. ``similarity``, ``key_lean`` and ``ending`` run
    from 0, not at all, to 1.
    """

    similarity: float = 0.5
    """How far the answer takes up what the player played: 0 only the trained style, 1 only the player."""
    key_lean: float = 0.5
    """How strongly it keeps to the key that the player is in."""
    register: float | None = 0.0
    density: float | None = 1.0
    velocity: float | None = 0.0
    ending: float = 0.5
    """How surely it ends as a phrase does: on a long, stable note, on a strong beat."""
    originality: int | None = 12
    """So many notes in a row at most, and no fewer than 10, as in the music it learnt; None: any number."""
    temperature_each: Each = NONE_OF_ITS_OWN
    """In place of the one temperature."""
    top_p_each: Each = NONE_OF_ITS_OWN


AS_MEASURED = Manner()
"""The manner where nothing else is asked."""


def manner_from(knobs: object) -> Manner:
    """The manner that settings or options stand for: they have its fields, those ``_each`` as `each_from` reads them.

    ValueError where it can't read them.
    """
    each: dict[str, Any] = {name: each_from(getattr(knobs, name)) for name in ("temperature_each", "top_p_each")}
    plain = {field.name: getattr(knobs, field.name) for field in fields(Manner) if field.name not in each}
    return Manner(**plain, **each)


def each_from(text: str) -> Each:
    """Numbers by attribute, as in "pitch 0.8, duration 1.1". ValueError, whose text goes on from an option's name."""
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.replace("=", " ").partition(" ")
        if name not in ATTRIBUTES or name in found:
            raise ValueError(f"must name each of {', '.join(ATTRIBUTES)} at most once, as in 'pitch 0.8, duration 1.1'")
        try:
            found[name] = float(number)
        except ValueError:
            raise ValueError(f"must have a number after {name}, as in '{name} 0.8'") from None
    interval, pitch, duration, velocity = (found.get(name) for name in ATTRIBUTES)
    return interval, pitch, duration, velocity


def each_to(numbers: Each) -> str:
    """The text of which `each_from` makes these."""
    named = zip(ATTRIBUTES, numbers, strict=True)
    return ", ".join(f"{name} {number:g}" for name, number in named if number is not None)
