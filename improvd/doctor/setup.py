"""What the player set up: the configuration, the model, and the service."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from improvd.config.layers import choose
from improvd.config.options import RunOptions
from improvd.daemon.child import module
from improvd.doctor.finding import Finding, Grade
from improvd.errors import UserError
from improvd.service import manager
from improvd.service.unit import Scope, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from improvd.config.layers import Chosen, Told

TOO_SLOW = 300.0
"""Milliseconds for an answer of eight beats, beyond which quick players wait: half a beat at 100 bpm."""


def configuration(told: Told) -> tuple[Finding, Chosen[RunOptions] | None]:
    """Whether the options hold, and what they are."""
    try:
        chosen = choose(RunOptions, told)
    except UserError as error:
        return Finding("configuration", Grade.BAD, str(error), "improvd config --example shows a right one"), None
    profile = f", profile {chosen.profile}" if chosen.profile else ""
    found = f"{chosen.path}{profile}" if chosen.there else f"none in {chosen.path}: the defaults hold"
    return Finding("configuration", Grade.GOOD, found), chosen


def model(name: str) -> Finding:
    """Whether the model is whole, and what it costs on this machine."""
    run = subprocess.run(  # noqa: S603  our own interpreter and module
        [*module("bench_model"), name], capture_output=True, text=True, check=False
    )
    if run.returncode == 2:
        remedy = (
            "it came with improvd, so install that again"
            if name == RunOptions().model
            else "improvd models lists what there is"
        )
        return Finding("model", Grade.BAD, run.stderr.strip(), remedy)
    if run.returncode != 0:
        last = run.stderr.strip().splitlines()[-1:] or [f"ended with status {run.returncode}"]
        return Finding("model", Grade.BAD, f"could not be tried ({last[0]})", "install improvd again")
    cost = json.loads(run.stdout)
    found = f"{cost['name']} proved itself: {cost['step_us']:.0f} µs a note, {cost['phrase_ms']:.0f} ms an answer"
    if cost["phrase_ms"] > TOO_SLOW:
        return Finding(
            "model", Grade.ADVICE, found, "answers may come late; see what else is busy, or use a smaller one"
        )
    return Finding("model", Grade.GOOD, found)


def services(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Of each service that is installed, whether it runs; nothing where there is no systemd."""
    if shutil.which("systemctl") is None or not manager.BOOTED.is_dir():
        return
    installed = [scope for scope in Scope if place(scope, environment).exists()]
    for scope in installed:
        yield _service(scope)
    if not installed:
        yield Finding("service", Grade.GOOD, "none installed (improvd service install)")


def _service(scope: Scope) -> Finding:
    title, flag, ask = "service", "", "systemctl --user"
    if scope is Scope.SYSTEM:
        title, flag, ask = "system service", " --system", "sudo systemctl"
    try:
        facts = manager.Manager(scope).facts("ActiveState", "Result", "NRestarts", "StatusText")
    except UserError as error:
        return Finding(title, Grade.BAD, str(error))
    state = facts.get("ActiveState", "unknown")
    logs = f"see improvd service logs{flag}"
    if state == "active":
        restarts = int(facts.get("NRestarts") or 0)
        found = f"running; {facts.get('StatusText', '')}"
        if restarts:
            times = "once" if restarts == 1 else f"{restarts} times"
            return Finding(title, Grade.ADVICE, f"{found}; started again {times}", logs)
        return Finding(title, Grade.GOOD, found)
    if facts.get("Result") in (None, "", "success"):
        return Finding(title, Grade.BAD, f"installed and {state}", f"{ask} start improvd")
    return Finding(title, Grade.BAD, f"installed and {state} ({facts['Result']})", logs)
