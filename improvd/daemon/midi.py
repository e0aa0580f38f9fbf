"""The MIDI systems: the one place that knows python-rtmidi. Imported by the ports process and the probe only.

Every call may block, for ever where a sound server is stopped or dead: call each within `watchdog.within`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from improvd.config.systems import AUTO, NULL, SYSTEMS
from improvd.daemon import graph_alsa
from improvd.daemon.graph import NamesOnly
from improvd.daemon.graph_jack import JackGraph, NoServerError
from improvd.daemon.portnames import device, shown
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import rtmidi

    from improvd.daemon.graph import Graph
    from improvd.daemon.messages import TimePorts
    from improvd.daemon.plug import Plug

WITHOUT_VIRTUAL = ("winmm",)


class SystemGoneError(MidiError):
    """The MIDI system ended under us. All that was opened on it is dead, and may block: nothing of it is to be used."""


class System(Protocol):
    """Where messages come from and go to, as far as it is there."""

    api: str
    """Which MIDI system; empty while none runs."""
    waiting: tuple[str, ...]
    """What is waited for, and why: a line each."""

    @property
    def input(self) -> str:
        """The input's name; empty while waited for."""

    @property
    def output(self) -> str:
        """The output's name; empty while waited for."""

    @property
    def same_device(self) -> bool | None:
        """Whether both ports are one device's; None where that can't be seen."""

    def look(self) -> bool:
        """See what came and went since the last time, connect with what was waited for; whether anything changed.

        Raises `SystemGoneError`.
        """

    def send(self, data: bytes) -> None:
        """Send one message now; nothing while there is no output. Raises `SystemGoneError`."""

    def click(self, data: bytes) -> None:
        """Send one message now to where the metronome clicks. Raises `SystemGoneError`."""

    def close(self) -> None:
        """Let go of the ports: nothing is heard or sent afterwards."""


class NullSystem:
    """Hears nothing and sends nowhere."""

    api = input = output = NULL
    waiting: tuple[str, ...] = ()
    same_device = False

    def look(self) -> bool:
        """Nothing comes or goes."""
        return False

    def send(self, data: bytes) -> None:
        """Nothing to do."""

    def click(self, data: bytes) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


PAGE = "the page"
"""What both ports are called where no MIDI system runs and the page alone is the instrument."""


