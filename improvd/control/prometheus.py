"""A session's status as Prometheus reads it: its text format 0.0.4, each figure with what it is."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Samples = Iterable[tuple[str, Mapping[str, str], float]]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

STATES = ("starting", "listening", "call", "thinking", "answering")


def text(status: Mapping[str, Any]) -> str:
    """The page for a status as the control socket gives it. Seconds and bytes, as Prometheus wants them."""
    return "".join(f"{line}\n" for metric in _metrics(status) for line in _lines(*metric))


def _metrics(status: Mapping[str, Any]) -> Iterable[tuple[str, str, str, Samples]]:
    """Name, type, what it is, and samples."""
    tempo, missed, late = status["tempo"], status["missed"], status["lateness"]
    model = (status["model"] or {"name": ""})["name"]
    notes = {**{name: status["notes"][name] for name in ("heard", "played", "yielded")}, "dropped": missed["notes"]}
    states = {state: int(state == status["state"]) for state in STATES}
    yield "info", "gauge", "What runs.", [("", {"version": status["version"], "model": model}, 1)]
    yield "uptime_seconds", "gauge", "Since the session began.", _one(status["uptime"])
    yield "state", "gauge", "Whose turn it is.", _each("state", states)
    yield "muted", "gauge", "Whether it listens without answering.", _one(int(status["muted"]))
    yield "port_open", "gauge", "Whether each port is there, by the name asked for.", _ports(status["ports"])
    yield "recording", "gauge", "Whether what is played is being recorded.", _one(int(bool(status["recording"])))
    yield "tempo_bpm", "gauge", "The tempo as last known.", _one(tempo["bpm"])
    yield "tempo_confidence", "gauge", "How sure that is, 0 to 1.", _one(tempo["confidence"])
    yield "notes_total", "counter", "Notes; those dropped came too late.", _each("what", notes)
    yield "turns_total", "counter", "Turns, by how they ended.", _each("end", status["turns"])
    yield "missed_beats_total", "counter", "Answers that began later than meant.", _one(missed["beats"])
    yield "lateness_seconds", "histogram", "How late messages left for the synth.", _histogram(late)
    yield "restarts_total", "counter", "Processes started afresh.", _each("process", status["restarts"])
    yield "memory_bytes", "gauge", "Resident memory of a process.", _each("process", status["memory"])
    yield "clients", "gauge", "Clients of the control socket.", _one(status["clients"])


def _ports(ports: Mapping[str, Any] | None) -> Samples:
    if ports is not None:
        for end, port in (*(("input", port) for port in ports["inputs"]), ("output", ports["output"])):
            yield "", {"port": end, "wanted": port["wanted"]}, int(bool(port["name"]))


def _one(value: float) -> Samples:
    yield "", {}, value


def _each(label: str, values: Mapping[str, float]) -> Samples:
    yield from (("", {label: name}, value) for name, value in values.items())


def _histogram(late: Mapping[str, Any]) -> Samples:
    bounds = ["+Inf" if bound is None else f"{bound:g}" for bound, _ in late["classes"]]
    counts = accumulate(count for _, count in late["classes"])
    yield from (("_bucket", {"le": bound}, count) for bound, count in zip(bounds, counts, strict=True))
    yield "_sum", {}, late["total"]
    yield "_count", {}, late["messages"]


def _lines(name: str, kind: str, what: str, samples: Samples) -> Iterable[str]:
    yield f"# HELP improvd_{name} {what}"
    yield f"# TYPE improvd_{name} {kind}"
    for suffix, labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text_)}"' for label, text_ in labels.items())
        yield f"improvd_{name}{suffix}{'{' + named + '}' if named else ''} {value!r}"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
