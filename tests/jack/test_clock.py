"""Time kept together over JACK: a drum machine that is followed, and followers of a beat of our own."""

from __future__ import annotations

import math
import time
from contextlib import closing
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest

from improvd.errors import UserError
from tests.core.clocks import VirtualClock
from tests.jack.clocks import CONTINUE, STOP, TICK, Drums, Follower, followed, place, soon, struck, ticking
from tests.jack.stage import melody, sounding, well_begun
from tests.jack.test_patching import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.jack.stage import Duet, JackServer, Player, Synth

    Start = Callable[..., Duet]

pytestmark = pytest.mark.needs("jackd")

FOLLOWING = ("--in", "player", "--out", "synth", "--seed", "1", "--sync", "clock", "--clock-in", "drums")
PHRASE = melody(60, 64, 67, 72, 67, 64, beat=0.23)
BPM, BEAT, BAR = 120.0, 0.5, 4 * 24


@pytest.fixture
def drums(server: JackServer) -> Iterator[Drums]:  # noqa: ARG001  they stand on it
    drums = Drums()
    yield drums
    drums.close()


@pytest.fixture
def follower(server: JackServer) -> Iterator[Follower]:  # noqa: ARG001  as above
    follower = Follower()
    yield follower
    follower.close()


def off_the_bar(at: float, bar_line: float, bar: float = 4 * BEAT) -> float:
    """Seconds between a time and the nearest bar line."""
    bars = (at - bar_line) / bar
    return abs(bars - round(bars)) * bar


def test_a_clock_and_a_metronome_at_other_ports_while_it_plays(
    duet: Start, synth: Synth, drums: Drums, follower: Follower
) -> None:
    running = duet("--in", "player", "--out", "synth", "--sync", "clock")
    running.wait_line("ready: ")
    clock = VirtualClock(BPM, start=soon())
    drums.play(ticking(clock, 120.0))
    with closing(connected(running)) as session:
        with pytest.raises(UserError, match="there is no MIDI input named 'dreams'"):
            session.ask("set", name="clock-in", value="dreams")
        session.ask("set", name="clock-in", value="drums")
        running.wait_line("following the clock")
        session.ask("set", name="click", value=True)
        synth.heard.wait(lambda items: any(item.data[0] == 0x99 for item in items), "click at the synth")
        session.ask("set", name="click-out", value="follower")
        follower.heard.wait(lambda items: sum(item.data[0] == 0x99 for item in items) > 4, "clicks elsewhere")
        session.ask("set", name="click", value=False)
        session.ask("set", name="clock-out", value=True)
        synth.heard.wait(lambda items: any(item.data.hex() == CONTINUE for item in items), "clock at the synth")
        follower.heard.wait(lambda items: not sounding(items), "end of the last click")
        session.ask("set", name="clock-in", value="")
        running.wait_line("the clock is gone; following you")
    assert running.end() == 0
    clicks = [item.at for item in follower.heard.all() if item.data[0] == 0x99]
    # Who came when it had begun knows its ticks, and not which of them begins a beat.
    assert median(off_the_bar(at, clock.start, BEAT / 24) for at in clicks) < 0.005
    assert not sounding(synth.wait_last())


def test_an_answer_keeps_to_the_drum_machines_bars(duet: Start, player: Player, synth: Synth, drums: Drums) -> None:
    running = duet(*FOLLOWING)
    clock = VirtualClock(BPM, start=soon(), jitter=0.003, lost=frozenset({70, 71, 140}))
    drums.play(ticking(clock, 60.0))
    running.wait_line("following the clock")
    player.play(PHRASE)
    running.wait_line("turn 1: heard 6 notes")
    assert running.end() == 0
    (turn,) = running.trace("turn")
    assert turn["bpm"] == pytest.approx(BPM, rel=0.005)
    assert off_the_bar(turn["response_onset"], clock.start) < 0.012
    notes = struck(running.trace())
    assert len(notes) == turn["response_notes"] >= 4
    planned = [note.planned for note in notes]
    assert planned == sorted(planned)
    # The first tick of the song is counted 0, and lost ones are counted too.
    astray = [abs(note.planned - clock.true[0] - note.beat * BEAT) for note in notes]
    assert median(astray) < 0.005
    assert max(astray) < 0.012
    assert not sounding(synth.wait_last())


