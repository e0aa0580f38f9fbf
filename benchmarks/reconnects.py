"""Cables out and in, servers and processes killed, while a player plays on: how soon all is back, and what leaks.

    python benchmarks/reconnects.py [cables|processes|usb] [--cycles 100] [--seed 1] [--patience 20]

On a JACK server of its own, with the tests' keyboard and synth. "cables": ports go and come, and JACK is killed and
started; "processes": improvd's own are killed, the page's too, and what the recording lost is counted. "usb": on ALSA,
as root on a throw-away machine, a USB keyboard of the kernel's own comes and goes, and a synth is killed. Of each kind
in turn, at any moment of a call or an answer. Exit status 1 where a note hung, more than a second was lost, improvd
didn't end as it should, or a process grew that was never killed.

Needs the repository, and jackd2 or what `alsa_room.py` names. On a very busy machine, give all that is waited for more
patience (seconds).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from usb_cycles import UsbCycles

from tests.daemon import running
from tests.jack import stage
from tests.jack.cycles import Cycles

if TYPE_CHECKING:
    from collections.abc import Iterator

LOST = 1.0
"""Seconds of music that a kill may cost the recording."""
GROWTH = 2000
"""Kilobytes that a process may have more at the end: what Python keeps for itself is not quite steady."""


def main() -> int:
    """Print the figures; whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("cables", "processes", "usb"), default="cables")
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=running.PATIENCE)
    asked = parser.parse_args()
    running.PATIENCE = stage.PATIENCE = asked.patience
    took, killing = defaultdict(list), asked.what == "processes"
    with _stage(asked.what, random.Random(asked.seed)) as cycles:
        kinds, prints = getattr(cycles, asked.what), []
        try:
            for number, kind in enumerate(islice(cycle(kinds), asked.cycles), 1):
                took[kind].append(cycles.cycle(kind))
                prints.append(cycles.footprint())
                print(f"{number}: {kind}, back after {took[kind][-1]:.2f} s; {prints[-1]}", file=sys.stderr, flush=True)
        except AssertionError:  # something didn't come: why, improvd may have said
            print(*cycles.running.lines[-20:], sep="\n", file=sys.stderr, flush=True)
            raise
        finally:
            status = cycles.close()
    first, last = prints[min(len(kinds), len(prints)) - 1], prints[-1]
    figures = {
        "cycles": len(prints),
        "load": round(os.getloadavg()[0], 1),
        "seconds_until_back": {kind: _spread(values) for kind, values in took.items()},
        "hanging_notes": cycles.hanging,
        **cycles.counted(),
        "exit_status": status,
        "files_threads_kilobytes": {"after each kind once": first, "at the end": last},
    }
    print(json.dumps(figures, indent=2))
    grew = not killing and any(
        last[process][:2] != first[process][:2] or last[process][2] - first[process][2] > GROWTH for process in first
    )
    return int(grew or status != 0 or cycles.hanging > 0 or (killing and max(cycles.lost) > LOST))


@contextmanager
def _stage(what: str, lots: random.Random) -> Iterator[Cycles | UsbCycles]:
    if what == "usb":
        yield UsbCycles(lots)
        return
    with stage.jack_server() as server, tempfile.TemporaryDirectory() as folder:
        yield Cycles(server, Path(folder) / "trace.jsonl", lots, page=what == "processes")


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(ordered[len(ordered) // 2], 2), "most": round(ordered[-1], 2)}


if __name__ == "__main__":
    sys.exit(main())
