"""Lines and how much they matter: plain, for the journal, as JSON."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.daemon.log import Form, Level, form_for, teller, written

if TYPE_CHECKING:
    from pathlib import Path


def test_the_journal_is_known_by_its_own_pipe_only(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w") as journal, (tmp_path / "file").open("w") as file:
        place = os.fstat(journal.fileno())
        environment = {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"}
        assert form_for(journal.fileno(), environment, as_json=False) is Form.JOURNAL
        assert form_for(journal.fileno(), environment, as_json=True) is Form.JSON
        assert form_for(file.fileno(), environment, as_json=False) is Form.PLAIN
        assert form_for(journal.fileno(), {}, as_json=False) is Form.PLAIN
    assert form_for(journal.fileno() if not journal.closed else 10**6, environment, as_json=False) is Form.PLAIN


@pytest.mark.parametrize(
    ("form", "level", "expected"),
    [
        (Form.PLAIN, Level.WARNING, "the ports are gone"),
        (Form.JOURNAL, Level.WARNING, "<4>the ports are gone"),
        (Form.JOURNAL, Level.ERROR, "<3>the ports are gone"),
        (Form.JOURNAL, Level.INFO, "<6>the ports are gone"),
        (Form.JOURNAL, Level.DEBUG, "<7>the ports are gone"),
    ],
)
def test_a_line_in_each_form(form: Form, level: Level, expected: str) -> None:
    assert written("the ports are gone", level, form) == expected


def test_a_line_of_json_says_when_and_how_grave() -> None:
    before = datetime.now(timezone.utc)
    line = json.loads(written("der Flügel ist weg", Level.WARNING, Form.JSON))
    assert set(line) == {"time", "level", "message"}
    assert (line["level"], line["message"]) == ("warning", "der Flügel ist weg")
    assert abs((datetime.fromisoformat(line["time"]) - before).total_seconds()) < 60


@given(line=st.text(), level=st.sampled_from(Level))
def test_whatever_a_port_is_called_it_stays_one_line(line: str, level: Level) -> None:
    """A name with a line break must not pass for a line of its own, of another level."""
    assert json.loads(written(line, level, Form.JSON))["message"] == line
    assert "\n" not in written(line, level, Form.JSON)
    journal = written(line, level, Form.JOURNAL)
    assert journal.startswith(f"<{int(level)}>")
    assert len(journal.splitlines()) == 1
    assert not set(written(line, level, Form.PLAIN)) & {"\x1b", "\x07", "\x9b", "\n", "\r"}


def test_what_matters_less_is_left_out() -> None:
    lines: list[str] = []
    say = teller(lines.append, Form.JOURNAL, Level.WARNING)
    for level in Level:
        say(level.name, level)
    say("a turn")
    assert lines == ["<3>ERROR", "<4>WARNING"]
