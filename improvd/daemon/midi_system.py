"""A MIDI system by python-rtmidi: its clients, what they are connected with, and what is there. Ports process only.

Every call may block, for ever where a sound server is stopped or dead: call each within `watchdog.within`.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from time import sleep
from typing import TYPE_CHECKING

from improvd.config.systems import AUTO, NULL
from improvd.daemon import graph_alsa
from improvd.daemon.graph import NamesOnly
from improvd.daemon.graph_jack import JackGraph, NoServerError
from improvd.daemon.messages import Port, PortsThere
from improvd.daemon.midi import LAST_PERIOD, NullSystem, SystemGoneError, compiled
from improvd.daemon.portnames import device, offered, shown
from improvd.daemon.row import Row
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from improvd.daemon.graph import Graph
    from improvd.daemon.messages import OpenPorts, Owed, TimePorts
    from improvd.daemon.midi import System
    from improvd.daemon.plug import Plug
    from improvd.daemon.row import Hear

    Ears = Callable[[str], Callable[..., None]]

WITHOUT_VIRTUAL = ("winmm",)

PAGE = "the page"
"""What both ports are called where no MIDI system runs and the page alone is the instrument."""
OURS = ("",)
"""What is wanted where a port of our own is."""


class RtMidiSystem:
    """Inputs and an output, opened by name, or of our own without one, on the first of ``apis`` to run.

    ``ears`` gives for a source, the name that an input is wanted by, what is called on RtMidi's thread with (message,
    delta); that must not block. What isn't there is looked for each time that ``look`` is called. ``without`` is what
    ports of our own are called for as long as no system runs; an empty name means that there are none. ``time`` may
    want one more of either: a clock's, for which ``clock_ears`` are, and a metronome's. ``controls`` is the name of one
    more output, where controls follow.
    """

    def __init__(
        self,
        apis: Sequence[str],
        inputs: tuple[str, ...],
        output: str,
        ears: Ears,
        *,
        without: str = "",
        time: TimePorts,
        clock_ears: Ears,
        controls: str = "",
    ) -> None:
        self.api = ""
        self.waiting: tuple[str, ...] = ()
        self.there = PortsThere()
        self._apis = apis
        self._without = without
        self._graph: Graph | None = None
        self._number = 0
        self._stamp: Hashable = None
        # By default the library keeps sysex, active sensing and a clock to itself. Nothing here uses the first two; a
        # clock is heard wherever one may be followed by and by.
        make = partial(self._make, ticks=time.hears)
        self._in = Row("improvd in", make, ears, inputs or OURS)
        self._clock = Row("improvd clock", make, clock_ears, _clock_of(time))
        self._out = Row("improvd out", make, lambda _: None, (output,))
        self._click = Row("improvd click", make, lambda _: None, _click_of(time))
        self._controls = Row("improvd controls", make, lambda _: None, (controls,) if controls else ())
        # The inputs first: while the synth is opened, what is played is heard.
        self._rows = (self._in, self._clock, self._out, self._click, self._controls)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """See `System`."""
        return (Port("", self._without),) if self._alone else self._in.ports

    @property
    def output(self) -> Port:
        """See `System`."""
        return Port("", self._without) if self._alone else self._out.ports[0]

    @property
    def same_device(self) -> bool | None:
        """See `System`."""
        output = device(self.output.name) if self.output.wanted else ""
        inputs = {device(port.name) if port.wanted else "" for port in self.inputs if port.name}
        if not (output and inputs):
            return None
        return True if output in inputs else None if "" in inputs else False

    def want(self, inputs: tuple[str, ...], output: str) -> None:
        """See `System`."""
        self._in.wanted, self._out.wanted = inputs or OURS, (output,)
        self._stamp = None

    def keep_time(self, time: TimePorts) -> None:
        """See `System`."""
        self._clock.wanted, self._click.wanted = _clock_of(time), _click_of(time)
        self._stamp = None

    def look(self) -> bool:
        """See `System`."""
        before = self._state()
        if not self._graph:
            self._start()
        if self._graph:
            if self._graph.gone:
                raise SystemGoneError(f"{shown(self.api)} has stopped")
            stamp = self._graph.stamp()
            if stamp != self._stamp:
                again = self._fit()
                # Not the stamp as it is by now: what came or went meanwhile would never be seen.
                self._stamp = None if again else stamp
        return self._state() != before

    def send(self, data: bytes) -> None:
        """See `System`; with JACK it leaves in the server's next period."""
        self._send(self._out, data)

    def click(self, data: bytes) -> None:
        """See `System`."""
        self._send(self._click, data)

    def show(self, data: bytes) -> None:
        """See `System`."""
        self._send(self._controls, data)

    def settle(self, owed: Owed) -> bool:
        """See `System`; by a client that is there for no longer than that."""
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        try:
            plug = self._make("improvd last", owed.name, None, ticks=False)
        except rtmidi.RtMidiError:  # the system takes no more clients
            return False
        with closing(plug):
            plug.look(())
            if plug.name:
                for data in owed.data:
                    plug.send(data)
                sleep(LAST_PERIOD)
            return bool(plug.name)

    def close(self) -> None:
        """See `System`."""
        for row in reversed(self._rows):
            row.close()

    def _send(self, row: Row, data: bytes) -> None:
        if self._graph and self._graph.gone:
            raise SystemGoneError(f"{shown(self.api)} has stopped")
        for plug in row.plugs:
            if plug.name:
                plug.send(data)

    @property
    def _alone(self) -> bool:
        """Whether the page is the instrument."""
        return bool(self._without) and not self._graph and self._in.wanted == self._out.wanted == OURS

    def _plugs(self) -> list[Plug]:
        return [plug for row in self._rows for plug in row.plugs]

    def _state(self) -> tuple[object, ...]:
        return self.api, self.inputs, self.output, [plug.name for plug in self._plugs()]

    def _fit(self) -> bool:
        """Have all ports that are wanted, as far as they are there; whether to try again although nothing changes."""
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        problems, again = [], False
        for row in self._rows:
            try:
                row.fit()
            except rtmidi.RtMidiError as error:  # the system takes no more clients
                problems.append(f"{shown(self.api)} gives no more ports: {error}")
                again = True
        for row in self._rows:
            row.look(tuple(plug.ours for plug in self._plugs()))  # also those that the row before has just opened
        problems += [plug.problem for plug in self._plugs() if not plug.name]
        self.waiting = tuple(problems)
        ours = tuple(plug.ours for plug in self._plugs())
        inputs, outputs = (
            offered(name for plug in row.plugs[:1] for name in plug.there() if name not in ours)
            for row in (self._in, self._out)
        )
        self.there = PortsThere(inputs, outputs)
        return again or any(plug.again for plug in self._plugs())

    def _start(self) -> None:
        """Go by the first system that runs."""
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
        """Go by that system. Raises `MidiError` where it doesn't run."""
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        if api == "alsa" and (problem := graph_alsa.problem()):
            raise MidiError(problem)
        self._number = compiled()[api]
        try:
            self._graph = self._graph_of(api)
            self._out.fit()
        except (NoServerError, rtmidi.SystemError) as error:
            self._graph = None
            raise MidiError(f"{shown(api)} is not running") from error
        self.api = api

    def _graph_of(self, api: str) -> Graph:
        if api == "jack":
            return JackGraph()
        if api == "alsa" and graph_alsa.LIST.exists():
            return graph_alsa.AlsaGraph()
        return NamesOnly(lambda: tuple(tuple(plug.there()) for row in self._rows for plug in row.plugs[:1]))

    def _make(self, title: str, wanted: str, hear: Hear, *, ticks: bool) -> Plug:
        """A client and its plug. Its name is made of the title: two of one name would be told apart by chance."""
        import rtmidi  # noqa: PLC0415  only where a real system is wanted

        from improvd.daemon.plug import Plug  # noqa: PLC0415  as above

        if self._graph is None:
            raise MidiError("no MIDI system is running")
        name, direction = title.replace(" ", "-"), "output" if hear is None else "input"
        client = rtmidi.MidiOut(self._number, name) if hear is None else rtmidi.MidiIn(self._number, name)
        if hear is not None:
            client.ignore_types(sysex=True, timing=not ticks, active_sense=True)
        return Plug(client, self._graph, title=title, direction=direction, wanted=wanted, hear=hear)


