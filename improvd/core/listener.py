"""Key and pedal messages become notes, notes become the call.

A soft, short touch is a brush. Whether a soft key is one is known only once it came up or stayed down; until then
it waits, so a soft key counts ``brush_length`` late, a firm one at once. While a call is being played every key
counts. Keys below ``comp_below`` accompany: they are kept by themselves, and never count.

A key that is held while nothing else happens, for `STILL`, counts as let go of: its message got lost, or whoever holds
it waits. Were it held for ever, no call would ever be over again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Note, Seconds
from improvd.core.hands import Hands

if TYPE_CHECKING:
    from improvd.core.settings import EngineSettings

LONGEST_MEMORY = 1024
"""Notes of a call that are kept; the oldest are forgotten first."""
ACCOMPANIMENT = 32
"""Notes of an accompaniment that are kept."""
STILL = Seconds(12.0)
"""Nobody holds keys for so long without doing anything, and then goes on: docs/turns.md has the figures."""
RINGS = Seconds(2.0)
"""The note of such a key is taken to have ended so long after the last that was done."""


class _Struck(NamedTuple):
    at: Seconds
    velocity: int


def _range(settings: EngineSettings) -> tuple[tuple[int, ...], int, int]:
    """The channels and the keys that are listened to."""
    return settings.listen, settings.lowest_key, settings.highest_key


class Listener:
    """What the player has played in this call. Not thread-safe; nothing blocks."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._hands = Hands()
        self._down: dict[tuple[int, int], _Struck] = {}  # keys that count
        self._soft: dict[tuple[int, int], _Struck] = {}  # keys of which it is not known yet
        self._done: deque[Note] = deque(maxlen=LONGEST_MEMORY)
        self._beneath: dict[tuple[int, int], _Struck] = {}  # keys that accompany
        self._accompaniment: deque[Note] = deque(maxlen=ACCOMPANIMENT)
        self.changes = 0
        """Counts how often it changed which keys or pedals are down."""
        self._stirred = Seconds(0.0)  # when the player last did anything

    @property
    def held(self) -> bool:
        """Whether any key is down, a soft one too, but for those that accompany."""
        return any(key not in self._beneath for key in self._hands.keys)

    def accompanies(self, event: MidiEvent) -> bool:
        """Whether a message is one of a key that accompanies."""
        below = self._settings.comp_below
        if below is None or event.kind not in (NOTE_ON, NOTE_OFF):
            return False
        return event.data[1] < below and self._hears(event)

    @property
    def pedal(self) -> bool:
        """Whether the sustain pedal is down."""
        return self._hands.pedal

    def hear(self, event: MidiEvent, *, in_call: bool) -> bool:
        """Take one message in; True where a key that counts went down with it (or proved to count).

        ``in_call``: a call is being played, so that no key is a brush.
        """
        if not self._hears(event):
            return False
        if event.kind:
            self._stirred = event.at
        before = (self._hands.keys, self._hands.pedal)
        self._hands.hear(event)
        self.changes += before != (self._hands.keys, self._hands.pedal)
        kind = event.kind
        key = (event.channel, event.data[1]) if kind in (NOTE_ON, NOTE_OFF) else None
        played = key is not None and self._lift(key, event.at)
        self._lift_lost_keys(event.at)
        if key is not None and kind == NOTE_ON:
            struck = _Struck(event.at, event.data[2])
            if self.accompanies(event):
                self._beneath[key] = struck
            elif struck.velocity <= self._settings.brush_velocity and not in_call:
                self._soft[key] = struck
            else:
                self._down[key] = struck
                played = True
        return played

    def _hears(self, event: MidiEvent) -> bool:
        """Whether a message is of the channels and the keys that are listened to."""
        channels, lowest, highest = _range(self._settings)
        if channels and event.kind and event.channel not in channels:
            return False
        return event.kind not in (NOTE_ON, NOTE_OFF) or lowest <= event.data[1] <= highest

    def next_deadline(self) -> Seconds | None:
        """When a soft key will have been down long enough to count, or keys too long to be held."""
        deadlines = [self._proves(soft) for soft in self._soft.values()]
        if self.held:
            deadlines.append(Seconds(self._stirred + STILL))
        return min(deadlines, default=None)

    def on_time(self, now: Seconds) -> bool:
        """Let soft keys that stayed down count, and keys go that are held no more; True where a soft one counts."""
        proven = [key for key, soft in self._soft.items() if self._proves(soft) <= now]
        for key in proven:
            self._down[key] = self._soft.pop(key)
        if self.held and now >= self._stirred + STILL:
            for channel, pitch in set(self._hands.keys) - set(self._beneath):
                self._hands.hear(MidiEvent(now, bytes((NOTE_OFF | channel, pitch, 0))))
            self._lift_lost_keys(Seconds(self._stirred + RINGS))
            self.changes += 1
        return bool(proven)

    def adopt(self, settings: EngineSettings) -> None:
        """Listen by other settings from now on. Only while no key is held: its way up might not be heard any more."""
        if _range(settings) != _range(self._settings):
            self._hands.let_go()  # nor might a pedal's
        self._settings = settings

    @property
    def first_struck(self) -> Seconds | None:
        """When the first key of the call went down; None while there is none."""
        return min((*(note.onset for note in self._done), *(down.at for down in self._down.values())), default=None)

    def notes(self, now: Seconds) -> list[Note]:
        """The call so far, in order of (onset, pitch); keys that are down yet come up ``now``."""
        return _in_order([*self._done, *_cut(self._down, now, pedalled=self.pedal)])

    def accompaniment(self, now: Seconds) -> list[Note]:
        """The last notes that accompanied, in the same form; they stay until all is let go."""
        return _in_order([*self._accompaniment, *_cut(self._beneath, now, pedalled=self.pedal)])

    def recent(self, chords: int) -> list[Note]:
        """The end of the call, in order of (onset, pitch): enough notes to hold that many chords and their spread."""
        tail = [self._done[index] for index in range(max(0, len(self._done) - 12 * chords), len(self._done))]
        return _in_order(tail)

    def forget(self, before: Seconds) -> None:
        """Drop the notes that began before a time; keys still down from before count no more."""
        kept = [note for note in self._done if note.onset >= before]
        self._done.clear()
        self._done.extend(kept)
        self._down = {key: struck for key, struck in self._down.items() if struck.at >= before}

    def let_go(self) -> None:
        """Forget everything: the cable is out."""
        self._hands.let_go()
        self._down.clear()
        self._soft.clear()
        self._done.clear()
        self._beneath.clear()
        self._accompaniment.clear()

    def _proves(self, soft: _Struck) -> Seconds:
        return Seconds(soft.at + self._settings.brush_length)

    def _lift(self, key: tuple[int, int], at: Seconds) -> bool:
        """A key came up, or is struck again; True where a soft one proves by it to have been down long enough."""
        proved = False
        soft = self._soft.pop(key, None)
        if soft is not None and at > self._proves(soft):
            self._down[key] = soft
            proved = True
        for down, done in ((self._down, self._done), (self._beneath, self._accompaniment)):
            struck = down.pop(key, None)
            if struck is not None:
                done.append(_note(key, struck, at, pedalled=self.pedal))
        return proved

    def _lift_lost_keys(self, at: Seconds) -> None:
        """Keys that are held no more without a note-off of their own come up: by an all-notes-off, or given up."""
        for key in [key for key in (*self._down, *self._soft, *self._beneath) if key not in self._hands.keys]:
            self._lift(key, at)


def _note(key: tuple[int, int], struck: _Struck, at: Seconds, *, pedalled: bool) -> Note:
    """The note of a key that came up ``at`` a time."""
    return Note(struck.at, Seconds(max(at, struck.at)), key[1], struck.velocity, key[0], pedalled)


def _cut(down: dict[tuple[int, int], _Struck], now: Seconds, *, pedalled: bool) -> list[Note]:
    return [_note(key, struck, now, pedalled=pedalled) for key, struck in down.items() if struck.at <= now]


def _in_order(notes: list[Note]) -> list[Note]:
    return sorted(notes, key=lambda note: (note.onset, note.pitch))
