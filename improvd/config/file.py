"""A configuration file: TOML, with the options' names as keys, and profiles that say what differs.

    temperature = 0.9

    [profile.jazz]
    temperature = 1.2

Whatever is wrong with one is a `UserError` of one line, and nothing else is raised.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from improvd.config.controls import bindings_from
from improvd.config.kinds import cut, shown
from improvd.config.live import LIVE
from improvd.config.option import options_of
from improvd.config.options import RunOptions
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from improvd.config.controls import Bound
    from improvd.config.kinds import Value

    Values = Mapping[str, Value]

LARGEST = 1 << 16
"""Bytes; all options in a hundred profiles are less."""
LONGEST_LINE = 1000
"""Bytes. With longer ones a file of this size could keep the TOML library busy for half a minute."""

PROFILES = "profile"
CONTROLS = "controls"
"""The table of the map of controls."""
_BARE = r"[A-Za-z0-9_-]{1,60}"
"""A profile's name that needs no quotes."""
_PLACE = r"(?s)(.*) \(at (?:(line \d+), column \d+|end of document)\)"
_PLAINER = (
    ("Invalid value", 'there is no such value; text stands in quotes, as in "Keyboard"'),
    ("Cannot overwrite a value", "the key stands there twice"),
    ("Cannot declare", "the table stands there twice"),
)
"""How the commonest mistakes are put, by how the TOML library's message begins."""


class ConfigFile(NamedTuple):
    """What stands in a file, by the options' names in Python, checked: for all profiles, and for each.

    So do the maps of controls, by their targets.
    """

    path: Path
    base: Values
    profiles: Mapping[str, Values]
    controls: Bound
    profiles_controls: Mapping[str, Bound]

    def profile(self, name: str) -> Values:
        """What a profile says. UserError where there is none of that name."""
        if name in self.profiles:
            return self.profiles[name]
        there = f"there are: {', '.join(map(shown, self.profiles))}" if self.profiles else "there is none"
        raise UserError(f"{self.path}: there is no {table(name)}; {_nearest(name, self.profiles) or there}")


def default_path() -> Path:
    """Where the configuration usually stands: ``~/.config/improvd/config.toml`` on Linux."""
    import platformdirs  # noqa: PLC0415  who names a file need not wait for it

    return platformdirs.user_config_path("improvd") / "config.toml"


def read(path: Path) -> ConfigFile | None:
    """The configuration in ``path``, all of it checked; None where there is no such file. Raises UserError."""
    data = _bytes_of(path)
    return None if data is None else _checked(path, _parse(path, data))


def table(profile: str, part: str = "") -> str:
    """The heading of a profile's part of a file, or of a ``part`` of that."""
    name = profile if re.fullmatch(_BARE, profile) else shown(profile)
    return f"[{PROFILES}.{name}{part and '.' + part}]"


def _bytes_of(path: Path) -> bytes | None:
    try:
        # A pipe would otherwise be waited for.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(fd).st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
                raise UserError(f"{path}: is {what}; a configuration is a text file")
            with open(fd, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise UserError(f"{path}: the configuration can't be read: {reason}") from None
    if len(data) > LARGEST:
        raise UserError(f"{path}: is larger than {LARGEST >> 10} KiB; is it a configuration?")
    for number, line in enumerate(data.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            raise UserError(f"{path}, line {number}: is longer than {LONGEST_LINE} bytes; is it a configuration?")
    return data


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    # Here, for the start of those who have no file.
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415  as just said
    else:
        import tomli as tomllib  # noqa: PLC0415  as just said
    try:
        return tomllib.loads(data.decode("utf-8-sig"))  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: is not text in UTF-8; save it as such") from None
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(_PLACE, str(error))
        message, where = (found[1], found[2] or "last line") if found else (str(error), "somewhere")
        plain = next((plain for begins, plain in _PLAINER if message.startswith(begins)), None)
        raise UserError(f"{path}, {where}: {plain or cut(message, 200)}") from None
    except (ValueError, RecursionError) as error:
        what = "is nested too deeply" if isinstance(error, RecursionError) else "holds a number of too many digits"
        raise UserError(f"{path}: {what}") from None


def _checked(path: Path, found: dict[str, Any]) -> ConfigFile:
    profiles = found.pop(PROFILES, {})
    if not isinstance(profiles, dict):
        raise UserError(
            f"{path}: '{PROFILES}' is no option: a profile is a part [{PROFILES}.NAME], chosen by --profile"
        )
    for name, values in profiles.items():
        if not isinstance(values, dict):
            raise UserError(f"{path}: [{PROFILES}] has no keys of its own: a profile is a part [{PROFILES}.NAME]")
        if not name:
            raise UserError(f"{path}: a profile needs a name: [{PROFILES}.NAME]")
    controls = _controls(found, f"{path}: [{CONTROLS}]")
    profiles_controls = {
        name: _controls(values, f"{path}: {table(name, CONTROLS)}") for name, values in profiles.items()
    }
    base = _values(found, f"{path}: there is", f"{path}:")
    return ConfigFile(
        path,
        base,
        {
            name: _values(values, f"{path}: {table(name)} has", f"{path}: {table(name)}")
            for name, values in profiles.items()
        },
        controls,
        profiles_controls,
    )


def _controls(found: dict[str, Any], where: str) -> Bound:
    """The map of controls in a part of the file, which is taken out of it; ``where`` begins what is said of it."""
    try:
        return bindings_from(found.pop(CONTROLS, {}), LIVE)
    except ValueError as error:
        raise UserError(f"{where}{error}") from None


def _values(found: dict[str, Any], here: str, where: str) -> Values:
    """Keys and values checked; ``here`` begins what is said of an unknown key, ``where`` what of a wrong value."""
    options = {option.name: option for option in options_of(RunOptions)}
    values: dict[str, Value] = {}
    for key, value in found.items():
        option = options.get(key)
        if option is None and isinstance(value, dict):
            raise UserError(f"{here} no table {shown(key)}; a profile is a part [{PROFILES}.NAME]")
        if option is None:
            raise UserError(f"{here} no key {shown(key)}; {_nearest(key, options) or 'see: improvd config --example'}")
        try:
            values[option.field] = option.kind.check(value)
        except ValueError as error:
            raise UserError(f"{where} {key} {error}") from None
    return values


def _nearest(name: str, names: Iterable[str]) -> str:
    """What was probably meant, put as a question; nothing where nothing is like it."""
    from difflib import get_close_matches  # noqa: PLC0415  only for a mistake

    near = get_close_matches(name[:100], names, n=1)
    return f"did you mean {shown(near[0])}?" if near else ""
