"""The options of what is left of a session: recordings, a trace, lines of a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  a dataclass's annotations are for everyone

from improvd.config.kinds import File, Number, Switch
from improvd.config.option import Group, described


@dataclass(frozen=True, kw_only=True, repr=False)
class RecordingOptions:
    """What is recorded, and how long it is kept."""

    record: bool = described(True, Switch(), "Keep what is played as MIDI files.", group=Group.KEEPING)
    recordings: Path | None = described(
        None,
        File("FOLDER"),
        "Where that is kept; without: improvd/sessions among your user's data (see: improvd sessions).",
        group=Group.KEEPING,
    )
    keep_megabytes: int = described(
        1000,
        Number(1, 1_000_000, " MB", whole=True),
        "Delete the oldest recordings beyond this size together, in megabytes.",
        group=Group.KEEPING,
    )
    keep_days: int | None = described(
        None,
        Number(1, 36_500, " days", whole=True, word="all"),
        "Delete recordings that are older, in days; all: keep them however old.",
        group=Group.KEEPING,
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class ReportOptions:
    """What is told of a session, and where."""

    trace: Path | None = described(
        None, File(), "Write a line of JSON for every message in and out to this file.", group=Group.REPORTS
    )
    quiet: bool = described(False, Switch(), "Tell only what goes wrong.", group=Group.REPORTS)
    log_json: bool = described(
        False, Switch(), "Tell each thing as a line of JSON: time, level, message.", group=Group.REPORTS
    )
    debug: bool = described(False, Switch(), "Tell what goes on inside.", group=Group.REPORTS)
