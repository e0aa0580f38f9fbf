"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from improvd.config.kinds import fit


class Grade(Enum):
    """How it stands with one thing."""

    GOOD = "ok"
    ADVICE = "advice"
    """It plays, and could do better."""
    BAD = "bad"
    """It doesn't play so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, what was found, and ``remedy``: what to do where that isn't good."""

    what: str
    grade: Grade
    found: str
    remedy: str = ""

    def line(self, width: int) -> str:
        """In one line, ``what`` taking ``width`` columns."""
        mark = {Grade.GOOD: "  ", Grade.ADVICE: "? ", Grade.BAD: "! "}[self.grade]
        joint = " " if self.found.endswith("?") else "; " if ": " in self.found else ": "
        return fit(f"{mark}{self.what:<{width}}  {self.found}" + (f"{joint}{self.remedy}" if self.remedy else ""))

    def as_json(self) -> dict[str, str | None]:
        """For `improvd doctor --json`."""
        return {"what": self.what, "grade": self.grade.value, "found": self.found, "remedy": self.remedy or None}
