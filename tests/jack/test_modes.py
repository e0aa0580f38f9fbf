"""Each way to share the music once over real JACK ports, with the model that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jack.stage import BEAT, Duet, Player, Synth, melody, sounding, well_begun

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd")

NAMED = ("--in", "player", "--out", "synth", "--seed", "1")
FOUR, SIXTEEN = melody(60, 64, 67, 72), melody(*2 * (60, 62, 64, 65, 67, 69, 71, 72))


def ends_in_silence(running: Duet, synth: Synth) -> None:
    assert running.end() == 0
    assert not sounding(synth.wait_last())


def test_a_bar_is_traded_for_a_bar(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED, "--mode", "trade", "--bars", "1", "--bpm", "100")
    began = player.play(FOUR)
    running.wait_line("turn 1:")
    ends_in_silence(running, synth)
    (turn,) = running.trace("turn")
    assert turn["reason"] == "finished"
    # The bar of the first note is theirs, the next one ours.
    assert turn["response_onset"] - began == pytest.approx(4 * BEAT, abs=0.1)
    assert turn["response_end"] - began < 8 * BEAT + 0.1


def test_it_goes_on_until_the_player_returns(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED, "--mode", "continue", "--max-bars", "1")
    player.play(FOUR)
    # Longer than any answer to four beats would be.
    synth.heard.wait(lambda heard: heard and heard[-1].at - heard[0].at > 8 * BEAT, "answer that goes on")
    player.play(FOUR[:1])
    running.wait_line("turn 1:")
    ends_in_silence(running, synth)
    assert running.trace("turn")[0]["reason"] == "interrupted"


def test_a_duet_sounds_while_the_player_plays(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED, "--mode", "duet")
    player.play(SIXTEEN)
    synth.heard.wait(well_begun, "part of ours")
    ends_in_silence(running, synth)
    (turn,) = running.trace("turn")
    played = [float(heard["at"]) for heard in running.trace("in") if heard["data"].startswith("90")]
    assert turn["reason"] == "interrupted"
    assert turn["response_onset"] < max(played)


def test_the_left_hand_goes_on_under_an_answer(duet: Start, player: Player, synth: Synth) -> None:
    running = duet(*NAMED, "--comp-below", "C3")
    player.play(FOUR)
    synth.heard.wait(well_begun, "answer")
    player.play(melody(36, 43))
    running.wait_line("turn 1:")
    ends_in_silence(running, synth)
    (turn,) = running.trace("turn")
    assert (turn["reason"], turn["call_notes"]) == ("finished", 4)
