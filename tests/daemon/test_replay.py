"""A session that was traced happens again, exactly, in virtual time."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from improvd.errors import UserError
from improvd.rehearsal.replay import Replay, is_trace, read_trace
from tests.daemon.running import wait_until
from tests.daemon.test_session import Files, files, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daemon.running import Running

__all__ = ["files", "start"]  # the fixtures of the session's own tests


@pytest.mark.parametrize("settings", ["", "temperature = 0.5\nchannel = 4\nbpm = 200"])
def test_a_session_is_played_again_as_it_was(start: Callable[..., Running], files: Files, settings: str) -> None:
    running = start("plays")
    if settings:
        wait_until(files.sounding, "note of the answer")
        files.config_path.write_text(settings)
        running.process.send_signal(signal.SIGHUP)
        running.wait_line("settings read again")
    running.wait_line("turn 1:")
    if settings:
        os.kill(running.child("fake_ports"), signal.SIGKILL)  # the next one plays its phrase too
        assert "at 200 bpm" in running.wait_line("turn 2:")
    running.end(signal.SIGTERM)
    assert is_trace(files.trace_path)
    replay = Replay(read_trace(files.trace_path))
    performance = replay.perform()

    lines = files.trace()
    turns = [line for line in lines if line["type"] == "turn"]
    assert [{"type": "turn", **asdict(turn)} for turn in performance.turns] == turns != []
    asked = [
        (line["turn"], line["segment"], line["start"], line["deadline"], line["seed"])
        for line in _of(lines, "generate")
    ]
    assert [(a.turn, a.segment, a.start, a.deadline, a.seed) for a in replay.asked] == asked
    if settings:
        assert {event["what"] for event in _of(lines, "event")} == {"ports lost", "ports", "close"}
        return  # what the ports that died had sent, and when, is not in the trace
    # By planned time: a note that was handed over late on stage may have left after its neighbour.
    sent = sorted((line["planned"], line["data"]) for line in _of(lines, "out") if line["data"][0] in "89")
    assert sorted((s.planned, s.data.hex()) for s in performance.sent if s.data[0] < 0xA0) == sent


def test_a_last_line_cut_short_is_left_out_and_an_earlier_one_is_an_error(tmp_path: Path) -> None:
    header = json.dumps({"type": "header", "format": 1})
    path = tmp_path / "trace.jsonl"
    path.write_text(f'{header}\n{{"type": "time", "at": 1.0}}\n{{"type": "ti')
    assert [line["type"] for line in read_trace(path).lines] == ["time"]
    path.write_text(f'{header}\n{{"type": "ti\n{{"type": "time", "at": 1.0}}\n')
    with pytest.raises(UserError, match="line 2"):
        read_trace(path)


def test_a_session_cut_short_costs_the_one_after_it_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text('{"type": "header", "format": 1, "n": 1}\n{"type": "ti\n{"type": "header", "format": 1, "n": 2}\n')
    assert read_trace(path).header["n"] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type": "time", "at": 1.0}\n', "no header"),
        ('{"type": "header", "format": 99}\n', "another format"),
        ("[1, 2]\n{}\n", "line 1"),
    ],
)
def test_what_is_no_trace_is_said_to_be_none(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        read_trace(path)


def test_a_damaged_header_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text('{"type": "header", "format": 1, "limits": {}, "instrument": "grand", "settings": {}}\n')
    with pytest.raises(UserError, match="header is damaged"):
        Replay(read_trace(path))


def test_the_last_session_of_several_is_the_one(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    lines = [{"type": "header", "format": 1, "n": n} for n in (1, 2)]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    assert read_trace(path).header["n"] == 2


def _of(lines: list[dict], kind: str) -> list[dict]:
    return [line for line in lines if line["type"] == kind]
