from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from improvd.core.events import Beats, MidiEvent, Seconds, Sent, TurnEnded
from improvd.daemon.figures import RECENT, Figures
from improvd.daemon.happenings import ModelBack, PortsBack
from improvd.daemon.messages import Heard, Pong, Port, PortsOpen

if TYPE_CHECKING:
    from improvd.daemon.happenings import Happening

TURN = TurnEnded(
    turn=0,
    call_start=Seconds(1.0),
    call_end=Seconds(2.0),
    decided_at=Seconds(2.5),
    bpm=120.0,
    confidence=1.0,
    call_notes=3,
    call_beats=Beats(2.0),
    response_onset=Seconds(3.0),
    response_end=Seconds(4.0),
    response_notes=2,
    response_beats=Beats(2.0),
    lateness=Seconds(0.0),
    reason="finished",
)
PORTS = PortsOpen("null", (Port("", "null"),), Port("", "null"), "separate", "")


def seen(*happenings: Happening) -> dict:
    figures = Figures()
    for happening in happenings:
        figures.see(Seconds(9.0), happening)
    return figures.as_json()


def sent(late: float, data: bytes = b"\x90\x3c\x50") -> Sent:
    return Sent(Seconds(10.0), Seconds(10.0 + late), data)


def heard(data: bytes, *, echo: bool = False) -> Heard:
    return Heard(MidiEvent(Seconds(1.0), data), echo)


def test_notes_are_counted_and_echoes_are_not() -> None:
    found = seen(
        heard(b"\x90\x3c\x50"),
        heard(b"\x90\x3c\x00"),
        heard(b"\x90\x3c\x50", echo=True),
        sent(0.0),
        sent(0.0, b"\x80\x3c\x40"),
    )
    assert found["notes"] == {"heard": 1, "played": 1, "yielded": 0}


def test_lateness_is_told_of_the_last_thousand_and_of_all() -> None:
    late = seen(sent(0.9), *(sent(number / 1_000_000) for number in range(1, RECENT + 1)))["lateness"]
    assert (late["median"], late["p95"], late["p99"]) == pytest.approx((501e-6, 951e-6, 991e-6))
    assert late["max"] == pytest.approx(0.9)
    assert late["messages"] == RECENT + 1
    assert late["total"] == pytest.approx(0.9 + sum(range(1, RECENT + 1)) / 1e6)
    classes = dict(map(tuple, late["classes"]))
    assert classes[0.0001] in (99, 100, 101)  # the border itself may fall to either side
    assert classes[None] == 1
    assert sum(classes.values()) == RECENT + 1


def test_nothing_sent_has_no_percentiles() -> None:
    assert seen()["lateness"]["median"] is None


def test_turns_and_what_was_missed() -> None:
    found = seen(
        TURN,
        replace(TURN, reason="interrupted", lateness=Seconds(0.5)),
        replace(TURN, reason="abandoned", lateness=Seconds(0.5), response_onset=None),
    )
    assert found["turns"] == {"finished": 1, "interrupted": 1, "stopped": 0, "abandoned": 1}
    assert found["missed"] == {"notes": 0, "beats": 1, "answers": 1}


def test_what_the_ports_count_goes_on_when_they_are_started_afresh() -> None:
    found = seen(Pong(1, 2, 1), Pong(2, 3, 1), PortsBack(PORTS), Pong(3, 1, 0), ModelBack(Seconds(0.001)))
    assert (found["missed"]["notes"], found["notes"]["yielded"]) == (4, 1)
    assert found["restarts"] == {"ports": 1, "model": 1}
