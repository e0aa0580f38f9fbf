from __future__ import annotations

import io
import sys

import pytest

from improvd.train.progress import stage


def test_without_a_terminal_only_the_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    with stage("fitting", lines.append) as progress:
        progress.update(0.5, "900 notes/s")
    assert lines == ["fitting …"]
    assert capsys.readouterr() == ("", "")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.needs("symusic")  # rich comes with it
def test_on_a_terminal_a_bar_shows_how_far_it_is_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    lines: list[str] = []
    with stage("fitting", lines.append) as progress:
        for share in (0.1, 0.5, 1.0):
            progress.update(share, "900 notes/s")
    shown = terminal.getvalue()
    assert "fitting" in shown
    assert "100%" in shown
    assert "900 notes/s" in shown
    assert not lines
