"""What of a session is recorded: a witness that hands lines to the recorder's threads, and waits for nothing."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from improvd import __version__
from improvd.core.events import NOTE_ON, Seconds, Sent, TurnEnded
from improvd.core.turns import State
from improvd.core.view import View
from improvd.daemon.clock import now
from improvd.daemon.happenings import Began, ModelChanged, Renewed
from improvd.daemon.messages import Heard
from improvd.recorder import folder as folders
from improvd.recorder import journal
from improvd.recorder.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.config.options import RunOptions
    from improvd.daemon.happenings import Happening

MEGABYTE, DAY = 1_000_000, 86_400.0


class Recorder:
    """Records what is heard and sent, the beats that answers go by, and the turns. ``on_broken``: see `Writer`."""

    def __init__(self, options: RunOptions, on_broken: Callable[[OSError], None]) -> None:
        self._meter = options.meter
        self._model = options.model
        self._beat: journal.Beat | None = None
        days = options.keep_days
        limits = folders.Limits(options.keep_megabytes * MEGABYTE, None if days is None else days * DAY)
        self._writer = Writer(options.recordings or folders.default_folder(), limits, self._header, on_broken)

    @property
    def name(self) -> str | None:
        """What the recording that is on is called; None while there is none."""
        return self._writer.name

    def see(self, at: Seconds, happening: Happening) -> None:
        """Record it, if it is of the music."""
        if isinstance(happening, Heard):
            event = happening.event
            if event.kind and not (happening.echo or happening.control):
                self._writer.write(journal.heard(event), begins=event.kind == NOTE_ON)
        elif isinstance(happening, Sent):
            self._writer.write(journal.sent(happening.actual, happening.data))
        elif isinstance(happening, View):
            self._on_view(happening)
        elif isinstance(happening, TurnEnded):
            if self._beat is not None:
                self._writer.write(journal.beat(self._beat))
            self._writer.write(journal.turn(asdict(happening)))
        elif isinstance(happening, Renewed):
            self._meter = happening.options.meter
        elif isinstance(happening, Began):
            self._model = happening.model.name
        elif isinstance(happening, ModelChanged):
            self._model = happening.model.name
            self._writer.write(journal.model(at, self._model))

    def close(self) -> None:
        """End the recording that is on."""
        self._writer.close()

    def _on_view(self, view: View) -> None:
        """While there is an answer, the beat is the one that it goes by."""
        timeline = view.timeline
        if timeline is not None and view.state in (State.THINKING, State.ANSWERING):
            self._beat = journal.Beat(timeline.origin, timeline.period, view.beats_per_bar, view.downbeat)

    def _header(self) -> str:
        """On the writing thread, as are the fields that it reads: each is replaced whole."""
        return journal.header(time.time(), now(), version=__version__, model=self._model, meter=self._meter)
