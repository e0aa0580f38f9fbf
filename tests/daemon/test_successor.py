"""Another model takes over while a session plays, or can't, with fakes for the session's children."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from improvd.control.requests import encode
from improvd.errors import UserError
from improvd.rehearsal.replay import Replay, read_trace
from tests.daemon.running import PATIENCE, children, command_of, wait_until
from tests.daemon.test_control import SOON, connect, phrase, until
from tests.daemon.test_session import Files, files, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.control.client import Connection
    from tests.daemon.running import Running

__all__ = ["connect", "files", "start"]  # the fixtures of the session's own tests


def workers(running: Running) -> list[int]:
    return [pid for pid in children(running.process.pid) if "fake_worker" in command_of(pid)]


def play(session: Connection) -> None:
    session.ask("play", events=phrase(session.ask("clock")["now"] + SOON))


def test_a_model_takes_over_in_mid_answer_and_no_note_is_cut(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    running, session = connect()
    before = workers(running)
    session.ask("watch", what=["state", "settings"])
    play(session)
    until(session, "state", state="answering")
    session.ask("watch", what=["settings"])
    assert session.ask("set", name="model", value="other", patience=PATIENCE) == {
        "value": "other",
        "holds": "at once",
    }
    until(session, "settings", values=session.ask("status")["settings"])
    running.wait_line("the model is now other (100 µs a note)")
    assert "(finished)" in running.wait_line("turn 1:")
    assert session.ask("status")["model"]["name"] == "other"
    wait_until(lambda: len(workers(running)) == 1 and workers(running) != before, "end of the one before")
    play(session)
    running.wait_line("turn 2:")
    # Whoever starts the model afresh starts the one that was chosen.
    os.kill(workers(running)[0], signal.SIGKILL)
    running.wait_line("| loaded other", 2)
    running.wait_line("the model is back")
    session.ask("stop")
    assert running.wait() == 0
    (told,) = (line for line in files.trace() if line.get("what") == "model ready" and "name" in line)
    assert (told["name"], told["sha"], told["step"]) == ("other", "0" * 8, 0.0001)
    replay = Replay(read_trace(files.trace_path))
    replay.perform()
    asked = [(line["turn"], line["segment"]) for line in files.trace() if line["type"] == "generate"]
    assert [(one.turn, one.segment) for one in replay.asked] == asked


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("damaged", "no model can be made of this"),
        ("deadly", "the process of the model deadly is gone"),
    ],
)
def test_one_that_can_not_be_loaded_leaves_the_other_playing(
    connect: Callable[..., tuple[Running, Connection]], model: str, why: str
) -> None:
    running, session = connect()
    playing = workers(running)
    with pytest.raises(UserError) as refused:
        session.ask("set", name="model", value=model, patience=PATIENCE)
    assert str(refused.value) == f"{why}; default plays on"
    running.wait_line(f"{why}; default plays on")
    status = session.ask("status")
    assert (status["model"]["name"], status["settings"]["model"]) == ("default", "default")
    play(session)
    running.wait_line("turn 1:")
    assert workers(running) == playing


def test_of_two_that_are_asked_for_the_later_takes_over(connect: Callable[..., tuple[Running, Connection]]) -> None:
    running, session = connect()
    session._socket.sendall(encode(100, "set", name="model", value="endless"))  # without waiting for the answer
    wait_until(lambda: len(workers(running)) == 2, "second process")
    session._socket.sendall(encode(101, "set", name="model", value="other"))
    first, second = session._next(), session._next()
    assert (first["id"], first["error"]) == (100, "the model endless was given up for another; default plays on")
    assert (second["id"], second["value"]["value"]) == (101, "other")
    wait_until(lambda: len(workers(running)) == 1, "end of all others")


def test_a_style_that_the_other_lacks_by_then_is_told(connect: Callable[..., tuple[Running, Connection]]) -> None:
    running, session = connect(FAKE_STYLES=json.dumps({"other": ["jazz"]}))
    session.ask("set", name="style", value="folk")
    with pytest.raises(UserError, match="the model other knows no style 'folk'; it knows: jazz; default plays on"):
        session.ask("set", name="model", value="other", patience=PATIENCE)
    session.ask("set", name="style", value="")
    session.ask("set", name="model", value="other", patience=PATIENCE)
    (style,) = (option for option in session.ask("settings") if option["name"] == "style")
    assert style["choices"] == ["", "jazz"]
    assert running.end() == 0
