"""The commands that talk to a session, as a player types them, with the real model and no MIDI system."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import PATIENCE, ROOT, Running
from tests.daemon.test_cli import improvd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


MODEL = ROOT / "models" / "default"


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runtime folder of our own."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def session(where: Path) -> Iterator[Running]:
    running = Running(["-m", "improvd", "run", "--api", "null"], XDG_RUNTIME_DIR=str(where))
    running.wait_line("ready: ")
    yield running
    running.end()


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["panic"], ["mute"], ["set", "temperature", "1"], ["press", "again"], ["reload"], ["stop"]],
)
def test_where_nothing_runs_each_is_one_line_and_status_2(tmp_path: Path, arguments: list[str]) -> None:
    done = improvd(*arguments, XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "improvd: no session is running that you may talk to; start one: improvd run\n"


@pytest.mark.usefixtures("session")
def test_what_is_asked_is_done_and_told(where: Path) -> None:
    def told(*arguments: str) -> str:
        done = improvd(*arguments, XDG_RUNTIME_DIR=str(where))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert told("status").startswith("state      listening; up for ")
    assert told("set", "temperature", "0.8") == "temperature 0.8 at once\n"
    assert told("set", "bpm", "auto") == "bpm auto from the next call\n"
    assert told("set", "model", os.path.relpath(MODEL)) == f"model {MODEL} at once\n"
    assert told("set", "model", "default") == "model default at once\n"
    assert told("mute").startswith("muted")
    assert told("status").startswith("state      listening, muted; ")
    assert told("mute", "--off") == "it answers again\n"
    assert told("press", "mute") == "pressed mute\n"
    assert told("status").startswith("state      listening, muted; ")
    assert told("press", "mute") == "pressed mute\n"
    assert told("panic") == "silenced\n"
    assert told("reload") == "settings read again: temperature 1 at once\n"
    assert json.loads(told("status", "--json"))["muted"] is False


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["set", "temperature", "9"], "temperature must be from 0.05 to 4, not 9"),
        (["set", "temprature", "1"], "there is no option 'temprature'; did you mean 'temperature'?"),
        (["set", "api", "null"], "api only changes after a restart"),
        (["set", "style", "polka"], "knows no style 'polka'"),
        (["set", "panic", "1"], "panic is a command and has no value: improvd press panic"),
        (["press", "take-ovr"], "there is no command 'take-ovr'; did you mean 'take-over'?"),
        (["press", "bpm"], "bpm is an option: improvd set bpm VALUE"),
        (["status", "--socket", "/nonesuch"], "no session answers at /nonesuch: No such file"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(where: Path, arguments: list[str], complaint: str) -> None:
    done = improvd(*arguments, XDG_RUNTIME_DIR=str(where))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert complaint in done.stderr


def test_several_sessions_are_told_apart_and_watched_to_their_end(where: Path, session: Running) -> None:
    other = Running(["-m", "improvd", "run", "--api", "null"], XDG_RUNTIME_DIR=str(where))
    other.wait_line("ready: ")
    done = improvd("status", XDG_RUNTIME_DIR=str(where))
    theirs = where / "improvd" / f"control-{other.process.pid}.sock"
    assert done.returncode == 2
    assert str(theirs) in done.stderr
    watching = Running(["-m", "improvd", "status", "--watch", "--json", "--socket", str(theirs)])
    assert json.loads(watching.wait_line("{", 2))["pid"] == other.process.pid
    stopped = improvd("stop", "--socket", str(theirs))
    assert (stopped.returncode, stopped.stdout) == (0, "stopped\n")
    assert other.wait() == 0
    assert watching.process.wait(PATIENCE) == 0
    watching.kill()
    assert improvd("status", XDG_RUNTIME_DIR=str(where)).returncode == 0
    assert session.process.poll() is None


def test_a_session_that_is_stopped_does_not_answer_and_that_is_one_line(tmp_path: Path) -> None:
    running = Running(["-m", "improvd", "run", "--api", "null"], XDG_RUNTIME_DIR=str(tmp_path))
    running.wait_line("ready: ")
    running.process.send_signal(signal.SIGSTOP)
    done = improvd("panic", XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "improvd: the session does not answer\n")
    running.process.send_signal(signal.SIGCONT)
    assert running.end() == 0
