"""What the ports process does with a message, without the waiting: one thread, no clock of its own.

Runs on the main thread of the ports process. Nothing here blocks but ``send``, which is the MIDI library's and
may: its caller keeps a watchdog.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from improvd.core.events import TICKS_PER_BEAT, MidiEvent, Pace, Play, Release, Seconds, Sent
from improvd.core.inputs import Inputs
from improvd.core.keyboard import Keyboard, Manual
from improvd.core.metronome import TICK, Metronome
from improvd.core.one_clock import OneClock
from improvd.daemon.messages import Aside, Close, Heard, Panic, Ping, Pong, TicksHeard, TicksSent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from improvd.core.metronome import Stroke
    from improvd.core.schedule import Instrument, Schedule
    from improvd.daemon.messages import Message, TimePorts

    Inbox: TypeAlias = deque[tuple[Seconds, str, list[int]]]


class Sender:
    """Sends what the schedule says is due and tells what was heard and sent.

    ``send`` sends one message to the synth; ``tell`` takes messages for the engine and must not block; ``now`` is
    the monotonic clock. ``metronome`` keeps time for others, until `keep_time` says otherwise; ``click`` sends where it
    clicks, if not to the synth; ``show`` sends where controls follow.
    ``manual`` says what becomes of what is heard; ``choosing`` is sent whenever the synth comes in reach. ``inbox`` is
    what RtMidi's threads append to, which do nothing else with it: a time stamp, the input's source, and the message.
    """

    def __init__(
        self,
        schedule: Schedule,
        send: Callable[[bytes], None],
        tell: Callable[..., None],
        now: Callable[[], Seconds],
        *,
        metronome: Metronome | None = None,
        click: Callable[[bytes], None] | None = None,
        show: Callable[[bytes], None] = lambda _data: None,
        manual: Manual | None = None,
        choosing: Iterable[bytes] = (),
        inbox: Inbox | None = None,
    ) -> None:
        self._schedule = schedule
        self._send = send
        self._tell = tell
        self._now = now
        self._metronome = metronome or Metronome(clock=False, click=None)
        self._click = click
        self._clicks_apart = click is not None
        self._source: str | None = None  # the one input of a clock, if there is one
        self._show = show
        self._manual = manual or Manual()
        self._choosing = tuple(choosing)
        self._owed: tuple[bytes, ...] = ()  # what lets go of what was passed to a synth that went
        self._ticks: list[tuple[Seconds, Seconds]] = []  # of the clock that we send: planned, actual; not told yet
        self.inbox: Inbox = deque() if inbox is None else inbox
        self._inputs = Inputs()
        self._clock = OneClock()
        self.closing = False
        """Whether the engine asked for the end."""

    def wait(self) -> Seconds | None:
        """Seconds until the next deadline, not below 0; None: none is planned."""
        deadlines = (self._schedule.next_deadline(), self._metronome.next_deadline())
        deadline = min((at for at in deadlines if at is not None), default=None)
        return None if deadline is None else Seconds(max(0.0, deadline - self._now()))

    def send_due(self) -> None:
        """Send every message whose time has come, each as soon as it can be, and only then tell of them."""
        self._beat_time(self._metronome.due(self._now()))
        due = self._schedule.due(self._now())
        if due:
            self._send_all(due)

    def hear(self) -> None:
        """Take the inbox in: to the schedule, which knows an echo, and on to the engine; ticks as many as are there."""
        ticks: list[Seconds] = []
        while self.inbox:
            at, source, data = self.inbox.popleft()
            event = MidiEvent(at, bytes(data))
            # Other programs may send whatever they like.
            if not event.is_whole or not self._clock.takes(source, event):
                continue
            if event.data == TICK:
                ticks.append(at)
                continue
            if ticks:
                self._tell(TicksHeard(tuple(ticks)))
                ticks.clear()
            self._hear(source, event)
        if ticks:
            self._tell(TicksHeard(tuple(ticks)))

    def _hear(self, source: str, event: MidiEvent) -> None:
        """One message of one input."""
        if self._schedule.echoes.holds(event, comes_up=self._manual.is_down(event)):
            self._tell(Heard(event, echo=True))
            return
        for one in self._inputs.take(source, event):
            self._take(one)

    def _take(self, event: MidiEvent) -> None:
        """One message of all inputs together: what is passed on is, before all else."""
        taken = self._manual.take(event)
        if taken.passes is not None:
            self._put((taken.passes,))
        if taken.event is None:
            return
        if not taken.is_control:
            self._schedule.follow(taken.event)
            self.send_due()  # a key's way up may end a note of ours
        self._tell(Heard(taken.event, echo=False, control=taken.is_control))

    def obey(self, message: Message) -> None:
        """Do what the engine asks; what is not for a ports process is passed over."""
        if isinstance(message, Play):
            self._schedule.play(message.notes)
        elif isinstance(message, Release):
            self._schedule.release(self._now())
        elif isinstance(message, Pace):
            self._beat_time(self._metronome.follow(message, self._now()))
        elif isinstance(message, Ping):
            self._tell(Pong(message.number, self._schedule.late_notes, self._schedule.yielded_notes))
        elif isinstance(message, Panic):
            self._inputs.let_go()
            self._manual.let_go()
            self._send_all(self._schedule.panic(self._now()))
        elif isinstance(message, Keyboard):
            self._manual.adopt(message)
        elif isinstance(message, Aside):
            self._send_aside(message)
        elif isinstance(message, Close):
            self.closing = True
        self.send_due()

    def keep_time(self, time: TimePorts) -> None:
        """Hear a clock, and keep time for others, by this from now on: what clicks elsewhere ends there before."""
        if time.source != self._source:
            self._source, self._clock = time.source, OneClock()
        apart = time.click_port is not None
        self._beat_time(
            self._metronome.become(self._now(), clock=time.sends, click=time.click, early=not apart, beat=time.beat)
        )
        self._clicks_apart = apart

    def adopt(
        self,
        left_behind: Iterable[tuple[int, int]],
        keys: Iterable[tuple[int, int]] = (),
        pedals: Iterable[int] = (),
    ) -> None:
        """End what an earlier ports process may have left sounding, as far as the player's hands allow."""
        keys, pedals = tuple(keys), tuple(pedals)
        self._inputs.take_over(keys, pedals, self._now())
        self._manual.take_over(keys, pedals, self._now())
        self._owed = tuple(self._manual.owed())  # what came up meanwhile, nobody saw
        self._schedule.adopt(left_behind, self._now(), keys, pedals)
        self.send_due()

    def lose_output(self, seen: Seconds) -> None:
        """The synth is out of reach, and was in reach last at ``seen``: nothing is sent, all offs since are owed."""
        self._schedule.unplug(seen)
        self._owed = tuple(self._manual.owed())

    def owes(self) -> tuple[bytes, ...]:
        """What a synth that is out of reach must be sent before nothing that came by us can sound on there."""
        return (*self._schedule.owed(), *self._owed)

    def gain_output(self, instrument: Instrument, channels: Iterable[int] = (), owed: Iterable[bytes] = ()) -> None:
        """The synth is in reach: end what may sound there of ours, on ``channels`` whatever it is.

        ``owed`` is what `owes` gave when this one went and another was played on.
        """
        self._send_all(self._schedule.plug(self._now(), instrument, channels))
        self._put(owed)
        self._put(self._owed)
        self._owed = ()
        self._put(self._choosing)

    def leave_output(self) -> None:
        """The synth is about to be exchanged for another: what sounds there ends; what is planned stays planned.

        One that is out of reach stays owed.
        """
        self._put(self._manual.leave())
        if self._schedule.plugged:
            self._owed = ()
        self._beat_time(self._metronome.leave(self._now()))
        self._send_all(self._schedule.leave(self._now()))

    def lose_input(self, source: str, *, deaf: bool) -> None:
        """An input is out of reach: what it alone held comes up.

        ``deaf``: there is none left. Then all that is held through us ends, and all that waited for a key to come up.
        """
        self._clock.lose(source)
        for event in self._inputs.lose(source, self._now()):
            self._take(event)
        if deaf:
            self._put(self._manual.release())
            self._schedule.let_go(self._now())
        self.send_due()

    def know(self, instrument: Instrument) -> None:
        """Whether keyboard and synth are one can be seen otherwise now."""
        self._schedule.know(instrument)

    def close(self) -> None:
        """Send the last messages: nothing of ours sounds afterwards."""
        self._beat_time(self._metronome.close(self._now()))
        self._put(self._manual.release())
        self._send_all(self._schedule.close(self._now()))

    def _send_aside(self, message: Aside) -> None:
        if message.controls:
            for data in message.data:
                self._show(data)
            return
        if message.choosing:
            self._choosing = message.data
        self._put(message.data)

    def _put(self, messages: Iterable[bytes]) -> None:
        """Send what is no music of ours, now; what the instrument sends back of it is an echo as well."""
        for data in messages:
            self._send(data)
            self._schedule.echoes.expect(MidiEvent(at := self._now(), data), at)

    def _beat_time(self, strokes: list[Stroke]) -> None:
        """Ticks and clicks. Of the ticks the engine is told at each beat, of clicks not at all: they are no music."""
        for event, is_click in strokes:
            actual = self._now()
            if is_click and self._clicks_apart and self._click is not None:
                self._click(event.data)
                continue
            self._send(event.data)
            if event.kind:
                self._schedule.echoes.expect(event, event.at)
            elif event.data == TICK:
                self._ticks.append((event.at, actual))
        if len(self._ticks) >= TICKS_PER_BEAT:
            planned, left = zip(*self._ticks, strict=True)
            self._ticks.clear()
            self._tell(TicksSent(planned, left))

    def _send_all(self, due: list[MidiEvent]) -> None:
        sent = []
        for event in due:
            actual = self._now()
            self._send(event.data)
            sent.append(Sent(event.at, actual, event.data))
        self._tell(*sent)
