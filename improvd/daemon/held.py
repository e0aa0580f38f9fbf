"""What a session goes by, and how that changes while it plays: by SIGHUP, or as somebody asks from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from improvd.config.live import changed
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


class Renewal(NamedTuple):
    """What came of reading the options again: a ``line`` for the player, and whether they were ``taken``."""

    line: str
    taken: bool


class Held:
    """``options``, and the ``settings`` for the engine that were made of them. One thread's; nothing blocks.

    ``reread`` gives the options that are wished by now; it is called on a thread of its own, as is ``wake`` after it.
    """

    def __init__(self, options: RunOptions, reread: Callable[[], RunOptions], wake: Callable[[], None]) -> None:
        self.options = options
        self.settings = engine_settings(options)
        self._reread = Reread(reread, wake)
        self._terminal = Terminal()
        self._asked = False

    def hang_up(self) -> bool:
        """SIGHUP came: whether it is a wish for other settings, and not the end of the terminal."""
        self._asked = not self._terminal.is_gone()
        return self._asked

    def reload(self) -> None:
        """Somebody asks for what is wished by now."""
        self._asked = True

    def renew(self, model: ModelReady) -> Renewal | None:
        """Go by what is wished by now, as far as that can change; None where it was not looked at."""
        if self._asked:
            self._asked = False
            self._reread.ask()
        wished = self._reread.take()
        if wished is None:
            return None
        try:
            if isinstance(wished, UserError):
                raise wished
            _check_style(wished, model)
        except UserError as error:
            return Renewal(f"{error}; the settings stay as they are", taken=False)
        renewal = renew(self.options, wished)
        self._go_by(renewal.options)
        return Renewal(renewal.line, taken=True)

    def wish(self, name: str, value: object, model: ModelReady) -> None:
        """Change one live option; ``value`` is as a file would hold it. Raises `UserError`."""
        wished = changed(self.options, name, value)
        _check_style(wished, model)
        self._go_by(wished)

    def _go_by(self, options: RunOptions) -> None:
        self.options = options
        # A seed that was drawn at the start stays.
        self.settings = replace(engine_settings(options), seed=self.settings.seed)


def _check_style(wished: RunOptions, model: ModelReady) -> None:
    if wished.style not in ("", *model.styles):
        raise UserError(unknown_style(wished.style, model))
