"""In an Ableton Link session over a real network, with another peer in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

import pytest

from improvd.daemon.child import module
from improvd.rehearsal.replay import Replay, read_trace
from tests.daemon.running import environment, wait_until
from tests.jack.clocks import struck
from tests.jack.link import OLDER, LinkPeer, network_of_peers
from tests.jack.stage import melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.jack.stage import Duet, JackServer, Player, Synth

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd", "aalink")

SHARING = ("--in", "player", "--out", "synth", "--seed", "1", "--sync", "link")
PHRASE = melody(60, 64, 67, 72, 67, 64, beat=0.23)


@pytest.fixture(scope="module")
def _network(server: JackServer) -> Iterator[None]:  # noqa: ARG001  which stands on the machine's own
    """A network on which peers find each other."""
    with network_of_peers():
        yield


@pytest.fixture
def peer(_network: None) -> Iterator[LinkPeer]:
    peer = LinkPeer(120.0)
    peer.grow_older()
    yield peer
    peer.close()


def told(*command: str) -> str:
    """What a command says that talks to the session."""
    run = [sys.executable, "-m", "improvd", *command]
    return subprocess.run(run, capture_output=True, text=True, check=True, env=environment()).stdout


def off_the_bar(peer: LinkPeer, at: float) -> float:
    """Seconds between a time and the nearest bar line of the peer's."""
    beat = peer.beat_at(at)
    return abs(beat - 4 * round(beat / 4)) * 60 / peer.seen.all()[-1].bpm


def test_answers_keep_to_the_peers_beat_and_follow_its_tempo(
    duet: Start, player: Player, synth: Synth, peer: LinkPeer, tmp_path: Path
) -> None:
    running = duet(*SHARING, "--bpm", "80")
    running.wait_line("link, 1 peer")
    peer.wait(others=1, bpm=120.0)  # who comes takes the tempo that there is
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    peer.tell("tempo 135")
    running.wait_line("turn 1: heard 6 notes")
    player.play(PHRASE)
    running.wait_line("turn 2: heard 6 notes")
    assert running.end() == 0
    first, second = running.trace("turn")
    assert first["reason"] == second["reason"] == "finished"
    assert second["bpm"] == pytest.approx(135.0, rel=1e-4)
    assert off_the_bar(peer, first["response_onset"]) < 0.003
    assert off_the_bar(peer, second["response_onset"]) < 0.003
    changed = next(seen.at for seen in peer.seen.all() if seen.bpm == pytest.approx(135.0, rel=1e-4))
    notes = [note for note in struck(running.trace()) if not changed - 0.05 < note.planned < changed + 0.1]
    # From the beat that a note was meant for to the beat of the peer's on which it fell there are whole beats.
    apart = [peer.beat_at(note.planned) - note.beat for note in notes]
    astray = [abs(beats - round(beats)) * 0.5 for beats in apart]
    again = Replay(read_trace(tmp_path / "trace.jsonl")).perform()
    assert [turn.response_onset for turn in again.turns] == [first["response_onset"], second["response_onset"]]
    assert len(notes) > 8
    assert median(astray) < 0.001
    assert max(astray) < 0.005
    assert not sounding(synth.wait_last())


def test_a_stop_silences_at_once_and_the_peers_leave_no_note_behind(
    duet: Start, player: Player, synth: Synth, peer: LinkPeer
) -> None:
    running = duet(*SHARING)
    running.wait_line("link, 1 peer")
    peer.tell("playing 1")
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    stopped = peer.tell("playing 0")
    running.wait_line("link, 1 peer, stopped")
    synth.wait_silence()
    wait_until(lambda: running.trace("turn"), "line of the trace")
    (turn,) = running.trace("turn")
    assert turn["reason"] == "stopped"
    assert turn["response_end"] - stopped < 0.3
    player.play(PHRASE)
    peer.tell("playing 1")
    running.wait_line("link, 1 peer", count=3)
    player.play(PHRASE)
    running.wait_line("turn 2:")
    assert running.end() == 0
    assert not sounding(synth.wait_last())


