"""Ableton Link, where it is asked for: whether it can be spoken, and who else speaks it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from improvd.control.shown import linked
from improvd.core.settings import Sync
from improvd.daemon.child import module
from improvd.daemon.linked import MISSING, is_there
from improvd.doctor.finding import Finding, Grade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.config.options import RunOptions


def findings(options: RunOptions) -> Iterator[Finding]:
    """Nothing where the beat comes from elsewhere."""
    if options.sync != Sync.LINK.value:
        return
    if not is_there():
        found, _, remedy = MISSING.partition(": ")
        yield Finding("link", Grade.BAD, found, remedy)
        return
    run = subprocess.run(module("link_look"), capture_output=True, text=True, check=False)  # noqa: S603  our own module
    if run.returncode != 0:
        last = run.stderr.strip().splitlines()[-1:] or [f"ended with status {run.returncode}"]
        yield Finding("link", Grade.BAD, f"could not be tried ({last[0]})", "pip install --upgrade 'improvd[link]'")
        return
    seen = json.loads(run.stdout)
    where = f" at {seen['bpm']:g} bpm" if seen["peers"] else "; whoever comes must be in the same network"
    yield Finding("link", Grade.GOOD, f"{linked(seen['peers'])}{where}")
