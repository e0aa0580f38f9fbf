"""What a fresh ports process is told to open, and how it is to play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.config.settings import schedule_limits
from improvd.core.schedule import Instrument
from improvd.daemon.messages import OpenPorts, Port, PortsOpen

if TYPE_CHECKING:
    from improvd.config.options import RunOptions
    from improvd.core.events import Seconds
    from improvd.daemon.duet import Duet
    from improvd.daemon.held import Held
    from improvd.daemon.messages import Owed
    from improvd.daemon.outfit import Outfit


def none_open(options: RunOptions) -> PortsOpen:
    """How the ports stand while nobody can have any."""
    inputs = tuple(Port(wanted, "") for wanted in options.inputs or ("",))
    return PortsOpen("", inputs, Port(options.output, ""), Instrument.UNKNOWN.value, "")


def open_ports(
    held: Held,
    duet: Duet,
    outfit: Outfit,
    *,
    api: str,
    owed: tuple[Owed, ...],
    played: str,
    page: bool,
    at: Seconds,
) -> OpenPorts:
    """The order, by what holds and what sounds. ``api`` is the MIDI system that was found first, if one was.

    ``owed`` and ``played`` are what the process before this one told of outputs that went, and of the one that it
    played on at the last. ``page`` tells whether there is a page,
    whose keys are heard beside the keyboard's.
    """
    chosen = held.options
    limits = schedule_limits(chosen)
    fitting = outfit.order()
    return OpenPorts(
        # What was found at the start is what is looked for again: another backend may be up by now.
        api=api or chosen.api,
        inputs=fitting.ports.inputs,
        output=fitting.ports.output,
        instrument=chosen.instrument,
        late_limit=limits.late_limit,
        longest_note=limits.longest_note,
        left_behind=duet.mirror.left_behind(at),
        keys=duet.hands.keys,
        pedals=duet.hands.pedals,
        channels=(held.settings.channel, *_clicks(chosen)),
        page=page,
        time=fitting.time,
        keyboard=fitting.keyboard,
        choosing=fitting.choosing,
        controls=chosen.controls_out,
        owed=owed,
        played=played,
    )


def _clicks(options: RunOptions) -> tuple[int, ...]:
    """The channel on which a metronome may have left a click sounding at the synth."""
    return (options.click_channel - 1,) if options.click and not options.click_out else ()