@pytest.mark.parametrize("jump", [None, 6], ids=["from there", "by song position"])
def test_stop_silences_at_once_and_continue_goes_on_in_the_bar(
    duet: Start, player: Player, synth: Synth, drums: Drums, jump: int | None
) -> None:
    running = duet(*FOLLOWING)
    clock = VirtualClock(BPM, start=soon())
    first = ticking(clock, 12.01)  # six bars, and the first tick of the seventh
    stop = clock.true[-1] + 0.005
    again = VirtualClock(BPM, start=stop + 1.5)
    position = [] if jump is None else [(stop + 0.5, f"f2{jump:02x}00")]
    resumed = [(again.start - 0.005, CONTINUE), *((at, TICK) for at in again.ticks(stop + 40.0))]
    drums.play([*first, (stop, STOP), *position, *resumed])
    running.wait_line("following the clock")
    for turn in (1, 2, 3):  # whatever is played until then, something sounds or is about to
        player.play(PHRASE)
        if time.monotonic() > stop - 2.5:
            break
        running.wait_line(f"turn {turn}:")
    running.wait_line("the clock has stopped")
    synth.wait_silence()
    before = len(synth.heard.all())
    running.wait_line("following the clock", count=2)
    assert len(synth.heard.all()) == before
    turns = len(running.trace("turn"))
    player.play(PHRASE)
    running.wait_line(f"turn {turns + 1}:")
    assert running.end() == 0
    sent = running.trace("out")
    assert all(line["actual"] < stop + 0.05 or line["actual"] > again.start for line in sent[:-3])
    last = running.trace("turn")[-1]
    # The seventh bar had one tick when it was stopped; or it goes on from a sixteenth of the song.
    into_the_bar = BEAT / 24 if jump is None else jump * BEAT / 4
    assert off_the_bar(last["response_onset"], again.start - into_the_bar) < 0.012
    assert not sounding(synth.wait_last())


def test_a_drum_machine_that_is_unplugged_takes_no_note_with_it(
    duet: Start, player: Player, synth: Synth, drums: Drums
) -> None:
    running = duet(*FOLLOWING)
    drums.play(ticking(VirtualClock(BPM, start=soon()), 60.0))
    running.wait_line("following the clock")
    player.play(PHRASE)
    synth.heard.wait(well_begun, "answer")
    drums.close()
    running.wait_line("turn 1:")
    running.wait_line("the clock is gone; following you")
    synth.wait_silence()
    player.play(PHRASE)
    running.wait_line("turn 2: heard 6 notes")
    assert running.end() == 0
    assert [turn["reason"] for turn in running.trace("turn")] == ["finished", "finished"]
    assert not sounding(synth.wait_last())


def test_others_follow_our_own_beat(duet: Start, player: Player, follower: Follower) -> None:
    running = duet(
        "--in", "player", "--out", "follower", "--seed", "1", "--sync", "internal", "--bpm", "150", "--clock-out",
        "--click",
    )  # fmt: skip
    follower.heard.wait(lambda items: bytes.fromhex("fa") in [item.data for item in items], "Start")
    player.play(PHRASE)
    running.wait_line("turn 1: heard 6 notes")
    assert running.end() == 0
    heard = follower.heard.wait(lambda items: items[-1].data == b"\xb9\x7b\x00", "last message")
    assert not sounding(item for item in heard if len(item.data) > 1)
    timing = [item.data.hex() for item in heard if len(item.data) == 1]
    assert timing.count("fa") == timing.count("fc") == 1
    assert timing[-1] == STOP
    planned = [at for line in running.trace("clock") for at in line["planned"]]
    assert [later - earlier for earlier, later in pairwise(planned)] == pytest.approx([0.4 / 24] * (len(planned) - 1))
    late = sorted(
        actual - at
        for line in running.trace("clock")
        for at, actual in zip(line["planned"], line["actual"], strict=True)
    )
    assert late[0] >= 0
    assert median(late) < 0.005
    clicks = [item.at for item in heard if item.data[0] == 0x99 and item.is_on]
    start = next(item.at for item in heard if item.data.hex() == "fa")
    assert len([at for at in clicks if at < start]) == 4  # the count-in
    (turn,) = running.trace("turn")
    assert off_the_bar(turn["response_onset"], start, 1.6) < 0.1


