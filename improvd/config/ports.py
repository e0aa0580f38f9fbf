"""The kinds of value that name MIDI ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.config.kinds import Text, Written, shown

if TYPE_CHECKING:
    from improvd.config.kinds import Value

BETWEEN: Final = ";"
"""What stands between names in a text: ports hardly ever have one in theirs."""
MOST: Final = 16
"""Inputs at once; a MIDI system takes only so many clients."""


@dataclass(frozen=True)
class PortName(Written):
    """A port's name or part of it, an empty one standing for none; ``direction`` is "input" or "output"."""

    direction: str
    metavar: str = "NAME"
    several: bool = False

    def check(self, value: object) -> Value:
        """Just as it is."""
        return Text(self.metavar).check(value)


@dataclass(frozen=True)
class PortNames(Written):
    """Several such names, in a list or in a text with `BETWEEN` between them; none at all standing for none."""

    direction: str
    metavar: str = "NAME"
    several: bool = True

    def check(self, value: object) -> Value:
        """The names in a text, or in a list of texts."""
        texts = value if isinstance(value, list) else [value]
        names: list[str] = []
        for text in texts:
            if not isinstance(text, str):
                raise ValueError(  # noqa: TRY004  as every kind does
                    f"must be a name, or a list of names, not {shown(text)}"
                )
            Text(self.metavar).check(text)
            names += [name for part in text.split(BETWEEN) if (name := part.strip())]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"must not have {shown(twice)} twice")
        if len(names) > MOST:
            raise ValueError(f"must be {MOST} names at most, not {len(names)}")
        return tuple(names)

    def plain(self, value: Value) -> float | str:
        """The names in a text."""
        return f"{BETWEEN} ".join(value) if isinstance(value, tuple) else ""
