"""Answers to a player who pedals, and to one who doesn't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from improvd.core.events import CONTROL, SUSTAIN, Continuation, Generate, MidiEvent, Seconds
from improvd.core.pedalling import Pedal
from tests.core.room import Room
from tests.partners import Steady, keys, pedal

CHORD = (48, 55, 64, 60)


class Arpeggios(Steady):
    """Breaks one chord over and over; ``pedalled`` as its style may be."""

    pedalled = False

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        at, plain = super().answer(asked_at, request)
        notes = [replace(note, pitch=CHORD[number % 4]) for number, note in enumerate(plain.notes)]
        return at, replace(plain, notes=tuple(notes), pedalled=self.pedalled)


def call(*, pedalled: bool) -> list[MidiEvent]:
    """Eight quavers at 120; the pedal, if any, is renewed once and comes up after the last."""
    notes = keys(*((1.0 + n * 0.25, 1.2 + n * 0.25, CHORD[n % 4]) for n in range(8)))
    feet = [pedal(1.05, down=True), pedal(2.0, down=False), pedal(2.05, down=True), pedal(3.2, down=False)]
    return sorted([*notes, *(feet if pedalled else [])], key=lambda event: event.at)


def answered(*, pedalled: bool, style: bool = False, until: float = 20.0, **settings: object) -> Room:
    room = Room(**settings)
    room.partner = Arpeggios()
    room.partner.pedalled = style
    room.play(until, None, *((event.at, event.data) for event in call(pedalled=pedalled)))
    assert room.turns or until < 20.0
    return room


def feet(room: Room) -> list[int]:
    """What our pedal did, in order, before the end."""
    return [one.data[2] for one in room.sent if one.data[0] & 0xF0 == CONTROL and one.data[1] == SUSTAIN]


@pytest.mark.parametrize(
    ("setting", "pedalled", "style", "used"),
    [
        (Pedal.AUTO, True, False, True),
        (Pedal.AUTO, False, False, False),
        (Pedal.AUTO, False, True, True),
        (Pedal.ON, False, False, True),
        (Pedal.OFF, True, True, False),
    ],
)
def test_the_pedal_is_used_where_the_player_the_style_or_the_option_has_it(
    setting: Pedal, pedalled: bool, style: bool, used: bool
) -> None:
    room = answered(pedalled=pedalled, style=style, pedal=setting)
    assert bool(feet(room)) is used
    assert feet(room) == [127, 0] * (len(feet(room)) // 2)
    room.close()


def test_who_breaks_in_finds_no_pedal_of_ours_down() -> None:
    room = answered(pedalled=True, until=5.0)
    assert feet(room)[-1] == 127
    room.play(5.1, None, (5.05, bytes((0x90, 72, 80))))
    assert feet(room)[-1] == 0
    room.close()
