"""The engine's process: `improvd run` itself. It holds the core, keeps the two children alive, and ends in order.

One thread, one select: the wires to the children, the children's noise, and signals; its limit is the engine's
next deadline. It loads neither python-rtmidi nor numpy. Nothing on the way of a note blocks here; text and trace
go out on threads of their own.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from improvd.config.settings import schedule_limits
from improvd.core.engine import Engine
from improvd.core.events import Continuation, Effect, Generate, Pace, Play, Release, Seconds, Sent, TurnEnded
from improvd.core.hands import Hands
from improvd.core.schedule import Instrument
from improvd.core.settings import Sync
from improvd.daemon import status
from improvd.daemon.child import Keeper, module
from improvd.daemon.clock import now
from improvd.daemon.control import Desk
from improvd.daemon.family import Family
from improvd.daemon.happenings import (
    Began,
    Closing,
    ModelBack,
    Muted,
    Panicked,
    PortsBack,
    PortsChanged,
    PortsLost,
    Renewed,
    Woke,
)
from improvd.daemon.held import Held
from improvd.daemon.log import Level
from improvd.daemon.messages import (
    Close,
    Closed,
    Failed,
    Heard,
    LoadModel,
    ModelReady,
    OpenPage,
    OpenPorts,
    PageOpen,
    Panic,
    Pong,
    PortsOpen,
    TicksHeard,
    TicksSent,
    TimePorts,
)
from improvd.daemon.mirror import Mirror
from improvd.daemon.notify import Notifier
from improvd.daemon.service import Service
from improvd.daemon.recording import Recorder
from improvd.daemon.trace import Trace
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.config.options import RunOptions
    from improvd.core.events import MidiEvent
    from improvd.core.view import View
    from improvd.daemon.child import Child
    from improvd.daemon.door import Door
    from improvd.daemon.happenings import Happening, Witness
    from improvd.daemon.log import Say

    Handler = Callable[[Any, Seconds], None]

STUCK_AFTER = Seconds(2.0)
"""A model whose answer is this much overdue is ended and started afresh."""

FAREWELL = Seconds(5.0)
"""The longest that the end may take until the last note's off is sent."""

PORTS, WORKER = module("ports"), module("worker")
PAGE = (sys.executable, "-m", "improvd.page.process")


