"""A form of chords, as the value of an option."""

from __future__ import annotations

from typing import NamedTuple

from improvd.config.kinds import Value, shown
from improvd.core.chords import form_from


class Chords(NamedTuple):
    """Chords by their names, bars with ``|`` between them; an empty text stands for none."""

    metavar: str = "CHORDS"

    def parse(self, text: str) -> Value:
        """The text, evenly spaced."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """The text, evenly spaced."""
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError(f"must be chords, such as 'Dm7 | G7 | Cmaj7 | %', not {shown(value)}")
        form_from(value)
        bars = value.strip().strip("|").split("|")
        return " | ".join(" ".join(bar.split()) for bar in bars)

    def plain(self, value: Value) -> float | str:
        """The text."""
        return str(value)
