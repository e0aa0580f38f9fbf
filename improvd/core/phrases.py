"""What the player played before: the phrases that a later answer may take up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import EARLIER_NOTES, BeatNote

if TYPE_CHECKING:
    from collections.abc import Sequence

Phrases = tuple[tuple[BeatNote, ...], ...]
"""Phrases in the order in which they were played, each on beats of its own."""


def remember(phrases: Phrases, phrase: Sequence[BeatNote]) -> Phrases:
    """With one more phrase; of all, the last ``EARLIER_NOTES`` notes are kept."""
    kept: list[tuple[BeatNote, ...]] = []
    room = EARLIER_NOTES
    for one in (tuple(phrase), *reversed(phrases)):
        if room > 0 and one:
            kept.append(one[-room:])
            room -= len(kept[-1])
    return tuple(reversed(kept))
