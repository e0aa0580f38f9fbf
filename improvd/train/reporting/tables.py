"""What a report lists: the music and whom to thank for it, the files, and how to make the model again."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final

from improvd.train.reporting import charts
from improvd.train.reporting.card import by_source, command
from improvd.train.words import STATUSES, listed, many, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from improvd.train.intake.ingest import Filed
    from improvd.train.reporting.summary import Summary
    from improvd.train.settings import TrainSettings

MOST_FILES: Final = 1000
"""Rows of the table of files, at some 300 bytes; the whole list lies beside the page."""
MOST_SOURCES: Final = 200
MOST_ATTRIBUTED: Final = 1000
MOST_REASONS: Final = 20
LONGEST: Final = 300
"""Characters of a name, title or reason that are shown."""


def music(facts: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    """The section on what was learnt from."""
    provenance = facts["provenance"]
    used = summary.files.get("used", 0)
    beat = f"{summary.beat_known:,} ({100 * summary.beat_known / max(1, used):.0f} %)"
    parent = provenance.get("parent") or {}
    asked = sorted({*provenance["attribution"], *parent.get("attribution", [])})
    sources = by_source([*provenance["sources"], *parent.get("sources", [])])
    goes_on = f" It goes on from the model {shown(parent['name'])}, whose music is among the sources." if parent else ""
    return {
        "music": f"Of {many(used, 'file')} used, the beat is known of {beat}: from them it learns rhythm in beats, "
        f"from the others in their own free time.{goes_on}",
        "keys": _keys(summary.keys),
        "sources": [
            {key: _cut(value) if isinstance(value, str) else value for key, value in one.items()}
            for one in sources[:MOST_SOURCES]
        ],
        "more_sources": max(0, len(sources) - MOST_SOURCES),
        "attribution": [_cut(line) for line in asked[:MOST_ATTRIBUTED]],
        "attributed": len(asked),
    }


def files(filed: Sequence[Filed], summary: Summary) -> dict[str, Any]:
    """The section on what became of each file."""
    # What went wrong is what a reader looks for.
    first = nsmallest(MOST_FILES, filed, key=lambda one: (-STATUSES.index(one.status), one.entry.path))
    root = _root([one.entry.path for one in filed])
    rows = [
        {
            "path": _cut(one.entry.path[len(root) :]),
            "status": one.status,
            "title": _cut(": ".join(filter(None, (one.entry.composer, one.entry.title)))),
            "reason": _cut(one.reason.replace(root, "") if root else one.reason),
            "style": _cut(one.entry.style),
            "notes": f"{one.notes:,}" if one.notes else "",
            "key": one.key,
            "beat": ("known" if one.beat_known else "unknown") if one.status == "used" else "",
        }
        for one in first
    ]
    counts = [f"{count:,} {status}" for status in STATUSES if (count := summary.files.get(status, 0))]
    reasons = sorted(summary.reasons.items(), key=lambda one: (-one[1], one[0]))
    told = [(_cut(reason), count) for reason, count in reasons[:MOST_REASONS]]
    if rest := sum(count for _, count in reasons[MOST_REASONS:]):
        told.append(("other reasons", rest))
    return {
        "ended": f"Of {many(len(filed), 'file')}: {listed(counts)}.",
        "reasons": told,
        "root": shown(root),
        "files": rows,
        "more_files": max(0, len(filed) - MOST_FILES),
    }


def again(settings: TrainSettings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The section on how to make the model again."""
    provenance, fitted = facts["provenance"], facts["fit"]
    told = [
        *((name.replace("_", " "), _plain(value)) for name, value in provenance["settings"].items()),
        ("steps", f"{fitted['steps']:,}"),
        ("notes seen", f"{fitted['notes_seen']:,}"),
        ("parameters", f"{fitted['parameters']:,}"),
        ("processors", _plain(fitted["processors"])),
        *provenance["versions"].items(),
    ]
    columns = [word for field, name in settings.columns.items() for word in ("--column", f"{field}={name}")]
    about = [] if settings.about is None else ["--about", str(settings.about)]
    typed = command(provenance["settings"], corpus=[*settings.corpus, *columns, *about], out=str(settings.out))
    return {"command": shown(typed), "settings": told}


def _keys(counts: Mapping[str, int]) -> str | None:
    if not counts:
        return None
    common = sorted(counts, key=lambda key: (-counts[key], key))[:3]
    label = f"Keys of {many(sum(counts.values()), 'piece')}; most often {listed(common)}."
    return charts.keys("keys", label, counts)


def _root(paths: Sequence[str]) -> str:
    """The folder that all paths lie in, with its slash; empty where there is none but the topmost."""
    first, last = min(paths), max(paths)
    same = next(
        (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )
    root = first[: first.rfind("/", 0, same) + 1]
    return root if root.strip("/") else ""


def _plain(value: object) -> str:
    if isinstance(value, dict):
        told = (f"{name} {one:g}" if isinstance(one, float) else f"{one}: {name}" for name, one in value.items())
        return shown(", ".join(told)) or "–"
    return shown(str(value)) if value not in (None, "") else "–"


def _cut(text: str) -> str:
    return shown(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
