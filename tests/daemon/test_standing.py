"""How the ports stand, in virtual time: inputs and a synth that come, go, and are exchanged, on a system of names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from improvd.core.events import Beats, Pace, PlannedNote, Play, Seconds
from improvd.core.keyboard import Keyboard
from improvd.daemon import standing as standings
from improvd.daemon.codec import decode, encode
from improvd.daemon.messages import Heard, OpenPorts, Owed, Port, PortsOpen, PortsThere, Repatch, TimePorts
from improvd.daemon.midi import LAST_PERIOD
from improvd.daemon.standing import EVERY, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.daemon.messages import Message

    Begin = Callable[..., "Stage"]

SYNTHS = {"module", "synth"}
LAST = [b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"]


class System:
    """Connects with what is ``plugged`` in; ``sent`` is what went to each synth."""

    api = "names"
    same_device = False
    waiting: tuple[str, ...] = ()

    def __init__(self, plugged: set[str]) -> None:
        self.plugged = plugged
        self.takes_more_clients = True
        self.sent: dict[str, list[bytes]] = {}
        self.there = PortsThere()
        self.time: TimePorts | None = None
        self.clicked: list[bytes] = []
        self.inputs: tuple[Port, ...] = ()
        self.output = Port("", "")
        self.want(("keys", "pads"), "synth")

    def want(self, inputs: tuple[str, ...], output: str) -> None:
        self._wanted, self._wanted_output = inputs, output

    def keep_time(self, time: TimePorts) -> None:
        self.time = time

    def look(self) -> bool:
        before = self.inputs, self.output
        self.inputs = tuple(Port(name, name if name in self.plugged else "") for name in self._wanted)
        name = self._wanted_output
        self.output = Port(name, name if name in self.plugged else "")
        self.there = PortsThere(tuple(sorted(self.plugged - SYNTHS)), tuple(sorted(self.plugged & SYNTHS)))
        return before != (self.inputs, self.output)

    def send(self, data: bytes) -> None:
        if self.output.name:
            self.sent.setdefault(self.output.name, []).append(data)

    show = send

    def click(self, data: bytes) -> None:
        self.clicked.append(data)

    def settle(self, owed: Owed) -> bool:
        if self.takes_more_clients:
            self.sent.setdefault(owed.name, []).extend(owed.data)
        return self.takes_more_clients

    def close(self) -> None:
        """Nothing to do."""


class Stage:
    """A sender and how its ports stand; what they tell the engine goes through the codec."""

    def __init__(
        self,
        *plugged: str,
        thru: bool = False,
        keys: tuple[tuple[int, int], ...] = (),
        owed: tuple[Owed, ...] = (),
        played: str = "",
    ) -> None:
        self.now = Seconds(100.0)
        self.told: list[Message] = []
        self._keyboard, self._keys, self._owed, self._played = Keyboard(thru=thru), keys, owed, played
        self.system = System(set(plugged))

    def open(self) -> None:
        order = OpenPorts(
            *("names", ("keys", "pads"), "synth", "auto", Seconds(0.05), Seconds(12.0), ()),
            keys=self._keys,
            keyboard=self._keyboard,
            owed=self._owed,
            played=self._played,
        )
        engine = SimpleNamespace(send=lambda *some: self.told.extend(decode(encode(one)) for one in some))
        self.standing = Standing(engine, order, self.system, "")
        self.sender = self.standing.open()

    def look(self) -> None:
        self.now = Seconds(self.now + EVERY)
        self.sender.send_due()
        self.standing.look(self.sender)

    def hear(self, source: str, *messages: bytes) -> list[bytes]:
        """What the engine is told by it."""
        self.told.clear()
        self.sender.inbox += [(self.now, source, list(data)) for data in messages]
        self.sender.hear()
        return self.heard()

    def plug(self, *ports: str) -> list[bytes]:
        """Just these are in from now on; what the engine is told of keys by that."""
        self.told.clear()
        self.system.plugged.clear()
        self.system.plugged.update(ports)
        self.look()
        return self.heard()

    def repatch(self, *inputs: str, output: str = "synth") -> list[bytes]:
        """Go over to other ports."""
        self.told.clear()
        self.standing.want(Repatch(inputs, output))
        self.standing.look(self.sender)
        return self.heard()

    def heard(self) -> list[bytes]:
        return [message.event.data for message in self.told if isinstance(message, Heard)]

    def stands(self) -> PortsOpen:
        return [message for message in self.told if isinstance(message, PortsOpen)][-1]

    def play(self, key: int, onset: float, offset: float) -> None:
        at = self.now
        note = PlannedNote(key, Seconds(at + onset), Seconds(at + offset), 60 + key, 80, 0)
        self.sender.obey(Play(0, (note,)))

    def keep_time(self, time: TimePorts) -> None:
        self.standing.keep_time(decode(encode(time)), self.sender)

    def sleep(self, seconds: float) -> None:
        self.now = Seconds(self.now + seconds)


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A stage whose time is what it says."""

    def make(*plugged: str, **more: object) -> Stage:
        stage = Stage(*plugged, **more)
        monkeypatch.setattr(standings, "now", lambda: stage.now)
        monkeypatch.setattr(standings, "time", SimpleNamespace(sleep=stage.sleep))
        stage.open()
        return stage

    return make


