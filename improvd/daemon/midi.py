"""The MIDI systems: the one place that knows python-rtmidi. Imported by the ports process and the probe only.

Every call may block, for ever where a sound server is stopped or dead: call each within `watchdog.within`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from improvd.config.systems import NULL, SYSTEMS
from improvd.daemon.portnames import choose, device, shown
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable

    import rtmidi

WITHOUT_VIRTUAL = ("winmm",)


class System(Protocol):
    """Where messages come from and go to."""

    api: str
    input: str
    output: str
    same_device: bool | None
    """Whether both ports are one device's; None where that can't be seen."""

    def send(self, data: bytes) -> None:
        """Send one message now."""

    def close(self) -> None:
        """Let go of the ports: nothing is heard or sent afterwards."""


class NullSystem:
    """Hears nothing and sends nowhere."""

    api = input = output = NULL
    same_device: bool | None = False

    def send(self, data: bytes) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class RtMidiSystem:
    """One input and one output of a backend, opened by name, or of our own where the name is None.

    ``hear`` is called on RtMidi's thread with (message, delta) and must not block. Raises `MidiError`, with the
    line for the user, where a name fits no port and where the backend refuses.
    """

    def __init__(self, api: str, input_name: str | None, output_name: str | None, hear: Callable[..., None]) -> None:
        number = compiled()[api]
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        self.api = api
        try:
            # Two clients with names of their own: under one name the second would be "improvd-01".
            self._out = rtmidi.MidiOut(number, "improvd-out")
            self._in = rtmidi.MidiIn(number, "improvd-in")
        except rtmidi.SystemError as error:
            raise MidiError(f"{shown(api)} is not running") from error
        if (input_name is None or output_name is None) and api in WITHOUT_VIRTUAL:
            raise MidiError(f"{shown(api)} has no virtual ports: name both with --in and --out (see: improvd ports)")
        # Both are chosen before either is opened: an open port of ours would be among the candidates.
        inputs, outputs = self._in.get_ports(), self._out.get_ports()
        source = None if input_name is None else choose(inputs, input_name, "input")
        target = None if output_name is None else choose(outputs, output_name, "output")
        self.input = "improvd in" if source is None else inputs[source]
        self.output = "improvd out" if target is None else outputs[target]
        self.same_device = None
        if source is not None and target is not None:
            self.same_device = device(self.input) == device(self.output)
        # Clock, sysex and active sensing stay filtered: nothing here uses them, and a clock would wake every
        # process 48 times a beat.
        self._in.ignore_types(sysex=True, timing=True, active_sense=True)
        self._in.set_callback(hear)
        _open(self._out, target, "improvd out")
        _open(self._in, source, "improvd in")

    def send(self, data: bytes) -> None:
        """Send one message now; with JACK it leaves in the server's next period."""
        self._out.send_message(data)

    def close(self) -> None:
        """The callback first, so that no thread of RtMidi's is in it while the input closes."""
        self._in.cancel_callback()
        for client in (self._out, self._in):
            client.close_port()
            client.delete()


def _open(client: rtmidi.MidiIn | rtmidi.MidiOut, port: int | None, name: str) -> None:
    if port is None:
        client.open_virtual_port(name)
    else:
        client.open_port(port, name)


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


def open_system(api: str, input_name: str | None, output_name: str | None, hear: Callable[..., None]) -> System:
    """Open the ports on ``api``, or with "auto" on the first backend that runs. Raises `MidiError`."""
    if api == NULL:
        return NullSystem()
    there = compiled()
    if api != "auto" and api not in there:
        raise MidiError(f"no MIDI backend '{api}' here; there are: {', '.join(there) or 'none'}")
    for candidate in [api] if api != "auto" else there:
        if api != "auto" or runs(there[candidate]):
            return RtMidiSystem(candidate, input_name, output_name, hear)
    tried = " and ".join(map(shown, there))
    raise MidiError(
        f"no MIDI system is running (tried {tried}): plug in a device and see that /dev/snd/seq is there and yours "
        "to use (group audio), or start JACK",
    )


def runs(number: int) -> bool:
    """Whether a client of that backend can be made."""
    import rtmidi  # noqa: PLC0415  as above

    try:
        rtmidi.MidiOut(number, "improvd-probe").delete()
    except rtmidi.SystemError:
        return False
    return True
