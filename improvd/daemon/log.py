"""The lines of a session, by how much they matter, in the form that whoever reads them wants."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime, timezone
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Protocol

from improvd.config.kinds import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Level(IntEnum):
    """How much a line matters, in syslog's numbers: the lower, the more."""

    ERROR = 3
    """Something that the player must mend or may hear."""
    WARNING = 4
    """Something went wrong, and improvd goes on."""
    INFO = 6
    DEBUG = 7


class Say(Protocol):
    """Takes a line. Never blocks; from any thread."""

    def __call__(self, line: str, level: Level = Level.INFO, /) -> None:
        """Tell ``line`` to whoever reads."""


class Form(Enum):
    """How a line is written."""

    PLAIN = "plain"
    JOURNAL = "journal"
    """The level in front, as systemd's journal takes it (sd-daemon(3))."""
    JSON = "JSON"
    """A line of JSON: time, level, message."""


def form_for(fd: int, environment: Mapping[str, str], *, as_json: bool) -> Form:
    """The form for what is written to ``fd``: JSON where that is wished, the journal's where it goes there, or plain.

    systemd names the journal's pipe by device and inode, so that what was redirected elsewhere is not taken for it.
    """
    if as_json:
        return Form.JSON
    with suppress(OSError):
        place = os.fstat(fd)
        if environment.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}":
            return Form.JOURNAL
    return Form.PLAIN


def written(line: str, level: Level, form: Form) -> str:
    """``line`` in that form; it stays one line, and none that steers a terminal, whatever a port is called."""
    if form is Form.JSON:
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        return json.dumps({"time": at, "level": level.name.lower(), "message": line}, ensure_ascii=False)
    if form is Form.JOURNAL:
        return f"<{int(level)}>{fit(line)}"
    return fit(line)


def teller(write: Callable[[str], None], form: Form, least: Level = Level.INFO) -> Say:
    """A `Say` that writes, in ``form``, what matters as much as ``least`` or more. It blocks where ``write`` does."""

    def say(line: str, level: Level = Level.INFO, /) -> None:
        if level <= least:
            write(written(line, level, form))

    return say
