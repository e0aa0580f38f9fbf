"""Keyboard, synth and JACK itself come and go while improvd plays: it waits, finds them, leaves nothing sounding."""

from __future__ import annotations

import itertools
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import wait_until
from tests.jack.stage import LAST, Duet, JackServer, Piano, melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd")

NAMED = ("--in", "keyboard:keys", "--out", "module:midi", "--seed", "1")
SHORT = melody(60, 64, 67, 72)
SOON = 3.0
"""Seconds until what is back is played on again: half a second between two looks, the rest for a busy machine."""


class Stage:
    """A keyboard and a synth, each a client of its own that can be killed and started."""

    def __init__(self) -> None:
        self._there: dict[str, Piano] = {}

    def __getitem__(self, name: str) -> Piano:
        return self._there[name]

    def bring(self, name: str) -> Piano:
        self._there[name] = Piano(name)
        return self._there[name]

    def take(self, name: str) -> None:
        self._there.pop(name).close()

    def clear(self) -> None:
        for name in list(self._there):
            self.take(name)


@pytest.fixture
def stage(server: JackServer) -> Iterator[Stage]:  # noqa: ARG001  it stands on it
    stage = Stage()
    yield stage
    stage.clear()


@pytest.fixture
def full(stage: Stage) -> Stage:
    stage.bring("keyboard")
    stage.bring("module")
    return stage


def answered(running: Duet, stage: Stage, turn: int) -> None:
    """A phrase is heard and answered as that turn, and nothing sounds afterwards."""
    stage["keyboard"].play(SHORT)
    assert "answered" in running.wait_line(f"turn {turn}: heard 4 notes")
    stage["module"].heard.wait(lambda items: not sounding(items), "silence")


def in_mid_answer(stage: Stage) -> None:
    stage["keyboard"].play(SHORT)
    stage["module"].heard.wait(well_begun, "answer")


def test_a_synth_that_goes_in_mid_answer_gets_its_offs_when_it_is_back(duet: Start, full: Stage) -> None:
    running = duet(*NAMED)
    in_mid_answer(full)
    full["module"].unplug("midi")
    running.wait_line("'module:midi' is gone; waiting for it")
    assert "(interrupted)" in running.wait_line("turn 1:")
    hanging = sounding(full["module"].heard.all())
    assert hanging
    heard, played = len(running.trace("in")), [bytes(data).hex() for _, data in SHORT]
    full["keyboard"].play(SHORT)
    wait_until(lambda: [line["data"] for line in running.trace("in")[heard:]] == played, "hearing without a synth")
    began, before = time.monotonic(), len(full["module"].heard.all())
    full["module"].plug("midi")
    back = full["module"].heard.wait(lambda items: not sounding(items), "release")
    assert back[-1].at - began < SOON
    full["module"].heard.wait(lambda items: [item.data for item in items[-3:]] == LAST, "all notes off")
    assert not any(item.is_on for item in full["module"].heard.all()[before:])  # nothing of the answer that was lost
    running.wait_line("the ports are back: hearing 'keyboard:keys', playing 'module:midi'")
    full["keyboard"].play(SHORT)
    assert "answered" in running.wait_line("turn 2:")
    assert running.end() == 0


def test_a_synth_that_is_gone_for_an_instant_is_noticed(duet: Start, full: Stage) -> None:
    running = duet(*NAMED)
    in_mid_answer(full)
    full["module"].unplug("midi")
    full["module"].plug("midi")
    running.wait_line("the ports are back")
    full["module"].heard.wait(lambda items: not sounding(items), "release")
    answered(running, full, 2)
    assert running.end() == 0


def test_a_keyboard_that_goes_takes_with_it_what_it_held(duet: Start, full: Stage) -> None:
    running = duet(*NAMED)
    in_mid_answer(full)
    full["keyboard"].send(0xB0, 64, 127)
    full["keyboard"].send(0x90, 30, 80)
    running.wait_line("turn 1:")  # by the key
    full.take("keyboard")
    running.wait_line("'keyboard:keys' is gone; waiting for it")
    full["module"].heard.wait(lambda items: not sounding(items), "release")
    began = time.monotonic()
    full.bring("keyboard")
    running.wait_line("the ports are back")
    assert time.monotonic() - began < SOON
    answered(running, full, 2)
    assert running.end() == 0


