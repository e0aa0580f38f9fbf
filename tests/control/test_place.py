"""Each session has its socket, the killed leave none behind, and nobody else can get at them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from improvd.control import place
from improvd.errors import UserError
from tests.daemon.running import environment

if TYPE_CHECKING:
    from pathlib import Path

CLAIM = "import pathlib, sys; from improvd.control import place; claimed = place.claim(pathlib.Path(sys.argv[1]))"


def other_session(where: Path) -> subprocess.Popen[str]:
    """Another process that has claimed a socket there."""
    code = CLAIM + "; print('there', flush=True); import signal; signal.pause()"
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(where)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert started.stdout
    assert started.stdout.readline() == "there\n"
    return started


def end(session: subprocess.Popen[str]) -> None:
    session.send_signal(signal.SIGKILL)
    session.wait()
    assert session.stdout
    session.stdout.close()


def test_a_socket_is_the_users_alone_and_leaves_nothing_behind(tmp_path: Path) -> None:
    where = tmp_path / "improvd"
    claimed = place.claim(where)
    assert claimed.path == where / "control.sock"
    assert (where.stat().st_mode & 0o777, claimed.path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert place.alive(where) == [claimed.path]
    claimed.give_up()
    assert place.alive(where) == []
    assert not list(where.glob("*.sock"))


def test_two_sessions_have_one_each_and_the_first_name_is_free_again(tmp_path: Path) -> None:
    other = other_session(tmp_path)
    ours = place.claim(tmp_path)
    assert ours.path.name == f"control-{os.getpid()}.sock"
    assert place.alive(tmp_path) == [ours.path, tmp_path / "control.sock"]
    end(other)
    assert place.alive(tmp_path) == [ours.path]
    ours.give_up()
    claimed = place.claim(tmp_path)
    assert claimed.path.name == "control.sock"
    claimed.give_up()


def test_what_killed_sessions_left_behind_is_taken_away_by_the_next(tmp_path: Path) -> None:
    first, second = other_session(tmp_path), other_session(tmp_path)
    assert len(list(tmp_path.glob("*.sock"))) == 2
    end(first)
    end(second)
    claimed = place.claim(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["control.lock", "control.sock"]
    assert place.alive(tmp_path) == [claimed.path]
    claimed.give_up()


def test_a_session_that_lives_is_never_cleaned_away(tmp_path: Path) -> None:
    first, second = other_session(tmp_path), other_session(tmp_path)
    claimed = place.claim(tmp_path)
    assert len(place.alive(tmp_path)) == 3
    claimed.give_up()
    assert len(place.alive(tmp_path)) == 2
    end(first)
    end(second)


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(UserError, match="no one else may write to"):
        place.claim(tmp_path)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(0o700)
    (tmp_path / "ours").symlink_to(tmp_path / "theirs")
    with pytest.raises(UserError, match="must be a folder that is yours"):
        place.claim(tmp_path / "ours")


def test_a_place_that_can_not_be_had_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no control socket in "):
        place.claim(tmp_path / "file" / "improvd")
    with pytest.raises(UserError, match="too long"):
        place.claim(tmp_path / ("x" * 120))


def test_what_is_in_the_way_of_the_socket_is_replaced(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "control.sock"))
    claimed = place.claim(tmp_path)
    assert place.alive(tmp_path) == [claimed.path]
    claimed.give_up()


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"RUNTIME_DIRECTORY": "/run/improvd", "XDG_RUNTIME_DIR": "/run/user/7"}, "/run/improvd"),
        ({"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/improvd"),
    ],
)
def test_the_folder_is_where_the_system_says(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(place.folder()) == folder


def test_without_a_runtime_folder_of_ones_own_it_is_never_one_that_others_could_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place.folder().is_relative_to(tmp_path)
