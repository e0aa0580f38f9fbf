"""A model that is to take over from the one that plays: loaded and proven meanwhile, in a process of its own.

On the engine's thread; nothing here blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.daemon.child import Keeper
from improvd.daemon.messages import LoadModel
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.core.events import Seconds


class Successor:
    """At most one model at a time. ``keeper`` has its process, until the model takes over or can't.

    ``command`` starts a model's process, ``style`` tells what the model must know.
    """

    def __init__(self, command: Sequence[str], style: Callable[[], str]) -> None:
        self.keeper = Keeper("next model", command, lambda: LoadModel(self.name, style()))
        self.name = ""
        """The model that was asked for last, as a file would hold it."""

    @property
    def is_coming(self) -> bool:
        """Whether one is being loaded."""
        return self.keeper.is_wanted

    def ask(self, name: str, at: Seconds) -> None:
        """Load that one; another that was on its way is let go."""
        self.name = name
        self.keeper.dismiss()
        self.keeper.start_when_free(at)

    def take_over(self, playing: Keeper, at: Seconds) -> None:
        """It is loaded: from now on its process is the one that ``playing`` keeps."""
        playing.take_over(self.keeper, at)

    def refuse(self, why: str, playing: str) -> UserError:
        """It can't take over: ``why``, for the player, who goes on with the one that is ``playing``."""
        self.keeper.dismiss()
        return UserError(f"{why}; {playing} plays on")
