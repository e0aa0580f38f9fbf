"""What those are told who watch a session from outside: a line for each happening they asked for (docs/control.md)."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from improvd.config.live import values
from improvd.control import requests
from improvd.core.events import Pace, Play, Release, Seconds, Sent, TurnEnded
from improvd.core.view import View
from improvd.daemon.happenings import Renewed
from improvd.daemon.messages import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.daemon.happenings import Happening


def event_of(at: Seconds, happening: Happening) -> tuple[str, dict[str, Any]] | None:
    """The kind of event that a happening is to a watcher, and what the event says; None where it is none."""
    told = _TELLERS.get(type(happening))
    return None if told is None else told(at, happening)


def line_of(kind: str, said: dict[str, Any]) -> bytes:
    """The line of an event."""
    return requests.event(kind, **said)


def state(at: Seconds, view: View) -> tuple[str, dict[str, Any]]:
    """The event of a state: whose turn it is, and where the beat is."""
    timeline = view.timeline
    return "state", {
        "state": view.state.value,
        "at": at,
        "muted": view.muted,
        "bpm": view.bpm,
        "confidence": view.confidence,
        "key": view.key and f"{view.key.name.removesuffix('m')} {'minor' if view.key.minor else 'major'}",
        "leader": view.leader.value,
        "peers": view.peers,
        "stopped": view.stopped,
        "beat": timeline
        and {
            "origin": timeline.origin,
            "period": timeline.period,
            "bar": view.beats_per_bar,
            "downbeat": view.downbeat,
        },
    }


def pace(_at: Seconds, told: Pace) -> tuple[str, dict[str, Any]]:
    """The event of a pace: where the beat is, for who keeps time with us."""
    return "pace", asdict(told)


def _turn(_at: Seconds, ended: TurnEnded) -> tuple[str, dict[str, Any]]:
    return "turn", asdict(ended)


def _heard(_at: Seconds, heard: Heard) -> tuple[str, dict[str, Any]]:
    if heard.control:
        return "moved", {"at": heard.event.at, "data": list(heard.event.data)}
    return "heard", {"at": heard.event.at, "data": list(heard.event.data), "echo": heard.echo}


def _planned(_at: Seconds, play: Play) -> tuple[str, dict[str, Any]]:
    return "planned", {"turn": play.turn, "notes": [astuple(note) for note in play.notes]}


def _released(at: Seconds, _release: Release) -> tuple[str, dict[str, Any]]:
    return "released", {"at": at}


def _sent(_at: Seconds, sent: Sent) -> tuple[str, dict[str, Any]]:
    return "sent", {"planned": sent.planned, "actual": sent.actual, "data": list(sent.data)}


def _settings(_at: Seconds, new: Renewed) -> tuple[str, dict[str, Any]]:
    return "settings", {"values": values(new.options)}


_TELLERS: dict[type, Callable[[Seconds, Any], tuple[str, dict[str, Any]]]] = {
    View: state,
    Pace: pace,
    Heard: _heard,
    Play: _planned,
    Release: _released,
    Sent: _sent,
    TurnEnded: _turn,
    Renewed: _settings,
}
