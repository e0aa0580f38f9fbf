"""What a session goes by, and how that changes while it plays: by SIGHUP, or as somebody asks from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from improvd.config.live import changed, live_option
from improvd.config.option import Change
from improvd.config.renewal import renew
from improvd.config.settings import engine_settings
from improvd.daemon import linked, patchbay
from improvd.daemon.reread import Reread
from improvd.daemon.status import unknown_style
from improvd.daemon.terminal import Terminal
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.daemon.messages import ModelReady, PortsThere


class Renewal(NamedTuple):
    """What came of reading the options again: a ``line`` for the player, and whether they were ``taken``.

    ``model`` is another one that is wished: it is to be loaded before anything goes by it.
    """

    line: str
    taken: bool
    model: str | None = None


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
            linked.check(wished)
        except UserError as error:
            return Renewal(f"{error}; the settings stay as they are", taken=False)
        renewal = renew(self.options, wished)
        self._go_by(renewal.options)
        return Renewal(renewal.line, taken=True, model=wished.model if wished.model != self.options.model else None)

    def wish(self, name: str, value: object, model: ModelReady, there: PortsThere) -> str | None:
        """Change one live option; ``value`` is as a file would hold it. Raises `UserError`.

        What can be changed to depends on the ``model`` that plays and on the ports that are ``there``.
        A model is to be loaded before anything goes by it: that one is given back.
        """
        wished = changed(self.options, name, value)
        if live_option(name).change is Change.LOADED:
            return wished.model
        _check_style(wished, model)
        linked.check(wished)
        patchbay.check(self.options, wished, there)
        self._go_by(wished)
        return None

    def give_up_link(self, before: str) -> None:
        """Link can't lead after all: who led ``before`` does."""
        self._go_by(replace(self.options, sync=before))

    def go_by_model(self, name: str, model: ModelReady) -> None:
        """The model of that ``name`` is loaded. Raises `UserError` where it does not know the style that holds now."""
        _check_style(self.options, model)
        self._go_by(replace(self.options, model=name))

    def _go_by(self, options: RunOptions) -> None:
        self.options = options
        # A seed that was drawn at the start stays.
        self.settings = replace(engine_settings(options), seed=self.settings.seed)


def _check_style(wished: RunOptions, model: ModelReady) -> None:
    if wished.style not in ("", *model.styles):
        raise UserError(unknown_style(wished.style, model))
