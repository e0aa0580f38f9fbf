"""The duet between separate processes on real JACK ports, with the model that ships."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import PATIENCE, environment, is_alive, wait_until
from tests.jack.stage import BEAT, Duet, Heard, Piano, Player, Synth, chords_with_pedal, melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd")

NAMED = ("--in", "player", "--out", "synth", "--seed", "1")
PHRASE = melody(60, 62, 64, 65, 67, 69, 71, 72)
SHORT = melody(60, 64, 67, 72)
CHORDS = chords_with_pedal((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))


def assert_answered(duet: Duet, synth: Synth, began: float) -> None:
    """What was heard is what was planned, long enough, on the player's beats, and nothing sounds at the end."""
    assert duet.end() == 0
    sent, heard = duet.trace("out"), synth.wait_last()
    assert [message.data.hex() for message in heard] == [message["data"] for message in sent]
    assert not sounding(heard)
    assert all(earlier["planned"] <= later["planned"] for earlier, later in pairwise(sent))

    (turn,) = duet.trace("turn")
    assert turn["reason"] == "finished"
    ons = [message for message in heard if message.is_on]
    assert len(ons) == turn["response_notes"] >= 4
    assert turn["response_beats"] >= turn["call_beats"] / 2
    last_off = max(message.at for message in heard if message.is_off)
    assert last_off - ons[0].at >= (turn["call_end"] - turn["call_start"]) / 2

    assert turn["bpm"] == pytest.approx(100, rel=0.03)
    in_beats = (turn["response_onset"] - began) / BEAT
    assert abs(in_beats - round(in_beats)) < 0.15

    planned = [message["planned"] for message in sent]
    shuffled = random.Random(1).sample(planned, len(planned))  # noqa: S311  no secret
    late = median(abs(message.at - at) for message, at in zip(heard, planned, strict=True))
    control = median(abs(message.at - at) for message, at in zip(heard, shuffled, strict=True))
    assert late < 0.05
    assert late < control / 10


def test_a_phrase_is_answered_on_its_beat(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED)
    began = player.play(PHRASE)
    running.wait_line("turn 1: heard 8 notes")
    assert_answered(running, synth, began)


def test_chords_with_pedal_are_answered(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED)
    began = player.play(CHORDS)
    running.wait_line("turn 1: heard 12 notes")
    assert_answered(running, synth, began)


def test_who_plays_into_an_answer_is_listened_to(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED)
    player.play(SHORT)
    synth.heard.wait(well_begun, "answer")
    player.play(melody(48, 52, 55, 60, 64))
    running.wait_line("turn 1:")
    running.wait_line("turn 2: heard 5 notes")
    assert running.end() == 0
    first, second = running.trace("turn")
    assert (first["reason"], second["reason"]) == ("interrupted", "finished")
    struck = next(message["at"] for message in running.trace("in") if message["data"].startswith("9030"))
    assert second["call_start"] == struck
    messages = [message for message in running.trace("out") if message["actual"] < second["response_onset"] - 0.1]
    assert all(message["actual"] - struck < 0.05 for message in messages)
    assert not sounding(Heard(message["actual"], bytes.fromhex(message["data"])) for message in messages)
    assert not sounding(synth.wait_last())


def test_sigterm_in_mid_answer_leaves_nothing_sounding(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED)
    player.play(SHORT)
    synth.heard.wait(well_begun, "answer")
    assert running.end() == 0
    assert not sounding(synth.wait_last())


