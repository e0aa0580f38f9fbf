"""What an option is: its names, its kind of value, and when a new value holds in a duet that is on."""

from __future__ import annotations

from dataclasses import field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from improvd.config.kinds import Kind, Value

T = TypeVar("T")

_DESCRIPTION = "option"


class Change(Enum):
    """When a new value holds, if the configuration is read again while improvd plays."""

    NOW = "at once"
    """The next notes that are asked of the model go by it, in the middle of an answer too."""
    NEXT = "from the next call"
    """Once no answer sounds or is being made and no key is held."""
    LOADED = "once it is loaded"
    """Until it is, and where it can't be, all goes on as it is."""
    RESTART = "after a restart"


class Group(Enum):
    """What an option is about; in the order in which they are shown."""

    PORTS = "Ports"
    TIME = "Time"
    MUSIC = "What it plays"
    LISTENING = "What it hears"
    SENDING = "What it sends"
    PAGE = "The page"
    OSC = "OSC"
    KEEPING = "What it keeps"
    REPORTS = "What it tells"
    CONFIGURATION = "Configuration"


class Option(NamedTuple):
    """One option. ``field`` is its name in Python, ``name`` the one in a file."""

    field: str
    name: str
    kind: Kind
    default: Value
    help: str
    group: Group
    change: Change

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name}"

    @property
    def env(self) -> str:
        """Its name in the environment."""
        return f"IMPROVD_{self.name.upper().replace('-', '_')}"


def described(default: T, kind: Kind, text: str, *, group: Group, change: Change = Change.RESTART, name: str = "") -> T:
    """A field of a dataclass of options. ``name``: where Python doesn't allow the one that players use."""
    return field(default=default, metadata={_DESCRIPTION: (kind, text, group, change, name)})


def options_of(options: type[Any]) -> tuple[Option, ...]:
    """The options that a dataclass of them holds, by what they are about; a field without a description is none."""
    found = []
    for one in fields(options):
        if _DESCRIPTION not in one.metadata:
            continue
        kind, text, group, change, name = one.metadata[_DESCRIPTION]
        default: Any = one.default
        found.append(Option(one.name, name or one.name.replace("_", "-"), kind, default, text, group, change))
    groups = list(Group)
    return tuple(sorted(found, key=lambda option: groups.index(option.group)))
