"""Which of the filter's guesses leads: the beats that most of the weight is on, or for a while those that were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.tracker_filter import Guess

LOYALTY: Final = 30.0
"""How many times likelier other beats must be for the beats to change."""
LOOKED_AT: Final = 16
"""Of the guesses, the heaviest, that have a say in which beats are likeliest."""


class Leader:
    """Follows the filter's guesses, onset by onset."""

    def __init__(self) -> None:
        self.guess: Guess | None = None
        """The heaviest that means the likeliest beats; None before there is one."""
        self.mass = 0.0
        """The probability of these beats."""

    def choose(self, guesses: Sequence[Guess]) -> None:
        """Take what the guesses say now, the heaviest first. While nothing is much likelier, the beats stay."""
        groups: list[tuple[float, Guess]] = []
        for guess in guesses[:LOOKED_AT]:
            for index, (weight, first) in enumerate(groups):
                if guess.means_the_beats_of(first):
                    groups[index] = weight + guess.weight, first
                    break
            else:
                groups.append((guess.weight, guess))
        if not groups:
            return
        best = max(groups)
        if self.guess is not None:
            same = next((group for group in groups if group[1].means_the_beats_of(self.guess)), None)
            if same is not None and same[0] * LOYALTY > best[0]:
                best = same
        self.mass, self.guess = best
