"""From `improvd.config`'s options to those of typer, and back to what holds."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, TypeVar

import typer
from typer.core import TyperCommand

from improvd.config.kinds import Switch
from improvd.config.layers import Chosen, Told, choose
from improvd.config.option import options_of
from improvd.config.options import CONFIG, PROFILE
from improvd.config.options_music import ModelOptions
from improvd.config.ports import BETWEEN, PortNames

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.option import Option

Options = TypeVar("Options", bound=ModelOptions)

EPILOG = (
    "Each option of a group may also stand in the environment, as IMPROVD_MIN_BARS, and in a configuration file, as"
    " min-bars: see improvd config."
)


def option(name: str, text: str, *more: str, **kwargs: Any) -> Any:  # noqa: ANN401  typer's own types
    """An option of one command alone, in the environment as ``IMPROVD_`` and its name."""
    return typer.Option(name, *more, help=text, envvar="IMPROVD_" + name.strip("-").upper().replace("-", "_"), **kwargs)


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

(_MODEL,) = options_of(ModelOptions)
Model = Annotated[str, option(_MODEL.flag, _MODEL.help)]
"""For a command that has no configuration."""


class Grouped(TyperCommand):
    """A command whose help has the options in groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  typer's versions differ in the types
        """Write a section for each group, in the order in which the options come."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                rest = "Arguments" if parameter.param_type_name == "argument" else "Options"
                title = getattr(parameter, "rich_help_panel", None) or rest
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def configured(
    kind: type[Options],
) -> Callable[[Callable[Concatenate[Chosen[Options], ...], None]], Callable[..., None]]:
    """Give a command the options of ``kind`` beside its own; it gets what holds of them as its first argument.

    Nothing is checked by typer, so that a value is read and refused alike wherever it stands.
    """
    options = (*options_of(kind), CONFIG, PROFILE)

    def decorate(command: Callable[Concatenate[Chosen[Options], ...], None]) -> Callable[..., None]:
        def configured_command(**values: Any) -> None:  # noqa: ANN401  whatever the command line holds
            given = {option.field: _as_told(values.pop(option.field)) for option in options}
            told = Told({name: value for name, value in given.items() if value is not None}, os.environ)
            command(choose(kind, told), **values)

        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        signature = inspect.Signature([*own, *map(_parameter, options)])
        configured_command.__signature__ = signature  # type: ignore[attr-defined]  # typer goes by it
        configured_command.__name__ = command.__name__
        configured_command.__doc__ = command.__doc__
        return configured_command

    return decorate


def _may_repeat(option: Option) -> bool:
    """Whether an option may be given several times."""
    return isinstance(option.kind, PortNames)


def _as_told(value: Any) -> str | bool | None:  # noqa: ANN401  as typer gives it
    """What the command line says; what is given several times stands in one text, as it would in the environment."""
    if isinstance(value, list):
        return f"{BETWEEN} ".join(value) if value else None
    told: str | bool | None = value
    return told


def _parameter(option: Option) -> inspect.Parameter:
    """An option as typer takes it; its value is None where it is not given."""
    is_switch = isinstance(option.kind, Switch)
    # What a file switches on, a command line may switch off.
    name = f"{option.flag}/--no-{option.name}" if is_switch else option.flag
    annotation: Any = bool | None if is_switch else list[str] | None if _may_repeat(option) else str | None
    default = option.kind.plain(option.default)
    help_ = option.help if is_switch or default == "" else f"{option.help}  [default: {default}]"
    described = typer.Option(name, help=help_, metavar=option.kind.metavar, rich_help_panel=option.group.value)
    return inspect.Parameter(
        option.field, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[annotation, described]
    )
