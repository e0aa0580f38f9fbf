"""Figures as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from improvd.model.tokens import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COLUMNS: Final = (*ATTRIBUTES, "total")
WIDTH: Final = 40


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What `improvd eval` prints of a `score.report`."""
    files, skipped = report["files"], report["skipped"]
    kind = "file" if len(files) == 1 else "files"
    yield f"{report['model']}: {report['notes']:,} notes of {len(files):,} {kind}, {len(skipped):,} skipped"
    yield ""
    yield _head("bits a note")
    yield _row("told neither style nor bar", report["notes"], report["bits"])
    yield _row("  exact events", report["notes"], report["exact"])
    yield _row("  perplexity", report["notes"], report["perplexity"])
    yield _row("told style and bar", report["notes"], report["told"]["bits"])
    yield _row("  exact events", report["notes"], report["told"]["exact"])
    for by in ("by_style", "by_source"):
        yield ""
        yield _head(f"{by.replace('_', ' ')}, untold")
        for name, group in report[by].items():
            yield _row(name or "none", group["notes"], group["bits"])
    yield ""
    outside = report["outside"]
    yield (
        f"outside the vocabulary: {outside['any']:.2%} of the notes (interval {outside['interval']:.2%}, "
        f"duration {outside['duration']:.2%}; longer than 16 beats {outside['beyond']:.2%})"
    )


def _head(name: str) -> str:
    return f"{name:{WIDTH}}{'notes':>10}" + "".join(f"{column:>10}" for column in COLUMNS)


def _row(name: str, notes: int, bits: Mapping[str, float]) -> str:
    name = name if len(name) < WIDTH else f"{name[: WIDTH - 2]}…"
    return f"{name:{WIDTH}}{notes:>10,}" + "".join(f" {bits[column]:>9.3f}" for column in COLUMNS)
