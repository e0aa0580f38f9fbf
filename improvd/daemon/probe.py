"""Asks each MIDI system for its ports, in a process of its own: `python -m improvd.daemon.probe API`.

A stopped sound server blocks whoever asks it, and libraries write on stderr what is not for the user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from improvd.core.events import Seconds
from improvd.daemon import graph_alsa, watchdog
from improvd.daemon.child import module
from improvd.errors import MidiError

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE, STARTING = Seconds(4.0), Seconds(20.0)
"""How long a MIDI system may take to answer, and beside that a process to ask it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One MIDI system's ports; where it can't be asked, ``problem`` says why."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    problem: str = ""

    def as_json(self) -> dict[str, object]:
        """For `improvd ports --json`."""
        return {"inputs": self.inputs, "outputs": self.outputs, "problem": self.problem or None}


def probe(apis: Sequence[str] | None = None) -> dict[str, Ports]:
    """The ports of ``apis``, or of all that python-rtmidi was built with; `PATIENCE` is had with one that is silent.

    Raises `MidiError` where python-rtmidi can't be loaded or was not built with one of ``apis``.
    """
    there = _ask("")
    if isinstance(there, str):
        raise MidiError(there)
    for api in apis or ():
        if api not in there:
            raise MidiError(f"no MIDI system '{api}' here; there are: {', '.join(there) or 'none'}")
    asked = list(apis or there)
    with ThreadPoolExecutor() as pool:
        return dict(zip(asked, pool.map(_ports, asked), strict=True))


def _ports(api: str) -> Ports:
    answer = _ask(api)
    if isinstance(answer, str):
        return Ports(problem=answer)
    return Ports(tuple(answer["inputs"]), tuple(answer["outputs"]))


def _ask(api: str) -> str | dict[str, list[str]]:
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            [*module("probe"), api], capture_output=True, text=True, timeout=PATIENCE + STARTING, check=False
        )
    except subprocess.TimeoutExpired:
        return "does not answer"
    if done.returncode == 2:
        return done.stderr.rpartition("\n")[2]  # above it is what libraries say
    if done.returncode != 0:
        return "does not answer" if done.returncode < 0 else "is not running"
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Print the ports of the MIDI system that is the one argument, or with "" which systems there are."""
    from improvd.daemon.midi import compiled  # noqa: PLC0415  this process only

    os.environ["JACK_NO_START_SERVER"] = "1"
    watchdog.prepare()
    try:
        number = compiled()
    except MidiError as error:
        sys.stderr.write(str(error))
        sys.exit(2)
    if sys.argv[1] == "alsa" and (why := graph_alsa.problem()):
        sys.stderr.write(why)
        sys.exit(2)
    import rtmidi  # noqa: PLC0415  as above

    if not sys.argv[1]:
        print(json.dumps({api: [] for api in number}))  # noqa: T201  this is how it answers
        return
    with watchdog.within(PATIENCE):
        api = number[sys.argv[1]]
        ports = {
            "inputs": rtmidi.MidiIn(api, "improvd-probe").get_ports(),
            "outputs": rtmidi.MidiOut(api, "improvd-probe").get_ports(),
        }
        print(json.dumps(ports), flush=True)  # noqa: T201  as above
        os._exit(0)  # taking clients down may block; the system does it for a process that is gone


if __name__ == "__main__":
    main()
