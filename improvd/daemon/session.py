"""The engine's process: `improvd run` itself. It holds the core, keeps its children alive, and ends in order.

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
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
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
from improvd.daemon.member import Company
from improvd.daemon.member_beside import BesideMember, LinkMember
from improvd.daemon.member_model import ModelMember, SuccessorMember
from improvd.daemon.member_ports import PortsMember
from improvd.daemon.messages import Close
from improvd.daemon.notify import Notifier
from improvd.daemon.outfit import Outfit
from improvd.daemon.recording import Recorder
from improvd.daemon.service import Service
from improvd.daemon.trace import Trace
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from improvd.config.options import RunOptions
    from improvd.core.cues import Cue
    from improvd.core.events import Beats
    from improvd.core.view import View
    from improvd.daemon.beside import Beside
    from improvd.daemon.happenings import Witness
    from improvd.daemon.log import Say
    from improvd.daemon.member import Member
    from improvd.daemon.messages import Message, ModelReady

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
        successor = Keeper("next model", worker, lambda: self._successor.order())  # noqa: PLW0108  there is none yet
        self._family = Family(
            Keeper("MIDI ports", ports, lambda: self._ports.order(now())),
            Keeper("model", worker, lambda: self._model.order()),  # noqa: PLW0108  as above
            [Keeper(one.title, one.command, partial(self._order, one), one.inherited) for one in beside],
            asked_for=(successor, self._link.keeper),
            awake=self._awake,
            debug=debug,
        )
        self._handles = Handles(self, self._say, self._family.ports.send)
        outfit = Outfit(options, self._family.ports.send)
        self._witnesses += [self._handles, outfit]
        self._duet = Duet(self._held, self._family, self._witnesses, self._handles, self._say)
        company = Company(self._family, self._duet, Complaints(self._say), self._say, debug)
        has_page = any(isinstance(one, Door) for one in beside)
        self._ports = PortsMember(company, self._held, outfit, self._service, self._begin, has_page=has_page)
        self._model = ModelMember(company, self._held, self._begin)
        self._successor = SuccessorMember(successor, company, self._held, self._model, self._desk.model_chosen)
        members: list[Member] = [self._ports, self._model, self._successor, LinkMember(company, self._held, self._link)]
        for keeper, one in zip(self._family.others, beside, strict=True):
            members.append(BesideMember(keeper, company, one.welcome))
        self._members = {member.keeper: member for member in members}
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
        children |= {keeper.title: keeper.child for keeper in (*self._family.asked_for, *self._family.others)}
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
        playing = self._model.playing
        if playing and (model := self._held.wish(name, value, playing, self._ports.there)):
            self._successor.ask(model, now())
        elif playing:
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
        stand = self._ports.stand
        out_of_reach = stand is not None and (
            stand.leaves_notes or (not stand.plays and self._duet.mirror.left_behind(now()))
        )
        try:
            # Ports that never served have sent nothing.
            released = not self._duet.on or self._family.release(FAREWELL, self._ports.receive, self._duet.mirror)
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
        for member in self._members.values():
            member.receive()
        for event in self._desk.heard(now()):
            self._duet.hear_client(event, now())
        self._duet.on_time(now())
        if self._duet.on and self._model.playing:  # before, its styles are not known
            self._renew_settings(self._model.playing, now())
        if self._duet.model_is_stuck(read):
            self._model.lost("does not answer", now())
        self._family.look_after(read, lambda keeper, why, at: self._members[keeper].lost(why, at))
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

    def _order(self, one: Beside) -> Message:
        return one.order(self._desk.path or Path(os.devnull))

    def _begin(self) -> None:
        """Once both children are up for the first time, the duet is on, whether the ports are there or waited for."""
        stand, model = self._ports.stand, self._model.playing
        if self._duet.on or stand is None or model is None:
            return
        self._duet.begin(stand, model)
        if not stand.complete:
            self._duet.ports_stand(stand, now())

    def _renew_settings(self, model: ModelReady, at: Seconds) -> None:
        before = self._held.options
        if renewal := self._held.renew(model):
            self._say(renewal.line, Level.INFO if renewal.taken else Level.WARNING)
            self._desk.reloaded(renewal.line, taken=renewal.taken)
            if renewal.model is not None:
                self._successor.ask(renewal.model, at)
        if self._held.options != before:
            self._duet.settings_changed(at)

    def _recording_broke(self, error: OSError) -> None:
        self._say(f"nothing can be recorded any more: {error.strerror}", Level.WARNING)

    def _trace_broke(self, error: OSError) -> None:
        self._say(f"the trace can't be written any further: {error.strerror}", Level.WARNING)
