"""A day of playing in virtual time: every note's end, every turn, and what memory it takes.

    PYTHONPATH=. python benchmarks/soak.py [--hours 24] [--seed 0] [--model default] [--sync player]

Somebody made up plays phrases in keys and tempos of their own, into answers, after them and after long pauses; the
engine, the schedule and the model are those of `improvd run`, only time goes by in leaps. Prints figures in Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from improvd.core.settings import EngineSettings
from tests.rehearsal.soak import HOUR, soak


def main() -> None:
    """One long duet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sync", default="player", choices=["player", "internal"])
    asked = parser.parse_args()
    begun = time.process_time()
    settings = EngineSettings(sync=asked.sync)
    watch, performance = soak(asked.hours * HOUR, settings, seed=asked.seed, model=asked.model)
    reasons = Counter(turn.reason for turn in performance.turns)
    for line in watch.wrong:
        print(line)
    print(f"| {asked.hours:g} h, sync {asked.sync} | |\n|---|---:|")
    print(f"| turns: {', '.join(sorted(reasons))} | {', '.join(str(reasons[name]) for name in sorted(reasons))} |")
    print(f"| messages sent, notes among them | {watch.sent:,}, {watch.notes:,} |")
    print(f"| what should not be | {len(watch.wrong)} |")
    print(f"| latest message, ms | {1000 * watch.latest:.3f} |")
    shown = watch.memory[1 :: max(1, len(watch.memory) // 6)]
    print(f"| MB in memory after {', '.join(f'{at / HOUR:.1f}' for at, _ in shown)} h | ", end="")
    print(f"{', '.join(f'{size / 1e6:.1f}' for _, size in shown)} |")
    print(f"| seconds of processor | {time.process_time() - begun:.0f} |")


if __name__ == "__main__":
    main()
