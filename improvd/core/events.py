"""The frozen values that flow along the way of a note.

Every value that crosses a process is one of these or is made of these. Times are monotonic seconds, one clock
for all processes of a session (in a rehearsal: seconds since the file's start). Nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from improvd.core.key import Key  # noqa: TC001  a peer that decodes looks the types up
from improvd.core.manner import AS_MEASURED, Manner

Seconds = NewType("Seconds", float)
"""A point on, or a length of, the monotonic clock."""

Beats = NewType("Beats", float)
"""A point on, or a length of, a timeline; negative beats are legal (pick-ups)."""

Ticks = NewType("Ticks", int)
"""The grid of the model: 24 a beat, as in MIDI clock."""

TICKS_PER_BEAT = 24
CONTEXT_NOTES = 100
"""How many notes the model hears before it goes on: its training window."""
EARLIER_NOTES = 256
"""How many of the player's notes before these it may take up, where it answers alike."""

NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0
SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123
LENGTHS = {
    **dict.fromkeys((NOTE_OFF, NOTE_ON, 0xA0, CONTROL, 0xE0, 0xF2), 3),
    **dict.fromkeys((0xC0, 0xD0, 0xF1, 0xF3), 2),
    **dict.fromkeys((0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF), 1),
}
"""Bytes of a message by its kind, or by its first byte where it is of no channel; exclusive ones have no length."""


@dataclass(frozen=True, slots=True)
class MidiEvent:
    """One MIDI message, ``data`` being its raw bytes, heard or to be sent ``at`` a time."""

    at: Seconds
    data: bytes

    @property
    def kind(self) -> int:
        """The status nibble (``NOTE_ON`` …); a note-on at velocity 0 is a ``NOTE_OFF``; 0 if not a channel message."""
        if len(self.data) < 2 or not 0x80 <= self.data[0] < 0xF0:
            return 0
        kind = self.data[0] & 0xF0
        if kind in (NOTE_ON, NOTE_OFF, CONTROL) and len(self.data) < 3:
            return 0
        return NOTE_OFF if kind == NOTE_ON and self.data[2] == 0 else kind

    @property
    def is_whole(self) -> bool:
        """Whether ``data`` is one MIDI message and nothing else. Exclusive messages of a system aren't."""
        if not self.data:
            return False
        first = self.data[0] if self.data[0] >= 0xF0 else self.data[0] & 0xF0
        return len(self.data) == LENGTHS.get(first) and max(self.data[1:], default=0) < 0x80

    @property
    def channel(self) -> int:
        """0–15; meaningless where ``kind`` is 0."""
        return self.data[0] & 0x0F


@dataclass(frozen=True, slots=True)
class Note:
    """A note the player played: ``onset`` is the key's way down, ``offset`` its way up, in seconds.

    ``pedalled``: the sustain pedal held it on.
    """

    onset: Seconds
    offset: Seconds
    pitch: int
    velocity: int
    channel: int = 0
    pedalled: bool = False


@dataclass(frozen=True, slots=True)
class BeatNote:
    """A note on a timeline: ``onset`` and ``duration`` in beats, ``pitch`` 0–127, ``velocity`` 1–127."""

    onset: Beats
    duration: Beats
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class ChordAt:
    """From beat ``onset`` on, a chord of these pitch ``classes``, 0 being C, in order."""

    onset: Beats
    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Niche:
    """The room beside somebody who plays on: from ``lowest`` to ``highest`` pitch, ``density`` notes a beat.

    These are counted from beat ``since`` on. None where that is left to the model.
    """

    lowest: int | None
    highest: int | None
    density: float | None
    since: Beats


