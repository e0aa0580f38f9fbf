"""What holds, of all that was told: the command line before the environment, the file, and the defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from improvd.config.file import CONTROLS, ConfigFile, default_path, read, table
from improvd.config.option import options_of
from improvd.config.options import CONFIG, ORDERED, PROFILE
from improvd.config.options_music import ModelOptions
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from improvd.config.kinds import Value
    from improvd.config.option import Option
    from improvd.core.binding import Binding

Options = TypeVar("Options", bound=ModelOptions)


class Source(Enum):
    """Where a value may come from, the first to be asked first."""

    COMMAND_LINE = "command line"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Where a value comes from; ``where`` is the option, the variable, or the part of the file."""

    source: Source
    where: str


class Told(NamedTuple):
    """What a process was told when it was started, and goes by as long as it runs.

    ``command_line`` holds the options given, by their names in Python: texts, and True or False for switches.
    ``environment`` holds all variables; an empty one counts as not there.
    """

    command_line: Mapping[str, str | bool]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Chosen(Generic[Options]):
    """What holds, and why: ``origins`` by the options' names in Python.

    ``path`` is where the configuration was looked for, and ``there`` whether it is there; ``profile`` is "" for none.
    ``told`` is what all this was chosen from.
    """

    options: Options
    origins: Mapping[str, Origin]
    path: Path
    there: bool
    profile: str
    told: Told

    def again(self) -> Chosen[Options]:
        """What holds by now, the file perhaps having changed. Raises UserError, and may wait for a disk."""
        return choose(type(self.options), self.told)


def choose(kind: type[Options], told: Told) -> Chosen[Options]:
    """Ask each source in turn for each option of ``kind``. Raises UserError for a value that no option may have.

    Reads the file, so it may wait for a disk.
    """
    file, path, profile = _file(told)
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for option in options_of(kind):
        found = _told(option, told) or _written(option, file, profile)
        values[option.field], origins[option.field] = found or (option.default, Origin(Source.DEFAULT, "default"))
    _check_order(values, origins, {option.field: option.name for option in options_of(kind)})
    if any(one.name == CONTROLS for one in fields(kind)):
        values[CONTROLS] = _bindings(file, profile)
    return Chosen(kind(**values), origins, path, file is not None, profile, told)


def _file(told: Told) -> tuple[ConfigFile | None, Path, str]:
    """The configuration, where it is or would be, and the profile to go by."""
    named = _told(CONFIG, told)
    path = cast("Path", named[0]) if named and named[0] else default_path()
    file = read(path)
    if file is None and named and named[0]:
        raise UserError(
            f"{path}: there is no such configuration; {named[1].where} names a file (see: improvd config --example)"
        )
    chosen = _told(PROFILE, told)
    profile = str(chosen[0]) if chosen else ""
    if profile and file is None:
        raise UserError(f"there is no {table(profile)}, as there is no configuration {path}")
    if profile and file is not None:
        file.profile(profile)
    return file, path, profile


def _told(option: Option, told: Told) -> tuple[Value, Origin] | None:
    """What the command line or the environment says, if anything."""
    origin = Origin(Source.COMMAND_LINE, option.flag)
    text = told.command_line.get(option.field)
    if text is None:
        origin = Origin(Source.ENVIRONMENT, option.env)
        text = told.environment.get(option.env) or None
    if text is None:
        return None
    try:
        return option.kind.parse(text) if isinstance(text, str) else option.kind.check(text), origin
    except ValueError as error:
        raise UserError(f"{origin.where} {error}") from None


def _written(option: Option, file: ConfigFile | None, profile: str) -> tuple[Value, Origin] | None:
    """What the file says, if anything: the profile before what is for all."""
    if file is None:
        return None
    if profile and option.field in (values := file.profile(profile)):
        return values[option.field], Origin(Source.FILE, f"{file.path.name}, {table(profile)}")
    if option.field in file.base:
        return file.base[option.field], Origin(Source.FILE, file.path.name)
    return None


def _bindings(file: ConfigFile | None, profile: str) -> tuple[Binding, ...]:
    """The map of controls: what a profile says of a target counts before what is for all."""
    if file is None:
        return ()
    bound = {**file.controls, **(file.profiles_controls[profile] if profile else {})}
    return tuple(chain.from_iterable(bound.values()))


def _check_order(values: Mapping[str, Any], origins: Mapping[str, Origin], names: Mapping[str, str]) -> None:
    def told(field: str) -> str:
        origin = origins[field]
        if origin.source in (Source.COMMAND_LINE, Source.ENVIRONMENT):
            return f"{origin.where} {values[field]:g}"
        return f"{names[field]} {values[field]:g} ({origin.where})"

    for low, high in ORDERED:
        if low in values and high in values and values[low] > values[high]:
            raise UserError(f"{told(low)} is more than {told(high)}")
