"""What a MIDI system is to the ports process, and which ones there are. Imported by that process and the probe only.

Every call may block, for ever where a sound server is stopped or dead: call each within `watchdog.within`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from improvd.config.systems import NULL, SYSTEMS
from improvd.core.events import Seconds
from improvd.daemon.messages import Port, PortsThere
from improvd.errors import MidiError

if TYPE_CHECKING:
    from improvd.daemon.messages import Owed, TimePorts

LAST_PERIOD = Seconds(0.05)
"""JACK hands what was sent to its server in the next period: a port that closes before that loses it."""


class SystemGoneError(MidiError):
    """The MIDI system ended under us. All that was opened on it is dead, and may block: nothing of it is to be used."""


class System(Protocol):
    """Where messages come from and go to, as far as it is there."""

    api: str
    """Which MIDI system; empty while none runs."""
    waiting: tuple[str, ...]
    """What is waited for, and why: a line each."""
    there: PortsThere
    """What there is to be wanted."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Those wanted, or one of our own. What comes from one has its ``wanted`` as its source."""

    @property
    def output(self) -> Port:
        """The one wanted, or our own."""

    @property
    def same_device(self) -> bool | None:
        """Whether an input is the output's device; None where that can't be seen."""

    def want(self, inputs: tuple[str, ...], output: str) -> None:
        """Go over to other ports at the next look. What stays wanted stays connected."""

    def keep_time(self, time: TimePorts) -> None:
        """Go over to other ports of a clock and a metronome at the next look. What stays wanted stays connected."""

    def look(self) -> bool:
        """See what came and went since the last time, connect with what was waited for; whether anything changed.

        Raises `SystemGoneError`.
        """

    def send(self, data: bytes) -> None:
        """Send one message now; nothing while there is no output. Raises `SystemGoneError`."""

    def click(self, data: bytes) -> None:
        """Send one message now to where the metronome clicks. Raises `SystemGoneError`."""

    def show(self, data: bytes) -> None:
        """Send one message now to where controls follow. Raises `SystemGoneError`."""

    def settle(self, owed: Owed) -> bool:
        """Send that to an output that is not ours, in passing; False where that could not be."""

    def close(self) -> None:
        """Let go of the ports: nothing is heard or sent afterwards."""


class NullSystem:
    """Hears nothing and sends nowhere."""

    api = NULL
    inputs = (Port("", NULL),)
    output = Port("", NULL)
    waiting: tuple[str, ...] = ()
    there = PortsThere()
    same_device = False

    def want(self, _inputs: tuple[str, ...], _output: str) -> None:
        """There is nothing else to be had."""

    def keep_time(self, _time: TimePorts) -> None:
        """As for these."""

    def look(self) -> bool:
        """Nothing comes or goes."""
        return False

    def send(self, data: bytes) -> None:
        """Nothing to do."""

    def click(self, data: bytes) -> None:
        """Nothing to do."""

    def show(self, data: bytes) -> None:
        """Nothing to do."""

    def settle(self, _owed: Owed) -> bool:
        """There is none."""
        return False

    def close(self) -> None:
        """Nothing to do."""


def compiled() -> dict[str, int]:
    """The backends that python-rtmidi was built with, in its order of preference: name to its number.

    Raises `MidiError` where python-rtmidi itself can't be loaded.
    """
    try:
        import rtmidi  # noqa: PLC0415  costs nothing where no system is wanted
    except ImportError as error:
        raise MidiError(f"python-rtmidi can't be loaded ({error}): install it again") from error
    names = {rtmidi.get_api_name(number): number for number in rtmidi.get_compiled_api()}
    return {name: number for name, number in names.items() if name in SYSTEMS}