@dataclass(frozen=True, slots=True)
class Generate:
    """What the engine asks of the model: notes from ``start`` (inclusive) to ``until`` (exclusive).

    ``context`` is everything heard and answered so far in this call, at most the last ``CONTEXT_NOTES``; all beats are
    on one axis. Its first ``call`` notes are the player's, then come ours, each in order of (onset, pitch): in a duet
    both sound at once. In segment 0 the first note falls on ``start``. At least ``least_notes`` are wanted, with no gap
    between onsets longer than ``longest_gap``; no note lasts past ``end``, the end of the whole answer.
    ``downbeat`` is the beat of some downbeat where the bar is known. The worker must answer by ``deadline``.
    ``seed`` differs for every segment, so that a segment asked twice is answered alike.
    ``beside`` are notes of the player's that accompany: harmony, which sets no answer its register or density.
    ``chords`` are those that sound from ``start`` to ``until``, in order, where chords were asked for.
    ``key`` is the key to keep to, None: the one that the player is in. ``earlier`` are phrases that the player played
    before, each on beats of its own, at most ``EARLIER_NOTES`` in all. ``niche`` is the room that a player leaves who
    plays on: it tells the register and the density, in place of what the call has.
    """

    turn: int
    segment: int
    context: tuple[BeatNote, ...]
    call: int
    start: Beats
    until: Beats
    end: Beats
    least_notes: int
    longest_gap: Beats
    deadline: Seconds
    seed: int
    temperature: float = 1.0
    top_p: float = 0.95
    style: str = ""
    beats_per_bar: Beats = Beats(4.0)
    downbeat: Beats | None = None
    key: Key | None = None
    manner: Manner = AS_MEASURED
    earlier: tuple[tuple[BeatNote, ...], ...] = ()
    beside: tuple[BeatNote, ...] = ()
    chords: tuple[ChordAt, ...] = ()
    niche: Niche | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """What the model answers: whole notes in order of (onset, pitch), all with ``start`` <= onset < ``until``.

    ``complete`` is False where the deadline came first. ``key`` is the one that the context is in, or that was asked
    for; None where it isn't clear. ``pedalled``: the style that was asked for is played with the sustain pedal.
    """

    turn: int
    segment: int
    notes: tuple[BeatNote, ...]
    complete: bool = True
    key: Key | None = None
    pedalled: bool = False


@dataclass(frozen=True, slots=True)
class PlannedNote:
    """A note of ours with its times in seconds. ``key`` is unique in a session and ties the off to its on.

    ``pedal``: what our sustain pedal does at its onset: True, it is renewed; False, it comes up; None, it stays.
    """

    key: int
    onset: Seconds
    offset: Seconds
    pitch: int
    velocity: int
    channel: int
    pedal: bool | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Sound these notes; a note whose ``key`` is still planned replaces that plan."""

    turn: int
    notes: tuple[PlannedNote, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """Drop all that is planned and end all of ours that sounds, now."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the beat is as known now, for who keeps time with us: a clock that is sent, a metronome.

    Beat 0 falls at ``origin``, a beat lasts ``period`` seconds. Bars of ``bar`` beats, ``tap`` of them from click to
    click, begin at ``downbeat``; None: nobody knows where. ``running``: the music is on, from the first downbeat that
    is no earlier than ``first``; otherwise only the tempo is told. The song begins with the beat ``song``; None: nobody
    says where. The synth takes ``latency`` to sound.
    """

    origin: Seconds
    period: Seconds
    bar: Beats
    tap: Beats
    downbeat: Beats | None
    first: Beats | None
    running: bool
    song: Beats | None = None
    latency: Seconds = Seconds(0.0)


@dataclass(frozen=True, slots=True)
class LinkState:
    """An Ableton Link session as it was read ``at`` a time: its ``beat`` then, its tempo, how many others are in it.

    Bars begin on the beats that are multiples of one. ``playing`` is None as long as nobody has started it, as far as
    we saw.
    """

    at: Seconds
    beat: Beats
    bpm: float
    playing: bool | None
    peers: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that left for the synth: when it should have, when it did (just before the send call)."""

    planned: Seconds
    actual: Seconds
    data: bytes


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn in figures: times in seconds, lengths in beats of its own tempo.

    ``call_end`` is the last key's way up, ``decided_at`` when the call was judged to be over. ``response_onset``
    is None where no note of the answer sounded. ``lateness`` is how far the answer began after the beat it was
    first meant for. ``reason`` is "finished", "interrupted", "stopped" (by who leads) or "abandoned" (the model had
    nothing in time). ``cue`` names the `Cue` by which there was an answer without a call: then nothing was heard, and
    ``call_start`` and ``call_end`` are ``decided_at``.
    """

    turn: int
    call_start: Seconds
    call_end: Seconds
    decided_at: Seconds
    bpm: float
    confidence: float
    call_notes: int
    call_beats: Beats
    response_onset: Seconds | None
    response_end: Seconds | None
    response_notes: int
    response_beats: Beats
    lateness: Seconds
    reason: str
    cue: str = ""


Effect = Generate | Play | Release | Pace | TurnEnded
"""What the engine wants done; whoever holds the engine does it."""
