"""The whole way of a message in virtual time: bytes in, what the synth is sent out; no process, no port, no waiting.

The ports process's sender and the engine's duet stand in one room, each with all that it has on stage. What they say to
each other goes through the wire's codec, and what is wrong on the way raises.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest import mock

from improvd.core.events import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    Continuation,
    MidiEvent,
    Seconds,
    Sent,
)
from improvd.daemon import duet as duets
from improvd.daemon import standing as standings
from improvd.daemon.codec import decode, encode
from improvd.daemon.duet import Duet
from improvd.daemon.figures import Figures
from improvd.daemon.handles import Handles
from improvd.daemon.held import Held
from improvd.daemon.messages import (
    Close,
    Generate,
    Heard,
    ModelReady,
    Owed,
    Port,
    PortsOpen,
    PortsThere,
    Repatch,
    TicksHeard,
)
from improvd.daemon.orders import open_ports
from improvd.daemon.outfit import Outfit
from improvd.daemon.standing import Standing
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.core.cues import Cue
    from improvd.core.view import View
    from improvd.daemon.messages import Message
    from improvd.rehearsal.stage import Partner

KEYBOARDS, SYNTHS = ("keyboard", "pads"), ("module", "sampler")
MISSED = 20
"""Messages that come while nobody is there to hear them."""
FOR_NOTHING = 10
"""Rounds of a loop at one and the same time; a wait may be a hair too short."""


class Rig:
    """Keyboards and synths at cables, as a MIDI system shows them: as `RtMidiSystem` does, it lets go at a look of what
    was out since the last one, and connects at another with what is in.

    ``inputs`` and ``output`` are the names that are wanted, ``same`` whether they are of one instrument.
    """

    def __init__(self, inputs: tuple[str, ...], output: str, *, same: bool) -> None:
        self.api = "room"
        self.waiting: tuple[str, ...] = ()
        self._out: set[str] = set()  # synths whose cable is out
        self.same_device = same
        self.sounding: set[tuple[str, int, int]] = set()
        """(synth, channel, pitch) of what sounds."""
        self.hears: set[str] = set()
        """The keyboards whose messages get through."""
        self.plays = ""
        """The synth that messages get through to."""
        self._wanted = inputs, output
        self._told: tuple[set[str], str] = set(), ""  # what counts as connected since the last look
        self._keys_in = True

    @property
    def there(self) -> PortsThere:
        return PortsThere(KEYBOARDS, tuple(synth for synth in SYNTHS if synth not in self._out))

    @property
    def inputs(self) -> tuple[Port, ...]:
        return tuple(Port(name, name if name in self._told[0] else "") for name in self._wanted[0])

    @property
    def output(self) -> Port:
        return Port(self._wanted[1], self._told[1])

    def plug(self, *, keys: bool, sound: bool) -> None:
        """Which cables are in from now on, of synths the one's that is played on. What went out stays unconnected until
        it was missed.
        """
        self._keys_in = keys
        self._out = set() if sound else {*self._out, self._wanted[1]}
        self.hears = self.hears if keys else set()
        self.plays = self.plays if sound else ""

    def let_go(self) -> None:
        """Who was connected is no more."""
        self._told, self.hears, self.plays = (set(), ""), set(), ""

    def want(self, inputs: tuple[str, ...], output: str) -> None:
        self._wanted = inputs, output

    def look(self) -> bool:
        before = self.inputs, self.output
        (keyboards, synth), (wanted, wanted_synth) = self._told, self._wanted
        self.hears = {name for name in wanted if (name in self.hears if name in keyboards else self._keys_in)}
        if wanted_synth != synth or not self.plays:
            missed = wanted_synth == synth
            self.plays = wanted_synth if wanted_synth not in self._out and not missed else ""
        self._told = set(self.hears), self.plays
        return before != (self.inputs, self.output)

    def send(self, data: bytes) -> None:
        assert MidiEvent(Seconds(0.0), data).is_whole, data.hex()
        if self.plays:
            self._sound(self.plays, MidiEvent(Seconds(0.0), data))

    click = send

    def settle(self, owed: Owed) -> bool:
        for data in owed.data:
            self._sound(owed.name, MidiEvent(Seconds(0.0), data))
        return True

    def _sound(self, synth: str, event: MidiEvent) -> None:
        if event.kind == NOTE_ON:
            self.sounding.add((synth, event.channel, event.data[1]))
        elif event.kind == NOTE_OFF:
            self.sounding.discard((synth, event.channel, event.data[1]))
        elif event.kind == CONTROL and event.data[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self.sounding = {one for one in self.sounding if one[:2] != (synth, event.channel)}

    def show(self, data: bytes) -> None:
        """To where controls follow: it sounds nowhere."""
        assert MidiEvent(Seconds(0.0), data).is_whole, data.hex()


class Room:
    """One session, from its ready line on. ``partner`` answers; None: the model is stuck whenever it is asked.

    A context: within it, time is the room's.
    """

    def __init__(self, options: RunOptions, partner: Partner | None) -> None:
        self.now = Seconds(1000.0)
        self.heard = self.answered = 0
        """Messages that came in, and notes of ours that left."""
        self._partner = partner
        self._ours: set[tuple[int, int]] = set()
        self._to_engine: deque[Message] = deque()
        self._to_ports: deque[Message] = deque()
        self._answers: deque[tuple[Seconds, Continuation]] = deque()
        self._held = Held(options, lambda: options, lambda: None)
        self._model = ModelReady("room", "0", Seconds(0.000_15), ("folk",))
        said: deque[str] = deque(maxlen=8)
        self._handles = Handles(self, lambda line, *_: said.append(line), self._tell_ports)
        self._outfit = Outfit(options, self._tell_ports)
        family = SimpleNamespace(
            ports=SimpleNamespace(send=self._tell_ports), worker=SimpleNamespace(send=self._ask, ready=True)
        )
        witnesses = [Figures(), self._handles, self._outfit]
        self.duet = Duet(self._held, family, witnesses, self._handles, lambda line, *_: said.append(line))
        self.rig = Rig(options.inputs, options.output, same=options.instrument == "same")
        self._doing: dict[type, Callable[..., None]] = {
            Heard: self.duet.hear,
            TicksHeard: self.duet.hear_ticks,
            Sent: self._on_sent,
            PortsOpen: self._on_ports,
        }
        self._missed = 0  # messages that nobody will hear
        self._left: tuple[tuple[Owed, ...], str] = (), ""  # what a next ports process is told of the one before
        self._time = ExitStack()

    def __enter__(self) -> Room:  # noqa: PYI034  Python 3.10
        for module in (duets, standings):
            self._time.enter_context(mock.patch.object(module, "now", self._clock))
        self._time.enter_context(mock.patch.object(standings, "time", SimpleNamespace(sleep=lambda _: None)))
        self._open()
        ports = PortsOpen("room", self.rig.inputs, self.rig.output, self._held.options.instrument, "")
        self.duet.begin(ports, self._model)
        self.duet.model_ready(self._model.step, self.now)
        self._talk()
        return self

    def __exit__(self, *_: object) -> None:
        self._time.close()

    # -- what happens in it

    def pass_by(self, seconds: float) -> None:
        """Time goes by; what is due is done when it is."""
        until = Seconds(self.now + seconds)
        rounds = 0
        while (at := self._next()) < until:
            rounds = rounds + 1 if at <= self.now else 0
            assert rounds < FOR_NOTHING, "a wait that lies behind"
            self.now = max(self.now, at)
            self._turn()
        self.now = until
        self._turn()

    def hear(self, data: bytes, keyboard: str = KEYBOARDS[0]) -> None:
        """One message, or whatever it is, arrives by a keyboard's cable."""
        self._missed -= 1
        if keyboard in self.rig.hears and self._missed < 0:
            self.heard += 1
            self.sender.inbox.append((self.now, keyboard, list(data)))

    def kill_ports(self) -> None:
        """The ports process ends in mid-word, and what the player does until there is another is lost."""
        self._to_engine.clear()
        self._to_ports.clear()
        self.duet.ports_lost(self.now)
        self.rig.let_go()
        self._missed = MISSED
        self._open()

    def listen(self) -> None:
        """Take in all that has arrived, at once."""
        self.sender.hear()
        self._turn()

    def close(self) -> None:
        """The end of the session: nothing may sound on."""
        self.rig.plug(keys=True, sound=True)
        self.pass_by(2.0)  # what was out has been missed, and is back
        if self.rig.same_device:  # else what the player holds there is not ours to end
            self.pass_by(0.1)
            for keyboard, channel in product(KEYBOARDS, range(16)):
                self.hear(bytes((CONTROL | channel, ALL_NOTES_OFF, 0)), keyboard)
            self.listen()
            self.pass_by(0.1)
        self.duet.close(self.now)
        self._tell_ports(Close())
        self._talk()
        assert self.sender.closing
        self.sender.close()
        self._talk()
        assert not self._ours, f"{self._ours} hang"
        assert not self.rig.sounding, f"{self.rig.sounding} sound on"

    # -- what can be handled, as a session does it

    @property
    def view(self) -> View:
        return self.duet.view

    @property
    def options(self) -> RunOptions:
        return self._held.options

    @property
    def tap(self) -> float:
        return self._held.settings.tap

    def wish(self, name: str, value: object) -> None:
        self._held.wish(name, value, self._model, self.rig.there)
        self.duet.settings_changed(self.now)

    def panic(self) -> None:
        self.duet.panic(self.now)

    def mute(self, *, muted: bool) -> None:
        self.duet.mute(self.now, muted=muted)

    def cue(self, cue: Cue) -> None:
        self.duet.cue(self.now, cue)

    def transport(self) -> None:
        raise UserError("no session is shared")

    # -- the two sides

    def _open(self) -> None:
        """A ports process begins."""
        owed, played = self._left
        order = open_ports(
            self._held, self.duet, self._outfit, api="room", owed=owed, played=played, page=False, at=self.now
        )
        engine = SimpleNamespace(send=self._tell_engine)
        self._standing = Standing(engine, decode(encode(order)), self.rig, "")
        self._fresh = True
        self.sender = self._standing.open()

    def _clock(self) -> Seconds:
        return self.now

    def _next(self) -> Seconds:
        """When something is next due on either side."""
        wait, deadline = self.sender.wait(), self.duet.deadline()
        times = [Seconds(self.now + self._standing.wait(wait))]
        times += [answer[0] for answer in self._answers]
        times += [Seconds(self.now + wait)] if wait is not None else []
        times += [deadline] if deadline is not None else []
        return min(times)

    def _turn(self) -> None:
        """One round of both processes' loops."""
        self.sender.send_due()
        self._talk()
        while self._answers and self._answers[0][0] <= self.now:
            self.duet.answered(decode(encode(self._answers.popleft()[1])), self.now)
            self._talk()
        self.duet.on_time(self.now)
        if self.duet.model_is_stuck(self.now):
            self.duet.model_lost()
            self.duet.model_ready(self._model.step, self.now)
        self.duet.show(self.now)
        self._standing.look(self.sender)
        self._talk()

    def _talk(self) -> None:
        """Each takes in what the other said, until both have nothing more to say."""
        while self._to_engine or self._to_ports:
            while self._to_engine:
                message = self._to_engine.popleft()
                doing = self._doing.get(type(message))
                if doing is not None:
                    doing(message, self.now)
            while self._to_ports:
                message = self._to_ports.popleft()
                if isinstance(message, Repatch):
                    self._standing.want(message)
                self.sender.obey(message)

    def _tell_engine(self, *messages: Message) -> None:
        self._to_engine += [decode(encode(message)) for message in messages]

    def _tell_ports(self, message: Message) -> None:
        self._to_ports.append(decode(encode(message)))

    def _ask(self, message: Message) -> None:
        request = decode(encode(message))
        if self._partner is not None:
            assert isinstance(request, Generate)
            self._answers.append(self._partner.answer(self.now, request))

    def _on_sent(self, sent: Sent, at: Seconds) -> None:
        event = MidiEvent(sent.actual, sent.data)
        place = (event.channel, sent.data[1])
        if event.kind == NOTE_ON:
            assert place not in self._ours, f"{place} struck while it sounds"
            self._ours.add(place)
            self.answered += 1
        elif event.kind == NOTE_OFF:  # one that ended as the synth went may be ended again
            self._ours.discard(place)
        self.duet.sent(sent, at)

    def _on_ports(self, ports: PortsOpen, at: Seconds) -> None:
        if ports.plays:
            self.duet.mirror.cleared()
        if not ports.hears:
            self.duet.hands.let_go()
        self._left = ports.owed, ports.output.name
        self.duet.ports_stand(ports, at, fresh=self._fresh)
        self._fresh = False