def _clock_of(time: TimePorts) -> tuple[str, ...]:
    """The input of a clock alone, if one is wanted."""
    return (time.source,) if time.hears and time.source is not None else ()


def _click_of(time: TimePorts) -> tuple[str, ...]:
    """The output of a metronome alone, if one is wanted."""
    return (time.click_port,) if time.click is not None and time.click_port is not None else ()


def make_system(order: OpenPorts, ears: Ears, clock_ears: Ears) -> System:
    """A system as ``order`` has it; with the api "auto" on the first backend that runs. It looks when told to.

    Where none is asked for, none runs and there is a page, that is the instrument until one does.
    Raises `MidiError` for what no waiting can mend.
    """
    if order.api == NULL:
        return NullSystem()
    there = compiled()
    if order.api != AUTO and order.api not in there:
        raise MidiError(f"no MIDI backend '{order.api}' here; there are: {', '.join(there) or 'none'}")
    apis = [order.api] if order.api != AUTO else list(there)
    if not (order.inputs and order.output) and set(apis) <= {*WITHOUT_VIRTUAL}:
        raise MidiError(f"{shown(apis[0])} has no virtual ports: name both with --in and --out (see: improvd ports)")
    without = PAGE if order.page and order.api == AUTO else ""
    return RtMidiSystem(
        apis,
        order.inputs,
        order.output,
        ears,
        without=without,
        time=order.time,
        clock_ears=clock_ears,
        controls=order.controls,
    )
