"""A binding is written into a configuration file, and all else in it stays as it is: comments, order, spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from improvd.config.controls import table_of
from improvd.config.file import CONTROLS, PROFILES

if TYPE_CHECKING:
    from improvd.core.binding import Binding


def with_binding(text: str, binding: Binding, profile: str = "") -> str:
    """The text of a file, in which ``binding`` is now the one of its target, for all profiles or for one.

    ``text`` is a configuration that `improvd.config.file.read` takes. ValueError where it can't be written into.
    """
    try:
        document = tomlkit.parse(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
        part: Any = document
        for name in (PROFILES, profile, CONTROLS) if profile else (CONTROLS,):
            part = part.setdefault(name, tomlkit.table(is_super_table=name == PROFILES))
        written = tomlkit.inline_table()
        written.update(told(binding))
        part[binding.target] = written
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:
        raise ValueError(f"can't be written into: {error}") from None


def told(binding: Binding) -> dict[str, float | str]:
    """What is written of a binding: how its knob turns follows from its target."""
    unsaid = ("low", "high", "curve")
    return {key: value for key, value in table_of(binding).items() if key not in unsaid}
