"""The kinds of value an option may have: how each is read from text and from TOML, and how it is written.

``parse`` takes what stands on a command line or in the environment, ``check`` what stands in a configuration file.
Both give the value that the program goes by or raise ValueError, whose text goes on from the option's name: "must be
…, not …". ``plain`` gives the value as a file would hold it, and ``check(plain(value)) == value``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from improvd.core.meter import MOST, meter_named

Value = float | str | Path | tuple[str, ...] | None
"""What an option's value may be; True, False and whole numbers are floats to a type checker."""

LONGEST_SHOWN = 60
_UNFIT = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
"""No name has these, no line of text may hold them, and some would tell a terminal what to do."""


class Kind(Protocol):
    """One kind of value."""

    @property
    def metavar(self) -> str:
        """What may stand there, in a word or a range."""

    def parse(self, text: str) -> Value:
        """The value that ``text`` stands for. Raises ValueError."""

    def check(self, value: object) -> Value:
        """The value that a file's ``value`` stands for. Raises ValueError."""

    def plain(self, value: Value) -> float | str:
        """``value`` as a file would hold it."""


class Written(ABC):
    """A kind whose values are texts, or nearly: written on a command line as in a file."""

    @abstractmethod
    def check(self, value: object) -> Value:
        """The value that a file's ``value`` stands for. Raises ValueError."""

    def parse(self, text: str) -> Value:
        """The value that ``text`` stands for. Raises ValueError."""
        return self.check(text)

    def plain(self, value: Value) -> float | str:
        """The text."""
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``, in ``unit``, or None, for which ``word`` stands where there is one."""

    low: float
    high: float
    unit: str = ""
    word: str = ""
    whole: bool = False

    @property
    def metavar(self) -> str:
        """The range, or just that it is a number where nobody would reach the end of the range."""
        numbers = f"{self.low:g}–{self.high:g}" if self.high < 2**31 else "NUMBER"
        return f"{numbers}|{self.word}" if self.word else numbers

    def parse(self, text: str) -> Value:
        """A number as Python writes it, or the word."""
        if self.word and text == self.word:
            return None
        try:
            number = int(text) if self.whole else float(text)
        except ValueError:
            raise ValueError(self._wrong(shown(text))) from None
        return self._within(number, cut(text))

    def check(self, value: object) -> Value:
        """A number, or the word."""
        if self.word and value == self.word:
            return None
        if isinstance(value, int if self.whole else (int, float)) and not isinstance(value, bool):
            return self._within(value, shown(value))
        raise ValueError(self._wrong(shown(value)))

    def plain(self, value: Value) -> float | str:
        """4, not 4.0."""
        if not isinstance(value, (int, float)):
            return self.word
        return int(value) if value == int(value) else value

    def _within(self, number: float, as_given: str) -> Value:
        if not self.low <= number <= self.high:  # nan is not either
            raise ValueError(self._wrong(as_given))
        return number if self.whole else float(number)

    def _wrong(self, what: str) -> str:
        kind = "a whole number " if self.whole else ""
        high = int(self.high) if self.whole else f"{self.high:g}"
        return f"must be {kind}from {self.low:g} to {high}{self.unit}{self.word and f' or {self.word!r}'}, not {what}"


@dataclass(frozen=True)
class Metre(Written):
    """A metre by name, "3/4"; a number alone counts quarter notes."""

    metavar: str = "3/4|6/8|4|…"

    def check(self, value: object) -> Value:
        """Its name, from a text or from a file's number."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            return meter_named(as_text(value)).name
        except ValueError:
            raise ValueError(
                f"must be a metre of 1 to {MOST} notes in a bar, such as 3/4, 6/8 or 4, not {shown(value)}"
            ) from None


@dataclass(frozen=True)
class Choice(Written):
    """One of ``names``."""

    names: tuple[str, ...]

    @property
    def metavar(self) -> str:
        """All of them."""
        return "|".join(self.names)

    def check(self, value: object) -> Value:
        """The very name."""
        if not isinstance(value, str) or value not in self.names:
            raise ValueError(f"must be one of {', '.join(self.names)}, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Text(Written):
    """A line of text; an empty one stands for none."""

    metavar: str

    def check(self, value: object) -> Value:
        """Just as it is."""
        if not isinstance(value, str) or re.search(_UNFIT, value):
            raise ValueError(f"must be a line of text, not {shown(value)}")
        return value


@dataclass(frozen=True)
class File(Written):
    """A file's path, ``~`` being the home folder; no text stands for None, no file."""

    metavar: str = "FILE"

    def check(self, value: object) -> Value:
        """The path."""
        if not isinstance(value, str) or re.search(_UNFIT, value):
            raise ValueError(f"must be the path of a file, not {shown(value)}")
        try:
            return Path(value).expanduser() if value else None
        except RuntimeError:
            raise ValueError(f"must be the path of a file; {shown(value)} begins with no user's home") from None

    def plain(self, value: Value) -> float | str:
        """The path, or nothing."""
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    metavar: str = "true|false"

    def parse(self, text: str) -> Value:
        """As usual in an environment: 1 or 0, true or false, yes or no, on or off."""
        word = text.strip().casefold()
        if word in ("1", "true", "yes", "on"):
            return True
        if word in ("0", "false", "no", "off"):
            return False
        raise ValueError(f"must be true or false, not {shown(text)}")

    def check(self, value: object) -> Value:
        """True or False."""
        if isinstance(value, bool):
            return value
        raise ValueError(f"must be true or false, not {shown(value)}")

    def plain(self, value: Value) -> float | str:
        """True or False."""
        return bool(value)


def as_text(value: object) -> str:
    """A text, or the whole number that a file may have in its place; empty for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number or isinstance(value, str) else ""


def cut(text: str, longest: int = LONGEST_SHOWN) -> str:
    """A text of unknown origin, no longer than that and fit for one line of a message."""
    return fit(text if len(text) <= longest else text[:longest] + "…")


def fit(text: str) -> str:
    """A text of unknown origin, a port's name for one, as one line that steers no terminal."""
    return re.sub(_UNFIT, "�", text)


def shown(value: object) -> str:
    """A value somebody gave, short and fit for one line of a message, whatever it is."""
    if isinstance(value, str):
        return f"'{cut(value)}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "a number that large" if value > 0 else "a number that small"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a table"
    return "a date or time"
