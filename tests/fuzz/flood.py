"""Hostile MIDI by the million: `python -m tests.fuzz.flood MESSAGES [SEED]`.

Sessions of a hundred to a hundred thousand messages each, in virtual time, from the bytes to the synth. Prints how many
messages came in, notes of ours left, how fast, and the memory in use; the same seed does the same again. Ends at the
first thing that should not be, having written the stream that did it to ``fuzz-stream``, which
`python -m tests.fuzz.flood --again fuzz-stream` plays once more.
"""

from __future__ import annotations

import math
import random
import sys
import time
from pathlib import Path

from tests.fuzz.by_hand import memory
from tests.fuzz.streams import Hostile, play

SHORTEST, LONGEST = 100, 100_000
LINES = 20
"""How often it is told how far it is."""


def flood(messages: int, seed: int) -> None:
    """Try so many messages, or some more."""
    lots = random.Random(seed)  # noqa: S311  no secret: the same streams each time
    hostile = Hostile(lots)
    heard = answered = sessions = told = 0
    began = time.monotonic()
    while heard < messages:
        stream = hostile.stream(round(math.exp(lots.uniform(math.log(SHORTEST), math.log(LONGEST)))))
        try:
            outcome = play(stream)
        except BaseException:
            Path("fuzz-stream").write_bytes(stream)
            raise
        heard, answered, sessions = heard + outcome.heard, answered + outcome.answered, sessions + 1
        if heard * LINES >= told * messages:
            told = heard * LINES // messages + 1
            rate = heard / (time.monotonic() - began)
            print(  # noqa: T201  it reports
                f"{heard:,} messages in {sessions:,} sessions, {answered:,} notes of ours, {rate:,.0f}/s, "
                f"{memory():.0f} MB",
                flush=True,
            )


def main() -> None:
    """Do as the command line says."""
    match sys.argv[1:]:
        case ["--again", path]:
            print(play(Path(path).read_bytes()))  # noqa: T201  as above
        case [messages, *seed]:
            flood(int(messages), int(seed[0]) if seed else 0)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
