"""Somebody else in an Ableton Link session: ``peer.py BPM LATE`` joins it, or begins one, so many seconds late.

Does what stdin says, a line each: "tempo BPM", "playing 1" or "playing 0"; leaves at its end. Says what it sees fifty
times a second: monotonic time, beat, tempo, whether it plays, how many others there are.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aalink import Link

EXACT, TRIES = 0.0001, 50
"""Seconds that a reading may take, and how often it is taken again where the processor was taken from it."""


def read(link: Link) -> tuple[float, float]:
    """A time, and the beat that fell then."""
    for _ in range(TRIES):
        before = time.monotonic()
        beat = link.beat
        after = time.monotonic()
        if after - before <= EXACT:
            break
    return (before + after) / 2, beat


async def main() -> None:
    bpm, late = map(float, sys.argv[1:])
    await asyncio.sleep(late)
    link = Link(bpm)
    link.quantum = 4
    link.start_stop_sync_enabled = True
    link.enabled = True
    loop = asyncio.get_running_loop()
    ended = False

    def listen() -> None:
        nonlocal ended
        word, _, value = sys.stdin.readline().partition(" ")
        ended = not word
        if word == "tempo":
            link.tempo = float(value)
        elif word == "playing":
            link.playing = value.strip() == "1"

    loop.add_reader(sys.stdin, listen)
    while not ended:
        at, beat = read(link)
        print(at, beat, link.tempo, int(link.playing), link.num_peers, flush=True)  # noqa: T201  this is how it answers
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main())
