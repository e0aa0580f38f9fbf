"""How a session goes, in figures: what was heard and played, how late, and what went wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from improvd.core.events import NOTE_ON, MidiEvent, Seconds, Sent, TurnEnded
from improvd.daemon.happenings import ModelBack, PortsBack
from improvd.daemon.messages import Heard, Pong

if TYPE_CHECKING:
    from improvd.daemon.happenings import Happening

RECENT = 1000
"""Messages that the percentiles are of."""
BOUNDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Upper bounds of the lateness histogram's classes, in seconds; one more is open."""


class Figures:
    """A witness that counts. All is since the start of the session; nothing grows. One thread's; nothing blocks."""

    def __init__(self) -> None:
        self._heard = self._played = 0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._latest = 0.0
        self._total = 0.0
        self._classes = [0] * (len(BOUNDS) + 1)
        self._turns: Counter[str] = Counter()
        self._moved = 0
        self._dropped = _Odometer()
        self._yielded = _Odometer()
        self._restarts: Counter[str] = Counter()

    def see(self, _at: Seconds, happening: Happening) -> None:
        """Count it, where it counts."""
        if isinstance(happening, Sent):
            self._on_sent(happening)
        elif isinstance(happening, Heard):
            self._heard += happening.event.kind == NOTE_ON and not (happening.echo or happening.control)
        elif isinstance(happening, TurnEnded):
            self._turns[happening.reason] += 1
            self._moved += happening.lateness > 0 and happening.response_onset is not None
        elif isinstance(happening, Pong):
            self._dropped.reads(happening.late_notes)
            self._yielded.reads(happening.yielded_notes)
        elif isinstance(happening, PortsBack):
            self._restarts["ports"] += 1
            self._dropped.is_fresh()
            self._yielded.is_fresh()
        elif isinstance(happening, ModelBack):
            self._restarts["model"] += 1

    def close(self) -> None:
        """Nothing to do."""

    def as_json(self) -> dict[str, Any]:
        """The part of a status that is figures; docs/control.md tells what each is. Times in seconds."""
        recent = sorted(self._recent)
        return {
            "notes": {"heard": self._heard, "played": self._played, "yielded": self._yielded.total},
            "turns": {reason: self._turns[reason] for reason in ("finished", "interrupted", "stopped", "abandoned")},
            "missed": {
                "notes": self._dropped.total,
                "beats": self._moved,
                "answers": self._turns["abandoned"],
            },
            "lateness": {
                "median": _percentile(recent, 0.5),
                "p95": _percentile(recent, 0.95),
                "p99": _percentile(recent, 0.99),
                "max": self._latest,
                "messages": sum(self._classes),
                "total": self._total,
                "classes": [[bound, count] for bound, count in zip((*BOUNDS, None), self._classes, strict=True)],
            },
            "restarts": {"ports": self._restarts["ports"], "model": self._restarts["model"]},
        }

    def _on_sent(self, sent: Sent) -> None:
        late = max(0.0, sent.actual - sent.planned)
        self._played += MidiEvent(sent.actual, sent.data).kind == NOTE_ON
        self._recent.append(late)
        self._latest = max(self._latest, late)
        self._total += late
        self._classes[bisect_left(BOUNDS, late)] += 1


class _Odometer:
    """A count that a process keeps and that begins anew with each."""

    def __init__(self) -> None:
        self._before = self._now = 0

    @property
    def total(self) -> int:
        return self._before + self._now

    def reads(self, count: int) -> None:
        self._now = count

    def is_fresh(self) -> None:
        self._before, self._now = self.total, 0


def _percentile(ordered: list[float], part: float) -> float | None:
    """The smallest value that ``part`` of all don't exceed; None where there is none."""
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else None
