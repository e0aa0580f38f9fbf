"""The MIDI systems, their ports, and how long a message takes through them."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from improvd.config.systems import AUTO, NULL
from improvd.daemon.child import module
from improvd.daemon.portnames import choose, shown, stable
from improvd.daemon.probe import probe
from improvd.doctor.finding import Finding, Grade
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.config.options import RunOptions
    from improvd.daemon.probe import Ports

SEQUENCER = Path("/dev/snd/seq")
SLOW = 5.0
"""Milliseconds there and back through a MIDI system, beyond which something is wrong with it."""


def findings(options: RunOptions) -> Iterator[Finding]:
    """The systems, the ports that ``options`` name, and the way there and back."""
    if sys.platform == "linux":
        yield sequencer()
    try:
        systems = probe()
    except MidiError as error:
        yield Finding("MIDI", Grade.BAD, str(error))
        return
    running = {api: ports for api, ports in systems.items() if not ports.problem}
    for api, ports in systems.items():
        if api in running:
            yield Finding(shown(api), Grade.GOOD, f"{len(ports.inputs)} inputs, {len(ports.outputs)} outputs")
        else:
            grade = Grade.BAD if options.api == api else Grade.GOOD
            yield Finding(shown(api), grade, ports.problem, 'start it, or api = "auto"' if grade is Grade.BAD else "")
    if options.api == NULL:
        return
    used = next((api for api in running if options.api in (AUTO, api)), None)
    if used is None:
        alone = options.page and options.api == AUTO and not (options.inputs or options.output)
        grade, so = (Grade.ADVICE, ", so the page alone is the instrument") if alone else (Grade.BAD, "")
        yield Finding("MIDI", grade, f"no MIDI system is running{so}", "plug in a device, or start JACK")
        return
    yield from ports_named(options, running[used])
    yield from loops(used, options)


def sequencer(device: Path = SEQUENCER) -> Finding:
    """ALSA's door: whether it is there, and open to us."""
    try:
        group = grp.getgrgid(device.stat().st_gid).gr_name
    except FileNotFoundError:
        return Finding(str(device), Grade.ADVICE, "is not there, so no ALSA", "sudo modprobe snd-seq")
    except (KeyError, OSError) as error:
        group = f"one that can't be told ({error})"
    if os.access(device, os.R_OK | os.W_OK):
        return Finding(str(device), Grade.GOOD, f"may be used (group {group})")
    user = pwd.getpwuid(os.geteuid()).pw_name
    return Finding(
        str(device),
        Grade.BAD,
        f"may not be used: it belongs to the group {group}",
        f"sudo usermod -aG {group} {user}, and log in again",
    )


def ports_named(options: RunOptions, ports: Ports) -> Iterator[Finding]:
    """Whether each port that was named is there, once."""
    for what, wanted, names, direction in (
        *(("keyboard", wanted, ports.inputs, "input") for wanted in options.inputs or ("",)),
        ("synth", options.output, ports.outputs, "output"),
    ):
        if not wanted:
            yield Finding(what, Grade.GOOD, "a port of improvd's own, to be connected")
            continue
        try:
            found = names[choose(names, wanted, direction)]
        except MidiError as error:
            yield Finding(what, Grade.BAD, str(error))
        else:
            yield Finding(what, Grade.GOOD, stable(found))


def loops(api: str, options: RunOptions) -> Iterator[Finding]:
    """How long a message takes to a port of our own and back; and whether what is sent to the synth comes back."""
    own = loop(api)
    if own.problem or not own.heard:
        yield Finding("latency", Grade.BAD, f"through {shown(api)}: {own.problem or 'what is sent does not arrive'}")
        return
    figures = f"{own.median_ms:.2f} ms through {shown(api)}, {own.worst_ms:.2f} at worst"
    if own.median_ms > SLOW:
        yield Finding("latency", Grade.ADVICE, figures, "shorten JACK's period, or see what else is busy")
    else:
        yield Finding("latency", Grade.GOOD, figures)
    for source in options.inputs if options.output else ():
        cable = loop(api, options.output, source)
        if cable.heard:
            yield Finding(
                "loop",
                Grade.ADVICE,
                f"what goes to the synth comes back by '{source}', {cable.median_ms:.2f} ms later",
                "switch off MIDI thru there, or undo the connection, else improvd may answer itself",
            )
        elif not cable.problem:
            yield Finding("loop", Grade.GOOD, f"none: what goes to the synth doesn't come back by '{source}'")


class Loop(NamedTuple):
    """What `improvd.daemon.loop` measured: how many messages came back and in what time, or the ``problem``."""

    heard: int = 0
    median_ms: float = 0.0
    worst_ms: float = 0.0
    problem: str = ""


def loop(api: str, output: str = "", source: str = "") -> Loop:
    """Send there and listen here; without names, by ports of our own."""
    run = subprocess.run(  # noqa: S603  our own interpreter and module
        [*module("loop"), api, output, source], capture_output=True, text=True, check=False
    )
    if run.returncode == 0:
        return Loop(**json.loads(run.stdout))
    return Loop(problem=run.stderr.strip() if run.returncode == 2 else "it does not answer")
