"""What learning cost as a training went on: a curve of few points, however long it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MOST_POINTS: Final = 256


@dataclass
class Curve:
    """Means of ``every`` steps each in ``points``; where these become too many, pairs of them become one.

    ``total`` and ``count`` are of the steps since the last point.
    """

    every: int = 1
    points: list[float] = field(default_factory=list)
    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """The value of one step more."""
        self.total += value
        self.count += 1
        if self.count == self.every:
            self.points.append(self.total / self.every)
            self.total, self.count = 0.0, 0
        if len(self.points) == MOST_POINTS:
            self.points = [(one + other) / 2 for one, other in zip(self.points[::2], self.points[1::2], strict=True)]
            self.every *= 2

    def as_points(self) -> list[dict[str, float]]:
        """Each point with the step that it ends with."""
        return [{"step": self.every * number, "bits": round(mean, 4)} for number, mean in enumerate(self.points, 1)]
