"""The lines that `improvd run` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.config.systems import SYSTEMS
from improvd.control.shown import heard_and_played, linked, quoted
from improvd.core.settings import Sync
from improvd.core.tempo import DEFAULT_BPM
from improvd.daemon.portnames import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from improvd.core.events import TurnEnded
    from improvd.core.settings import EngineSettings
    from improvd.core.view import View
    from improvd.daemon.messages import ModelReady, Port, PortsOpen


def ready(ports: PortsOpen, model: ModelReady, settings: EngineSettings) -> str:
    """Once, when the duet is on."""
    tempo = f"{settings.bpm:g} bpm" if settings.bpm else "your tempo"
    if settings.sync is Sync.CLOCK:
        tempo = "a clock's tempo, yours until there is one"
    elif settings.sync is Sync.INTERNAL:
        tempo = f"leading at {settings.bpm or DEFAULT_BPM:g} bpm"
    elif settings.sync is Sync.LINK:
        tempo = f"a Link session's tempo, {settings.bpm or DEFAULT_BPM:g} bpm where it is ours to say"
    which = f" ({shown(ports.api)})" if ports.api else ""
    what = f"model {_paced(model)}"
    return "; ".join(part for part in (f"ready: {named(ports)}{which}", tempo, what, ports.grants) if part)


def changed_to(model: ModelReady) -> str:
    """When another model takes over."""
    return f"the model is now {_paced(model)}"


def _paced(model: ModelReady) -> str:
    return f"{model.name} ({model.step * 1e6:.0f} µs a note)"


def unknown_style(style: str, model: ModelReady) -> str:
    """When the settings that were read again ask for a style that the model never heard of."""
    return f"the model {model.name} knows no style '{style}'; it knows: {', '.join(model.styles) or 'none'}"


def named(ports: PortsOpen) -> str:
    """What there is to hear and to play on by now."""
    return heard_and_played(((port.wanted, port.name) for port in ports.inputs), ports.output.name)


def listed(ports: Iterable[Port]) -> str:
    """The names of those that are there; there must be one."""
    return quoted([port.name for port in ports if port.name])


def waiting(ports: PortsOpen) -> str:
    """Why something isn't there."""
    return f"waiting: {'; '.join(ports.waiting)}"


def came_and_went(before: PortsOpen | None, ports: PortsOpen, *, fresh: bool) -> list[str]:
    """When ports came or went since ``before``; ``fresh``: another process looks after them now.

    What is waited for is told when the waiting begins, and not each time that something else is plugged in.
    """
    had = before or ports
    earlier, by_now = _ends(had), _ends(ports)
    asked_otherwise = earlier.keys() != by_now.keys()
    lines = [f"'{name}' is gone; waiting for it" for end, name in earlier.items() if name and by_now.get(end) == ""]
    if any(name and name != earlier.get(end) for end, name in by_now.items()):
        back = ports.complete and not had.complete and not asked_otherwise
        lines.append(f"the ports are back: {named(ports)}" if back else named(ports))
    elif asked_otherwise:
        lines.append(named(ports))
    if fresh or asked_otherwise or had.api != ports.api:
        lines += [f"waiting: {why}" for why in ports.waiting]
    return lines


def _ends(ports: PortsOpen) -> dict[tuple[str, str], str]:
    """The names by what was asked for, the inputs first."""
    heard = {("in", port.wanted): port.name for port in ports.inputs}
    return {**heard, ("out", ports.output.wanted): ports.output.name}


def leader(before: View | None, view: View, sync: Sync) -> str | None:
    """Whom the beat comes from, where that has changed since ``before``; ``sync`` is what was asked for."""
    told = view.leader, view.stopped, view.peers
    if before is None or (before.leader, before.stopped, before.peers) == told:
        return None
    if view.leader is Sync.LINK:
        return linked(view.peers or 0) + (", stopped" if view.stopped else "")
    if view.stopped:
        return "the clock has stopped"
    if view.leader is not Sync.PLAYER:
        return "following the clock" if view.leader is Sync.CLOCK else "leading"
    if sync is not Sync.CLOCK:
        return "following you"
    return "the clock is gone; following you" if before.leader is Sync.CLOCK else "following you until there is a clock"


def turn(count: int, ended: TurnEnded) -> str:
    """One turn in one line. ``count``: ended turns so far; a turn's own number skips those thought better of."""
    heard = f"turn {count}: heard {ended.call_notes} notes, {ended.call_beats:.1f} beats at {ended.bpm:.0f} bpm"
    if ended.cue:
        heard = f"turn {count}: {ended.cue}, at {ended.bpm:.0f} bpm"
    if ended.response_onset is None:
        return f"{heard}; no answer ({ended.reason})"
    return f"{heard}; answered {ended.response_notes} notes, {ended.response_beats:.1f} beats ({ended.reason})"


def never_started(title: str, why: str) -> str:
    """For a child that ended before it ever served and did not say why."""
    return f"the process of the {title} ended before it was ready: it {why} (more with --debug)"


def ended(title: str) -> str:
    """For a child that served, or may be done without, and ended without a word."""
    return f"the {title} ended unexpectedly; starting afresh"


def stuck(api: str) -> str:
    """For a MIDI system of which a call never returned."""
    which = f" ({shown(api)})" if api in SYSTEMS else ""
    return f"the MIDI system{which} does not answer: its sound server may be stopped"
