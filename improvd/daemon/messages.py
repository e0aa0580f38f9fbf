"""What the processes of `improvd run` say to each other, beside the values of the way of a note.

Every message is frozen and made only of numbers, strings, bytes, tuples and other messages: `codec` turns it into
a line and back by its annotations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# Read at run time: the codec takes each field's type from its annotation.
from improvd.core.events import (
    NOTE_OFF,
    Beats,
    Continuation,
    Generate,
    LinkState,
    MidiEvent,
    Pace,
    Play,
    Release,
    Seconds,
    Sent,
)
from improvd.core.keyboard import AS_IT_IS, Keyboard


@dataclass(frozen=True, slots=True)
class TimePorts:
    """What of keeping time goes through the ports; engine to ports, where it changes.

    ``beat`` is the channel on which each beat is told by a controller, None: it isn't.
    ``hears``: a MIDI clock is listened to, at the port ``source``, None: at the keyboard's. ``sends``: one is sent to
    the synth. ``click`` is the channel of a metronome, None: there is none; it sounds at ``click_port``, None: at the
    synth.
    """

    hears: bool = False
    source: str | None = None
    sends: bool = False
    click: int | None = None
    click_port: str | None = None
    beat: int | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """One of ours: the name ``wanted``, and the ``name`` of the port that it is connected with.

    Without ``wanted`` it is a virtual one, which others connect to; without ``name`` it is not there, but waited for.
    """

    wanted: str
    name: str


@dataclass(frozen=True, slots=True)
class Owed:
    """``data`` ends what may sound at the output ``name``, which is out of reach; without numbers that change."""

    name: str
    data: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OpenPorts:
    """Engine to ports, once, first: what to open.

    ``api`` is a backend's name or "auto". ``inputs`` and ``output`` are the names wanted; without one it is a virtual
    port of our own. ``instrument`` is "auto" or a value of `improvd.core.schedule.Instrument`. ``left_behind`` are the
    (channel, pitch) pairs that an earlier ports process may have left sounding: they are ended before anything else.
    ``keys`` (channel, pitch) and ``pedals`` (channel) are what the player holds meanwhile. ``channels`` are silenced
    whenever the output opens, for what an improvd that was ended by force may have left there. ``page``: there is one
    to play on where there is no MIDI system. ``choosing`` is sent whenever the output opens: which sound to play with.
    ``controls`` is the name of the output where controls follow; without one there is none. ``owed`` is what the
    process before this one told last, see `PortsOpen`, and ``played`` the name of the output that it had when it ended.
    """

    api: str
    inputs: tuple[str, ...]
    output: str
    instrument: str
    late_limit: Seconds
    longest_note: Seconds
    left_behind: tuple[tuple[int, int], ...]
    keys: tuple[tuple[int, int], ...] = ()
    pedals: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    page: bool = False
    time: TimePorts = TimePorts()
    keyboard: Keyboard = AS_IT_IS
    choosing: tuple[bytes, ...] = ()
    controls: str = ""
    owed: tuple[Owed, ...] = ()
    played: str = ""


@dataclass(frozen=True, slots=True)
class PortsOpen:
    """Ports to engine: the process serves, and how its ports stand; once more whenever one of them came or went.

    Names as the backend gives them; ``api`` is empty while no MIDI system runs. ``grants`` is for the player to read,
    and so are ``waiting``: why what is waited for isn't there, a line each. ``owed`` is what outputs that went while
    something sounded there are to be sent, should they be back.
    """

    api: str
    inputs: tuple[Port, ...]
    output: Port
    instrument: str
    grants: str
    waiting: tuple[str, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def hears(self) -> bool:
        """Whether there is an input."""
        return any(port.name for port in self.inputs)

    @property
    def plays(self) -> bool:
        """Whether there is an output."""
        return bool(self.output.name)

    @property
    def complete(self) -> bool:
        """Whether all are there."""
        return self.plays and all(port.name for port in self.inputs)

    @property
    def leaves_notes(self) -> bool:
        """Whether a note may sound on at an output that went."""
        return any(data[0] & 0xF0 == NOTE_OFF for owed in self.owed for data in owed.data)

    def none_there(self) -> PortsOpen:
        """The same once all are gone."""
        inputs = tuple(replace(port, name="") for port in self.inputs)
        return replace(self, inputs=inputs, output=replace(self.output, name=""))


@dataclass(frozen=True, slots=True)
class PortsThere:
    """Ports to engine: the names of the ports that there are to be wanted, our own left out; again at each change."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repatch:
    """Engine to ports: the names of other ports that are wanted from now on, as in `OpenPorts`."""

    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Ports to engine: a message came in; an ``echo`` is one of our own coming back, told only for the trace.

    ``control``: it is a control's that is bound, and no music.
    """

    event: MidiEvent
    echo: bool
    control: bool = False


@dataclass(frozen=True, slots=True)
class TicksHeard:
    """Ports to engine: ticks of a MIDI clock came in, in order; some at once, so that a clock wakes nobody for each."""

    at: tuple[Seconds, ...]


@dataclass(frozen=True, slots=True)
class TicksSent:
    """Ports to engine: ticks of our own clock left: when each should have, and when it did, just before the call."""

    planned: tuple[Seconds, ...]
    actual: tuple[Seconds, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """Engine to ports: a question whose only use is its answer."""

    number: int


@dataclass(frozen=True, slots=True)
class Pong:
    """Ports to engine: the answer to the `Ping` of that number, with the notes dropped and yielded so far."""

    number: int
    late_notes: int
    yielded_notes: int


@dataclass(frozen=True, slots=True)
class Aside:
    """Engine to ports: send these to the synth's port now, beside the music; ``choosing``: again when it opens anew.

    ``controls``: not to the synth, but to where controls follow.
    """

    data: tuple[bytes, ...]
    choosing: bool = False
    controls: bool = False


@dataclass(frozen=True, slots=True)
class Panic:
    """Engine to ports: silence the synth on all channels, whatever is believed to sound there."""


@dataclass(frozen=True, slots=True)
class Close:
    """Engine to ports or worker: release what sounds, close, end."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Ports to engine: nothing of ours sounds any more, and nothing more will be sent."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A child can't do its work. ``theirs``: the cause is outside improvd, and ``message`` tells the user what."""

    message: str
    theirs: bool


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Engine to worker, once, first: the bundle's name or folder, and the style that it must know, or none."""

    model: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class ModelReady:
    """Worker to engine: the bundle is loaded and has proved itself. ``step``: seconds that one step costs.

    ``styles`` are those that it knows by name.
    """

    name: str
    sha: str
    step: Seconds
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Engine to page, once, first: ``listening`` are the numbers of the sockets to serve, open already.

    ``control`` is the path of the session's control socket. ``names`` are what this machine may be called by besides
    localhost, ``token`` what a browser must know, or "". ``cert`` and ``key`` are files for TLS, or "".
    ``recordings`` is the folder of the sessions that were kept.
    """

    listening: tuple[int, ...]
    control: str
    names: tuple[str, ...]
    token: str
    cert: str
    key: str
    recordings: str


@dataclass(frozen=True, slots=True)
class OpenOsc:
    """Engine to OSC's process, once, first: ``listening`` is the number of a UDP socket to hear, None: it is deaf.

    ``told`` are the numeric addresses (host, port) of those who are told what goes on. ``control`` is the path of the
    session's control socket.
    """

    listening: int | None
    told: tuple[tuple[str, int], ...]
    control: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Engine to Link, once, first: be in the session, or begin one at ``bpm``; our bars have ``bar`` beats.

    ``kept`` is the beat that there was before, if there was one: a session that we begin goes on with it. Where others
    shared it, they are looked for before anything is told.
    """

    bpm: float
    bar: Beats
    kept: LinkState | None = None


@dataclass(frozen=True, slots=True)
class SteerLink:
    """Engine to Link: another tempo for all in the session, other bars for us; ``transport``: stop it, or start it."""

    bpm: float | None = None
    bar: Beats | None = None
    transport: bool = False


@dataclass(frozen=True, slots=True)
class Serves:
    """A process beside the duet to engine: it serves."""


Message = (
    OpenPorts
    | PortsOpen
    | PortsThere
    | Repatch
    | TimePorts
    | Heard
    | TicksHeard
    | TicksSent
    | Sent
    | Play
    | Pace
    | Release
    | Ping
    | Pong
    | Panic
    | Aside
    | Keyboard
    | Close
    | Closed
    | Failed
    | LoadModel
    | ModelReady
    | OpenPage
    | OpenOsc
    | OpenLink
    | SteerLink
    | LinkState
    | Serves
    | Generate
    | Continuation
)
"""All that goes over a wire."""
