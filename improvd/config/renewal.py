"""Options that change while improvd plays: which of them hold from when, and how the player is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from improvd.config.kinds import shown
from improvd.config.option import Change, options_of

if TYPE_CHECKING:
    from improvd.config.option import Option
    from improvd.config.options import RunOptions


class Renewal(NamedTuple):
    """``options`` are those to go by from now on; ``line`` tells what changed, and what only a restart changes.

    What holds once it is loaded is as it was in the one, and as it is wished in the other.
    """

    options: RunOptions
    line: str


def renew(present: RunOptions, wished: RunOptions) -> Renewal:
    """As many of the options ``wished`` as can change without a restart, and the rest of the ``present`` ones."""
    changed = [one for one in options_of(type(present)) if getattr(present, one.field) != getattr(wished, one.field)]
    taken: dict[str, Any] = {
        option.field: getattr(wished, option.field) for option in changed if option.change in (Change.NOW, Change.NEXT)
    }
    told = [
        f"{', '.join(_told(option, wished) for option in some)} {change.value}"
        for change in Change
        if (some := [option for option in changed if option.change is change])
    ]
    if present.controls != wished.controls:
        taken["controls"] = wished.controls
        told.append(f"{len(wished.controls)} controls bound {Change.NOW.value}")
    return Renewal(replace(present, **taken), f"settings read again: {'; '.join(told) or 'nothing has changed'}")


def _told(option: Option, wished: RunOptions) -> str:
    return f"{option.name} {shown(option.kind.plain(getattr(wished, option.field)))}"
