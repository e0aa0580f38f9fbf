"""What those are told of the song who follow our clock: that it starts, goes on, lies elsewhere, stops.

The rules:

- The song begins where whoever leads says so; where nobody does, with the bar on which we first say Start.
- Start and Continue leave between two ticks, so that the next one is the first of a bar. Start is for the song's first
  tick alone; anywhere else Song Position goes before, as soon as it is known, and then it is Continue.
- Where the song proves to lie elsewhere, or its bars do, we stop, tell the place, and continue with the next sixteenth:
  who plays may ignore a Song Position.
- Stop leaves at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.core.events import TICKS_PER_BEAT

if TYPE_CHECKING:
    from improvd.core.events import Seconds
    from improvd.core.stride import Stride

START, CONTINUE, STOP, SONG_POSITION = bytes((0xFA,)), bytes((0xFB,)), bytes((0xFC,)), 0xF2
SIXTEENTH: Final = TICKS_PER_BEAT // 4
"""Song Position counts these."""
PLACES: Final = 1 << 14
"""How many of them it can tell: a thousand bars."""


class Transport:
    """Tells it. Ticks are those of a `Stride`. Pure; one thread owns it."""

    def __init__(self) -> None:
        self._on = False
        self._goes_on: int | None = None  # the tick that Start or Continue is to be sent before
        self._zero: int | None = None  # the song's first tick, as the others count
        self._told: bytes | None = None  # the place that was told, where it is to go on

    def follow(self, stride: Stride, shift: int) -> list[bytes]:
        """The beat is known otherwise, each tick's number having grown by ``shift``: what is to be sent at once."""
        if self._zero is not None:
            self._zero += shift
        if not stride.pace.running:
            self._goes_on = self._zero = None
            return self._stop()
        zero = self._song(stride)
        if zero is not None and zero == self._zero:
            if self._goes_on is not None:
                self._goes_on += shift
            return []
        if zero is None or not self._on:
            return self._wait_for_bar(stride, zero)
        self._zero = zero
        stop = self._stop()
        first = max(stride.tick + 1, zero)
        return stop + self._locate(stride, first + (zero - first) % SIXTEENTH)

    def again(self, stride: Stride) -> list[bytes]:
        """Others follow from now on, or nobody looked for a while: it goes on with the next bar."""
        if not stride.pace.running:
            return self._stop()
        return self._stop() + self._wait_for_bar(stride, self._song(stride))

    def next_deadline(self, stride: Stride) -> Seconds | None:
        """When ``due`` has something; None while nothing is due before the next tick."""
        return stride.before(stride.tick) if self._goes_on == stride.tick else None

    def due(self) -> bytes:
        """Start, or Continue."""
        self._on = True
        if self._zero is None:
            self._zero = self._goes_on
        begins, self._goes_on = self._goes_on == self._zero, None
        return START if begins else CONTINUE

    def close(self) -> list[bytes]:
        """The end."""
        return self._stop()

    def _song(self, stride: Stride) -> int | None:
        """The song's first tick: as told, or as we told it, moved to where the nearest bars are."""
        if stride.pace.song is not None:
            return round(stride.pace.song * TICKS_PER_BEAT)
        if self._zero is None or stride.pace.downbeat is None:
            return self._zero
        late = stride.place(self._zero)
        return self._zero - late if late <= stride.bar // 2 else self._zero - late + stride.bar

    def _wait_for_bar(self, stride: Stride, zero: int | None) -> list[bytes]:
        self._zero = zero
        first = stride.tick if zero is None else max(stride.tick, zero)
        return self._locate(stride, stride.next_bar(first))

    def _locate(self, stride: Stride, tick: int) -> list[bytes]:
        """It goes on with ``tick``. Beyond what can be told the places begin anew, with a bar."""
        self._goes_on = tick
        before, self._told = self._told, None
        if self._zero is not None and tick != self._zero:
            bar = max(1, stride.bar // SIXTEENTH)
            places = (tick - self._zero) // SIXTEENTH % (PLACES - PLACES % bar)
            self._told = bytes((SONG_POSITION, places & 0x7F, places >> 7))
        return [] if self._told in (None, before) else [self._told]

    def _stop(self) -> list[bytes]:
        was_on, self._on = self._on, False
        self._told = None
        return [STOP] if was_on else []
