"""systemd's protocol, against a manager of our own."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from improvd.daemon.notify import Notifier
from tests.daemon.manager import Manager

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["file system", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    if request.param == "abstract" and os.uname().sysname != "Linux":
        pytest.skip("addresses outside the file system are Linux's own")
    manager = Manager(tmp_path / "notify" if request.param == "file system" else f"@improvd-test-{os.getpid()}")
    yield manager
    manager.close()


def test_fields_arrive_in_one_message_and_values_stay_one_line(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    notifier.send(READY=1, STATUS="a port called 'x\nWATCHDOG=trigger\r'")
    assert manager.take() == [{"READY": "1", "STATUS": "a port called 'x WATCHDOG=trigger '"}]
    notifier.close()


def test_the_children_do_not_inherit_it() -> None:
    environment = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1", "HOME": "/"}
    Notifier(environment).send(READY=1)  # nobody listens: nothing happens
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize(
    ("told", "limit"),
    [
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getppid())}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_alone(tmp_path: Path, told: dict[str, str], limit: float | None) -> None:
    manager = Manager(tmp_path / "notify")
    notifier = Notifier({"NOTIFY_SOCKET": manager.address, **told})
    assert notifier.watchdog == limit
    notifier.close()
    manager.close()


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path", "/" + "x" * 200, "/nowhere/at/all"])
def test_an_address_of_no_use_is_silence(address: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    notifier.send(STATUS="heard by no one")
    notifier.close()


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    for _ in range(5000):
        notifier.send(STATUS="x" * 200)
    assert 0 < len(manager.take()) < 5000
    notifier.send(STATUS="and goes on")
    assert manager.take()[-1] == {"STATUS": "and goes on"}
    notifier.close()
    manager.close()


def test_a_manager_that_died_harms_nobody(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    manager.close()
    notifier.send(STATUS="too late")
    notifier.close()
    notifier.send(STATUS="later still")


def test_without_unix_sockets_there_is_no_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    assert Notifier({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1000000"}).watchdog is None
