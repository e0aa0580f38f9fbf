"""What a training tells, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from improvd.train import events

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATUSES: Final = ("used", "duplicate", "skipped")
MOST_REASONS: Final = 8
"""How many reasons for skipping are named at the end."""


def in_words(event: events.Event) -> list[str]:
    """An event as lines; none for a file, which the table at the end counts, and for an error, which others print."""
    lines: list[str] = []
    match event:
        case events.Stage(seconds=None):
            lines = [f"{event.stage} …"]
        case events.Stage():
            lines = [_ended(event)]
        case events.Progress():
            lines = [f"{event.stage}: {how_far(event)}"]
        case events.Validation():
            lines = [_validation(event)]
        case events.Result():
            lines = [*_plain(file_table(event)), *around(event)]
        case events.Caution():
            lines = [f"warning: {shown(event.message)}"]
        case events.Note():
            lines = [shown(event.message)]
    return lines


def spell(seconds: float) -> str:
    """A span of time as one says it: "8 s", "12 min", "3 h 20 min"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def speed(rate: float, unit: str) -> str:
    """A rate as one says it: by the minute where less than one is done in a second."""
    if rate < 1:
        return f"{60 * rate:.1f} {unit}/min"
    return f"{rate:,.0f} {unit}/s" if rate >= 10 else f"{rate:.1f} {unit}/s"


def against_real_time(rate: float) -> str:
    """How many seconds of sound are heard in a second: "44 × real time"."""
    return f"{rate:.0f} × real time" if rate >= 10 else f"{rate:.1f} × real time"


def shown(text: str) -> str:
    """Text that may come from a file, fit to be shown: nothing in it moves a cursor or can't be encoded."""
    return "".join(one if one.isprintable() else "�" for one in text)


def many(count: int, what: str) -> str:
    """A count of things: "1 file", "1,210 files"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def listed(words: Sequence[str]) -> str:
    """Words as one says them: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def how_far(event: events.Progress) -> str:
    """How far a stage is, as far as it is known, what matters most first: the end of it may have no room."""
    of = "" if event.total is None else f"{event.done:,.0f} of "
    said = [
        "" if event.share is None else f"{100 * event.share:.0f} %",
        "" if event.seconds_left is None else f"{spell(event.seconds_left)} left",
        "" if event.rate is None or not event.unit else speed(event.rate, event.unit),
        of + _amount(event.done if event.total is None else event.total, event.unit) if event.unit else "",
        shown(event.text),
    ]
    return " · ".join(filter(None, said))


def file_table(result: events.Result) -> list[list[str]]:
    """How many files of each style ended in which way: headers, a row a style, and the sum where there are several."""
    counts: dict[str, Mapping[str, int]] = {shown(style) or "none": of for style, of in sorted(result.styles.items())}
    if len(counts) != 1:
        counts["all"] = result.files
    return [
        ["style", *STATUSES],
        *([name, *(f"{of.get(one, 0):,}" for one in STATUSES)] for name, of in counts.items()),
    ]


def around(result: events.Result) -> list[str]:
    """What stands below the table of files: reasons, how well the model does, and where it is."""
    ordered = sorted(result.reasons.items(), key=lambda one: (-one[1], one[0]))
    lines = [f"skipped {count:,}: {shown(reason)}" for reason, count in ordered[:MOST_REASONS]]
    if rest := sum(count for _, count in ordered[MOST_REASONS:]):
        lines.append(f"skipped {rest:,} for other reasons")
    if result.bits:
        bits = ", ".join(f"{value:.3f} on {split} pieces" for split, value in result.bits.items())
        lines.append(f"bits a note: {bits}")
    return [
        *lines,
        f"wrote {shown(result.model)} in {spell(result.seconds)}; the report: {shown(result.report)}",
        f"play with it: improvd run --model {shown(result.model)}",
    ]


def _amount(count: float, unit: str) -> str:
    return many(round(count), unit.removesuffix("s"))


def _ended(stage: events.Stage) -> str:
    seconds = stage.seconds or 0.0
    if not (stage.done and stage.unit):
        return f"{stage.stage}: {spell(seconds)}"
    fast = f" ({speed(stage.done / seconds, stage.unit)})" if seconds >= 1 else ""
    return f"{stage.stage}: {_amount(stage.done, stage.unit)} in {spell(seconds)}{fast}"


def _validation(event: events.Validation) -> str:
    told = " ".join(f"{name} {value:.3f}" for name, value in event.attributes.items())
    train = "" if event.train is None else f", {event.train:.3f} on what is learnt from"
    return f"epoch {event.epoch:.2f} · {spell(event.seconds)} · {event.total:.3f} bits a note ({told}){train}"


def _plain(table: Sequence[Sequence[str]]) -> list[str]:
    first, *others = (max(map(len, column)) for column in zip(*table, strict=True))
    return [
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))])
        for row in table
    ]
