"""The map of controls in a configuration file: the table ``[controls]``, read and checked.

    [controls]
    temperature = { cc = 21 }
    similarity = { cc = 22, channel = 1, low = 0.2, high = 0.8 }
    mute = [{ note = "C2", channel = 10 }, { cc = 67 }]
    style = { program = 3, value = "folk" }

A key is a target: an option that can change while improvd plays, or a command.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from improvd.config.kinds import Choice, Number, Switch, shown
from improvd.core.binding import (
    COMMANDS,
    PROGRAM,
    Binding,
    Command,
    Control,
    Curve,
    Encoder,
    Fixed,
    Knob,
    Relative,
    Select,
)
from improvd.core.events import CONTROL, NOTE_ON
from improvd.core.learning import LAST_CONTROLLER
from improvd.core.pitch import pitch_named
from improvd.core.showing import can_follow
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from improvd.config.option import Option

    Way = Knob | Encoder | Select | Fixed | Command

    Bound = Mapping[str, tuple[Binding, ...]]
    """Bindings by their targets."""

KINDS: Final = {"cc": CONTROL, "note": NOTE_ON, "program": PROGRAM}
_BESIDES: Final = ("channel", "low", "high", "curve", "relative", "value", "follows")


class Range(NamedTuple):
    """The part of an option's range that a knob goes through unless told otherwise, and how."""

    low: float
    high: float
    curve: Curve = Curve.LINEAR


RANGES: Final = {
    "bpm": Range(50, 200),
    "temperature": Range(0.4, 2.0, Curve.EXPONENTIAL),
    "top-p": Range(0.5, 1),
    "register": Range(-24, 24),
    "density": Range(0.25, 4, Curve.EXPONENTIAL),
    "velocity": Range(-48, 48),
    "min-bars": Range(0.25, 8),
    "max-bars": Range(0.25, 16),
    "originality": Range(10, 40),
}
"""Where the whole range is wider than anybody would want it under a finger."""

_OTHER_WORDS: Final = {"tempo": "bpm", "bars": "max-bars", "loudness": "velocity", "silence": "panic"}
"""What a target may be looked for as, and what it is called."""


def bindings_from(found: object, live: Mapping[str, Option]) -> Bound:
    """What a file's table stands for; ``live`` are the options that may be targets, by their names.

    ValueError, whose text goes on from the name of the table, where it stands for nothing.
    """
    if not isinstance(found, dict):
        raise ValueError(" must be a table, as in temperature = { cc = 21 }")  # noqa: TRY004  as of every kind
    bound: dict[str, tuple[Binding, ...]] = {}
    for target, several in found.items():
        option = checked_target(target, live)
        listed = several if isinstance(several, list) else [several]
        try:
            bound[target] = tuple(_binding(target, option, one) for one in listed)
        except ValueError as error:
            raise ValueError(f": {target} {error}") from None
    return bound


def new_binding(
    target: str, control: Control, value: str | None, live: Mapping[str, Option], *, follows: bool = False
) -> Binding:
    """The binding of a control to a target, or to a ``value`` of it, as on a command line. Raises `UserError`."""
    kind = next(kind for kind, status in KINDS.items() if status == control.kind)
    table: dict[str, object] = {kind: control.number + (kind == "program")}
    if control.channel is not None:
        table["channel"] = control.channel + 1
    try:
        option = checked_target(target, live)
        if value is not None:
            table["value"] = value if option is None else _plain(target, option, value)
        if follows:
            table["follows"] = True
        return bindings_from({target: table}, live)[target][0]
    except ValueError as error:
        raise UserError(f"[controls]{error}") from None


def _plain(target: str, option: Option, value: str) -> float | str:
    try:
        return option.kind.plain(option.kind.parse(value))
    except ValueError as error:
        raise UserError(f"{target} {error}") from None


def turns(target: str, live: Mapping[str, Option]) -> bool:
    """Whether a target is a number, which a knob goes through."""
    option = live.get(target)
    return option is not None and default_knob(option) is not None


def table_of(binding: Binding) -> dict[str, float | str]:
    """The table of which `bindings_from` makes this binding."""
    control, way = binding.control, binding.way
    kind = next(kind for kind, status in KINDS.items() if status == control.kind)
    table: dict[str, float | str] = {kind: control.number + (kind == "program")}
    if control.channel is not None:
        table["channel"] = control.channel + 1
    if isinstance(way, Fixed):
        table["value"] = way.value
    if isinstance(way, Encoder):
        table["relative"] = way.relative.value
        way = way.knob
    if isinstance(way, Knob):
        table |= {"low": way.low, "high": way.high, "curve": way.curve.value}
    if binding.follows:
        table["follows"] = True
    return table


def checked_target(target: str, live: Mapping[str, Option]) -> Option | None:
    """The option that a target is, None for a command. ValueError where it is neither, as `bindings_from`."""
    if target in COMMANDS or target in live:
        return live.get(target)
    there = (*live, *COMMANDS)
    near = [_OTHER_WORDS[target]] if target in _OTHER_WORDS else get_close_matches(target[:100], there, n=1)
    hint = f"did you mean {shown(near[0])}?" if near else f"there are: {', '.join(there)}"
    raise ValueError(f" has no target {shown(target)}; {hint}")


