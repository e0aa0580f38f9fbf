"""Names: of MIDI systems, of ports, and which port a player means by one."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from improvd.config.systems import SYSTEMS
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_NUMBERS = re.compile(r" \d+:\d+$| \[\d+\](?= \((?:capture|playback)\):)")
"""What changes from run to run: the client and port numbers that ALSA puts behind a name, and the client's number that
the bridge a2jmidid puts into it ("a2j:Piano [20] (capture): Keys")."""

_BRIDGES = ("system", "a2j", "alsa_midi", "Midi-Bridge")
"""JACK's clients whose ports are many devices'."""


def shown(api: str) -> str:
    """A MIDI system's name as players know it."""
    return SYSTEMS.get(api, api)


def stable(name: str) -> str:
    """``name`` without the numbers that change from run to run."""
    return _NUMBERS.sub("", name)


def device(name: str) -> str:
    """The device or client that a port belongs to: what stands before its colon. Empty where that says nothing."""
    found = stable(name).partition(":")[0]
    return "" if found in _BRIDGES else found


def choose(names: Sequence[str], wanted: str, direction: str) -> int:
    """The index in ``names`` of the port meant by ``wanted``; ``direction`` ("input" or "output") is for the error.

    An exact name wins, with ALSA's numbers, with others or without, whole or the part on either side of its colon; then
    the same whatever the case; then a unique part. Raises `MidiError`, with the candidates, where none or several fit.
    """
    for fits in _WAYS:
        found = [index for index, name in enumerate(names) if fits(name, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            several = _listed(names[index] for index in found)
            raise MidiError(f"'{wanted}' could be any of these MIDI {direction}s: {several}; name it in full")
    raise MidiError(_nothing_like(names, wanted, direction))


def offered(names: Iterable[str]) -> tuple[str, ...]:
    """The names by which these ports can be asked for, now and another day; where two are alike, with their numbers."""
    names = tuple(names)
    alike = Counter(map(stable, names))
    return tuple(stable(name) if alike[stable(name)] == 1 else name for name in names)


def find(names: Sequence[str], wanted: str, last: str, direction: str) -> int:
    """`choose`, for a port that was called ``last`` when it was there: under that name it is known whatever else fits.

    Without it ("" for a port that was never there) as `choose`.
    """
    again = [index for index, name in enumerate(names) if last and stable(name) == stable(last)]
    return again[0] if len(again) == 1 else choose(names, wanted, direction)


def _spellings(name: str) -> tuple[str, ...]:
    plain = stable(name)
    return (plain, *(side for side in plain.partition(":")[::2] if side))


_WAYS: tuple[Callable[[str, str], bool], ...] = (
    lambda name, wanted: name == wanted,
    lambda name, wanted: stable(name) == stable(wanted),
    lambda name, wanted: wanted in _spellings(name),
    lambda name, wanted: wanted.casefold() in map(str.casefold, _spellings(name)),
    lambda name, wanted: wanted.casefold() in stable(name).casefold(),
    lambda name, wanted: wanted.casefold() in name.casefold(),
)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _nothing_like(names: Sequence[str], wanted: str, direction: str) -> str:
    if not names:
        return f"there is no MIDI {direction} named '{wanted}': there is none at all (see: improvd ports)"
    import difflib  # noqa: PLC0415  only for a mistake; it costs the start some milliseconds

    by_spelling = {spelling.casefold(): name for name in names for spelling in _spellings(name)}
    near = difflib.get_close_matches(wanted.casefold(), by_spelling, n=1)
    hint = f"; did you mean '{stable(by_spelling[near[0]])}'?" if near else ";"
    return f"there is no MIDI {direction} named '{wanted}'{hint} there are: {_listed(map(stable, names))}"
