"""Bound controls do what they stand for in a session; the ports process is told what it does beside the notes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from improvd.config.controls import bindings_from
from improvd.config.live import LIVE, changed
from improvd.config.options import RunOptions
from improvd.config.settings import engine_settings
from improvd.core.binding import COMMANDS, Control
from improvd.core.cues import Cue
from improvd.core.engine import Engine
from improvd.core.events import CONTROL, NOTE_ON, Beats, MidiEvent, Seconds
from improvd.core.keyboard import Keyboard
from improvd.core.turns import State
from improvd.daemon.handles import Handles
from improvd.daemon.happenings import PortsBack, PortsChanged, PortsLost, Renewed
from improvd.daemon.log import Level
from improvd.daemon.messages import Aside, Port, PortsOpen, TimePorts
from improvd.daemon.outfit import Outfit, fitting_of
from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.core.view import View

AT = Seconds(10.0)
PORTS = PortsOpen("jack", (Port("keys", "keys"),), Port("", "synth"), "separate", "")
VIEW = Engine(engine_settings(RunOptions(seed=1))).view


def options(**tables: object) -> RunOptions:
    bound = bindings_from(tables, LIVE)
    return RunOptions(seed=1, controls=tuple(binding for several in bound.values() for binding in several))


class Session:
    """What can be handled of a session, and what was done to it."""

    tap = Beats(1.0)

    def __init__(self, **tables: object) -> None:
        self.options = options(**tables)
        self.view: View = VIEW
        self.done: list[Any] = []
        self.said: list[str] = []
        self.sent: list[object] = []
        self.handles = Handles(self, lambda line, _level=Level.INFO: self.said.append(line), self.sent.append)

    def wish(self, name: str, value: object) -> None:
        if value == "baroque":
            raise UserError("the model knows no style 'baroque'")
        self.options = changed(self.options, name, value)

    def panic(self) -> None:
        self.done.append("panic")

    def mute(self, *, muted: bool) -> None:
        self.done.append(("mute", muted))
        self.view = replace(self.view, muted=muted)

    def cue(self, cue: Cue) -> None:
        self.done.append(cue)

    def transport(self) -> None:
        self.done.append("transport")

    def move(self, *data: int, at: float = 10.0) -> None:
        self.handles.hear(MidiEvent(Seconds(at), bytes(data)))


def test_a_knob_sets_an_option_and_a_pad_mutes_and_lifts_the_mute() -> None:
    session = Session(similarity={"cc": 21}, mute={"note": 36})
    for value in (0, 127):
        session.move(CONTROL, 21, value)
    assert session.options.similarity == 1.0
    for _ in range(2):
        session.move(NOTE_ON, 36, 90)
        session.move(NOTE_ON, 36, 0)
    assert session.done == [("mute", True), ("mute", False)]


def test_every_command_can_be_done_and_nothing_else() -> None:
    session = Session(**{name: {"cc": number} for number, name in enumerate(COMMANDS)})
    for number in range(len(COMMANDS)):
        session.move(CONTROL, number, 127)
    assert session.done == [("mute", True), "panic", "transport", *Cue]
    assert set(session.handles.deeds) == set(COMMANDS)
    for wrong, complaint in (
        ("agian", "there is no command 'agian'; did you mean 'again'?"),
        ("xyz", "there is no command 'xyz'; there are: mute, panic, tap, "),
        ("temperature", "temperature is an option: improvd set temperature VALUE"),
    ):
        with pytest.raises(UserError, match=re.escape(complaint)):
            session.handles.press(wrong, AT)


def test_a_tempo_is_tapped_within_what_the_option_takes() -> None:
    session = Session(tap={"note": 38})
    for tap in range(3):
        session.move(NOTE_ON, 38, 90, at=10.0 + tap * 0.5)
    assert session.options.bpm == 120.0
    for tap in range(5):
        session.move(NOTE_ON, 38, 90, at=20.0 + tap * 0.11)
    assert session.options.bpm == 400.0


def test_what_cannot_be_done_is_told_in_a_line() -> None:
    session = Session(style={"program": 1, "value": "baroque"})
    session.move(0xC0, 0)
    assert session.said == ["the model knows no style 'baroque'"]


def test_another_map_holds_from_when_it_is_read_and_the_same_one_forgets_nothing() -> None:
    session = Session(similarity={"cc": 21})
    session.move(CONTROL, 21, 0)
    session.handles.see(AT, Renewed(session.options, engine_settings(session.options)))
    session.move(CONTROL, 21, 127)  # past what holds, from where it was
    assert session.options.similarity == 1.0
    other = options(similarity={"cc": 22})
    session.handles.see(AT, Renewed(other, engine_settings(other)))
    assert not session.handles.binds(MidiEvent(AT, bytes((CONTROL, 21, 0))))
    assert session.handles.binds(MidiEvent(AT, bytes((CONTROL, 22, 0))))


def test_what_changes_of_the_outfit_is_told_and_nothing_twice() -> None:
    sent: list[object] = []
    first = options()
    outfit = Outfit(first, sent.append)
    assert outfit.order() == fitting_of(first)
    outfit.see(AT, PortsChanged(PORTS))
    second = replace(options(mute={"cc": 21}), program=5)
    for _ in range(2):
        outfit.see(AT, Renewed(second, engine_settings(second)))
    assert sent == [Keyboard((Control(CONTROL, 21),)), Aside((b"\xc0\x04",), choosing=True)]


def test_time_is_kept_otherwise_as_soon_as_that_is_wished() -> None:
    sent: list[object] = []
    outfit = Outfit(options(), sent.append)
    outfit.see(AT, PortsChanged(PORTS))
    wished = replace(options(), click=True, click_out="blocks", clock_in="drums", clock_out=True)
    for _ in range(2):
        outfit.see(AT, Renewed(wished, engine_settings(wished)))
    time = TimePorts(hears=True, source="drums", sends=True, click=9, click_port="blocks")
    assert sent == [time]
    assert outfit.order().time == time


def test_what_is_wished_while_there_is_no_process_is_told_to_the_next() -> None:
    sent: list[object] = []
    outfit = Outfit(options(), sent.append)
    outfit.see(AT, PortsChanged(PORTS))
    outfit.see(AT, PortsLost())
    assert outfit.order().time == TimePorts(hears=True)
    wished = replace(options(), clock_out=True)
    outfit.see(AT, Renewed(wished, engine_settings(wished)))
    assert sent == []
    outfit.see(AT, PortsBack(PORTS))
    assert sent == [TimePorts(hears=True, sends=True)]


def test_lamps_on_another_channel_go_out_on_the_one_before() -> None:
    sent: list[object] = []
    first = replace(options(), state_channel=16)
    outfit = Outfit(first, sent.append)
    outfit.see(AT, PortsChanged(PORTS))
    outfit.see(AT, replace(VIEW, state=State.CALL))
    sent.clear()
    second = replace(first, state_channel=15)
    outfit.see(AT, Renewed(second, engine_settings(second)))
    assert sent == [
        TimePorts(hears=True, beat=14),
        Aside((b"\xbf\x66\x00", b"\xbf\x67\x00", b"\xbf\x68\x00")),
        Aside((b"\xbe\x66\x7f", b"\xbe\x67\x00", b"\xbe\x68\x00")),
    ]
    third = replace(first, state_channel=None)
    outfit.see(AT, Renewed(third, engine_settings(third)))
    outfit.see(AT, VIEW)
    assert sent[3:] == [
        TimePorts(hears=True),
        Aside((b"\xbe\x66\x00", b"\xbe\x67\x00", b"\xbe\x68\x00")),
    ]


def test_the_lamps_are_lit_anew_where_a_port_came_or_went() -> None:
    sent: list[object] = []
    outfit = Outfit(replace(options(), state_channel=16), sent.append)
    outfit.see(AT, VIEW)
    assert sent == []  # nobody is known to be there
    outfit.see(AT, PortsChanged(PORTS))
    outfit.see(AT, replace(VIEW, state=State.CALL))
    outfit.see(AT, replace(VIEW, state=State.THINKING))
    all_of_it = Aside((b"\xbf\x66\x00", b"\xbf\x67\x7f", b"\xbf\x68\x00"))
    assert sent == [
        Aside((b"\xbf\x66\x7f", b"\xbf\x67\x00", b"\xbf\x68\x00")),
        Aside((b"\xbf\x66\x00", b"\xbf\x67\x7f")),
    ]
    outfit.see(AT, PortsChanged(PORTS))
    assert sent[2:] == [all_of_it]


def test_without_a_channel_nothing_is_lit() -> None:
    sent: list[object] = []
    outfit = Outfit(options(), sent.append)
    outfit.see(AT, VIEW)
    outfit.see(AT, PortsChanged(PORTS))
    assert sent == []


def test_controls_that_follow_are_told_at_their_port_what_holds() -> None:
    session = Session(
        similarity={"cc": 21, "follows": True, "low": 0, "high": 1}, mute={"note": 36, "follows": True}, bpm={"cc": 22}
    )

    def renewed() -> Renewed:
        return Renewed(session.options, engine_settings(session.options))

    session.handles.see(AT, renewed())
    assert session.sent == []  # nobody is known to be there
    session.handles.see(AT, PortsChanged(PORTS))
    assert session.sent == [Aside((b"\xb0\x15\x40", b"\x90\x24\x00"), controls=True)]
    session.wish("similarity", 1)
    session.handles.see(AT, renewed())
    session.handles.see(AT, renewed())
    assert session.sent[1:] == [Aside((b"\xb0\x15\x7f",), controls=True)]
    session.move(NOTE_ON, 36, 90)
    assert session.sent[2:] == [Aside((b"\x90\x24\x7f",), controls=True)]
    session.move(CONTROL, 21, 0)  # at once, though it passed nothing
    assert session.options.similarity == 0
    session.handles.see(AT, renewed())
    assert session.sent[3:] == []
    session.handles.see(AT, PortsChanged(PORTS))
    assert session.sent[3:] == [Aside((b"\xb0\x15\x00", b"\x90\x24\x7f"), controls=True)]


def test_a_fader_whose_wish_is_refused_goes_back() -> None:
    session = Session(**{"min-bars": {"cc": 21, "follows": True, "low": 1, "high": 64}})
    session.handles.see(AT, PortsChanged(PORTS))
    session.move(CONTROL, 21, 127, at=20.0)  # more than max-bars
    assert len(session.said) == 1
    assert session.sent == [Aside((b"\xb0\x15\x00",), controls=True)] * 2
