"""A configuration as text: what holds and where it comes from, and an example to start from."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Any

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

_PROFILES = """\
# Profiles say what differs from the above, and are chosen by name: improvd run --profile jazz

#[profile.jazz]
#temperature = 1.2
#max-bars = 4
"""


def toml(option: Option, value: Value) -> str:
    """The line of a file that gives an option this value."""
    plain = option.kind.plain(value)
    # TOML's strings with their escapes are JSON's, for all that a line of text may hold.
    written = json.dumps(plain, ensure_ascii=False) if isinstance(plain, (str, bool)) else repr(plain)
    return f"{option.name} = {written}"


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
    return "\n".join(lines)


def as_json(chosen: Chosen[Any]) -> dict[str, Any]:
    """What holds, for programs: ``options`` by their names in a file, each with its value, source and place."""
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
    }


def example(path: object) -> str:
    """A file with every option at its default, commented out, and what it means; ``path``: where it belongs."""
    return "\n".join([_HEAD.format(path=path), *_described(), _PROFILES])[:-1]


def _described() -> Iterator[str]:
    for group, options in groupby(options_of(RunOptions), lambda option: option.group):
        yield f"# -- {group.value} --\n"
        for option in options:
            yield textwrap.fill(option.help, WIDTH, initial_indent="# ", subsequent_indent="# ")
            change = "" if option.change is Change.RESTART else f", {option.change.value}"
            yield f"{'#' + toml(option, option.default):{REMARKS}}  # {option.kind.metavar}{change}\n"