def test_a_keyboard_that_goes_in_mid_answer_ends_it(duet: Start, full: Stage) -> None:
    running = duet(*NAMED)
    in_mid_answer(full)
    full.take("keyboard")
    assert "(interrupted)" in running.wait_line("turn 1:")
    full["module"].heard.wait(lambda items: not sounding(items), "release")
    assert running.end() == 0


def test_what_is_missing_at_the_start_is_waited_for(duet: Start, stage: Stage) -> None:
    running = duet(*NAMED)
    assert "waiting for a keyboard, waiting for a synth (JACK)" in running.wait_line("ready: ")
    running.wait_line("waiting: there is no MIDI input named 'keyboard:keys': there is none at all")
    stage.bring("module")
    running.wait_line("waiting for a keyboard, playing 'module:midi'")
    stage.bring("keyboard")
    running.wait_line("the ports are back")
    answered(running, stage, 1)
    assert running.end() == 0


def test_improvds_own_ports_are_none_of_those_that_it_says_there_are(duet: Start, stage: Stage) -> None:
    stage.bring("keyboard")
    running = duet("--in", "keyboard:keys", "--out", "improvd")
    line = running.wait_line("waiting: there is no MIDI output named 'improvd'")
    assert line.endswith("there are: 'keyboard:midi'")
    assert running.end() == 0


def test_an_end_without_a_synth_does_not_wait_for_one(duet: Start, full: Stage) -> None:
    running = duet(*NAMED)
    in_mid_answer(full)
    full["module"].unplug("midi")
    running.wait_line("is gone")
    asked = time.monotonic()
    assert running.end() == 0
    assert time.monotonic() - asked < SOON
    running.wait_line("the synth is gone, and a note may sound on")


def test_jack_killed_and_started_again(fragile: JackServer, tmp_path: Path) -> None:
    stage = Stage()
    stage.bring("keyboard")
    stage.bring("module")
    running = Duet(tmp_path / "trace.jsonl", *NAMED)
    try:
        in_mid_answer(stage)
        fragile.end(signal.SIGKILL)
        running.wait_line("JACK has stopped")
        stage.clear()
        running.wait_line("waiting: JACK is not running")
        assert fragile.start()
        stage.bring("keyboard")
        module = stage.bring("module")
        began = time.monotonic()
        running.wait_line("the ports are back")
        assert time.monotonic() - began < SOON
        answered(running, stage, 2)
        assert running.end() == 0
        first = [item.data for item in itertools.takewhile(lambda item: not item.is_on, module.heard.all())]
        assert first[-3:] == LAST  # whatever may have sounded there
    finally:
        running.kill()
        stage.clear()


def test_jack_that_is_not_there_yet(fragile: JackServer, tmp_path: Path) -> None:
    fragile.end()
    running = Duet(tmp_path / "trace.jsonl", *NAMED)
    stage = Stage()
    try:
        running.wait_line("waiting: JACK is not running")
        assert fragile.start()
        stage.bring("keyboard")
        stage.bring("module")
        running.wait_line("the ports are back")
        answered(running, stage, 1)
        assert running.end() == 0
    finally:
        running.kill()
        stage.clear()


def test_jack_that_is_stopped_costs_neither_the_engine_nor_the_end(fragile: JackServer, tmp_path: Path) -> None:
    fragile.strike(signal.SIGSTOP)
    running = Duet(tmp_path / "trace.jsonl", *NAMED)
    try:
        running.wait_line("the MIDI system (JACK) does not answer: its sound server may be stopped; trying again")
        asked = time.monotonic()
        assert running.end() == 0
        assert time.monotonic() - asked < SOON
    finally:
        running.kill()


def test_jack_stopped_in_mid_answer_does_not_hold_up_the_end(fragile: JackServer, tmp_path: Path) -> None:
    stage = Stage()
    stage.bring("keyboard")
    stage.bring("module")
    running = Duet(tmp_path / "trace.jsonl", *NAMED)
    try:
        in_mid_answer(stage)
        fragile.strike(signal.SIGSTOP)
        asked = time.monotonic()
        assert running.end() == 0
        assert time.monotonic() - asked < 2 * SOON
    finally:
        fragile.strike(signal.SIGCONT)
        running.kill()
        stage.clear()
