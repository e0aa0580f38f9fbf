"""A session's status for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TURNS = {
    "starting": "starting",
    "listening": "listening",
    "call": "hearing a phrase",
    "thinking": "about to answer",
    "answering": "answering",
}


def shown(status: Mapping[str, Any]) -> str:
    """Some lines, each beginning with what it is about."""
    muted = ", muted" if status["muted"] else ""
    rows = {
        "state": f"{TURNS[status['state']]}{muted}; up for {_span(status['uptime'])}",
        "ports": _ports(status["ports"]),
        "model": _model(status["model"]),
        "tempo": _tempo(status["tempo"]),
        "recording": status["recording"] or "nothing",
        "notes": _notes(status["notes"]),
        "turns": ", ".join(f"{count} {how}" for how, count in status["turns"].items()),
        "lateness": _lateness(status["lateness"]),
        "missed": _missed(status["missed"]),
        "restarts": ", ".join(f"{name} {count}" for name, count in status["restarts"].items()),
        "memory": ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in status["memory"].items()) or "unknown",
    }
    return "\n".join(f"{name:11}{row}" for name, row in rows.items())


def heard_and_played(inputs: Iterable[tuple[str, str]], output: str) -> str:
    """The ports in words. Of each input what was asked for and its name, which is empty for what is waited for."""
    inputs = tuple(inputs)
    there, missing = [name for _, name in inputs if name], [wanted for wanted, name in inputs if not name]
    heard = f"hearing {quoted(there)}" if there else "waiting for a keyboard"
    missed = f", waiting for {quoted(missing)}" if there and missing else ""
    return f"{heard}{missed}, " + (f"playing '{output}'" if output else "waiting for a synth")


def quoted(names: Sequence[str]) -> str:
    """One name or more in a line."""
    *first, last = [f"'{name}'" for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _ports(ports: Mapping[str, Any] | None) -> str:
    if not ports:
        return "not open"
    inputs = ((port["wanted"], port["name"]) for port in ports["inputs"])
    which = f" ({ports['api']})" if ports["api"] else ""
    return heard_and_played(inputs, ports["output"]["name"]) + which


def _tempo(tempo: Mapping[str, Any]) -> str:
    if tempo["leader"] == "link":
        return f"{tempo['bpm']:.0f} bpm; {linked(tempo['peers'])}"
    leader = {"player": "you", "clock": "the MIDI clock", "internal": "improvd"}[tempo["leader"]]
    return f"{tempo['bpm']:.0f} bpm, {tempo['confidence']:.0%} sure; {leader} lead{'' if leader == 'you' else 's'}"


def linked(peers: int) -> str:
    """A Link session, by how many others are in it."""
    return f"link, {peers} peer{'' if peers == 1 else 's'}"


def _model(model: Mapping[str, Any] | None) -> str:
    return f"{model['name']}, {model['step'] * 1e6:.0f} µs a note" if model else "being loaded"


def _notes(notes: Mapping[str, int]) -> str:
    yielded = f", {notes['yielded']} yielded to your keys" if notes["yielded"] else ""
    return f"{notes['heard']} heard, {notes['played']} played{yielded}"


def _lateness(late: Mapping[str, Any]) -> str:
    if not late["messages"]:
        return "nothing sent yet"
    figures = ", ".join(f"{name} {late[name] * 1e3:.2f}" for name in ("median", "p95", "p99", "max"))
    return f"{figures} ms, of {late['messages']} messages"


def _missed(missed: Mapping[str, int]) -> str:
    notes, late, empty = (missed[kind] for kind in ("notes", "beats", "answers"))
    return f"{notes} notes dropped, {late} answers begun late, {empty} without notes"


def _span(seconds: float) -> str:
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
