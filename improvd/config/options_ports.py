"""The options of ports: the keyboard, the synth, what else comes and goes by MIDI."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from improvd.config.kinds import Choice, Text
from improvd.config.option import Change, Group, described
from improvd.config.ports import PortName, PortNames
from improvd.config.systems import AUTO, NULL, SYSTEMS
from improvd.core.schedule import Instrument

_at_start = partial(described, group=Group.PORTS)
_at_once = partial(described, group=Group.PORTS, change=Change.NOW)


@dataclass(frozen=True, kw_only=True, repr=False)
class PortOptions:
    """What is opened, and how it is found."""

    inputs: tuple[str, ...] = _at_once(
        (),
        PortNames("input"),
        "The keyboard: a MIDI input's name or part of it, or several; without one: a port of its own, 'improvd in'.",
        name="in",
    )
    output: str = _at_once(
        "",
        PortName("output"),
        "The synth: a MIDI output's name or part of it; without one: a port of its own, 'improvd out'.",
        name="out",
    )
    api: str = _at_start(
        AUTO, Choice((AUTO, *SYSTEMS, NULL)), "The MIDI system (see: improvd ports); null: none at all, for measuring."
    )
    instrument: str = _at_start(
        AUTO,
        Choice((AUTO, Instrument.SAME.value, Instrument.SEPARATE.value)),
        "Whether keyboard and synth are one instrument.",
    )
    clock_in: str = _at_once(
        "",
        Text("NAME"),
        "Where the clock comes in, with --sync clock: a MIDI input's name or part of it; without one: the keyboard's.",
    )
    click_out: str = _at_once(
        "", Text("NAME"), "Where the metronome clicks: a MIDI output's name or part of it; without one: the synth's."
    )
    controls_out: str = _at_start(
        "",
        Text("NAME"),
        "Where controls with motors or lamps are told what they follow: a MIDI output's name or part of it.",
    )
