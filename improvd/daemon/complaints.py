"""What keeps the children from their work, as the player is told of it: once, until it served again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.daemon import status
from improvd.daemon.log import Level

if TYPE_CHECKING:
    from improvd.daemon.child import Keeper
    from improvd.daemon.log import Say


class Complaints:
    """What was said of each child and still holds. The engine's thread; ``say`` doesn't block."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said: dict[str, str] = {}

    def __contains__(self, keeper: Keeper) -> bool:
        return keeper.title in self._said

    def outside(self, keeper: Keeper, message: str) -> None:
        """Something outside keeps it from its work."""
        self._once(keeper, f"{message}; trying again")

    def ended(self, keeper: Keeper) -> None:
        """It ended, and nothing it said tells why."""
        self._once(keeper, status.ended(keeper.title))

    def serves(self, keeper: Keeper) -> bool:
        """It serves: what was said of it is over. Whether there was anything."""
        return self._said.pop(keeper.title, None) is not None

    def _once(self, keeper: Keeper, line: str) -> None:
        if self._said.get(keeper.title) != line:
            self._said[keeper.title] = line
            self._say(line, Level.WARNING)
