"""A configuration as text: what holds and where it comes from, and an example to start from."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Any

from improvd.config.controls import table_of
from improvd.config.file import CONTROLS
from improvd.config.option import Change, options_of
from improvd.config.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.config.kinds import Value
    from improvd.config.layers import Chosen
    from improvd.config.option import Option

WIDTH = 100
REMARKS = 34
"""The column where remarks begin, unless a value is long."""

_HEAD = """\
# The configuration of improvd, which looks for it in {path}.
# What stands here holds unless the environment (IMPROVD_BPM=96) or the command line (--bpm 96) says otherwise.
# The lines that are commented out show the defaults. Behind each: what may stand there, and when a change holds
# if improvd reads this again while it plays (on SIGHUP, as `systemctl --user reload improvd` sends it).
"""

_CONTROLS = """\
# Knobs, pads and pedals and what they do; or bind them by moving them: improvd learn temperature

#[controls]
#temperature = { cc = 21 }
#mute = { note = "C2", channel = 10 }
"""

_PROFILES = """\
# Profiles say what differs from the above, and are chosen by name: improvd run --profile jazz

#[profile.jazz]
#temperature = 1.2
#max-bars = 4
"""


def toml(option: Option, value: Value) -> str:
    """The line of a file that gives an option this value."""
    return f"{option.name} = {_written(option.kind.plain(value))}"


def listing(chosen: Chosen[Any]) -> str:
    """What holds, in the form of a file, with a remark on each line that tells where it comes from."""
    profile = f", profile {json.dumps(chosen.profile, ensure_ascii=False)}" if chosen.profile else ""
    missing = " is not there (improvd config --example prints one to start from)"
    lines = [f"# {chosen.path}{profile if chosen.there else missing}"]
    for group, options in groupby(options_of(type(chosen.options)), lambda option: option.group):
        lines += ["", f"# {group.value}"]
        for option in options:
            line = toml(option, getattr(chosen.options, option.field))
            lines.append(f"{line:{REMARKS}}  # {chosen.origins[option.field].where}")
    bound = controls(chosen.options)
    if bound:
        lines += ["", f"[{CONTROLS}]", *(f"{target} = [{', '.join(map(_inline, found))}]" for target, found in bound)]
    return "\n".join(lines)


def controls(options: object) -> list[tuple[str, list[dict[str, float | str]]]]:
    """The map of controls, as a file would hold it, by targets; none where the options have no such thing."""
    bound: dict[str, list[dict[str, float | str]]] = {}
    for binding in getattr(options, CONTROLS, ()):
        bound.setdefault(binding.target, []).append(table_of(binding))
    return list(bound.items())


def _inline(table: dict[str, float | str]) -> str:
    return f"{{ {', '.join(f'{key} = {_written(value)}' for key, value in table.items())} }}"


def _written(plain: float | str) -> str:
    """A value in TOML, whose strings with their escapes are JSON's, for all that a line of text may hold."""
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, (str, bool)) else repr(plain)


def as_json(chosen: Chosen[Any]) -> dict[str, Any]:
    """What holds, for programs: ``options`` by their names in a file, each with its value, source and place.

    ``controls`` are what each target is bound to.
    """
    return {
        "file": str(chosen.path),
        "there": chosen.there,
        "profile": chosen.profile or None,
        "options": {
            option.name: {
                "value": option.kind.plain(getattr(chosen.options, option.field)),
                "source": chosen.origins[option.field].source.value,
                "where": chosen.origins[option.field].where,
            }
            for option in options_of(type(chosen.options))
        },
        CONTROLS: dict(controls(chosen.options)),
    }


def example(path: object) -> str:
    """A file with every option at its default, commented out, and what it means; ``path``: where it belongs."""
    return "\n".join([_HEAD.format(path=path), *_described(), _CONTROLS, _PROFILES])[:-1]


def _described() -> Iterator[str]:
    for group, options in groupby(options_of(RunOptions), lambda option: option.group):
        yield f"# -- {group.value} --\n"
        for option in options:
            yield textwrap.fill(option.help, WIDTH, initial_indent="# ", subsequent_indent="# ")
            change = "" if option.change is Change.RESTART else f", {option.change.value}"
            yield f"{'#' + toml(option, option.default):{REMARKS}}  # {option.kind.metavar}{change}\n"