def on(pitch: int) -> bytes:
    return bytes((0x90, pitch, 80))


def off(pitch: int) -> bytes:
    return bytes((0x80, pitch, 64))


def test_each_input_comes_and_goes_by_itself(begin: Begin) -> None:
    stage = begin("keys", "synth")
    assert stage.stands().inputs == (Port("keys", "keys"), Port("pads", ""))
    assert (stage.stands().hears, stage.stands().complete) == (True, False)
    stage.plug("keys", "pads", "synth")
    assert stage.stands().complete
    stage.plug("pads", "synth")
    assert stage.stands().inputs == (Port("keys", ""), Port("pads", "pads"))
    assert stage.stands().hears
    stage.plug("synth")
    assert not stage.stands().hears


def test_an_input_that_goes_lets_go_of_its_own_and_of_nothing_else(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth", thru=True)
    stage.hear("keys", on(60), on(64), b"\xb0\x40\x7f")
    stage.hear("pads", b"\x90\x40\x60", on(67))  # at another velocity: no echo of what was passed on
    before = len(stage.system.sent["synth"])
    assert stage.plug("pads", "synth") == [off(60), b"\xb0\x40\x00"]
    assert stage.system.sent["synth"][before:] == [off(60), b"\xb0\x40\x00"]
    assert stage.hear("pads", off(64), off(67)) == [off(64), off(67)]


def test_the_last_input_takes_with_it_what_it_held(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth", thru=True)
    stage.hear("keys", on(60))
    stage.hear("pads", on(72))
    assert stage.plug("keys", "synth") == [off(72)]
    assert stage.plug("synth") == [off(60)]
    assert stage.system.sent["synth"][-1] == off(60)


def test_keys_held_as_the_process_before_ended_come_up_if_an_input_is_missing(begin: Begin) -> None:
    assert begin("keys", "synth", keys=((0, 60),)).heard() == [off(60)]
    stage = begin("keys", "pads", "synth", keys=((0, 60),))
    assert stage.heard() == []
    assert stage.hear("pads", off(60)) == [off(60)]


def test_another_synth_gets_the_rest_and_the_one_before_its_offs(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth", "module", thru=True)
    stage.play(0, 0.0, 2.0)
    stage.play(1, 0.54, 2.0)
    stage.hear("keys", on(48))
    assert stage.repatch("keys", "pads", output="module") == []
    assert stage.stands().output == Port("module", "module")
    assert stage.system.sent["synth"][-5:] == [off(48), off(60), *LAST]
    stage.look()
    assert stage.system.sent["module"] == [b"\xb0\x40\x00", on(61)]  # the player may hold what sounds there
    assert stage.hear("keys", off(48)) == [off(48)]
    stage.sender.close()
    assert stage.system.sent["module"][-4:] == [off(61), *LAST]


def test_a_synth_that_is_not_there_yet_is_waited_for(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth")
    stage.play(0, 0.0, 2.0)
    stage.repatch("keys", "pads", output="module")
    assert not stage.stands().plays
    assert stage.system.sent["synth"][-4:] == [off(60), *LAST]
    stage.plug("keys", "pads", "synth", "module")
    assert stage.stands().output == Port("module", "module")
    assert stage.system.sent["module"] == LAST


def test_keys_and_notes_end_at_a_synth_that_went_once_it_is_back_whatever_is_played_on_by_then(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth", "module", thru=True)
    stage.play(0, 0.0, 2.0)
    stage.look()
    stage.hear("keys", on(48))
    stage.plug("keys", "pads", "module")
    owed = (off(60), b"\xb0\x40\x00", off(48), *LAST)
    assert stage.stands().owed == (Owed("synth", owed),)
    stage.hear("keys", off(48))  # while nobody can pass it on
    stage.repatch("keys", "pads", output="module")
    assert stage.stands().owed == (Owed("synth", owed),)
    heard = list(stage.system.sent["synth"])
    stage.plug("keys", "pads", "module", "synth")
    assert stage.system.sent["synth"] == [*heard, *owed]
    assert stage.stands().owed == ()
    stage.look()
    assert stage.system.sent["synth"] == [*heard, *owed]  # once


def test_what_is_owed_is_paid_when_the_system_has_room_for_it(begin: Begin) -> None:
    debt = Owed("module", (off(48),))
    stage = begin("keys", "pads", "synth", "module", owed=(debt,))  # by the process before this one
    stage.system.takes_more_clients = False
    stage.look()
    assert "module" not in stage.system.sent
    stage.system.takes_more_clients = True
    stage.look()
    assert stage.system.sent["module"] == [off(48)]


def test_a_synth_that_is_played_on_again_gets_what_it_is_owed_first(begin: Begin) -> None:
    stage = begin("keys", "pads", "module", thru=True, owed=(Owed("synth", (off(48),)),))
    stage.plug("keys", "pads", "module", "synth")
    assert stage.system.sent["synth"] == [off(48)]
    stage.hear("keys", on(50))
    stage.plug("keys", "pads", "module")
    stage.repatch("keys", "pads", output="module")
    stage.repatch("keys", "pads", output="synth")
    heard = list(stage.system.sent["synth"])
    stage.plug("keys", "pads", "module", "synth")
    assert stage.system.sent["synth"][len(heard) :][:4] == [off(50), *LAST]


def test_a_synth_that_went_together_with_the_process_that_played_on_it_is_owed_too(begin: Begin) -> None:
    stage = begin("keys", "pads", "module", thru=True, keys=((0, 48),), played="synth")
    assert [owed.name for owed in stage.stands().owed] == ["synth"]
    stage.repatch("keys", "pads", output="module")
    stage.plug("keys", "pads", "module", "synth")
    assert off(48) in stage.system.sent["synth"]
    assert stage.stands().owed == ()


def test_a_synth_that_was_given_up_is_owed_nothing(begin: Begin) -> None:
    stage = begin("keys", "pads", "synth", thru=True)
    stage.hear("keys", on(48))
    stage.repatch("keys", "pads", output="module")
    heard = list(stage.system.sent["synth"])
    assert heard[-1] == off(48)
    stage.plug("keys", "pads", "synth", "module")
    assert stage.stands().owed == ()
    assert stage.system.sent["synth"] == heard


def test_an_input_that_is_given_up_lets_go_and_one_that_stays_notices_nothing(begin: Begin) -> None:
    stage = begin("keys", "pads", "drums", "synth")
    stage.hear("keys", on(60))
    stage.hear("pads", on(67))
    assert stage.repatch("keys", "drums") == [off(67)]
    assert stage.stands().inputs == (Port("keys", "keys"), Port("drums", "drums"))
    assert stage.hear("drums", on(36)) == [on(36)]
    assert stage.hear("keys", off(60)) == [off(60)]
    assert stage.system.sent == {}


def test_what_is_there_is_told_when_it_changes(begin: Begin) -> None:
    stage = begin("keys", "synth")
    assert PortsThere(("keys",), ("synth",)) in stage.told
    stage.plug("keys", "synth")
    assert stage.told == []
    stage.plug("harp", "keys", "synth")
    assert stage.told == [PortsThere(("harp", "keys"), ("synth",))]


def test_a_click_that_sounds_is_ended_where_it_sounds_before_its_port_is_given_up(begin: Begin) -> None:
    stage = begin("keys", "synth")
    stage.keep_time(TimePorts(hears=True, click=9, click_port="blocks"))
    stage.sleep(LAST_PERIOD)
    stage.standing.look(stage.sender)
    assert stage.system.time == TimePorts(hears=True, click=9, click_port="blocks")
    stage.sender.obey(Pace(stage.now, Seconds(0.5), Beats(4.0), Beats(1.0), Beats(0.0), None, running=True))
    stage.sender.send_due()
    click, end = b"\x99\x4c\x70", b"\x89\x4c\x00"
    assert stage.system.clicked == [click]
    at_the_synth = TimePorts(hears=True, click=9)
    before = len(stage.system.sent.get("synth", []))
    stage.keep_time(at_the_synth)
    assert stage.system.clicked == [click, end]
    stage.standing.look(stage.sender)
    assert stage.system.time != at_the_synth  # what was sent may be on its way
    assert stage.standing.wait(None) == pytest.approx(LAST_PERIOD)
    stage.look()
    assert stage.system.time == at_the_synth
    assert stage.system.clicked == [click, end]
    assert stage.system.sent["synth"][before:] == [b"\x99\x4d\x50"]
