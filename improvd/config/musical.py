"""Kinds of value that only music has: keys, and numbers by attribute of a note."""

from __future__ import annotations

from typing import NamedTuple

from improvd.config.kinds import Value, shown
from improvd.core.key import key_named
from improvd.core.manner import each_from, each_to


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
