"""`improvd bench`: what a step costs, how soon it is ready, how much memory, how late messages leave.

Everything is measured as it runs: the real `improvd run`, the real worker, the real ports process. This process
itself loads neither numpy nor python-rtmidi.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from improvd.config.systems import NULL
from improvd.daemon import bench_lateness
from improvd.daemon.child import module
from improvd.daemon.probe import probe
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINES = 5000
STARTS = 5


def measure(model: str, progress: Callable[[str], None], deadlines: int = DEADLINES) -> dict[str, Any]:
    """All figures, in the units that their names end with. Raises `UserError` where the model can't be loaded.

    Takes about a minute and a half with the default number of deadlines; ``progress`` is told what comes next.
    """
    progress("model")
    cost = _cost(model)
    progress("start and memory")
    start = _start(model)
    lateness: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for load in bench_lateness.LOADS:
        progress(f"lateness, {load}")
        lateness[load] = bench_lateness.of_ports_process(model, deadlines, load)
        progress(f"lateness of a plain loop, {load}")
        plain[load] = bench_lateness.of_plain_loop(model, deadlines, load)
    return {
        "machine": _machine(),
        "model": cost,
        "start": start,
        "lateness": lateness,
        "plain_loop_lateness": plain,
    }


def table(figures: dict[str, Any]) -> list[str]:
    """The same for people."""
    model, start = figures["model"], figures["start"]
    by_process = ", ".join(f"{name} {size:.0f}" for name, size in start["pss_mb_by_process"].items())
    lines = [
        (
            f"model      {model['step_us']:.0f} µs a step, {model['phrase_ms']:.1f} ms for an answer of 8 beats "
            f"({model['phrase_notes']} notes)"
        ),
        f"start      {start['cold_start_s']:.2f} s to ready (median of {len(start['cold_starts_s'])})",
        f"memory     {start['pss_mb']:.0f} MB in all (PSS; {by_process})",
        "",
        "lateness of a message, ms            median      p99    p99.9      max",
    ]
    for title, rows in (("improvd", figures["lateness"]), ("plain loop", figures["plain_loop_lateness"])):
        for load, row in rows.items():
            numbers = "".join(f"{row[key]:9.2f}" for key in ("median_ms", "p99_ms", "p99_9_ms", "max_ms"))
            lines.append(f"  {title + ', ' + load:<32}{numbers}")
    return [*lines, "", figures["lateness"]["rest"]["grants"]]


def _cost(model: str) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603  our own interpreter and module
        [*module("bench_model"), model], capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        raise UserError(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    cost: dict[str, Any] = json.loads(done.stdout)
    return cost


def _start(model: str) -> dict[str, Any]:
    """Start `improvd run` a few times, with virtual ports where there is a MIDI system; look at it when ready."""
    api = next((name for name, system in probe().items() if not system.problem), NULL)
    times = []
    sizes: dict[str, float] = {}
    for _ in range(STARTS):
        began = time.monotonic()
        command = [sys.executable, "-m", "improvd", "run", "--api", api, "--model", model, "--no-page"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=_plain_environment()) as running:  # noqa: S603  as above
            line = running.stdout.readline() if running.stdout else b""
            if not line.startswith(b"ready:"):
                raise RuntimeError(f"improvd run did not start: {line!r}")
            times.append(time.monotonic() - began)
            sizes = _memory(running.pid)
            running.send_signal(signal.SIGTERM)
    return {
        "api": api,
        "cold_start_s": round(median(times), 3),
        "cold_starts_s": [round(seconds, 3) for seconds in times],
        "pss_mb": round(sum(sizes.values()), 1),
        "pss_mb_by_process": sizes,
    }


def _plain_environment() -> dict[str, str]:
    """Ours without options: what is measured is what is shipped."""
    return {name: value for name, value in os.environ.items() if not name.startswith("IMPROVD_")}


def _memory(engine: int) -> dict[str, float]:
    """PSS in MB by process; empty where the system does not tell."""
    sizes = {}
    for process, name in {engine: "engine", **_children(engine)}.items():
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        if found:
            sizes[name] = round(int(found[1]) * 1024 / 1e6, 1)
    return sizes


def _children(parent: int) -> dict[int, str]:
    try:
        pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids}
    except OSError:
        return {}
    return {
        pid: argument.decode().rpartition(".")[2]
        for pid, command in commands.items()
        for argument in command
        if argument.startswith(b"improvd.daemon.")
    }


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }
