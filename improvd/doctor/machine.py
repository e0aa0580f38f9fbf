"""What the machine grants: time, memory, the processor's speed. Linux alone tells; elsewhere nothing is said of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from improvd.daemon.child import module
from improvd.doctor.finding import Finding, Grade

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSORS = Path("/sys/devices/system/cpu")
SLOW = ("powersave", "conservative", "ondemand", "userspace")
"""Governors that raise the processor's speed only once it has been busy for a while."""
QUICK_DRIVERS = ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
"""Their "powersave" is quick to raise it, and no reason for advice."""

_LIMITS = (
    "in /etc/security/limits.d/audio.conf, '@audio - {limit}', your user in the group audio, and a new login; "
    "for a service of yours also as docs/service.md says"
)


def findings() -> Iterator[Finding]:
    """Real-time priority, locked memory and the processor's governor."""
    if sys.platform != "linux":
        return
    yield from _grants()
    if finding := governor():
        yield finding


def _grants() -> Iterator[Finding]:
    # By trying, as the process that sends MIDI does it: limits, capabilities and containers all have a say.
    run = subprocess.run(module("realtime"), capture_output=True, text=True, check=False)  # noqa: S603  our own module
    granted = json.loads(run.stdout) if run.returncode == 0 else {}
    for what, key, limit in (("priority", "fifo", "rtprio 95"), ("memory", "memory", "memlock unlimited")):
        said = granted.get(key, "could not be asked for")
        if said.startswith("FIFO") or said == "memory locked":
            yield Finding(what, Grade.GOOD, said)
        else:
            yield Finding(what, Grade.ADVICE, f"{said}, so a busy machine may be heard", _LIMITS.format(limit=limit))


def governor(processors: Path = PROCESSORS) -> Finding | None:
    """How the processor's speed is governed; None where the system doesn't tell, as in most virtual machines."""
    names = {_read(path) for path in processors.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    drivers = {_read(path) for path in processors.glob("cpu[0-9]*/cpufreq/scaling_driver")}
    if not names:
        return None
    found = f"governed by {' and '.join(sorted(names))}"
    if names.isdisjoint(SLOW) or drivers <= set(QUICK_DRIVERS):
        return Finding("processor", Grade.GOOD, found)
    return Finding(
        "processor",
        Grade.ADVICE,
        f"{found}, which wakes up slowly",
        f"echo performance | sudo tee {processors}/cpu*/cpufreq/scaling_governor",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return "something unknown"
