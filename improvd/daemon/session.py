"""The engine's process: `improvd run` itself. It holds the core, keeps the two children alive, and ends in order.

One thread, one select: the wires to the children, the children's noise, and signals; its limit is the engine's
next deadline. It loads no python-rtmidi, and numpy for the ear alone. Nothing on the way of a note blocks here; text
and trace go out on threads of their own.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from improvd.core.events import Continuation, LinkState, Seconds, Sent
from improvd.daemon import status
from improvd.daemon.child import Keeper, module
from improvd.daemon.clock import now
from improvd.daemon.complaints import Complaints
from improvd.daemon.control import Desk
from improvd.daemon.door import Door
from improvd.daemon.duet import Duet
from improvd.daemon.family import Family
from improvd.daemon.handles import Handles
from improvd.daemon.held import Held
from improvd.daemon.linked import Linked
from improvd.daemon.log import Level
from improvd.daemon.messages import (
    Close,
    Closed,
    Failed,
    Heard,
    LoadModel,
    ModelReady,
    OpenPorts,
    Pong,
    PortsOpen,
    PortsThere,
    Serves,
    TicksHeard,
    TicksSent,
)
from improvd.daemon.notify import Notifier
from improvd.daemon.orders import none_open, open_ports
from improvd.daemon.outfit import Outfit
from improvd.daemon.recording import Recorder
from improvd.daemon.service import Service
from improvd.daemon.successor import Successor
from improvd.daemon.trace import Trace
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.config.options import RunOptions
    from improvd.core.cues import Cue
    from improvd.core.events import Beats
    from improvd.core.view import View
    from improvd.daemon.beside import Beside
    from improvd.daemon.child import Child
    from improvd.daemon.happenings import Witness
    from improvd.daemon.log import Say
    from improvd.daemon.messages import Message

    Handler = Callable[[Any, Seconds], None]

FAREWELL = Seconds(5.0)
"""The longest that the end may take until the last note's off is sent."""

PORTS, WORKER, LINK = module("ports"), module("worker"), module("link")


class Session:
    """One session of `improvd run`, from start to end. ``say`` takes a line for the player, ``debug`` one of detail.

    Neither may block. ``reread`` gives the options that are wished by now, and may; it is called on a thread of its
    own. ``notifier`` leads to the service manager, if one started us; ``beside`` are the processes beside the duet.
    ``ports``, ``worker`` and ``link`` are the children's commands.
    """

    def __init__(
        self,
        options: RunOptions,
        reread: Callable[[], RunOptions],
        *,
        say: Say,
        debug: Callable[[str], None],
        notifier: Notifier | None = None,
        beside: Sequence[Beside] = (),
        ports: Sequence[str] = PORTS,
        worker: Sequence[str] = WORKER,
        link: Sequence[str] = LINK,
    ) -> None:
        self._held = Held(options, reread, self._cut_wait_short)
        self._desk = Desk(self, self._cut_wait_short)
        self._say = self._desk.overhear(say)
        self._debug = debug
        self._service = Service(notifier or Notifier({}))
        self._witnesses: list[Witness] = [self._service, self._desk]
        if options.trace is not None:
            self._witnesses.append(Trace(options.trace, self._trace_broke))
        self._recorder = Recorder(options, self._recording_broke) if options.record else None
        if self._recorder is not None:
            self._witnesses.append(self._recorder)
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        self._link = Linked(options, link)
        self._witnesses.append(self._link)
        self._successor = Successor(worker, lambda: self._held.settings.style)
        self._family = Family(
            Keeper("MIDI ports", ports, self._open_ports),
            Keeper("model", worker, lambda: LoadModel(self._held.options.model, self._held.settings.style)),
            [Keeper(one.title, one.command, partial(self._order, one), one.inherited) for one in beside],
            asked_for=(self._successor.keeper, self._link.keeper),
            awake=self._awake,
            debug=debug,
        )
        self._has_page = any(isinstance(one, Door) for one in beside)
        self._handles = Handles(self, self._say, self._family.ports.send)
        self._outfit = Outfit(options, self._family.ports.send)
        self._witnesses += [self._handles, self._outfit]
        self._duet = Duet(self._held, self._family, self._witnesses, self._handles, self._say)
        self._handlers: dict[Keeper, dict[type, Handler]] = {
            self._family.ports: {
                Heard: self._duet.hear,
                TicksHeard: self._duet.hear_ticks,
                Sent: self._duet.sent,
                TicksSent: lambda sent, at: self._duet.see(at, sent),
                Pong: self._on_pong,
                PortsOpen: self._on_ports_open,
                PortsThere: self._on_ports_there,
                Closed: self._on_closed,
                Failed: partial(self._on_failed, self._family.ports),
            },
            self._family.worker: {
                Continuation: self._duet.answered,
                ModelReady: self._on_model_ready,
                Failed: partial(self._on_failed, self._family.worker),
            },
            self._link.keeper: {
                LinkState: self._duet.hear_link,
                Serves: self._on_link_serves,
                Failed: partial(self._on_failed, self._link.keeper),
            },
            self._successor.keeper: {
                ModelReady: self._on_successor_ready,
                Failed: lambda failed, _at: self._refuse_successor(failed.message),
            },
        }
        for keeper, one in zip(self._family.others, beside, strict=True):
            self._handlers[keeper] = {
                Serves: partial(self._on_serves, keeper, one),
                Failed: partial(self._on_failed, keeper),
            }
        self._open: PortsOpen | None = None  # how the ports stand
        self._there = PortsThere()
        self._api = ""  # the MIDI system that was found first
        self._model: ModelReady | None = None
        self._complaints = Complaints(self._say)
        self._stop = False

    @property
    def view(self) -> View:
        """What the engine knows."""
        return self._duet.view

    @property
    def options(self) -> RunOptions:
        """What holds by now."""
        return self._held.options

    @property
    def recording(self) -> str | None:
        """What the recording that is on is called; None while there is none."""
        return None if self._recorder is None else self._recorder.name

    @property
    def processes(self) -> dict[str, int]:
        """The process id of each process there is, by what it does."""
        children = {"ports": self._family.ports.child, "model": self._family.worker.child}
        others = (self._successor.keeper, self._link.keeper, *self._family.others)
        children |= {keeper.title: keeper.child for keeper in others}
        return {"engine": os.getpid()} | {name: child.process.pid for name, child in children.items() if child}

    @property
    def tap(self) -> Beats:
        """How far apart people tap in the metre that holds."""
        return self._held.settings.tap

    def stop(self) -> None:
        """Ask for the end, from any thread."""
        self._stop = True
        self._cut_wait_short()

    def reload(self) -> None:
        """Have the options read again."""
        self._held.reload()

    def wish(self, name: str, value: object) -> None:
        """Change one live option; ``value`` is as a file would hold it. Raises `UserError`.

        Of a model that is to be loaded first, `Desk.model_chosen` is told what came of it.
        """
        if self._model and (model := self._held.wish(name, value, self._model, self._there)):
            self._choose_model(model, now())
        elif self._model:
            self._duet.settings_changed(now())
            if name == "bpm":
                self._link.set_tempo()  # though it be the same as before: the others may have changed it since

    def mute(self, *, muted: bool) -> None:
        """Listen without answering, or answer again."""
        self._duet.mute(now(), muted=muted)

    def cue(self, cue: Cue) -> None:
        """Have the engine do what the player asks for now."""
        self._duet.cue(now(), cue)

    def press(self, name: str) -> None:
        """Do one of the commands that controls can be bound to. Raises `UserError`."""
        self._handles.press(name, now())

    def transport(self) -> None:
        """Stop the Link session for all where it plays, else start it. Raises `UserError` where we are in none."""
        self._link.transport()

    def panic(self) -> None:
        """Silence everything, at the synth too, whatever is believed to sound there."""
        self._duet.panic(now())

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
            self._link.begin(now())
            while not self._stop:
                self._round()
        finally:
            try:
                self._duet.close(now())
            finally:
                self._end()

    def _cut_wait_short(self) -> None:
        with suppress(OSError):  # it has ended already
            self._wake.send(b"\0")

    def _signalled(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP and self._held.hang_up():
            return
        self._debug(f"{signal.Signals(number).name}: ending")
        self._stop = True

    def _end(self) -> None:
        """The ports first, which release what sounds; the model is merely let go."""
        self._family.worker.send(Close())
        out_of_reach = self._open is not None and not self._open.plays and self._duet.mirror.left_behind(now())
        try:
            # Ports that never served have sent nothing.
            released = not self._duet.on or self._family.release(FAREWELL, self._receive, self._duet.mirror)
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
        read = now()
        for keeper in self._family.all:
            self._receive(keeper)
        for event in self._desk.heard(now()):
            self._duet.hear_client(event, now())
        self._duet.on_time(now())
        if self._duet.on and self._model:  # before, its styles are not known
            self._renew_settings(self._model, now())
        if self._duet.model_is_stuck(read):
            self._lost(self._family.worker, "does not answer", now())
        self._family.look_after(read, self._lost)
        self._desk.serve(*ready)
        self._duet.show(now())
        if not self._family.ports.ready:  # who would answer otherwise
            self._service.alive(now())

    def _patience(self, at: Seconds) -> Seconds | None:
        deadlines = [
            self._family.deadline(at),
            self._desk.deadline(at),
            self._duet.deadline(),
            self._service.deadline(answering=self._family.ports.ready),
        ]
        nearest = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if nearest is None else Seconds(max(0.0, nearest - at))

    # -- what comes in

    def _receive(self, keeper: Keeper) -> None:
        for message in keeper.receive():
            handle = self._handlers[keeper].get(type(message))
            if handle is not None:
                handle(message, now())

    def _on_pong(self, pong: Pong, at: Seconds) -> None:
        self._family.heartbeat.answered(pong)
        self._duet.see(at, pong)
        self._service.alive(at)
        self._duet.mirror.heard_of(at)

    def _on_closed(self, _closed: Closed, _at: Seconds) -> None:
        self._duet.mirror.cleared()

    def _on_ports_open(self, ports: PortsOpen, at: Seconds) -> None:
        before, fresh = self._open, not self._family.ports.ready
        if fresh:
            self._family.ports.serves(at)
            self._family.heartbeat.restart(at)
            self._complaints.serves(self._family.ports)
            self._duet.send_pace()
        if ports.plays and (fresh or before is None or not before.plays):
            self._duet.mirror.cleared()  # it was silenced when it was opened
        if not ports.hears:
            self._duet.hands.let_go()
        self._open, self._api = ports, self._api or ports.api
        for line in status.came_and_went(before, ports, fresh=fresh):
            self._say(line, Level.INFO if ports.complete else Level.WARNING)
        if self._duet.on:
            self._duet.ports_stand(ports, at, fresh=fresh)
        self._begin()

    def _on_ports_there(self, there: PortsThere, at: Seconds) -> None:
        self._there = there
        self._duet.see(at, there)

    def _order(self, one: Beside) -> Message:
        return one.order(self._desk.path or Path(os.devnull))

    def _on_serves(self, keeper: Keeper, one: Beside, _serves: Serves, at: Seconds) -> None:
        keeper.serves(at)
        self._say(f"the {one.title} is back" if self._complaints.serves(keeper) else one.welcome)

    def _on_link_serves(self, _serves: Serves, at: Seconds) -> None:
        keeper = self._link.keeper
        self._link.serves(at)
        self._say(f"the {keeper.title} is back" if self._complaints.serves(keeper) else self._link.welcome)

    def _give_up_link(self, why: str, at: Seconds) -> None:
        """The session can't be joined: whoever led before leads."""
        self._link.keeper.dismiss()
        self._complaints.serves(self._link.keeper)  # nothing is waited for any more
        self._held.give_up_link(self._link.before)
        self._say(f"{status.never_started('Link session', why)}; sync is {self._link.before} again", Level.WARNING)
        self._duet.settings_changed(at)

    def _on_model_ready(self, model: ModelReady, at: Seconds) -> None:
        self._family.worker.serves(at)
        self._complaints.serves(self._family.worker)
        self._duet.model_ready(model.step, at)
        self._model = self._model or model
        self._begin()

    def _choose_model(self, name: str, at: Seconds) -> None:
        """Have another model take over as soon as it is loaded and proven; the present one plays meanwhile."""
        if self._successor.is_coming:
            self._refuse_successor(f"the model {self._successor.name} was given up for another")
        self._successor.ask(name, at)

    def _on_successor_ready(self, model: ModelReady, at: Seconds) -> None:
        try:
            self._held.go_by_model(self._successor.name, model)
        except UserError as error:  # the style was changed while it was loaded
            self._refuse_successor(str(error))
            return
        self._successor.take_over(self._family.worker, at)
        self._complaints.serves(self._family.worker)
        self._model = model
        self._duet.model_changed(model, at)
        self._duet.settings_changed(at)
        self._desk.model_chosen(None)

    def _refuse_successor(self, why: str) -> None:
        problem = self._successor.refuse(why, self._model.name if self._model else "")
        self._say(str(problem), Level.WARNING)
        self._desk.model_chosen(problem)

    def _begin(self) -> None:
        """Once both children are up for the first time, the duet is on, whether the ports are there or waited for."""
        if self._duet.on or self._open is None or self._model is None:
            return
        self._duet.begin(self._open, self._model)
        if not self._open.complete:
            self._duet.ports_stand(self._open, now())

    def _renew_settings(self, model: ModelReady, at: Seconds) -> None:
        before = self._held.options
        if renewal := self._held.renew(model):
            self._say(renewal.line, Level.INFO if renewal.taken else Level.WARNING)
            self._desk.reloaded(renewal.line, taken=renewal.taken)
            if renewal.model is not None:
                self._choose_model(renewal.model, at)
        if self._held.options != before:
            self._duet.settings_changed(at)

    def _open_ports(self) -> OpenPorts:
        return open_ports(self._held, self._duet, self._outfit, api=self._api, page=self._has_page, at=now())

    # -- what goes wrong

    def _lost(self, keeper: Keeper, why: str, at: Seconds) -> None:
        if keeper.child is not None:
            self._family.hear_noise(keeper.child)
        self._debug(f"{keeper.title}: {why}")
        if keeper is self._successor.keeper:
            self._refuse_successor(f"the process of the model {self._successor.name} {why}")
        elif keeper.child is None:  # nor could another be started
            self._complaints.outside(keeper, f"the {keeper.title} {why}")
        elif keeper is self._link.keeper and self._duet.on and not self._link.has_served:
            self._give_up_link(why, at)
        elif keeper in (self._link.keeper, *self._family.others):  # the duet goes on without it, until it is back
            if keeper not in self._complaints:
                self._complaints.ended(keeper)
            keeper.lose(at)
        else:
            self._lost_of_the_duet(keeper, why, at)

    def _lost_of_the_duet(self, keeper: Keeper, why: str, at: Seconds) -> None:
        """The ports or the model: another is started, and what is lost with the one before is told."""
        served, child = keeper.ready, keeper.child
        excused = keeper in self._complaints  # it said itself what ended it
        keeper.lose(at, at_once=served and excused)
        if not self._duet.on and not served:
            self._never_started(keeper, why, child)
        if keeper is self._family.worker:
            self._duet.model_lost()
        if served and not excused:
            self._say(status.ended(keeper.title), Level.WARNING)
        if served and keeper is self._family.ports:
            self._open = self._open and self._open.none_there()
            if self._duet.on:
                self._duet.ports_lost(at)

    def _never_started(self, keeper: Keeper, why: str, child: Child | None) -> None:
        """Raise `UserError`, but for a sound server that is stopped: it may go on, and is waited for."""
        exit_status = child.exit_status() if child else None
        if keeper is not self._family.ports or exit_status != -signal.SIGALRM:  # the signal of its watchdog
            raise UserError(status.never_started(keeper.title, why))
        self._complaints.outside(keeper, status.stuck(self._held.options.api))
        self._open = self._open or none_open(self._held.options)
        self._begin()

    def _on_failed(self, keeper: Keeper, failed: Failed, _at: Seconds) -> None:
        self._debug(f"{keeper.title}: {failed.message}")
        if failed.theirs and not self._duet.on and not keeper.ready:
            raise UserError(failed.message)
        if failed.theirs:
            self._complaints.outside(keeper, failed.message)

    def _recording_broke(self, error: OSError) -> None:
        self._say(f"nothing can be recorded any more: {error.strerror}", Level.WARNING)

    def _trace_broke(self, error: OSError) -> None:
        self._say(f"the trace can't be written any further: {error.strerror}", Level.WARNING)