def test_a_peer_that_vanishes_takes_no_beat_with_it(duet: Start, player: Player, synth: Synth, peer: LinkPeer) -> None:
    running = duet(*SHARING)
    running.wait_line("link, 1 peer")
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    alone = sum("link, 0 peers" in line for line in running.lines)  # it may have been at first
    peer.vanish()
    running.wait_line("turn 1:")
    running.wait_line("link, 0 peers", count=alone + 1)
    player.play(PHRASE)
    running.wait_line("turn 2: heard 6 notes")
    assert running.end() == 0
    assert [turn["reason"] for turn in running.trace("turn")] == ["finished", "finished"]
    assert off_the_bar(peer, running.trace("turn")[-1]["response_onset"]) < 0.005
    assert not sounding(synth.wait_last())


def test_we_set_the_tempo_and_start_and_stop_for_all(duet: Start, peer: LinkPeer) -> None:
    running = duet(*SHARING)
    running.wait_line("link, 1 peer")
    # Through the control socket, as `improvd set` and `improvd press` have it.
    told("set", "bpm", "90")
    peer.wait(bpm=pytest.approx(90.0, rel=1e-4), others=1)
    peer.tell("tempo 140")
    peer.wait(bpm=pytest.approx(140.0, rel=1e-4))
    told("set", "bpm", "90")
    peer.wait(bpm=pytest.approx(90.0, rel=1e-4))
    told("press", "transport")
    peer.wait(playing=True)
    told("press", "transport")
    peer.wait(playing=False)
    running.wait_line("link, 1 peer, stopped")
    assert "link, 1 peer" in told("status")
    look = subprocess.run(module("link_look"), capture_output=True, text=True, check=True, env=environment())
    assert json.loads(look.stdout) == {"peers": 2, "bpm": 90.0}  # the peer and us
    assert running.end() == 0


@pytest.mark.usefixtures("_network")
def test_a_session_of_ours_has_our_tempo_and_whoever_comes_takes_it(duet: Start) -> None:
    running = duet(*SHARING, "--bpm", "87")
    running.wait_line("link, 0 peers")
    with closing(LinkPeer(150.0, late=OLDER)) as late_comer:
        late_comer.wait(bpm=pytest.approx(87.0, rel=1e-4), others=1)
        assert running.end() == 0
        late_comer.wait(others=0)  # we have left, and said so


def test_killed_in_the_middle_it_joins_again_and_the_answer_plays_on(
    duet: Start, player: Player, synth: Synth, peer: LinkPeer
) -> None:
    running = duet(*SHARING)
    running.wait_line("link, 1 peer")
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    os.kill(running.child("improvd.daemon.link"), 9)
    running.wait_line("the Link session is back")
    running.wait_line("turn 1:")
    peer.wait(others=1)
    player.play(PHRASE)
    running.wait_line("turn 2:")
    assert running.end() == 0
    assert [turn["reason"] for turn in running.trace("turn")] == ["finished", "finished"]
    assert off_the_bar(peer, running.trace("turn")[-1]["response_onset"]) < 0.005
    assert not sounding(synth.wait_last())


def test_it_is_joined_in_the_middle_of_an_answer_and_left_again(
    duet: Start, player: Player, synth: Synth, peer: LinkPeer
) -> None:
    running = duet(*SHARING[:-2])
    running.wait_line("ready:")
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    told("set", "sync", "link")
    peer.wait(others=1)
    running.wait_line("turn 1:")
    running.wait_line("link, 1 peer")
    player.play(PHRASE)
    running.wait_line("turn 2:")
    told("set", "sync", "player")
    running.wait_line("following you")
    peer.wait(others=0)  # we have left, and said so
    player.play(PHRASE)
    running.wait_line("turn 3:")
    assert running.end() == 0
    assert [turn["reason"] for turn in running.trace("turn")] == ["finished"] * 3
    assert off_the_bar(peer, running.trace("turn")[1]["response_onset"]) < 0.005
    assert running.trace("turn")[1]["bpm"] == pytest.approx(120.0, rel=1e-4)
    assert not sounding(synth.wait_last())
