"""Events as people see them, and as scripts do."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from improvd.train import events
from improvd.train.telling import PATIENCE, Lines, Script, for_people
from improvd.train.words import against_real_time, around, file_table, speed, spell

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULT = events.Result(
    model="models/mine",
    report="models/mine/report.html",
    seconds=754.0,
    bits={"valid": 4.6321, "test": 4.8},
    files={"used": 1203, "duplicate": 4, "skipped": 3},
    reasons={"damaged or cut short": 2, "no notes": 1},
    styles={"folk": {"used": 1200, "duplicate": 4}, "jazz": {"used": 3, "skipped": 3}},
)
TOLD: tuple[events.Event, ...] = (
    events.Stage("reading", "files", 1210),
    events.Progress("reading", "files", 605, 1210, 0.5, 103.4, 6.0, "a.mid"),
    events.Stage("reading", "files", 1210, done=1210, seconds=12.0),
    events.File("folk/a.mid", "used", style="folk", notes=120, key="D minor", beat_known=True),
    events.Caution("no beat is known of most pieces"),
    events.Note("going on from step 12"),
    events.Validation(120, 1.5, 75.0, 6.5, {"interval": 1.0, "pitch": 3.5}, 6.25),
    RESULT,
    events.Failure("the disk is full"),
)


def lines(told: Iterable[events.Event]) -> list[str]:
    out: list[str] = []
    show = Lines(out.append, lambda: 0.0)
    for event in told:
        show(event)
    return out


def test_without_a_terminal_a_few_lines_tell_it_all() -> None:
    assert lines(TOLD) == [
        "reading …",
        "reading: 1,210 files in 12 s (101 files/s)",
        "warning: no beat is known of most pieces",
        "going on from step 12",
        "epoch 1.50 · 75 s · 6.500 bits a note (interval 1.000 pitch 3.500), 6.250 on what is learnt from",
        "style   used  duplicate  skipped",
        "folk   1,200          4        0",
        "jazz       3          0        3",
        "all    1,203          4        3",
        "skipped 2: damaged or cut short",
        "skipped 1: no notes",
        "bits a note: 4.632 on valid pieces, 4.800 on test pieces",
        "wrote models/mine in 13 min; the report: models/mine/report.html",
        "play with it: improvd run --model models/mine",
    ]


def test_progress_is_a_line_a_minute() -> None:
    out: list[str] = []
    now = [0.0]
    show = Lines(out.append, lambda: now[0])
    show(events.Stage("reading", "files", 600))
    for second in range(1, 301):
        now[0] = float(second)
        show(events.Progress("reading", "files", second, 600, second / 600, 1.0, 600.0 - second))
    assert out[1] == "reading: 10 % · 9 min left · 1.0 files/s · 60 of 600 files"
    assert len(out) == 1 + 300 // PATIENCE


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.needs("symusic")  # rich comes with it
def test_on_a_terminal_a_bar_shows_how_far_it_is_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Screen()
    with for_people(screen) as tell:
        for event in TOLD[:2]:
            tell(event)
    shown = screen.getvalue()
    for part in ("reading", "━", "50 % · 6 s left · 103 files/s · 605 of 1,210 files · a.mid"):
        assert part in shown
    screen = Screen()
    with for_people(screen) as tell:
        for event in TOLD[2:]:
            tell(event)
    for part in ("reading: 1,210 files in 12 s", "folk", "1,200", "improvd run --model models/mine"):
        assert part in screen.getvalue()


@pytest.mark.needs("symusic")  # as above
def test_only_a_terminal_gets_colours_and_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    paper = io.StringIO()
    with for_people(paper) as tell:
        for event in TOLD:
            tell(event)
    assert paper.getvalue().splitlines() == lines(TOLD)
    assert "\x1b" not in paper.getvalue()


@pytest.mark.needs("symusic")  # as above
def test_a_files_name_does_nothing_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    evil = "[red]\x1b[2J\udcff.mid"
    for screen in (Screen(), io.StringIO()):
        with for_people(screen) as tell:
            tell(events.Stage("reading", "files", 2))
            tell(events.Progress("reading", "files", 1, 2, 0.5, None, None, evil))
            tell(events.Note(evil))
        assert "[red]�[2J�.mid" in screen.getvalue()


def test_scripts_get_a_line_of_json_for_every_event() -> None:
    out = io.StringIO()
    for event in TOLD:
        Script(out)(event)
    read = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [one["event"] for one in read] == [
        *("stage", "progress", "stage", "file", "warning", "note", "validation", "result", "error"),
    ]
    assert read[1] == {
        "event": "progress",
        "stage": "reading",
        "unit": "files",
        "done": 605,
        "total": 1210,
        "share": 0.5,
        "rate": 103.4,
        "seconds_left": 6.0,
        "text": "a.mid",
    }
    assert read[7]["styles"] == {"folk": {"used": 1200, "duplicate": 4}, "jazz": {"used": 3, "skipped": 3}}


def test_json_has_no_infinities_and_any_name() -> None:
    nan = float("nan")
    line = events.as_json(events.Validation(1, 0.1, 2.0, nan, {"pitch": float("inf")}))
    assert json.loads(line, parse_constant=pytest.fail)["attributes"] == {"pitch": None}
    styles = defaultdict(Counter, {"folk": Counter(used=2)})
    assert json.loads(events.as_json(events.Result("m", "r", 1.0, styles=styles)))["styles"] == {"folk": {"used": 2}}
    name = "na\udcffme\n.mid"
    assert json.loads(events.as_json(events.File(name, "used")))["path"] == name


SCRIPT = """
import os, sys
from improvd.errors import UserError
from improvd.train.events import Note
from improvd.train.telling import for_scripts
try:
    with for_scripts() as tell:
        print("noise of Python's")
        tell(Note("one"))
        os.write(1, b"noise of C's\\n")
        os.system("echo noise of a child")
        raise {error}