def default_knob(option: Option) -> Knob | None:
    """How a knob sets that option unless told otherwise; None where it is no number."""
    kind: Any = option.kind
    if not isinstance(kind, Number):
        return None
    usual = RANGES.get(option.name, Range(kind.low, kind.high))
    return Knob(usual.low, usual.high, usual.curve, kind.whole)


def _binding(target: str, option: Option | None, found: object) -> Binding:
    if not isinstance(found, dict):
        raise ValueError(  # noqa: TRY004  as of every kind
            f"must say what it is bound to, as in {target} = {{ cc = 21 }}, not {shown(found)}"
        )
    for key in found:
        if key not in (*KINDS, *_BESIDES):
            near = get_close_matches(key[:100], (*KINDS, *_BESIDES), n=1)
            hint = f"did you mean {shown(near[0])}?" if near else f"there are: {', '.join((*KINDS, *_BESIDES))}"
            raise ValueError(f"has no key {shown(key)}; {hint}")
    control = _control(found)
    try:
        follows = bool(Switch().check(found.get("follows", False)))
    except ValueError as error:
        raise ValueError(f"follows {error}") from None
    binding = Binding(control, target, _way(option, control, found), follows)
    if follows and not can_follow(binding):
        raise ValueError("can't follow: there is nothing to show")
    return binding


def _control(found: Mapping[str, Any]) -> Control:
    kinds = [kind for kind in KINDS if kind in found]
    if len(kinds) != 1:
        raise ValueError(f"must be bound to one of {', '.join(KINDS)}")
    kind, number = kinds[0], found[kinds[0]]
    if kind == "note" and isinstance(number, str):
        try:
            number = pitch_named(number)
        except ValueError as error:
            raise ValueError(f"note {error}, not {shown(number)}") from None
    # Programs are counted from 1 wherever players see them, controllers and keys from 0.
    first = 1 if kind == "program" else 0
    last = LAST_CONTROLLER if kind == "cc" else first + 127
    channel = _whole("channel", found["channel"], 1, 16) - 1 if "channel" in found else None
    return Control(KINDS[kind], _whole(kind, number, first, last) - first, channel)


def _whole(key: str, value: object, low: int, high: int) -> int:
    try:
        return int(str(Number(low, high, whole=True).check(value)))
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def _way(option: Option | None, control: Control, found: Mapping[str, Any]) -> Way:
    """How the control acts on the target. ValueError for what doesn't go together."""
    if option is None:
        _only(found, (), "a command takes no more than what it is bound to")
        return Command()
    if "value" in found:
        _only(found, ("value",), "with a value there is nothing to turn")
        try:
            return Fixed(option.kind.plain(option.kind.check(found["value"])))
        except ValueError as error:
            raise ValueError(f"value {error}") from None
    values = _values(option)
    if values:
        _only(found, (), "has no numbers to turn through")
        return Select(values)
    knob = default_knob(option)
    if knob is None or control.kind != CONTROL:
        raise ValueError("needs a value, which is set when that is pressed")
    return _knob(option, knob, found)


def _only(found: Mapping[str, Any], allowed: Iterable[str], why: str) -> None:
    for key in found:
        if key not in (*KINDS, "channel", "follows", *allowed):
            raise ValueError(f"can't have {key}: {why}")


def _values(option: Option) -> tuple[float | str, ...]:
    if isinstance(option.kind, Choice):
        return option.kind.names
    return (False, True) if isinstance(option.kind, Switch) else ()


def _knob(option: Option, usual: Knob, found: Mapping[str, Any]) -> Knob | Encoder:
    ends: dict[str, Any] = {"low": usual.low, "high": usual.high}
    kind: Any = option.kind
    for end in ends:
        if end in found:
            try:
                # A range is of numbers alone, whatever word may stand for none.
                ends[end] = Number(kind.low, kind.high, kind.unit, whole=kind.whole).check(found[end])
            except ValueError as error:
                raise ValueError(f"{end} {error}") from None
    if not ends["low"] < ends["high"]:
        raise ValueError(f"low {ends['low']:g} must be less than high {ends['high']:g}")
    # A range of one's own that reaches 0 or less can't be gone through by factors.
    fallback = usual.curve if ends["low"] > 0 else Curve.LINEAR
    curve = Curve(_named("curve", found, Curve, fallback.value))
    if curve is Curve.EXPONENTIAL and ends["low"] <= 0:
        raise ValueError("curve can't be exponential where low is not above 0")
    knob = Knob(ends["low"], ends["high"], curve, usual.whole)
    if "relative" not in found:
        return knob
    return Encoder(knob, Relative(_named("relative", found, Relative, "")))


def _named(key: str, found: Mapping[str, Any], kinds: type[Curve | Relative], fallback: str) -> str:
    if key not in found:
        return fallback
    try:
        return str(Choice(tuple(kind.value for kind in kinds)).check(found[key]))
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None
