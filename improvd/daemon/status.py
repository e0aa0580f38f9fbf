"""The lines that `improvd run` prints."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from improvd.config.systems import SYSTEMS
from improvd.daemon.portnames import shown

if TYPE_CHECKING:
    from improvd.core.events import TurnEnded
    from improvd.core.settings import EngineSettings
    from improvd.daemon.messages import ModelReady, PortsOpen


def ready(ports: PortsOpen, model: ModelReady, settings: EngineSettings) -> str:
    """Once, when the duet is on."""
    tempo = f"{settings.bpm:g} bpm" if settings.bpm else "your tempo"
    return (
        f"ready: hearing '{ports.input}', playing '{ports.output}' ({shown(ports.api)}); {tempo}; "
        f"model {model.name} ({model.step * 1e6:.0f} µs a note); {ports.grants}"
    )


def unknown_style(style: str, model: ModelReady) -> str:
    """When the settings that were read again ask for a style that the model never heard of."""
    return f"the model {model.name} knows no style '{style}'; it knows: {', '.join(model.styles) or 'none'}"


def ports_back(ports: PortsOpen) -> str:
    """When a fresh ports process serves."""
    return f"the ports are back: hearing '{ports.input}', playing '{ports.output}'"


def turn(count: int, ended: TurnEnded) -> str:
    """One turn in one line. ``count``: ended turns so far; a turn's own number skips those thought better of."""
    heard = f"turn {count}: heard {ended.call_notes} notes, {ended.call_beats:.1f} beats at {ended.bpm:.0f} bpm"
    if ended.response_onset is None:
        return f"{heard}; no answer ({ended.reason})"
    return f"{heard}; answered {ended.response_notes} notes, {ended.response_beats:.1f} beats ({ended.reason})"


def never_started(title: str, why: str, exit_status: int | None, api: str) -> str:
    """For a child that ended before it ever served and did not say why."""
    if exit_status == -signal.SIGALRM:  # its watchdog's
        which = f" ({shown(api)})" if api in SYSTEMS else ""
        return f"the MIDI system{which} does not answer: its sound server may be stopped"
    return f"the process of the {title} ended before it was ready: it {why} (more with --debug)"
