"""How the music is shared: the seam between the engine and its modes (``--mode``).

A mode looks at what was heard and at the beat, and says when we play, from where to where. The engine does the rest:
it asks the model, plans what comes, and ends the turn. States and the judgement of a call's end are in `turns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from improvd.core.events import BeatNote, Beats, Seconds
from improvd.core.tempo import call_length
from improvd.core.turns import answer_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.core.beat import BeatSource
    from improvd.core.events import Note
    from improvd.core.listener import Listener
    from improvd.core.settings import EngineSettings
    from improvd.core.tempo import Pulse
    from improvd.core.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Part:
    """What we are to play: an answer to ``call`` that begins at beat ``start`` of the ``pulse``, ``length`` beats long.

    ``phrase`` is the call in beats. Beginning late the answer still lasts as long, or, ``fixed``, ends where it would
    have ended. Where it ``repeats``, phrase follows on phrase of that length until something ends it, each piece asked
    of the model ``ahead`` beats before it sounds. ``beside`` the player: they play on, and we leave them room.
    """

    call: tuple[Note, ...]
    phrase: tuple[BeatNote, ...]
    pulse: Pulse
    start: Beats
    length: Beats
    fixed: bool = False
    repeats: bool = False
    ahead: Beats = Beats(0.0)
    beside: bool = False


class Turns:
    """One way to share the music. Pure, owned by the engine's thread; no method waits.

    ``listener`` and ``source`` are the engine's own; a mode only looks at them.
    """

    yields = True
    """Whether a key that counts stops what we play; where not, it is heard beside it."""

    def __init__(self, settings: EngineSettings, listener: Listener, source: BeatSource) -> None:
        self._settings = settings
        self._listener = listener
        self._source = source

    def adopt(self, settings: EngineSettings) -> None:
        """Go by other settings of the same mode; no answer is under way."""
        self._settings = settings

    def watch(self, period: Seconds, lead: Seconds) -> Seconds | None:
        """When to `decide`, now that keys went down or came up in a call; None: not before that happens again.

        ``period`` is the length of a beat as far as it is known, ``lead`` how long before it begins a part is asked
        for.
        """
        raise NotImplementedError

    def decide(self, now: Seconds, lead: Seconds) -> Part | Seconds | None:
        """What we play, asked for ``lead`` before it begins; or when, later than ``now``, to decide again.

        None: nothing is to be added to what was heard. There is at least one note to answer. May take 5 ms.
        """
        raise NotImplementedError

    def take_over(self, now: Seconds, lead: Seconds) -> Part:
        """What we play if it is our turn ``now``, whatever was to come yet. There is at least one note to answer."""
        call = self._listener.notes(now)
        pulse = self._source.pulse(call, now)
        return self._part(call, pulse, pulse.start(Seconds(now + lead)))

    def goes_on(self, now: Seconds, last_struck: Seconds, period: Seconds) -> bool:  # noqa: ARG002  not all look
        """Whether what repeats goes on beyond what is planned; the player last struck a key at ``last_struck``."""
        return True

    def next_call(self, decided_at: Seconds, end: Seconds, pulse: Pulse) -> Seconds:  # noqa: ARG002  not all look
        """From when on what was heard is the next call, our part having ended at ``end``, its last note or later.

        Where it was cut short, ``end`` is when that was.
        """
        return decided_at

    def _part(self, call: Sequence[Note], pulse: Pulse, start: Beats) -> Part:
        length = answer_length(call_length(pulse.timeline, call), self._settings)
        return Part(tuple(call), in_beats(call, pulse.timeline), pulse, start, length)


def in_beats(notes: Sequence[Note], timeline: Timeline) -> tuple[BeatNote, ...]:
    """Notes that were played, as they lie in the beat."""
    return tuple(
        BeatNote(
            timeline.beat_at(note.onset),
            Beats(max(note.offset - note.onset, 0.0) / timeline.period),
            note.pitch,
            note.velocity,
        )
        for note in notes
    )
