"""How exactly answers keep to a MIDI clock or a Link session, over real JACK ports, and how exactly our clock leaves.

    PYTHONPATH=. python benchmarks/clock.py [--answers 6] [--jitter 0.003] [--seconds 40] [following|leading|sharing …]

The clock is a client in a process of its own. Each tick is sent up to the jitter early or late; errors are of the
moment at which a note of an answer left, against where its beat lies without jitter. The Link session is one peer's,
in a process of its own too, and errors are against the beat that it sees: of the moment that a note was planned for,
and of that at which it left; "Link's own" is how far what we read of the session is from that. Prints tables in
Markdown. A JACK server of its own is started; nothing may be connected to it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.core.clocks import VirtualClock
from tests.jack.clocks import Drums, Follower, Struck, soon, struck, ticking
from tests.jack.link import LinkPeer, own_network
from tests.jack.stage import Duet, Player, Synth, jack_server

NAMED = ("--in", "player", "--out", "synth", "--seed", "1", "--min-bars", "1")
FOLLOWING = (*NAMED, "--sync", "clock", "--clock-in", "drums")
TEMPI = (60.0, 97.3, 120.0, 174.0)
PHRASE = (60, 64, 67, 72, 67, 64)
STEP = 0.21
"""Seconds from note to note of a phrase: quite off any clock's beat."""
LONGEST = 240.0
PARTS = ("following", "leading", "sharing")


def phrase(player: Player) -> None:
    """Play one."""
    score = []
    for index, pitch in enumerate(PHRASE):
        score += [(index * STEP, (0x90, pitch, 80)), ((index + 0.8) * STEP, (0x80, pitch, 64))]
    player.play(score)


def follow(trace: Path, answers: int, clock: VirtualClock) -> tuple[list[float], int]:
    """Errors in seconds of each note, and the ticks by which all were mistaken."""
    player, synth, drums = Player(), Synth(), Drums()
    running = Duet(trace, *FOLLOWING)
    try:
        clock = replace(clock, start=soon(), true=[])
        drums.play(ticking(clock, LONGEST))
        time.sleep(2.0)  # the clock settles in, as anybody would let it
        for turn in range(answers):
            phrase(player)
            running.wait_line(f"turn {turn + 1}:")
        running.end()
        return errors(clock, struck(running.trace()))
    finally:
        running.kill()
        for part in (player, synth, drums):
            part.close()


def errors(clock: VirtualClock, notes: list[Struck]) -> tuple[list[float], int]:
    """How far each note was from its beat, and by how many ticks all were, if ticks were miscounted."""
    apart = round(median((tick_at(clock, note.actual) - note.beat * 24) for note in notes))
    return sorted(abs(note.actual - time_of(clock, note.beat * 24 + apart)) for note in notes), apart


def time_of(clock: VirtualClock, tick: float) -> float:
    """When a tick, whole or not, fell."""
    whole = int(tick)
    return clock.true[whole] + (tick - whole) * (clock.true[whole + 1] - clock.true[whole])


def tick_at(clock: VirtualClock, at: float) -> float:
    """Which tick it was then."""
    whole = next(index for index, later in enumerate(clock.true) if later > at) - 1
    return whole + (at - clock.true[whole]) / (clock.true[whole + 1] - clock.true[whole])


