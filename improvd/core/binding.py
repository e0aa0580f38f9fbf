"""What a knob, a pad or a pedal is bound to: the frozen values of the map of controls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from improvd.core.cues import Cue
from improvd.core.events import NOTE_OFF, NOTE_ON

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent

PROGRAM = 0xC0

COMMANDS = ("mute", "panic", "tap", "transport", *(cue.value for cue in Cue))
"""What can be done by pressing something, beside setting an option: each is a deed of the session."""


@dataclass(frozen=True, slots=True)
class Control:
    """Messages of one kind and number: a controller's (``CONTROL``), a key's (``NOTE_ON``) or a program's.

    ``channel`` is 0–15; None: on any. A key's way up belongs to it as its way down does.
    """

    kind: int
    number: int
    channel: int | None = None

    def fits(self, event: MidiEvent) -> bool:
        """Whether a message is this control's."""
        kind = NOTE_ON if event.kind == NOTE_OFF else event.kind
        same = kind == self.kind and event.data[1] == self.number
        return same and self.channel in (None, event.channel)


class Curve(Enum):
    """How a knob's way is laid over a range."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"
    """Each step the same factor; both ends of the range above 0."""


class Relative(Enum):
    """How an endless encoder tells its steps, by the number that it sends."""

    TWOS = "twos"
    """1, 2, … up; 127, 126, … down."""
    OFFSET = "offset"
    """64 is still, 65 is one up, 63 one down."""
    SIGN = "sign"
    """1, 2, … up; 65, 66, … down."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A number from ``low`` to ``high``."""

    low: float
    high: float
    curve: Curve = Curve.LINEAR
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Encoder:
    """A number as a `Knob` sets it, by an endless one: 127 steps from end to end."""

    knob: Knob
    relative: Relative


@dataclass(frozen=True, slots=True)
class Select:
    """One of ``values``: a controller has each on a part of its way; what is pressed goes on to the next."""

    values: tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """One ``value``, set when the control is pressed."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Command:
    """The target is one of `COMMANDS`, done when the control is pressed."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A control and its ``target``: a live option by its name in a file, or a command.

    A control that ``follows`` has a motor or lamps, and is told what its target is.
    """

    control: Control
    target: str
    way: Knob | Encoder | Select | Fixed | Command
    follows: bool = False