class Session:
    """One session of `improvd run`, from start to end. ``say`` takes a line for the player, ``debug`` one of detail.

    Neither may block. ``reread`` gives the options that are wished by now, and may; it is called on a thread of its
    own. ``notifier`` leads to the service manager, if one started us; ``door`` is where the page is reached, if there
    is to be one. ``ports`` and ``worker`` are the children's commands.
    """

    def __init__(
        self,
        options: RunOptions,
        reread: Callable[[], RunOptions],
        *,
        say: Say,
        debug: Callable[[str], None],
        notifier: Notifier | None = None,
        door: Door | None = None,
        ports: Sequence[str] = PORTS,
        worker: Sequence[str] = WORKER,
    ) -> None:
        self._held = Held(options, reread, self._cut_wait_short)
        self._desk = Desk(self, self._cut_wait_short)
        self._say = self._desk.overhear(say)
        self._debug = debug
        self._engine = Engine(self._held.settings)
        self._mirror = Mirror()
        self._hands = Hands()  # for a fresh ports process, which has not seen what went down before
        self._service = Service(notifier or Notifier({}))
        self._witnesses: list[Witness] = [self._service, self._desk]
        if options.trace is not None:
            self._witnesses.append(Trace(options.trace, self._trace_broke))
        if options.record:
            self._witnesses.append(Recorder(options, self._recording_broke))
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        self._family = Family(
            Keeper("MIDI ports", ports, self._open_ports),
            Keeper("model", worker, lambda: LoadModel(options.model, self._held.settings.style)),
            self._awake,
            debug,
            [] if door is None else [Keeper("page", PAGE, partial(self._open_page, door), door.inherited)],
        )
        self._door = door
        self._handlers: dict[Keeper, dict[type, Handler]] = {
            self._family.ports: {
                Heard: self._on_heard,
                TicksHeard: self._on_ticks,
                Sent: self._on_sent,
                TicksSent: lambda sent, at: self._see(at, sent),
                Pong: self._on_pong,
                PortsOpen: self._on_ports_open,
                Closed: self._on_closed,
                Failed: partial(self._on_failed, self._family.ports),
            },
            self._family.worker: {
                Continuation: self._on_continuation,
                ModelReady: self._on_model_ready,
                Failed: partial(self._on_failed, self._family.worker),
            },
        }
        for page in self._family.others:
            self._handlers[page] = {
                PageOpen: partial(self._on_page_open, page),
                Failed: partial(self._on_failed, page),
            }
        self._open: PortsOpen | None = None  # how the ports stand
        self._api = ""  # the MIDI system that was found first
        self._model: ModelReady | None = None
        self._playing = False  # whether both children have been up: the duet is on
        self._early: deque[Heard | TicksHeard | Sent] = deque(maxlen=4096)  # what came and went before that
        self._pace: Pace | None = None  # as told at last
        self._owed: dict[tuple[int, int], Generate] = {}
        self._complained: dict[str, str] = {}
        self._turns = 0
        self._shown: View | None = None
        self._stop = False

    @property
    def view(self) -> View:
        """What the engine knows."""
        return self._engine.view

    @property
    def options(self) -> RunOptions:
        """What holds by now."""
        return self._held.options

    @property
    def processes(self) -> dict[str, int]:
        """The process id of each process there is, by what it does."""
        children = {"ports": self._family.ports.child, "model": self._family.worker.child}
        children |= {keeper.title: keeper.child for keeper in self._family.others}
        return {"engine": os.getpid()} | {name: child.process.pid for name, child in children.items() if child}

    def stop(self) -> None:
        """Ask for the end, from any thread."""
        self._stop = True
        self._cut_wait_short()

    def reload(self) -> None:
        """Have the options read again."""
        self._held.reload()

    def wish(self, name: str, value: object) -> None:
        """Change one live option; ``value`` is as a file would hold it. Raises `UserError`."""
        if self._model:
            self._held.wish(name, value, self._model)
            self._tell_settings(now())

    def mute(self, *, muted: bool) -> None:
        """Listen without answering, or answer again."""
        at = now()
        self._see(at, Muted(muted))
        self._do(self._engine.on_mute(at, muted=muted), at)

    def panic(self) -> None:
        """Silence everything, at the synth too, whatever is believed to sound there."""
        at = now()
        self._see(at, Panicked())
        self._do(self._engine.on_panic(at), at)
        self._hands.let_go()
        self._family.ports.send(Panic())

    def run(self) -> None:
        """Play until a signal or `stop`. Raises `UserError` where the start fails for a cause outside improvd.

        SIGHUP ends it only where the terminal is gone; otherwise it has the options read again.
        However it ends, nothing of ours sounds afterwards and no process of ours is left. Main thread only.
        """
        if sys.stderr is not None:
            faulthandler.enable()  # SIGABRT is what a starved watchdog sends: where we were stuck is told
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
                signal.signal(number, self._signalled)
        try:
            try:
                self._desk.open()
            except UserError as error:
                self._say(str(error), Level.WARNING)
            self._family.start()
            while not self._stop:
                self._round()
        finally:
            try:
                self._end_turn()
            finally:
                self._end_children()

    def _cut_wait_short(self) -> None:
        with suppress(OSError):  # it has ended already
            self._wake.send(b"\0")

    def _signalled(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP and self._held.hang_up():
            return
        self._debug(f"{signal.Signals(number).name}: ending")
        self._stop = True

    # -- ending

    def _end_turn(self) -> None:
        at = now()
        if self._playing:
            self._see(at, Closing())
            self._do(self._engine.close(at), at)

    def _end_children(self) -> None:
        """The ports first, which release what sounds; the model is merely let go."""
        self._family.worker.send(Close())
        out_of_reach = self._open is not None and not self._open.output and self._mirror.left_behind(now())
        try:
            # Ports that never served have sent nothing.
            released = not self._playing or self._family.release(FAREWELL, self._receive, self._mirror)
            if out_of_reach:
                self._say("the synth is gone, and a note may sound on: silence it there", Level.ERROR)
            elif not released:
                self._say(
                    "the MIDI system does not answer, and a note may sound on: silence it at the synth", Level.ERROR
                )
        finally:
            self._family.stop()
            for witness in self._witnesses:
                witness.close()
            signal.set_wakeup_fd(-1)
            for end in (self._awake, self._wake):
                end.close()

    # -- the loop

    def _round(self) -> None:
        at = now()
        ready = self._family.wait(self._patience(at), self._desk.reading(), self._desk.writing())
        for keeper in self._family.all:
            self._receive(keeper)
        for event in self._desk.heard(now()):
            self._on_played(event)
        deadline = self._engine.next_deadline()
        if self._playing and deadline is not None and deadline <= (at := now()):
            self._see(at, Woke())
            self._do(self._engine.on_time(at), at)
        if self._playing and self._model:  # before, its styles are not known
            self._renew_settings(self._model, now())
        at = now()
        stuck = self._stuck_at()
        if stuck is not None and stuck <= at:
            self._lost(self._family.worker, "does not answer", at)
        self._family.look_after(at, self._lost)
        self._show(now())
        self._desk.serve(*ready)
        if not self._family.ports.ready:  # who would answer otherwise
            self._service.alive(at)

    def _patience(self, at: Seconds) -> Seconds | None:
        deadlines = [
            self._family.deadline(at),
            self._desk.deadline(at),
            self._service.deadline(answering=self._family.ports.ready),
        ]
        if self._playing:
            deadlines += [self._engine.next_deadline(), self._stuck_at()]
        nearest = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if nearest is None else Seconds(max(0.0, nearest - at))

    def _stuck_at(self) -> Seconds | None:
        """When the model is overdue by so much that it must be stuck."""
        if not self._family.worker.ready:
            return None
        return min((Seconds(asked.deadline + STUCK_AFTER) for asked in self._owed.values()), default=None)

    # -- what comes in

    def _receive(self, keeper: Keeper) -> None:
        for message in keeper.receive():
            handle = self._handlers[keeper].get(type(message))
            if handle is not None:
                handle(message, now())

    def _on_heard(self, heard: Heard, at: Seconds) -> None:
        if not self._playing:
            self._early.append(heard)
            return
        self._see(at, heard)
        if not heard.echo:
            self._hands.hear(heard.event)
            self._do(self._engine.on_midi(heard.event), at)

    def _on_ticks(self, ticks: TicksHeard, at: Seconds) -> None:
        if not self._playing:
            self._early.append(ticks)
            return
        self._see(at, ticks)
        self._do(self._engine.on_ticks(at, ticks.at), at)

    def _on_played(self, event: MidiEvent) -> None:
        """Somebody plays from outside, by no cable: the ports' process knows nothing of these keys."""
        self._see(event.at, Heard(event, echo=False))
        self._do(self._engine.on_midi(event), now())

    def _on_sent(self, sent: Sent, at: Seconds) -> None:
        self._mirror.sent(sent)
        if self._playing:
            self._see(at, sent)
        else:
            self._early.append(sent)

    def _on_pong(self, pong: Pong, at: Seconds) -> None:
        self._family.heartbeat.answered(pong)
        self._see(at, pong)
        self._service.alive(at)
        self._mirror.heard_of(at)

    def _on_closed(self, _closed: Closed, _at: Seconds) -> None:
        self._mirror.cleared()

    def _on_ports_open(self, ports: PortsOpen, at: Seconds) -> None:
        before, fresh = self._open, not self._family.ports.ready
        if fresh:
            self._family.ports.serves(at)
            self._family.heartbeat.restart(at)
            self._complained.pop(self._family.ports.title, None)
            self._send_pace()
        if ports.output and (fresh or before is None or not before.output):
            self._mirror.cleared()  # it was silenced when it was opened
        if not ports.input:
            self._hands.let_go()
        self._open, self._api = ports, self._api or ports.api
        for line in status.came_and_went(before, ports, fresh=fresh):
            self._say(line)
        if self._playing:
            self._tell_ports(ports, at, fresh=fresh)
        self._begin()

    def _tell_ports(self, ports: PortsOpen, at: Seconds, *, fresh: bool = False) -> None:
        self._see(at, PortsBack(ports) if fresh else PortsChanged(ports))
        self._do(self._engine.on_ports(at, hears=bool(ports.input), plays=bool(ports.output)), at)

    def _open_page(self, door: Door) -> OpenPage:
        return door.order(self._desk.path or Path(os.devnull))

    def _on_page_open(self, page: Keeper, _opened: PageOpen, at: Seconds) -> None:
        page.serves(at)
        if self._complained.pop(page.title, None) is not None:
            self._say("the page is back")
        elif self._door is not None:
            self._say(f"the page: {self._door.address}")

    def _on_continuation(self, answer: Continuation, at: Seconds) -> None:
        self._owed.pop((answer.turn, answer.segment), None)
        self._see(at, answer)
        self._do(self._engine.on_continuation(at, answer), at)

    def _on_model_ready(self, model: ModelReady, at: Seconds) -> None:
        self._family.worker.serves(at)
        self._complained.pop(self._family.worker.title, None)
        if self._playing:
            self._say("the model is back")
            self._see(at, ModelBack(model.step))
        self._do(self._engine.on_model_ready(at, model.step), at)
        self._model = self._model or model
        self._begin()

    def _begin(self) -> None:
        """Once both children are up for the first time, the duet is on, whether the ports are there or waited for."""
        if self._playing or self._open is None or self._model is None:
            return
        self._playing = True
        limits = schedule_limits(self._held.options)
        at = now()
        self._see(at, Began(self._held.settings, limits, self._open, self._model))
        self._do(self._engine.begin(at), at)
        self._say(status.ready(self._open, self._model, self._held.settings))
        while self._early:
            early = self._early.popleft()
            if isinstance(early, Heard):
                self._on_heard(early, now())
            elif isinstance(early, TicksHeard):
                self._on_ticks(early, now())
            else:
                self._see(now(), early)
        if not (self._open.input and self._open.output):
            self._tell_ports(self._open, now())

    def _renew_settings(self, model: ModelReady, at: Seconds) -> None:
        before = self._held.settings
        if renewal := self._held.renew(model):
            self._say(renewal.line, Level.INFO if renewal.taken else Level.WARNING)
            self._desk.reloaded(renewal.line, taken=renewal.taken)
        if self._held.settings != before:
            self._tell_settings(at)

    def _tell_settings(self, at: Seconds) -> None:
        self._see(at, Renewed(self._held.options, self._held.settings))
        self._do(self._engine.on_settings(at, self._held.settings), at)

    # -- what goes out

    def _do(self, effects: list[Effect], at: Seconds) -> None:
        for effect in effects:
            if isinstance(effect, Play):
                self._mirror.planned(effect.notes)
                self._family.ports.send(effect)
            elif isinstance(effect, Release):
                self._mirror.released(at)
                self._family.ports.send(effect)
            elif isinstance(effect, Generate):
                self._owed = {key: asked for key, asked in self._owed.items() if asked.turn == effect.turn}
                self._owed[effect.turn, effect.segment] = effect
                self._family.worker.send(effect)
            elif isinstance(effect, Pace):
                self._pace = effect
                self._send_pace()
            elif isinstance(effect, TurnEnded):
                self._turns += 1
                self._say(status.turn(self._turns, effect))
            self._see(at, effect)

    def _send_pace(self) -> None:
        """Let the ports' process know the beat, if it keeps time for others."""
        if self._pace and (self._held.options.clock_out or self._held.options.click):
            self._family.ports.send(self._pace)

    def _show(self, at: Seconds) -> None:
        """Let everybody see what the engine knows, where that has changed."""
        if (view := self._engine.view) != self._shown:
            if line := status.leader(self._shown, view):
                self._say(line)
            self._shown = view
            self._see(at, view)

    def _see(self, at: Seconds, happening: Happening) -> None:
        for witness in self._witnesses:
            witness.see(at, happening)

    def _open_ports(self) -> OpenPorts:
        chosen = self._held.options
        limits = schedule_limits(chosen)
        return OpenPorts(
            # What was found at the start is what is looked for again: another backend may be up by now.
            api=self._api or chosen.api,
            input=chosen.input or None,
            output=chosen.output or None,
            instrument=chosen.instrument,
            late_limit=limits.late_limit,
            longest_note=limits.longest_note,
            left_behind=self._mirror.left_behind(now()),
            keys=self._hands.keys,
            pedals=self._hands.pedals,
            channels=(self._held.settings.channel,),
            page=self._door is not None,
            time=TimePorts(
                hears=self._held.settings.sync is Sync.CLOCK,
                source=chosen.clock_in or None,
                sends=chosen.clock_out,
                click=chosen.click_channel - 1 if chosen.click else None,
                click_port=chosen.click_out or None,
            ),
        )

    # -- what goes wrong

    def _lost(self, keeper: Keeper, why: str, at: Seconds) -> None:
        if keeper.child is not None:
            self._family.hear_noise(keeper.child)
        self._debug(f"{keeper.title}: {why}")
        if keeper in self._family.others:
            self._miss(keeper, at)
            return
        served, child = keeper.ready, keeper.child
        excused = keeper.title in self._complained  # it said itself what ended it
        keeper.lose(at, at_once=served and excused)
        if not self._playing and not served:
            self._never_started(keeper, why, child)
        if keeper is self._family.worker:
            self._owed.clear()
        if served and not excused:
            self._say(f"the {keeper.title} ended unexpectedly; starting afresh", Level.WARNING)
        if served and keeper is self._family.ports:
            self._open = self._open and replace(self._open, input="", output="")
            if self._playing:
                self._see(at, PortsLost())
                self._do(self._engine.on_ports_lost(at), at)

    def _never_started(self, keeper: Keeper, why: str, child: Child | None) -> None:
        """Raise `UserError`, but for a sound server that is stopped: it may go on, and is waited for."""
        exit_status = child.exit_status() if child else None
        if keeper is not self._family.ports or exit_status != -signal.SIGALRM:  # the signal of its watchdog
            raise UserError(status.never_started(keeper.title, why))
        self._complain(keeper, status.stuck(self._held.options.api))
        self._open = self._open or PortsOpen("", "", "", Instrument.UNKNOWN.value, "")
        self._begin()

    def _miss(self, keeper: Keeper, at: Seconds) -> None:
        """The duet goes on without it, until it is back."""
        if keeper.title not in self._complained:
            self._complained[keeper.title] = line = f"the {keeper.title} ended unexpectedly; starting afresh"
            self._say(line, Level.WARNING)
        keeper.lose(at)

    def _on_failed(self, keeper: Keeper, failed: Failed, _at: Seconds) -> None:
        self._debug(f"{keeper.title}: {failed.message}")
        if failed.theirs and not self._playing and not keeper.ready:
            raise UserError(failed.message)
        if failed.theirs:
            self._complain(keeper, failed.message)

    def _complain(self, keeper: Keeper, message: str) -> None:
        """Say what outside keeps a child from its work: once, until it served again."""
        if self._complained.get(keeper.title) != message:
            self._complained[keeper.title] = message
            self._say(f"{message}; trying again", Level.WARNING)

    def _recording_broke(self, error: OSError) -> None:
        self._say(f"nothing can be recorded any more: {error.strerror}", Level.WARNING)

    def _trace_broke(self, error: OSError) -> None:
        self._say(f"the trace can't be written any further: {error.strerror}", Level.WARNING)
