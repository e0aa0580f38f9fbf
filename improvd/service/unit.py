"""The unit: as shipped, with the command as it is here, and the place where systemd looks for it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.errors import UserError
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "improvd.service"

_PACKAGE = Path(__file__).resolve().parent.parent
_OURS = "# improvd as a service of"
"""How each of our units begins; what begins otherwise was written by someone else."""
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  nothing is written there
"""What the system's service doesn't see (ProtectHome, PrivateTmp)."""


class Scope(Enum):
    """Whose service it is: the user's own, or the machine's."""

    USER = "user"
    SYSTEM = "system"


def shipped(scope: Scope) -> str:
    """The unit as it comes along, in the package or beside it in a checkout."""
    for folder in (_PACKAGE / "systemd", _PACKAGE.parent / "systemd"):
        unit = folder / scope.value / NAME
        if unit.exists():
            return unit.read_text(encoding="utf-8")
    raise UserError(f"this improvd came without its systemd units (looked in {_PACKAGE / 'systemd'}): install it again")


def command() -> tuple[str, ...]:
    """What starts the improvd that runs now: its own command where there is one, or the module."""
    script = Path(sys.executable).with_name("improvd")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "improvd")


def filled(unit: str, words: Sequence[str]) -> str:
    """``unit`` with ``words`` as the command that it starts `run` by."""
    start = " ".join((*map(_quoted, words), "run"))
    return re.sub(r"^ExecStart=.*$", lambda _: f"ExecStart={start}", unit, count=1, flags=re.MULTILINE)


def place(scope: Scope, environment: Mapping[str, str]) -> Path:
    """Where systemd looks for what an administrator or a user put there."""
    if scope is Scope.SYSTEM:
        return Path("/etc/systemd/system") / NAME
    config = environment.get("XDG_CONFIG_HOME", "")
    return (Path(config) if config.startswith("/") else Path.home() / ".config") / "systemd" / "user" / NAME


def write(path: Path, unit: str) -> None:
    """Put ``unit`` there, whole, in place of an older one of ours. UserError where that can't be."""
    check_ours(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path.parent}: can't be made: {error.strerror}{_needs_root(error)}") from None
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"{path}: only root can write there; run it with sudo")
    with writing(path) as file:
        file.write(unit.encode())


def check_ours(path: Path) -> None:
    """UserError where a unit of that name stands there that isn't ours: it is left alone."""
    try:
        begins = path.read_text(encoding="utf-8", errors="replace")[: len(_OURS)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from None
    if begins != _OURS:
        raise UserError(f"{path}: this unit is not improvd's own; move it away first")


def check_visible(words: Sequence[str]) -> None:
    """UserError where the system's service could not see the command, or what it needs of Python."""
    for path in (words[0], sys.prefix, sys.base_prefix, str(_PACKAGE)):
        whole = os.path.realpath(path)
        if any(whole == hidden or whole.startswith(hidden + "/") for hidden in _HIDDEN):
            raise UserError(
                f"{whole} lies where a service of the system can't look: install improvd for all, "
                "as /opt/improvd (see docs/service.md), or leave out --system"
            )


def _quoted(word: str) -> str:
    """A word as systemd reads it."""
    if re.search(r"[\x00-\x1f\x7f]", word):
        raise UserError(f"{word!r} can't stand in a unit: install improvd in a folder with a plain name")
    word = word.replace("%", "%%").replace("$", "$$")
    return word if word == shlex.quote(word) else '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def _needs_root(error: OSError) -> str:
    return "; run it with sudo" if isinstance(error, PermissionError) else ""
