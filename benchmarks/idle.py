"""What improvd costs while nobody plays: `python benchmarks/idle.py [SECONDS] [open] [OPTIONS OF improvd run …]`.

    python benchmarks/idle.py 60 --api jack
    python benchmarks/idle.py 60 open --api jack
    python benchmarks/idle.py 60 --api jack --no-page

Starts it, lets it settle, and prints for each of its processes the share of one core and the wake-ups a second
over SECONDS (60). ``open``: with its page open in Chromium, whose own cost isn't told. Linux only.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

SETTLING = 5.0


class Cost(NamedTuple):
    """Of one process since it began: seconds of CPU, and how often its threads went to sleep of themselves."""

    name: str
    cpu: float
    sleeps: int


def costs(engine: int) -> dict[int, Cost]:
    """By process id: the engine and its children."""
    children = Path(f"/proc/{engine}/task/{engine}/children").read_text().split()
    return {pid: cost(pid) for pid in (engine, *map(int, children))}


def cost(pid: int) -> Cost:
    """What the system says of one."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    name = next((word.rpartition(".")[2] for word in words if word.startswith("improvd.")), "engine")
    if name == "process":
        name = "page"
    sleeps = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        found = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]
        sleeps += int(found[0].split()[1])
    cpu = sum(int(stat.read_text().split()[0]) for stat in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    return Cost(name, cpu, sleeps)


def main() -> None:
    """Measure once."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    options = sys.argv[2:]
    opened = options[:1] == ["open"]
    command = [sys.executable, "-m", "improvd", "run", *options[opened:]]
    with ExitStack() as stack:
        running = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))  # noqa: S603  our own interpreter
        stack.callback(running.send_signal, signal.SIGTERM)
        url = ""
        for line in running.stdout or ():
            if line.startswith("the page: "):
                url = line.split()[-1]
            if line.startswith("ready:") and (url or not opened):
                break
        if opened:
            from tests.page.browser import browser, seeing  # noqa: PLC0415  wants Playwright

            stack.enter_context(seeing(stack.enter_context(browser()), url))
        time.sleep(SETTLING)
        before = costs(running.pid)
        time.sleep(seconds)
        after = costs(running.pid)
    total = 0.0
    for pid, (name, cpu, sleeps) in after.items():
        share = (cpu - before[pid].cpu) / seconds
        total += share
        print(f"| {name} | {share:.2%} | {(sleeps - before[pid].sleeps) / seconds:.1f} |")
    print(f"| all | {total:.2%} | |")


if __name__ == "__main__":
    main()