def test_settings_read_again_in_mid_answer_cut_no_note(
    duet: Start, player: Player, synth: Synth, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.touch()
    running = duet(*NAMED, "--config", str(config))
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    config.write_text("channel = 4\ntemperature = 0.5\n")
    running.process.send_signal(signal.SIGHUP)
    running.wait_line("settings read again: temperature 0.5 at once; channel 4 from the next call")
    running.wait_line("turn 1:")
    player.play(SHORT)
    running.wait_line("turn 2:")
    assert running.end() == 0
    heard = synth.heard.wait(lambda items: items[-1].data == bytes((0xB3, 123, 0)), "last message of either channel")
    assert not sounding(heard)
    first, second = running.trace("turn")
    assert (first["reason"], second["reason"]) == ("finished", "finished")
    assert first["response_beats"] >= first["call_beats"] / 2
    channels = [message.data[0] & 0x0F for message in heard if message.is_on]
    assert channels == [0] * first["response_notes"] + [3] * second["response_notes"]


def test_without_names_it_has_ports_of_its_own_to_connect(duet: Start, player: Player, synth: Synth) -> None:
    running = duet("--seed", "1")
    for source, target in (("player:keys", "improvd-in:improvd in"), ("improvd-out:improvd out", "synth:midi")):
        subprocess.run(["jack_connect", source, target], check=True, capture_output=True)
    player.play(SHORT)
    running.wait_line("turn 1: heard 4 notes")
    assert len(synth.ons()) >= 4
    assert running.end() == 0
    assert not sounding(synth.wait_last())


def improvd(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "improvd", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False)


def test_ports_are_listed(player: Player, synth: Synth) -> None:  # noqa: ARG001  they are what is listed
    jack = json.loads(improvd("ports", "--json").stdout)["jack"]
    assert jack == {"inputs": ["player:keys"], "outputs": ["synth:midi"], "problem": None}


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (("--in", "plyer", "--out", "synth"), "no MIDI input named 'plyer'; did you mean 'player:keys'?"),
        (("--in", "player", "--out", "organ"), "no MIDI output named 'organ'; there are: 'synth:midi'"),
    ],
)
def test_an_unknown_port_is_waited_for_with_a_line_of_what_there_is(
    duet: Start,
    player: Player,  # noqa: ARG001  its port is there
    synth: Synth,  # noqa: ARG001  as above
    names: tuple[str, ...],
    complaint: str,
) -> None:
    running = duet(*names)
    assert complaint in running.wait_line("waiting: ")
    assert running.end() == 0


@pytest.mark.parametrize("role", ["daemon.ports", "daemon.worker"])
def test_a_child_killed_in_mid_answer_is_replaced(duet: Start, player: Player, synth: Synth, role: str) -> None:
    running = duet(*NAMED)
    player.play(SHORT)
    synth.heard.wait(well_begun, "answer")
    os.kill(running.child(role), signal.SIGKILL)
    running.wait_line("the ports are back" if role == "daemon.ports" else "the model is back")
    running.wait_line("turn 1:")
    synth.wait_silence()
    player.play(SHORT)
    running.wait_line("turn 2: heard 4 notes, ")
    assert running.end() == 0
    assert running.trace("turn")[1]["response_notes"] >= 4
    assert not sounding(synth.wait_last())


def test_the_engine_killed_in_mid_answer_leaves_nothing_sounding(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED)
    player.play(SHORT)
    synth.heard.wait(well_begun, "answer")
    children = [running.child("daemon.ports"), running.child("daemon.worker")]
    running.kill()
    wait_until(lambda: not any(map(is_alive, children)), "end of the children")
    assert not sounding(synth.wait_last())


def cuts(duet: Duet, pitch: int, first: str) -> list[str]:
    """What was sent after the ``first`` of what the player holds was heard, and would end that key or the pedal.

    Until it was heard, the same pitch may have come to its own end.
    """
    held = next(line["at"] for line in duet.trace("in") if line["data"] == first)
    let_go = [line["at"] for line in duet.trace("in") if line["data"] == f"80{pitch:02x}40" and line["at"] > held]
    sent = [line for line in duet.trace("out") if held < line["actual"] < min(let_go, default=math.inf)]
    messages = [Heard(line["actual"], bytes.fromhex(line["data"])) for line in sent]
    return [
        message.data.hex()
        for message in messages
        if (message.is_off and message.data[1] == pitch)
        or (message.data[0] & 0xF0 == 0xB0 and message.data[1] in (64, 120, 123))
    ]


def ours_that_sounds(piano: Piano) -> int:
    """A pitch of the answer that sounds now."""
    return min(sounding(piano.heard.wait(well_begun, "answer")))[1]


def test_a_key_held_on_the_instrument_we_play_is_never_cut(duet: Start, piano: Piano) -> None:
    running = duet("--in", "piano", "--out", "piano", "--seed", "1")
    piano.play(SHORT)
    pitch = ours_that_sounds(piano)
    piano.send(0x90, pitch, 99)
    running.wait_line("turn 1:")
    piano.heard.wait(lambda items: sounding(items) <= {(0, pitch)}, "release of all but what is held")
    piano.send(0x80, pitch, 64)
    piano.heard.wait(lambda items: not sounding(items), "end of the held note")
    assert running.end() == 0
    assert not cuts(running, pitch, f"90{pitch:02x}63")


def test_a_key_and_a_pedal_held_at_the_end_are_not_cut_either(duet: Start, piano: Piano) -> None:
    running = duet("--in", "piano", "--out", "piano", "--seed", "1")
    piano.play(SHORT)
    pitch = ours_that_sounds(piano)
    piano.send(0xB0, 64, 127)
    piano.send(0x90, pitch, 99)
    running.wait_line("turn 1:")
    assert running.end() == 0
    assert not cuts(running, pitch, f"90{pitch:02x}63")
    assert sounding(piano.heard.all()) <= {(0, pitch)}
