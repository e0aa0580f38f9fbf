"""Knobs, pads, pedals and what is passed on, over real JACK ports."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import PATIENCE, Running, wait_until
from tests.jack.stage import BEAT, Duet, Heard, Player, Synth, melody, perform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd")

NAMED = ("--in", "player", "--out", "synth", "--seed", "1")


def test_a_knob_changes_an_option_once_it_has_passed_its_value(duet: Start, player: Player, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[controls]\nsimilarity = { cc = 21 }\nmute = { note = 36 }\n")
    running = duet(*NAMED, "--no-record", "--config", str(config))
    for value in (10, 40, 70, 127):
        player.send(0xB0, 21, value)
    wait_until(lambda: len(running.trace("settings")) >= 2, "settings")
    player.send(0x90, 36, 90)
    player.send(0x80, 36, 0)
    wait_until(lambda: "mute" in [event["what"] for event in running.trace("event")], "mute")
    assert running.end() == 0
    told = [line["settings"]["similarity"] for line in running.trace("settings")]
    assert told == [pytest.approx(70 / 127, abs=1e-3), 1.0]
    assert all(line["control"] for line in running.trace("in"))


def test_a_control_that_follows_is_told_at_a_port_of_its_own_whenever_that_is_there(
    duet: Start, player: Player, synth: Synth, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        "[controls]\nsimilarity = [{ cc = 21, follows = true }, { note = 36, value = 1.0 }]\n"
        "mute = { note = 37, follows = true }\n"
    )
    running = duet(*NAMED, "--no-record", "--config", str(config), "--controls-out", "faders")
    faders = Synth("faders")
    try:
        faders.heard.wait(lambda items: [item.data for item in items] == [b"\xb0\x15\x40", b"\x90\x25\x00"], "all")
        player.send(0x90, 36, 90)
        faders.heard.wait(lambda items: items[-1].data == b"\xb0\x15\x7f", "fader that moves")
        for value in (120, 100):  # by hand, which leads at once and is told nothing
            player.send(0xB0, 21, value)
        player.send(0x90, 37, 90)
        faders.heard.wait(lambda items: items[-1].data == b"\x90\x25\x7f", "lamp")
        assert len(faders.heard.all()) == 4
        assert running.end() == 0
    finally:
        faders.close()
    told = [line["settings"]["similarity"] for line in running.trace("settings")]
    assert told == [1.0, pytest.approx(120 / 127, abs=1e-3), pytest.approx(100 / 127, abs=1e-3)]
    assert not [item for item in synth.heard.all() if item.data[:2] in (b"\xb0\x15", b"\x90\x25")]


def test_thru_passes_keys_and_pedals_at_once_and_lets_go_of_them_at_the_end(
    duet: Start, player: Player, synth: Synth, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("thru = true\ntranspose = 12\n[controls]\nmute = { note = 36 }\n")
    running = duet(*NAMED, "--config", str(config))
    before = len(synth.heard.all())
    struck: list[float] = []

    def press(*data: int) -> None:
        at = player.send(*data)
        if data[0] == 0x90:
            struck.append(at)

    perform([*melody(60, 62, 64, 65), (3.9 * BEAT, (0xB0, 64, 127)), (4.0 * BEAT, (0x90, 36, 90))], press)
    player.send(0x90, 67, 80)
    passed = synth.heard.wait(lambda items: any(item.data == b"\x90\x4f\x50" for item in items), "last key")[before:]
    assert running.end() == 0
    assert b"\x90\x30\x5a" not in [message.data for message in passed]
    ons = [message for message in passed if message.is_on][:4]
    assert [message.data[1] for message in ons] == [72, 74, 76, 77]
    assert median(message.at - at for message, at in zip(ons, struck[:4], strict=True)) < 0.05
    synth.wait_silence()
    synth.wait_last()
    assert [line["data"] for line in running.trace("out") if line["data"].startswith("9048")] == []


def test_the_sound_is_chosen_when_the_synth_is_found_and_the_state_is_told(
    duet: Start, player: Player, synth: Synth
) -> None:
    running = duet(*NAMED, "--channel", "3", "--program", "13", "--bank", "129", "--state-channel", "16")
    synth.heard.wait(lambda items: lamps(items) == [(102, 127), (103, 0), (104, 0)], "state")
    chosen = [message.data for message in synth.heard.all()]
    assert chosen[chosen.index(b"\xb2\x00\x01") :][:3] == [b"\xb2\x00\x01", b"\xb2\x20\x01", b"\xc2\x0c"]
    player.play(melody(60, 64, 67, 72))
    synth.heard.wait(lambda items: (104, 127) in lamps(items), "answer")
    assert running.end() == 0
    told = lamps(synth.heard.all())
    assert told[told.index((102, 0)) :][:4] == [(102, 0), (103, 127), (103, 0), (104, 127)]


def lamps(messages: list[Heard]) -> list[tuple[int, int]]:
    """What the state's controllers said, but for the beat's."""
    return [(item.data[1], item.data[2]) for item in messages if item.data[0] == 0xBF and 102 <= item.data[1] <= 104]


def wiggle(player: Player, learning: Running, number: int) -> None:
    """Turn a knob to and fro until somebody has learnt it: nobody knows from when on it is heard."""
    limit = time.monotonic() + PATIENCE
    value = 0
    while learning.process.poll() is None and time.monotonic() < limit:
        value = (value + 1) % 128
        player.send(0xB2, number, value)
        time.sleep(0.02)  # a hand is no quicker


def test_a_control_is_learnt_by_moving_it(duet: Start, player: Player, tmp_path: Path) -> None:
    """First without a session, then through the one that runs, which goes by it at once."""
    config = tmp_path / "config.toml"
    config.write_text("# mine\n")
    words = ["-m", "improvd", "learn", "--config", str(config), "--in", "player", "--api", "jack"]
    alone = Running([*words, "similarity"])
    alone.wait_line("listening to 'player:keys'")
    wiggle(player, alone, 22)
    assert alone.wait() == 0
    assert config.read_text() == "# mine\n\n[controls]\nsimilarity = {cc = 22, channel = 3}\n"

    running = duet(*NAMED, "--no-record", "--config", str(config))
    through = Running([*words, "temperature"])
    through.wait_line("turn the knob")
    wiggle(player, through, 23)
    assert through.wait() == 0
    through.wait_line("settings read again: 2 controls bound at once")
    for value in (0, 127):
        player.send(0xB2, 23, value)
    wait_until(lambda: [line["settings"]["temperature"] for line in running.trace("settings")][-1:] == [2.0], "2.0")
    assert running.end() == 0