def test_others_are_told_through_us_where_the_drum_machines_song_is(
    duet: Start, drums: Drums, follower: Follower
) -> None:
    """Three bars, a jump to the fifth without stopping, two more bars, a stop, and on in the third."""
    running = duet("--out", "follower", "--sync", "clock", "--clock-in", "drums", "--clock-out")
    clock = VirtualClock(BPM, start=soon())
    ticks = ticking(clock, 5 * 4 * BEAT - 0.001)
    jump, stop = clock.true[3 * BAR] - 0.004, clock.true[-1] + 0.004
    again = VirtualClock(BPM, start=stop + 0.5)
    onwards = [(at, TICK) for at in again.ticks(again.start + 2.5 * 4 * BEAT)]
    drums.play(
        [*ticks, (jump, place(16)), (stop, STOP), (stop + 0.3, place(8)), (again.start - 0.004, CONTINUE), *onwards]
    )
    follower.heard.wait(lambda items: items[-1].at > again.start + 2 * 4 * BEAT, "end")
    assert running.end() == 0
    song = dict(enumerate(clock.true[: 3 * BAR])) | dict(enumerate(clock.true[3 * BAR :], 4 * BAR))
    went_on = dict(enumerate(again.true, 2 * BAR))
    heard = followed(follower.heard.all())
    late = [abs(at - (song if at < stop else went_on).get(tick, math.inf)) for at, tick in heard if at < again.true[-1]]
    assert len(late) > 4 * BAR  # all but the bars that are under way when it is heard that they are
    # Nearly all: of the fourth bar one or two ticks come before the jump is heard of.
    assert sorted(late)[-1 - len(late) // 50] < 0.012


def test_others_follow_the_player_and_no_beat_goes_backwards(duet: Start, player: Player, follower: Follower) -> None:
    running = duet("--in", "player", "--out", "follower", "--seed", "1", "--clock-out")
    # A bass note on each beat at 125, and a chord after it, which nobody hears otherwise.
    beat = 0.48
    dance = []
    for index in range(24):
        at = index * beat
        dance += [(at, (0x90, 40, 90)), (at + 0.4 * beat, (0x80, 40, 0))]
        for pitch in (64, 67, 72):
            dance += [(at + beat / 2, (0x90, pitch, 60)), (at + 0.8 * beat, (0x80, pitch, 0))]
    start = player.play(dance)
    running.wait_line("turn 1:")
    assert running.end() == 0
    ticks = [(at, tick) for at, tick in followed(follower.heard.all())]
    assert [tick for _, tick in ticks] == list(range(len(ticks)))
    assert len(ticks) > 12 * 24
    # The clock goes on through the answer; a second after its start it has met the player's beat.
    off = [((at - start) / beat - tick / 24) % 1.0 for at, tick in ticks if ticks[0][0] + 1.0 < at < start + 24 * beat]
    assert median(min(beats, 1.0 - beats) * beat for beats in off) < 0.020
    sent = [moment for line in running.trace("clock") for moment in zip(line["planned"], line["actual"], strict=True)]
    planned = [at for at, _ in sent]
    gaps = [later - earlier for earlier, later in pairwise(planned)]
    assert min(gaps) > 0.6 * beat / 24
    late = sorted(actual - at for at, actual in sent)
    assert late[0] >= 0
    assert median(late) < 0.005
