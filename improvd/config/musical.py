"""Kinds of value that only music has: keys, channels, and numbers by attribute of a note."""

from __future__ import annotations

from typing import NamedTuple

from improvd.config.kinds import Value, shown
from improvd.core.key import key_named
from improvd.core.manner import each_from, each_to
from improvd.core.pitch import HIGHEST, pitch_name, pitch_named


class KeyName(NamedTuple):
    """A key by its name, or ``word``, for which an empty text stands."""

    word: str

    @property
    def metavar(self) -> str:
        """Some keys, and the word."""
        return f"Dm|'F# minor'|Bb|…|{self.word}"

    def parse(self, text: str) -> Value:
        """Its own name."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """Its own name."""
        if value in (self.word, ""):
            return ""
        try:
            return key_named(value if isinstance(value, str) else "").name
        except ValueError:
            raise ValueError(
                f"must be a key, such as Dm, 'F# minor' or Bb, or '{self.word}', not {shown(value)}"
            ) from None

    def plain(self, value: Value) -> float | str:
        """Its name, or the word."""
        return str(value) or self.word


class PerAttribute(NamedTuple):
    """Numbers from ``low`` to ``high`` for some attributes of a note, as a text."""

    low: float
    high: float

    @property
    def metavar(self) -> str:
        """How one looks."""
        return "'ATTRIBUTE NUMBER, …'"

    def parse(self, text: str) -> Value:
        """The same text in its usual form."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """The same text in its usual form."""
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004  as of every kind
                f"must be a text, as 'pitch 0.8, duration 1.1', not {shown(value)}"
            )
        each = each_from(value)
        for number in each:
            if number is not None and not self.low <= number <= self.high:
                raise ValueError(f"must have numbers from {self.low:g} to {self.high:g}, not {shown(value)}")
        return each_to(each)

    def plain(self, value: Value) -> float | str:
        """The text."""
        return str(value)


class Channels(NamedTuple):
    """MIDI channels as players count them, 1–16: a number, or several in a text; ``word`` for all, which are ""."""

    word: str

    @property
    def metavar(self) -> str:
        """Some channels, and the word."""
        return f"1–16|'1, 3'|…|{self.word}"

    def parse(self, text: str) -> Value:
        """Their numbers, in order."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """Their numbers, in order."""
        if value in (self.word, ""):
            return ""
        counted = isinstance(value, int) and not isinstance(value, bool)
        try:
            found = channels_in(str(value) if counted or isinstance(value, str) else "none")
            if all(0 <= channel <= 15 for channel in found):
                return ", ".join(str(channel + 1) for channel in found)
        except ValueError:
            pass
        raise ValueError(f"must be channels from 1 to 16, such as 3 or '1, 3', or {self.word!r}, not {shown(value)}")

    def plain(self, value: Value) -> float | str:
        """A number where it is one."""
        text = str(value)
        return int(text) if text.isdecimal() else text or self.word


def channels_in(text: str) -> tuple[int, ...]:
    """The channels, from 0, in a text of `Channels`; none for all. ValueError where it is none."""
    return tuple(sorted({int(part) - 1 for part in text.split(",")})) if text else ()


class KeyRange(NamedTuple):
    """Keys from one to another, both included, by their names; ``word`` for all, which are ""."""

    word: str

    @property
    def metavar(self) -> str:
        """Some keys, and the word."""
        return f"C3..C6|F#2..|…|{self.word}"

    def parse(self, text: str) -> Value:
        """Their names."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """Their names; an end that isn't told is the keyboard's."""
        if value in (self.word, ""):
            return ""
        try:
            low, high = keys_in(value if isinstance(value, str) else "none")
        except ValueError:
            raise ValueError(
                f"must be keys from one to another, such as C3..C6 or ..B2, or {self.word!r}, not {shown(value)}"
            ) from None
        return f"{pitch_name(low)}..{pitch_name(high)}"

    def plain(self, value: Value) -> float | str:
        """Their names, or the word."""
        return str(value) or self.word


def keys_in(text: str) -> tuple[int, int]:
    """The lowest and the highest key of a text of `KeyRange`. ValueError where it is none."""
    low, dots, high = text.partition("..")
    if text and not dots:
        raise ValueError("must be keys from one to another")
    lowest, highest = pitch_named(low) if low.strip() else 0, pitch_named(high) if high.strip() else HIGHEST
    if lowest > highest:
        raise ValueError("must be keys from a lower to a higher one")
    return lowest, highest