def spread(values: list[float]) -> str:
    """Median, 99th percentile and maximum, in milliseconds."""
    ordered = sorted(values)
    return " | ".join(
        f"{value * 1000:.2f}" for value in (median(ordered), ordered[-1 - len(ordered) // 100], ordered[-1])
    )


def following(folder: Path, answers: int, jitter: float) -> None:
    """The table of who follows."""
    print("| clock | answers | notes | median, ms | p99 | max | ticks miscounted |\n" + "|---" * 7 + "|")
    clocks = [(f"{bpm:g} bpm", VirtualClock(bpm, jitter=jitter)) for bpm in TEMPI]
    clocks += [
        (f"{bpm:g} bpm and {ramp:+g} a minute", VirtualClock(bpm, jitter=jitter, ramp=ramp))
        for bpm, ramp in ((97.3, 10.0), (120.0, -10.0))
    ]
    clocks.append(
        ("120 bpm, a tick in 100 lost", VirtualClock(120.0, jitter=jitter, lost=frozenset(range(150, 9999, 100))))
    )
    for number, (name, clock) in enumerate(clocks):
        found, apart = follow(folder / f"{number}.jsonl", answers, clock)
        print(f"| {name} | {answers} | {len(found)} | {spread(found)} | {apart} |", flush=True)


def sharing(folder: Path, answers: int) -> None:
    """The table of answers in a session that a peer began."""
    columns = (
        "answers",
        "notes",
        "planned: median, ms",
        "p99",
        "max",
        "left: median, ms",
        "p99",
        "max",
        "Link's own, ms",
    )
    print(f"\n| session | {' | '.join(columns)} |\n" + "|---" * (len(columns) + 1) + "|")
    for bpm in (97.3, 174.0):
        player, synth = Player(), Synth()
        with own_network():
            peer = LinkPeer(bpm)
            running = Duet(folder / f"link-{bpm}.jsonl", *NAMED, "--sync", "link")
            try:
                running.wait_line("link, 1 peer")
                for turn in range(answers):
                    phrase(player)
                    running.wait_line(f"turn {turn + 1}:")
                running.end()
                notes = struck(running.trace())
                planned, left = (
                    astray([peer.beat_at(at) - note.beat for at, note in zip(times, notes, strict=True)], bpm)
                    for times in ([note.planned for note in notes], [note.actual for note in notes])
                )
                apart = [peer.beat_at(line["read"]) - line["beat"] for line in running.trace("link") if line["peers"]]
                own = median(abs(beat - round(beat)) * 60_000 / bpm for beat in apart)
                row = f"{answers} | {len(notes)} | {spread(planned)} | {spread(left)} | {own:.2f}"
                print(f"| {bpm:g} bpm | {row} |", flush=True)
            finally:
                running.kill()
                for part in (player, synth, peer):
                    part.close()


def astray(beats: list[float], bpm: float) -> list[float]:
    """Seconds that each is off from what they have in common, a whole number of beats."""
    return [abs(beat - round(median(beats))) * 60 / bpm for beat in beats]


def leading(folder: Path, seconds: float) -> None:
    """The table of how late our own ticks leave while phrases are answered."""
    print("\n| our clock | ticks | median, ms | p99 | max |\n" + "|---" * 5 + "|")
    for name, source in (
        ("97.3 bpm", ("internal", "--bpm", "97.3")),
        ("174 bpm", ("internal", "--bpm", "174")),
        ("the player's beat", ("player",)),
    ):
        player, synth, follower = Player(), Synth(), Follower()
        running = Duet(
            folder / f"out-{name}.jsonl", "--in", "player", "--out", "follower", "--seed", "1", "--clock-out",
            "--click", "--sync", *source,
        )  # fmt: skip
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                phrase(player)
                time.sleep(4.0)
            running.end()
            late = [
                actual - planned
                for line in running.trace("clock")
                for planned, actual in zip(line["planned"], line["actual"], strict=True)
            ]
            print(f"| {name}, answering | {len(late)} | {spread(late)} |", flush=True)
        finally:
            running.kill()
            for part in (player, synth, follower):
                part.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS, help="which tables; all where none is told")
    parser.add_argument("--answers", type=int, default=6)
    parser.add_argument("--jitter", type=float, default=0.003)
    parser.add_argument("--seconds", type=float, default=40.0, help="how long our own clock is measured, at each tempo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, jack_server():
        print(f"Jitter up to {options.jitter * 1000:g} ms either way; load {os.getloadavg()[0]:.1f}.\n")
        if "following" in options.parts:
            following(Path(folder), options.answers, options.jitter)
        if "leading" in options.parts:
            leading(Path(folder), options.seconds)
        if "sharing" in options.parts:
            sharing(Path(folder), options.answers)


if __name__ == "__main__":
    main()
