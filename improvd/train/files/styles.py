"""What a style is called: a corpus speaks of "keyboard (Baroque)", a player chooses among a few names."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from improvd.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from improvd.train.files.corpus import Entry


def named(entries: Sequence[Entry], names: Mapping[str, str]) -> list[Entry]:
    """The same entries, each style called by the first of ``names`` whose pattern it fits, else as it was.

    ``names`` maps patterns to names; a pattern is as a shell's (``keyboard*``), whatever the case. CorpusError where a
    pattern fits no style at all: it would be a slip of the pen, found out hours later.
    """
    called: dict[str, str] = {}
    fitted: set[str] = set()
    for style in {entry.style for entry in entries}:
        fitting = [pattern for pattern in names if fnmatchcase(style.casefold(), pattern.casefold())]
        fitted.update(fitting)
        called[style] = names[fitting[0]] if fitting else style
    for pattern in names:
        if pattern not in fitted:
            there = ", ".join(sorted(called))
            raise CorpusError(f"no style fits '{pattern}': there are {there}")
    return [
        entry if called[entry.style] == entry.style else replace(entry, style=called[entry.style]) for entry in entries
    ]


def known_as(entries: Sequence[Entry], names: Mapping[str, str]) -> list[Entry]:
    """As `named`, for music that need not have all of the styles."""
    there = {entry.style.casefold() for entry in entries}
    fitting = {
        pattern: name
        for pattern, name in names.items()
        if any(fnmatchcase(style, pattern.casefold()) for style in there)
    }
    return named(entries, fitting)
