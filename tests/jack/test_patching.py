"""Several inputs as one keyboard, and ports exchanged while improvd plays, over real JACK ports."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from improvd.control import place
from improvd.control.client import Connection
from improvd.errors import UserError
from tests.daemon.running import PATIENCE, PLACES, wait_until
from tests.jack.stage import LAST, Duet, JackServer, Piano, melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., Duet]
    Bring = Callable[[str], Piano]

pytestmark = pytest.mark.needs("jackd")

SHORT = melody(60, 64, 67, 72)
PLAIN = ("--out", "module:midi", "--seed", "1", "--no-record")


@pytest.fixture
def bring(server: JackServer) -> Iterator[Bring]:  # noqa: ARG001  they stand on it
    there: list[Piano] = []

    def make(name: str) -> Piano:
        there.append(Piano(name))
        return there[-1]

    yield make
    for piano in there:
        piano.close()


def test_one_of_two_keyboards_is_unplugged_with_a_key_held(duet: Start, bring: Bring) -> None:
    """What it held comes up, at the synth too; the other plays on, and is answered."""
    keys, pads, module = bring("keyboard"), bring("pads"), bring("module")
    running = duet(*PLAIN, "--in", "keyboard:keys", "--in", "pads:keys", "--thru")
    assert "hearing 'keyboard:keys' and 'pads:keys', playing 'module:midi'" in running.wait_line("ready: ")
    pads.send(0x90, 40, 80)
    keys.send(0x90, 30, 81)
    module.heard.wait(lambda items: {(0, 40), (0, 30)} <= sounding(items), "both keys, passed on")
    pads.unplug("keys")
    running.wait_line("'pads:keys' is gone; waiting for it")
    module.heard.wait(lambda items: sounding(items) == {(0, 30)}, "way up of what is unplugged, and of that alone")
    wait_until(lambda: running.trace("in")[-1]["data"] == "802840", "line of the trace")
    keys.send(0x80, 30, 64)
    pads.plug("keys")
    running.wait_line("the ports are back: hearing 'keyboard:keys' and 'pads:keys'")
    keys.play(SHORT[:4])
    pads.play(SHORT[4:])
    running.wait_line("answered")
    module.heard.wait(lambda items: not sounding(items), "silence")
    assert running.end() == 0


def test_another_synth_and_another_keyboard_in_mid_answer(duet: Start, bring: Bring) -> None:
    keys, pads, module, organ = bring("keyboard"), bring("pads"), bring("module"), bring("organ")
    running = duet(*PLAIN, "--in", "keyboard:keys")
    with closing(connected(running)) as session:
        there = session.ask("ports")
        assert {"organ:midi", "module:midi"} <= set(there["available"]["outputs"])
        assert {"keyboard:keys", "pads:keys"} <= set(there["available"]["inputs"])
        assert not any("improvd" in name for names in there["available"].values() for name in names)
        session.ask("watch", what=["ports"])
        keys.play(SHORT)
        module.heard.wait(well_begun, "answer")
        with pytest.raises(UserError, match="there is no MIDI output named 'orgel'"):
            session.ask("set", name="out", value="orgel")
        session.ask("set", name="out", value="organ")
        module.heard.wait(lambda items: [item.data for item in items[-3:]] == LAST and not sounding(items), "end there")
        organ.heard.wait(lambda items: any(item.is_on for item in items), "the rest of the answer")
        session.ask("set", name="in", value="keyboard:keys; pads")
        running.wait_line("hearing 'keyboard:keys' and 'pads:keys', playing 'organ:midi'")
        assert "(finished)" in running.wait_line("turn 1: heard 4 notes")
        told = next(event["ports"] for event in session.events(PATIENCE) if len(event["ports"]["inputs"]) == 2)
        assert [port["name"] for port in told["inputs"]] == ["keyboard:keys", "pads:keys"]
    pads.play(SHORT)
    running.wait_line("turn 2: heard 4 notes")
    organ.heard.wait(lambda items: not sounding(items), "silence")
    assert running.end() == 0
    assert not sounding(module.heard.all())
    assert running.trace("turn")[0]["lateness"] == 0.0


def test_a_key_that_comes_up_while_its_synth_is_away_does_not_sound_on_there(duet: Start, bring: Bring) -> None:
    """Not though another synth is played on by then, and the ports process that knew of it is gone."""
    keys, module, organ = bring("keyboard"), bring("module"), bring("organ")
    running = duet(*PLAIN, "--in", "keyboard:keys", "--thru")
    keys.send(0x90, 30, 81)
    module.heard.wait(lambda items: sounding(items) == {(0, 30)}, "key, passed on")
    module.unplug("midi")
    running.wait_line("'module:midi' is gone; waiting for it")
    keys.send(0x80, 30, 64)
    wait_until(lambda: running.trace("in")[-1]["data"] == "801e40", "line of the trace")
    with closing(connected(running)) as session:
        session.ask("set", name="out", value="organ")
        running.wait_line("hearing 'keyboard:keys', playing 'organ:midi'")
        os.kill(running.child("daemon.ports"), signal.SIGKILL)
        running.wait_line("the ports are back: hearing 'keyboard:keys', playing 'organ:midi'")
    assert sounding(module.heard.all()) == {(0, 30)}
    module.plug("midi")
    module.heard.wait(lambda items: not sounding(items), "way up of the key")
    keys.play(SHORT)
    organ.heard.wait(well_begun, "answer")
    assert running.end() == 0
    assert not sounding(organ.heard.all())


def test_an_end_while_a_key_sounds_at_a_synth_that_went_says_so(duet: Start, bring: Bring) -> None:
    keys, module, organ = bring("keyboard"), bring("module"), bring("organ")
    running = duet(*PLAIN, "--in", "keyboard:keys", "--thru")
    keys.send(0x90, 30, 81)
    module.heard.wait(lambda items: sounding(items) == {(0, 30)}, "key, passed on")
    module.unplug("midi")
    running.wait_line("'module:midi' is gone; waiting for it")
    with closing(connected(running)) as session:
        session.ask("set", name="out", value="organ")
        running.wait_line("hearing 'keyboard:keys', playing 'organ:midi'")
    assert running.end() == 0
    running.wait_line("the synth is gone, and a note may sound on")
    assert not sounding(organ.heard.all())


def test_a_port_of_its_own_becomes_another_and_back(duet: Start, bring: Bring) -> None:
    keys, module = bring("keyboard"), bring("module")
    running = duet(*PLAIN)
    assert "hearing 'improvd in'" in running.wait_line("ready: ")
    with closing(connected(running)) as session:
        for value, name in (("keyboard", "keyboard:keys"), ("", "improvd in"), ("keyboard", "keyboard:keys")):
            session.ask("set", name="in", value=value)
            wait_until(lambda name=name: session.ask("ports")["inputs"][0]["name"] == name, name)
    keys.play(SHORT)
    module.heard.wait(lambda items: any(item.is_on for item in items), "answer")
    assert running.end() == 0
    assert not sounding(module.heard.all())


def connected(running: Duet) -> Connection:
    """With that session, of all that may be running."""
    for path in place.alive(Path(PLACES) / "improvd"):
        session = Connection(path)
        if session.ask("status")["pid"] == running.process.pid:
            return session
        session.close()
    raise AssertionError("no socket")
