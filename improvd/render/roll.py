"""A piano roll in text: pitch upwards, time to the right, bar lines, a few bars to a page.

With Unicode a character shows two pitches, its lower and its upper half, as that of the lower one stands at the left.
Without, each pitch has a line of its own, and a note is an onset and what it holds.
"""

from __future__ import annotations

import math
import os
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from improvd.core.events import BeatNote

NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MARGIN: Final = 5
"""Characters to the left of the first bar line: the longest name of a pitch, C#-1, and a blank."""
NARROWEST: Final = 20
FINENESS: Final = (4, 2, 1)
"""Characters to a beat: sixteenths where a bar of them fits into the width."""
LEAST_RANGE: Final = 12
"""Semitones on a page at least, so that a page of one pitch looks like one."""
ASCII: Final = ("O-", "#=")
"""Onset and what follows it, of the first part and of all others."""
COLOURS: Final = (33, 36)
"""Terminals' own yellow and cyan, which go with dark and light, and which the colour-blind tell apart."""
BLOCKS: Final = "│·▀▄█"


class Part(NamedTuple):
    """Who plays what: notes in beats, in any order."""

    name: str
    notes: Sequence[BeatNote]


class Look(NamedTuple):
    """What whoever reads it can see; ``width`` in characters."""

    width: int = 80
    blocks: bool = True
    colour: bool = False

    @classmethod
    def of(cls, stream: IO[Any], width: int, environment: Mapping[str, str] = os.environ) -> Look:
        """What a stream shows: colour on a terminal, unless the environment says no, and blocks where it can."""
        try:
            blocks = bool(BLOCKS.encode(getattr(stream, "encoding", None) or "ascii"))
        except (UnicodeEncodeError, LookupError):
            blocks = False
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        return cls(max(NARROWEST, width), blocks, not plain and stream.isatty())


class _Cell(NamedTuple):
    """What sounds of a pitch in a column: the part's number, and whether the note begins here."""

    part: int
    onset: bool


class _Page(NamedTuple):
    """The bars from ``first`` to before ``last``; cells by (pitch, column)."""

    first: int
    last: int
    cells: dict[tuple[int, int], _Cell]


def name_of(pitch: int) -> str:
    """A pitch's name; 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def pages(parts: Sequence[Part], bar: float, look: Look, downbeat: float = 0.0, tap: float = 1.0) -> Iterator[str]:
    """Pages of lines, each some bars of ``bar`` beats (more than 0); none where no note is.

    The bar that begins on ``downbeat`` is number 1. A dot stands at every ``tap`` beats of a bar.
    """
    notes = [note for part in parts for note in part.notes]
    if not notes:
        return
    fine = next((one for one in FINENESS if MARGIN + _columns(bar, one) + 2 <= look.width), FINENESS[-1])
    most = max(1, (look.width - MARGIN - 1) // (_columns(bar, fine) + 1))
    first = math.floor((min(note.onset for note in notes) - downbeat) / bar + 1e-6)
    last = math.ceil((max(note.onset + note.duration for note in notes) - downbeat) / bar - 1e-6)
    for begin in range(first, last, most):
        page = _cut(parts, bar, fine, downbeat, (begin, min(begin + most, last)))
        if look.blocks:
            _part_notes(page)
        yield "\n".join(_lines(page, parts, _columns(bar, fine), _columns(tap, fine), look))


def _columns(bar: float, fine: int) -> int:
    return max(1, round(bar * fine))


def _cut(parts: Sequence[Part], bar: float, fine: int, downbeat: float, bars: tuple[int, int]) -> _Page:
    width = _columns(bar, fine)
    end = (bars[1] - bars[0]) * width
    cells: dict[tuple[int, int], _Cell] = {}

    def column(beat: float) -> int:
        # By bars, so that metres whose bars are no whole number of columns keep to their bar lines.
        whole = math.floor((beat - downbeat) / bar + 1e-6)
        return (whole - bars[0]) * width + min(width - 1, round((beat - downbeat - whole * bar) * fine))

    timed = [(note, number) for number, part in enumerate(parts) for note in part.notes]
    for note, number in sorted(timed, key=lambda one: one[0].onset):
        begin = column(note.onset)
        stop = max(begin + 1, column(note.onset + note.duration))
        for place in range(max(0, begin), min(end, stop)):
            cells[note.pitch, place] = _Cell(number, place == begin)
    return _Page(*bars, cells)


def _part_notes(page: _Page) -> None:
    """End a note a column early where its pitch is struck again at once: the two would look like one."""
    for pitch, place in [place for place, cell in page.cells.items() if cell.onset]:
        before = page.cells.get((pitch, place - 1))
        if before is not None and not before.onset:
            del page.cells[pitch, place - 1]


def _lines(page: _Page, parts: Sequence[Part], width: int, tap: int, look: Look) -> Iterator[str]:
    yield _heading(page, parts, width)
    pitches = [pitch for pitch, _ in page.cells] or [60]
    lowest = min(pitches) - max(0, LEAST_RANGE - (max(pitches) - min(pitches) + 1)) // 2
    highest = max(*pitches, lowest + LEAST_RANGE - 1)
    step = 2 if look.blocks else 1
    line = "│" if look.blocks else "|"
    for pitch in range(highest - highest % step, lowest - lowest % step - 1, -step):
        drawn = []
        for number in range(page.last - page.first):
            places = range(number * width, (number + 1) * width)
            drawn.append(_bar([_drawn(page, pitch, place, place % width % tap == 0, look) for place in places], look))
        yield f"{name_of(pitch):>{MARGIN - 1}} {line}{line.join(drawn)}{line}"


def _heading(page: _Page, parts: Sequence[Part], width: int) -> str:
    """The number of each bar, and who begins or goes on in it, where that is news."""
    told: set[int] = set()
    out = " " * MARGIN
    for number in range(page.last - page.first):
        begins = {cell.part for (_, place), cell in page.cells.items() if place // width == number} - told
        told |= begins
        names = " ".join(parts[part].name for part in sorted(begins))
        out += f" {page.first + number + 1} {names}"[: width + 1].ljust(width + 1)
    return out.rstrip()


def _drawn(page: _Page, pitch: int, place: int, on_beat: bool, look: Look) -> tuple[str, str]:
    """One character, and its colours as a terminal is told them."""
    low = page.cells.get((pitch, place))
    if not look.blocks:
        text = (ASCII[min(low.part, 1)][not low.onset]) if low else "." if on_beat else " "
        return text, f"{_colour(low)}" if low else ""
    high = page.cells.get((pitch + 1, place))
    if low and high:
        same = low.part == high.part or not look.colour
        return ("█", f"{_colour(low)}") if same else ("▀", f"{_colour(high)};{_colour(low) + 10}")
    if low or high:
        return "▄" if low else "▀", f"{_colour(low or high)}"
    return "·" if on_beat else " ", "2"


def _colour(cell: _Cell | None) -> int:
    return COLOURS[min(cell.part, len(COLOURS) - 1)] if cell else 0


def _bar(drawn: Sequence[tuple[str, str]], look: Look) -> str:
    """Characters in a row, told a colour only where it changes."""
    if not look.colour:
        return "".join(text for text, _ in drawn)
    out = ""
    for colours, run in groupby(drawn, key=lambda one: one[1]):
        text = "".join(one for one, _ in run)
        out += f"\x1b[{colours}m{text}\x1b[0m" if colours and text.strip() else text
    return out
