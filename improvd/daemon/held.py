"""What a session goes by, and how that changes on SIGHUP while it plays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from improvd.config.renewal import renew
from improvd.config.settings import engine_settings
from improvd.daemon.reread import Reread
from improvd.daemon.status import unknown_style
from improvd.daemon.terminal import Terminal
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.daemon.messages import ModelReady


class Held:
    """``options``, and the ``settings`` for the engine that were made of them. One thread's; nothing blocks.

    ``reread`` gives the options that are wished by now; it is called on a thread of its own, as is ``wake`` after it.
    """

    def __init__(self, options: RunOptions, reread: Callable[[], RunOptions], wake: Callable[[], None]) -> None:
        self.options = options
        self.settings = engine_settings(options)
        self._reread = Reread(reread, wake)
        self._terminal = Terminal()
        self._hung_up = False

    def hang_up(self) -> bool:
        """SIGHUP came: whether it is a wish for other settings, and not the end of the terminal."""
        self._hung_up = not self._terminal.is_gone()
        return self._hung_up

    def renew(self, model: ModelReady) -> str | None:
        """Go by what is wished by now, as far as that can change; a line for the player where that was looked at."""
        if self._hung_up:
            self._hung_up = False
            self._reread.ask()
        wished = self._reread.take()
        if wished is None:
            return None
        if not isinstance(wished, UserError) and wished.style not in ("", *model.styles):
            wished = UserError(unknown_style(wished.style, model))
        if isinstance(wished, UserError):
            return f"{wished}; the settings stay as they are"
        renewal = renew(self.options, wished)
        self.options = renewal.options
        # A seed that was drawn at the start stays.
        self.settings = replace(engine_settings(renewal.options), seed=self.settings.seed)
        return renewal.line
