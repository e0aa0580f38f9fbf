"""A single key of the keyboard, as the value of an option."""

from __future__ import annotations

from typing import NamedTuple

from improvd.config.kinds import Value, shown
from improvd.core.pitch import pitch_name, pitch_named


class PitchName(NamedTuple):
    """A key of the keyboard by its name, C4 being the middle one, or None, for which ``word`` stands."""

    word: str

    @property
    def metavar(self) -> str:
        """Some keys, and the word."""
        return f"C3|F#4|…|{self.word}"

    def parse(self, text: str) -> Value:
        """The key's number."""
        return self.check(text)

    def check(self, value: object) -> Value:
        """The key's number."""
        if value == self.word:
            return None
        try:
            return pitch_named(value if isinstance(value, str) else "")
        except ValueError:
            raise ValueError(
                f"must be a key of the keyboard, such as C3 or F#4, or '{self.word}', not {shown(value)}"
            ) from None

    def plain(self, value: Value) -> float | str:
        """Its name, or the word."""
        return pitch_name(value) if isinstance(value, int) else self.word
