"""What became of the files, in numbers: for the end of a run, the report and the card."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from improvd.train.events import File, Note
from improvd.train.files import store
from improvd.train.intake import parts
from improvd.train.words import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from improvd.train.events import Tell
    from improvd.train.intake.ingest import Filed

KINDS: Final = {parts.MIDI: "MIDI files", parts.SCORES: "scores", parts.RECORDED: "recordings"}
TOLD: Final = 8
"""How many skipped files are named one by one."""


@dataclass(frozen=True)
class Summary:
    """``files`` counts by status, ``reasons`` those skipped, ``styles`` by style and status.

    Of those used: ``kinds`` by kind of file, ``keys`` by key where it is known, ``beat_known`` how many have a beat
    that is known, ``pedalled`` the share of each style's notes that a pedal held on, where there are any.
    """

    files: Mapping[str, int]
    reasons: Mapping[str, int]
    styles: Mapping[str, Mapping[str, int]]
    kinds: Mapping[str, int]
    keys: Mapping[str, int]
    beat_known: int
    pedalled: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """What of it goes into a bundle: numbers alone, nothing that names a file."""
        return {"files": dict(self.files), "kinds": dict(self.kinds), "beat_known": self.beat_known}


def summarise(files: Sequence[Filed]) -> Summary:
    """Count."""
    styles: dict[str, Counter[str]] = defaultdict(Counter)
    for one in files:
        styles[one.entry.style][one.status] += 1
    used = [one for one in files if one.status == "used"]
    return Summary(
        files=Counter(one.status for one in files),
        reasons=Counter(one.reason for one in files if one.status == "skipped"),
        styles=styles,
        kinds=Counter(KINDS[parts.kind(one.entry.path)] for one in used),
        keys=Counter(one.key for one in used if one.key),
        beat_known=sum(one.beat_known for one in used),
        pedalled=_pedalled(used),
    )


def _pedalled(used: Sequence[Filed]) -> dict[str, float]:
    notes: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for one in used:
        notes[one.entry.style] += one.notes
        held[one.entry.style] += round(one.pedalled * one.notes)
    return {style: round(held[style] / notes[style], 3) for style in sorted(notes) if held[style]}


def tell_files(files: Sequence[Filed], summary: Summary, tell: Tell) -> None:
    """Tell how each file ended; in words, how many of them in which way, and of the first skipped ones why."""
    for one in files:
        tell(File(one.entry.path, one.status, one.reason, one.entry.style, one.notes, one.key, one.beat_known))
    tell(Note(", ".join(f"{count:,} {status}" for status in STATUSES if (count := summary.files.get(status, 0)))))
    skipped = [one for one in files if one.status == "skipped"]
    for one in skipped[:TOLD]:
        tell(Note(f"  skipped {store.shown(one.entry.path)}: {one.reason}"))
    if len(skipped) > TOLD:
        tell(Note(f"  … and {len(skipped) - TOLD:,} more"))
