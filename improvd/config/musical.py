"""Kinds of value that only music has: keys, chords, channels, and numbers by attribute of a note."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from improvd.config.kinds import Value, Written, as_text, shown
from improvd.core.chords import form_from
from improvd.core.key import key_named
from improvd.core.manner import each_from, each_to
from improvd.core.pitch import HIGHEST, pitch_name, pitch_named


@dataclass(frozen=True)
class Named(Written):
    """Something that music has names for, each of which has one spelling; ``word`` stands for none of them."""

    word: str
    looks: ClassVar[str]
    """Some names, as a usage line shows them."""
    wanted: ClassVar[str]
    """What must stand there, with examples, as a message has it."""
    none: ClassVar[Value] = ""
    """The value that the word stands for."""

    @property
    def metavar(self) -> str:
        """Some names, and the word."""
        return f"{self.looks}|{self.word}"

    def check(self, value: object) -> Value:
        """What the name stands for, or a file's number. Raises ValueError."""
        if isinstance(value, str) and value in (self.word, self.none):
            return self.none
        with suppress(ValueError):
            if name := as_text(value):
                return self._read(name)
        raise ValueError(f"must be {self.wanted}, or '{self.word}', not {shown(value)}")

    def plain(self, value: Value) -> float | str:
        """The name, or the word."""
        return str(value) or self.word

    @abstractmethod
    def _read(self, name: str) -> Value:
        """The value for a name, which isn't empty. Raises ValueError, whose text nobody sees."""


class KeyName(Named):
    """A key, by its own name."""

    looks = "Dm|'F# minor'|Bb|…"
    wanted = "a key, such as Dm, 'F# minor' or Bb"

    def _read(self, name: str) -> Value:
        return key_named(name).name


class PitchName(Named):
    """A key of the keyboard by its name, C4 being the middle one: its number, or None."""

    looks = "C3|F#4|…"
    wanted = "a key of the keyboard, such as C3 or F#4"
    none = None

    def plain(self, value: Value) -> float | str:
        """Its name, or the word."""
        return pitch_name(value) if isinstance(value, int) else self.word

    def _read(self, name: str) -> Value:
        return pitch_named(name)


class KeyRange(Named):
    """Keys of the keyboard from one to another, both included; an end that isn't told is the keyboard's."""

    looks = "C3..C6|F#2..|…"
    wanted = "keys from one to another, such as C3..C6 or ..B2"

    def _read(self, name: str) -> Value:
        return "..".join(map(pitch_name, keys_in(name)))


def keys_in(text: str) -> tuple[int, int]:
    """The lowest and the highest key of a text of `KeyRange`; an empty one stands for all. ValueError for any other."""
    low, dots, high = text.partition("..")
    if text and not dots:
        raise ValueError("must be keys from one to another")
    lowest, highest = pitch_named(low) if low.strip() else 0, pitch_named(high) if high.strip() else HIGHEST
    if lowest > highest:
        raise ValueError("must be keys from a lower to a higher one")
    return lowest, highest


class Channels(Named):
    """MIDI channels as players count them, 1–16: one, or several with commas between, in order."""

    looks = "1–16|'1, 3'|…"
    wanted = "channels from 1 to 16, such as 3 or '1, 3'"

    def plain(self, value: Value) -> float | str:
        """A number where it is one, or the word."""
        text = str(value)
        return int(text) if text.isdecimal() else text or self.word

    def _read(self, name: str) -> Value:
        found = channels_in(name)
        if not all(0 <= channel <= 15 for channel in found):
            raise ValueError("must be channels from 1 to 16")
        return ", ".join(str(channel + 1) for channel in found)


def channels_in(text: str) -> tuple[int, ...]:
    """The channels, from 0, in a text of `Channels`; none for all. ValueError where it is none."""
    return tuple(sorted({int(part) - 1 for part in text.split(",")})) if text else ()


@dataclass(frozen=True)
class PerAttribute(Written):
    """Numbers from ``low`` to ``high`` for some attributes of a note, in their usual form."""

    low: float
    high: float
    metavar: ClassVar[str] = "'ATTRIBUTE NUMBER, …'"

    def check(self, value: object) -> Value:
        """The same text in its usual form. Raises ValueError."""
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004  as of every kind
                f"must be a text, as 'pitch 0.8, duration 1.1', not {shown(value)}"
            )
        each = each_from(value)
        for number in each:
            if number is not None and not self.low <= number <= self.high:
                raise ValueError(f"must have numbers from {self.low:g} to {self.high:g}, not {shown(value)}")
        return each_to(each)


@dataclass(frozen=True)
class Chords(Written):
    """Chords by their names, bars with ``|`` between them; an empty text stands for none."""

    metavar: str = "CHORDS"

    def check(self, value: object) -> Value:
        """The text, evenly spaced. Raises ValueError."""
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError(f"must be chords, such as 'Dm7 | G7 | Cmaj7 | %', not {shown(value)}")
        form_from(value)
        bars = value.strip().strip("|").split("|")
        return " | ".join(" ".join(bar.split()) for bar in bars)
