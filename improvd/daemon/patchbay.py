"""Which ports there are, how ours stand, and which may be asked for while a duet is on. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from improvd.daemon.portnames import choose

if TYPE_CHECKING:
    from improvd.config.options import RunOptions
    from improvd.daemon.messages import PortsOpen, PortsThere


def told(ports: PortsOpen | None, there: PortsThere) -> dict[str, Any] | None:
    """All that as clients are told it (docs/control.md); None while nobody has the ports."""
    if ports is None:
        return None
    return {
        "api": ports.api,
        "inputs": [asdict(port) for port in ports.inputs],
        "output": asdict(ports.output),
        "waiting": ports.waiting,
        "available": asdict(there),
    }


def check(before: RunOptions, wished: RunOptions, there: PortsThere) -> None:
    """Raise `MidiError` where a port is wished for now that is not there: what plays is not given up for nothing.

    What was wanted before may be missing still, and at a start all may.
    """
    for name in wished.inputs:
        if name not in before.inputs:
            choose(there.inputs, name, "input")
    if wished.output not in ("", before.output):
        choose(there.outputs, wished.output, "output")
    if wished.clock_in not in ("", before.clock_in):
        choose(there.inputs, wished.clock_in, "input")
    if wished.click_out not in ("", before.click_out):
        choose(there.outputs, wished.click_out, "output")