except BaseException as error:
    print("afterwards")
"""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("UserError('no such file')", "no such file"),
        ("KeyboardInterrupt", "stopped; the same command goes on from here"),
        ("KeyError('x')", "unexpected KeyError: 'x'"),
    ],
)
def test_nothing_but_events_gets_to_a_script_and_an_error_is_the_last(error: str, message: str) -> None:
    command = [sys.executable, "-c", SCRIPT.format(error=error)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    *told, after = run.stdout.splitlines()
    assert [json.loads(line) for line in told] == [
        {"event": "note", "message": "one"},
        {"event": "error", "message": message},
    ]
    assert after == "afterwards"
    assert run.stderr.count("noise") == 3


def test_spans_and_rates_read_well() -> None:
    assert lines([events.Stage("shards", "shards", 1, done=1, seconds=0.2)]) == ["shards: 1 shard in 0 s"]
    assert [spell(s) for s in (0.4, 8, 99.4, 99.6, 754, 12_000)] == [
        "0 s",
        "8 s",
        "99 s",
        "2 min",
        "13 min",
        "3 h 20 min",
    ]
    assert [against_real_time(r) for r in (44.4, 2.25)] == ["44 × real time", "2.2 × real time"]
    assert [speed(r, "files") for r in (8400, 10.4, 2.5, 0.05)] == [
        *("8,400 files/s", "10 files/s", "2.5 files/s", "3.0 files/min"),
    ]


def test_one_style_needs_no_sum_and_many_reasons_are_cut_short() -> None:
    result = events.Result("m", "m/report.html", 1.0, files={"used": 2}, styles={"": {"used": 2}})
    assert file_table(result) == [["style", "used", "duplicate", "skipped"], ["none", "2", "0", "0"]]
    many = events.Result("m", "m/report.html", 1.0, reasons={f"reason {n:02}": 1 for n in range(20)})
    assert around(many)[8] == "skipped 12 for other reasons"
