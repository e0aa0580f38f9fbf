"""Partners that need no model."""

from __future__ import annotations

from dataclasses import dataclass, field

from improvd.core.events import BeatNote, Beats, Continuation, Generate, Seconds


@dataclass
class Echoing:
    """Answers each request with a note every ``step`` beats from its start, ``latency`` after it was asked."""

    latency: float = 0.02
    step: float = 0.5
    asked: list[Generate] = field(default_factory=list)

    def answer(self, asked_at: Seconds, request: Generate) -> tuple[Seconds, Continuation]:
        self.asked.append(request)
        notes = []
        beat = request.start
        while beat < request.until:
            notes.append(BeatNote(Beats(beat), Beats(min(self.step * 0.9, request.end - beat)), 60 + len(notes) % 12, 80))
            beat = Beats(beat + self.step)
        return Seconds(asked_at + self.latency), Continuation(request.turn, request.segment, tuple(notes))