class RtMidiSystem:
    """One input and one output, opened by name, or of our own where the name is None, on the first of ``apis`` to run.

    ``hear`` is called on RtMidi's thread with (message, delta) and must not block. What isn't there is looked for each
    time that ``look`` is called. ``without`` is what both ports are called for as long as no system runs; an empty
    name means that there are none. ``time`` may want one more of either: a clock's, which ``hear_clock`` is called for,
    and a metronome's.
    """

    def __init__(
        self,
        apis: Sequence[str],
        input_name: str | None,
        output_name: str | None,
        hear: Callable[..., None],
        *,
        without: str = "",
        time: TimePorts,
        hear_clock: Callable[..., None],
    ) -> None:
        self._without = without
        self.api = ""
        self.waiting: tuple[str, ...] = ()
        self._apis = apis
        self._names = (input_name, output_name)
        self._hear = hear
        self._time = time
        self._hear_clock = hear_clock
        self._graph: Graph | None = None
        self._in: Plug | None = None
        self._out: Plug | None = None
        self._client: rtmidi.MidiOut | None = None
        self._clock: Plug | None = None
        self._click: Plug | None = None
        self._clicker: rtmidi.MidiOut | None = None
        self._stamp: Hashable = None

    @property
    def input(self) -> str:
        """See `System`."""
        return self._in.name if self._in else self._without

    @property
    def output(self) -> str:
        """See `System`."""
        return self._out.name if self._out else self._without

    @property
    def same_device(self) -> bool | None:
        """See `System`."""
        if None in self._names or not (self.input and self.output):
            return None
        one, other = device(self.input), device(self.output)
        return one == other if one and other else None

    def look(self) -> bool:
        """See `System`."""
        before = (self.api, self._names_there())
        if not self._graph:
            self._start()
        if self._graph and self._in and self._out:
            if self._graph.gone:
                raise SystemGoneError(f"{shown(self.api)} has stopped")
            stamp = self._graph.stamp()
            if stamp != self._stamp:
                plugs = self._plugs()
                for plug in plugs:
                    plug.look(tuple(one.ours for one in plugs))
                self.waiting = tuple(plug.problem for plug in plugs if not plug.name)
                # Not the stamp as it is by now: what came or went meanwhile would never be seen.
                self._stamp = None if any(plug.again for plug in plugs) else stamp
        return (self.api, self._names_there()) != before

    def _plugs(self) -> list[Plug]:
        """The inputs first: while the synth is opened, what is played is heard."""
        return [plug for plug in (self._in, self._clock, self._out, self._click) if plug]

    def _names_there(self) -> list[str]:
        return [plug.name for plug in self._plugs()]

    def send(self, data: bytes) -> None:
        """See `System`; with JACK it leaves in the server's next period."""
        if self._graph and self._graph.gone:
            raise SystemGoneError(f"{shown(self.api)} has stopped")
        if self._client and self.output:
            self._client.send_message(data)

    def click(self, data: bytes) -> None:
        """See `System`."""
        if self._graph and self._graph.gone:
            raise SystemGoneError(f"{shown(self.api)} has stopped")
        if self._clicker and self._click and self._click.name:
            self._clicker.send_message(data)

    def close(self) -> None:
        """See `System`."""
        for plug in reversed(self._plugs()):
            plug.close()

    def _start(self) -> None:
        """Make clients on the first system that runs."""
        problems = []
        for api in self._apis:
            try:
                self._open(api)
            except MidiError as error:
                problems.append(str(error))
            else:
                return
        self.waiting = ("; ".join(problems),)

    def _open(self, api: str) -> None:
        """Make the clients there. Raises `MidiError` where the system doesn't run."""
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        from improvd.daemon.plug import Plug  # noqa: PLC0415  as above

        if api == "alsa" and (problem := graph_alsa.problem()):
            raise MidiError(problem)
        try:
            graph: Graph | None = JackGraph() if api == "jack" else None
            number = compiled()[api]
            # Two clients with names of their own: under one name the second would be "improvd-01".
            output, source = rtmidi.MidiOut(number, "improvd-out"), rtmidi.MidiIn(number, "improvd-in")
        except (NoServerError, rtmidi.SystemError) as error:
            raise MidiError(f"{shown(api)} is not running") from error
        if api == "alsa" and graph_alsa.LIST.exists():
            graph = graph_alsa.AlsaGraph()
        self.api, self._client = api, output
        self._graph = graph or NamesOnly(lambda: (tuple(source.get_ports()), tuple(output.get_ports())))
        # Sysex and active sensing stay filtered, as nothing here uses them, and a clock that isn't followed: by default
        # the library keeps all three to itself.
        time = self._time
        source.ignore_types(sysex=True, timing=not time.hears or time.source is not None, active_sense=True)
        input_name, output_name = self._names
        self._in = Plug(source, self._graph, title="improvd in", direction="input", wanted=input_name, hear=self._hear)
        self._out = Plug(output, self._graph, title="improvd out", direction="output", wanted=output_name)
        if time.hears and time.source is not None:
            ticking = rtmidi.MidiIn(number, "improvd-clock")
            ticking.ignore_types(sysex=True, timing=False, active_sense=True)
            self._clock = Plug(
                ticking,
                self._graph,
                title="improvd clock",
                direction="input",
                wanted=time.source,
                hear=self._hear_clock,
            )
        if time.click is not None and time.click_port is not None:
            self._clicker = rtmidi.MidiOut(number, "improvd-click")
            self._click = Plug(
                self._clicker, self._graph, title="improvd click", direction="output", wanted=time.click_port
            )


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


def make_system(
    api: str,
    input_name: str | None,
    output_name: str | None,
    hear: Callable[..., None],
    *,
    page: bool = False,
    time: TimePorts,
    hear_clock: Callable[..., None],
) -> System:
    """A system on ``api``, or with "auto" on the first backend that runs; it looks for its ports when told to.

    Where none is asked for, none runs and there is a ``page``, that is the instrument until one does.
    Raises `MidiError` for what no waiting can mend.
    """
    if api == NULL:
        return NullSystem()
    there = compiled()
    if api != AUTO and api not in there:
        raise MidiError(f"no MIDI backend '{api}' here; there are: {', '.join(there) or 'none'}")
    apis = [api] if api != AUTO else list(there)
    if (input_name is None or output_name is None) and set(apis) <= {*WITHOUT_VIRTUAL}:
        raise MidiError(f"{shown(apis[0])} has no virtual ports: name both with --in and --out (see: improvd ports)")
    alone = page and api == AUTO and input_name is None and output_name is None
    return RtMidiSystem(
        apis, input_name, output_name, hear, without=PAGE if alone else "", time=time, hear_clock=hear_clock
    )
