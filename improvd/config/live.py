"""Options that are set one by one while improvd plays, and what they are to somebody who has never heard of them."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from improvd.config.kinds import Choice, Number, Switch, shown
from improvd.config.option import Change, options_of
from improvd.config.options import ORDERED, RunOptions
from improvd.config.ports import PortName, PortNames
from improvd.core.binding import COMMANDS
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.config.option import Option

LIVE = {option.name: option for option in options_of(RunOptions) if option.change is not Change.RESTART}
"""The options that may change while improvd plays, by their names in a file."""


def live_option(name: str) -> Option:
    """The option of that name. Raises `UserError` where there is none, or it can't change while improvd plays."""
    option = LIVE.get(name)
    if option is None and any(name == other.name for other in options_of(RunOptions)):
        raise UserError(f"{name} only changes {Change.RESTART.value}")
    if name in COMMANDS:
        raise UserError(f"{name} is a command and has no value: improvd press {name}")
    if option is None:
        near = get_close_matches(name[:100], LIVE, n=1)
        there = f"did you mean {shown(near[0])}?" if near else "see: improvd config"
        raise UserError(f"there is no option {shown(name)}; {there}")
    return option


def command(name: str) -> str:
    """The ``name`` of one of `COMMANDS`. Raises `UserError` where it is none."""
    if name in COMMANDS:
        return name
    if name in LIVE:
        raise UserError(f"{name} is an option: improvd set {name} VALUE")
    near = get_close_matches(name[:100], COMMANDS, n=1)
    there = f"did you mean {shown(near[0])}?" if near else f"there are: {', '.join(COMMANDS)}"
    raise UserError(f"there is no command {shown(name)}; {there}")


def parsed(name: str, text: str) -> float | str:
    """The value of a live option that a ``text`` stands for, as a file would hold it. Raises `UserError`."""
    kind = live_option(name).kind
    try:
        return kind.plain(kind.parse(text))
    except ValueError as error:
        raise UserError(f"{name} {error}") from None


def changed(options: RunOptions, name: str, value: object) -> RunOptions:
    """The ``options`` with one of them changed, ``value`` being as a file would hold it. Raises `UserError`."""
    option = live_option(name)
    try:
        checked: Any = option.kind.check(value)
    except ValueError as error:
        raise UserError(f"{name} {error}") from None
    wished = replace(options, **{option.field: checked})
    for low, high in ORDERED:
        if option.field in (low, high) and getattr(wished, low) > getattr(wished, high):
            least, most = (f"{field.replace('_', '-')} {getattr(wished, field):g}" for field in (low, high))
            raise UserError(f"{least} is more than {most}")
    return wished


def value(options: RunOptions, name: str) -> float | str:
    """The value of one live option, as a file would hold it."""
    option = LIVE[name]
    return option.kind.plain(getattr(options, option.field))


def values(options: RunOptions) -> dict[str, float | str]:
    """The value of each live option, as a file would hold it, by its name there."""
    return {name: value(options, name) for name in LIVE}


def described(options: RunOptions, styles: Sequence[str]) -> list[dict[str, Any]]:
    """Each live option and its value, in words and numbers that a knob can be drawn from; docs/control.md lists them.

    ``styles`` are those that the model knows.
    """
    return [
        {
            "name": name,
            "value": option.kind.plain(getattr(options, option.field)),
            "default": option.kind.plain(option.default),
            "text": option.help,
            "group": option.group.value,
            "holds": option.change.value,
            **_kind(option, styles),
        }
        for name, option in LIVE.items()
    ]


def _kind(option: Option, styles: Sequence[str]) -> dict[str, Any]:
    kind = option.kind
    if option.field == "style":
        return {"kind": "choice", "choices": ["", *styles]}
    if isinstance(kind, Choice):
        return {"kind": "choice", "choices": list(kind.names)}
    if isinstance(kind, Switch):
        return {"kind": "switch"}
    if isinstance(kind, (PortName, PortNames)):
        return {"kind": "port", "direction": kind.direction, "several": kind.several}
    if isinstance(kind, Number):
        return {
            "kind": "number",
            "low": kind.low,
            "high": kind.high,
            "whole": kind.whole,
            "unit": kind.unit.strip(),
            "word": kind.word,
        }
    return {"kind": "text", "form": kind.metavar}
