"""Listening to a keyboard without a duet: the ports process alone, as a session would start it."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from improvd.config.settings import schedule_limits
from improvd.core.events import Seconds
from improvd.daemon.child import Keeper, module
from improvd.daemon.clock import now
from improvd.daemon.messages import Failed, Heard, OpenPorts, PortsOpen
from improvd.daemon.status import listed, waiting
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from improvd.config.options import RunOptions
    from improvd.core.events import MidiEvent


def overhear(options: RunOptions, say: Callable[[str], None]) -> Generator[MidiEvent, None, None]:
    """What comes from the keyboard that the options name, as it comes; ``say`` takes lines on what it is, or lacks.

    Waits as long as it takes. Raises `UserError` where the MIDI system can't be had. Its end closes the ports.
    """
    limits = schedule_limits(options)
    order = OpenPorts(
        api=options.api,
        inputs=options.inputs,
        output="",
        instrument=options.instrument,
        late_limit=limits.late_limit,
        longest_note=limits.longest_note,
        left_behind=(),
    )
    keeper = Keeper("MIDI ports", module("ports"), lambda: order)
    keeper.start(now())
    try:
        while (child := keeper.child) is not None:
            select.select([child.peer], [], [])
            for message in keeper.receive():
                if isinstance(message, Heard):
                    yield message.event
                elif isinstance(message, PortsOpen):
                    say(f"listening to {listed(message.inputs)}" if message.hears else waiting(message))
                elif isinstance(message, Failed):
                    raise UserError(message.message)
            if why := keeper.why_lost(now()):
                raise UserError(f"the MIDI ports can't be opened: their process {why}")
    finally:
        keeper.stop(Seconds(1.0))
